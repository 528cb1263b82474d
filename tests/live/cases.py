"""Which trainings are watched live, what the user adds, and what must not be said.

S01 to S38 are the scenarios of the knowledge base, each on its own model; the faults of `FAULTS` come again on a
convolutional network, an LSTM and a small transformer. What is expected stands in the tables of `tests/scenarios/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.scenarios.architectures import ARCHITECTURE_CASES
from tests.scenarios.case import Case
from tests.scenarios.cases import CASES

ABOUT_DATA = ("S06", "S13", "S15", "S23", "S25", "S26", "S27", "S28", "S29", "S37")
"""Scenarios in which the user shows the arrays as well: `advise(run, data=((x, y), (x_val, y_val)))`.

They are about data, or the data must be cleared of blame first: steep gradients at the start may come of large inputs.
"""

ABSENT = {
    "S04": ("DAT301",),
    "S05": ("DAT302",),
    "S07": ("DAT101",),
    "S20": ("OSC102",),
    "S30": ("PLT102",),
    "S31": ("PLT102",),
    "S34": ("OPT101",),
}
"""Rules the knowledge base names as absent, by scenario."""

REJECTED = {"S35": ("FX315",)}
"""Remedies that must not be recommended at all: a smaller batch makes noise worse."""

TOLD: dict[str, dict[str, Any]] = {
    "S07": {"loss_formula": "hand_made"},
    "S08": {"loss_formula": "hand_made", "probability_clamp": 1e-10},
    "S19": {"pretrained": False},
}
"""What cannot be seen from outside, and a user who wants an answer says."""


@dataclass(frozen=True)
class Live:
    """A case as it is trained live."""

    case: Case
    absent: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    about_data: bool = False
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.case.scenario or 'H'}-{self.case.id}"


def _live(case: Case) -> Live:
    scenario = case.scenario
    return Live(
        case,
        absent=ABSENT.get(scenario, ()),
        rejected=REJECTED.get(scenario, ()),
        about_data=scenario in ABOUT_DATA,
        told=TOLD.get(scenario, {}),
    )


SCENARIOS = tuple(_live(case) for case in CASES.values() if case.scenario.startswith("S"))
"""Every enactment of S01 to S38."""

FAULTS_ON_ARCHITECTURES = tuple(_live(case) for case in ARCHITECTURE_CASES.values() if not case.healthy)

HEALTHY = tuple(_live(case) for case in (*CASES.values(), *ARCHITECTURE_CASES.values()) if case.healthy)
