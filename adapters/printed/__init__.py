"""Readers of what programs print while they train."""
