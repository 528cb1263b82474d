"""Trainings of a case with another setup, kept by what was trained, so that the same question costs no training."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from expert.history import History

from .problems import PROBLEMS
from .sampling import Case
from .setup import Setup
from .store import DEFAULTS, FOLDER
from .training import train

RETRAINED = FOLDER / "cures"


@dataclass(frozen=True)
class Retrained:
    """A run made with another setup, and its quality on clean samples."""

    quality: float
    path: Path

    @property
    def history(self) -> History:
        return History.load(self.path)


def retrained(case: Case, setup: Setup) -> Retrained:
    """The case's problem and seed trained with this setup: as it was kept, or made and kept."""
    path = _path(case, setup)
    facts = path.with_suffix(".json")
    if not facts.exists():
        RETRAINED.mkdir(parents=True, exist_ok=True)
        outcome = train(PROBLEMS[case.problem], setup, case.seed)
        # Two processes may make the same run at the same time: each writes a file of its own and puts it in place.
        mine = path.with_suffix(f".{os.getpid()}")
        outcome.history.save(mine)
        mine.replace(path)
        mine.write_text(json.dumps({"quality": outcome.quality, "seconds": round(outcome.seconds, 2)}))
        mine.replace(facts)
    return Retrained(json.loads(facts.read_text())["quality"], path)


def _path(case: Case, setup: Setup) -> Path:
    said = {name: value for name, value in setup.as_record().items() if value != DEFAULTS[name]}
    trained = json.dumps([case.problem, case.seed, said], sort_keys=True)
    return RETRAINED / f"{case.problem}-{hashlib.sha256(trained.encode()).hexdigest()[:16]}.history"
