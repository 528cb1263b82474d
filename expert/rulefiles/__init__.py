"""Rules and remedies without Python: read from YAML or TOML, written back, and described by a JSON Schema.

What such a file holds becomes the same records as in Python, exactly, both ways. It is data: nothing in it is run.
"""

from __future__ import annotations

from expert.rulefiles.reading import RuleFile, load_rules, read_rule_file
from expert.rulefiles.writing import dump_rule, dump_rules

__all__ = ["RuleFile", "dump_rule", "dump_rules", "load_rules", "read_rule_file"]
