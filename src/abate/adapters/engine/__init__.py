"""Engines: expressions evaluated by DuckDB in this process, or by Spark on a cluster."""
