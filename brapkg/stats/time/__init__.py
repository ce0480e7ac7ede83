"""Counts over time: trends, season, breaks and signals."""
