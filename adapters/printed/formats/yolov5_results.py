"""``results.txt`` of YOLOv5 and YOLOv7: fifteen cells without a header; the sixth is the sum of the three before it."""

from __future__ import annotations

import re

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_ROW = re.compile(rf"\s*(\d+)/\d+\s+[\d.]+[KMGT]?i?B?((?:\s+{NUMBER}){{13}})\s*")
_NAMES = (
    "train/box_loss", "train/obj_loss", "train/cls_loss", "train/total_loss", "labels", "img_size",
    "metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95",
    "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip


class _Parser:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def line(self, text: str) -> bool:
        found = _ROW.fullmatch(text)
        if found is None:
            return False
        self.rows.add(("epoch", *_NAMES), (found[1], *found[2].split()))
        return True

    def end(self) -> None:
        """There is nothing to complete."""


FORMAT = Format(
    "yolov5-results",
    "YOLOv5 (results.txt)",
    _Parser,
    {"train/total_loss": Meaning("train.loss", "epoch_mean", "the sixth cell, which is box + obj + cls")}
    | {f"train/{part}_loss": Meaning(None, "epoch_mean") for part in ("box", "obj", "cls")},
    framework="ultralytics",
)
