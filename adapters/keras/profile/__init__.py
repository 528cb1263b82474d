"""What models, optimizers, schedules, losses, calls of fit and pipelines tell of themselves; nothing is run or changed."""
