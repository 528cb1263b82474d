"""Readers of sources: one file per source."""
