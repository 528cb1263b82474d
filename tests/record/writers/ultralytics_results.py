"""Ultralytics: ``results.csv`` of a detector trained on a few drawn pictures, and what the training prints."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import without_cuda  # noqa: F401  (before ultralytics, which imports torchvision)
from recording import Recording

recording = Recording("ultralytics.YOLO.train", "ultralytics", "torch")
os.environ |= {"YOLO_CONFIG_DIR": str(recording.folder / "settings"), "YOLO_OFFLINE": "true"}

import cv2  # noqa: E402  (after the folder of the settings is named)
from ultralytics import YOLO  # noqa: E402

EPOCHS = 4
folder = recording.folder / "pictures"
draw = np.random.default_rng(0)
for part, count in (("train", 16), ("val", 8)):
    (folder / "images" / part).mkdir(parents=True)
    (folder / "labels" / part).mkdir(parents=True)
    for number in range(count):
        picture = draw.integers(0, 60, (64, 64, 3), dtype=np.uint8)
        x, y = draw.integers(4, 30, 2)
        picture[y : y + 28, x : x + 28] = (40, 90, 220)
        cv2.imwrite(str(folder / "images" / part / f"{number}.png"), picture)
        place = f"0 {(x + 14) / 64} {(y + 14) / 64} {28 / 64} {28 / 64}\n"
        (folder / "labels" / part / f"{number}.txt").write_text(place, encoding="utf-8")
(folder / "set.yaml").write_text(
    f"path: {folder}\ntrain: images/train\nval: images/val\nnames: [square]\n", encoding="utf-8"
)
told: dict[str, list[float]] = {}


def tell(trainer: Any) -> None:
    """Note what is logged at the end of an epoch; it is called once more behind the last one."""
    if len(told.get("epoch", ())) >= EPOCHS:
        return
    numbers = {**trainer.label_loss_items(trainer.tloss), **trainer.metrics, **trainer.lr, "epoch": trainer.epoch + 1}
    for name, value in numbers.items():
        told.setdefault(name, []).append(float(value))


model = YOLO("yolov8n.yaml")
model.add_callback("on_fit_epoch_end", tell)
model.train(
    data=str(folder / "set.yaml"), epochs=EPOCHS, imgsz=64, batch=8, device="cpu", workers=0, plots=False, val=True,
    project=str(recording.folder / "made"), name="train", seed=0, warmup_epochs=0, close_mosaic=0, amp=False,
)  # fmt: skip
(written,) = (recording.folder / "made").rglob("results.csv")
shutil.copy(written, recording.folder / "results.csv")
for made in ("made", "pictures", "settings"):
    shutil.rmtree(recording.folder / made, ignore_errors=True)
run = {}
for phase in ("train", "val"):
    parts = [told[f"{phase}/{part}_loss"] for part in ("box", "cls", "dfl")]
    run[f"{phase}.loss"] = (told["epoch"], [sum(values) for values in zip(*parts, strict=True)])
run["optimizer.learning_rate"] = (told["epoch"], told["lr/pg0"])
header = Path(recording.folder / "results.csv").read_text(encoding="utf-8").splitlines()[0]
assert re.search(r"metrics/mAP50-95\(B\)", header)
recording.log("results.csv", run, digits=2e-5)
recording.save()
