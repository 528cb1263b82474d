"""Generated training runs of eleven kinds, and how well each is named."""
