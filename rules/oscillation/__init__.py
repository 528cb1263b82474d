"""Oscillation rules: one rule per file."""
