from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, facts, flat, limit, run, signal, strong, supports, train, val,
)  # fmt: skip

BELOW_LEAST = limit(
    "loss-below-least",
    0.8,
    unit="ratio",
    source="ln 2 for each wrong answer; the rest is left to means over unequal batches",
    healthy="1.0 and more",
)
FAR_BELOW_LEAST = limit(
    "loss-far-below-least",
    0.01,
    unit="ratio",
    source="a whole sequence is wrong by one token in a hundred",
    healthy="1.0 and more",
)
SHARE_LOGGED = limit(
    "loss-logged-in-part", 0.5, unit="ratio", source="knowledge of the field", healthy="0.95-2.3; less is a part of it"
)

checked = signal.loss_over_least(val.loss, val.accuracy)
trained = signal.loss_over_least(train.loss, train.accuracy)
start = signal.initial_loss_over_chance(train.loss)
one_label = (
    data.classes.known
    & config.loss.is_("cross_entropy", "nll")
    & ~config.class_weights
    & ((start >= SHARE_LOGGED) | ~start.known)
)
of_tokens = config.task.is_("language_model", "segmentation", "detection")

RULE = Rule(
    id="RUN112",
    name="metric-contradicts-loss",
    kind="cause",
    family="run",
    level="measurement",
    severity="error",
    prior=0.7,
    blames=("validation", "loss-function", "code"),
    symptom="the loss is far lower than so many wrong answers allow",
    cause="accuracy and loss do not judge the same answers by the same labels: one of the two is computed wrongly",
    when=((checked < BELOW_LEAST) & one_label)
    | (checked < FAR_BELOW_LEAST)
    | ((trained < FAR_BELOW_LEAST) & ~checked.known),
    evidence=(
        supports(
            (checked < FAR_BELOW_LEAST) & (trained < FAR_BELOW_LEAST),
            strong,
            "it is so in training and in validation",
        ),
        against(of_tokens, strong, "where whole sequences or pictures are counted, one wrong token makes all wrong"),
        against(
            start < SHARE_LOGGED, strong, "the first loss is {value:.2f} of what guessing costs: a part of it is logged"
        ),
        against(config.class_weights, strong, "the classes are weighted, so some mistakes cost little"),
    ),
    explains=("GEN109", "GEN110", "OPT302"),
    invalidates=(val.accuracy,),
    remedies=("recompute-metric", "verify-labels"),
    meaning="Whoever names the wrong class gives the right one a probability of one half at most, which costs ln 2 = "
    "0.69. A mean cross entropy L therefore leaves at most L / 0.69 of the answers wrong, whatever the model.",
    mechanism="The accuracy may take the maximum over the wrong axis, set a threshold of 0.5 on logits, or be compared "
    "with shuffled labels; the loss may read the model's own answers instead of labels, or be divided once too often.",
    false_alarms="An accuracy of whole sequences or of all labels at once; strong class weights; a focal loss with a "
    "large gamma; a loss of which a part is logged.",
    source=("the definition of the cross entropy",),
    fires=(
        case(
            "a loss that takes the model at its word",
            run(
                curve(train.loss, decay(2.3, 0.01, 12), flat(0.001, 28)),
                curve(train.accuracy, flat(0.1, 40)),
                curve(val.loss, decay(2.0, 0.01, 12), flat(0.001, 28)),
                curve(val.accuracy, flat(0.1, 40)),
                config={"loss": "custom"},
                data={"classes": 10},
                model={"output_units": 10},
            ),
        ),
        case(
            "an accuracy over the wrong axis",
            facts(
                checked.of(0.7),
                data.classes.of(10),
                config.loss.of("cross_entropy"),
                config.class_weights.of(False),
            ),
        ),
        case(
            "an accuracy over the wrong axis, and an ordinary start",
            facts(
                checked.of(0.7),
                data.classes.of(10),
                config.loss.of("cross_entropy"),
                config.class_weights.of(False),
                start.of(0.6),
            ),
        ),
        case("far too low, of a loss not known", facts(checked.of(0.008), trained.of(0.012), start.of(0.6))),
        case("in training alone, where nothing else is measured", facts(trained.of(0.008))),
        case("so in both", facts(checked.of(0.008), trained.of(0.008))),
        case("of tokens", facts(checked.of(0.008), config.task.of("language_model"))),
        case("a part of the loss", facts(checked.of(0.008), start.of(0.4))),
        case("weighted", facts(checked.of(0.008), config.class_weights.of(True))),
    ),
    quiet=(
        case(
            "as it should be",
            run(
                curve(train.loss, decay(2.3, 0.1, 12)),
                curve(val.loss, decay(2.3, 0.3, 12)),
                curve(val.accuracy, decay(0.2, 0.9, 12)),
                config={"loss": "cross_entropy", "class_weights": False},
                data={"classes": 10},
            ),
        ),
        case(
            "low, and possible",
            facts(
                checked.of(0.9),
                trained.of(0.008),
                data.classes.of(10),
                config.loss.of("cross_entropy"),
                config.class_weights.of(False),
            ),
        ),
        case(
            "low, of a loss that is logged in part",
            facts(
                checked.of(0.7),
                data.classes.of(10),
                config.loss.of("cross_entropy"),
                config.class_weights.of(False),
                start.of(0.25),
            ),
        ),
        case(
            "low, of labels that may be several",
            facts(checked.of(0.7), config.loss.of("cross_entropy"), config.class_weights.of(False)),
        ),
        case(
            "low, of another loss",
            facts(checked.of(0.7), data.classes.of(10), config.loss.of("bce"), config.class_weights.of(False)),
        ),
        case(
            "low, and weighted",
            facts(checked.of(0.7), data.classes.of(10), config.loss.of("cross_entropy"), config.class_weights.of(True)),
        ),
        case("not so far too low", facts(checked.of(0.012), config.loss.of("bce"))),
        case("in training alone, and possible", facts(trained.of(0.012))),
    ),
)
