"""Interval data in, forecasts, backtests and savings out."""
