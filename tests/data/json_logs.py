"""Writes JSON logs into tests/data/logs, in the shapes in which frameworks and scripts write them.

Run ``python -m tests.data.json_logs`` after a change here. The numbers are invented.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping

from tests.data.make_logs import HERE, decay, trainer_state

FILES: dict[str, Callable[[], str]] = {}


def file(path: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    def keep(function: Callable[[], str]) -> Callable[[], str]:
        FILES[path] = function
        return function

    return keep


def lines(records: Iterable[Mapping[str, object]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def minutes(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


@file("llama_factory/trainer_log.jsonl")
def _() -> str:
    """An evaluation has a line of its own, behind the training of the same step."""
    records: list[dict[str, object]] = []
    for k, loss in enumerate(decay(60, 2.2, 0.9, 201), 1):
        common = {
            "current_steps": 5 * k, "total_steps": 300, "epoch": round(k / 20, 2), "percentage": round(k / 0.6, 2),
            "elapsed_time": minutes(14.2 * k), "remaining_time": minutes(14.2 * (60 - k)),
        }  # fmt: skip
        rate = 1e-4 * (1 + math.cos(math.pi * k / 60)) / 2
        records.append({**common, "loss": round(loss, 4), "lr": rate, "throughput": 2210.4, "total_tokens": 31_250 * k})
        if k % 10 == 0:
            records.append({**common, "eval_loss": round(loss + 0.06, 6)})
    records.append(
        {"current_steps": 300, "total_steps": 300, "epoch": 3.0, "percentage": 100.0, "elapsed_time": "0:14:12"}
    )
    return lines(records)


@file("ms_swift/logging.jsonl")
def _() -> str:
    """The count is a fraction in a string; the last lines are a mean over the run and a summary."""
    records: list[dict[str, object]] = []
    for k, loss in enumerate(decay(50, 1.9, 0.7, 202), 1):
        common = {
            "epoch": round(k / 25, 3), "global_step/max_steps": f"{10 * k}/500", "percentage": f"{2 * k}.00%",
            "elapsed_time": f"{k}m {k % 60}s", "remaining_time": f"{50 - k}m 1s",
        }  # fmt: skip
        speed = {"memory(GiB)": 61.73, "train_speed(iter/s)": 0.161}
        values = {"loss": round(loss, 5), "grad_norm": round(0.4 + loss / 9, 5), "learning_rate": 1e-4 * (1 - k / 50)}
        records.append({**values, **speed, **common})
        if k % 10 == 0:
            scores = {"eval_loss": round(loss + 0.05, 6), "eval_runtime": 12.5, "eval_samples_per_second": 8.1}
            records.append({**scores, **common})
    whole = {"train_runtime": 3004.2, "train_loss": 1.07, "train_steps_per_second": 0.166}
    summary = {"last_model_checkpoint": "out/checkpoint-500", "best_metric": 0.75, "log_history": records[:2]}
    return lines([*records, {**whole, "global_step/max_steps": "500/500"}, summary])


@file("ms_swift/ends_in_nan.jsonl")
def _() -> str:
    records = [
        {"loss": loss if k < 30 else math.nan, "grad_norm": 0.5 if k < 30 else math.nan, "learning_rate": 1e-4,
         "global_step/max_steps": f"{k}/400"}
        for k, loss in enumerate(decay(40, 1.9, 0.7, 203), 1)
    ]  # fmt: skip
    return lines(records)


@file("jsonl/phase_in_a_field.jsonl")
def _() -> str:
    records: list[dict[str, object]] = [{"event": "config", "model": "net", "lr": 0.1}]
    for k, loss in enumerate(decay(20, 2.0, 0.4, 204), 1):
        records.append({"event": "train", "epoch": k, "loss": loss, "acc": round(0.4 + 0.02 * k, 4)})
        records.append({"event": "eval", "epoch": k, "loss": round(loss + 0.06, 6), "acc": round(0.38 + 0.02 * k, 4)})
    return lines(records)


@file("jsonl/metric_in_a_field.jsonl")
def _() -> str:
    records = []
    for k, loss in enumerate(decay(60, 2.0, 0.4, 205)):
        records.append({"type": "scalar", "name": "train/loss", "step": 10 * k, "value": loss})
        if k % 5 == 4:
            records.append({"type": "scalar", "name": "val/loss", "step": 10 * k, "value": round(loss + 0.05, 6)})
    return lines(records)


@file("jsonl/damaged_lines.jsonl")
def _() -> str:
    """Two processes wrote at once; a warning went to the same file; the disk was full at the end."""
    rows = lines({"step": k, "loss": loss} for k, loss in enumerate(decay(70, 2.0, 0.4, 206))).splitlines()
    rows[12] = rows[12][:14] + rows[13]
    rows.insert(5, "UserWarning: the loader has fewer workers than cores")
    return "\n".join(rows)[:-9]


@file("jsonl/sweep_without_config.jsonl")
def _() -> str:
    return lines(
        {
            "trial": k,
            "lr": 10.0**-k,
            "hidden_size": 2 ** (5 + k),
            "epochs": 30,
            "val_loss": 0.5 + 0.03 * k,
            "val_acc": 0.8,
        }
        for k in range(1, 7)
    )


@file("composer/in_memory.json")
def _() -> str:
    """``InMemoryLogger.data`` with each moment as ``Timestamp.state_dict()`` gives it."""

    def moment(batch: int) -> dict[str, int]:
        return {"iteration": 0, "epoch": batch // 20, "batch": batch, "sample": 32 * batch, "token": 0}

    losses = decay(80, 2.3, 0.6, 207)
    return json.dumps({
        "trainer/device_train_microbatch_size": [[moment(k), 32] for k in range(80)],
        "loss/train/total": [[moment(k), loss] for k, loss in enumerate(losses)],
        "lr-DecoupledSGDW/group0": [[moment(k), 0.1] for k in range(80)],
        "metrics/eval/CrossEntropy": [[moment(k), round(losses[k] + 0.05, 6)] for k in range(19, 80, 20)],
    })  # fmt: skip


@file("keras_json/with_params.json")
def _() -> str:
    loss = decay(16, 1.6, 0.4, 208)
    history = {
        "loss": loss,
        "accuracy": [round(0.5 + 0.02 * k, 4) for k in range(16)],
        "val_loss": [x + 0.1 for x in loss],
    }
    return json.dumps(
        {"history": history, "epoch": list(range(16)), "params": {"verbose": 1, "epochs": 16, "steps": 40}}
    )


@file("keras_json/cut_off.json")
def _() -> str:
    loss = decay(16, 1.6, 0.4, 209)
    text = json.dumps({"loss": loss, "val_loss": [round(value + 0.1, 6) for value in loss]}, indent=1)
    return text[: text.index("val_loss") + 130]


@file("json_documents/rows_under_epochs.json")
def _() -> str:
    loss = decay(14, 1.6, 0.4, 210)
    return json.dumps({f"epoch_{k}": {"train_loss": x, "val_loss": round(x + 0.1, 6)} for k, x in enumerate(loss, 1)})


@file("json_documents/groups_beside_settings.json")
def _() -> str:
    loss = decay(14, 1.6, 0.4, 211)
    groups = {
        "train": {"loss": loss},
        "val": {"loss": [round(x + 0.1, 6) for x in loss], "f1": [0.5 + 0.02 * k for k in range(14)]},
    }
    return json.dumps({"settings": {"lr": 0.1, "layers": [64, 64]}, **groups, "seconds": 81.5}, indent=2)


@file("json_documents/records_cut_off.json")
def _() -> str:
    text = json.dumps([{"epoch": k, "loss": x, "lr": 0.1} for k, x in enumerate(decay(14, 1.6, 0.4, 212), 1)], indent=2)
    return text[:-30]


@file("json_documents/settings_only.json")
def _() -> str:
    return json.dumps({"model": {"layers": [64, 64], "dropout": 0.1}, "optimizer": {"name": "adam", "lr": 0.001}})


@file("transformers/several_sets_trainer_state.json")
def _() -> str:
    """Evaluated on two sets, for the first time before the first step; the run was not finished."""
    log: list[dict[str, float]] = []
    losses = decay(30, 3.0, 0.9, 213)
    for k, loss in enumerate([3.1, *losses]):
        step, epoch = 10 * k, round(k / 15, 4)
        if k:
            log.append({"epoch": epoch, "grad_norm": 1.25, "learning_rate": 1e-4, "loss": loss, "step": step})
        if k % 5 == 0:
            for name, more in (("near", 0.04), ("far", 0.5)):
                log.append(
                    {
                        "epoch": epoch,
                        f"eval_{name}_loss": round(loss + more, 6),
                        f"eval_{name}_runtime": 2.5,
                        "step": step,
                    }
                )
    return trainer_state(log, 300, 450, 3)


def main() -> None:
    """Write all files."""
    for path, make in FILES.items():
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(make())
    print(f"{len(FILES)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
