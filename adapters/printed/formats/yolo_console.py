"""What YOLOv5 and Ultralytics print: a header and a bar for each epoch, then a table whose row ``all`` counts."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_HEADER = re.compile(r"\s*Epoch\s+(?:GPU_mem|gpu_mem)\s+(.*)")
_BAR = re.compile(rf"\s*(\d+)/\d+\s+[\d.]+[KMGT]?i?B?((?:\s+{NUMBER})+)(?::\s*(\d*)(%?).*)?")
_CLASSES = re.compile(r"\s*Class\s+Images\s+(?:Instances|Labels|Targets)\s+(.*?)(?::\s+\d+%.*)?")
_ALL = re.compile(rf"\s*all((?:\s+{NUMBER})+)\s*")
_GROUP = re.compile(r"([A-Z])[a-z]+\((\S+)")
_PARTS = {"box": "box_loss", "obj": "obj_loss", "cls": "cls_loss"}
_FULL = {"P": "precision", "R": "recall"}
_SCORES = ("precision", "recall", "mAP50", "mAP50-95")


class _Parser:
    """The numbers of a bar are means since the epoch began, so its last state counts; a narrow window cuts its end."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._names: list[str] = []
        self._scores: list[str] = []
        self._epoch: dict[str, str] = {}
        self._whole = False

    def line(self, text: str) -> bool:
        if found := _BAR.fullmatch(text):
            values = found[2].split()
            if not self._names or len(values) != len(self._names):
                return False
            if self._epoch.get("epoch") != found[1]:
                self.end()
            self._epoch = {"epoch": found[1], **dict(zip(self._names, values, strict=True))}
            self._whole = found[3] == "100" or not found[4]
        elif found := _ALL.fullmatch(text):
            values = found[1].split()[2:]
            if not self._epoch or len(values) != len(self._scores):
                return False
            self._epoch |= dict(zip(self._scores, values, strict=True))
            self._whole = True
            self.end()
        elif found := _HEADER.fullmatch(text):
            names = [name.lower() for name in found[1].split()]
            self._names = [
                f"train/{_PARTS.get(name, name)}" if name in _PARTS or name.endswith("_loss") else name
                for name in names
            ]
        elif found := _CLASSES.fullmatch(text):
            self._scores = _scores(found[1].split())
        else:
            return False
        return True

    def end(self) -> None:
        if self._epoch and self._whole:
            self.rows.add(tuple(self._epoch), list(self._epoch.values()))
        self._epoch, self._whole = {}, False


def _scores(words: list[str]) -> list[str]:
    """``Box(P R mAP50 mAP50-95) Mask(P ...`` in the names of results.csv: with the letter of the group behind them."""
    names, group = [], ""
    for word in words:
        found = _GROUP.match(word)
        group = f"({found[1]})" if found else group
        name = (found[2] if found else word).rstrip(")")
        names.append(f"metrics/{_FULL.get(name, name)}{group}")
    missing = _SCORES[len(names) :] if not group else ()
    return [*names, *(f"metrics/{name}" for name in missing)]


FORMAT = Format(
    "yolo-console",
    "YOLO",
    _Parser,
    {
        f"train/{part}_loss": Meaning(None, "epoch_mean", "the mean over the epoch")
        for part in ("box", "obj", "cls", "dfl")
    },
    framework="ultralytics",
)
