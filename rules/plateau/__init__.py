"""Plateau rules: one rule per file."""
