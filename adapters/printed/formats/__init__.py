"""One file for what each program prints."""
