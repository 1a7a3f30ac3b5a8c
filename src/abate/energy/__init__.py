"""Meters, data centres, contracts and certificates."""
