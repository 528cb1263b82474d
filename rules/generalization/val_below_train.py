from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, data, decay, facts, limit, model, moderate, run, signal, supports, train,
    val, weak,
)  # fmt: skip

MOSTLY = limit("mostly-below", 0.7, unit="share", source="measured", healthy="0.0; with dropout 1.0")
FAR = limit("far-below", -0.6, unit="relative", source="measured", healthy="-0.3 and above; with dropout -0.4")

below = signal.validation_below_share(val.loss, train.loss)
gap = signal.relative_gap(val.loss, train.loss)

RULE = Rule(
    id="GEN105",
    name="val-below-train",
    kind="symptom",
    family="generalization",
    level="measurement",
    severity="info",
    prior=0.6,
    blames=("validation", "regularization"),
    symptom="the validation loss lies below the training loss",
    when=below > MOSTLY,
    evidence=(
        supports(model.dropout > 0.0, moderate, "dropout of {value:.0%} is on in training and off in validation"),
        supports(config.augmentation, moderate, "training samples are augmented and validation samples are not"),
        supports(config.penalty_in_loss, moderate, "a penalty is counted in the training loss only"),
        supports(data.validation_samples < 200, weak, "the validation set has only {value:.0f} samples"),
    ),
    unless=("GEN106", "MOD106", "GEN104"),
    remedies=("measure-training-loss-in-evaluation-mode", "larger-validation-set", "remove-leaks", "average-the-loss"),
    meaning="The sixth row of the article, which suspects a small test set or a wrong error. The innocent reasons are "
    "commoner: dropout or "
    "augmentation in training only, penalties in the training loss only, and a training loss averaged over an epoch in "
    "which it fell.",
    mechanism="The training loss is measured on a handicapped model, on harder samples, or earlier than the validation "
    "loss. On equal terms, "
    "in evaluation mode at the end of the epoch, the order usually turns round.",
    false_alarms="With dropout this is the normal picture. A validation set that is small or easy, or that leaks, is "
    "the exception to look for.",
    source=("article 4 row 6", "article ERR-8", "UML"),
    fires=(
        case("below with dropout", run(curve(train.loss, decay(2.0, 0.8, 30)), curve(val.loss, decay(2.0, 0.6, 30)),
             model={"dropout": 0.5})),
        case("below most of the time, small set", facts(below.of(0.75), gap.of(-0.2), data.validation_samples.of(150))),
        case("below, augmented", facts(below.of(1.0), gap.of(-0.5), config.augmentation.of(True),
             data.validation_samples.of(250))),
        case("far below, with a penalty", facts(below.of(1.0), gap.of(-0.7), config.penalty_in_loss.of(True))),
    ),
    quiet=(
        case("above", run(curve(train.loss, decay(2.0, 0.5, 30)), curve(val.loss, decay(2.0, 0.6, 30)))),
        case("below half of the time", facts(below.of(0.6), gap.of(-0.1))),
    ),
)  # fmt: skip
