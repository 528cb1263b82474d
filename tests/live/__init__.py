"""The scenarios trained as a user would train them, watched by the collector for PyTorch."""
