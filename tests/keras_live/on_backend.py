"""Scenarios on the backend that KERAS_BACKEND names, run as a program: prints what was found as JSON."""

from __future__ import annotations

import json
import sys

from expert import advise
from tests.keras_live.cases import HEALTHY, SCENARIOS
from tests.keras_live.training import train


def main(seed: int, chosen: list[str]) -> None:
    told = {}
    for live in (*SCENARIOS, *HEALTHY):
        if live.case.id in chosen:
            trained = train(live.case.program, seed, live.told, probe=True)
            advice = advise(trained.watcher, data=trained.data) if live.about_data else advise(trained.watcher)
            told[live.case.id] = {
                "findings": [(one.rule, one.severity) for one in advice.findings],
                "recommended": [(one.remedy, one.kind) for one in advice.recommendations],
                "notes": list(trained.watcher.history().notes),
            }
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
