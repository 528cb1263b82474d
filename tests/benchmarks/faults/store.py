"""The runs that were made, kept so that rules can be judged again in seconds: facts and a History for each."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from expert.history import History

from .frameworks import Framework
from .outcome import Outcome, read_again
from .problems import PROBLEMS
from .problems.problem import Problem
from .sampling import Case, case_from
from .setup import Setup
from .training import train

FOLDER = Path(os.environ.get("EXPERT_FAULT_RUNS", Path(__file__).resolve().parents[3] / "build" / "fault-runs"))
"""Where runs are kept: not in the repository, for the command remakes them."""
DEFAULTS = Setup().as_record()
"""What a name does not mention, so that a new option renames no run."""


@dataclass(frozen=True)
class Kept:
    """A run that was made."""

    case: Case
    quality: float
    seconds: float
    path: Path

    @property
    def history(self) -> History:
        return History.load(self.path)


def path_of(case: Case, setup: Setup | None = None) -> Path:
    """Where the run of a case is kept; the name changes with everything that is trained."""
    said = {name: value for name, value in (setup or case.setup).as_record().items() if value != DEFAULTS[name]}
    trained = json.dumps([case.key, said], sort_keys=True)
    return FOLDER / f"{case.program}-{hashlib.sha256(trained.encode()).hexdigest()[:16]}.history"


def make(cases: Sequence[Case], jobs: int = 1) -> None:
    """Train what is not kept yet, and say how it goes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    missing = [case for case in cases if not _facts(path_of(case)).exists()]
    print(f"{len(cases)} runs, {len(missing)} of them to be made.", flush=True)
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(_make, case): case for case in missing}
        for number, done in enumerate(as_completed(waiting), 1):
            done.result()
            if number % 20 == 0 or number == len(missing):
                print(f"  {number} of {len(missing)}", flush=True)


def reread(cases: Sequence[Case]) -> None:
    """Read the arrays of kept runs again, after a change of their readers; no training is repeated."""
    for one in kept(cases):
        read_again(one.history, PROBLEMS[one.case.problem], one.case.setup, one.case.seed).save(one.path)


def trained(case: Case, setup: Setup | None = None) -> Kept:
    """The run of a case, or of the case with another setup: from the store, or made and kept."""
    path = path_of(case, setup)
    if not _facts(path).exists():
        _make(case, setup)
    facts = json.loads(_facts(path).read_text())
    return Kept(case_from(facts["case"]), facts["quality"], facts["seconds"], path)


def kept(cases: Sequence[Case]) -> Iterator[Kept]:
    """The runs of these cases that are there."""
    for case in cases:
        if _facts(path_of(case)).exists():
            yield trained(case)


def _make(case: Case, setup: Setup | None = None) -> None:
    path = path_of(case, setup)
    outcome = _trainer(case.framework)(PROBLEMS[case.problem], setup or case.setup, case.seed)
    outcome.history.save(path)
    facts = {"case": case.as_record(), "quality": outcome.quality, "seconds": round(outcome.seconds, 2)}
    temporary = _facts(path).with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(facts))
    temporary.replace(_facts(path))


def _trainer(framework: Framework) -> Callable[[Problem, Setup, int], Outcome]:
    if framework == "keras":
        from .in_keras.training import train as train_in_keras  # TensorFlow takes seconds to import

        return train_in_keras
    return train


def _facts(path: Path) -> Path:
    return path.with_suffix(".json")
