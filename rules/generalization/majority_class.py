from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    escalates,
    facts,
    for_profile,
    flat,
    limit,
    run,
    signal,
    strong,
    supports,
    val,
    weak,
)

LARGE = limit("large-majority", 0.6, unit="share of samples", source="knowledge of the field", healthy="to 0.5")
BEYOND = limit("beyond-majority", 0.02, unit="difference of shares", source="measured: 0.004-0.01", healthy="0.34-0.73")
NO_FIT = limit("loss-at-majority", 0.7, unit="ratio", source="measured: 0.82-0.83", healthy="0.01-0.41")
LOW = limit("constant-score-from", 0.6, unit="score", source="knowledge of the field")
HIGH = limit("constant-score-to", 0.98, unit="score", source="knowledge of the field", healthy="solved tasks stay at 1")
STILL = limit(
    "constant-score",
    0.002,
    unit="share of the score",
    source="measured: 0.0003-0.001",
    healthy="0.006-0.04",
    profiles=(for_profile("fine-tuning", 0.0003, source="measured", healthy="0.0004-0.025"),),
)
GAINED = limit(
    "gain-of-a-constant-score", 0.005, unit="share of the score", source="measured: 0.000-0.002", healthy="0.01-3"
)
SLIGHT = limit(
    "loss-beside-constant-score",
    0.15,
    unit="share",
    source="measured: 0.06-0.1",
    healthy="0.18-0.98",
    profiles=(for_profile("fine-tuning", 0.005, source="measured", healthy="0.01-0.9"),),
)

majority = signal.majority_share()
beyond = signal.score_beyond_largest(val.accuracy)
fit = signal.loss_over_entropy(val.loss)
swing = signal.swing_size(val.accuracy)
level = signal.minimum_value(val.accuracy)
gained = signal.best_improvement(val.accuracy)
fall = signal.best_improvement(val.loss)

unweighted = config.class_weights.is_(False) | ~config.class_weights.known
named = (majority >= LARGE) & beyond.between(-BEYOND.value, BEYOND) & ((fit > NO_FIT) | ~fit.known) & unweighted
constant = (swing < STILL) & level.between(LOW, HIGH) & (gained < GAINED) & (fall < SLIGHT) & ~majority.known

RULE = Rule(
    id="GEN109",
    name="majority-class",
    kind="symptom",
    family="generalization",
    level="generalization",
    severity="warning",
    prior=0.55,
    blames=("class-balance",),
    symptom="the accuracy is what naming the same class every time would give",
    cause="the model answers with the largest class, whatever the input",
    when=named | constant,
    evidence=(
        supports(named & (fit > NO_FIT), strong, "the largest class makes {value:.1%} of the samples"),
        supports(config.class_weights.is_(False), weak, "the classes are not weighted"),
    ),
    escalate=(escalates(named & (fit > NO_FIT), "error"),),
    remedies=("prior-aware-metrics", "rebalance-classes", "tune-decision-threshold", "set-final-bias"),
    meaning="A high accuracy here is worth nothing: the samples that matter are probably never found. Recall of each "
    "class or balanced accuracy shows it.",
    mechanism="To name the largest class costs little and is learned at once, by the bias of the last layer alone. "
    "What tells the rare samples apart must then come from few and weak gradients.",
    false_alarms="A pre-trained model that was as good as it gets from the first epoch on; inputs that say nothing.",
    source=("SageMaker Debugger", "knowledge of the field", "measured"),
    fires=(
        case(
            "one in twenty is never found",
            run(
                curve(val.loss, decay(0.21, 0.195, 12)),
                curve(val.accuracy, flat(0.95, 12)),
                data={"class_counts": (950, 50)},
                config={"loss": "cross_entropy", "class_weights": False},
            ),
        ),
        case(
            "from the curves alone", run(curve(val.loss, decay(0.21, 0.195, 12)), curve(val.accuracy, flat(0.95, 12)))
        ),
        case("seven in ten, loss not known", facts(majority.of(0.7), beyond.of(0.015), fit.of(None))),
        case("just below the largest class", facts(majority.of(0.7), beyond.of(-0.015), fit.of(0.75))),
        case("a constant score of 0.7", facts(swing.of(0.0015), level.of(0.7), gained.of(0.004), fall.of(0.12))),
    ),
    quiet=(
        case(
            "rare samples found",
            run(
                curve(val.loss, decay(0.2, 0.05, 12)),
                curve(val.accuracy, decay(0.95, 0.985, 12)),
                data={"class_counts": (950, 50)},
                config={"loss": "cross_entropy"},
            ),
        ),
        case("no large class", facts(majority.of(0.5), beyond.of(0.0), fit.of(0.9))),
        case("beyond it", facts(majority.of(0.9), beyond.of(0.025), fit.of(0.9))),
        case("short of it", facts(majority.of(0.9), beyond.of(-0.025), fit.of(0.9))),
        case(
            "weighted, so that the loss measures something else",
            facts(majority.of(0.95), beyond.of(0.01), fit.of(0.9), config.class_weights.of(True)),
        ),
        case("the loss knows them apart", facts(majority.of(0.95), beyond.of(0.01), fit.of(0.6))),
        case(
            "shares known to be even",
            facts(majority.of(0.5), swing.of(0.0), level.of(0.9), gained.of(0.0), fall.of(0.1)),
        ),
        case("the score moves", facts(swing.of(0.0025), level.of(0.9), gained.of(0.0), fall.of(0.1))),
        case("the score has risen", facts(swing.of(0.0), level.of(0.9), gained.of(0.006), fall.of(0.1))),
        case("low from the start", facts(swing.of(0.0), level.of(0.5), gained.of(0.0), fall.of(0.0))),
        case("solved", facts(swing.of(0.0), level.of(0.99), gained.of(0.0), fall.of(0.1))),
        case("the loss falls", facts(swing.of(0.0), level.of(0.9), gained.of(0.0), fall.of(0.2))),
    ),
)
