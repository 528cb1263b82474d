"""One damaged log read: what may come out is runs, or one sentence."""

from __future__ import annotations

import traceback
import warnings
from pathlib import Path

from expert.advising import advise
from expert.errors import SourceError
from expert.history import History
from expert.knowledge import load
from expert.sources import read

LONGEST_SENTENCE = 2000


class OutOfTime(BaseException):
    """Reading took longer than it may; not an `Exception`, so that no reader takes it for a failure of its own."""


def complaint(path: Path, judge: bool = False) -> str | None:
    """What is wrong with how a source is read (and, on request, judged); None where all is as it should be."""
    plugins, _ = load(None, ())
    failed: list[object] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            runs = read(path, "run", plugins, failed=failed)  # type: ignore[arg-type]
            if judge and runs:
                str(advise(runs[-1]))
    except SourceError as error:
        return _of_a_refusal(error)
    except Exception:
        return traceback.format_exc(limit=-6)
    if failed:
        return f"a reader failed to say whether it knows the source: {failed}"
    return next((found for run in runs if (found := _of_a_run(run)) is not None), None)


def _of_a_refusal(error: SourceError) -> str | None:
    sentence = str(error)
    if " failed with " in sentence and error.__cause__ is not None:
        return "".join(traceback.format_exception(error.__cause__, limit=-6))
    if not sentence.strip() or "\n" in sentence or len(sentence) > LONGEST_SENTENCE:
        return f"this is not one sentence: {sentence[:400]!r} ({len(sentence)} characters)"
    return None


def _of_a_run(run: History) -> str | None:
    if not run.series and not run.layers:
        return "a run without any series"
    for one in run.series:
        if not len(one) or len(one.at) != len(one.values):
            return f"{one.role} has {len(one.values)} values at {len(one.at)} places"
    long = [note for note in run.notes if len(note) > LONGEST_SENTENCE or "\n" in note]
    return f"a note that is no sentence: {long[0][:400]!r}" if long else None
