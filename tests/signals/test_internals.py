"""Signals of gradients, updates, layers and schedules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from expert.history import Event
from expert.signals.signal import Reading, Unknown
from tests.signals.runs import Run

STEPS = 200


def steps(**series: object) -> Run:
    return Run({name.replace("_", ".", 1): values for name, values in series.items()}, clock="step")  # type: ignore[arg-type]


def with_layers(kinds: dict[str, tuple[str, bool | None]]) -> dict[str, Any]:
    return {"layers": [{"name": name, "kind": kind, "trainable": told} for name, (kind, told) in kinds.items()]}


def test_update_ratios() -> None:
    ratios = np.full(STEPS, 2e-3)
    ratios[[5, 100]] = [0.5, 0.9]
    run = steps(update_ratio=ratios)
    assert run.value("update_ratio") == 2e-3
    found = run.read("early_update_ratio")
    assert isinstance(found, Reading)
    assert (found.value, found.at) == (0.5, 6)


@pytest.mark.parametrize(
    ("kinds", "only"),
    [
        ({"embed": ("embedding", False), "out": ("linear", True)}, True),
        ({"words": ("embedding", False), "places": ("embedding", False), "out": ("linear", True)}, True),
        ({"embed": ("embedding", False), "trunk": ("linear", False), "out": ("linear", True)}, False),
        ({"embed": ("embedding", True), "trunk": ("conv2d", False), "out": ("linear", None)}, False),
    ],
)
def test_whether_look_up_tables_alone_are_frozen(kinds: dict[str, tuple[str, bool | None]], only: bool) -> None:
    found = Run(model=with_layers(kinds)).read("only_embeddings_frozen")
    assert isinstance(found, Reading)
    assert found.value is only
    frozen = sorted(name for name, (_, trainable) in kinds.items() if trainable is False)
    assert found.detail["layers"] == ", ".join(frozen)


def test_where_no_layer_is_known_to_be_frozen_no_kind_is() -> None:
    trained = with_layers({"embed": ("embedding", True), "out": ("linear", None)})
    for model in ({}, {"layers": ()}, trained):
        assert isinstance(Run(model=model).read("only_embeddings_frozen"), Unknown)


def test_update_ratios_from_layers() -> None:
    run = Run(layers={"update_ratio": {"a": [0.1, 0.1, 0.1], "b": [0.3, 0.2, 0.3], "c": [math.nan, 0.5, 0.4]}})
    assert run.value("early_update_ratio") == pytest.approx(0.3)
    assert run.value("update_ratio") == pytest.approx(0.25, abs=0.06)


def test_a_record_that_starts_late_shows_no_early_updates() -> None:
    run = Run({"update.ratio": np.ones(50)}, clock="step", at=np.arange(500.0, 550))
    assert isinstance(run.read("early_update_ratio"), Unknown)


def test_cosines() -> None:
    run = steps(gradient_cosine=np.where(np.arange(STEPS) % 4 == 0, 0.0, 0.95))
    assert run.value("gradient_cosine") == pytest.approx(0.7125)
    assert run.value("aligned_gradients_share") == pytest.approx(0.75)


def test_how_surely_gradients_agree_depends_on_how_many_steps_each_look_stands_for() -> None:
    cosines = np.tile([0.5, -0.3], 20)
    even = Run({"gradient.cosine": cosines}, clock="step", at=np.arange(1.0, 41.0))
    assert even.value("gradient_agreement") == pytest.approx(0.1 / (0.4 / math.sqrt(39)), rel=0.01)
    assert Run({"gradient.cosine": -cosines}, clock="step", at=np.arange(1.0, 41.0)).value(
        "gradient_agreement"
    ) == pytest.approx(-0.1 / (0.4 / math.sqrt(39)), rel=0.01)
    ever_rarer = Run({"gradient.cosine": cosines}, clock="step", at=1.3 ** np.arange(40))
    assert abs(ever_rarer.value("gradient_agreement")) < 0.75 * even.value("gradient_agreement")
    assert steps(gradient_cosine=np.full(STEPS, 0.95)).value("gradient_agreement") > 1e6
    assert steps(gradient_cosine=np.zeros(STEPS)).value("gradient_agreement") == 0.0


def test_a_gradient_spike() -> None:
    norms = np.ones(STEPS)
    norms[[2, 150]] = [1e9, 250.0]
    found = steps(gradient_norm=norms).read("gradient_spike_ratio")
    assert isinstance(found, Reading)
    assert (found.value, found.at) == (250.0, 151)
    assert steps(gradient_norm=np.append(np.zeros(STEPS), 1.0)).value("gradient_spike_ratio") == 1e12


def test_gradient_growth() -> None:
    assert steps(gradient_norm=np.linspace(1, 41, STEPS)).value("gradient_growth") == pytest.approx(28, abs=2)
    assert steps(gradient_norm=np.ones(STEPS)).value("gradient_growth") == 1.0


@pytest.mark.parametrize("broke", [4, 120])
def test_gradients_before_the_loss_broke(broke: int) -> None:
    loss = np.ones(STEPS)
    loss[broke:] = math.nan
    calm, wild = np.ones(STEPS), np.ones(STEPS)
    wild[broke - 1] = 500.0
    calm[broke:] = wild[broke:] = math.nan
    assert steps(train_loss=loss, gradient_norm=calm).value("gradient_growth_before_nonfinite") == 1.0
    assert steps(train_loss=loss, gradient_norm=wild).value("gradient_growth_before_nonfinite") == 500.0
    finite = steps(train_loss=np.ones(STEPS), gradient_norm=wild).read("gradient_growth_before_nonfinite")
    assert finite == Unknown("the training loss is finite throughout", finite.record)  # type: ignore[union-attr]


def test_clipping() -> None:
    assert steps(gradient_clipped=np.arange(STEPS) % 2).value("clipped_share") == 0.5
    known_bound = Run({"gradient.norm": np.linspace(0, 2, STEPS)}, clock="step", config={"clip_norm": 1.0})
    assert known_bound.value("clipped_share") == pytest.approx(0.53, abs=0.01)
    assert isinstance(steps(gradient_norm=np.ones(STEPS)).read("clipped_share"), Unknown)
    assert steps(**{"gradient_at_bound_share": np.full(STEPS, 0.95)}).value("bound_share") == 0.95


def gradients(first: float, last: float, **more: object) -> Run:
    table = {"first": [first] * 60, "middle": [0.1] * 60, "last": [last] * 60}
    return Run(layers={"gradient_norm": table, "gradient_mean_abs": table}, **more)  # type: ignore[arg-type]


def test_first_against_last_gradient() -> None:
    assert gradients(1e-5, 1.0).value("first_to_last_gradient") == pytest.approx(1e-5)
    assert gradients(0.5, 1.0).value("first_to_last_gradient") == pytest.approx(0.5)
    found = gradients(1e-5, 1.0).read("smallest_layer_gradient")
    assert isinstance(found, Reading)
    assert (found.value, found.detail["layer"]) == (1e-5, "first")


def test_frozen_layers_do_not_vanish() -> None:
    assert gradients(0.0, 1.0).value("first_to_last_gradient") == pytest.approx(0.1)
    declared = gradients(1e-9, 1.0, model={"frozen": ("first",)})
    assert declared.value("first_to_last_gradient") == pytest.approx(0.1)
    assert declared.value("smallest_layer_gradient") == pytest.approx(0.1)


def test_worst_layer_of_the_last_third() -> None:
    dead = {"a": [0.0] * 20 + [0.1] * 10, "b": [1.0] * 20 + [0.6] * 10}
    run = Run(layers={"zero_unit_share": dead, "saturated_share": dead})
    for signal in ("dead_unit_share", "saturated_share"):
        found = run.read(signal)
        assert isinstance(found, Reading)
        assert (found.value, found.detail["layer"]) == (0.6, "b")


def updates(**layers: list[float]) -> dict[str, dict[str, list[float]]]:
    return {"update_ratio": layers}


def test_layers_that_never_move() -> None:
    run = Run(layers=updates(a=[0.0] * 5, b=[0.1] * 5, c=[0.2] * 5))
    assert run.value("frozen_layer_share") == pytest.approx(1 / 3)
    assert run.value("all_layers_frozen") is False
    assert run.value("update_ratio_per_layer_spread") == pytest.approx(2.0)
    meant = Run(layers=updates(a=[0.0] * 5, b=[0.1] * 5), model={"frozen": ("a",)})
    assert meant.value("frozen_layer_share") == 0.0
    still = Run(layers=updates(a=[0.0] * 5, b=[0.0] * 5))
    assert still.value("frozen_layer_share") == 0.0
    assert still.value("all_layers_frozen") is True


def test_a_module_declared_frozen_covers_its_weights() -> None:
    run = Run(layers=updates(**{"body.weight": [0.0] * 5, "head.weight": [0.1] * 5}), model={"frozen": ("body",)})
    assert run.value("frozen_layer_share") == 0.0


def test_weight_norm() -> None:
    assert steps(weight_norm=np.linspace(10, 4, STEPS)).value("weight_norm_change") == pytest.approx(0.4)
    by_layer = Run(layers={"weight_norm": {"a": [3.0, 6.0], "b": [4.0, 8.0]}})
    assert by_layer.value("weight_norm_change") == pytest.approx(2.0)


def rates(*values: float) -> Run:
    return Run({"optimizer.learning_rate": values})


def test_a_schedule_that_reaches_zero_early() -> None:
    found = rates(*(0.1 * 0.1 ** np.arange(11))).read("learning_rate_collapse_at")
    assert isinstance(found, Reading)
    assert found.value == pytest.approx(0.4)
    assert rates(*np.full(11, 0.1)).value("learning_rate_collapse_at") == 1.0
    cosine = 0.05 * (1 + np.cos(np.linspace(0, np.pi, 101)))
    assert rates(*cosine).value("learning_rate_collapse_at") > 0.95
    assert rates(0.1, 0.01).value("learning_rate_last_over_max") == pytest.approx(0.1)


def test_rises_of_the_rate() -> None:
    warm_up = [0.01, 0.05, 0.1, 0.1, 0.05, 0.01]
    assert rates(*warm_up).value("learning_rate_jumps") == 0
    restarts = np.tile(np.linspace(1.0, 0.1, 10), 4)
    found = rates(*restarts).read("learning_rate_jumps")
    assert isinstance(found, Reading)
    assert (found.value, found.at) == (3, 11)
    triangle = np.concatenate([np.linspace(1, 0.1, 10), np.linspace(0.2, 1, 9), np.linspace(0.9, 0.1, 9)])
    assert rates(*triangle).value("learning_rate_jumps") == 1


def test_skipped_steps() -> None:
    skipped = np.zeros(400)
    skipped[:100] = 1
    assert steps(scaler_skipped=skipped).value("skipped_step_share") == 0.0
    assert steps(scaler_skipped=np.ones(60)).value("skipped_step_share") == 1.0
    events = [Event(kind="skipped_step", at=float(at), clock="step") for at in range(1, 51)]
    assert Run({"train.loss": np.ones(100)}, clock="step", events=events).value("skipped_step_share") == 0.5


@pytest.mark.parametrize("excess", [1.0, 2.0])
def test_jitter_against_sampling(excess: float) -> None:
    rng = np.random.default_rng(0)
    loss = np.linspace(2, 1, 4000) + excess * 0.1 * rng.standard_normal(4000)
    run = steps(train_loss=loss, batch_loss_std=np.full(4000, 0.1))
    assert run.value("sampling_noise_ratio") == pytest.approx(excess, rel=0.1)


def test_label_variety_of_a_batch() -> None:
    assert steps(batch_label_entropy=[0.04, 0.06]).value("batch_label_entropy") == pytest.approx(0.05)
    assert Run(data={"batch_label_entropy": 0.98}).value("batch_label_entropy") == 0.98
    assert isinstance(Run().read("batch_label_entropy"), Unknown)


def test_in_a_transformer_layers_of_one_kind_are_compared_from_block_to_block() -> None:
    """The head's gradient is thousands of times that of a query at the start, and nothing vanishes."""
    sizes = {"h.0.query": 1e-4, "h.0.mlp": 0.02, "h.1.query": 1.2e-4, "h.1.mlp": 0.025, "head": 1.0}
    table = {"gradient_norm": {name: [size] * 60 for name, size in sizes.items()}}
    assert Run(layers=table).value("first_to_last_gradient") == pytest.approx(1e-4)
    blocks = Run(layers=table, model={"transformer": True})
    assert blocks.value("first_to_last_gradient") == pytest.approx(1e-4 / 1.2e-4)
    faint = {"gradient_norm": table["gradient_norm"] | {"h.0.query": [1e-9] * 60, "h.0.mlp": [1e-7] * 60}}
    assert Run(layers=faint, model={"transformer": True}).value("first_to_last_gradient") < 1e-4


def test_the_long_first_steps_of_rmsprop_are_taken_as_they_are_meant() -> None:
    ratios = 0.05 / np.sqrt(1.0 - 0.99 ** np.arange(1.0, STEPS + 1))
    run = Run({"update.ratio": ratios}, clock="step", config={"optimizer": "rmsprop"})
    assert run.value("early_update_ratio") == pytest.approx(0.05)
    assert steps(update_ratio=ratios).value("early_update_ratio") == pytest.approx(0.5)
