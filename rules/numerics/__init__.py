"""Numerics rules: one rule per file."""
