"""Damaged logs by number: the same number makes the same files, as long as the samples are the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.fuzz.damage import DAMAGES, LARGEST, splice

DATA = Path(__file__).parent.parent / "data"
PLACES = ("logs", "recorded")
AS_A_FOLDER = 0.1
"""Share of the cases in which a file is damaged within the folder it belongs to, and the folder is read."""
SPLICED = 0.1
LARGE = 0.05
"""Share of the cases in which damage may make a file large."""
USUAL = 1 << 17


class Case(NamedTuple):
    """The files of a source by their path, and which of them, or which folder, is read."""

    files: dict[str, bytes]
    read: str

    def lay_out(self, folder: Path) -> Path:
        """Write the files below a folder; return the path to read."""
        for name, content in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return folder / self.read


@cache
def samples() -> tuple[Path, ...]:
    """Every log that damage starts from."""
    found = (path for place in PLACES for path in sorted((DATA / place).rglob("*")))
    return tuple(path for path in found if path.is_file() and path.name not in ("SOURCES.md", "recorded.json"))


def case(number: int) -> Case:
    """The case of a number."""
    draw = Random(number)
    largest = LARGEST if draw.random() < LARGE else USUAL
    path = draw.choice(samples())
    content = path.read_bytes()
    if draw.random() < SPLICED:
        content = splice(content, draw.choice(samples()).read_bytes(), draw)
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(DAMAGES)(content, draw)[:largest]
    if draw.random() >= AS_A_FOLDER:
        return Case({path.name: content}, path.name)
    whole = path.relative_to(DATA).parts[:2]
    beside = (one for one in samples() if one.relative_to(DATA).parts[:2] == whole)
    files = {one.relative_to(DATA).as_posix(): content if one == path else one.read_bytes() for one in beside}
    return Case(files, draw.choice(("/".join(whole), path.parent.relative_to(DATA).as_posix())))
