"""Abate."""
