"""Use cases: what one can do with a workspace, one folder per system."""
