"""The catalogue of remedies, by theme."""
