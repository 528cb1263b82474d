"""A page as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from expert.render.blocks import plotted
from expert.render.document import (
    Block,
    Code,
    Item,
    Items,
    Line,
    Link,
    Listing,
    Page,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from expert.render.escape import printable

Drawn = Callable[[Picture], str]
"""Shows a picture: as a link to a file that is written beside the page, say."""
WIDTH = 96
UP = {"rules": "../rules/{}.md", "remedies": "../remedies/{}.md", "page": "../{}"}


def in_blocks(picture: Picture) -> str:
    """A picture as text, for a page that stands alone."""
    return _fenced("\n".join(plotted(picture.figure, WIDTH)), "text")


def markdown(page: Page, drawn: Drawn = in_blocks) -> str:
    """The page; links lead to its neighbors under ``docs/``."""
    parts = [f"# {escaped(page.title)}", *(_block(block, drawn) for block in page.lead)]
    for section in page.sections:
        parts += [f"## {escaped(section.title)}", *(_block(block, drawn) for block in section.blocks)]
    return "\n\n".join(parts) + "\n"


def blocks_as_markdown(blocks: Iterable[Block], drawn: Drawn = in_blocks) -> str:
    """Blocks without the page they stand on."""
    return "\n\n".join(_block(block, drawn) for block in blocks)


def escaped(words: str) -> str:
    """Plain words, kept from being read as markup."""
    words = re.sub(r"([\\`*\[\]|])", r"\\\1", printable(words))
    words = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", words)
    return re.sub(r"&(?=#?\w+;)", "&amp;", words).replace("<", "&lt;")


def _block(block: Block, drawn: Drawn) -> str:
    if isinstance(block, Paragraph):
        return _line(block.line)
    if isinstance(block, Items):
        return "\n".join(_items(block.items, numbered=block.numbered))
    if isinstance(block, Listing):
        return _fenced(block.text, block.language or "text")
    if isinstance(block, Table):
        return "\n".join(_table(block))
    return drawn(block)


def _items(items: Iterable[Item], depth: int = 0, *, numbered: bool = False) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        sign = f"{number}." if numbered else "-"
        yield f"{'    ' * depth}{sign} {_line(item.line)}"
        yield from _items(item.parts, depth + 1)


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.head)} |"
    yield f"|{' --- |' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(map(_line, row))} |"


def _line(line: Line) -> str:
    told = []
    for piece in line:
        if isinstance(piece, Code):
            told.append(_code(piece.text))
        elif isinstance(piece, Strong):
            told.append(f"**{escaped(piece.text)}**")
        elif isinstance(piece, Link):
            told.append(f"[{escaped(piece.text)}]({UP[piece.kind].format(piece.target)})")
        else:
            told.append(escaped(piece))
    return re.sub(r"\s*\n\s*", " ", "".join(told)).strip()


def _code(words: str) -> str:
    words = printable(words).replace("\n", " ").replace("|", "\\|")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    room = " " if "`" in words else ""
    return f"{ticks}{room}{words}{room}{ticks}"


def _fenced(words: str, language: str) -> str:
    words = printable(words)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", words)), default=0))
    return f"{fence}{language}\n{words}\n{fence}"
