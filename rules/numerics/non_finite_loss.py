from __future__ import annotations

from expert.authoring import (
    Rule, broken, case, curve, decay, escalates, facts, flat, gradient, limit, line, run, signal, train, val,
)  # fmt: skip

PASSING = limit("passing-break", 0.5, unit="share of values", source="weights that are NaN stay NaN", healthy="0")

RULE = Rule(
    id="NUM101",
    name="non-finite-loss",
    kind="symptom",
    family="numerics",
    level="numerics",
    severity="fatal",
    core=True,
    prior=0.97,
    symptom="the loss stops being a number",
    when=signal.broken_loss(),
    escalate=(
        escalates(signal.has_nonfinite(train.loss).is_(False) & signal.has_nonfinite(val.loss), "error"),
        escalates(signal.broken_share() < PASSING, "warning"),
    ),
    remedies=("locate-first-nonfinite", "remove-nonfinite-rows", "fused-loss-on-logits", "rewind-to-checkpoint"),
    meaning=(
        "From this point on the run is worthless: weights that are NaN stay NaN. Go back to a checkpoint from before, "
        "and find out which came first, the input, an activation, the loss, a gradient or a weight. A loss that is "
        "finite again afterwards has left the weights whole; then look at the one batch or measurement that broke it."
    ),
    mechanism=(
        "Three roads lead here: non-finite cells in the data, a logarithm or quotient outside its domain, and numbers "
        "that grow until they overflow. Only the last one announces itself in the gradients before."
    ),
    false_alarms="A validation loss over no samples; a logger that writes NaN where it has no value.",
    source=("article 3.1", "SageMaker Debugger"),
    aliases=("nan-loss",),
    fires=(
        case("NaN in training", run(curve(train.loss, decay(1.4, 1.2, 40), broken(20), per_epoch=10))),
        case(
            "NaN in validation only",
            run(curve(train.loss, decay(1.4, 0.4, 12)), curve(val.loss, decay(1.4, 0.6, 6), broken(6))),
        ),
        case(
            "infinite at one epoch, finite again",
            run(curve(train.loss, decay(1.4, 0.4, 12), broken(1), decay(0.4, 0.3, 12))),
        ),
        case("now and then", facts(signal.broken_loss().of(True), signal.broken_share().of(0.4))),
        case("mostly", facts(signal.broken_loss().of(True), signal.broken_share().of(0.6))),
        case(
            "a filtered NaN, written as 0",
            run(curve(train.loss, line(1.4, 0.9, 20), flat(0.0, 10)), curve(gradient.norm, flat(0.5, 20), broken(10))),
        ),
    ),
    quiet=(
        case("finite throughout", run(curve(train.loss, decay(1.4, 0.2, 30)), curve(val.loss, decay(1.4, 0.4, 30)))),
        case("memorized to the last digit", run(curve(train.loss, decay(1.4, 1e-6, 20), flat(0.0, 5)))),
        case(
            "zeros with sound gradients",
            run(curve(train.loss, line(1.4, 0.9, 20), flat(0.0, 10)), curve(gradient.norm, flat(0.5, 30))),
        ),
    ),
)
