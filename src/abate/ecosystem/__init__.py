"""Ecosystem: what customers, merchants and users emit less because of the group, in the book `avoided`."""
