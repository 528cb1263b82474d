"""Many runs at a glance: a line for each with its headline, the worst first."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from expert.commands.judging import columns_of, judged
from expert.render.escape import printable

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.folders import FolderRuns
    from expert.history import History
    from expert.settings import Settings

WIDTH = 120
LONGEST_NAME = 44
ORDER = ("fatal", "error", "warning", "too short", "open", "healthy")
"""What is said of a run in a word, the worst first: the severity of its worst finding, or how it was judged."""
OUTCOMES = {"too_short": "too short", "cannot_judge": "open", "healthy": "healthy", "findings": "open", "ready": "open"}
HEADING = "{count} runs in {folder}: {told}; the worst first"
LINE = "{number:>{digits}}  {word:<9}  {name:<{width}}  {headline}"
ONE_IN_FULL = "One of them in full: expert advise {folder} --run {number}"
SAID_BY_WORD = re.compile(r"^(Healthy: .*|Too short to tell: )")
"""What of a headline the word before it says already."""


class JudgedRun(NamedTuple):
    """One run of many: its number as ``--run`` counts, its name in the folder, its whole path, and what was found."""

    number: int
    name: str
    source: str
    advice: Advice


def folder_of_runs(path: str, options: argparse.Namespace, settings: Settings) -> FolderRuns | None:
    """A folder that holds several runs; None for a path that is judged as one log."""
    if options.run_number is not None or not os.path.isdir(path):
        return None
    from expert.knowledge import load
    from expert.plugins import named_in_environment
    from expert.sources import read_folder

    plugins, _ = load(named_in_environment(), settings.plugins)
    found = read_folder(Path(path), plugins, columns_of(options))
    return found if len(found.runs) > 1 else None


def judged_runs(path: str, folder: FolderRuns, options: argparse.Namespace, settings: Settings) -> list[JudgedRun]:
    """Every run of a folder with its advice, in the order of their numbers."""
    return [
        JudgedRun(
            number, _name(run, path), run.source or path, judged(run, options, settings).without_unused_suppressions()
        )
        for number, run in enumerate(folder.runs, 1)
    ]


def _name(run: History, path: str) -> str:
    return (run.source or "").removeprefix(path).lstrip("/\\ ,:") or run.source or ""


def overview(path: str, runs: Sequence[JudgedRun], notes: Sequence[str]) -> str:
    """The runs of a folder as text, and what else it holds."""
    return printable("\n".join(_lines(path, runs, notes)))


def _lines(path: str, runs: Sequence[JudgedRun], notes: Sequence[str]) -> Iterator[str]:
    words = [_word(one.advice) for one in runs]
    told = ", ".join(f"{words.count(word)} {word}" for word in ORDER if word in words)
    yield HEADING.format(count=len(runs), folder=path, told=told)
    width = min(max(len(one.name) for one in runs), LONGEST_NAME)
    ordered = sorted(zip(words, runs, strict=True), key=lambda pair: (ORDER.index(pair[0]), pair[1].number))
    digits = len(str(len(runs)))
    for word, one in ordered:
        line = LINE.format(
            number=one.number, digits=digits, word=word, name=_shortened(one.name), width=width, headline=""
        )
        headline = SAID_BY_WORD.sub("", one.advice.headline)
        yield (line + textwrap.shorten(headline, WIDTH - len(line), placeholder=" …")).rstrip()
    yield ""
    worst = ordered[0][1]
    yield ONE_IN_FULL.format(folder=shlex.quote(path), number=worst.number)
    for note in notes:
        yield from textwrap.wrap(note, WIDTH)


def _word(advice: Advice) -> str:
    from expert.rule import SEVERITIES, is_serious

    worst = max((one.severity for one in advice.findings if is_serious(one.severity)), key=SEVERITIES.index, default="")
    return worst or OUTCOMES[advice.verdict]


def _shortened(name: str) -> str:
    """The end of a name tells more than its beginning."""
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
