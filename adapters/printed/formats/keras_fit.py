"""The progress bar of Keras' ``fit``, new (``━━━``) and old (``====``), drawn over or one line an epoch.

The numbers of a bar are means since the epoch began, so of all its states only the last one counts. What ``evaluate``
and ``predict`` print behind it belongs to no epoch.
"""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_EPOCH = re.compile(r"Epoch (\d+)(?:/(\d+))?\s*")
_STATE = re.compile(r"\s*(\d+)/(\d+|Unknown)\s[^A-Za-z]*(?:ETA:|\d|-).*")
_PAIR = re.compile(rf"([\w./@-]+): ({NUMBER})\s*")


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._epoch: str | None = None
        self._done = self._total = "0"
        self._state: dict[str, str] = {}

    def line(self, text: str) -> bool:
        if found := _EPOCH.fullmatch(text):
            if found[2]:
                self.rows.tell("epochs", int(found[2]))
            self._flush(ended=True)
            self._epoch = found[1]
            return True
        if self._epoch is None or not text.lstrip()[:1].isdigit():
            return False
        found = _STATE.fullmatch(text)
        if found is None:
            return False
        pairs = {pair[1]: pair[2] for part in text.split(" - ")[1:] if (pair := _PAIR.fullmatch(part)) is not None}
        if not pairs:
            return True
        if self._whole() and not any(name.startswith("val_") for name in pairs):
            return True  # the epoch is over: this is evaluate
        if self._whole() and any(name.startswith("val_") for name in self._state):
            return True
        self._done, self._total, self._state = found[1], found[2], pairs
        if self._total != "Unknown":
            self.rows.tell("steps_per_epoch", int(self._total))
        return True

    def _whole(self) -> bool:
        return bool(self._state) and self._done == self._total

    def _flush(self, *, ended: bool) -> None:
        """Write down the epoch before. A last one that stopped half way would pass for a whole one."""
        if self._epoch is not None and self._state:
            broken = any(value.lower().lstrip("+-") in ("nan", "inf") for value in self._state.values())
            if ended or self._whole() or broken or not self.rows.length:
                self.rows.add(("epoch", *self._state), (self._epoch, *self._state.values()))
            if not ended and not self._whole():
                used = "its values are means over these" if broken or self.rows.length == 1 else "it was left out"
                self.rows.notes.append(
                    f"Epoch {self._epoch} stops after {self._done} of {self._total} batches; {used}."
                )
        self._state = {}

    def end(self) -> None:
        self._flush(ended=False)


FORMAT = Format(
    "keras-fit",
    "Keras' fit",
    _Parser,
    {
        "loss": Meaning(None, "epoch_mean", "Keras prints the mean over the batches of the epoch"),
        "accuracy": Meaning(None, "epoch_mean", "Keras prints the value over the batches of the epoch"),
    },
    framework="keras",
)
