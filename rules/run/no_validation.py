from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, run, signal, train, val

trained = signal.steps_recorded(train.loss)
validated = signal.steps_recorded(val.loss)
scored = signal.steps_recorded(val.score)
# Errors that are measured beside a loss stand for none of the two.
absolute, squared = signal.steps_recorded(val.mae), signal.steps_recorded(val.mse)

RULE = Rule(
    id="RUN104",
    name="no-validation",
    kind="symptom",
    family="run",
    level="measurement",
    severity="info",
    prior=0.95,
    blames=("validation",),
    symptom="nothing was measured on samples that are not trained on",
    when=trained.known & ~validated.known & ~scored.known & ~absolute.known & ~squared.known,
    remedies=("split-properly",),
    meaning="Nothing can be said of how the model does on new samples, and overfitting cannot be seen.",
    mechanism="A training loss falls whether the samples are understood or learned by heart; only samples set aside "
    "tell the two apart.",
    false_alarms="Pre-training with each sample seen once, where the training loss is honest; runs on one batch; "
    "validation that was logged elsewhere.",
    source=("knowledge of the field",),
    fires=(case("training loss alone", run(curve(train.loss, decay(2.0, 0.1, 20)))),),
    quiet=(
        case("validation loss", run(curve(train.loss, decay(2.0, 0.1, 20)), curve(val.loss, decay(2.0, 0.3, 20)))),
        case("validation by an absolute error", facts(trained.of(20), absolute.of(20))),
        case("validation by a squared error", facts(trained.of(20), squared.of(20))),
        case("validation score", facts(trained.of(20), scored.of(20))),
        case("validation loss only", facts(trained.of(20), validated.of(20))),
        case("nothing trained yet", facts(trained.of(None))),
    ),
)
