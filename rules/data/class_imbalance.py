from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, escalates, facts, flat, limit, run, signal, strong, supports, val,
)  # fmt: skip

IMBALANCE = limit("class-imbalance", 10, unit="ratio", source="SageMaker Debugger", healthy="1.0-1.3")
SKILL = limit("score-beyond-imbalance", 0.03, unit="difference of shares", source="measured: 0.01", healthy="0.34-0.73")
FITS = limit("loss-in-spite-of-imbalance", 0.7, unit="ratio", source="measured: 0.85-0.90", healthy="0.01-0.41")
MISLEADING = limit("misleading-majority", 0.5, unit="share", source="an accuracy that half of the answers deserve")

beyond = signal.score_beyond_largest(val.accuracy)
fit = signal.loss_over_entropy(val.loss)

RULE = Rule(
    id="DAT401",
    name="class-imbalance",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.5,
    blames=("class-balance",),
    symptom="some classes are rare, so a high accuracy may say nothing of them",
    cause="naming the largest class every time is already nearly right, and the rare ones hardly enter the gradient",
    when=(signal.class_imbalance() > IMBALANCE) & (~config.class_weights | ~config.class_weights.known),
    evidence=(supports(beyond < SKILL, strong, "the accuracy ends {value:+.3f} from the share of the largest class"),),
    escalate=(
        # Naming the largest class is no good answer where it is one of many.
        escalates((fit <= FITS) | (beyond >= SKILL) | (signal.majority_share() < MISLEADING), "info"),
        # Nobody is misled by an accuracy that is not asked for.
        escalates(signal.epochs_recorded(val.loss).known & ~signal.epochs_recorded(val.accuracy).known, "info"),
    ),
    explains=("GEN109", "PLT104"),
    remedies=("rebalance-classes", "prior-aware-metrics", "tune-decision-threshold", "verify-labels"),
    meaning=(
        "Accuracy is not the measure here: look at recall per class, balanced accuracy or F1. A rare class with one "
        "sample in twenty is one per batch, or none."
    ),
    mechanism=(
        "The mean loss weighs each sample alike, so the cheapest first step is to lower the outputs of rare classes. "
        "Where their signal is weak the network never comes back from there."
    ),
    false_alarms="Classes that are weighted or sampled already; rankings and metrics that know the shares.",
    source=("SageMaker Debugger", "knowledge of the field"),
    fires=(
        case(
            "one in twenty, never named",
            run(
                curve(val.loss, flat(0.195, 12)),
                curve(val.accuracy, flat(0.95, 12)),
                data={"class_counts": (950, 50)},
                config={"loss": "cross_entropy", "class_weights": False},
            ),
        ),
        case("before any run", facts(signal.class_imbalance().of(12.0))),
        case("its signal is strong", facts(signal.class_imbalance().of(19.0), fit.of(0.6), beyond.of(0.02))),
        case(
            "no accuracy is asked for",
            facts(
                signal.class_imbalance().of(19.0),
                signal.epochs_recorded(val.loss).of(12),
                signal.epochs_recorded(val.accuracy).of(None),
            ),
        ),
        case(
            "an accuracy is looked at",
            facts(
                signal.class_imbalance().of(19.0),
                signal.epochs_recorded(val.loss).of(12),
                signal.epochs_recorded(val.accuracy).of(12),
            ),
        ),
        case("one of many classes", facts(signal.class_imbalance().of(19.0), signal.majority_share().of(0.4))),
        case("hardly more than the rest", facts(signal.class_imbalance().of(19.0), signal.majority_share().of(0.6))),
        case("beyond the largest class", facts(signal.class_imbalance().of(19.0), fit.of(0.8), beyond.of(0.035))),
    ),
    quiet=(
        case("balanced", run(data={"class_counts": (420, 432, 406, 342)}, config={"class_weights": False})),
        case("a little uneven", facts(signal.class_imbalance().of(8.0), config.class_weights.of(False))),
        case("weighted already", facts(signal.class_imbalance().of(19.0), config.class_weights.of(True))),
    ),
)
