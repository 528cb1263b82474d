from __future__ import annotations

from expert.authoring import (
    Rule, against, broken, case, curve, decay, escalates, facts, moderate, run, signal, strong, supports, train,
)  # fmt: skip

RULE = Rule(
    id="DAT101",
    name="non-finite-input",
    kind="cause",
    family="data",
    level="data",
    severity="fatal",
    prior=0.9,
    blames=("data", "preprocessing"),
    symptom="inputs or labels hold values that are NaN or infinite",
    cause="the first batch that holds such a value turns the loss, the gradients and then every weight into NaN",
    when=signal.nonfinite_cells() > 0,
    evidence=(
        supports(signal.broken_loss(), moderate, "{which} is {what}"),
        against(signal.broken_loss().is_(False), strong, "the loss stays finite, so these cells may never reach it"),
    ),
    escalate=(escalates(signal.broken_loss().is_(False), "warning"),),
    explains=("NUM101", "NUM102", "NUM201"),
    remedies=("remove-nonfinite-rows", "guard-preprocessing", "locate-first-nonfinite"),
    meaning="After preprocessing some cells are no numbers. One of them is enough to ruin a run.",
    mechanism=(
        "Every sum that meets a NaN becomes NaN; the step after it writes NaN into all weights, and no later batch "
        "can repair them. An infinity does the same as soon as it is subtracted from another or multiplied by zero."
    ),
    false_alarms="Cells that are masked or padded before the loss; models that take NaN to mean a missing value.",
    source=("article 3.1", "article ERR-3", "SageMaker Debugger"),
    aliases=("nonfinite-input",),
    fires=(
        case(
            "one cell, and the loss breaks",
            run(
                curve(train.loss, decay(1.4, 1.2, 40), broken(60), per_epoch=20),
                data={
                    "nonfinite_cells": 1,
                    "rows_with_nonfinite": 1,
                    "samples": 1600,
                    "nonfinite_where": ({"row": 1234, "column": "x7", "value": "nan"},),
                },
            ),
        ),
        case("before any run", facts(signal.nonfinite_cells().of(3.0))),
        case("the loss stays finite", facts(signal.nonfinite_cells().of(3.0), signal.broken_loss().of(False))),
    ),
    quiet=(
        case(
            "a broken loss on clean data",
            run(curve(train.loss, decay(1.4, 1.2, 40), broken(20)), data={"nonfinite_cells": 0, "samples": 1600}),
        ),
    ),
)
