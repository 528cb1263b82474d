"""Built-in knowledge: one folder per family, one rule per file, and the remedies."""
