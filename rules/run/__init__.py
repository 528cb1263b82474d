"""Run rules: one rule per file."""
