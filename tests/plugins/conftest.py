"""The plugins' own tests run where the plugins are installed (`test_together.py`), not here."""

collect_ignore_glob = ["*/tests/*"]
