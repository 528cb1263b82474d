"""Whatever was logged, every signal gives a reading or says why not, without a warning."""

from __future__ import annotations

import math
import string
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.history import ClockMarks, Series
from expert.signals import SIGNALS
from expert.signals.curve import Curve
from expert.signals.signal import Reading, Signal, Unknown
from tests.signals.runs import BY_ID, GENERAL, Run, decay

ROLES = (
    "train.loss", "val.loss", "val.accuracy", "gradient.norm", "gradient.cosine", "gradient.clipped",
    "gradient.at_bound_share", "update.ratio", "weight.norm", "optimizer.learning_rate", "batch.loss_std",
    "batch.label_entropy", "batch.repeated", "scaler.skipped",
)  # fmt: skip
QUANTITIES = ("gradient_norm", "gradient_mean_abs", "update_ratio", "weight_norm", "zero_unit_share", "saturated_share")

odd = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-320, 1e308, -1e308, math.nan, math.inf, -math.inf])
numbers = st.one_of(odd, st.floats(-10, 10), st.floats(allow_nan=True, allow_infinity=True))


@st.composite
def values(draw: st.DrawFn, longest: int = 80) -> np.ndarray:
    length = draw(st.one_of(st.integers(0, 12), st.integers(0, longest)))
    kind = draw(st.sampled_from(["any", "constant", "finite", "noise", "long"]))
    if kind == "constant":
        return np.full(length, draw(numbers))
    if kind == "any":
        return np.array(draw(st.lists(numbers, min_size=length, max_size=length)), dtype=float)
    if kind == "finite":
        return np.array(draw(st.lists(st.floats(-1e6, 1e6), min_size=length, max_size=length)), dtype=float)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    size = length if kind == "noise" else draw(st.sampled_from([300, 1100, 5000]))
    scale = draw(st.sampled_from([1.0, 1e-300, 1e300]))
    return scale * rng.standard_normal(size) ** draw(st.sampled_from([1, 2, 9]))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    clock = draw(st.sampled_from(["epoch", "step", "seconds"]))
    at = None
    if draw(st.booleans()):
        at = np.cumsum(
            np.random.default_rng(draw(st.integers(0, 99))).exponential(draw(st.sampled_from([0.1, 3])), 5000)
        )
    marks = None
    if draw(st.booleans()):
        rows = draw(st.integers(0, 30))
        epochs = np.sort(np.random.default_rng(rows).integers(0, 8, rows)) * draw(st.sampled_from([1.0, 0.3]))
        marks = ClockMarks(step=np.arange(rows) * draw(st.sampled_from([1.0, 10.0])), epoch=epochs)
    layers = {}
    for quantity in QUANTITIES:
        if draw(st.booleans()):
            rows = draw(st.integers(1, 6))
            columns = {name: draw(st.lists(numbers, min_size=rows, max_size=rows)) for name in "abc"}
            layers[quantity] = columns
    return Run(
        {role: draw(values()) for role in ROLES},
        clock=clock,
        at=at,
        marks=marks,
        layers=layers,
        reduction=draw(st.sampled_from(["last_batch", "epoch_mean", "unknown"])),
        direction=draw(st.sampled_from([None, "lower", "higher"])),
        config={
            "batch_size": draw(st.sampled_from([None, 0, 1, 32])),
            "clip_norm": draw(st.sampled_from([None, 1.0])),
            "clip_value_low": draw(st.sampled_from([None, 0.0, -math.inf, math.nan])),
            "clip_value_high": draw(st.sampled_from([None, 0.0, 1.0])),
            "optimizer": draw(st.sampled_from([None, "sgd", "adam", "lion"])),
            "learning_rate": draw(st.sampled_from([None, 0.0, 0.1, math.inf])),
            "weight_decay": draw(st.sampled_from([None, 0.0, 0.01, 5e-324, math.inf])),
            "momentum": draw(st.sampled_from([None, 0.0, 0.9, 1.0, math.nan])),
            "loss": draw(st.sampled_from([None, "cross_entropy", "mse", "bce", "hinge", "custom"])),
        },
        model={
            "output_units": draw(st.sampled_from([None, 0, 1, 10])),
            "frozen": draw(st.sampled_from([None, (), ("a", "")])),
            "parameters": draw(st.sampled_from([None, 0, 100])),
            "layers": draw(st.sampled_from([None, (), ({"name": "", "trainable": False},), ({"name": "a"},)])),
        },
        data={
            "classes": draw(st.sampled_from([None, 0, 1, 2, 10])),
            "class_counts": draw(st.sampled_from([None, (), (0, 0), (5, 0, 5), (3,)])),
            "samples": draw(st.sampled_from([None, 0, 100])),
            "validation_samples": draw(st.sampled_from([None, 0, 20])),
            "rows_with_nonfinite": draw(st.sampled_from([None, 3])),
            "target_std": draw(st.sampled_from([None, 0.0, math.nan])),
            "label_minimum": draw(st.sampled_from([None, 0.0, math.nan])),
            "label_maximum": draw(st.sampled_from([None, 1.0])),
        },
    )


def arguments(signal: Signal, run: Run) -> list[Curve]:
    curves = [run.curve("val.loss"), run.curve("train.loss")][2 - signal.arguments :]
    return [curve for curve in curves if curve is not None]


@settings(max_examples=300)
@given(runs())
def test_any_run(run: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for signal in SIGNALS:
            found = signal.read(run, *arguments(signal, run))
            if isinstance(found, Unknown):
                assert found.reason
                continue
            assert isinstance(found.value, bool | float | str), signal.id
            assert type(found.value) in (bool, float, str), f"{signal.id} gives a {type(found.value)}"
            if isinstance(found.value, float):
                assert math.isfinite(found.value), signal.id
            assert found.at is None or type(found.at) is float, signal.id


@pytest.mark.parametrize(
    "values", [[], [1.0], [0.0], [math.nan], [1.0, 1.0], [0.0] * 50, [2.0] * 50, [-1.0] * 50, [1e308] * 9]
)
def test_degenerate_series(values: list[float]) -> None:
    run = Run({"train.loss": values, "val.loss": values})
    for signal in SIGNALS:
        found = signal.read(run, *arguments(signal, run))
        assert isinstance(found, Reading | Unknown)


def test_every_signal_reads_a_rich_run_and_says_it_in_a_sentence() -> None:
    rich = rich_run()
    for signal in SIGNALS:
        run = broken_run() if signal.id == "gradient_growth_before_nonfinite" else rich
        if signal.id == "loss_over_target_spread":
            run = Run({"train.loss": np.linspace(2.0, 1.0, 20)}, config={"loss": "mse"}, data={"target_std": 1.5})
        both, score = ["val.loss", "val.accuracy"], ["val.accuracy"]
        roles = {"metric_loss_disagreement": both, "loss_over_least": both}
        roles |= {"score_over_majority": score, "score_beyond_largest": score}
        curves = [run.curve(role) for role in roles.get(signal.id, ["val.loss", "train.loss"][2 - signal.arguments :])]
        found = signal.read(run, *curves)  # type: ignore[arg-type]
        if signal not in GENERAL and isinstance(found, Unknown):
            continue
        assert isinstance(found, Reading), f"{signal.id}: {found}"
        words = {"series": "training loss", "other": "validation loss", "value": found.value, **found.detail}
        if found.at is not None:
            words["at"] = f"{found.clock} {found.at:g}"
        assert {name for _, name, _, _ in string.Formatter().parse(signal.reads) if name} <= words.keys(), signal.id
        sentence = signal.reads.format_map(words)
        assert len(sentence) > 10
        assert "{" not in sentence


def rich_run() -> Run:
    count, per_epoch = 2000, 100
    rng = np.random.default_rng(0)
    steps = np.arange(1.0, count + 1)
    noisy = decay(count, 0.1)
    bounded = np.abs(rng.standard_normal((3, count))) * 0.1
    layers = {quantity: {"first": bounded[0], "middle": bounded[1], "last": bounded[2]} for quantity in QUANTITIES}
    return Run(
        {
            "train.loss": noisy, "val.loss": noisy * (1.1 + bounded[0]), "val.accuracy": 0.9 - noisy / 4,
            "gradient.norm": 1.0 + bounded[0], "gradient.cosine": bounded[1], "gradient.clipped": bounded[0] > 0.1,
            "gradient.at_bound_share": bounded[0], "update.ratio": bounded[1], "weight.norm": 1 + bounded[2],
            "optimizer.learning_rate": np.full(count, 0.1), "batch.loss_std": bounded[0],
            "batch.label_entropy": bounded[0], "scaler.skipped": bounded[0] > 0.2,
        },
        clock="step",
        at=steps,
        marks=ClockMarks(step=np.arange(0.0, count + 1, per_epoch), epoch=np.arange(count / per_epoch + 1)),
        layers=layers,
        config={
            "batch_size": 32, "optimizer": "adamw", "learning_rate": 0.1, "weight_decay": 0.01, "loss": "cross_entropy",
            "clip_value_low": -1.0, "clip_value_high": 1.0,
        },
        model={
            "output_units": 10, "parameters": 1000, "depth": 2,
            "layers": (
                {"name": "table", "kind": "embedding", "trainable": False},
                *({"name": name, "kind": "linear", "units": 10} for name in ("first", "last")),
            ),
        },
        data={
            "classes": 10, "class_counts": (10,) * 10, "samples": 100, "validation_samples": 50,
            "rows_with_nonfinite": 0, "label_minimum": 0.0, "label_maximum": 9.0,
        },
    )  # fmt: skip


def broken_run() -> Run:
    loss = np.full(100, 2.0)
    loss[80:] = math.nan
    return Run({"train.loss": loss, "gradient.norm": np.linspace(1, 2, 100)}, clock="step")


def test_ids_are_unique_and_templates_name_what_they_say() -> None:
    assert len(BY_ID) == len(SIGNALS)
    for signal in SIGNALS:
        assert signal.id.isidentifier()
        assert signal.id == signal.id.lower()
        assert signal.title
        assert signal.unit
        names = {name for _, name, _, _ in string.Formatter().parse(signal.reads) if name is not None}
        assert "" not in names
        assert signal.arguments >= 2 or "other" not in names
        assert signal.arguments >= 1 or "series" not in names


def test_an_unknown_says_how_to_record_what_is_missing() -> None:
    empty = Run({"train.loss": [], "val.loss": []})
    for signal in SIGNALS:
        found = signal.read(empty, *arguments(signal, empty))
        if isinstance(found, Unknown) and signal.arguments == 0 and signal.id != "gradient_growth_before_nonfinite":
            assert found.record, signal.id


def test_a_number_that_is_none_is_unknown() -> None:
    broken = Signal("s", "Nothing", "none", "curve", "{value}", lambda view, curve: Reading(math.inf), record="log it")
    run = Run({"train.loss": [1.0]})
    assert broken.read(run, Curve(Series(name="x", at=[1.0], values=[1.0]))) == Unknown(
        "nothing came out as inf, outside what can be computed", "log it"
    )
