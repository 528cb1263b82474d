from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, escalates, facts, flat, layers, limit, moderate, optimizer, run, signal, supports,
    train,
)  # fmt: skip

MOSTLY_SKIPPED = limit("steps-mostly-skipped", 0.9, unit="share", source="a scaler that finds its scale skips a few")

skipped = signal.skipped_step_share()
order = config.step_order
rate = config.learning_rate
# The optimizer steps at a rate above zero, and not one weight moves: no gradient is there when it does.
empty = signal.all_layers_frozen() & (rate > 0.0) & ((skipped < MOSTLY_SKIPPED) | ~skipped.known)

RULE = Rule(
    id="RUN110",
    name="step-order",
    kind="cause",
    family="run",
    level="static",
    severity="warning",
    prior=0.9,
    blames=("code", "schedule"),
    symptom="the calls of a training step come in the wrong order",
    cause="the schedule steps before the optimizer or with each batch, or the optimizer while there are no gradients",
    when=order.is_("schedule_first", "schedule_of_epochs_by_step", "update_before_backward") | empty,
    evidence=(
        supports(
            signal.learning_rate_collapse_at() < 0.5,
            moderate,
            "after {value:.0%} of the run the learning rate is as good as zero",
        ),
    ),
    escalate=(escalates(order.is_("update_before_backward") | empty, "error"),),
    explains=("OPT201", "PLT102", "PLT104", "PLT106", "PLT101", "GEN103", "OPT104"),
    unless=("ACT101", "GRD301", "MOD205", "NUM105", "GRD201"),
    remedies=("order-training-step", "repair-schedule"),
    meaning="Zero the gradients, go backward, step the optimizer, then the schedule, each once in its own unit: per "
    "batch or per epoch, as the schedule counts.",
    mechanism="A schedule that steps first skips its first rate. One that counts epochs and is stepped with each batch "
    "runs through its decay within the first epochs. An update before the backward pass uses the gradients of the "
    "batch before, or none; so does one after gradients that were zeroed when they had just arrived.",
    false_alarms="Schedules that are meant to count batches, such as a warm-up.",
    source=("PyTorch, how to adjust the learning rate",),
    aliases=("scheduler-or-step-order",),
    fires=(
        case(
            "epochs counted by batches",
            run(
                curve(train.loss, decay(1.4, 0.9, 40)),
                curve(optimizer.learning_rate, decay(0.1, 1e-9, 10), flat(1e-9, 30)),
                config={"step_order": "schedule_of_epochs_by_step"},
            ),
        ),
        case("late collapse", facts(order.of("schedule_first"), signal.learning_rate_collapse_at().of(0.7))),
        case("an update too early", facts(order.of("update_before_backward"))),
        case(
            "not one weight moves at an ordinary rate",
            run(
                curve(train.loss, flat(2.3, 12, noise=0.002)),
                layers=(layers("update_ratio", fc1=0.0, out=0.0),),
                config={"learning_rate": 0.001},
            ),
        ),
        case(
            "not one weight moves, half of the steps skipped",
            facts(signal.all_layers_frozen().of(True), rate.of(0.1), skipped.of(0.88)),
        ),
    ),
    quiet=(
        case("nothing moves at a rate of zero", facts(signal.all_layers_frozen().of(True), rate.of(0.0))),
        case(
            "some layers move",
            facts(order.of("sound"), signal.all_layers_frozen().of(False), rate.of(0.1), skipped.of(0.0)),
        ),
        case(
            "a scaler skips every step",
            facts(signal.all_layers_frozen().of(True), rate.of(0.1), skipped.of(0.92)),
        ),
        case("as it should be", run(curve(train.loss, decay(1.4, 0.3, 40)), config={"step_order": "sound"})),
        case("sound", facts(order.of("sound"))),
    ),
)
