from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, facts, optimizer, run, signal, supports, train, weak

jumps = signal.learning_rate_jumps()

RULE = Rule(
    id="OPT205",
    name="restart-jumps",
    kind="guard",
    family="optimization",
    level="static",
    severity="info",
    prior=0.9,
    symptom="the schedule raises the learning rate again on the way, and the loss jumps with it by design",
    when=(jumps >= 1) | config.warm_restarts,
    evidence=(supports(config.schedule.known, weak, "the schedule is {value}"),),
    silences=("OSC101", "OSC102", "OSC105", "OPT103", "OPT106", "OPT204", "PLT103"),
    remedies=(),
    meaning="With warm restarts or cycles each rise of the rate throws the loss up, from where it comes down further. "
    "Swings and jumps in "
    "such a run say nothing about its health.",
    mechanism="A larger rate means larger steps and more noise around the bottom; the loss rises at once and falls as "
    "the rate does.",
    false_alarms="A rate that was raised by hand once after a mistake counts as a restart too.",
    source=("SMI", "article 2.1"),
    fires=(
        case("three cycles", run(curve(train.loss, decay(1.4, 0.5, 30)), curve(optimizer.learning_rate, decay(0.1,
             0.001, 10), decay(0.1, 0.001, 10), decay(0.1, 0.001, 10)))),
        case("one restart", facts(jumps.of(1.0), config.schedule.of("cosine"))),
        case("declared", facts(jumps.of(None), config.warm_restarts.of(True))),
    ),
    quiet=(
        case("a decay", run(curve(train.loss, decay(1.4, 0.5, 30)), curve(optimizer.learning_rate, decay(0.1, 0.001,
             30)), config={"warm_restarts": False})),
        case("no rise", facts(jumps.of(0.6), config.warm_restarts.of(False))),
    ),
)  # fmt: skip
