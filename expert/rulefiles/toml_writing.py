"""TOML out: what `read_toml` reads back as it was."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

WIDTH = 110
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r"}


def write_toml(data: Mapping[str, object]) -> str:
    """A mapping of sections as TOML: a section is a table of entries or a list of records."""
    plain = [f"{key} = {_inline(value, 0)}" for key, value in data.items() if not isinstance(value, dict | list)]
    parts = ["\n".join(plain)] if plain else []
    for name, section in data.items():
        if isinstance(section, dict):
            parts.append("\n".join([f"[{_key(name)}]", *_entries(section)]))
        elif isinstance(section, list):
            parts += ["\n".join([f"[[{_key(name)}]]", *_entries(record)]) for record in section]
    return "\n\n".join(parts) + "\n"


def _entries(table: Mapping[str, object]) -> list[str]:
    return [f"{_key(key)} = {_folded(value) or _inline(value, 0)}" for key, value in table.items()]


def _folded(value: object) -> str:
    """A long text over several lines that TOML joins again; empty for anything else."""
    if (
        not isinstance(value, str)
        or len(value) <= WIDTH - 20
        or re.search(r"^\s|\s$|\s\s|[^\S ]|[\x00-\x1f\x7f]", value)
    ):
        return ""
    lines = textwrap.wrap(value, WIDTH, break_long_words=False, break_on_hyphens=False)
    return '"""\\\n    ' + " \\\n    ".join(_escaped(line) for line in lines) + '"""'


def _inline(value: object, indent: int) -> str:
    """A value on one line, or an array with a line for each item where that is too long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(key)} = {_inline(item, indent)}" for key, item in value.items())
        return f"{{{pairs}}}"
    assert isinstance(value, list)
    items = [_inline(item, indent + 1) for item in value]
    if sum(len(item) + 2 for item in items) + 4 * indent <= WIDTH and not any("\n" in item for item in items):
        return f"[{', '.join(items)}]"
    inner = "    " * (indent + 1)
    return "[\n" + "".join(f"{inner}{item},\n" for item in items) + "    " * indent + "]"


def _string(text: str) -> str:
    if "\n" in text:
        return '"""\n' + "\n".join(_escaped(line) for line in text.split("\n")) + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return re.sub(r'[\\"\x00-\x1f\x7f]', lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def _key(text: str) -> str:
    return text if _PLAIN_KEY.fullmatch(text) else f'"{_escaped(text)}"'
