"""What Lightning and the Hugging Face trainer have in common: their callbacks, settings and losses."""
