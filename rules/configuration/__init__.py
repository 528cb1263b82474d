"""Configuration rules: one rule per file."""
