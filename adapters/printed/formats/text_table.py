"""Tables printed for people: fastai's, skorch's, Markdown and the drawn ones of PrettyTable, tabulate and rich."""

from __future__ import annotations

import re

from expert.adapters.printed.format import Format, Meaning
from expert.adapters.printed.reading import is_header
from expert.adapters.printed.rows import Rows
from expert.adapters.tables.numbers import is_missing, is_number
from expert.errors import SourceError
from expert.history import History

_BARS = str.maketrans({"│": "|", "┃": "|", "║": "|"})
_RULE = re.compile(r"[\s|+:=\-─━┄┼╋┿╪├┤┝┥╞╡┌┐└┘┏┓┗┛┬┴┳┻╭╮╰╯┡┩╇╈]+")
_WORDS = ("poch", "POCH", "tep", "iter", "Iter")
"""Pieces of the names of clocks, one of which is in every header."""


def _cells(text: str) -> list[str]:
    if "|" in text:
        return [cell.strip().strip("*`").strip() for cell in text.strip().strip("|").split("|")]
    return [cell for cell in re.split(r"\s{2,}|\t+", text.strip()) if cell]


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._names: tuple[str, ...] = ()

    def line(self, text: str) -> bool:
        text = text.translate(_BARS) if not text.isascii() else text
        if any(word in text for word in _WORDS):
            names = tuple(_cells(text))
            if 2 <= len(names) <= 40 and not any(is_number(name) for name in names) and is_header(names):
                self._names = tuple(
                    name if name not in names[:place] else f"{name} ({place})" for place, name in enumerate(names)
                )
                self.rows.starts.append(self.rows.length)
                return True
        if not self._names:
            return False
        cells = _cells(text)
        if len(cells) != len(self._names):
            cells = text.split()
        if len(cells) == len(self._names) and all(is_number(cell) or is_missing(cell) for cell in cells):
            self.rows.add(self._names, cells)
            return True
        return bool(text.strip()) and _RULE.fullmatch(text) is not None

    def end(self) -> None:
        """There is nothing to complete."""


def _of_one_run(history: History) -> History:
    """A table for people whose rows share epochs lists finished runs, or something else that is no course."""
    if any(note.startswith("Several rows share an epoch") for note in history.notes):
        raise SourceError(
            f"{history.source}: several rows of its table share an epoch and none names a step, so they may be "
            "finished runs and not the course of one; pass the log that one run wrote while it trained."
        )
    return history


class _Drawn(_Parser):
    def line(self, text: str) -> bool:
        return any(sign in text for sign in "|│┃║+-─━") and super().line(text)


DRAWN = Format("drawn-table", "a table for people", _Drawn, sure=0.62, finish=_of_one_run)
ALIGNED = Format("aligned-table", "a table for people", _Parser, sure=0.55, finish=_of_one_run)
"""Less sure than the reader of tables in files, which has read such columns from the first line on."""


class _Fastai(_Parser):
    def line(self, text: str) -> bool:
        if not self._names and not re.match(
            r"\s*(?:\|\s*)?epoch\s+(?:\|\s*)?train_loss\s+(?:\|\s*)?valid_loss\b", text
        ):
            return False
        return super().line(text)


FASTAI = Format(
    "fastai-table",
    "fastai",
    _Fastai,
    {"train_loss": Meaning(None, "moving_average", "fastai shows a smoothed training loss")},
    framework="fastai",
)
