"""Activations rules: one rule per file."""
