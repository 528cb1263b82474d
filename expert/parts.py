"""The parts of advice: frozen records of what was found, what to do about it, and what was left open."""

# Annotations are not postponed here: pydantic would compile each of them from its text at every start.
import datetime
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from expert.inference import Truth
from expert.remedy import Cost, Operation, Risk
from expert.rule import Blame, Family, Kind, Severity

ANSWERS: Mapping[Truth, str] = {
    "yes": "It worked",
    "no": "It did not work",
    "unknown": "Not known whether it worked",
}


class Part(BaseModel):
    """A frozen record."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class EvidenceItem(Part):
    """One piece of evidence: what it says, how much it weighs, and whether it speaks for or against the finding.

    ``weight`` is ``observed`` for the facts the finding's own condition rests on.
    """

    text: str
    supports: bool = True
    weight: Literal["observed", "weak", "moderate", "strong", "decisive"] = "observed"
    signal: str = ""
    value: bool | float | str | None = None
    at: str = ""


class Finding(Part):
    """A rule that holds on this run. ``confidence`` is the probability, 0 to 1, that it is right; ``known`` marks what
    the baseline lists, ``preview`` what a rule on trial says.
    """

    rule: str
    name: str
    kind: Kind
    family: Family
    severity: Severity
    confidence: float
    symptom: str
    cause: str
    blames: tuple[Blame, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    at: str = ""
    explained_by: tuple[str, ...] = ()
    known: bool = False
    preview: bool = False

    def __str__(self) -> str:
        return f"{self.rule} {self.name} ({self.severity}, {self.confidence:.0%})"


class Suppressed(Part):
    """A finding that the settings hide, with their reason: ``by`` is the word that names it, ``where`` its place."""

    finding: Finding
    reason: str
    by: str
    where: str
    until: datetime.date | None = None


class Unused(Part):
    """A suppression or an entry of the baseline that hides nothing on this run, in a sentence."""

    kind: Literal["suppression", "baseline"]
    rule: str
    where: str
    note: str


class Alternative(Part):
    """What comes next if a recommendation does not help, and why it is not first."""

    remedy: str
    title: str
    reason: str


class ProposedChange(Part):
    """A field of the run's profile that a remedy changes: ``config.learning_rate`` is multiplied by 0.1, say.

    ``before`` is its value on this run, None where that is not known; ``after`` the one to be tried, None where it
    cannot be worked out.
    """

    field: str
    operation: Operation
    value: bool | float | str
    before: bool | int | float | str | None = None
    after: bool | int | float | str | None = None


class Recommendation(Part):
    """A remedy placed in the plan. ``snippet`` holds code by framework, filled with the run's own numbers; ``changes``
    says as data what profile fields can say of it, ``again`` that the step may be taken once more while it helps.
    """

    remedy: str
    name: str
    title: str
    do: str
    kind: Literal["change", "check", "experiment"]
    snippet: Mapping[str, str] = {}
    changes: tuple[ProposedChange, ...] = ()
    again: bool = False
    because: str
    serves: tuple[str, ...]
    cost: Cost
    risk: Risk
    watch: str
    if_that_fails: tuple[Alternative, ...] = ()

    def __str__(self) -> str:
        return f"{self.title} ({self.remedy} {self.name})"


class FollowUp(Part):
    """Whether a remedy worked, told by the run that was made with it: what was watched, the answer and its reasons, and
    what to record where it stays open.
    """

    remedy: str
    name: str
    title: str
    watch: str
    answer: Truth
    reasons: tuple[str, ...]
    record: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{ANSWERS[self.answer]}: {self.title} ({self.remedy} {self.name})"
        lines = [head, f"  watched: {self.watch}", *(f"  · {reason}" for reason in self.reasons)]
        return "\n".join([*lines, *(f"  to tell, {record}" for record in self.record)])


class NotJudged(Part):
    """Rules that could not be judged, grouped by what is missing."""

    missing: str
    record: str
    rules: tuple[str, ...]


class RecordNext(Part):
    """What to record next: it could move the ranking most."""

    what: str
    how: str
    would_decide: tuple[str, ...]


class Coverage(Part):
    """How much was looked at: rules asked, judged yes or no, unknown, silenced by a guard, ruled out by a rival.

    ``before_training`` says that there was no run to look at, only what is known of one.
    """

    rules: int
    judged: int
    unknown: int
    silenced: int = 0
    ruled_out: int = 0
    read: str = ""
    before_training: bool = False


class ReadAs(Part):
    """A column of the source, by the name it has there, the role it was given, and why."""

    role: str
    name: str
    reason: str


class LeftOut(Part):
    """A column of the source that was not used, and why."""

    name: str
    reason: str


class Understood(Part):
    """What was read: how many runs there are, what the columns of the judged one were taken for, and a sentence."""

    sentence: str
    runs: int
    columns: tuple[ReadAs, ...]
    left_out: tuple[LeftOut, ...] = ()


class UsedProfile(Part):
    """A kind of run by whose limits this one is judged: named by the caller, or recognized, and from which sign.

    ``limits`` are those that have another value for it, which is in force here.
    """

    name: str
    named: bool
    sign: str = ""
    limits: tuple[str, ...] = ()


class ProblemNote(Part):
    """Something that went wrong in a plugin or a rule while everything else went on."""

    plugin: str
    what: str
