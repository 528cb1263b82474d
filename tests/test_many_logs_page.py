"""`docs/guide/many-logs.md`: its commands run, and print what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.test_cli import FALLING, SWINGS
from tests.engine.test_folders import BROKEN

PAGE = (Path(__file__).parent.parent / "docs" / "guide" / "many-logs.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each command of the page prints, in a folder with the runs that it speaks of."""
    folder = tmp_path_factory.mktemp("project")
    for number, text in ((1, SWINGS), (2, FALLING), (10, BROKEN)):
        log = folder / "runs" / f"version_{number}" / "metrics.csv"
        log.parent.mkdir(parents=True)
        log.write_text(text)
    found = []
    for command in re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S):
        line = command.replace("expert ", f"{sys.executable} -m expert ")
        done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
        found.append(done.stdout)
    return found


def test_the_overview_is_as_shown(printed: list[str]) -> None:
    shown = re.findall(r"^```text\n(\d+ runs.*?)^```", PAGE, flags=re.M | re.S)
    assert printed[0] == shown[0]


def test_a_log_is_read_through_a_pipe_and_followed(printed: list[str]) -> None:
    assert "oscillating-loss" in printed[1]
    assert "non-finite-loss" in printed[2]
    assert len(printed) == 3


def test_every_option_of_watch_is_on_the_page() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "expert", "watch", "--help"], capture_output=True, text=True, check=True
    ).stdout
    own = set(re.findall(r"--(?:every|until-\w+)", help_text))
    assert own == set(re.findall(r"`(--(?:every|until-\w+))", PAGE))
