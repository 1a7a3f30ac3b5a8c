"""Input and output: the store, the engines, readers and writers of files."""
