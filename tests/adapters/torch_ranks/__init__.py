"""Distributed runs under `watch`: two processes over gloo on this machine."""
