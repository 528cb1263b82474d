"""Rules about agents that learn from rewards."""
