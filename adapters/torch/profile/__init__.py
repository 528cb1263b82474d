"""What modules, optimizers, schedules, losses, loaders and data sets tell of themselves; nothing is run or changed."""
