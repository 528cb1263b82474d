"""Advice as text for people."""
