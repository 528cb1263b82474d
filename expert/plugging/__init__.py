"""Where plugins come from, before the facade takes them in: their names, files and modules, and whether they fit."""
