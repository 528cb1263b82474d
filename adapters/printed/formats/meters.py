"""Meters as torchvision's references, DETR, MAE, timm and the ImageNet example print them: ``loss: 7.59 (7.93)``.

torchvision's first number is the median over a window of batches, the ImageNet example's that of one batch; the number
in brackets is the mean since the epoch began, which is what counts of a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from expert.adapters.printed.format import NUMBER, Format, Meaning
from expert.adapters.printed.rows import Rows

_TRAIN = re.compile(r"(?:(?:Training|Train|Epoch):? )?\s*(?:Epoch: )?\[(\d+)\]\s*\[\s*(\d+)/(\d+)\]\s+(.*)")
_TIMM = re.compile(r"Train: (\d+) \[\s*(\d+)/(\d+) \(\s*\d+%\)\]\s+(.*)")
_TEST = re.compile(r"(?:Test|Val|Eval|Validation|Evaluation):\s+\[\s*(\d+)/(\d+)\]\s+(.*)")
_SUMMARY = re.compile(rf"(?:Test:| ?\*)\s+((?:(?:Acc|Prec)@\d {NUMBER}%?\s*)+.*)")
_COCO = re.compile(rf"\s*Average Precision\s+\(AP\) @\[ IoU=0\.50:0\.95 \| area=\s*all \| .*\] = ({NUMBER})\s*")
_METER = re.compile(rf"(?<![\w@./-])([A-Za-z][\w@./-]*):?\s+({NUMBER})%?(?:\s*\(\s*({NUMBER})%?\s*\))?(?=\s|$)")
_MACHINE = frozenset({"time", "data", "mem", "Time", "Data", "eta"})


class _Parser:
    brackets = False
    """Whether every meter has brackets (ImageNet example); elsewhere a line names the time that is left."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._clocks: tuple[str, str] | None = None
        self._test: dict[str, str] = {}
        self._part = ""

    def line(self, text: str) -> bool:
        if found := _TRAIN.fullmatch(text) or _TIMM.fullmatch(text):
            if not self._ours(found[4]):
                return False
            self._flush()
            self._clocks = found[1], str(int(found[1]) * int(found[3]) + int(found[2]))
            values = {name: value for name, value, _ in self._meters(found[4])}
            self.rows.add(("epoch", "step", *values), (*self._clocks, *values.values()))
        elif found := _TEST.fullmatch(text):
            if not self._ours(found[3]):
                return False
            self._test = {name: mean or value for name, value, mean in self._meters(found[3])}
            self._part = "" if int(found[1]) + 1 >= int(found[2]) else f"{int(found[1]) + 1} of {found[2]}"
        elif self._clocks is not None and (found := _SUMMARY.fullmatch(text)):
            same = {_plain(name): name for name in self._test}
            summary = {same.get(_plain(name), name): value for name, value, _ in self._meters(found[1])}
            self._part = self._part if set(self._test) - set(summary) else ""
            self._test |= summary
            self._flush()
        elif self._test and (found := _COCO.fullmatch(text)):
            self._test.setdefault("coco/AP", found[1])  # of boxes, which come before masks and keypoints
        else:
            return False
        return True

    def _ours(self, meters: str) -> bool:
        return ("(" in meters and "eta:" not in meters) if self.brackets else "eta:" in meters

    @staticmethod
    def _meters(text: str) -> list[tuple[str, str, str]]:
        return [found for found in _METER.findall(text) if found[0] not in _MACHINE]

    def _flush(self) -> None:
        """Write down the test behind the last training line."""
        if self._test:
            clocks: Mapping[str, str] = dict(zip(("epoch", "step"), self._clocks, strict=True)) if self._clocks else {}
            named = {f"val/{name}": value for name, value in self._test.items()}
            self.rows.logged |= {f"val/{name}": name for name in self._test}
            if clocks:
                self.rows.add((*clocks, *named), (*clocks.values(), *named.values()))
                note = "The last line of each test names a mean over a part of it ({}); it stands for the whole."
                if self._part and not any(one.startswith(note[:30]) for one in self.rows.notes):
                    self.rows.notes.append(note.format(self._part + " batches"))
        self._test = {}

    def end(self) -> None:
        self._flush()


def _plain(name: str) -> str:
    """Acc@1 of the summary is acc1 of the lines before it."""
    return name.lower().replace("@", "")


class _ImageNet(_Parser):
    brackets = True


_STANDS = "what is called Test is measured after each epoch, so it stands for the validation set"
_TESTS = {
    "val/loss": Meaning("val.loss", "epoch_mean", _STANDS),
    "val/Loss": Meaning("val.loss", "epoch_mean", _STANDS),
    "val/acc1": Meaning("val.accuracy", "epoch_mean", _STANDS),
    "val/Acc@1": Meaning("val.accuracy", "epoch_mean", _STANDS),
    "val/Prec@1": Meaning("val.accuracy", "epoch_mean", _STANDS),
    "val/acc5": Meaning("val.top5_accuracy", "epoch_mean", _STANDS),
    "val/Acc@5": Meaning("val.top5_accuracy", "epoch_mean", _STANDS),
    "val/Prec@5": Meaning("val.top5_accuracy", "epoch_mean", _STANDS),
}

TORCHVISION = Format(
    "torchvision-meters",
    "torchvision's MetricLogger",
    _Parser,
    {
        "loss": Meaning("train.loss", "moving_average", "the median over a window of batches"),
        "acc1": Meaning("train.accuracy", "moving_average", "the median over a window of batches"),
        "acc5": Meaning("train.top5_accuracy", "moving_average", "the median over a window of batches"),
        "lr": Meaning("optimizer.learning_rate", "last_batch"),
        **_TESTS,
    },
    framework="torch",
)
IMAGENET = Format(
    "imagenet-example",
    "the ImageNet example of PyTorch, or timm",
    _ImageNet,
    {
        "LR": Meaning("optimizer.learning_rate", "last_batch"),
        "Loss": Meaning("train.loss", "last_batch", "the number before the brackets is that of one batch"),
        "Acc@1": Meaning("train.accuracy", "last_batch", "the number before the brackets is that of one batch"),
        "Prec@1": Meaning("train.accuracy", "last_batch", "the number before the brackets is that of one batch"),
        "Acc@5": Meaning("train.top5_accuracy", "last_batch", "the number before the brackets is that of one batch"),
        "Prec@5": Meaning("train.top5_accuracy", "last_batch", "the number before the brackets is that of one batch"),
        **_TESTS,
    },
    framework="torch",
)
