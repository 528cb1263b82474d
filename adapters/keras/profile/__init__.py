"""What models, optimizers, losses, calls of fit and pipelines tell of themselves; nothing is run or changed."""
