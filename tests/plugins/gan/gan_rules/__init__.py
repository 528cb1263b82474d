"""Rules about adversarial trainings."""
