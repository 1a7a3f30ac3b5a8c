"""The pages: what a browser shows of a workspace."""
