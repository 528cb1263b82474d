"""YAML out: what `read_yaml` reads back as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from types import ModuleType
from typing import Any, ClassVar

from expert.rulefiles.yaml_reading import PLAIN, parser

FLOW_WIDTH, PROSE_WIDTH = 100, 80


def write_yaml(data: Mapping[str, object]) -> str:
    """A mapping of plain values as YAML that `read_yaml` reads back as it was."""
    yaml = parser()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc,name-defined]
        yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    for tag, pattern, first in PLAIN:
        whole = re.compile(f"(?:{pattern.pattern})$")
        Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", whole, list(first))
    Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])
    Dumper.add_representer(str, _represented)
    node = Dumper(StringIO(), sort_keys=False, allow_unicode=True).represent_data(data)
    for _, section in node.value:
        _laid_out(yaml, section, at_top=True)
    text = str(yaml.serialize(node, Dumper=Dumper, width=118, allow_unicode=True))
    spaced = re.sub(r"(?<!:)\n(?=  - id: )", "\n\n", text)
    return re.sub(r"\n(?=terms:|remedies:|rules:)", "\n\n", spaced)


def _represented(dumper: Any, text: str) -> Any:
    style = None
    if not text.replace("\n", "").isprintable():
        style = '"'  # with every such character spelled out
    elif "\n" in text:
        style = "|"
    elif len(text) > PROSE_WIDTH and not re.search(r"^\s|\s$|\s\s|[^\S ]", text):
        style = ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _laid_out(yaml: ModuleType, node: Any, at_top: bool = False) -> tuple[int, int]:
    """Put what is short on one line. Returns how long the node would be there, and how many levels it has."""
    if isinstance(node, yaml.ScalarNode):
        return (len(node.value) + 2 if node.style != "|" else 1000), 0
    children = [item for pair in node.value for item in (pair if isinstance(pair, tuple) else (pair,))]
    sizes = [_laid_out(yaml, child) for child in children]
    length, levels = sum(size for size, _ in sizes), 1 + max((deep for _, deep in sizes), default=0)
    node.flow_style = not children or (not at_top and length <= FLOW_WIDTH and levels <= 2)
    return length, levels
