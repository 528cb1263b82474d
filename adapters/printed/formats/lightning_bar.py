"""The progress bar of Lightning, by tqdm or by rich.

Values of a step count in every state, the others in the last one of an epoch.
"""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_TQDM = re.compile(r"Epoch (\d+):\s+\d+%\|[^|]*\|\s*(\d+)/(\d+) \[([^\]]*)\]\s*")
_RICH = re.compile(r"Epoch (\d+)/\d+\s+[^\w\s]*[━╸╺ ]*\s*(\d+)/(\d+)\s+\d+:\d\d:\d\d\s+•\s+\S+\s+\S+it/s\s*(.*)")
_PAIR = re.compile(rf"([A-Za-z][^\s=:,]*)(?:=|:\s+)({NUMBER})(?=[,\s]|$)")


class _Parser:
    """A bar is drawn twice at each place, first with the values of the place before: the last state of a place counts.

    Values of the last validation stay on the bar through the next epoch, so they are taken where an epoch ends.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._place: tuple[int, int, int] | None = None
        self._values: dict[str, str] = {}

    def line(self, text: str) -> bool:
        if not text.startswith("Epoch "):
            return False
        found = _TQDM.match(text) or _RICH.match(text)
        if found is None:
            return False
        place = (int(found[1]), int(found[2]), int(found[3]))
        self.rows.tell("steps_per_epoch", place[2])
        if self._place is not None and place != self._place:
            self._flush()
        self._place = place
        self._values = {name: value for name, value in _PAIR.findall(found[4]) if name != "v_num"}
        return True

    def _flush(self) -> None:
        if self._place is None or self._place[1] == 0:
            return
        epoch, done, total = self._place
        values = self._values
        if done != total:
            values = {
                name: value
                for name, value in values.items()
                if not name.endswith("_epoch") and not re.search(r"(^|[_/])(val|valid|validation|test)([_/]|$)", name)
            }
        if values:
            self.rows.add(("epoch", "step", *values), (str(epoch), str(epoch * total + done), *values.values()))

    def end(self) -> None:
        self._flush()


FORMAT = Format(
    "lightning-bar",
    "Lightning's progress bar",
    _Parser,
    {"loss": Meaning(None, "moving_average", "the bar of Lightning 1 shows a mean over the last batches")},
    framework="lightning",
)
