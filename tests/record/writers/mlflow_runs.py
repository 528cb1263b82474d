"""MLflow: two runs in files, whose last validation is NaN."""

from __future__ import annotations

import math
import os
import shutil

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow  # after the file store is allowed
from recording import Recording

recording = Recording("mlflow.log_metric", "mlflow-skinny")
folder = recording.folder
os.chdir(folder)
mlflow.set_tracking_uri(f"file:{folder / 'mlruns'}")
mlflow.set_experiment("digits")
runs = []
for rate in (0.1, 1.02):
    weight, losses = 2.0, []
    with mlflow.start_run(run_name=f"rate {rate}"):
        mlflow.log_params({"lr": rate, "optimizer": "SGD"})
        for step in range(10):
            losses.append(weight**2)
            mlflow.log_metric("train/loss", losses[-1], step=step)
            mlflow.log_metric("val/loss", losses[-1] * 1.1 if step < 9 else math.nan, step=step)
            weight -= rate * 2 * weight
    at = [float(step) for step in range(10)]
    runs.append({"train.loss": (at, losses), "val.loss": (at, [*(1.1 * loss for loss in losses[:9]), math.nan])})
recording.log("mlruns", *runs)
shutil.rmtree(folder / "mlruns" / ".trash", ignore_errors=True)
for tags in folder.rglob("tags"):
    shutil.rmtree(tags)  # they name the machine and its user, and so do two lines of what lies beside them
for about in folder.rglob("meta.yaml"):
    lines = about.read_text(encoding="utf-8").replace(str(folder), "").splitlines(keepends=True)
    about.write_text("".join(line for line in lines if not line.startswith("user_id")), encoding="utf-8")
recording.save()
