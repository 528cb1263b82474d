"""Being told while the training runs: each finding once, a wish to stop, and advice in the middle."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from expert import ExpertError, Finding, advise
from expert.adapters.torch import Run, watch

STEPS = 20


def stuck(run_of: Any, epochs: int = 14, by_epochs: bool = True, rate: float = 1e-7) -> Run:
    """A training at a rate at which nothing moves."""
    torch.manual_seed(0)
    x = torch.randn(160, 6)
    y = (x @ torch.randn(6, 4)).argmax(1)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loss_fn = nn.CrossEntropyLoss()
    run: Run = run_of(model, optimizer, loss_fn=loss_fn)
    for _ in range(epochs):
        for rows in torch.randperm(160).split(8):
            optimizer.zero_grad()
            loss = loss_fn(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        if by_epochs:
            run.epoch(val_loss=loss_fn(model(x), y), val_accuracy=(model(x).argmax(1) == y).float().mean())
    run.close()
    return run


def test_each_finding_is_told_once_when_it_has_become_certain() -> None:
    heard: list[Finding] = []
    at: list[int] = []

    def hear(finding: Finding) -> None:
        heard.append(finding)
        at.append(len(heard))

    run = stuck(lambda *parts, **named: watch(*parts, on_finding=hear, **named))
    rules = [finding.rule for finding in heard]
    assert rules
    assert len(set(rules)) == len(rules)
    assert all(finding.severity != "info" for finding in heard)
    assert {finding.rule for finding in advise(run).findings if finding.confidence > 0.8} & set(rules)


def test_a_training_without_epochs_is_judged_too_and_the_same_each_time() -> None:
    def heard_in() -> list[tuple[int, str]]:
        heard: list[tuple[int, str]] = []
        kept: list[Run] = []

        def run_of(*parts: Any, **named: Any) -> Run:
            run = watch(
                *parts, on_finding=lambda finding: heard.append((kept[0].history().steps or 0, finding.rule)), **named
            )
            kept.append(run)
            return run

        stuck(run_of, by_epochs=False)
        return heard

    first = heard_in()
    assert first
    assert {at for at, _ in first} <= {60, 90, 135, 202}, "judged at other steps than those that do not hang on a clock"
    assert first == heard_in()


def test_a_callback_that_raises_does_not_break_the_training_and_is_named() -> None:
    def hear(finding: Finding) -> None:
        raise LookupError("nobody is at home")

    run = stuck(lambda *parts, **named: watch(*parts, on_finding=hear, **named))
    assert run.history().steps == 14 * STEPS
    assert any("LookupError: nobody is at home" in note for note in run.history().notes)


@pytest.mark.parametrize(("level", "stops"), [("info", True), ("warning", True), ("fatal", False)])
def test_a_run_asks_to_be_stopped_at_the_level_that_was_named(level: str, stops: bool) -> None:
    run = stuck(lambda *parts, **named: watch(*parts, stop_on=level, **named))
    assert run.should_stop is stops
    assert (run.stop_reason is not None) is stops


def test_a_run_that_nobody_asked_to_stop_never_asks() -> None:
    run = stuck(watch)
    assert not run.should_stop
    assert run.stop_reason is None


def test_advice_in_the_middle_changes_nothing_of_what_comes_after() -> None:
    def history(asked: bool) -> Any:
        def run_of(*parts: Any, **named: Any) -> Run:
            run = watch(*parts, every=5, **named)
            if asked:
                step = run.step

                def asking(*args: Any, **more: Any) -> None:
                    step(*args, **more)
                    if run.telemetry.columns and (run.history().steps or 0) % 37 == 0:
                        run.advise()
                        advise(run)

                run.step = asking  # type: ignore[method-assign]
            return run

        return stuck(run_of, epochs=6).history()

    plain, asked = history(False), history(True)
    timed = "time.epoch_seconds"
    assert [one for one in asked.series if one.role != timed] == [one for one in plain.series if one.role != timed]
    assert asked.layers == plain.layers
    assert asked.events == plain.events
    assert asked.config == plain.config


def test_the_advice_names_what_is_wrong_and_takes_what_advise_takes() -> None:
    run = stuck(watch)
    assert run.advise().findings[0].rule == advise(run).findings[0].rule
    assert "PLT106" in [finding.rule for finding in run.advise(config={"batch_size": 8}).findings]
    with pytest.raises(ExpertError):
        run.advise(config={"batch_sise": 8})
