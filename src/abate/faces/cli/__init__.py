"""The `abate` command."""
