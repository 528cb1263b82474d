"""The declarative record of a remedy."""

# Annotations are not postponed here: pydantic would compile each of them from its text at every start.
from textwrap import dedent
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from expert.language.handles import Condition, Term
from expert.rule import StoredCondition

Cost = Literal["check", "config line", "code change", "new structure", "new data"]
Risk = Literal["low", "medium", "high"]
Operation = Literal["multiply", "set"]
COSTS: tuple[Cost, ...] = ("check", "config line", "code change", "new structure", "new data")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Snippet(_Record):
    """Code for one framework. Placeholders such as ``{learning_rate}`` are filled with the run's own numbers.

    Where a number it names is unknown the next snippet for the same framework is taken; literal braces are doubled.
    """

    framework: Literal["torch", "keras", "numpy"]
    code: str


class Change(_Record):
    """What is changed, as data that a script can carry out: a profile field such as ``config.learning_rate``, and what
    becomes of it.

    With ``when`` it is made only where that is known to hold; of several changes of one field the first such one is.
    """

    target: str
    operation: Operation
    value: float | bool | str
    when: StoredCondition | None = None


class Contraindication(_Record):
    """A situation in which the remedy does harm or cannot help."""

    condition: StoredCondition
    reason: str


class Remedy(_Record):
    """What to do: how, at what cost and risk, which knob it turns which way, and what shows that it worked.

    ``changes`` says as data what ``do`` says in words, as far as fields of a profile can; ``again`` that the step is
    taken once more, on top of the last one, as long as the validation loss (without one the training loss) ends lower.
    ``watch`` says what shows that it helped, ``worked`` the same as a condition on the run that was made with it.
    ``kind`` tells a change from a check (look, nothing is altered) and from an experiment that decides between causes.
    Two remedies with one ``knob`` and opposite ``direction`` are in conflict; an experiment names the knobs it
    ``decides``.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z]{2}\d{3}$")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    do: str
    kind: Literal["change", "check", "experiment"] = "change"
    cost: Cost
    risk: Risk
    knob: str = ""
    direction: Literal["up", "down", ""] = ""
    decides: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    again: bool = False
    snippets: tuple[Snippet, ...] = ()
    not_when: tuple[Contraindication, ...] = ()
    watch: str
    worked: StoredCondition | None = None
    source: tuple[str, ...]
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


def torch_code(code: str) -> Snippet:
    """A snippet for PyTorch."""
    return Snippet(framework="torch", code=dedent(code).strip("\n"))


def keras_code(code: str) -> Snippet:
    """A snippet for Keras 3."""
    return Snippet(framework="keras", code=dedent(code).strip("\n"))


def numpy_code(code: str) -> Snippet:
    """A snippet that needs only NumPy."""
    return Snippet(framework="numpy", code=dedent(code).strip("\n"))


def multiply(field: Term, factor: float, *, when: Condition | Term | None = None) -> Change:
    """A change that multiplies a profile field."""
    return Change(target=str(field.node), operation="multiply", value=factor, when=when)


def set_to(field: Term, value: float | bool | str, *, when: Condition | Term | None = None) -> Change:
    """A change that gives a profile field another value."""
    return Change(target=str(field.node), operation="set", value=value, when=when)


def not_when(condition: Condition | Term, reason: str) -> Contraindication:
    """A contra-indication."""
    return Contraindication(condition=condition, reason=reason)
