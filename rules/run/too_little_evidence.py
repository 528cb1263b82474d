from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, run, signal, train, val

short = signal.is_short(train.loss)

RULE = Rule(
    id="RUN106",
    name="too-little-evidence",
    kind="symptom",
    family="run",
    level="measurement",
    severity="info",
    status="experimental",
    prior=0.95,
    blames=("epochs",),
    symptom="fewer than six epochs and fewer than sixty values of the training loss were recorded",
    when=short,
    invalidates=(train.loss, val.loss),
    remedies=("train-longer",),
    meaning="No course can be read from so few points, so nothing that rests on one is told with more than 40 % "
    "confidence. Log each step, or go on.",
    mechanism="The first values of a run differ as much by chance as by any cause, and most faults show only in how "
    "the loss goes on.",
    false_alarms="One-epoch runs whose every step was logged elsewhere.",
    source=("knowledge of the field",),
    fires=(case("three epochs", run(curve(train.loss, decay(2.3, 1.5, 3)))),),
    quiet=(
        case("twenty epochs", run(curve(train.loss, decay(2.3, 0.5, 20)))),
        case("long enough", facts(short.of(False))),
    ),
)
