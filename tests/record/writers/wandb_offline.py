"""W&B without a connection: what the script printed, and the binary log, which is refused."""

from __future__ import annotations

import os
import shutil

from recording import Recording

recording = Recording("wandb.init(mode='offline')", "wandb")
for name in ("WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
    os.environ[name] = str(recording.folder / "made")
os.environ["WANDB_SILENT"] = "true"
(recording.folder / "made").mkdir()

import wandb  # noqa: E402  (after its folders are set)

losses, weight, rate = [], 4.0, 0.1
with wandb.init(mode="offline", project="digits", config={"lr": rate}) as run:
    for epoch in range(10):
        loss = weight**2 / 16
        print(f"epoch {epoch}: train_loss {loss:.6f}, val_loss {loss * 1.1:.6f}", flush=True)
        run.log({"train_loss": loss, "val_loss": loss * 1.1, "epoch": epoch})
        losses.append(loss)
        weight -= rate * 2 * weight

(written,) = (recording.folder / "made").glob("wandb/offline-run-*")
(output,) = written.rglob("output.log")
shutil.copy(output, recording.folder / "output.log")
at = [float(epoch) for epoch in range(10)]
run_told = {"train.loss": (at, losses), "val.loss": (at, [1.1 * loss for loss in losses])}
recording.log("output.log", run_told, digits=1e-4)
(binary,) = written.glob("*.wandb")  # names the machine, so that only the mark at its beginning is kept
(recording.folder / "run.wandb").write_bytes(binary.read_bytes()[:7])
shutil.rmtree(recording.folder / "made")
recording.refused("run.wandb", "binary log of a W&B run", "history()")
recording.save()
