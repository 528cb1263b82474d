"""Writes tests/data/logs: small logs with the structure and the traps of public logs; all numbers are invented.

Run ``python -m tests.data.make_logs`` after a change here; the files are committed, and a test compares the two.
"""

from __future__ import annotations

import json
import math
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent / "logs"
FILES: dict[str, Callable[[], bytes | str]] = {}


def file(path: str) -> Callable[[Callable[[], bytes | str]], Callable[[], bytes | str]]:
    def keep(function: Callable[[], bytes | str]) -> Callable[[], bytes | str]:
        FILES[path] = function
        return function

    return keep


def noise(seed: int) -> Iterator[float]:
    """Numbers between -1 and 1, the same on every machine."""
    state = seed * 7919 + 13
    while True:
        state = (1103515245 * state + 12345) % 2**31
        yield state / 2**30 - 1


def decay(count: int, first: float, last: float, seed: int = 1, swing: float = 0.01) -> list[float]:
    """A falling curve that ends near ``last``."""
    jitter = noise(seed)
    return [
        round(last + (first - last) * math.exp(-5 * i / count) + swing * last * next(jitter), 6) for i in range(count)
    ]


def table(header: str, rows: Sequence[Sequence[object]], separator: str = ",", end: str = "\n") -> str:
    return end.join([header, *(separator.join(str(cell) for cell in row) for row in rows)]) + end


def keras_rows(count: int, seed: int, first: float = 0.9, last: float = 0.3) -> list[list[object]]:
    loss, val = decay(count, first, last, seed), decay(count, first + 0.1, last + 0.08, seed + 50, 0.05)
    return [
        [i, round(1 - 0.4 * a, 6), a, round(1 - 0.4 * b, 6), b] for i, (a, b) in enumerate(zip(loss, val, strict=True))
    ]


KERAS = "epoch,accuracy,loss,val_accuracy,val_loss"


@file("keras_csv/appended_fits.csv")
def _() -> str:
    return table(KERAS, keras_rows(20, 1) + keras_rows(24, 2))


@file("keras_csv/shifted_columns.csv")
def _() -> str:
    rows: list[list[object]] = []
    for run, count in enumerate((12, 30, 30, 9, 9, 30)):
        mse, val = decay(count, 0.2, 0.004, run), decay(count, 0.09, 0.006, run + 20)
        shifted = run >= 3
        for i in range(count):
            hit = round(0.61 + 0.25 * i / count, 6), round(0.55 + 0.2 * i / count, 6)
            rows.append([i, hit[0], mse[i], hit[1], val[i]] if shifted else [i, mse[i], mse[i], val[i], val[i]])
    return table("epoch;loss;mean_squared_error;val_loss;val_mean_squared_error", rows, ";", "\r\n")


@file("keras_csv/without_epochs_one_row.csv")
def _() -> str:
    return "loss,acc,my_mean_io_u,val_loss,val_acc,val_my_mean_io_u\n1.25,0.61,0.21,1.375,0.58,0.19\n"


@file("keras_csv/two_rows.csv")
def _() -> str:
    return table(KERAS, [[0, 0.21, 1.875, 0.11, 1.9375], [1, 0.29, 1.625, 0.12, 1.9125]])


@file("keras_csv/phantom_validation.csv")
def _() -> str:
    rows = [[*row[:3], "NA", "NA"] for row in keras_rows(15, 3)]
    return table(KERAS, rows)


@file("keras_csv/ends_in_nan.csv")
def _() -> str:
    rows = keras_rows(12, 4)
    rows += [[12, 0.1, "nan", 0.1, "nan"], [13, 0.1, "nan", 0.1, "nan"]]
    return table(KERAS, rows)


@file("keras_json/two_heads.json")
def _() -> str:
    return json.dumps({
        "loss": [2.25, 1.75, 1.5], "HeadA_acc": [0.5, 0.125, 0.0625], "HeadB_loss": [0.69315, 0.69316, 0.69315],
        "HeadB_acc": [0.0, 0.0, 0.0], "HeadA_loss": [0.75, 0.25, 0.125],
    })  # fmt: skip


@file("keras_json/scores_only.json")
def _() -> str:
    return json.dumps(
        {"train_accuracy": [0.9375], "train_f1": [0.9125], "val_accuracy": [0.8125], "val_f1": [0.8]}, indent=2
    )


@file("keras_json/validated_every_second_epoch.json")
def _() -> str:
    loss = decay(12, 1.4, 0.5, 5)
    return json.dumps({"loss": loss, "val_loss": [round(value + 0.125, 6) for value in loss[1::2]]})


@file("keras_json/bare_nan.json")
def _() -> str:
    return '{"loss": [1.5, 1.25, NaN, NaN], "val_loss": [1.5, 1.375, NaN, "NaN"]}'


LIGHTNING = "epoch,step,train_acc_epoch,train_acc_step,train_loss_epoch,train_loss_step,val_acc,val_loss"


def lightning(epochs: int, steps: int, every: int, seed: int, swing: float = 0.08) -> list[list[object]]:
    rows: list[list[object]] = []
    means, jitter = decay(epochs, 1.4, 0.9, seed), noise(seed + 9)
    for epoch in range(epochs):
        for step in range(every - 1, steps, every):
            rows.append(
                [epoch, epoch * steps + step, "", 0.5, "", round(means[epoch] * (1 + swing * next(jitter)), 6), "", ""]
            )
        last = (epoch + 1) * steps - 1
        rows.append([epoch, last, "", "", "", "", round(0.4 + 0.01 * epoch, 4), round(means[epoch] + 0.03, 6)])
        rows.append([epoch, last, round(0.42 + 0.01 * epoch, 4), "", means[epoch], "", "", ""])
    return rows


@file("lightning/version_0/metrics.csv")
def _() -> str:
    return table(LIGHTNING, lightning(16, 200, 50, 6))


@file("lightning/noisy_metrics.csv")
def _() -> str:
    return table(LIGHTNING, lightning(7, 290, 50, 7, 0.3))


@file("lightning/first_epoch_metrics.csv")
def _() -> str:
    return table(LIGHTNING, lightning(1, 300, 50, 8))


@file("lightning/monitor_and_two_loaders.csv")
def _() -> str:
    means = decay(10, 2.0, 0.7, 9)
    rows: list[list[object]] = []
    for epoch, mean in enumerate(means):
        rows.append(["", round(0.1 * 0.9**epoch, 6), epoch * 40, "", "", ""])
        rows.append([epoch, "", epoch * 40 + 39, "", round(mean + 0.1, 6), round(mean + 0.3, 6)])
        rows.append([epoch, "", epoch * 40 + 39, mean, "", ""])
    return table("epoch,lr-AdamW,step,train_loss,val_loss/dataloader_idx_0,val_loss/dataloader_idx_1", rows)


def trainer_state(log: list[dict[str, float]], step: int, steps: int, epochs: int) -> str:
    return json.dumps({
        "best_metric": None, "epoch": log[-1]["epoch"], "global_step": step, "is_world_process_zero": True,
        "log_history": log, "max_steps": steps, "num_train_epochs": epochs, "train_batch_size": 8, "trial_params": None,
    }, indent=2)  # fmt: skip


def trainer_log(count: int, every: int, evaluate: int, seed: int, last: float) -> list[dict[str, float]]:
    log: list[dict[str, float]] = []
    for i, loss in enumerate(decay(count, 6.0, last, seed, 0.05), 1):
        step = i * every
        epoch = round(step / 400, 2)
        log.append(
            {
                "epoch": epoch,
                "grad_norm": 1.5,
                "learning_rate": 5e-5 * (1 - i / count),
                "loss": round(loss, 4),
                "step": step,
            }
        )
        if step % evaluate == 0:
            scores = {"eval_wer": round(0.9 / i, 6), "eval_loss": round(loss + 0.07, 6), "eval_runtime": 98.5}
            log.append(
                {"epoch": epoch, **scores, "eval_samples_per_second": 7.4, "eval_steps_per_second": 0.9, "step": step}
            )
    return log


@file("transformers/generation_trainer_state.json")
def _() -> str:
    return trainer_state(trainer_log(200, 2, 100, 10, 0.5), 400, 1200, 3)


@file("transformers/output/checkpoint-600/trainer_state.json")
def _() -> str:
    return trainer_state(trainer_log(12, 50, 50, 11, 0.33), 600, 1200, 3)


@file("transformers/output/checkpoint-1200/trainer_state.json")
def _() -> str:
    log = trainer_log(24, 50, 50, 11, 0.33)
    log.append({"epoch": 3.0, "step": 1200, "total_flos": 1.0e15, "train_loss": 1.5, "train_runtime": 100.0})
    return trainer_state(log, 1200, 1200, 3)


@file("transformers/filtered_nan_trainer_state.json")
def _() -> str:
    log = trainer_log(20, 10, 10_000, 12, 0.8)
    for entry in log[8:]:
        entry["loss"], entry["grad_norm"] = 0.0, math.nan
    return trainer_state(log, 200, 200, 1)


@file("transformers/cut_off_trainer_state.json")
def _() -> str:
    text = trainer_state(trainer_log(15, 10, 10_000, 13, 0.8), 150, 300, 1)
    return text[: text.index('"step": 130') + 4]


FASTAI = "epoch,train_loss,valid_loss,acc_map,diceAll,time"


def fastai(headers: bool) -> str:
    lines, position, jitter = [], 0, noise(14)
    for fit, count in enumerate((1, 8, 8, 1, 8)):
        if headers or fit == 0:
            lines.append(FASTAI)
        for epoch in range(count):
            loss = 0.06 * math.exp(-0.12 * position) + 0.004
            if count == 1 and headers:
                lines.append(f"{epoch},{loss:.6f},00:11")
            elif count > 1:
                val = loss * 1.1 + 0.0003 * next(jitter)
                lines.append(f"{epoch},{loss:.6f},{val:.6f},0.99,{0.7 + 0.005 * position:.4f},00:{13 + epoch % 2}")
            position += 1
    return "\n".join(lines) + "\n"


@file("fastai/header_before_every_fit.csv")
def _() -> str:
    return fastai(headers=True)


@file("fastai/cleaned.csv")
def _() -> str:
    return fastai(headers=False)


ULTRALYTICS = [
    "train/box_loss", "train/cls_loss", "train/dfl_loss", "metrics/precision(B)", "metrics/mAP50(B)", "val/box_loss",
    "val/cls_loss", "val/dfl_loss", "lr/pg0", "lr/pg1",
]  # fmt: skip


def ultralytics(count: int, first: int, seed: int) -> list[list[object]]:
    rows: list[list[object]] = []
    for i, loss in enumerate(decay(count, 2.0, 0.9, seed)):
        parts = [round(loss * share, 4) for share in (0.4, 0.35, 0.25)]
        checks = [round(part * 1.25, 4) for part in parts]
        rows.append(
            [
                i + first,
                *parts,
                round(0.2 + 0.02 * i, 4),
                round(0.1 + 0.02 * i, 4),
                *checks,
                round(0.07 * 0.8**i, 6),
                0.003,
            ]
        )
    return rows


@file("ultralytics/padded/results.csv")
def _() -> str:
    header = ",".join(f"{name:>23}" for name in ["epoch", *ULTRALYTICS])
    return table(header, [[f"{cell:>23}" for cell in row] for row in ultralytics(18, 0, 15)])


@file("ultralytics/four_epochs_results.csv")
def _() -> str:
    header = ",".join(["epoch", "time", *(f"{name:>16}" for name in ULTRALYTICS)])
    return table(header, [[row[0], 12.5 * (i + 1), *row[1:]] for i, row in enumerate(ultralytics(4, 1, 16))])


@file("timm/summary.csv")
def _() -> str:
    loss = decay(14, 6.5, 2.2, 17)
    rows: list[list[object]] = [
        [i, a, round(a * 0.9, 5), round(2 + 5 * i, 3), round(9 + 6 * i, 3), 0.001] for i, a in enumerate(loss)
    ]
    rows[5] = [5, loss[5], 0.001]  # no evaluation after this epoch: the row has no cells for it
    return table("epoch,train_loss,eval_loss,eval_top1,eval_top5,lr", rows)


@file("detectron2/metrics.json")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(80, 2.6, 1.0, 18, 0.05)):
        row = {
            "data_time": 0.02, "eta_seconds": 900.0 - i, "fast_rcnn/cls_accuracy": 0.9, "iteration": 20 * i + 19,
            "loss_box_reg": round(0.3 + 0.002 * i, 5), "loss_cls": round(loss - 0.5, 5), "lr": 1e-4,
            "rank_data_time": 0.02,
            "roi_head/num_bg_samples": 50.0, "time": 1.5, "total_loss": loss,
        }  # fmt: skip
        lines.append(json.dumps(row))
    return "\n".join(lines) + "\n"


@file("mmengine/vis_data/scalars.json")
def _() -> str:
    lines, step = [], 0
    losses = iter(decay(240, 0.5, 0.09, 19, 0.03))
    for epoch in range(1, 41):
        for _i in range(6):
            step += 1
            row = {
                "lr": 0.002,
                "data_time": 0.1,
                "loss": next(losses),
                "acc_pose": 0.9,
                "time": 0.4,
                "epoch": epoch,
                "iter": step,
                "step": step,
            }
            lines.append(json.dumps(row))
        if epoch % 5 == 0:
            scores = {
                "coco/AP": round(0.01 * epoch, 4),
                "coco/AP (M)": -1.0,
                "PCK": round(0.02 * epoch, 3),
                "NME": round(0.3 - 0.005 * epoch, 4),
            }
            lines.append(json.dumps({**scores, "data_time": 1.0, "time": 1.5, "step": epoch}))
    return "\n".join(lines) + "\n"


@file("mmcv/old.log.json")
def _() -> str:
    lines = [json.dumps({"env_info": "none", "seed": None})]
    losses = iter(decay(60, 1.2, 0.3, 20))
    for epoch in range(1, 13):
        for iteration in range(50, 251, 50):
            row = {
                "mode": "train",
                "epoch": epoch,
                "iter": iteration,
                "lr": 0.01,
                "memory": 4100,
                "data_time": 0.01,
                "loss": next(losses),
                "time": 0.3,
            }
            lines.append(json.dumps(row))
        lines.append(
            json.dumps({"mode": "val", "epoch": epoch, "iter": 31, "lr": 0.01, "bbox_mAP": round(0.03 * epoch, 3)})
        )
    return "\n".join(lines) + "\n"


@file("jsonl/nested_evaluation.jsonl")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(30, 2.0, 0.4, 21), 1):
        if i % 10 == 0:
            lines.append(json.dumps({"step": i * 50, "eval": {"10": {"loss": round(loss + 0.2, 5), "holes": [[0.1]]}}}))
        lines.append(json.dumps({"step": i * 50, "train_loss": loss}))
    return "\n".join(lines) + "\n"


@file("jsonl/short_starts.jsonl")
def _() -> str:
    lines = [json.dumps({"step": step, "loss": 9.5 - 0.1 * step}) for step in (1, 2)]
    lines += [json.dumps({"step": step, "loss": loss}) for step, loss in enumerate(decay(70, 9.5, 3.0, 22), 1)]
    return "\n".join(lines) + "\n"


@file("jsonl/resumed_from_checkpoint.jsonl")
def _() -> str:
    loss = decay(100, 4.0, 1.0, 23)
    first = [{"step": 10 * i, "loss": value} for i, value in enumerate(loss[:60], 1)]
    second = [{"step": 10 * i, "loss": value} for i, value in enumerate(loss[:100], 1) if i > 50]
    return "\n".join(json.dumps(row) for row in first + second) + "\n"


@file("jsonl/cut_off.jsonl")
def _() -> str:
    lines = [json.dumps({"step": i, "loss": loss}) for i, loss in enumerate(decay(70, 3.0, 1.0, 24), 1)]
    return "\n".join(lines)[:-9]


@file("jsonl/wandb_history.jsonl")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(64, 3.0, 1.0, 25)):
        row: dict[str, object] = {"_step": i, "_runtime": 2.5 * i, "_timestamp": 1.7e9 + i, "epoch": i // 8}
        row |= {"train/loss": loss if i < 60 else "NaN", "train/global_step": 10 * i}
        if i % 8 == 7:
            row |= {"val/loss": round(loss + 0.1, 5)}
        lines.append(json.dumps(row))
    return "\n".join(lines) + "\n"


@file("jsonl/finished_runs.jsonl")
def _() -> str:
    rows = [
        {"config": {"dataset": "digits", "lr": lr, "num_epochs": 4}, "accuracy": 0.9 - lr, "f1_score": 0.88}
        for lr in (0.1, 0.01, 0.001)
    ]
    return "\n".join(json.dumps(row) for row in rows) + "\n"


@file("jsonl/service_log.jsonl")
def _() -> str:
    rows = [
        {
            "timestamp": f"2031-02-03T04:05:{i:02}+00:00",
            "event": "call",
            "name": "ping",
            "took_ms": 80.5 + i,
            "success": True,
            "error_type": None,
        }
        for i in range(12)
    ]
    return "\n".join(json.dumps(row) for row in rows) + "\n"


@file("wandb/chart_export.csv")
def _() -> str:
    runs = {"late run - retry 1731000000.25": 30, "middle.run 1730000000.5": 45, "first 1729000000.75": 60}
    curves = {name: decay(count, 10.5, 3.3, i) for i, (name, count) in enumerate(runs.items(), 26)}
    curves["middle.run 1730000000.5"][-6:] = [4.5, 5.5, 6.5, 7.5, 8.25, 9.25]
    header = ["Step", *(f"{name} - train/loss{end}" for name in runs for end in ("", "__MIN", "__MAX"))]
    lines = [",".join(f'"{name}"' for name in header)]
    for step in range(60):
        cells = [str(curve[step]) if step < len(curve) else "" for curve in curves.values() for _i in range(3)]
        lines.append(",".join(f'"{cell}"' for cell in [str(step), *cells]))
    return "\n".join(lines)


@file("wandb/wandb-summary.json")
def _() -> str:
    return '{"train/loss":2.5,"_wandb":{"runtime":512},"iter":1200,"val/loss":2.625,"_runtime":510.5,"_step":12}'


@file("wandb/crashed/wandb-summary.json")
def _() -> str:
    return '{"_wandb": {"runtime": 41}}'


@file("nanogpt/output.log")
def _() -> str:
    lines = ["step 0: train loss 4.3125, val loss 4.3750"]
    lines += [
        f"iter {i}: loss {loss:.4f}, time 201.50ms, mfu -100.00%" for i, loss in enumerate(decay(40, 4.3, 1.2, 29))
    ]
    return (
        "\n".join(
            [
                *lines,
                "Traceback (most recent call last):",
                '  File "train.py", line 9, in <module>',
                "KeyboardInterrupt",
            ]
        )
        + "\n"
    )


@file("nanogpt/build_log.txt")
def _() -> str:
    return "0 val 10.9375\n0 hella 0.2500\n" + "".join(
        f"{i} train {loss:.6f}\n" for i, loss in enumerate(decay(40, 10.9, 7.1, 30))
    )


@file("yolov5/results.txt")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(12, 0.13, 0.03, 31)):
        lines.append(
            f"{i:>6}/11     6.{i:02}G {loss * 0.4:9.4g} {loss * 0.35:9.4g} {loss * 0.25:9.4g} {loss:9.4g}"
            "        17       640    0.5    0.5   0.4   0.2  0.03  0.02  0.01"
        )
    return "\n".join(lines) + "\n"


@file("pickle/trainHistoryDict")
def _() -> bytes:
    return pickle.dumps({"val_loss": [0.5, 0.625], "loss": [0.5, 0.375]}, protocol=3)


@file("damaged/utf16.csv")
def _() -> bytes:
    return b"\xff\xfe" + table(KERAS, keras_rows(10, 32)).encode("utf-16-le")


@file("damaged/utf8_mark_and_crlf.csv")
def _() -> bytes:
    return b"\xef\xbb\xbf" + table(KERAS, keras_rows(10, 33), end="\r\n").encode()


@file("damaged/unresolved_merge.csv")
def _() -> str:
    text = table(KERAS, keras_rows(10, 34))
    return text + "<<<<<<< HEAD\n10,0.5,9.0,0.5,9.0\n=======\n10,0.5,8.0,0.5,8.0\n>>>>>>> other\n"


@file("damaged/cut_off.csv")
def _() -> str:
    return table(KERAS, keras_rows(10, 35)) + "10,0.87,0.3"


@file("damaged/lfs_pointer.csv")
def _() -> str:
    return "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 48213\n"


@file("damaged/empty.csv")
def _() -> bytes:
    return b""


@file("damaged/blank.csv")
def _() -> str:
    return "\n  \n"


@file("damaged/bytes.log")
def _() -> bytes:
    return bytes((i * 37) % 256 for i in range(600))


@file("damaged/no_header.csv")
def _() -> str:
    return "0,1.5,1.75\n1,1.25,1.5\n2,1.0,1.375\n"


@file("tables/quoted_and_thousands.csv")
def _() -> str:
    rows = [
        f'"{1000 + 50 * i:,}","{loss}","tensor({loss + 0.25:.6f}, device=\'cuda:0\')"'
        for i, loss in enumerate(decay(12, 2.0, 0.5, 36))
    ]
    return "\n".join(['"step","train_loss","val_loss"', *rows]) + "\n"


@file("tables/decimal_comma.csv")
def _() -> str:
    rows = [
        [i, f"{loss:.4f}".replace(".", ","), f"{loss + 0.1:.4f}".replace(".", ",")]
        for i, loss in enumerate(decay(10, 1.5, 0.4, 37), 1)
    ]
    return table("epoch;loss;val_loss", rows, ";")


@file("tables/percent.tsv")
def _() -> str:
    rows = [
        [i, round(2 - 0.1 * i, 3), f"{10 + 6.5 * i:.2f}%", round(2.1 - 0.1 * i, 3), f"{0.9 + 6 * i:.2f}%"]
        for i in range(12)
    ]
    return table("Epoch\tTrain Loss\tTrain Acc\tTest Loss\tTest Acc", rows, "\t")


@file("tables/no_accuracy.csv")
def _() -> str:
    rows = [[i, round(3 - 0.2 * i, 3), round(-1.625 + 0.2 * i, 4)] for i in range(10)]
    return table("epoch,val_loss,val_acc", rows)


@file("tables/batches_of_epochs.csv")
def _() -> str:
    losses = iter(decay(60, 2.0, 0.6, 38, 0.1))
    return table("epoch,batch,loss", [[epoch, batch, next(losses)] for epoch in range(6) for batch in range(10)])


@file("tables/blanks_between.txt")
def _() -> str:
    return table(
        "epoch   loss   val_loss",
        [[f"{i}     {loss}   {loss + 0.1:.6f}"] for i, loss in enumerate(decay(9, 1.0, 0.5, 39))],
    )


@file("tables/weather_history.csv")
def _() -> str:
    return table("date,temperature,humidity", [[f"2031-01-{i:02}", 3.5 + i, 80 - i] for i in range(1, 12)])


@file("tables/finished_runs_training_log.csv")
def _() -> str:
    return table("hidden_size,n_layers,total_time", [[64, 2, 100.5], [128, 2, 130.25]])


@file("tables/final_metrics.json")
def _() -> str:
    return '{"accuracy": 0.90625}'


@file("tables/adversarial.csv")
def _() -> str:
    rows = [[i, round(0.7 + 0.01 * (i % 3), 3), round(1.1 + 0.02 * (i % 5), 3)] for i in range(30)]
    return table("epoch,D_loss,G_loss", rows)


@file("tables/phase_in_a_column.csv")
def _() -> str:
    train, val = decay(12, 2.0, 0.5, 61), decay(12, 2.1, 0.6, 62)
    rows: list[list[object]] = []
    for epoch in range(12):
        rows += [[epoch, "train", train[epoch], 40.5 + 4 * epoch], [epoch, "val", val[epoch], 38.25 + 4 * epoch]]
    return table("epoch,phase,loss,acc", rows)


@file("tables/melted.csv")
def _() -> str:
    curves = {"train_loss": decay(11, 2.0, 0.5, 63), "val_loss": decay(11, 2.1, 0.6, 64)}
    return table("epoch,variable,value", [[i, name, x] for name, curve in curves.items() for i, x in enumerate(curve)])


@file("tables/two_ranks.csv")
def _() -> str:
    first, second = decay(40, 3.0, 1.0, 65), decay(40, 3.0, 1.0, 66)
    rows = [[step, rank, loss[step]] for step in range(40) for rank, loss in enumerate((first, second))]
    return table("step,rank,loss", rows)


@file("tables/german.csv")
def _() -> str:
    losses = decay(12, 2.0, 0.5, 67)
    rows = [[f"{1000 + 500 * i:,}".replace(",", "."), f"{x:.6f}".replace(".", ",")] for i, x in enumerate(losses)]
    return "sep=;\n" + table("step;loss", rows, ";")


@file("tables/header_grows.csv")
def _() -> str:
    loss, val = decay(14, 2.0, 0.5, 68, 0.001), decay(14, 2.1, 0.6, 69, 0.001)
    return table("epoch,loss", [[i, loss[i]] for i in range(6)]) + table(
        "epoch,loss,val_loss", [[i, loss[i], val[i]] for i in range(6, 14)]
    )


@file("tables/unquoted_tensors.csv")
def _() -> str:
    losses = decay(12, 2.0, 0.5, 70)
    rows = [[i, f"tensor({x:.4f}, device='cuda:0')", x] for i, x in enumerate(losses)]
    return table("epoch,train_loss,val_loss", rows)


@file("damaged/zeros_after_a_crash.csv")
def _() -> bytes:
    rows = keras_rows(14, 71)
    text = table(KERAS, rows[:9]) + "9,0.7\0\0\0\0\0\0\0\0\n" + table("", rows[9:])[1:]
    return text.encode()


@file("damaged/last_number_cut.csv")
def _() -> str:
    return table(
        "epoch,loss,val_loss", [[i, f"{x:.6f}", f"{x + 0.1:.6f}"] for i, x in enumerate(decay(12, 2, 0.5, 72))]
    )[:-4]


@file("damaged/only_a_header.csv")
def _() -> str:
    return "epoch,train_loss,val_loss\n"


def main() -> None:
    """Write all files."""
    for path, make in FILES.items():
        content = make()
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    print(f"{len(FILES)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
