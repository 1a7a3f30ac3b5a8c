"""Fuels, refrigerants and purchased energy: Scopes 1 and 2."""
