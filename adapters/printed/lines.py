"""Lines as a program meant them: without colors, progress bars drawn over, and what loggers write in front.

A carriage return ends a line like a line break: every state of a bar is a line of its own, and the format decides which
of them count. Only lines that end are given: the last one of a file that grows or was cut may lack half a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from expert.adapters.text import lines as text_lines
from expert.adapters.text import opening
from expert.adapters.text.unpacking import Unpacked, text_of
from expert.errors import SourceError

BLOCK = 1 << 20
"""Characters read at a time."""

LONGEST_SAID = 4_000
"""Characters in a line that a program prints for people; longer ones are stepped over."""

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colors and movements of the cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
    r"|\x1b[@-Z\\-_]|[\0\ufeff]"
)
_BACKSPACES = re.compile("\b+")

_TIME = r"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
_DATE = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/]\d\d(?:[-/]\d\d(?:\d\d)?)?|[A-Z][a-z]{2}[ ]+(?:[A-Z][a-z]{2}[ ]+)?\d+)"
_STAMP = rf"(?:{_DATE}[T ]+)?{_TIME}(?:Z|[ ]?[+-]\d\d:?\d\d)?"
_LEVEL = r"(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL|NOTICE|TRACE)"
_NO_NAME = r"(?!(?i:epoch|step|iter|batch|train|val|test|eval|loss|lr))"
_PREFIX = re.compile(
    rf"""
    [ ]?(?:\[(?:rank|default)[ ]?(?P<rank>\d+)\]:?\s*|\[\d+,(?P<process>\d+)\]<std(?:out|err)>:?\s*
      |\[std(?:out|err)\]:?[ ]?|\([\w.-]+[ ]pid=\d+[^)]*\)\s*|\[titan\]\s*)*
    (?:
      \[?{_STAMP}(?:[ ,|]+{_LEVEL})?\]?[\s\-|:,]*
      (?:std(?:out|err)[ ][FP][ ])?
      (?:\[?{_LEVEL}\]?[\s\-|:,]+|\[[A-Za-z_][\w./:-]*\](?=\[{_LEVEL}\])|{_NO_NAME}\[{_NO_NAME}[A-Za-z_][\w./:-]*\]\s*[-:]?\s*
        |{_NO_NAME}[A-Za-z_][\w.]*(?::[\w<>.]+)*\s+[-|]\s+)*
     |[IWEFD]\d{{4}}[ ]{_TIME}\s+(?:\d+\s+)?[\w./<>-]+:\d+\]\s*
     |\[?{_LEVEL}\]?\s*[:|\-]\s*(?:{_NO_NAME}[\w.]+:)?\s*
    )?
    """,
    re.VERBOSE,
)
_STARTS = frozenset(" 0123456789[(DIWECFNTJMASO")
"""Characters a prefix can begin with (levels, months and days among them); other lines are not searched for one."""


def clean(text: str) -> str:
    """Return text without control characters; what a bar takes back with backspaces begins a new line."""
    if "\x1b" in text or "\0" in text or "\ufeff" in text:
        text = _CONTROL.sub("", text)
    if "\b" in text:
        text = _BACKSPACES.sub("\n", text)
    return text


def without_prefix(line: str) -> tuple[str, int | None]:
    """Return what was logged, and the rank that the prefix names, if any."""
    if line[:1] not in _STARTS:
        return line, None
    found = _PREFIX.match(line)
    if found is None or found.end() < 2:
        return line, None
    rank = found["rank"] or found["process"]
    return line[found.end() :], None if rank is None else int(rank)


class PrintedLines:
    """The whole lines of a file, cleaned, with the prefix of loggers cut off. ``notes`` says what was left out.

    Raises `SourceError` for a file that is no text and for a line that is too long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.given = 0
        """Lines given so far, empty ones among them."""
        self.rank: int | None = None
        """The rank that the prefix of the line last given names."""

    def __iter__(self) -> Iterator[str]:
        strip = without_prefix
        for block in self._blocks():
            lines = block.splitlines()
            self.given += len(lines)
            for line in lines:
                if len(line) > LONGEST_SAID:
                    continue
                if line[:1] in _STARTS:
                    told, self.rank = strip(line)
                    yield told
                elif line:
                    self.rank = None
                    yield line

    def _blocks(self) -> Iterator[str]:
        start = opening.beginning(self.path)
        if start is None or start.encoding is None:
            raise SourceError(f"{self.path}: the file is not text.")
        rest, read = "", 0
        unpacked = Unpacked(self.path, opening.LARGEST_READ)
        with text_of(unpacked, start.encoding) as stream:
            while block := stream.read(BLOCK):
                read += len(block)
                if read > opening.LARGEST_READ:
                    self.notes.append(
                        f"The file is very large; only its first {read - len(block):,} characters are used."
                    )
                    break
                text = rest + block
                end = 1 + max(text.rfind("\n"), text.rfind("\r"))
                rest = text[end:]
                if len(rest) > text_lines.LONGEST_LINE:
                    raise SourceError(
                        f"{self.path}: a line is longer than {text_lines.LONGEST_LINE:,} characters; it begins with "
                        f"{rest[:40]!r}."
                    )
                yield clean(text[:end])
            else:
                if any(sign.isdigit() for sign in rest):
                    shown = clean(rest).strip()
                    self.notes.append(
                        f"The last line has no line break, so it may be cut off and was left out: {shown[:60]!r}."
                    )
        if unpacked.damage is not None:
            self.notes.append(unpacked.damage)
