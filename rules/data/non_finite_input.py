from __future__ import annotations

from expert.authoring import (
    Rule, against, broken, case, curve, decay, escalates, facts, line, moderate, run, signal, strong,
    supports, train,
)  # fmt: skip
from expert.rules.limits import LITTLE_PROGRESS, LOSS_GROWTH

cells = signal.nonfinite_cells()
at_once = signal.broke_at_once(train.loss)
growth = signal.loss_growth_before_break(train.loss)

RULE = Rule(
    id="DAT101",
    name="non-finite-input",
    kind="cause",
    family="data",
    level="data",
    severity="fatal",
    prior=0.45,
    blames=("data", "preprocessing"),
    symptom="inputs or labels hold values that are NaN or infinite",
    cause="the first batch that holds such a value turns the loss, the gradients and then every weight into NaN",
    when=(cells > 0) | (~cells.known & signal.broken_loss() & ((growth < LOSS_GROWTH) | at_once)),
    evidence=(
        supports(cells > 0, strong, "{value:.0f} cells of the data are no finite numbers: {where}"),
        supports(signal.broken_loss() & (cells > 0), moderate, "{which} is {what}"),
        against(
            signal.broken_loss().is_(False) & (signal.loss_fall() >= LITTLE_PROGRESS),
            strong,
            "the loss stays finite and falls, so these cells may never reach it",
        ),
    ),
    escalate=(
        escalates(signal.broken_loss().is_(False) & (signal.loss_fall() >= LITTLE_PROGRESS), "warning"),
        escalates(~cells.known, "error"),
    ),
    explains=(
        "NUM101",
        "NUM102",
        "NUM201",
        "GRD101",
        "ACT101",
        "OPT104",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
    ),
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
        case(
            "broken out of the blue, the data not known",
            run(curve(train.loss, decay(1.4, 1.2, 40), broken(20), per_epoch=10)),
        ),
        case("twice as large before it broke", facts(cells.of(None), signal.broken_loss().of(True), growth.of(2.0))),
        case(
            "broken in its first step, the data not known",
            facts(cells.of(None), signal.broken_loss().of(True), at_once.of(True)),
        ),
        case("before any run", facts(signal.nonfinite_cells().of(3.0))),
        case(
            "the loss stays finite and falls",
            facts(signal.nonfinite_cells().of(3.0), signal.broken_loss().of(False), signal.loss_fall().of(0.4)),
        ),
        case(
            "the loss stays finite and where it is",
            facts(signal.nonfinite_cells().of(3.0), signal.broken_loss().of(False), signal.loss_fall().of(0.2)),
        ),
    ),
    quiet=(
        case(
            "a loss that grew until it broke",
            run(curve(train.loss, line(1.4, 1.2, 20), line(1.2, 900, 30), broken(20), per_epoch=10)),
        ),
        case("four times as large before", facts(cells.of(None), signal.broken_loss().of(True), growth.of(4.0))),
        case(
            "nothing is broken, data not known", facts(cells.of(None), signal.broken_loss().of(False), growth.of(1.0))
        ),
        case(
            "a broken loss on clean data",
            run(curve(train.loss, decay(1.4, 1.2, 40), broken(20)), data={"nonfinite_cells": 0, "samples": 1600}),
        ),
    ),
)
