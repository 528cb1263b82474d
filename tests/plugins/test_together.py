"""Five plugins from their wheels in one environment: their own tests pass, each speaks of its own kind of run only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .installed import HERE, copies, install, ran

EXPECTED = {
    "gan lost": {"discriminator-wins"},
    "gan alike": {"samples-alike"},
    "agent lost": {"entropy-collapse", "reward-stagnates", "policy-jumps"},
    "acme drifted": {"acme-validation-drifted"},
    "validation jumps": {"team-rules-noisy-validation"},
    "slower": {"growing-steps"},
}
HEALTHY = ("gan healthy", "agent healthy", "acme healthy", "supervised healthy")
PREFIXES = ("GAN", "RLP", "ACM", "TEA", "RUN901")


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return copies(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def site(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(sources, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def told(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("runs")
    return json.loads(ran("tests.plugins.together", folder, cwd=HERE.parents[1], PYTHONPATH=str(site)))


def of_plugins(advice: dict[str, Any]) -> set[str]:
    return {one["name"] for one in advice["findings"] if one["rule"].startswith(PREFIXES)}


def test_the_tests_of_every_plugin_pass_side_by_side(sources: list[Path], site: Path) -> None:
    folders = [source / "tests" for source in sources]
    asked = ("pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", sources[0].parent)
    told = ran(*asked, *folders, cwd=sources[0].parent, PYTHONPATH=str(site))
    assert "passed" in told
    assert "skipped" not in told


def test_all_are_listed_with_what_they_add(site: Path, tmp_path: Path) -> None:
    listed = ran("expert", "plugins", cwd=tmp_path, PYTHONPATH=str(site))
    for words in (
        "gan-rules (gan-rules 0.1.0), from ",
        "reinforcement-rules (reinforcement-rules 0.1.0), from ",
        "acme-log (acme-log 0.1.0), from ",
        "team-rules (team-rules 0.1.0), from ",
        "throughput (expert-plugin-example 1.0.0), from ",
        "  1 rules: RUN901\n  1 remedies: TX101\n  1 signals: slowdown\n",
        "  1 readers: acme-log\n",
    ):
        assert words in listed
    assert "problem" not in listed.lower()
    told = ran("expert", "explain", "team-rules-noisy-validation", cwd=tmp_path, PYTHONPATH=str(site))
    assert "TEA901" in told


@pytest.mark.parametrize("name", EXPECTED)
def test_a_run_of_its_kind_is_told_of(name: str, told: dict[str, Any]) -> None:
    for advice in told[name]["all"]:
        assert of_plugins(advice) == EXPECTED[name]
        assert advice["problems"] == []
        assert advice["recommendations"]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_meets_silence(name: str, told: dict[str, Any]) -> None:
    for advice in told[name]["all"]:
        assert of_plugins(advice) == set()
        assert not any(one["severity"] in ("warning", "error", "fatal") for one in advice["findings"])
        assert advice["problems"] == []


@pytest.mark.parametrize("name", ["supervised healthy", "acme healthy"])
def test_a_healthy_supervised_run_is_called_healthy(name: str, told: dict[str, Any]) -> None:
    assert {advice["verdict"] for advice in told[name]["all"]} == {"healthy"}


@pytest.mark.parametrize("name", ["supervised healthy", "supervised stuck", "gan healthy"])
def test_what_is_said_of_other_runs_stays_word_for_word(name: str, told: dict[str, Any]) -> None:
    grown = {"coverage", "not_judged", "record_next"}  # these count rules, and there are more of them
    said = {which: [{key: one[key] for key in one.keys() - grown} for one in told[name][which]] for which in told[name]}
    assert said["all"] == said["none"]
