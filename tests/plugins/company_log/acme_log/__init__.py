"""The logs of ACME trainers, and a rule about what they log."""
