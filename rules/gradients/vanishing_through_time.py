from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    facts,
    flat,
    layers,
    limit,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
    weak,
)
from expert.rules.limits import NO_PROGRESS, SLIGHT_FALL

FORGOTTEN = limit(
    "forgotten-time-step", 1e-3, unit="ratio", source="Pascanu et al. 2013, measured", healthy="0.002-0.8"
)

reach = signal.first_to_last_time_step()
fall = signal.loss_fall()

RULE = Rule(
    id="GRD103",
    name="vanishing-through-time",
    kind="cause",
    family="gradients",
    level="signal",
    severity="error",
    prior=0.6,
    blames=("architecture", "initialization"),
    symptom="a recurrent network ignores the beginning of its sequences",
    cause="the gradient shrinks from time step to time step on its way back, so what came early is never learned",
    when=(reach < FORGOTTEN) & ((fall < SLIGHT_FALL) | ~fall.known),
    evidence=(
        supports(reach < 1e-5, moderate, "the first time step gets {value:.1g} times the gradient of the last"),
        supports(model.recurrent.is_("rnn"), strong, "a recurrence without gates keeps nothing for long"),
        supports(model.sequence_length > 100, weak, "the sequences are {value:.0f} steps long"),
        supports(fall < NO_PROGRESS, moderate, "beyond its noise the loss fell by only {value:.1%}"),
    ),
    explains=(
        "PLT101",
        "PLT104",
        "PLT106",
        "PLT102",
        "GEN103",
        "MOD201",
        "RUN101",
    ),
    remedies=("use-gated-recurrence", "shorten-gradient-path", "initialize-well"),
    meaning="Only the last few time steps teach anything, and the answer seems to depend on earlier ones: the loss "
    "stays high.",
    mechanism="Each step back multiplies the gradient by the recurrent weights and the slope of the activation; "
    "without gates the product of many factors below one is nothing. An LSTM with a forget bias of 1 lets it pass.",
    false_alarms="Tasks whose answer lies in the last time steps need no more; a run that learns is left alone.",
    source=("article 3.2", "article 1.1", "article IMPR-5", "Pascanu et al. 2013"),
    fires=(
        case(
            "a long plain recurrence",
            run(
                curve(train.loss, flat(0.69, 10)),
                layers=(layers("time_step_gradient_norm", t0=1e-7, t150=1e-3, t300=0.5),),
                model={"recurrent": "rnn", "sequence_length": 300},
            ),
        ),
        case("just too little", facts(reach.of(7e-4), model.sequence_length.of(120))),
        case("much too little", facts(reach.of(7e-6), fall.of(0.008))),
        case(
            "a bit more than nothing",
            facts(reach.of(1.2e-5), fall.of(0.12), model.sequence_length.of(80)),
        ),
    ),
    quiet=(
        case(
            "a short memory is enough",
            run(curve(train.loss, flat(0.69, 10)), layers=(layers("time_step_gradient_norm", t0=0.02, t9=0.5),)),
        ),
        case("fades, but arrives", facts(reach.of(1.3e-3))),
        case("fades, and the answer lies at the end", facts(reach.of(1e-9), fall.of(0.18))),
    ),
)
