"""JSON of unknown shape: damaged text is used as far as it goes, and what is inside is found where it lies."""
