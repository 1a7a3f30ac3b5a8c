"""Dispatch: which source, storage and load runs when, by money and carbon."""
