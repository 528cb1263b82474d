from __future__ import annotations

from expert.authoring import Rule, case, escalates, facts, limit, moderate, run, signal, supports, train

FAR = limit("rate-far-above-usual", 1, unit="powers of ten", source="knowledge of the field", healthy="0")

distance = signal.learning_rate_over_usual()
seen = signal.steps_recorded(train.loss)

RULE = Rule(
    id="CFG101",
    name="rate-outside-usual-range",
    kind="cause",
    family="configuration",
    level="static",
    severity="info",
    prior=0.5,
    blames=("learning-rate",),
    symptom="the learning rate lies outside the range that is usual for this optimizer",
    cause="the rate was taken over from another optimizer, or a digit is missing",
    when=(distance > 0) | (distance < 0),
    evidence=(
        supports(
            distance >= FAR,
            moderate,
            "the rate {rate:g} is {value:.1f} powers of ten above {high:g}, the highest that is usual",
        ),
    ),
    escalate=(escalates((distance >= FAR) & ~seen.known, "warning"),),
    unless=("CFG102",),
    remedies=("probe-learning-rate",),
    meaning=(
        "Usual is, for Adam and RMSProp, 1e-5 to 1e-2, for plain SGD 1e-3 to 1, with momentum 1e-4 to 0.3, for "
        "Adadelta 0.1 to 1. Outside is a question, no verdict: the run itself decides."
    ),
    mechanism="Adaptive methods step by about the rate itself in every weight; plain descent follows the gradient.",
    false_alarms="Fine-tuning with 1e-6; rates per layer; losses summed over a batch; other conventions.",
    source=("knowledge of the field", "article 2.2"),
    fires=(
        case("Adam with a rate of SGD", run(config={"optimizer": "adam", "learning_rate": 0.5})),
        case("far below", facts(distance.of(-2.0))),
        case("above, and the run is known", facts(distance.of(1.2), seen.of(500.0))),
        case("a little above", facts(distance.of(0.8))),
    ),
    quiet=(case("a usual rate", run(config={"optimizer": "adam", "learning_rate": 1e-3})),),
)
