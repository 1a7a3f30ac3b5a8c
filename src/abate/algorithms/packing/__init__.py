"""Boxes in boxes."""
