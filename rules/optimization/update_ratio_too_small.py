from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, escalates, facts, for_profile, layers, limit, line, moderate, run, signal, strong,
    supports, train, weak,
)  # fmt: skip
from expert.rules.limits import TINY_UPDATE

NOTHING = limit(
    "vanishing-update",
    1e-5,
    unit="ratio",
    source="CS231n, measured",
    healthy="1e-3 to 1e-2",
    profiles=(for_profile("fine-tuning", 1e-6, source="measured", healthy="6e-5 to 2e-3"),),
)
DONE = limit("nearly-no-loss", 0.05, unit="ratio to chance", source="measured", healthy="converged runs")

update_size = signal.update_ratio()
level = signal.loss_over_chance(train.loss)

RULE = Rule(
    id="OPT104",
    name="update-ratio-too-small",
    kind="symptom",
    family="optimization",
    level="optimization",
    severity="warning",
    prior=0.6,
    blames=("learning-rate", "schedule"),
    symptom="the updates are a ten-thousandth of the weights or less, so the weights stay as they were",
    when=(update_size < TINY_UPDATE) & (update_size > 0.0) & ((level > DONE) | ~level.known),
    evidence=(
        supports(signal.gradient_cosine() > 0.2, moderate, "successive gradients agree with a cosine of {value:+.2f}"),
        supports(update_size < NOTHING, weak,
            "half of the updates move the weights by less than {value:.1g} of their norm"),
        against(signal.loss_fall() > 0.6, strong, "the loss fell by {value:.0%} all the same"),
    ),
    escalate=(escalates(update_size < NOTHING, "error"),),
    explains=("PLT106", "PLT104", "PLT101", "OPT302"),
    unless=("OPT101", "MOD301"),
    remedies=("raise-learning-rate", "repair-schedule", "probe-learning-rate"),
    meaning="A rule of thumb puts the ratio near a thousandth. Far below it nothing is learned in the time a run has, "
    "whatever the reason.",
    mechanism="The rate is too low, the schedule has taken it away, no gradient arrives, or the optimizer's epsilon "
    "swallows it. The "
    "learning rate over time and the gradients per layer tell which.",
    false_alarms="The end of a decaying schedule, fine-tuning with a small rate on purpose, and runs that have "
    "converged.",
    source=("article 2.1", "article IMPR-3", "CS231", "GBC"),
    fires=(
        case("updates of 5e-5", run(curve(train.loss, line(1.39, 1.38, 12)), layers=(layers("update_ratio", a=4e-5,
             b=6e-5),))),
        case("just enough, gradients agree", facts(update_size.of(8e-5), level.of(0.9),
             signal.gradient_cosine().of(0.22))),
        case("gradients hardly agree, still some loss", facts(update_size.of(2e-5), level.of(0.07),
             signal.gradient_cosine().of(0.17))),
        case("next to nothing", facts(update_size.of(8e-6), level.of(0.9))),
        case("hardly more", facts(update_size.of(1.3e-5), level.of(0.9))),
        case("learned all the same", facts(update_size.of(5e-5), signal.loss_fall().of(0.7))),
        case("learned half", facts(update_size.of(5e-5), signal.loss_fall().of(0.5))),
    ),
    quiet=(
        case("ordinary updates", run(curve(train.loss, line(1.39, 0.5, 12)), layers=(layers("update_ratio", a=2e-3,
             b=4e-3),))),
        case("a little more", facts(update_size.of(1.3e-4), level.of(0.9))),
        case("frozen altogether", facts(update_size.of(0.0), level.of(0.9))),
        case("converged", facts(update_size.of(5e-5), level.of(0.03))),
    ),
)  # fmt: skip
