"""The frozen result of `advise`, and the questions that can be asked of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import PrivateAttr, ValidationError

from expert.confidence import log_odds, probability
from expert.errors import ExpertError, nearest, sentence
from expert.judging import Judgment, Status
from expert.parts import (
    Alternative,
    Coverage,
    EvidenceItem,
    Finding,
    NotJudged,
    Part,
    ProblemNote,
    ProposedChange,
    Recommendation,
    RecordNext,
    Suppressed,
    Understood,
    Unused,
    UsedProfile,
)
from expert.relations import Catalogue
from expert.rule import SEVERITIES, Severity, is_serious

__all__ = [
    "SCHEMA",
    "Advice",
    "Alternative",
    "Coverage",
    "EvidenceItem",
    "Finding",
    "NotJudged",
    "Outcome",
    "ProblemNote",
    "ProposedChange",
    "Recommendation",
    "RecordNext",
    "Suppressed",
    "Understood",
    "Unused",
    "UsedProfile",
]

Outcome = Literal["healthy", "findings", "too_short", "cannot_judge", "ready"]
SchemaVersion = Literal["training-expert/advice/1"]
SCHEMA: SchemaVersion = "training-expert/advice/1"

WHY_FOUND = "{rule}: found, confidence {confidence:.2f} (prior {prior:.2f}{added})"
ADDED_UP = ", with its evidence {sum:.2f}"
"""Said where the confidence is another than the sum, because it was measured or is capped."""
WHY_NOT_FOUND = "{rule} was not found. "
WHY_NOT: Mapping[Status, str] = {
    "found": "{rule}: it was found; ask why().",
    "no": "{rule}: its condition does not hold.",
    "unknown": "{rule}: it could not be judged, because something is not known.",
    "ruled out": "{rule}: its condition holds, but {others} accounts for the same signs.",
    "silenced": "{rule}: it is not judged in this kind of run ({others}).",
    "not asked": "{rule}: it is not among the rules selected by the settings.",
    "suppressed": "{rule}: it was found, but the settings suppress it; ask why().",
}


ON_TRIAL = (
    "{rule}: it is on trial, and judged only with the setting preview or where select names it by its own id or name."
)


class Advice(Part):
    """What is wrong with a run, why we think so, and what to do first.

    ``verdict`` is "ready" where there is no run yet and nothing that was given speaks against starting it.
    Iterating gives the recommendations in order; ``str()`` the note a colleague would write; truth is "has findings at
    warning or above". ``suppressed`` holds what was found and hidden by the settings, with their reasons, ``unused``
    the suppressions and entries of the baseline that hid nothing. ``understood`` says what the columns of the source
    were taken for; it is None where nothing had to be guessed. ``profiles`` are the kinds of run whose limits are in
    force, the most specific first.
    """

    schema_version: SchemaVersion = SCHEMA
    verdict: Outcome
    headline: str
    recommendations: tuple[Recommendation, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: Coverage
    not_judged: tuple[NotJudged, ...] = ()
    record_next: tuple[RecordNext, ...] = ()
    problems: tuple[ProblemNote, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    unused: tuple[Unused, ...] = ()
    understood: Understood | None = None
    profiles: tuple[UsedProfile, ...] = ()

    _judgments: Mapping[str, Judgment] = PrivateAttr(default_factory=dict)
    _catalogue: Catalogue | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        # what is said counts, not the verdict trees kept for why() and why_not()
        return isinstance(other, Advice) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[Recommendation]:  # type: ignore[override]
        return iter(self.recommendations)

    def __len__(self) -> int:
        return len(self.recommendations)

    def __bool__(self) -> bool:
        return any(is_serious(finding.severity) for finding in self.findings)

    def __repr__(self) -> str:
        names = ", ".join(finding.name for finding in self.findings[:3])
        return f"<Advice {self.verdict}{': ' + names if names else ''}; {len(self.recommendations)} recommendations>"

    def __str__(self) -> str:
        from expert.render.text import note

        return note(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; ``schema_version`` names the schema."""
        return self.model_dump(mode="json")

    def to_json(self, indent: int | None = 2) -> str:
        """The same as JSON text."""
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Advice as it was saved; `why` and `why_not` need the run and are not available on it.

        Raises `ExpertError` for text that is no advice, or advice of another version of the schema.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ExpertError(f"This is no advice of schema {SCHEMA}. {sentence(error)}") from None

    def finding(self, rule: str) -> Finding | None:
        """The finding of a rule, by id or name."""
        return next((finding for finding in self.findings if rule in (finding.rule, finding.name)), None)

    def worst(self) -> Severity | None:
        """The highest severity among the findings."""
        return max((finding.severity for finding in self.findings), key=SEVERITIES.index, default=None)

    def fails(self, level: str = "error") -> bool:
        """Whether a finding that the baseline does not list is at this severity or above; never at ``never``."""
        if level != "never" and level not in SEVERITIES:
            raise ExpertError(f"There is no severity '{level}'; known are {', '.join(SEVERITIES)} and never.")
        new = [SEVERITIES.index(finding.severity) for finding in self.findings if not finding.known]
        return level != "never" and any(severity >= SEVERITIES.index(level) for severity in new)

    def why(self, rule: str) -> str:
        """Why a rule was found: its condition as a tree with the facts, then the evidence weighed."""
        judgment = self._judgment(rule)
        if not judgment.holds:
            return WHY_NOT_FOUND.format(rule=judgment.rule) + self.why_not(rule)
        prior, confidence = judgment.rule.prior, judgment.confidence
        total = probability(log_odds(prior, judgment.evidence))
        added = ADDED_UP.format(sum=total) if abs(total - confidence) >= 0.005 else ""
        lines = [WHY_FOUND.format(rule=judgment.rule, confidence=confidence, prior=prior, added=added)]
        lines.append(str(judgment.verdict))
        for item in judgment.evidence:
            side = "for" if item.evidence.supports else "against"
            weight = f"{item.nats:+.1f} nats" if item.counts else "does not count"
            lines.append(f"{side}, {item.evidence.weight} ({weight}):")
            lines.append(textwrap.indent(str(item.verdict), "  "))
        return "\n".join(lines)

    def is_found(self, rule: str) -> bool:
        """Whether a rule, by id or name, was found; raises `ExpertError` for one that does not exist."""
        return self._judgment(rule).found

    def why_not(self, rule: str) -> str:
        """Why a rule was not found: the parts of its condition that say no, or what is unknown."""
        judgment = self._judgment(rule)
        others = ", ".join(self._judgment(other).rule.name for other in judgment.by)
        on_trial = judgment.status == "not asked" and judgment.rule.status == "experimental"
        template = ON_TRIAL if on_trial else WHY_NOT[judgment.status]
        return f"{template.format(rule=judgment.rule, others=others)}\n{judgment.verdict}"

    def _judgment(self, rule: str) -> Judgment:
        if self._catalogue is None:
            raise ExpertError(
                "This advice was loaded from a file; why() and why_not() need advice that advise() has just given."
            )
        found = self._catalogue.find(rule)
        if found is None:
            words = [word for one in self._catalogue.rules.values() for word in (one.id, one.name)]
            raise ExpertError(f"There is no rule '{rule}'.{nearest(rule, words)}")
        return self._judgments[found.id]

    def remembering(self, judgments: Mapping[str, Judgment], catalogue: Catalogue) -> Self:
        """The same advice, able to answer `why` and `why_not`."""
        told = self.model_copy()
        told._judgments, told._catalogue = judgments, catalogue
        return told

    def with_problems(self, problems: Sequence[ProblemNote]) -> Self:
        """The same advice with further problems noted."""
        return self.model_copy(update={"problems": (*self.problems, *problems)})

    def without_unused_suppressions(self) -> Self:
        """The same advice for one log of many: whether a suppression is of use only all of them tell."""
        left = tuple(one for one in self.unused if one.kind != "suppression")
        return self.model_copy(update={"unused": left})
