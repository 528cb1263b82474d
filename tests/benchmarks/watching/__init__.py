"""What watching a live PyTorch training costs, against the step, against floors and against other tools."""
