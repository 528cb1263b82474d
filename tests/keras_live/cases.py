"""Which trainings are watched through ``model.fit``, what the user adds, and what must not be said.

What is expected stands in the tables of `tests/scenarios/`; here stands what is different with Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tests.keras_live.training import ELSEWHERE
from tests.scenarios.architectures import ARCHITECTURE_CASES
from tests.scenarios.case import Case, Cure
from tests.scenarios.cases import CASES
from tests.scenarios.program import Program

ABOUT_DATA = ("S03", "S06", "S13", "S15", "S23", "S25", "S26", "S27", "S28", "S29", "S37")
"""Scenarios in which the user shows the arrays as well: `advise(watcher, data=((x, y), (x_val, y_val)))`."""

ABSENT = {
    "S04": ("DAT301",),
    "S05": ("DAT302",),
    "S20": ("OSC102",),
    "S30": ("PLT102",),
    "S31": ("PLT102",),
    "S34": ("OPT101",),
}
"""Rules the knowledge base names as absent, by scenario."""

TOLD: dict[str, dict[str, Any]] = {
    "S38": {"loss": "cross_entropy"},
    "S07": {"loss_formula": "hand_made"},
    "S08": {"loss_formula": "hand_made", "probability_clamp": 1e-10},
    "S19": {"pretrained": False},
}
"""What cannot be seen from outside, and a user who wants an answer says."""


WITH_KERAS: dict[str, dict[str, Any]] = {
    "four_sigmoid_layers": {"hidden": (64,) * 4},  # Glorot's start lets more through three of them
    "deep_relu_default_initialization": {"weight_gain": 0.5},  # as `RandomNormal(stddev=0.05)`, of other days
    "weight_decay_too_high": {"weight_decay": 0.2},
    "negated_loss": {"rate": 0.002},  # it would end in NaN, which is told first
}
"""What makes a program as sick as the table means it, where Keras starts from other weights than PyTorch."""

FURTHER_CURES = {
    "exploding_recurrence": Cure("FX402", CASES["exploding_recurrence"].program.but(recurrent_gain=1.0), gain=0.0),
    "log_of_zero_cell": Cure("FX102", CASES["log_of_zero_cell"].program.but(repaired=True), gain=0.0),
    "shuffled_random_labels": Cure("FX106", CASES["shuffled_random_labels"].cures[0].program, gain=0.3),
}
"""What helps as well, and is recommended first."""

LESS_TO_GAIN = {"schedule_reaches_zero": 0.2}
"""The least improvement that counts where a sick training comes further from Keras' start, before it stops."""

LEFT_OUT = {"batch_of_one": "Keras tells running means, whose rounding hides the small losses of single samples"}

OFTEN = (
    "rate_too_high_sgd",
    "nan_cell",
    "deep_sigmoid",
    "dead_relu_from_bias",
    "softmax_twice",
    "weight_decay_far_too_high",
)
"""Cases whose first remedy is carried out in every run of the tests; the others' with the slow ones."""


@dataclass(frozen=True)
class Live:
    """A case as it is trained by ``fit``."""

    case: Case
    absent: tuple[str, ...] = ()
    about_data: bool = False
    again: bool = False
    """A further enactment of a scenario: with the slow tests."""
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.case.scenario or 'H'}-{self.case.id}"


def _live(case: Case, again: bool = False) -> Live:
    scenario, changes = case.scenario, WITH_KERAS.get(case.id, {})
    further = [FURTHER_CURES[case.id]] if case.id in FURTHER_CURES else []
    cures = tuple(_with_keras(cure, case.program, changes) for cure in (*case.cures, *further))
    if case.id in LESS_TO_GAIN:
        cures = tuple(replace(cure, gain=LESS_TO_GAIN[case.id]) for cure in cures)
    case = replace(case, program=case.program.but(**changes), cures=cures)
    return Live(case, ABSENT.get(scenario, ()), scenario in ABOUT_DATA, again, TOLD.get(scenario, {}))


def _with_keras(cure: Cure, sick: Program, changes: dict[str, Any]) -> Cure:
    """The cure with the same changes, but for those of what it is about."""
    kept = {name: value for name, value in changes.items() if getattr(cure.program, name) == getattr(sick, name)}
    if cure.program.initialization != sick.initialization:
        kept.pop("weight_gain", None)  # another start has a size of its own
    return replace(cure, program=cure.program.but(**kept))


def expressible(program: Program) -> bool:
    """Whether a call of ``fit`` can be written that trains the program."""
    return all(getattr(program, one.name) == one.default for one in fields(Program) if one.name in ELSEWHERE)


def _scenarios() -> Iterator[Live]:
    """The first enactment of each scenario with the quick tests, and one more of those with many faces."""
    seen: dict[str, int] = {}
    for case in CASES.values():
        if case.scenario.startswith("S") and expressible(case.program) and case.id not in LEFT_OUT:
            seen[case.scenario] = seen.get(case.scenario, 0) + 1
            yield _live(case, again=seen[case.scenario] > 1 and case.id not in OFTEN)


SCENARIOS = tuple(_scenarios())
"""The enactments of S01 to S38 that ``fit`` has a place for."""

TWICE = ("healthy_transformer_1_sgd", "healthy_transformer_2_adamw", "healthy_lstm_1_sgd", "healthy_lstm_2_sgd")
"""Further controls of networks that take long to compile: with the slow tests."""

HEALTHY = tuple(
    _live(case, again=case.id in TWICE)
    for case in (*CASES.values(), *ARCHITECTURE_CASES.values())
    if case.healthy and expressible(case.program)
)
