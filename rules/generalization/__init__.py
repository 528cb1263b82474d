"""Generalization rules: one rule per file."""
