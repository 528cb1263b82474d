"""MMEngine and mmcv in text: ``Epoch(train) [1][200/735]  lr: ...  loss: ...``, ``Iter(val) [500/500]  mIoU: ...``."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_HEAD = re.compile(r"(Epoch|Iter)\s?(?:\((train|val|test)\))?\s+\[\s*(\d+)(?:/\d+)?\](?:\[\s*(\d+)/(\d+)\])?(.*)")
_PAIR = re.compile(rf"([A-Za-z_][^\s:,]*(?: \([^)]*\))?):\s+({NUMBER})(?=[\s,]|$|data_time: )")
_MACHINE = frozenset({"eta", "time", "data_time", "memory"})


class _Parser:
    """Validation lines count epochs, or their own batches: they stand at the training line before them."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._clocks: dict[str, str] = {}

    def line(self, text: str) -> bool:
        found = _HEAD.fullmatch(text) if text.startswith(("Epoch", "Iter")) else None
        if found is None or (found[1] == "Epoch" and found[2] != "test" and found[4] is None and "(val)" not in text):
            return False
        pairs = {
            name: value
            for name, value in _PAIR.findall(found[6])
            if name not in _MACHINE and not name.endswith("_copypaste")
        }
        if found[2] in ("val", "test"):
            for name in tuple(pairs):
                self.rows.logged[f"{found[2]}/{name}"] = name
            pairs = {f"{found[2]}/{name}": value for name, value in pairs.items()}
            clocks = self._clocks or ({"epoch": found[3]} if found[1] == "Epoch" and found[4] else {})
        elif found[1] == "Epoch" and found[4] is None:
            clocks = self._clocks = {"epoch": found[3]}
        elif found[1] == "Epoch":
            step = str((int(found[3]) - 1) * int(found[5]) + int(found[4]))
            clocks = self._clocks = {"epoch": found[3], "iter": step}
        else:
            clocks = self._clocks = {"iter": found[3]}
        if pairs:
            self.rows.add((*clocks, *pairs), (*clocks.values(), *pairs.values()))
        return True

    def end(self) -> None:
        """There is nothing to complete."""


_WINDOW = "the mean over MMEngine's window of iterations"

FORMAT = Format(
    "mmengine",
    "MMEngine",
    _Parser,
    {
        "loss": Meaning(None, "moving_average", _WINDOW),
        "grad_norm": Meaning(None, "moving_average", _WINDOW + ", before clipping"),
        "lr": Meaning("optimizer.learning_rate", "last_batch"),
    },
    framework="mmengine",
)
