"""Model rules: one rule per file."""
