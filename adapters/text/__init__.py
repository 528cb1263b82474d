"""Opening text files of unknown origin: encoding, bounded size, marks of damage."""
