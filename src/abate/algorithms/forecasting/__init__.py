"""Forecasts with ranges: series that know when a value became available, models, scores, backtests."""
