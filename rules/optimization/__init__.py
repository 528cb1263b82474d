"""Optimization rules: one rule per file."""
