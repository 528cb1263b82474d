"""fastai: ``history.csv`` of CSVLogger, and the table that the learner prints."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import tiny_torch
import torch
import without_cuda  # noqa: F401  (before fastai, which imports torchvision)
from fastai.callback.progress import CSVLogger
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.metrics import accuracy
from fastai.optimizer import SGD
from recording import Recording

recording = Recording("fastai.Learner", "fastai", "torch")
os.chdir(recording.folder)
learner = Learner(
    DataLoaders(*tiny_torch.loaders()), tiny_torch.net(), torch.nn.functional.cross_entropy, SGD, 0.5, metrics=accuracy
)
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    learner.fit(8, cbs=CSVLogger())
Path("learner.log").write_text(printed.getvalue(), encoding="utf-8")
at = [float(epoch) for epoch in range(8)]
columns = [[float(one) for one in column] for column in zip(*learner.recorder.values, strict=True)]
run = {role: (at, column) for role, column in zip(("train.loss", "val.loss", "val.accuracy"), columns, strict=True)}
recording.log("history.csv", run)
recording.log("learner.log", run, digits=1e-4)
recording.save()
