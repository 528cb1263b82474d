"""Measurements of the whole: how often it is right, and how long it takes."""
