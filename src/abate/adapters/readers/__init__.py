"""Readers: files of any kind into sheets, series, orders, bills and factor tables."""
