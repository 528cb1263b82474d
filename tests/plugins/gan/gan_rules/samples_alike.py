"""A rule: the generator makes one and the same sample (mode collapse)."""

from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, flat, limit, run, signal, train

LEFT = limit("gan-diversity-left", 0.3, unit="share", source="our own runs", healthy="above 0.7")

left = signal.left_of_best(train.diversity)

RULE = Rule(
    id="GAN902",
    name="samples-alike",
    kind="cause",
    family="model",
    level="capacity",
    severity="error",
    prior=0.6,
    blames=("architecture", "loss-function"),
    symptom="the generated samples become more and more alike",
    cause="the generator has found the few samples that the discriminator takes for real",
    when=config.adversarial & (left < LEFT),
    remedies=("discriminate-batches", "weaken-discriminator"),
    meaning="The generator covers a part of the data only, however good each of its samples looks.",
    mechanism="Nothing in the loss of a single sample says that the others look the same.",
    false_alarms="Generators that are conditioned on something of which the log says nothing.",
    source=("Goodfellow 2016", "Salimans et al. 2016"),
    fires=(
        case("gone", run(curve(train.diversity, decay(0.8, 0.05, 30)), config={"adversarial": True})),
        case("just", facts(config.adversarial.of(True), left.of(0.28))),
    ),
    quiet=(
        case("kept", run(curve(train.diversity, flat(0.8, 30, 0.02)), config={"adversarial": True})),
        case("nearly", facts(config.adversarial.of(True), left.of(0.33))),
        case("of a classifier", facts(config.adversarial.of(False), left.of(0.1))),
    ),
)
