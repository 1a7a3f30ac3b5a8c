"""Ecosystem: what customers, merchants and users emit less because of the group.

In the book `avoided`.
"""
