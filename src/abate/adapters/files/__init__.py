"""Files in: bills, meters, fuel cards, publishers' factor tables."""
