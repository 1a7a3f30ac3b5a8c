"""Use cases of the inventory: import, correct, value, show, explain, prove."""
