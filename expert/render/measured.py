"""What measurements say of rules and remedies: records that a plugin keeps as ``measured.json`` beside its module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from expert.errors import ExpertError, sentence

FILE = "measured.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FalseAlarms(_Record):
    """On how many of the healthy runs of a kind the rule was raised."""

    what: str
    runs: int
    raised: int


class Hits(_Record):
    """Of the sick runs of a kind: how many were ``named`` by this or another rule that names the kind, and on how many
    this rule stood ``first``.
    """

    what: str
    runs: int
    named: int
    first: int


class InjectedFaults(_Record):
    """Trainings into which faults were put, ``sick`` and ``healthy`` ones. Of the sick runs ``faulty`` had a fault that
    the rule names, on ``right`` of which it did; on others it was a true ``consequence`` or ``wrong`` at warning or
    above. ``alarms`` are healthy runs on which it was raised at warning or above and should not have been.
    """

    what: str
    sick: int
    healthy: int
    faulty: int
    right: int
    consequence: int
    wrong: int
    alarms: int


class Training(_Record):
    """A real training in which the trouble occurs: the place, in one run after another, of the first of the expected
    rules; 0 where it was missing. ``with_others`` are the rules of which one suffices.
    """

    scenario: str
    places: tuple[int, ...]
    with_others: tuple[str, ...] = ()


class Trial(_Record):
    """A remedy carried out in a real training: a measure before and after, in one run after another."""

    scenario: str
    measure: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    verdict: Literal["helps", "no help"]


class OfRule(_Record):
    """What is measured of a rule."""

    false_alarms: tuple[FalseAlarms, ...] = ()
    hits: tuple[Hits, ...] = ()
    injected: tuple[InjectedFaults, ...] = ()
    trainings: tuple[Training, ...] = ()


class Measured(_Record):
    """What is measured, by the id of the rule or remedy. ``source`` names the page it was taken from,
    ``injected_source`` that of the injected faults.
    """

    source: str = ""
    injected_source: str = ""
    rules: Mapping[str, OfRule] = {}
    remedies: Mapping[str, tuple[Trial, ...]] = {}


NOTHING = Measured()


def beside(place: str) -> Measured:
    """What the file beside a module says; nothing where there is none. Raises `ExpertError` for one that is no such
    file.
    """
    file = Path(place).parent / FILE
    if not file.is_file():
        return NOTHING
    try:
        return Measured.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ExpertError(f"{file} does not hold what is measured of rules: {sentence(error)}") from None
