"""Use cases of a workspace as a whole: setup and upkeep."""
