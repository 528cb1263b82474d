from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, limit, model, run, signal, supports, train, weak

NOTABLE = limit("decay-on-norm", 1e-3, unit="weight decay", source="usual decays are 0.01-0.1", healthy="0")

RULE = Rule(
    id="CFG107",
    name="decay-on-norm-and-bias",
    kind="cause",
    family="configuration",
    level="static",
    severity="info",
    status="experimental",
    prior=0.3,
    blames=("regularization",),
    symptom="weight decay acts on normalization layers and biases as well",
    cause="all parameters were given to the optimizer in one group",
    when=config.decay_on_norm_and_bias & (config.weight_decay > NOTABLE) & model.transformer,
    evidence=(
        supports(config.weight_decay > 0.05, weak, "a weight decay of {value:g} is not small"),
        supports(signal.weight_norm_change() < 0.9, weak, "the norm of the weights fell to {value:.2f} of what it was"),
    ),
    remedies=("decouple-weight-decay",),
    meaning="The gain of a normalization and a bias hold a level and no capacity; pulling them to zero costs fit and "
    "regularizes nothing. In transformers they are usually left out.",
    mechanism="A decay shrinks each gain a little in every step, against what the loss asks for. The weights behind it "
    "must make up for that.",
    false_alarms="Many good models were trained this way; the effect is small.",
    source=("Loshchilov and Hutter 2019", "knowledge of the field"),
    fires=(
        case(
            "one group for all",
            run(
                curve(train.loss, decay(6.0, 3.0, 20)),
                config={"decay_on_norm_and_bias": True, "weight_decay": 0.1, "optimizer": "adamw"},
                model={"transformer": True},
            ),
        ),
        case(
            "a moderate decay",
            facts(config.decay_on_norm_and_bias.of(True), config.weight_decay.of(0.04), model.transformer.of(True)),
        ),
        case(
            "a small decay, weights that shrink",
            facts(
                config.decay_on_norm_and_bias.of(True),
                config.weight_decay.of(1.4e-3),
                model.transformer.of(True),
                signal.weight_norm_change().of(0.7),
            ),
        ),
    ),
    quiet=(
        case(
            "two groups",
            run(
                config={"decay_on_norm_and_bias": False, "weight_decay": 0.1},
                model={"transformer": True},
            ),
        ),
        case(
            "hardly any decay",
            facts(config.decay_on_norm_and_bias.of(True), config.weight_decay.of(6e-4), model.transformer.of(True)),
        ),
        case(
            "no transformer",
            facts(config.decay_on_norm_and_bias.of(True), config.weight_decay.of(0.01), model.transformer.of(False)),
        ),
    ),
)
