"""Planners of energy: forecasts of load, sun and wind, and baselines against which savings are measured."""
