"""What a page is made of: sections of blocks of lines. Each form it is shown in is one renderer over these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from expert.render.figure import Figure


@dataclass(frozen=True)
class Code:
    """A name or a value as it is typed."""

    text: str


@dataclass(frozen=True)
class Strong:
    """A word that stands out."""

    text: str


@dataclass(frozen=True)
class Link:
    """Another page: of a rule or a remedy by its id, or one of the site by its path under ``docs/``."""

    text: str
    kind: Literal["rules", "remedies", "page"]
    target: str


Piece = str | Code | Strong | Link
Line = tuple[Piece, ...]


@dataclass(frozen=True)
class Paragraph:
    """A line of text, wrapped where it is shown."""

    line: Line


@dataclass(frozen=True)
class Item:
    """An entry of a list, with entries below it."""

    line: Line
    parts: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Item, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Listing:
    """Text that keeps its lines: code (``language`` names which), or what a call prints."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A run, drawn. ``name`` tells the pictures of one page apart."""

    name: str
    caption: str
    figure: Figure


Block = Paragraph | Items | Listing | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The page of one rule or remedy."""

    kind: Literal["rules", "remedies"]
    id: str
    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]

    def blocks(self) -> Sequence[Block]:
        """Every block, in order."""
        return [*self.lead, *(block for section in self.sections for block in section.blocks)]

    def links(self) -> Sequence[Link]:
        """Every link, in order."""
        return [piece for block in self.blocks() for line in _lines(block) for piece in line if isinstance(piece, Link)]


def section(title: str, *blocks: Block | None) -> tuple[Section, ...]:
    """A section, or none where it would hold nothing."""
    held = tuple(block for block in blocks if block is not None and not is_empty(block))
    return (Section(title, held),) if held else ()


def text(words: str) -> Paragraph:
    """A paragraph of plain words."""
    return Paragraph((words,) if words else ())


def joined(lines: Iterable[Line], between: str = ", ") -> Line:
    """Lines behind one another."""
    pieces: list[Piece] = []
    for number, line in enumerate(lines):
        pieces += [between, *line] if number else line
    return tuple(pieces)


def plain(line: Line) -> str:
    """The words of a line without what marks them."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)


def is_empty(block: Block) -> bool:
    """Whether there is nothing to show."""
    if isinstance(block, Paragraph):
        return not plain(block.line)
    if isinstance(block, Items):
        return not block.items
    if isinstance(block, Table):
        return not block.rows
    return isinstance(block, Picture) and not block.figure


def _lines(block: Block) -> Iterable[Line]:
    if isinstance(block, Paragraph):
        yield block.line
    elif isinstance(block, Items):
        yield from _lines_of(block.items)
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row


def _lines_of(items: Iterable[Item]) -> Iterable[Line]:
    for item in items:
        yield item.line
        yield from _lines_of(item.parts)
