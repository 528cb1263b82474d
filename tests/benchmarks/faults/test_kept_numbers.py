"""What the README says of the last evaluation, and the page of all of them, is what was kept of it."""

from __future__ import annotations

import json
import re

from .report import KEPT, PAGE

README = PAGE.parents[1] / "README.md"


def last() -> list[str]:
    lines: list[str] = json.loads(KEPT.read_text(encoding="utf-8"))[-1]["lines"]
    return lines


def counts(cell: str) -> tuple[str, str]:
    found = re.match(r"(\d+) of (\d+)", cell.strip())
    assert found is not None, cell
    return found[1], found[2]


def test_the_readme_tells_the_last_evaluation() -> None:
    lines = last()
    internals = next(line for line in lines if line.startswith("| internals |")).split("|")
    first_try = next(line for line in lines if line.startswith("| 1 | ")).split("|")
    told = " ".join(README.read_text(encoding="utf-8").split())
    for sentence, cell in (
        ("the right cause came first in {} of {} sick runs", internals[4]),
        ("the first recommendation cured {} of {},", first_try[2]),
        ("{} of {} healthy runs met an alarm", internals[8]),
    ):
        assert sentence.format(*counts(cell)) in told


def test_the_page_shows_every_evaluation_as_it_was_kept() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for one in json.loads(KEPT.read_text(encoding="utf-8")):
        assert f"commit `{one['commit'][:12]}`" in page
        assert "\n".join(one["lines"]).strip() in page
        assert one["remark"] in page
