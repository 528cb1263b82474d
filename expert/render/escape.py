"""Text from logs on its way to a terminal: whatever could steer it is shown instead of sent."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters other than tab and newline, marks that turn the direction of writing, and broken characters."""


def printable(text: str) -> str:
    r"""The text with every character that could steer a terminal spelled as in Python, ``\x1b`` for one."""
    return _STEERING.sub(lambda match: ascii(match[0])[1:-1], text)


def printable_json(text: str) -> str:
    r"""JSON with such characters spelled as JSON spells them, ``\u001b``; it says the same."""
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
