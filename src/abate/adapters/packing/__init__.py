"""Packing over files: orders and cartons in, plans, pages and activities out."""
