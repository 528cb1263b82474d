from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    facts, for_profile,
    flat,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
    train_eval,
    val,
    weak,
)  # fmt: skip

HEAVY = limit("heavy-dropout", 0.6, unit="share", source="UMLAUT, measured", healthy="0.0-0.5")
HIGH = limit(
    "validation-under-dropout",
    0.5,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.5",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)

val_level = signal.loss_over_chance(val.loss)
shown_level = signal.loss_over_chance(train_eval.loss)

RULE = Rule(
    id="GEN201",
    name="over-regularized",
    kind="cause",
    family="generalization",
    level="generalization",
    severity="warning",
    prior=0.6,
    blames=("regularization",),
    symptom="the loss stays high on training and validation samples alike",
    cause="dropout takes away more of the network than the task can spare",
    when=(model.dropout > HEAVY) & (val_level > HIGH),
    evidence=(
        supports(model.dropout >= 0.8, strong, "{value:.0%} of the units are dropped at each step"),
        supports(shown_level > 0.5, moderate, "even in evaluation mode the training loss is {value:.0%} of chance"),
        supports(config.weight_decay > 0.05, weak, "a weight decay of {value:g} comes on top"),
        against(signal.first_to_last_gradient() < 0.01, moderate,
            "the first layer gets {value:.1g} times the gradient of the last"),
    ),
    explains=("GEN103", "GEN105", "PLT101", "PLT104", "PLT106", "MOD206"),
    remedies=("lower-dropout", "lower-weight-decay", "lighten-augmentation"),
    meaning="The article removes dropout in such a case. Lower it first, to a half and then a fifth: a little of it "
    "may still help against "
    "overfitting later.",
    mechanism="With a share p dropped, each step trains a network of the share 1 - p that must do the whole task. At "
    "nine of ten dropped, "
    "hardly any feature survives two layers.",
    false_alarms="Very wide layers can spare many units.",
    source=("article 4 row 7", "UML", "SMI"),
    fires=(
        case("nine of ten dropped", run(curve(train.loss, flat(1.36, 15)), curve(val.loss, flat(1.34, 15)),
             data={"classes": 4}, model={"dropout": 0.9})),
        case("just enough", facts(model.dropout.of(0.7), val_level.of(0.6), shown_level.of(0.6),
             config.weight_decay.of(0.06))),
        case("some learned in evaluation mode", facts(model.dropout.of(0.7), val_level.of(0.6), shown_level.of(0.4),
             config.weight_decay.of(0.04))),
        case("the gradient fades too", facts(model.dropout.of(0.9), val_level.of(0.9),
             signal.first_to_last_gradient().of(0.008))),
        case("the gradient fades a little", facts(model.dropout.of(0.9), val_level.of(0.9),
             signal.first_to_last_gradient().of(0.013))),
    ),
    quiet=(
        case("half dropped, learned", run(curve(train.loss, decay(1.4, 0.5, 15)), curve(val.loss, decay(1.4, 0.4, 15)),
             data={"classes": 4}, model={"dropout": 0.5})),
        case("half dropped, not learned", facts(model.dropout.of(0.5), val_level.of(0.9))),
        case("seven of ten dropped, learned", facts(model.dropout.of(0.7), val_level.of(0.4))),
    ),
)  # fmt: skip
