from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, escalates, facts, flat, limit, run, signal, strong, supports, train, val, weak,
    weight,
)  # fmt: skip
from expert.rules.limits import NEARLY_ALL_RIGHT, SOME_LEFT

SHRUNK = limit("shrunk-weights", 0.3, unit="ratio", source="measured", healthy="0.5-2.2")
HIGH = limit("high-loss-under-decay", 0.7, unit="ratio to chance", source="measured", healthy="0.0-0.5")
STRONG = limit("strong-weight-decay", 0.05, unit="decay", source="measured", healthy="up to 0.01")
SHORT_MEMORY = limit("steps-remembered", 100, unit="steps", source="measured: 20", healthy="2000-40000")
HALF = limit("large-penalty", 0.01, unit="penalty", source="half of a large decay: a penalty has twice its gradient")
LARGE = limit("large-weight-decay", 0.02, unit="decay", source="knowledge of the field", healthy="0 to 0.001 for SGD")
LITTLE = limit("little-fall-under-decay", 0.3, unit="share", source="measured", healthy="0.55-0.99")

norm = signal.weight_norm_change()
level = signal.loss_over_chance(train.loss)
fall = signal.loss_fall()
penalty = config.weight_decay
remembered = signal.steps_remembered()
missed = signal.errors_left(val.score)

RULE = Rule(
    id="OPT301",
    name="weight-decay-too-high",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="error",
    prior=0.6,
    blames=("regularization",),
    symptom="the weights shrink and the loss stays near chance",
    cause="the weight decay pulls the weights to zero faster than the data pull them out",
    when=((norm < SHRUNK) & ((penalty > 0.0) | (config.l2_penalty > 0.0) | ~penalty.known) & ((level > HIGH)
        | (fall < LITTLE)))
    | (~norm.known & (penalty > STRONG) & ~config.decoupled_weight_decay & (fall < LITTLE))
    | ((remembered < SHORT_MEMORY) & ((penalty > LARGE) | (config.l2_penalty > HALF))
    & ((level > SOME_LEFT) | (~level.known & ((fall < LITTLE) | ~fall.known)))
    & ((missed > NEARLY_ALL_RIGHT) | ~missed.known)),
    evidence=(
        supports(norm < SHRUNK, strong, "the norm of the weights shrank to {value:.0%} of its first value"),
        supports(penalty > STRONG, strong, "the weight decay is {value:g}", group="decay"),
        supports(remembered < SHORT_MEMORY, strong, "it undoes what was learned within {value:.0f} steps",
            group="decay"),
        supports(signal.gradient_cosine() > 0.25, weak, "successive gradients agree with a cosine of {value:+.2f}"),
    ),
    # Before the training it is what the settings lead to, and not yet what happened.
    escalate=(escalates(~fall.known & ~norm.known & ~level.known, "warning"),),
    explains=("ACT103", "PLT101", "PLT102", "PLT104", "PLT106", "GEN103", "OPT103", "OPT104"),
    remedies=("lower-weight-decay",),
    meaning="The network cannot hold on to anything it learns, and ends where its weights are nearly nothing: at the "
    "level of guessing.",
    mechanism="Each step multiplies the weights by one minus rate times decay. Where that pull exceeds the gradient of "
    "the data for most "
    "steps, the norm falls until the output no longer depends on the input.",
    false_alarms="Layers followed by normalization do not care for the size of their weights; a shrinking norm alone "
    "is no fault there.",
    source=("article 3.2", "SMI"),
    fires=(
        case("weights shrink to a hundredth", run(curve(train.loss, flat(1.386, 12)), curve(weight.norm, decay(10, 0.1,
             12)),
             config={"weight_decay": 0.1, "loss": "cross_entropy"}, data={"classes": 4})),
        case("just enough", facts(norm.of(0.25), level.of(0.8), penalty.of(0.06), signal.gradient_cosine().of(0.3))),
        case("classes unknown, small decay", facts(norm.of(0.25), level.of(None), fall.of(0.2), penalty.of(0.04),
             signal.gradient_cosine().of(0.2))),
        case("strong decay, norms unknown", facts(norm.of(None), penalty.of(0.06),
             config.decoupled_weight_decay.of(False), fall.of(0.2))),
        case("a penalty in the loss", facts(norm.of(0.1), level.of(1.0), penalty.of(0.0), config.l2_penalty.of(0.1))),
        case("shrunk below guessing, and stood", facts(norm.of(0.1), level.of(0.5), fall.of(0.2), penalty.of(None))),
        case("nothing told", facts(norm.of(0.1), level.of(1.0), penalty.of(None))),
        case("forgets within 70 steps, neither level nor score known", facts(remembered.of(70), penalty.of(0.025))),
        case("forgets within 70 steps, and comes down little", facts(remembered.of(70), penalty.of(0.025),
             fall.of(0.25))),
        case("a penalty of layers", facts(remembered.of(70), penalty.of(0.0), config.l2_penalty.of(0.012),
             level.of(0.6))),
        case("forgets within 70 steps, something left to learn", facts(remembered.of(70), penalty.of(0.025),
             level.of(0.25), missed.of(0.04))),
    ),
    quiet=(
        case("weights grow", run(curve(train.loss, decay(1.386, 0.4, 12)), curve(weight.norm, decay(10, 14, 12)),
             config={"weight_decay": 0.1})),
        case("no decay at all", facts(norm.of(0.1), level.of(1.0), penalty.of(0.0), config.l2_penalty.of(0.0),
             fall.of(0.0))),
        case("forgets fast, and comes down all the same", facts(remembered.of(70), penalty.of(0.025), fall.of(0.4),
             norm.of(0.9))),
        case("forgets within 120 steps", facts(remembered.of(120), penalty.of(0.025))),
        case("a small penalty of layers", facts(remembered.of(70), penalty.of(0.0), config.l2_penalty.of(0.008),
             level.of(0.6))),
        case("a small decay at a high rate", facts(remembered.of(70), penalty.of(0.015))),
        case("forgets fast, and next to nothing is left to learn", facts(remembered.of(70), penalty.of(0.025),
             level.of(0.15), missed.of(0.04))),
        case("forgets fast, and nearly all answers are right", facts(remembered.of(70), penalty.of(0.025),
             level.of(0.25), missed.of(0.025))),
        case("weights halved", facts(norm.of(0.4), level.of(1.0), penalty.of(0.1), fall.of(0.0))),
        case("shrunk and learned", facts(norm.of(0.2), level.of(0.5), fall.of(0.5))),
        case("shrunk and came down", facts(norm.of(0.2), level.of(None), fall.of(0.5), penalty.of(0.1))),
        case("decay of 0.04", facts(norm.of(None), penalty.of(0.04), config.decoupled_weight_decay.of(False),
             fall.of(0.0))),
        case("decoupled decay", facts(norm.of(None), penalty.of(0.1), config.decoupled_weight_decay.of(True),
             fall.of(0.0))),
        case("strong decay, came down", facts(norm.of(None), penalty.of(0.1), config.decoupled_weight_decay.of(False),
             fall.of(0.5))),
        case("strong decay, weights keep their size", facts(norm.of(0.9), level.of(1.0), penalty.of(0.1),
             config.decoupled_weight_decay.of(False), fall.of(0.0))),
    ),
)  # fmt: skip
