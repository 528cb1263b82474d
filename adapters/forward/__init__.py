"""What the source of a forward pass tells: what is called, what is returned, what is added to what."""
