"""Pickled histories: dicts of numbers and NumPy arrays, rebuilt without running anything the file names."""
