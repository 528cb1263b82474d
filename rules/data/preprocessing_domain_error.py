from __future__ import annotations

from expert.authoring import Rule, case, decisive, escalates, facts, limit, moderate, run, signal, supports

WHOLE = limit(
    "rows-made-nonfinite", 0.9, unit="share", source="measured: a column divided by its zero spread", healthy="0"
)

RULE = Rule(
    id="DAT102",
    name="preprocessing-domain-error",
    kind="cause",
    family="data",
    level="data",
    severity="fatal",
    prior=0.6,
    blames=("preprocessing",),
    symptom="the data hold infinities, or hardly a row is free of NaN",
    cause="a step of the preprocessing leaves its domain: log of 0, 0/0, division by the spread of a constant column",
    when=(signal.nonfinite_row_share() >= WHOLE) | signal.infinite_cells(),
    evidence=(
        supports(
            signal.nonfinite_row_share() >= WHOLE,
            decisive,
            "{value:.0%} of the rows are hit: a column was computed so, it did not arrive so",
            group="what was broken",
        ),
        supports(
            signal.infinite_cells(),
            moderate,
            "no source delivers infinities: the one in {where} was computed",
            group="what was broken",
        ),
    ),
    escalate=(escalates(signal.broken_loss().is_(False), "warning"),),
    explains=("NUM101", "NUM102", "NUM201"),
    remedies=("guard-preprocessing", "remove-nonfinite-rows"),
    meaning="Missing values arrive as NaN in scattered cells. Infinities and whole columns of NaN are made on the way.",
    mechanism=(
        "The logarithm of 0 is minus infinity, 0/0 is NaN, and a column without spread turns into NaN when it is "
        "standardized. A check for NaN alone overlooks the infinities."
    ),
    false_alarms="A column that is missing in nearly every row of the source.",
    source=("article 3.1", "article ERR-3"),
    fires=(
        case(
            "the log of a zero",
            run(
                data={
                    "nonfinite_cells": 1,
                    "rows_with_nonfinite": 1,
                    "samples": 1600,
                    "nonfinite_where": ({"row": 1234, "column": "x7", "value": "-inf"},),
                }
            ),
        ),
        case("a whole column of NaN", facts(signal.nonfinite_row_share().of(1.0), signal.infinite_cells().of(False))),
        case(
            "the loss stays finite",
            facts(signal.infinite_cells().of(True), signal.broken_loss().of(False)),
        ),
        case("just a column", facts(signal.nonfinite_row_share().of(0.92), signal.infinite_cells().of(False))),
    ),
    quiet=(
        case("scattered NaN", facts(signal.nonfinite_row_share().of(0.01), signal.infinite_cells().of(False))),
        case("often missing", facts(signal.nonfinite_row_share().of(0.7), signal.infinite_cells().of(False))),
    ),
)
