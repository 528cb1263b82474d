"""Data rules: one rule per file."""
