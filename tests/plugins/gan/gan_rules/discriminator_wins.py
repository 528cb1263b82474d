"""A rule: the discriminator has won, and the generator learns nothing from it any more."""

from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, flat, limit, line, moderate, run, signal, supports, train

LOW = limit("gan-discriminator-low", 0.1, unit="nats", source="our own runs", healthy="0.3 to 0.7")
LEAD = limit("gan-lead", 5.0, unit="ratio", source="our own runs", healthy="0.5 to 2")
RISEN = limit("gan-generator-risen", 1.0, unit="share of the first value", source="our own runs")

level = signal.minimum_value(train.d_loss)
lead = signal.discriminator_lead(train.g_loss, train.d_loss)
risen = signal.rise_above_start(train.g_loss)

RULE = Rule(
    id="GAN901",
    name="discriminator-wins",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="error",
    prior=0.7,
    blames=("learning-rate", "architecture"),
    symptom="the loss of the discriminator goes to zero while that of the generator rises",
    cause="the discriminator tells every sample apart, so its gradient says nothing to the generator",
    when=(level < LOW) & (lead > LEAD),
    evidence=(supports(risen > RISEN, moderate, "the loss of the generator rose by {value:.0%}"),),
    remedies=("weaken-discriminator", "lower-learning-rate"),
    meaning="The samples will not get better from here on, however long the training goes on.",
    mechanism="Where the discriminator is sure, its sigmoid is flat, and no gradient passes through it.",
    false_alarms="Wasserstein and hinge losses, whose levels mean something else.",
    source=("Arjovsky and Bottou 2017",),
    fires=(
        case("it wins", run(curve(train.d_loss, decay(1.2, 0.01, 40)), curve(train.g_loss, line(0.9, 6.0, 40)))),
        case("just", facts(level.of(0.09), lead.of(6.0), risen.of(0.8))),
        case("and the other loses", facts(level.of(0.09), lead.of(6.0), risen.of(1.2))),
    ),
    quiet=(
        case("a draw", run(curve(train.d_loss, flat(0.65, 40, 0.05)), curve(train.g_loss, flat(0.8, 40, 0.05)))),
        case("not low enough", facts(level.of(0.12), lead.of(20.0))),
        case("low from the start on", facts(level.of(0.01), lead.of(4.0))),
    ),
)
