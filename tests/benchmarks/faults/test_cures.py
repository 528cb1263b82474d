"""What is carried out is what the remedies say, and a sick run that is cured is told from one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from expert import advise
from expert.history import History
from expert.knowledge import load
from expert.parts import ProposedChange
from expert.plugins import named_in_environment
from expert.remedy import Remedy

from . import cures, networks, retraining, store
from .carrying_out import BY_HAND, NUMBERS, PENALTY, WORDS, carried_out
from .cure_report import tables
from .cures import Tried, Try, proposed_by, tried
from .experiments import COMPARED, EXPERIMENTS, NEEDS_MORE, order_of
from .harm import Applied, applied, drawn
from .judging import judge
from .problems import PROBLEMS
from .sampling import Case
from .setup import Setup

REMEDIES = {remedy.id: remedy for remedy in load(named_in_environment(), ())[1].remedies.values()}
WITHOUT_PLACE = {
    "config.precision",
    "config.beta2",
    "config.seed",
    "config.penalty_in_gradient",
    "config.weight_averaging",
    "config.loss_broadcast",
    "config.softmax_over_classes",
    "model.dropout_in_evaluation",
    "data.targets_are_inputs",
}
"""Fields that remedies change and no training of this benchmark has."""
BESIDE = ("momentum", "initialization", "gain", "hidden_bias")
"""What may change with the field that a remedy is about."""
SICK = Setup(rate=0.5, batch=32, dropout=0.5, weight_decay=0.1, clip_values=(0.1, 5.0), activation="sigmoid")


@pytest.mark.parametrize("remedy", [one for one in REMEDIES.values() if one.kind == "change"], ids=str)
def test_each_change_of_a_remedy_is_carried_out_or_known_to_have_no_place(remedy: Remedy) -> None:
    targets = {change.target for change in remedy.changes}
    assert targets <= {*NUMBERS, *WORDS, *WITHOUT_PLACE, PENALTY}


@pytest.mark.parametrize(
    ("remedy", "field", "value"),
    [
        ("FX301", "rate", 0.05),
        ("FX310", "rate", 5.0),
        ("FX307", "batch", 128),
        ("FX602", "dropout", 0.2),
        ("FX612", "weight_decay", 0.01),
        ("FX408", "clip_values", (-5.0, 5.0)),
        ("FX403", "activation", "relu"),
        ("FX402", "initialization", "glorot"),
        ("FX404", "normalization", "batch"),
        ("FX505", "width", 2.0),
        ("FX701", "epochs", 24),
    ],
)
def test_a_setup_becomes_what_the_remedy_says(remedy: str, field: str, value: object) -> None:
    known = History(config={"batch_size": 32}, model={"activation": "sigmoid", "dropout": 0.5})
    changed = carried_out(remedy, proposed_by(REMEDIES[remedy], known), SICK, PROBLEMS["digits-mlp"])
    assert getattr(changed, field) == value
    assert changed.but(**{name: getattr(SICK, name) for name in (*BESIDE, field)}) == SICK


@pytest.mark.parametrize("name", ["digits-mlp", "digits-cnn", "shapes-resnet", "pulses-conv1d"])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_residual_blocks_are_added_as_the_remedy_says_and_start_as_nothing(name: str, normalization: str) -> None:
    problem = PROBLEMS[name]
    deep = problem.sound.but(extra_layers=4, normalization="none", residual=False, initialization="he")
    said = (
        ProposedChange(field="model.residual", operation="set", value=True),
        ProposedChange(field="model.normalization", operation="set", value=normalization),
    )
    setup = carried_out("FX405", said, deep, problem)
    model = networks.prepare(networks.build(problem.network, setup), setup)
    blocks = [module for module in model.modules() if isinstance(module, networks.Residual)]
    assert len(blocks) >= 4
    seen: list[tuple[Tensor, Tensor]] = []
    for block in blocks:
        block.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    model(problem.samples(setup.but(samples=8, validation_samples=1), 0).x)
    assert len(seen) == len(blocks)
    assert all(torch.equal(entered, left) for entered, left in seen)


def test_the_factor_is_the_remedys_and_not_the_benchmarks() -> None:
    third = (ProposedChange(field="config.learning_rate", operation="multiply", value=0.3),)
    assert carried_out("FX301", third, SICK, PROBLEMS["digits-mlp"]).rate == pytest.approx(0.15)


def test_the_validation_set_is_only_repaired_by_what_names_its_fault() -> None:
    sets = ("copied", "shifted", "other_labels")
    mended = {
        name: [
            one
            for one in sets
            if carried_out(name, (), Setup(validation=one), PROBLEMS["digits-mlp"]).validation == "apart"
        ]
        for name in ("FX105", "FX111", "FX113")
    }
    assert mended == {"FX105": ["other_labels"], "FX111": ["copied"], "FX113": ["shifted", "other_labels"]}


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    monkeypatch.setattr(retraining, "RETRAINED", tmp_path / "cures")
    return tmp_path


SHORT = Case("topics-embedding", 3, (("schedule-ends-early", 1.0),))


def cure(case: Case) -> Tried:
    return tried(judge(store.trained(case), "internals", (0.98, 0.01)))


def test_a_run_whose_schedule_ends_early_is_cured_by_the_first_recommendation(own_store: Path) -> None:
    cured = cure(SHORT)
    assert (cured.cured_at, cured.tries[0].remedy) == (1, "FX309")
    assert cured.curable
    runs = {path: path.stat().st_mtime_ns for path in own_store.rglob("*.history")}
    assert cure(SHORT) == cured
    assert {path: path.stat().st_mtime_ns for path in own_store.rglob("*.history")} == runs


def test_no_more_than_three_tries_are_made_for_a_goal_that_nothing_reaches(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cures, "CLOSED", 50.0)
    cured = cure(SHORT)
    assert cured.cured_at is None
    assert len(cured.tries) == 3
    assert len({one.remedy for one in cured.tries}) == 3
    assert 0.8 < cured.gain_within(3) < 1.2


def test_what_stands_under_if_that_fails_comes_before_the_next_recommendation(own_store: Path) -> None:
    advice = judge(
        store.trained(Case("topics-embedding", 3, (("schedule-ends-early", 1.0),))), "internals", (1.0, 0.0)
    ).advice
    first = advice.recommendations[0]
    assert list(order_of(advice))[: 1 + len(first.if_that_fails)] == [
        first.remedy,
        *(one.remedy for one in first.if_that_fails),
    ]


def test_what_cannot_be_carried_out_is_no_experiment_either() -> None:
    assert all(REMEDIES[name].kind != "change" for name in EXPERIMENTS)
    assert {name for name in BY_HAND if REMEDIES[name].kind != "change"} == {"FX105", "FX201"}


def test_what_is_found_of_losses_measured_unlike_is_settled_once_they_are_measured_alike() -> None:
    levels = [0.3 + 0.7 * 0.7**epoch for epoch in range(60)]
    advice = advise({"loss": levels, "val_loss": [0.4 * level for level in levels]})
    assert next(order_of(advice)) == "FX709"
    left = list(order_of(advice, COMPARED))
    assert len(left) < len(list(order_of(advice)))
    assert not {"FX709", "FX114", "FX111"}.intersection(left)


def test_where_a_batch_was_learned_by_heart_size_is_not_what_is_missing(own_store: Path) -> None:
    case = Case("digits-mlp", 3)
    sound = PROBLEMS["digits-mlp"].sound
    assert EXPERIMENTS["FX704"](case, sound, History()) == NEEDS_MORE
    assert EXPERIMENTS["FX704"](case, sound.but(rate=1e-6), History()) != NEEDS_MORE


def test_a_run_that_is_no_better_without_inputs_leads_to_its_pairing(own_store: Path) -> None:
    case = Case("friedman-mlp", 3)
    sound = PROBLEMS["friedman-mlp"].sound.but(epochs=6)
    first = {}
    for labels in ("right", "misaligned"):
        setup = sound.but(labels=labels)
        outcome = EXPERIMENTS["FX702"](case, setup, retraining.retrained(case, setup).history)
        assert isinstance(outcome, tuple)
        first[labels] = outcome[:1]
    assert first["misaligned"] == ("FX105",)
    assert first["right"] != ("FX105",)


def test_a_loss_that_was_exchanged_is_given_a_rate_of_its_own(own_store: Path) -> None:
    case = Case("topics-embedding", 3, (("squared-loss", 1.0),))
    cured = cure(case)
    assert (cured.cured_at, cured.tries[0].remedy, cured.tries[0].trainings) == (1, "FX501", 2)


def test_the_tables_count_what_each_try_cured_and_leave_out_what_has_no_gap() -> None:
    case = Case("digits-mlp", 1, (("frozen", 1.0),))
    good, bad = Try("FX410", 1.0, True, 1, "yes"), Try("FX310", 0.2, False, 3, "no")
    runs = [
        Tried(case, 0.5, 0.01, False, (good,)),
        Tried(case, 0.5, 0.01, False, (bad, bad, good)),
        Tried(case, 0.5, 0.01, False, (bad,)),
        Tried(case, 0.015, 0.01, False, ()),
    ]
    healthy = [Applied(case, "FX410", 0.0, False), Applied(case, "FX310", 0.4, True)]
    lines = "\n".join(tables(runs, healthy))
    assert "| 1 | 1 of 3 (33.3%) | 20% (20% to 100%) | 2.3 |" in lines
    assert "| 3 | 2 of 3 (66.7%) |" in lines
    assert "Left out: 1 sick runs" in lines
    assert "| frozen | 3 | 1 | 2 | FX310 2 |" in lines
    assert "| was cured | 2 | 2 | 0 | 0 |" in lines
    assert "| was better, and not cured | 3 | 0 | 3 | 0 |" in lines
    assert "1 of 2 (50.0%) were worse by more than twice the spread" in lines
    assert "| FX310 raise-learning-rate | 1 | 1 | 40% | 40% |" in lines


def test_healthy_runs_are_given_what_sick_runs_of_their_problem_are_told_first(own_store: Path) -> None:
    sick = judge(store.trained(SHORT), "internals", (0.98, 0.01))
    well = judge(store.trained(Case("topics-embedding", 5, variant="sound")), "internals", (0.98, 0.01))
    ((run, remedy),) = drawn([sick, well], [sick])
    assert (run, remedy) == (well, "FX309")
    told = applied(run, remedy)
    assert not told.beyond_noise
    assert abs(told.lost) < 0.05
