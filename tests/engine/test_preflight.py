"""The check before the training: settings, model and data alone, with a verdict that claims nothing of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expert import History, advise
from expert.cli import main

SOUND: dict[str, Any] = {"optimizer": "adam", "learning_rate": 1e-3, "batch_size": 32, "loss": "cross_entropy"}
HEAD = {"output_units": 4, "output_activation": "none"}


def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(800, 6)), rng.integers(0, 4, 800)


def test_what_is_in_order_is_ready_and_says_what_was_not_looked_at() -> None:
    advice = advise(config=SOUND, model=HEAD)
    assert (advice.verdict, bool(advice), advice.findings) == ("ready", False, ())
    assert advice.headline == "Check before the training: nothing that was given speaks against it."
    assert advice.coverage.before_training
    assert "Looked at: config and model; not given: data." in " ".join(str(advice).split())
    assert "too short" not in str(advice).lower()
    assert "recorded" not in str(advice)


def test_with_everything_given_nothing_is_missed() -> None:
    text = " ".join(str(advise(config=SOUND, model=HEAD, data=arrays())).split())
    assert "Looked at: config and model and data. " in text


def test_a_live_model_alone_is_no_configuration() -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    advice = advise(model=model)
    assert advice.verdict == "ready"
    assert advice.coverage.read == "Looked at: model; not given: config and data."


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ({"config": SOUND | {"optimizer": "adadelta"}}, "CFG102"),
        ({"config": SOUND | {"loss_from_logits": True}, "model": {"output_activation": "softmax"}}, "MOD101"),
        ({"config": SOUND, "data": {"class_counts": (990, 10)}}, "DAT401"),
    ],
)
def test_a_fault_is_found_and_its_remedy_recommended(fault: dict[str, Any], rule: str) -> None:
    advice = advise(**fault)
    assert advice.verdict == "findings"
    assert advice.findings[0].rule == rule
    assert advice.recommendations
    assert advice.coverage.before_training


def test_a_fault_that_is_suppressed_leaves_the_run_unready() -> None:
    hiding = {"suppress": [{"rule": "CFG102", "reason": "tried on purpose"}]}
    advice = advise(config=SOUND | {"optimizer": "adadelta"}, settings=hiding)
    assert advice.verdict == "cannot_judge"
    assert "suppressed by the settings" in advice.headline


def test_a_log_without_curves_is_no_check_before_the_training(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    History.model_validate({"config": SOUND}).save(path)
    advice = advise(path)
    assert advice.verdict == "cannot_judge"
    assert advice.headline.startswith("No curve was recorded")
    assert not advice.coverage.before_training


def test_the_command_checks_what_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--set", "optimizer=adam", "--set", "learning_rate=0.001"]) == 0
    assert capsys.readouterr().out.startswith("Check before the training: nothing")
    assert main(["advise", "--set", "loss_reduction=sum", "--fail-on", "warning", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["rule"] == "MOD106"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["advise"], "give a log, or --set FIELD=VALUE"),
        (["advise", "--set", "optimizer=adam", "--write-baseline", "known.json"], "--write-baseline needs a log"),
    ],
)
def test_without_anything_to_judge_the_command_says_what_it_needs(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
