"""The declarative record of a rule: a symptom, a cause or a guard."""

# Annotations are not postponed here: pydantic would compile each of them from its text at every start.
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from expert.cases import Case
from expert.errors import AuthoringError
from expert.language.handles import Condition, Term, as_node, as_roles
from expert.language.nodes import ConditionNode

Kind = Literal["symptom", "cause", "guard"]
Family = Literal[
    "data", "numerics", "gradients", "activations", "model", "configuration",
    "optimization", "oscillation", "plateau", "generalization", "run",
]  # fmt: skip
Level = Literal["measurement", "data", "static", "numerics", "signal", "optimization", "capacity", "generalization"]
Severity = Literal["info", "warning", "error", "fatal"]
Status = Literal["experimental", "stable", "deprecated"]
Weight = Literal["weak", "moderate", "strong", "decisive"]
Blame = Literal[
    "learning-rate", "batch-size", "optimizer", "schedule", "epochs", "activation", "loss-function", "initialization",
    "architecture", "normalization", "regularization", "preprocessing", "data", "labels", "class-balance", "validation",
    "precision", "code",
]  # fmt: skip

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
LEVELS: tuple[Level, ...] = get_args(Level)
PREFIXES: dict[str, Family] = {
    "DAT": "data", "NUM": "numerics", "GRD": "gradients", "ACT": "activations", "MOD": "model", "CFG": "configuration",
    "OPT": "optimization", "OSC": "oscillation", "PLT": "plateau", "GEN": "generalization", "RUN": "run",
}  # fmt: skip

weak: Weight = "weak"
moderate: Weight = "moderate"
strong: Weight = "strong"
decisive: Weight = "decisive"

if TYPE_CHECKING:
    StoredCondition = Any  # an author gives a Condition, a reader of the record finds its node
    StoredRoles = Any  # an author gives series such as val.loss, a reader of the record finds their roles
else:
    StoredCondition = Annotated[ConditionNode, BeforeValidator(as_node)]
    StoredRoles = Annotated[tuple[str, ...], BeforeValidator(as_roles)]


def is_serious(severity: Severity) -> bool:
    """Whether a severity is at warning or above; what is below is a note."""
    return SEVERITIES.index(severity) >= SEVERITIES.index("warning")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Evidence(_Record):
    """Weighted evidence for or against a rule. Of the evidence in one ``group`` only the strongest counts."""

    condition: StoredCondition
    weight: Weight
    supports: bool
    text: str
    group: str = ""


class Escalation(_Record):
    """A severity that takes the place of the rule's own where its condition holds; the last that holds wins."""

    condition: StoredCondition
    severity: Severity


class Rule(_Record):
    """A piece of knowledge: what is seen, what causes it, how it is detected, and what helps.

    ``prior`` is how often this is right when ``when`` holds and nothing else is known. ``core`` marks the symptoms that
    must be judged *no* before a run is called healthy. Relations name other rules by id or name.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z]{3}\d{3}$")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: Kind
    family: Family
    level: Level
    severity: Severity
    status: Status = "stable"
    prior: Annotated[float, Field(gt=0.0, lt=1.0)]
    core: bool = False
    blames: tuple[Blame, ...] = ()
    symptom: str
    cause: str = ""
    when: StoredCondition
    evidence: tuple[Evidence, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    explains: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    silences: tuple[str, ...] = ()
    invalidates: StoredRoles = ()
    remedies: tuple[str, ...] = ()
    meaning: str
    mechanism: str
    false_alarms: str
    source: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    fires: tuple[Case, ...]
    quiet: tuple[Case, ...]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        # Prefixes that are no family's are free: a team takes one of its own, so that its ids meet nobody else's.
        family = PREFIXES.get(self.id[:3], self.family)
        if family != self.family:
            raise AuthoringError(
                f"Rule {self.id} {self.name}: the prefix {self.id[:3]} belongs to family {family}, not {self.family}."
            )
        if self.kind == "cause" and not self.cause:
            raise AuthoringError(f"Rule {self.id} {self.name}: a rule of kind 'cause' must say its cause.")
        if self.kind == "guard" and not self.silences:
            raise AuthoringError(f"Rule {self.id} {self.name}: a guard must say which rules it silences.")
        return self

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


def supports(condition: Condition | Term, weight: Weight, text: str, *, group: str = "") -> Evidence:
    """Evidence for the rule. The text may use ``{value}``, ``{bound}`` and ``{at}`` of the condition's first leaf
    that is known.
    """
    return Evidence(condition=condition, weight=weight, supports=True, text=text, group=group)


def against(condition: Condition | Term, weight: Weight, text: str, *, group: str = "") -> Evidence:
    """Evidence against the rule; the text as in `supports`."""
    return Evidence(condition=condition, weight=weight, supports=False, text=text, group=group)


def escalates(condition: Condition | Term, severity: Severity) -> Escalation:
    """Another severity where the condition holds."""
    return Escalation(condition=condition, severity=severity)
