"""Use cases of the energy system: forecasts, backtests, savings, data centres."""
