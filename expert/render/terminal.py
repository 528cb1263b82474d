"""A page as plain text for a terminal: wrapped to its width, headings readable, pictures in blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from expert.render.blocks import plotted
from expert.render.document import Block, Item, Items, Line, Link, Listing, Page, Paragraph, Picture, Table
from expert.render.document import plain as plain_line
from expert.render.escape import printable

NARROWEST, WIDEST = 40, 100
NO_TERMINAL = 102
"""The width where there is no terminal: the note's 100 and the indent."""
INDENT = "  "
UNDERLINES = "═", "─"
BOLD, DIM, UNDERLINED = "1", "2", "4"
SEVERITIES = {"fatal": "1;31", "error": "31", "warning": "33"}
SEVERE = re.compile(rf"{INDENT}(fatal|error|warning)(?=: )")
Styled = Callable[[str, str], str]


def terminal(page: Page, width: int = NO_TERMINAL, *, colors: bool = False) -> str:
    """The page, no line of prose longer than the width. Prose is at most 100 wide; what is printed elsewhere keeps its
    lines where there is room.
    """
    return "\n".join(_Writer(max(NARROWEST, width), _colored if colors else _plain).page(page)) + "\n"


def _plain(code: str, words: str) -> str:
    return words


def _colored(code: str, words: str) -> str:
    return f"\x1b[{code}m{words}\x1b[0m"


class _Writer:
    def __init__(self, width: int, style: Styled) -> None:
        self.room, self.width, self.style = width, min(WIDEST, width), style

    def page(self, page: Page) -> Iterator[str]:
        yield from self._heading(page.title, UNDERLINES[0])
        yield from self._blocks(page.lead)
        for section in page.sections:
            yield ""
            yield from self._heading(section.title, UNDERLINES[1])
            yield from self._blocks(section.blocks)

    def _heading(self, title: str, underline: str) -> Iterator[str]:
        title = printable(title)
        yield self.style(BOLD, title)
        if self.style is _plain:
            yield underline * len(title)

    def _blocks(self, blocks: Iterable[Block]) -> Iterator[str]:
        for number, block in enumerate(blocks):
            if number:
                yield ""
            yield from self._block(block)

    def _block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Paragraph):
            yield from self._wrapped(_words(block.line))
        elif isinstance(block, Items):
            yield from self._items(block.items, "", numbered=block.numbered)
        elif isinstance(block, Listing):
            yield from self._listing(block)
        elif isinstance(block, Table):
            yield from self._table(block)
        else:
            yield from self._picture(block)

    def _items(self, items: Sequence[Item], indent: str, *, numbered: bool = False) -> Iterator[str]:
        for number, item in enumerate(items, 1):
            sign = f"{indent}{number}. " if numbered else f"{indent}· "
            yield from self._wrapped(_words(item.line), sign, " " * len(sign))
            yield from self._items(item.parts, indent + INDENT)

    def _listing(self, block: Listing) -> Iterator[str]:
        for line in printable(block.text).split("\n"):
            lines = [f"{INDENT}{line}".rstrip()]
            if not block.language and len(lines[0]) > self.room:
                hanging = " " * (len(line) - len(line.lstrip()))
                lines = list(self._wrapped(line, INDENT, INDENT + hanging + INDENT))
            yield from (self._shown(one, is_code=bool(block.language)) for one in lines)

    def _shown(self, line: str, *, is_code: bool) -> str:
        severity = SEVERE.match(line)
        if severity and not is_code:
            return self.style(SEVERITIES[severity[1]], severity[0]) + line[severity.end() :]
        return self.style(DIM, line) if is_code and line.startswith(f"{INDENT}# ") else line

    def _table(self, block: Table) -> Iterator[str]:
        rows = [[_words(cell) for cell in row] for row in block.rows]
        widths = [max(map(len, column)) for column in zip(block.head, *rows, strict=True)]
        if sum(widths) + 2 * len(widths) <= self.width:
            for row in (block.head, *rows):
                line = "  ".join(f"{cell:{size}}" for cell, size in zip(row, widths, strict=True)).rstrip()
                yield self.style(UNDERLINED, line) if row is block.head else line
            return
        for row in rows:  # too wide: an entry for each row
            told = [f"{head}: {cell}" for head, cell in zip(block.head[1:], row[1:], strict=True) if cell]
            yield from self._wrapped(f"{row[0]} – {'; '.join(told)}", "· ", INDENT)

    def _picture(self, block: Picture) -> Iterator[str]:
        for line in plotted(block.figure, self.width - len(INDENT)):
            yield f"{INDENT}{printable(line)}".rstrip()

    def _wrapped(self, words: str, first: str = "", rest: str = "") -> Iterator[str]:
        yield from textwrap.wrap(
            words, self.width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        ) or [first.rstrip()]


def _words(line: Line) -> str:
    told = []
    for piece in line:
        if isinstance(piece, Link) and piece.kind != "page" and piece.target not in piece.text:
            told.append(f"{piece.text} ({piece.target})")
        else:
            told.append(plain_line((piece,)))
    return printable(" ".join("".join(told).split()))
