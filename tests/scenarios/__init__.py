"""Small, real, seeded trainings in which each known trouble truly occurs, and the same trainings cured."""
