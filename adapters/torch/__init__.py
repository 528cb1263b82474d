"""PyTorch: what a module, an optimizer and a loss tell of themselves."""
