"""Color for terminals: severities and the numbers of the plan stand out."""

from __future__ import annotations

import os
import re
from typing import TextIO

_STYLES = {"fatal": "1;31", "error": "31", "warning": "33"}


def colored(text: str, wanted: bool) -> str:
    """The text with ANSI colors, or as it is."""
    if not wanted:
        return text
    text = re.sub(r"^(fatal|error|warning)(?=: )", lambda match: _style(_STYLES[match[1]], match[1]), text, flags=re.M)
    text = re.sub(r"^(  \d+\. .*)$", lambda match: _style("1", match[1]), text, flags=re.M)
    return re.sub(r"^(?=\S)(Notes|What to do.*|To be surer.*)$", lambda match: _style("4", match[1]), text, flags=re.M)


def _style(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def wants_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colors and nobody asked for none (``NO_COLOR``)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
