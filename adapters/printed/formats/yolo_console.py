"""What YOLOv5 and Ultralytics print: a header and a bar for each epoch, then a table whose row ``all`` counts."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_HEADER = re.compile(r"\s*Epoch\s+(?:GPU_mem|gpu_mem)\s+(.*)")
_BAR = re.compile(rf"\s*(\d+)/\d+\s+[\d.]+[KMGT]?i?B?((?:\s+{NUMBER})+):\s+(\d+)%.*")
_CLASSES = re.compile(r"\s*Class\s+Images\s+(?:Instances|Labels|Targets)\s+(.*?)(?::\s+\d+%.*)?")
_ALL = re.compile(rf"\s*all((?:\s+{NUMBER})+)\s*")
_PARTS = {"box": "box_loss", "obj": "obj_loss", "cls": "cls_loss"}


class _Parser:
    """The numbers of a bar are means since the epoch began, so its last state counts."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._names: list[str] = []
        self._scores: list[str] = []
        self._epoch: dict[str, str] = {}

    def line(self, text: str) -> bool:
        if found := _BAR.fullmatch(text):
            values = found[2].split()
            if not self._names or len(values) != len(self._names):
                return False
            if self._epoch.get("epoch") != found[1]:
                self.end()
            self._epoch = {"epoch": found[1], "percent": found[3], **dict(zip(self._names, values, strict=True))}
        elif found := _ALL.fullmatch(text):
            values = found[1].split()[2:]
            if not self._epoch or len(values) != len(self._scores):
                return False
            self._epoch |= dict(zip(self._scores, values, strict=True))
            self.end()
        elif found := _HEADER.fullmatch(text):
            names = [name.lower() for name in found[1].split()]
            self._names = [
                f"train/{_PARTS.get(name, name)}" if name in _PARTS or name.endswith("_loss") else name
                for name in names
            ]
        elif found := _CLASSES.fullmatch(text):
            box = found[1].replace("(P ", "P ").replace("Box(P", "P").replace(")", "")
            self._scores = [f"metrics/{name.removeprefix('Box')}" for name in box.split()]
        else:
            return False
        return True

    def end(self) -> None:
        if self._epoch and self._epoch.pop("percent") == "100":
            self.rows.add(tuple(self._epoch), list(self._epoch.values()))
        self._epoch = {}


FORMAT = Format(
    "yolo-console",
    "YOLO",
    _Parser,
    {"metrics/P": Meaning("val.precision", "epoch_mean"), "metrics/R": Meaning("val.recall", "epoch_mean")},
    framework="ultralytics",
)
