"""A rule: the steps take longer and longer."""

from __future__ import annotations

from expert.authoring import Rule, case, curve, facts, flat, limit, line, run, signal, time

SLOWER = limit("step-slowdown", 1.5, unit="ratio", source="example", healthy="0.9 to 1.1")

RULE = Rule(
    id="RUN901",
    name="growing-steps",
    kind="cause",
    family="run",
    level="static",
    severity="warning",
    prior=0.6,
    blames=("code",),
    symptom="the steps take longer and longer",
    cause="something grows with every step, most often a graph that is kept alive",
    when=signal.slowdown(time.step_seconds) > SLOWER,
    remedies=("detach-what-is-kept",),
    meaning="The training slows down although the work of a step is the same.",
    mechanism="Kept tensors keep their graphs, and memory that fills up makes every allocation slower.",
    false_alarms="Sequences that become longer by design, or another job that came to the machine.",
    source=("knowledge of the field",),
    fires=(
        case("twice as slow at the end", run(curve(time.step_seconds, line(0.1, 0.3, 40), per_epoch=10))),
        case("just above", facts(signal.slowdown(time.step_seconds).of(1.6))),
    ),
    quiet=(
        case("level", run(curve(time.step_seconds, flat(0.1, 40), per_epoch=10))),
        case("just below", facts(signal.slowdown(time.step_seconds).of(1.4))),
    ),
)
