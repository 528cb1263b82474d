"""What every collector of a live run shares: telemetry in columns, when to sample, when to speak. No framework here."""
