"""Gradients rules: one rule per file."""
