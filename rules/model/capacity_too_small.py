from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    config,
    curve,
    decay,
    facts,
    for_profile,
    flat,
    limit,
    model,
    moderate,
    run,
    signal,
    supports,
    train,
    val,
    weak,
)
from expert.rules.limits import LITTLE_PROGRESS, WILD_UPDATE

STUCK_HIGH = limit(
    "loss-stuck-high", 0.7, unit="ratio", source="measured", healthy="0.01-0.4 of chance after ten epochs"
)
FEW = limit("few-parameters-per-sample", 0.05, unit="parameters per sample", source="knowledge of the field")
NARROW = limit("narrow-layer", 5, unit="units", source="knowledge of the field", healthy="16 and more")
HALF_LEARNED = limit(
    "loss-half-way",
    0.4,
    unit="ratio to chance",
    source="measured",
    healthy="0.0-0.2",
    profiles=(for_profile("language-model", 0.7, source="measured", healthy="0.45-0.57"),),
)
ARRIVES = limit("gradient-arrives", 0.1, unit="ratio", source="measured", healthy="0.14-3.2")

level = signal.loss_over_chance(train.loss)
progress = signal.relative_improvement(train.loss)
reach = signal.first_to_last_gradient()
early_update = signal.early_update_ratio()
few = signal.parameters_per_sample()
narrow = signal.narrowest_layer()
apart = signal.relative_gap(val.loss, train.loss)
throttled = (
    (narrow < NARROW)
    & (level > HALF_LEARNED)
    & (~config.task.is_("autoencoder") | ~config.task.known)
    & ((apart < 0.2) | ~apart.known)
)

RULE = Rule(
    id="MOD201",
    name="capacity-too-small",
    kind="cause",
    family="model",
    level="capacity",
    severity="warning",
    prior=0.5,
    blames=("architecture",),
    symptom="training and validation loss stay high together, although gradients arrive and weights move",
    cause="the model is too small to represent the relation it is to learn",
    when=(
        (level > STUCK_HIGH)
        & (progress < LITTLE_PROGRESS)
        & (model.linear | ((few < FEW) & (reach > ARRIVES)))
        & ((early_update <= WILD_UPDATE) | ~early_update.known)
    )
    | throttled,
    evidence=(
        supports(model.linear, moderate, "the model is linear: it can represent no bend and no XOR"),
        supports(throttled, moderate, "all that passes goes through a layer of {value:.0f} units"),
        supports(signal.update_ratio() > 1e-3, moderate, "the weights do move: by {value:.1g} of their norm at a step"),
        supports(signal.relative_gap(val.loss, train.loss) < 0.1, weak, "training and validation loss agree"),
        against(model.dropout > 0.5, moderate, "dropout of {value:g} takes most of the capacity away"),
    ),
    explains=(
        "OSC106",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "RUN101",
    ),
    unless=("OPT201", "OPT301", "PLT102", "DAT201", "GRD302"),
    remedies=("more-capacity", "overfit-one-batch", "compare-with-blind-baseline", "fine-tune-pretrained"),
    meaning="More data, more epochs and other rates change nothing: an added layer or width does. If the larger model "
    "cannot fit a single batch either, look for the cause elsewhere.",
    mechanism="A linear model of XOR ends exactly at ln 2, chance, with healthy gradients; one hidden layer brings "
    "it to a tenth. A limit of capacity gives a high, flat loss. Swings of the loss between 1 and 192 have other "
    "causes, to be ruled out first: rate, a summed loss, unshuffled data, exploding gradients.",
    false_alarms="Labels that cannot be predicted from these inputs look the same: compare with a run on blinded "
    "inputs.",
    source=("article 1.1", "article 3.4", "article IMPR-1", "Goodfellow et al. 2016", "measured"),
    fires=(
        case(
            "a linear model at chance",
            run(
                curve(train.loss, flat(0.694, 20, noise=0.002)),
                curve(val.loss, flat(0.695, 20, noise=0.002)),
                model={"linear": True, "depth": 1},
                data={"classes": 2},
            ),
        ),
        case("four units for ten classes", facts(narrow.of(4), level.of(0.5), progress.of(0.5), apart.of(0.1))),
        case(
            "three units of a classifier, validation not known",
            facts(narrow.of(3), level.of(0.45), progress.of(0.5), config.task.of("classification")),
        ),
        case(
            "a linear model that moves",
            facts(
                level.of(0.85),
                progress.of(0.2),
                model.linear.of(True),
                early_update.of(0.2),
                signal.update_ratio().of(2e-3),
            ),
        ),
        case(
            "hardly a parameter for thirty samples, dropout",
            facts(
                level.of(0.9),
                progress.of(0.1),
                model.linear.of(False),
                few.of(0.035),
                reach.of(0.12),
                model.dropout.of(0.6),
                signal.update_ratio().of(7e-4),
                signal.relative_gap(val.loss, train.loss).of(0.12),
            ),
        ),
    ),
    quiet=(
        case("wide enough, half learned", facts(narrow.of(6), level.of(0.6), progress.of(0.5), apart.of(0.0))),
        case("narrow, and well learned", facts(narrow.of(3), level.of(0.3), progress.of(0.8), apart.of(0.0))),
        case("narrow, and it overfits", facts(narrow.of(3), level.of(0.6), progress.of(0.5), apart.of(0.3))),
        case(
            "the bottleneck of an autoencoder",
            facts(narrow.of(3), level.of(0.6), progress.of(0.5), apart.of(0.0), config.task.of("autoencoder")),
        ),
        case(
            "a linear model that learns",
            run(curve(train.loss, decay(0.69, 0.3, 20)), model={"linear": True, "depth": 1}, data={"classes": 2}),
        ),
        case("a linear model with a decent loss", facts(level.of(0.6), progress.of(0.1), model.linear.of(True))),
        case("a linear model that made some way", facts(level.of(0.9), progress.of(0.4), model.linear.of(True))),
        case(
            "large enough", facts(level.of(0.95), progress.of(0.1), model.linear.of(False), few.of(0.07), reach.of(0.5))
        ),
        case(
            "small, and the gradient does not arrive",
            facts(level.of(0.95), progress.of(0.0), model.linear.of(False), few.of(0.02), reach.of(0.06)),
        ),
        case(
            "a linear model thrown off by its first steps",
            facts(level.of(1.0), progress.of(0.0), model.linear.of(True), early_update.of(0.4)),
        ),
    ),
)
