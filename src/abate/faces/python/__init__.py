"""The door for Python: workspaces, runs and tables."""
