"""Logistics: orders, packaging, cartons, circulating boxes."""
