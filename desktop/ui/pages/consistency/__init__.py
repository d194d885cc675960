"""Consistency: the environments side by side."""
