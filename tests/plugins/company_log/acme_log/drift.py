"""A rule about a metric of our own: how far the validation data lie from what is served today."""

from __future__ import annotations

from expert.authoring import (
    Remedy,
    Rule,
    case,
    curve,
    escalates,
    facts,
    flat,
    limit,
    line,
    numpy_code,
    run,
    signal,
    val,
)

DRIFTED = limit("acme-drift", 0.2, unit="share", source="ACME runbook 7", healthy="below 0.1")
FAR = limit("acme-drift-far", 0.5, unit="share", source="ACME runbook 7")

drift = signal.last_value(val.drift)

REMEDY = Remedy(
    id="AC901",
    name="draw-validation-again",
    title="Draw the validation data from this month's traffic",
    do="Sample the validation set anew from what was served in the last 30 days, and validate the last checkpoint.",
    cost="new data",
    risk="low",
    snippets=(
        numpy_code("""
        recent = served[served["age_days"] < 30]
        validation = recent[np.random.default_rng(0).choice(len(recent), size=5000, replace=False)]
        """),
    ),
    watch="drift falls below 0.1",
    source=("ACME runbook 7",),
)
RULE = Rule(
    id="ACM901",
    name="acme-validation-drifted",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.8,
    blames=("validation", "data"),
    symptom="the validation data are far from what is served",
    cause="the validation set is older than the traffic",
    when=drift > DRIFTED,
    escalate=(escalates(drift > FAR, "error"),),
    remedies=("draw-validation-again",),
    meaning="What is measured on these data says little of how the model will do when it is served.",
    mechanism="Traffic changes with the season and with the products, and a set that is drawn once does not.",
    false_alarms="Models for markets that are not served yet.",
    source=("ACME runbook 7",),
    fires=(
        case("it drifts away", run(curve(val.drift, line(0.02, 0.4, 20), per_epoch=2))),
        case("just", facts(drift.of(0.22))),
        case("far", facts(drift.of(0.6))),
    ),
    quiet=(
        case("it stays", run(curve(val.drift, flat(0.05, 20), per_epoch=2))),
        case("nearly", facts(drift.of(0.18))),
    ),
)
