from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert.errors import SourceError
from expert.history.roles import direction_of, match_columns, snake

LAYOUTS: dict[str, dict[str, str | None]] = {
    "keras": {
        "epoch": "epoch",
        "accuracy": "train.accuracy",
        "auc": "train.auc",
        "learning_rate": "optimizer.learning_rate",
        "loss": "train.loss",
        "val_accuracy": "val.accuracy",
        "val_auc": "val.auc",
        "val_loss": "val.loss",
    },
    "two outputs": {
        "loss": "train.loss",
        "MCOutput_acc": "train.mc_output_acc",
        "LMOutput_loss": "train.lm_output_loss",
    },
    "lightning": {
        "epoch": "epoch",
        "step": "step",
        "lr-SGD": "optimizer.learning_rate",
        "train_loss": None,
        "train_loss_epoch": "train.loss",
        "train_loss_step": "train.loss_step",
        "val_loss/dataloader_idx_0": "val.loss",
        "val_loss/dataloader_idx_1": "val.loss_dataloader_idx_1",
        "grad_2.0_norm_total": "gradient.norm",
        "grad_2.0_norm/fc.weight": None,
    },
    "chinese": {
        "轮次": "epoch",
        "训练损失": "train.loss",
        "验证集损失": "val.loss",
        "训练准确率": "train.accuracy",
        "验证准确率(%)": "val.accuracy",
        "学习率": "optimizer.learning_rate",
        "备注": None,
    },
    "chinese without a phase": {"损失": "train.loss", "准确率": "train.accuracy"},
    "likelihoods": {"train_nll": "train.loss", "val_nll": "val.loss", "accuracy": "train.accuracy"},
    "a likelihood beside a loss": {"loss": "train.loss", "val_loss": "val.loss", "val_nll": "val.nll"},
    "errors that are minimized": {"train_mse": "train.loss", "val_mse": "val.loss", "val_r2": "val.r2"},
    "several errors": {"mae": "train.mae", "mse": "train.loss", "val_mae": "val.mae", "val_mse": "val.loss"},
    "an error beside a loss": {"loss": "train.loss", "mae": "train.mae", "val_mae": "val.mae"},
    "an error of an evaluation with a loss": {"mse": "train.mse", "val_loss": "val.loss"},
    "only a step loss": {"step": "step", "train_loss_step": "train.loss"},
    "transformers": {
        "epoch": "epoch",
        "step": "step",
        "loss": "train.loss",
        "grad_norm": "gradient.norm",
        "learning_rate": "optimizer.learning_rate",
        "eval_loss": "val.loss",
        "eval_runtime": None,
        "eval_samples_per_second": None,
        "train_loss": None,
        "train_runtime": None,
    },
    "several evaluation sets": {
        "loss": "train.loss",
        "eval_news_loss": "val.loss",
        "eval_web_loss": "val.web_loss",
        "step": "step",
    },
    "fastai": {
        "epoch": "epoch",
        "train_loss": "train.loss",
        "valid_loss": "val.loss",
        "diceComb": "val.dice_comb",
        "time": "time.epoch_seconds",
    },
    "ultralytics": {
        "       epoch": "epoch",
        "time": "seconds",
        "train/box_loss": "train.box_loss",
        "train/cls_loss": "train.cls_loss",
        "metrics/mAP50-95(B)": "val.map50_95_b",
        "val/box_loss": "val.box_loss",
        "lr/pg0": "optimizer.learning_rate",
        "lr/pg1": None,
    },
    "timm": {
        "epoch": "epoch",
        "train_loss": "train.loss",
        "eval_loss": "val.loss",
        "eval_top1": "val.accuracy",
        "eval_top5": "val.top5_accuracy",
    },
    "detectron2": {
        "iteration": "step",
        "total_loss": "train.loss",
        "loss_cls": "train.loss_cls",
        "time": "time.step_seconds",
        "data_time": None,
        "eta_seconds": None,
        "bbox/AP": "val.bbox_ap",
        "roi_head/num_bg_samples": None,
    },
    "wandb": {
        "_step": None,
        "trainer/global_step": "step",
        "_runtime": "seconds",
        "_timestamp": None,
        "train/loss": "train.loss",
        "epoch": "epoch",
    },
    "ms-swift": {"global_step/max_steps": "step", "loss": "train.loss", "memory(GiB)": None},
    "tensorboard": {"Loss/train": "train.loss", "Loss/val": "val.loss"},
    "by hand": {
        "Epoch": "epoch",
        "Train Loss": "train.loss",
        "Test Loss": "val.loss",
        "Train Acc (%)": "train.accuracy",
        "LR": "optimizer.learning_rate",
    },
    "test beside validation": {"val_loss": "val.loss", "test_loss": "test.loss", "loss": "train.loss"},
    "accuracy beside explicit losses": {"train_loss": "train.loss", "val_loss": "val.loss", "accuracy": "val.accuracy"},
    "roles": {
        "step": "step",
        "train.loss": "train.loss",
        "gradient.norm": "gradient.norm",
        "train_eval.accuracy": "train_eval.accuracy",
    },
    "one loss under another name": {"epoch": "epoch", "mse_loss": "train.loss"},
    "composer": {
        "loss/train/total": "train.loss",
        "metrics/eval/MulticlassAccuracy": "val.accuracy",
        "l2_norm/grad/global": "gradient.norm",
    },
    "sweep": {"hidden_size": None, "n_layers": None, "total_time": None, "error_type": None},
    "printed tensors": {"train_loss": "train.loss", "out_tensor([0.])": None},
    "phases alone": {"train": None, "val": None},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(layout: dict[str, str | None]) -> None:
    matches = match_columns(list(layout))
    assert {name: match.role or match.clock_column for name, match in matches.items()} == layout


def test_every_match_has_a_reason() -> None:
    assert all(match.reason for layout in LAYOUTS.values() for match in match_columns(list(layout)).values())


def test_phase_direction_and_reduction() -> None:
    matches = match_columns(["train_loss_step", "train_loss_epoch", "val_acc", "train_eval_loss", "lr"])
    assert (matches["train_loss_step"].reduction, matches["train_loss_epoch"].reduction) == ("last_batch", "epoch_mean")
    assert (matches["val_acc"].phase, matches["val_acc"].direction) == ("val", "higher")
    assert (matches["train_eval_loss"].role, matches["train_eval_loss"].phase) == ("train_eval.loss", "train")
    assert (matches["lr"].phase, matches["lr"].direction) == (None, None)


def test_directions_are_unknown_where_no_word_tells() -> None:
    assert [direction_of(name) for name in ("nme", "coco_ap", "dice_all", "kl_beta", "error_type")] == [
        "lower",
        "higher",
        "higher",
        None,
        None,
    ]


def test_the_caller_corrects_a_guess() -> None:
    matches = match_columns(["step", "loss", "my_val"], {"val.loss": "my_val"})
    assert (matches["my_val"].role, matches["my_val"].phase) == ("val.loss", "val")
    matches = match_columns(["loss", "other_loss", "tick"], {"train.loss": "other_loss", "step": "tick"})
    assert (matches["other_loss"].role, matches["tick"].clock_column) == ("train.loss", "step")
    assert matches["loss"].role is None


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"val.loss": "valid_los"}, ["no column 'valid_los'", "Did you mean 'valid_loss'?"]),
        ({"val_loss": "valid_loss"}, ["'val_loss' is no role", "Did you mean 'val.loss'?"]),
        ({"val.loss": "valid_loss", "val.error": "valid_loss"}, ["cannot be both val.loss and val.error"]),
    ],
)
def test_wrong_corrections(columns: dict[str, str], words: list[str]) -> None:
    with pytest.raises(SourceError) as raised:
        match_columns(["loss", "valid_loss"], columns)
    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("valLoss", "val_loss"),
        ("Acc@1", "acc_1"),
        ("mAP50-95(B)", "map50_95_b"),
        ("val_mean_io_u", "val_mean_iou"),
        ("mIoU", "miou"),
        ("AUC", "auc"),
    ],
)
def test_snake_case(name: str, text: str) -> None:
    assert snake(name) == text


WORDS = st.sampled_from(
    [
        "train",
        "val",
        "eval",
        "test",
        "loss",
        "acc",
        "total",
        "step",
        "epoch",
        "lr",
        "best",
        "f1",
        "grad_norm",
        "x",
        "/",
        ".",
        "_",
        "1",
    ]
)
NAMES = (
    st.text(max_size=15)
    | st.lists(WORDS, min_size=1, max_size=5).map("_".join)
    | st.lists(WORDS, min_size=1, max_size=4).map("/".join)
)


@given(st.lists(NAMES, max_size=8, unique=True))
def test_roles_and_clocks_are_given_once(names: list[str]) -> None:
    matches = match_columns(names)
    assert list(matches) == names
    given_out = [match.role or match.clock_column for match in matches.values() if match.role or match.clock_column]
    assert len(given_out) == len(set(given_out))
