"""Planners of energy: forecasts of load, sun and wind.

And baselines against which savings are measured.
"""
