from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, decay, escalates, facts, flat, moderate, optimizer, run, signal, supports, train,
)  # fmt: skip

order = config.step_order

RULE = Rule(
    id="RUN110",
    name="step-order",
    kind="cause",
    family="run",
    level="static",
    severity="warning",
    status="experimental",
    prior=0.9,
    blames=("code", "schedule"),
    symptom="the calls of a training step come in the wrong order",
    cause="the schedule steps before the optimizer or with each batch, or the optimizer before the gradients are there",
    when=order.is_("schedule_first", "schedule_of_epochs_by_step", "update_before_backward"),
    evidence=(
        supports(
            signal.learning_rate_collapse_at() < 0.5,
            moderate,
            "after {value:.0%} of the run the learning rate is as good as zero",
        ),
    ),
    escalate=(escalates(order.is_("update_before_backward"), "error"),),
    explains=("OPT201", "PLT102", "PLT106", "OPT104"),
    remedies=("order-training-step", "repair-schedule"),
    meaning="Zero the gradients, go backward, step the optimizer, then the schedule, each once in its own unit: per "
    "batch or per epoch, as the schedule counts.",
    mechanism="A schedule that steps first skips its first rate. One that counts epochs and is stepped with each batch "
    "runs through its decay within the first epochs. An update before the backward pass uses the gradients of the "
    "batch before, or none.",
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
    ),
    quiet=(
        case("as it should be", run(curve(train.loss, decay(1.4, 0.3, 40)), config={"step_order": "sound"})),
        case("sound", facts(order.of("sound"))),
    ),
)
