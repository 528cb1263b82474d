"""What must come out of each log: written from the files themselves, before and beside the readers.

``OWN`` are the logs in tests/data/logs, ``ORIGINALS`` public logs that are not distributed with the project; their
paths are relative to a folder that ``python -m tests.check_logs FOLDER`` is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expert import advise
from expert.adapters.plugin import expert_readers
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest

NAN = math.nan
HEALTHY, FINDINGS, SHORT = frozenset({"healthy"}), frozenset({"findings"}), frozenset({"too_short"})
EITHER = HEALTHY | FINDINGS
CANNOT = frozenset({"cannot_judge"})
FEW_VALIDATIONS = HEALTHY | CANNOT
"""A sound training with too few validations to speak of overfitting."""


@dataclass(frozen=True)
class Expected:
    """One file: either what its last run holds, or words of the sentence that refuses it."""

    path: str
    series: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Role → number of values and last value."""
    clock: str = "epoch"
    runs: int = 1
    last: float | None = None
    """Last position of train.loss (or of the first series named) on its clock."""
    absent: tuple[str, ...] = ()
    """Roles that no series may have."""
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    verdicts: frozenset[str] = frozenset()
    """Verdicts on the last run that a careful reader of the curves would accept; empty for a refused file."""


def read(path: Path, columns: Mapping[str, str] | None = None) -> tuple[History, ...]:
    """Read with the surest of the built-in readers; there must be exactly one."""
    readers = [reader for reader in expert_readers() if reader.gives == "run"]
    sure = sorted(((reader.recognizes(path), reader.id, reader) for reader in readers), key=lambda one: one[:2])
    assert sure[-1][0] > sure[-2][0], f"{sure[-1][1]} and {sure[-2][1]} are equally sure of {path}"
    return sure[-1][2].read(path, ReadRequest(columns=columns or {}))


def complaints(expected: Expected, folder: Path) -> list[str]:
    """What differs from the expectation, in words; nothing where all is as expected."""
    try:
        runs = read(folder / expected.path)
    except SourceError as error:
        sentence = str(error)
        missing = [word for word in expected.refused or ("(it should be read)",) if word not in sentence]
        return [f"refused with {sentence!r}, which lacks {missing}"] if missing else []
    if expected.refused:
        return [f"read as {runs[-1].summary} instead of being refused"]
    found = [] if len(runs) == expected.runs else [f"{len(runs)} runs instead of {expected.runs}"]
    run = runs[-1]
    for role, (length, value) in expected.series.items():
        series = run.get(role)
        if series is None:
            found.append(f"no {role}; there are {', '.join(run.roles)}")
            continue
        if len(series) != length:
            found.append(f"{role} has {len(series)} values instead of {length}")
        if not _same(float(series.values[-1]), value):
            found.append(f"{role} ends with {series.values[-1]:.8g} instead of {value:.8g}")
    first = run.get(next(iter(expected.series)))
    if first is not None and first.clock != expected.clock:
        found.append(f"{first.role} is on the clock {first.clock} instead of {expected.clock}")
    if first is not None and expected.last is not None and first.at[-1] != expected.last:
        found.append(f"{first.role} ends at {first.at[-1]:g} instead of {expected.last:g}")
    found += [f"there is a series {role}" for role in expected.absent if run.get(role) is not None]
    found += [f"no note says {words!r}" for words in expected.notes if not any(words in note for note in run.notes)]
    found += [
        f"{name!r} is not listed as ignored"
        for name in expected.ignored
        if name not in {one.name for one in run.ignored}
    ]
    return found


def verdict_complaints(expected: Expected, folder: Path) -> list[str]:
    """What differs from the verdicts a person would accept after looking at the file; refused files have none."""
    if expected.refused:
        return []
    verdict = advise(folder / expected.path).verdict
    return [] if verdict in expected.verdicts else [f"judged {verdict} instead of {' or '.join(expected.verdicts)}"]


def _same(found: float, expected: float) -> bool:
    return math.isnan(found) if math.isnan(expected) else math.isclose(found, expected, rel_tol=1e-6)


OWN: tuple[Expected, ...] = (
    Expected(
        "keras_csv/appended_fits.csv",
        {"train.loss": (24, 0.307825), "val.loss": (24, 0.401974), "val.accuracy": (24, 0.83921)},
        runs=2,
        last=23,
        notes=("run 2 of 2",),
        verdicts=EITHER,
    ),
    Expected(
        "keras_csv/shifted_columns.csv",
        {"train.loss": (30, 0.005599), "val.loss": (30, 0.006653)},
        runs=6,
        last=29,
        notes=("shifted", "'mean_squared_error' in place of 'loss'"),
        ignored=("loss", "val_loss"),
        verdicts=EITHER,
    ),
    Expected(
        "keras_csv/without_epochs_one_row.csv",
        {"train.loss": (1, 1.25), "val.my_mean_iou": (1, 0.19)},
        last=1,
        notes=("rows are counted",),
        verdicts=SHORT,
    ),
    Expected("keras_csv/two_rows.csv", {"train.loss": (2, 1.625), "val.loss": (2, 1.9125)}, last=1, verdicts=SHORT),
    Expected(
        "keras_csv/phantom_validation.csv",
        {"train.loss": (15, 0.303973), "train.accuracy": (15, 0.878411)},
        last=14,
        absent=("val.loss", "val.accuracy"),
        ignored=("val_loss", "val_accuracy"),
        verdicts=HEALTHY,
    ),
    Expected("keras_csv/ends_in_nan.csv", {"train.loss": (14, NAN), "val.loss": (14, NAN)}, last=13, verdicts=FINDINGS),
    Expected(
        "keras_json/two_heads.json",
        {"train.loss": (3, 1.5), "train.head_b_loss": (3, 0.69315)},
        last=3,
        verdicts=SHORT | FINDINGS,
    ),
    Expected(
        "keras_json/scores_only.json",
        {"train.accuracy": (1, 0.9375), "val.f1": (1, 0.8)},
        absent=("train.loss",),
        verdicts=CANNOT | SHORT,
    ),
    Expected(
        "keras_json/validated_every_second_epoch.json",
        {"val.loss": (6, 0.631187), "train.loss": (12, 0.506187)},
        last=12,
        verdicts=EITHER,
    ),
    Expected("keras_json/bare_nan.json", {"train.loss": (4, NAN), "val.loss": (4, NAN)}, last=4, verdicts=FINDINGS),
    Expected(
        "lightning/version_0/metrics.csv",
        {"train.loss": (16, 0.908572), "train.loss_step": (64, 0.921691), "val.loss": (16, 0.938572)},
        clock="step",
        last=3199,
        verdicts=EITHER,
    ),
    Expected("lightning/version_0", {"train.loss": (16, 0.908572)}, clock="step", last=3199, verdicts=EITHER),
    Expected(
        "lightning/noisy_metrics.csv",
        {"train.loss": (7, 0.904346), "train.loss_step": (35, 0.824031), "val.loss": (7, 0.934346)},
        clock="step",
        last=2029,
        verdicts=EITHER,
    ),
    Expected(
        "lightning/first_epoch_metrics.csv",
        {"train.loss": (1, 1.391238), "val.loss": (1, 1.421238)},
        clock="step",
        last=299,
        verdicts=SHORT,
    ),
    Expected(
        "lightning/monitor_and_two_loaders.csv",
        {
            "train.loss": (10, 0.715357),
            "val.loss": (10, 0.815357),
            "val.loss_dataloader_idx_1": (10, 1.015357),
            "optimizer.learning_rate": (10, 0.038742),
        },
        clock="step",
        last=399,
        verdicts=EITHER,
    ),
    Expected(
        "transformers/generation_trainer_state.json",
        {"train.loss": (200, 0.5476), "val.loss": (4, 0.617562), "val.wer": (4, 0.0045)},
        clock="step",
        last=400,
        notes=("step 400 of 1200",),
        ignored=("eval_runtime",),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "transformers/output",
        {"train.loss": (24, 0.3813), "val.loss": (24, 0.451297)},
        clock="step",
        last=1200,
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "transformers/output/checkpoint-600",
        {"train.loss": (12, 0.373)},
        clock="step",
        last=600,
        notes=("600 of 1200",),
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "transformers/output/checkpoint-1200/trainer_state.json",
        {"train.loss": (24, 0.3813)},
        clock="step",
        last=1200,
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "transformers/filtered_nan_trainer_state.json",
        {"train.loss": (20, 0.0), "gradient.norm": (20, NAN)},
        clock="step",
        last=200,
        notes=("exactly 0 at 12 entries, the first at step 90",),
        verdicts=FINDINGS,
    ),
    Expected(
        "transformers/several_sets_trainer_state.json",
        {"train.loss": (30, 0.921807), "val.loss": (7, 0.961807), "val.far_loss": (7, 1.421807)},
        clock="step",
        last=300,
        absent=("val.near_runtime",),
        notes=("step 300 of 450",),
        ignored=("eval_near_runtime",),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "transformers/cut_off_trainer_state.json",
        {"train.loss": (12, 0.946)},
        clock="step",
        last=120,
        notes=("cut off",),
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "fastai/header_before_every_fit.csv",
        {"train.loss": (26, 0.006987), "val.loss": (24, 0.007894), "time.epoch_seconds": (26, 14)},
        last=25,
        notes=("read as one run", "2 rows are shorter"),
        verdicts=EITHER,
    ),
    Expected(
        "fastai/cleaned.csv",
        {"train.loss": (24, 0.006987), "val.loss": (24, 0.007894)},
        last=23,
        notes=("read as one run",),
        verdicts=EITHER,
    ),
    Expected(
        "ultralytics/padded/results.csv",
        {"train.loss": (18, 0.9062), "val.loss": (18, 1.1327), "optimizer.learning_rate": (18, 0.001576)},
        last=17,
        notes=("no total train loss", "no total val loss"),
        ignored=("lr/pg1",),
        verdicts=EITHER,
    ),
    Expected(
        "ultralytics/four_epochs_results.csv",
        {"train.loss": (4, 0.9208), "val.loss": (4, 1.1511), "val.map50_b": (4, 0.16)},
        last=4,
        verdicts=SHORT,
    ),
    Expected(
        "timm/summary.csv",
        {
            "train.loss": (14, 2.24892),
            "val.loss": (13, 2.02403),
            "val.accuracy": (13, 0.67),
            "optimizer.learning_rate": (14, 0.001),
        },
        last=13,
        notes=("percent", "1 row"),
        verdicts=EITHER,
    ),
    Expected(
        "detectron2/metrics.json",
        {"train.loss": (80, 0.968504), "train.loss_cls": (80, 0.4685)},
        clock="step",
        last=1599,
        ignored=("eta_seconds", "roi_head/num_bg_samples"),
        verdicts=EITHER,
    ),
    Expected(
        "mmengine/vis_data/scalars.json",
        {"train.loss": (240, 0.090922), "val.coco_ap": (8, 0.4), "val.nme": (8, 0.1)},
        clock="step",
        last=240,
        absent=("val.coco_ap_m",),
        notes=("Validation lines count epochs",),
        ignored=("coco/AP (M)",),
        verdicts=EITHER,
    ),
    Expected("mmengine/vis_data", {"train.loss": (240, 0.090922)}, clock="step", last=240, verdicts=EITHER),
    Expected(
        "mmcv/old.log.json",
        {"train.loss": (60, 0.309571), "val.bbox_map": (12, 0.36)},
        clock="step",
        last=3000,
        notes=("starts again in every epoch",),
        verdicts=EITHER,
    ),
    Expected(
        "jsonl/nested_evaluation.jsonl",
        {"train.loss": (30, 0.415862), "val.loss": (3, 0.61586)},
        clock="step",
        last=1500,
        ignored=("eval/10/holes",),
        verdicts=SHORT | EITHER | CANNOT,
    ),
    Expected(
        "jsonl/short_starts.jsonl", {"train.loss": (70, 3.024915)}, clock="step", runs=2, last=70, verdicts=EITHER
    ),
    Expected(
        "jsonl/resumed_from_checkpoint.jsonl",
        {"train.loss": (100, 1.023429)},
        clock="step",
        last=1000,
        notes=("10 rows were written again",),
        verdicts=EITHER,
    ),
    Expected(
        "jsonl/cut_off.jsonl",
        {"train.loss": (69, 1.016633)},
        clock="step",
        last=69,
        notes=("Line 70 is cut off",),
        verdicts=EITHER,
    ),
    Expected(
        "jsonl/wandb_history.jsonl",
        {"train.loss": (64, NAN), "val.loss": (8, 1.12183)},
        clock="step",
        last=630,
        ignored=("_step",),
        verdicts=FINDINGS,
    ),
    Expected("jsonl/finished_runs.jsonl", refused=("finished run", "'config'")),
    Expected("jsonl/service_log.jsonl", refused=("no training log", "'timestamp'")),
    Expected("jsonl/sweep_without_config.jsonl", refused=("finished run", "'trial'")),
    Expected(
        "jsonl/phase_in_a_field.jsonl",
        {
            "train.loss": (20, 0.412381),
            "val.loss": (20, 0.472381),
            "train.accuracy": (20, 0.8),
            "val.accuracy": (20, 0.78),
        },
        last=20,
        ignored=("event", "model"),
        verdicts=HEALTHY,
    ),
    Expected(
        "jsonl/metric_in_a_field.jsonl",
        {"train.loss": (60, 0.411422), "val.loss": (12, 0.461422)},
        clock="step",
        last=590,
        verdicts=HEALTHY,
    ),
    Expected(
        "jsonl/damaged_lines.jsonl",
        {"train.loss": (68, 0.41243)},
        clock="step",
        last=68,
        notes=("Line 14 is no JSON", "1 line between the JSON", "Line 71 is cut off"),
        verdicts=EITHER,
    ),
    Expected(
        "llama_factory/trainer_log.jsonl",
        {"train.loss": (60, 0.9088), "val.loss": (6, 0.968771), "optimizer.learning_rate": (60, 0.0)},
        clock="step",
        last=300,
        ignored=("percentage", "remaining_time", "throughput"),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "ms_swift/logging.jsonl",
        {"train.loss": (50, 0.71047), "val.loss": (5, 0.76047), "gradient.norm": (50, 0.47894)},
        clock="step",
        last=500,
        ignored=("train_loss", "memory(GiB)", "log_history"),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "ms_swift/ends_in_nan.jsonl",
        {"train.loss": (40, NAN), "gradient.norm": (40, NAN)},
        clock="step",
        last=40,
        verdicts=FINDINGS,
    ),
    Expected(
        "composer/in_memory.json",
        {"train.loss": (80, 0.61462), "optimizer.learning_rate": (80, 0.1), "val.cross_entropy": (4, 0.66462)},
        clock="step",
        last=79,
        verdicts=EITHER,
    ),
    Expected(
        "keras_json/with_params.json",
        {"train.loss": (16, 0.412394), "val.loss": (16, 0.512394), "train.accuracy": (16, 0.8)},
        last=15,
        verdicts=HEALTHY,
    ),
    Expected(
        "keras_json/cut_off.json",
        {"train.loss": (16, 0.408709), "val.loss": (9, 0.600779)},
        last=16,
        notes=("cut off",),
        verdicts=EITHER,
    ),
    Expected(
        "json_documents/rows_under_epochs.json",
        {"train.loss": (14, 0.407598), "val.loss": (14, 0.507598)},
        last=14,
        verdicts=HEALTHY,
    ),
    Expected(
        "json_documents/groups_beside_settings.json",
        {"train.loss": (14, 0.410637), "val.loss": (14, 0.510637), "val.f1": (14, 0.76)},
        last=14,
        ignored=("settings/layers",),
        verdicts=HEALTHY,
    ),
    Expected(
        "json_documents/records_cut_off.json",
        {"train.loss": (13, 0.419951), "optimizer.learning_rate": (13, 0.1)},
        last=13,
        notes=("cut off",),
        verdicts=EITHER,
    ),
    Expected("json_documents/settings_only.json", refused=("no column is a loss", "'model/layers'")),
    Expected(
        "wandb/chart_export.csv",
        {"train.loss": (30, 3.372944)},
        clock="step",
        runs=3,
        last=29,
        notes=("3 runs", "calls of the logger"),
        verdicts=SHORT | EITHER,
    ),
    Expected("wandb/wandb-summary.json", refused=("W&B summary", "no curve", "history()")),
    Expected("wandb/crashed/wandb-summary.json", refused=("W&B", "logged no metric")),
    Expected("mlflow/mlruns/0/5f0c/metrics/val_loss", refused=("MLflow", "single value of 'val_loss'", "no curve")),
    Expected(
        "mlflow/mlruns",
        {"train.loss": (15, NAN), "val.loss": (14, 0.507736)},
        runs=2,
        last=14,
        notes=("1 of 3 runs hold no curve", "rise by one", "says that this run failed"),
        ignored=("best_epoch",),
        verdicts=FINDINGS,
    ),
    Expected(
        "mlflow/mlruns/480871",
        {"train.loss": (15, NAN), "val.loss": (14, 0.507736)},
        runs=2,
        last=14,
        verdicts=FINDINGS,
    ),
    Expected(
        "mlflow/mlruns/480871/b2e1",
        {"train.loss": (12, 0.614349), "val.loss": (12, 0.70639)},
        last=11,
        verdicts=EITHER,
    ),
    Expected(
        "mlflow/mlruns/480871/a7c3/metrics/val_loss", {"val.loss": (14, 0.507736)}, last=13, verdicts=EITHER | CANNOT
    ),
    Expected("mlflow/mlruns/480871/c9d4", refused=("MLflow", "deleted")),
    Expected(
        "mlflow/damaged/metrics/loss",
        {"train.loss": (12, 0.51498)},
        last=11,
        notes=("In 'loss' 2 lines are no time, value and step",),
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "composer/logs-rank0.txt",
        {
            "train.loss": (75, 0.2265),
            "optimizer.learning_rate": (75, 0.001),
            "gradient.norm": (75, 1.5),
            "val.accuracy": (5, 0.9245),
        },
        clock="step",
        last=75,
        verdicts=EITHER,
    ),
    Expected(
        "darknet/new.log",
        {"train.loss": (80, 7.838), "train.avg_loss": (80, 8.23), "optimizer.learning_rate": (80, 0.001)},
        clock="step",
        last=80,
        verdicts=EITHER,
    ),
    Expected(
        "cyclegan/train.log",
        {
            "train.d_a_loss": (60, 0.203),
            "train.cycle_b_loss": (60, 0.909),
            "optimizer.learning_rate": (60, 0.0001),
        },
        clock="step",
        last=6000,
        absent=("train.loss",),
        notes=("starts again in every epoch", "adversarial"),
        verdicts=CANNOT,
    ),
    Expected(
        "darknet/old.log",
        {
            "train.loss": (90, 9.909154),
            "train.avg_loss": (90, 18.261164),
            "optimizer.learning_rate": (90, 0.0),
            "val.map": (3, 0.45),
        },
        clock="step",
        last=90,
        verdicts=EITHER,
    ),
    Expected(
        "fastai/printed_table.txt",
        {
            "train.loss": (8, 0.210382),
            "val.loss": (8, 0.260382),
            "val.accuracy": (8, 0.929873),
            "time.epoch_seconds": (8, 12.0),
        },
        last=7,
        verdicts=EITHER,
    ),
    Expected(
        "keras_fit/fit.log",
        {
            "train.loss": (12, 0.2753),
            "train.accuracy": (12, 0.9125),
            "val.accuracy": (12, 0.8938),
            "val.loss": (12, 0.2846),
        },
        last=12,
        verdicts=EITHER,
    ),
    Expected(
        "keras_fit/old_bar.log",
        {
            "train.loss": (15, 0.4159),
            "train.accuracy": (15, 0.896),
            "val.loss": (15, 0.8066),
            "val.accuracy": (15, 0.7983),
            "optimizer.learning_rate": (15, 0.001),
        },
        last=15,
        verdicts=EITHER,
    ),
    Expected(
        "keras_fit/one_line_an_epoch.log",
        {
            "train.loss": (10, 0.2056),
            "train.accuracy": (10, 0.8972),
            "val.accuracy": (10, 0.8972),
            "val.loss": (10, 0.2256),
        },
        last=10,
        notes=("Epoch 11 stops after 12 of 40 batches",),
        verdicts=EITHER,
    ),
    Expected(
        "lightning_bar/fit.log",
        {"train.loss": (8, 0.0986), "train.loss_step": (24, 0.0584), "val.loss": (8, 0.0834)},
        clock="step",
        last=240,
        verdicts=EITHER,
    ),
    Expected(
        "megatron/pretrain.log",
        {
            "train.loss": (60, NAN),
            "optimizer.learning_rate": (60, 0.0003),
            "gradient.norm": (60, NAN),
            "val.loss": (5, 3.273714),
            "val.perplexity": (5, 26.40924),
        },
        clock="step",
        last=6000,
        notes=("read as NaN",),
        ignored=("consumed samples",),
        verdicts=FINDINGS,
    ),
    Expected(
        "meters/imagenet.log",
        {
            "train.loss": (60, 2.4483),
            "train.accuracy": (60, 0.4552),
            "val.loss": (6, 2.6483),
            "val.accuracy": (6, 0.41517),
            "val.top5_accuracy": (6, 0.61517),
        },
        clock="step",
        last=29535,
        notes=("192 of 196 batches",),
        verdicts=EITHER,
    ),
    Expected(
        "meters/torchvision.log",
        {
            "train.loss": (60, 2.2375),
            "optimizer.learning_rate": (60, 0.1),
            "train.accuracy": (60, 0.476254),
            "val.loss": (6, 2.3375),
            "val.accuracy": (6, 0.45625),
            "val.top5_accuracy": (6, 0.65625),
        },
        clock="step",
        last=590,
        verdicts=EITHER,
    ),
    Expected(
        "mmcv/iterations.log",
        {"train.loss": (64, 0.3243), "optimizer.learning_rate": (64, 0.00964), "val.iou": (4, 0.5133)},
        clock="step",
        last=3200,
        verdicts=EITHER,
    ),
    Expected(
        "mmengine/20260110.log",
        {
            "train.loss": (80, 0.6414),
            "optimizer.learning_rate": (80, 0.01),
            "gradient.norm": (80, 3.6414),
            "val.coco_bbox_map": (8, 0.32),
        },
        clock="step",
        last=4000,
        ignored=("coco/bbox_mAP_s",),
        verdicts=EITHER,
    ),
    Expected(
        "nanogpt/build_console.log",
        {
            "train.loss": (120, 5.928561),
            "val.loss": (3, 6.1403),
            "val.hellaswag_accuracy": (3, 0.247),
            "optimizer.learning_rate": (120, 0.0001007),
            "gradient.norm": (120, 1.31),
        },
        clock="step",
        last=119,
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "nanogpt/build_log.txt",
        {"train.loss": (40, 7.194798), "val.loss": (1, 10.9375), "val.hellaswag_accuracy": (1, 0.25)},
        clock="step",
        last=39,
        verdicts=SHORT,
    ),
    Expected(
        "nanogpt/interrupted.log",
        {"train.loss": (401, 1.1372), "train_eval.loss": (9, 1.1426), "val.loss": (9, 1.524)},
        clock="step",
        last=400,
        notes=("stopped by hand",),
        verdicts=EITHER,
    ),
    Expected(
        "nanogpt/modded.log",
        {"train.loss": (200, 3.4439), "val.loss": (9, 3.4696)},
        clock="step",
        last=200,
        verdicts=EITHER,
    ),
    Expected(
        "nanogpt/out_of_memory.log",
        {"train.loss": (70, 6.19)},
        clock="step",
        last=690,
        notes=("out of memory",),
        verdicts=EITHER,
    ),
    Expected(
        "nanogpt/output.log",
        {"train.loss": (40, 1.2324), "train_eval.loss": (1, 4.3125), "val.loss": (1, 4.375)},
        clock="step",
        last=39,
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "pytorch_examples/mnist.log",
        {"train.loss": (100, 0.086132), "val.loss": (10, 0.03), "val.accuracy": (10, 0.985)},
        last=9.96,
        verdicts=EITHER,
    ),
    Expected(
        "text_tables/aligned.log",
        {"train.loss": (12, 0.2037), "val.loss": (12, 0.3037), "val.accuracy": (12, 0.9321)},
        last=12,
        verdicts=EITHER,
    ),
    Expected("text_tables/drawn.txt", {"train.loss": (10, 0.5149), "val.loss": (10, 0.6149)}, last=10, verdicts=EITHER),
    Expected(
        "text_tables/markdown.md.txt",
        {
            "train.loss": (10, 1.2575),
            "train.accuracy": (10, 0.7868),
            "val.loss": (10, 1.3575),
            "val.accuracy": (10, 0.7668),
        },
        last=9,
        verdicts=EITHER,
    ),
    Expected(
        "torchtitan/train.log",
        {"train.loss": (64, 3.3464), "gradient.norm": (64, 1.5188), "val.loss": (4, 3.4464)},
        clock="step",
        last=630,
        notes=("only the lines of rank 0",),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "transformers_console/filtered_nan.log",
        {"train.loss": (30, 0.0), "gradient.norm": (30, NAN), "optimizer.learning_rate": (30, 1.66667e-06)},
        last=3,
        notes=("exactly 0 at 12 entries, the first at epoch 1.9",),
        verdicts=FINDINGS,
    ),
    Expected(
        "transformers_console/train.log",
        {
            "train.loss": (15, 0.01396),
            "gradient.norm": (15, 0.07852),
            "optimizer.learning_rate": (15, 6.667e-05),
            "val.loss": (3, 0.01292),
        },
        last=3,
        verdicts=SHORT | EITHER,
    ),
    Expected(
        "yolov5/console.log",
        {"train.loss": (8, 2.518), "val.map50_b": (8, 0.717)},
        last=8,
        notes=("no total train loss",),
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/chinese.log",
        {"train.loss": (12, 0.514), "val.loss": (12, 0.564), "val.accuracy": (12, 0.829)},
        last=12,
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/cifar_tutorial.log",
        {"train.loss": (18, 1.119)},
        clock="step",
        last=36000,
        notes=("counted through",),
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/fairseq.log",
        {
            "train.loss": (32, 4.03),
            "optimizer.learning_rate": (32, 0.0001),
            "gradient.norm": (32, 1.2),
            "val.loss": (8, 4.13),
            "val.perplexity": (8, 17.51),
        },
        clock="step",
        last=3550,
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/headings.log",
        {
            "train.loss": (12, 0.516),
            "train.accuracy": (12, 0.828),
            "val.loss": (12, 0.566),
            "val.accuracy": (12, 0.808),
        },
        last=12,
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/quickstart_tutorial.log",
        {"train.loss": (80, 0.803271), "val.accuracy": (8, 0.799), "val.loss": (8, 0.823271)},
        clock="step",
        last=461312,
        notes=("counted through",),
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/tqdm_loop.log",
        {"train.loss": (40, 0.511), "optimizer.learning_rate": (40, 0.001), "val.loss": (10, 0.611)},
        clock="step",
        last=1000,
        notes=("counted through",),
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/transfer_tutorial.log",
        {
            "train.loss": (25, 0.206),
            "train.accuracy": (25, 0.897),
            "val.loss": (25, 0.226),
            "val.accuracy": (25, 0.887),
        },
        last=24,
        verdicts=EITHER,
    ),
    Expected(
        "printed_anything/word_language_model.log",
        {
            "train.loss": (48, 4.62),
            "optimizer.learning_rate": (48, 20.0),
            "val.loss": (12, 4.67),
            "val.perplexity": (12, 106.85),
        },
        clock="step",
        last=9600,
        notes=("counted through",),
        verdicts=EITHER,
    ),
    Expected("printed_anything/service.log", refused=("no line recurs in it that names a step", "took 0ms")),
    Expected("printed_anything/finished_trials.log", refused=("finished runs",)),
    Expected("printed_anything/shuffled.log", refused=("'epoch' go back and forth",)),
    Expected("printed_anything/source.txt", refused=("no line recurs in it that names a step", "import torch")),
    Expected(
        "yolov5/results.txt",
        {"train.loss": (12, 0.03085), "val.loss": (12, 0.06)},
        last=11,
        notes=("no total val loss",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/keras",
        {"train.loss": (14, 0.308728), "val.loss": (14, 0.412252), "val.accuracy": (14, 0.793874)},
        last=13,
        ignored=("evaluation_loss_vs_iterations",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/keras/train/events.out.tfevents.1731000000.host.12.0.v2",
        {"train.loss": (14, 0.308728), "optimizer.learning_rate": (14, 0.001)},
        last=13,
        absent=("val.loss",),
        notes=("'validation', which was not read",),
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "tensorboard/keras/validation/events.out.tfevents.1731000008.host.12.1.v2",
        {"val.loss": (14, 0.412252)},
        last=13,
        absent=("train.loss",),
        notes=("'train', which was not read",),
        verdicts=EITHER | CANNOT,
    ),
    Expected("tensorboard/keras_graph_only", refused=("no scalars", "the graph of the model")),
    Expected(
        "tensorboard/keras_graph_only/train/events.out.tfevents.1731000000.host.13.0.v2",
        refused=("TensorBoard", "no scalars", "the graph of the model"),
    ),
    Expected(
        "tensorboard/keras_graph_only/validation/events.out.tfevents.1731000001.host.13.1.v2",
        refused=("TensorBoard event file", "without data"),
    ),
    Expected(
        "tensorboard/steps_and_epochs",
        {"train.loss": (400, 0.51153), "val.loss": (16, 0.612234)},
        clock="step",
        last=399,
        notes=("counts to 15 while 'Loss/train' counts to 399",),
        ignored=("fc.weight",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/add_scalars", {"train.loss": (12, 0.208217), "val.loss": (12, 0.308483)}, last=11, verdicts=EITHER
    ),
    Expected(
        "tensorboard/add_scalars/loss_train/events.out.tfevents.1731000000.host.15.1",
        {"train.loss": (12, 0.208217)},
        last=11,
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "tensorboard/add_scalars/loss_val/events.out.tfevents.1731000000.host.15.2",
        {"val.loss": (12, 0.308483)},
        last=11,
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "tensorboard/restarted",
        {"train.loss": (12, 0.412851), "val.loss": (12, 0.512851)},
        runs=2,
        last=11,
        notes=("run 2 of 2",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/resumed",
        {"train.loss": (18, 0.407815), "val.loss": (18, 0.507815)},
        last=17,
        notes=("4 rows were written again",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/purged",
        {"train.loss": (16, 0.407815), "val.loss": (16, 0.507815)},
        last=17,
        notes=("taken up at step 6; 12 older scalars",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/yolov5",
        {"train.loss": (20, 0.030666), "val.loss": (20, 0.040921), "val.map_0_5": (20, 0.795395)},
        last=19,
        notes=("no total train loss", "rise by one"),
        ignored=("x/lr1",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/lightning_logs/version_0",
        {"train.loss": (12, 0.609688), "train.loss_step": (60, 0.612632), "val.loss": (12, 0.709688)},
        clock="step",
        last=2999,
        ignored=("hp_metric",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/lightning_logs/version_1",
        {"train.loss": (12, 0.5094912), "train.loss_step": (60, 0.505236), "val.loss": (12, 0.6094912)},
        clock="step",
        last=2999,
        ignored=("hp_metric",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/transformers/runs/Nov07_host",
        {"train.loss": (40, 1.013242), "val.loss": (8, 1.113242), "gradient.norm": (40, 1.5)},
        clock="step",
        last=400,
        absent=("train.train_loss", "train.train_runtime"),
        ignored=("train/train_loss",),
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "tensorboard/without_steps",
        {"train.loss": (15, 0.309383), "val.loss": (15, 0.408075)},
        last=15,
        notes=("counts neither steps nor epochs",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/epoch_as_step",
        {"train.loss": (240, 0.414739), "val.loss": (12, 0.514739)},
        clock="step",
        last=240,
        notes=("Several rows share an epoch",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/cut_off",
        {"train.loss": (12, 0.304629), "val.loss": (11, 0.410681)},
        last=11,
        notes=("The last record of the event file is cut off",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/flipped_bit",
        {"train.loss": (11, 0.309477), "val.loss": (12, 0.409477)},
        last=11,
        notes=("1 record with a wrong checksum",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/junk_between",
        {"train.loss": (14, 0.308473), "val.loss": (14, 0.408473)},
        last=13,
        notes=("89 bytes are left out",),
        verdicts=EITHER,
    ),
    Expected(
        "tensorboard/no_records/events.out.tfevents.1731000000.host.31.0",
        refused=("named like a TensorBoard event file", "no record"),
    ),
    Expected("pickle/trainHistoryDict", {"train.loss": (2, 0.375), "val.loss": (2, 0.625)}, last=2, verdicts=SHORT),
    Expected(
        "pickle/numpy_scalars.pkl",
        {"train.loss": (14, 0.412263), "val.loss": (14, 0.525604), "train.accuracy": (14, 0.7938685)},
        last=14,
        verdicts=EITHER,
    ),
    Expected(
        "pickle/numpy_arrays", {"train.loss": (14, 0.410342), "val.loss": (14, 0.518402)}, last=14, verdicts=EITHER
    ),
    Expected(
        "pickle/saved_by_numpy.npy",
        {"train.loss": (14, 0.408422), "val.loss": (14, 0.511201)},
        last=14,
        verdicts=EITHER,
    ),
    Expected(
        "pickle/dumped_every_epoch.pkl",
        {"train.loss": (13, 0.419015), "val.loss": (13, 0.513349)},
        last=12,
        notes=("only the first 13 are used",),
        verdicts=EITHER,
    ),
    Expected("pickle/whole_callback.pkl", refused=("keras.src.callbacks.history.History", "'rb')).history, open")),
    Expected("pickle/trap.pkl", refused=("posix.system", "could run any code", "json.dump")),
    Expected("damaged/utf16.csv", {"train.loss": (10, 0.304759), "val.loss": (10, 0.400995)}, last=9, verdicts=EITHER),
    Expected(
        "damaged/utf8_mark_and_crlf.csv",
        {"train.loss": (10, 0.305442), "val.loss": (10, 0.405318)},
        last=9,
        verdicts=EITHER,
    ),
    Expected(
        "damaged/unresolved_merge.csv",
        {"train.loss": (10, 0.306124), "val.loss": (10, 0.371642)},
        last=9,
        notes=("unresolved merge",),
        verdicts=EITHER,
    ),
    Expected(
        "damaged/cut_off.csv",
        {"train.loss": (10, 0.306807), "val.loss": (10, 0.375966)},
        last=9,
        notes=("cut off",),
        verdicts=EITHER,
    ),
    Expected("damaged/lfs_pointer.csv", refused=("Git LFS pointer", "48,213 bytes", "git lfs pull")),
    Expected("damaged/empty.csv", refused=("empty", "0 bytes")),
    Expected("damaged/blank.csv", refused=("empty", "blanks")),
    Expected("damaged/bytes.log", refused=("no text", "00 25 4a")),
    Expected("damaged/no_header.csv", refused=("3 columns without their names",)),
    Expected("damaged", refused=("folder", "blank.csv")),
    Expected(
        "tables/quoted_and_thousands.csv",
        {"train.loss": (12, 0.51283), "val.loss": (12, 0.76283)},
        clock="step",
        last=1550,
        verdicts=EITHER | SHORT,
    ),
    Expected(
        "tables/decimal_comma.csv", {"train.loss": (10, 0.4142), "val.loss": (10, 0.5142)}, last=10, verdicts=EITHER
    ),
    Expected(
        "tables/percent.tsv",
        {"train.loss": (12, 0.9), "train.accuracy": (12, 0.815), "val.accuracy": (12, 0.669)},
        last=11,
        notes=("percent",),
        verdicts=EITHER,
    ),
    Expected(
        "tables/no_accuracy.csv",
        {"val.loss": (10, 1.2)},
        absent=("val.accuracy",),
        ignored=("val_acc",),
        notes=("named an accuracy",),
        verdicts=EITHER | CANNOT,
    ),
    Expected(
        "tables/batches_of_epochs.csv",
        {"train.loss": (60, 0.612376)},
        clock="step",
        last=59,
        notes=("starts again in every epoch",),
        verdicts=EITHER,
    ),
    Expected(
        "tables/blanks_between.txt", {"train.loss": (9, 0.502084), "val.loss": (9, 0.602084)}, last=8, verdicts=EITHER
    ),
    Expected(
        "tables/adversarial.csv",
        {"train.d_loss": (30, 0.72), "train.g_loss": (30, 1.18)},
        last=29,
        absent=("train.loss",),
        notes=("adversarial",),
        verdicts=CANNOT,
    ),
    Expected(
        "tables/phase_in_a_column.csv",
        {
            "train.loss": (12, 0.514854),
            "val.loss": (12, 0.612456),
            "train.accuracy": (12, 0.845),
            "val.accuracy": (12, 0.8225),
        },
        last=11,
        notes=("'phase' says whether a row is of train or val",),
        verdicts=EITHER,
    ),
    Expected("tables/melted.csv", {"train.loss": (11, 0.511744), "val.loss": (11, 0.613857)}, last=10, verdicts=EITHER),
    Expected(
        "tables/two_ranks.csv",
        {"train.loss": (40, 1.013712)},
        clock="step",
        last=39,
        notes=("2 ranks write to this log", "only the rows of rank 0"),
        ignored=("rank",),
        verdicts=HEALTHY | SHORT,
    ),
    Expected("tables/german.csv", {"train.loss": (12, 0.51334)}, clock="step", last=6500, verdicts=HEALTHY | SHORT),
    Expected(
        "tables/header_grows.csv", {"train.loss": (14, 0.513994), "val.loss": (8, 0.61436)}, last=13, verdicts=EITHER
    ),
    Expected(
        "tables/unquoted_tensors.csv",
        {"train.loss": (12, 0.5176), "val.loss": (12, 0.517583)},
        last=11,
        verdicts=EITHER,
    ),
    Expected(
        "damaged/zeros_after_a_crash.csv",
        {"train.loss": (14, 0.303913), "val.loss": (14, 0.374104)},
        last=13,
        notes=("Line 11 holds NUL bytes",),
        verdicts=EITHER,
    ),
    Expected(
        "damaged/last_number_cut.csv",
        {"train.loss": (11, 0.521193), "val.loss": (11, 0.621193)},
        last=10,
        notes=("last line is cut off",),
        verdicts=EITHER,
    ),
    Expected("damaged/only_a_header.csv", refused=("'epoch', 'train_loss', 'val_loss'", "no row of numbers")),
    Expected("tables/weather_history.csv", refused=("no column is a loss", "'temperature'", "columns=")),
    Expected("tables/finished_runs_training_log.csv", refused=("no column is a loss", "'hidden_size'")),
    Expected("tables/final_metrics.json", refused=("one value each of 'accuracy'", "no course")),
)

MLFLOW = ("MLflow", "single value")
ORIGINALS: tuple[Expected, ...] = (
    Expected(
        "keras_csv/semicolon_crlf_many_runs_appended.csv",
        {"train.loss": (400, 0.0007151024966613851), "val.loss": (400, 0.0029712174083410857)},
        runs=12,
        last=399,
        notes=("shifted",),
        ignored=("loss", "val_loss"),
        verdicts=EITHER,
    ),
    Expected(
        "keras_csv/append_two_runs.csv",
        {
            "train.loss": (50, 0.44787442684173584),
            "val.loss": (50, 0.4532333016395569),
            "optimizer.learning_rate": (50, 0.0001250000059371814),
        },
        runs=2,
        last=49,
        verdicts=EITHER,
    ),
    Expected(
        "keras_csv/no_epoch_column_one_row.csv",
        {"train.loss": (1, 1.0186389684677124), "val.accuracy": (1, 0.7145575881004333)},
        last=1,
        verdicts=SHORT,
    ),
    Expected(
        "keras_csv/two_epochs.csv",
        {"train.loss": (2, 1.6072986125946045), "val.loss": (2, 1.8913871049880981)},
        last=1,
        verdicts=SHORT,
    ),
    Expected(
        "keras_json/two_outputs_history.json",
        {"train.loss": (3, 1.4602295671190535), "train.lm_output_loss": (3, 0.6931588309151786)},
        last=3,
        verdicts=SHORT | FINDINGS,
    ),
    Expected(
        "keras_json/one_epoch_no_loss_history.json",
        {"train.accuracy": (1, 0.9575714285714285), "val.accuracy": (1, 0.852)},
        absent=("train.loss",),
        verdicts=CANNOT | SHORT,
    ),
    Expected(
        "keras_pickle/numpy_scalars_trainHistoryDict.pkl",
        {
            "train.loss": (15, 1.1183456056996395),
            "train.accuracy": (15, 0.7236842136634024),
            "val.loss": (15, 4.7122650146484375),
            "val.accuracy": (15, 0.15000000596046448),
        },
        last=15,
        verdicts=EITHER,
    ),
    Expected(
        "lightning_csv/step_and_epoch_columns_metrics.csv",
        {
            "train.loss": (45, 1.002959132194519),
            "train.loss_step": (450, 1.0014413595199585),
            "val.loss": (45, 1.0590457916259766),
        },
        clock="step",
        last=22499,
        verdicts=FINDINGS,
    ),
    Expected(
        "lightning_csv/short_noisy_metrics.csv",
        {
            "train.loss": (7, 1.085204005241394),
            "train.loss_step": (43, 0.8799201846122742),
            "val.loss": (7, 1.1001415252685547),
        },
        clock="step",
        last=2190,
        verdicts=FINDINGS | SHORT,
    ),
    Expected(
        "lightning_csv/single_epoch_metrics.csv",
        {"train.loss": (1, 1.1502268314361572), "val.loss": (1, 1.1061904430389404)},
        clock="step",
        last=374,
        verdicts=SHORT,
    ),
    Expected(
        "hf_trainer_state/trocr_cer_trainer_state.json",
        {"train.loss": (500, 0.5079), "val.loss": (5, 0.5579602718353271), "val.cer": (5, 0.013937282229965157)},
        clock="step",
        last=1000,
        notes=("step 1000 of 1155",),
        verdicts=FEW_VALIDATIONS,
    ),
    Expected(
        "hf_trainer_state/bert_plateau_trainer_state.json",
        {"train.loss": (24, 0.3352), "val.loss": (24, 0.30624502897262573), "gradient.norm": (24, 1.64779603)},
        clock="step",
        last=2400,
        verdicts=EITHER | SHORT,
    ),
    Expected(
        "tensorboard/keras_one_epoch",
        {"train.loss": (1, 6.304666996002197), "val.loss": (1, 1.0753506422042847)},
        last=0,
        verdicts=SHORT,
    ),
    Expected(
        "tensorboard/keras_one_epoch/train/events.out.tfevents.1664082589.host.4004.0.v2",
        {"train.loss": (1, 6.304666996002197), "train.accuracy": (1, 0.6843000054359436)},
        last=0,
        absent=("val.loss",),
        ignored=("train/keras",),
        verdicts=SHORT,
    ),
    Expected(
        "tensorboard/keras_one_epoch/validation/events.out.tfevents.1664085067.host.4004.1.v2",
        {"val.loss": (1, 1.0753506422042847), "val.accuracy": (1, 0.9010416865348816)},
        last=0,
        absent=("train.loss",),
        verdicts=SHORT | CANNOT,
    ),
    Expected("tensorboard/keras_no_scalars", refused=("no scalars", "the structure of the model")),
    Expected(
        "tensorboard/keras_no_scalars/train/events.out.tfevents.1664119953.host.3520.0.v2",
        refused=("TensorBoard", "no scalars"),
    ),
    Expected(
        "tensorboard/keras_no_scalars/validation/events.out.tfevents.1664262367.host.15222.1.v2",
        refused=("TensorBoard", "without data"),
    ),
    Expected(
        "tensorboard/yolov5/events.out.tfevents.1700384344.host.18604.0",
        {
            "train.loss": (300, 0.03029483137652278),
            "val.loss": (300, 0.009349055704660714),
            "val.map_0_5": (300, 0.9967204332351685),
            "optimizer.learning_rate": (300, 0.0010009868),
        },
        last=299,
        notes=("no total train loss",),
        ignored=("classes",),
        verdicts=EITHER,
    ),
    Expected(
        "yolo/yolov5_results.txt",
        {"train.loss": (300, 0.03029), "val.loss": (300, 0.009349), "val.recall": (300, 1.0)},
        last=299,
        notes=("no total val loss",),
        verdicts=EITHER,
    ),
    Expected(
        "yolo/ultralytics_padded_results.csv",
        {"train.loss": (25, 3.24455), "val.loss": (25, 4.70922), "val.map50_b": (25, 0.85651)},
        last=24,
        notes=("no total train loss",),
        verdicts=EITHER,
    ),
    Expected(
        "yolo/ultralytics_four_epochs_results.csv",
        {"train.loss": (4, 3.05277), "val.loss": (4, 2.90004)},
        last=4,
        verdicts=SHORT,
    ),
    Expected("mlflow/mlruns/586757370402886605/3a9af4bdab714eb69a4ed7582c387268/metrics/val_loss", refused=MLFLOW),
    Expected("mlflow/mlruns/586757370402886605/3a9af4bdab714eb69a4ed7582c387268/metrics/val_accuracy", refused=MLFLOW),
    Expected("mlflow/mlruns/586757370402886605/3a9af4bdab714eb69a4ed7582c387268/metrics/test_loss", refused=MLFLOW),
    Expected("mlflow/mlruns/586757370402886605/3a9af4bdab714eb69a4ed7582c387268/metrics/test_accuracy", refused=MLFLOW),
    Expected("mlflow/mlruns/0/cb0096518b0e4c66a94428555f05420b/metrics/accuracy", refused=MLFLOW),
    Expected("mlflow/mlruns/0/cb0096518b0e4c66a94428555f05420b/metrics/loss", refused=MLFLOW),
    Expected("mlflow/mlruns", refused=("single value each of", "all 2 runs")),
    Expected(
        "wandb/many_runs_export.csv",
        {"train.loss": (51, 3.7747888565063477)},
        clock="step",
        runs=8,
        last=50,
        verdicts=SHORT | HEALTHY,
    ),
    Expected("wandb/nested_slash_keys/wandb-summary.json", refused=("W&B summary", "no curve")),
    Expected("wandb/crashed_no_metrics/wandb-summary.json", refused=("W&B", "logged no metric")),
    Expected(
        "nanogpt_text/nanogpt_output_with_traceback.log",
        {"train.loss": (2547, 3.5074), "train_eval.loss": (13, 3.6432), "val.loss": (13, 3.6716)},
        clock="step",
        last=2546,
        notes=("stopped by hand",),
        verdicts=EITHER,
    ),
    Expected(
        "nanogpt_text/nanogpt_overfit_output.log",
        {"train.loss": (2156, 0.0276), "train_eval.loss": (11, 0.0304), "val.loss": (11, 4.2661)},
        clock="step",
        last=2155,
        verdicts=FINDINGS,
    ),
    Expected(
        "nanogpt_text/build_nanogpt_log.txt",
        {"train.loss": (95, 7.321465), "val.loss": (1, 10.931), "val.hellaswag_accuracy": (1, 0.2413)},
        clock="step",
        last=94,
        verdicts=EITHER | SHORT | CANNOT,
    ),
    Expected(
        "detectron2/metrics.json",
        {"train.loss": (200, 1.0374564621597528), "train.loss_box_reg": (200, 0.6026045083999634)},
        clock="step",
        last=3999,
        verdicts=EITHER,
    ),
    Expected(
        "mmengine/pose_scalars.json",
        {"train.loss": (789, 0.081514642983675), "val.coco_ap": (13, 0.58072454), "val.nme": (13, 0.05601278)},
        clock="step",
        last=789,
        ignored=("coco/AP (M)",),
        verdicts=EITHER,
    ),
    Expected("jsonl/not_a_curve_one_line_per_run.jsonl", refused=("finished run", "'config'")),
    Expected("jsonl/not_training_at_all.jsonl", refused=("no training log", "'timestamp'")),
    Expected(
        "fastai/repeated_headers_history.csv",
        {"train.loss": (202, 0.0051043592393398285), "val.loss": (200, 0.012108959257602692)},
        last=201,
        notes=("read as one run", "2 rows are shorter"),
        verdicts=FINDINGS,
    ),
    Expected(
        "fastai/cleaned_by_author_train_log.csv",
        {"train.loss": (200, 0.0051043592393398285), "val.loss": (200, 0.012108959257602692)},
        last=199,
        verdicts=FINDINGS,
    ),
)
