"""The trainings with Keras: they are the same problems and setups, and stand beside those with PyTorch."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from expert import advise
from expert.history import History

from . import networks, samples, sampling, scoring, store
from .architectures import Recurrent
from .faults import BY_ID as FAULTS
from .frameworks import WITHOUT_PLACE, Framework, can_train
from .in_keras import compiling, training
from .in_keras import networks as keras_networks
from .judging import Judged
from .problems import PROBLEMS, problem
from .problems.problem import Problem
from .sampling import Case
from .setup import Setup
from .store import Kept

KERAS = [case for case in (*sampling.tuning(), *sampling.evaluation("a commit")) if case.framework == "keras"]


def shape_of(one: Problem) -> tuple[int, ...]:
    """What a sample looks like to Keras."""
    x = one.samples(one.sound.but(samples=8, validation_samples=1), 0).x[:1].numpy()
    shape: tuple[int, ...] = (np.moveaxis(x, 1, -1) if one.kind == "convolutional" else x).shape
    return shape[1:]


def small(one: Problem) -> Setup:
    return one.sound.but(samples=200, validation_samples=60, epochs=2)


def test_runs_with_pytorch_are_kept_under_the_names_they_always_had() -> None:
    case = Case("digits-mlp", 49, (("rate-too-high", 60.0),))
    assert store.path_of(case).name == "digits-mlp-649eb3ebfb607056.history"
    old = {name: value for name, value in case.as_record().items() if name != "framework"}
    assert sampling.case_from(old) == case


def test_a_run_with_keras_has_a_name_of_its_own_and_twins_with_keras() -> None:
    case = Case("digits-mlp", 49, (("rate-too-high", 60.0),), framework="keras")
    assert "keras" in case.key
    assert "keras" in store.path_of(case).name
    assert sampling.case_from(case.as_record()) == case
    assert {twin.framework for twin in sampling.twins([case])} == {"keras"}


def test_about_a_fifth_is_trained_with_keras_and_every_fault_that_has_a_place_is_there() -> None:
    cases = sampling.tuning()
    with_keras = [case for case in cases if case.framework == "keras"]
    assert 0.15 < len(with_keras) / len(cases) < 0.25
    assert all(can_train("keras", case.setup) for case in with_keras)
    there = {fault for case in with_keras for fault, _ in case.faults}
    assert set(FAULTS) - there == {
        "gradients-not-zeroed",
        "clip-positive",
        "left-out",
        "training-mode-missing",
    }


def test_frameworks_are_scored_apart() -> None:
    def said(framework: Framework, *, sick: bool) -> Judged:
        case = Case("digits-mlp", 1, (("frozen", 1.0),) if sick else (), "" if sick else "sound", framework)
        return Judged(
            case, "internals", sick, 1.0, 1.0, 0.1, (), "healthy", "", advise(History()), Kept(case, 1, 1, Path())
        )

    rows = scoring.by_framework(
        [said("torch", sick=True), said("keras", sick=False), said("keras", sick=True)], "internals"
    )
    assert [row.split(" | ")[:2] for row in rows[2:]] == [["| torch", "1"], ["| keras", "1"]]
    assert rows[2].endswith("| - |")
    assert rows[3].endswith("| 0 of 1 (0.0%) |")


def test_every_option_of_a_setup_is_heeded_or_said_to_have_no_place() -> None:
    code = "".join(map(inspect.getsource, (compiling, keras_networks, training, samples, problem)))
    heeded = {one.name for one in fields(Setup) if f"setup.{one.name}" in code}
    assert heeded | set(WITHOUT_PLACE["keras"]) == {one.name for one in fields(Setup)}
    assert not heeded & set(WITHOUT_PLACE["keras"])


@pytest.mark.parametrize("one", PROBLEMS.values(), ids=lambda one: one.name)
@pytest.mark.parametrize("changes", [{}, {"extra_layers": 2, "width": 0.5}], ids=["sound", "changed"])
def test_both_frameworks_build_networks_of_one_size(one: Problem, changes: dict[str, float]) -> None:
    setup = one.sound.but(**changes)
    theirs = sum(parameter.numel() for parameter in networks.build(one.network, setup).parameters())
    made = keras_networks.build(one.network, setup, shape_of(one))
    if isinstance(one.network, Recurrent) and one.network.cell == "lstm":
        # PyTorch adds two biases where Keras adds one
        theirs -= 4 * round(setup.width * one.network.width) * (2 if one.network.bidirectional else 1)
    assert sum(int(np.prod(weight.shape)) for weight in made.trainable_weights) == theirs


def test_frozen_layers_stand_still_and_the_head_learns() -> None:
    one = PROBLEMS["digits-mlp"]
    made = keras_networks.build(one.network, one.sound.but(frozen=True), shape_of(one))
    assert [layer.name for layer in made.layers if layer.trainable_weights] == [keras_networks.HEAD]


def test_a_training_with_keras_can_be_repeated() -> None:
    one = PROBLEMS["topics-embedding"]
    first, second = (training.train(one, small(one), 3) for _ in range(2))
    assert first.quality == second.quality
    assert _numbers(first.history) == _numbers(second.history)


def _numbers(history: History) -> dict[str, list[float]]:
    return {
        str((series.role, series.clock)): list(series.values)
        for series in history.series
        if not series.role.startswith("time.")
    }


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("digits-cnn", {"order": "first_part", "label_smoothing": 0.1, "schedule": "restarts"}),
        ("digits-mlp", {"imbalance": 2.0, "class_weights": True, "schedule": "step", "warmup": 0.2}),
        ("tumors-mlp", {"loss": "negated", "evaluation_mode": False, "dropout": 0.5}),
        ("prices-mlp", {"accumulation": 2, "schedule": "cosine", "warmup": 0.1, "batch": 16}),
        ("topics-embedding", {"loss": "log_of_softmax", "schedule": "ends_early", "pretrained": True}),
        ("shapes-resnet", {"loss": "squared", "reduction": "sum", "optimizer": "rmsprop"}),
    ],
)
def test_what_a_setup_says_is_what_the_collector_sees(name: str, changes: dict[str, object]) -> None:
    one = PROBLEMS[name]
    setup = small(one).but(**changes)
    history = training.train(one, setup, 5).history
    config = history.config
    assert (config.framework, config.optimizer) == ("keras", setup.optimizer)
    assert config.batch_size == setup.batch
    assert not [note for note in history.notes if "failed" in note]
    if "class_weights" in changes:
        assert config.class_weights
    if "label_smoothing" in changes:
        assert config.label_smoothing == pytest.approx(0.1)
    if "accumulation" in changes:
        assert config.gradient_accumulation_steps == 2
    if "evaluation_mode" in changes:
        assert config.evaluation_mode_in_validation is False
    if "pretrained" in changes:
        assert config.pretrained
    if "reduction" in changes:
        assert (config.loss, config.loss_reduction) == ("mse", "sum")
    rates = history.get("optimizer.learning_rate")
    assert rates is not None
    assert max(rates.values) == pytest.approx(setup.rate, rel=0.15)
    if setup.schedule != "constant":
        assert min(rates.values) < 0.5 * setup.rate


@pytest.mark.slow
@pytest.mark.parametrize("one", PROBLEMS.values(), ids=lambda one: one.name)
def test_every_problem_can_be_learned_with_keras(one: Problem) -> None:
    assert training.train(one, one.sound, 900).quality > one.ignorant + 0.2
