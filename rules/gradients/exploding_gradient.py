from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    decay,
    escalates,
    facts,
    flat,
    gradient,
    layers,
    limit,
    line,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
    weak,
)
from expert.rules.limits import LITTLE_PROGRESS, LONG_SEQUENCE, STEEP_START, WILD_UPDATE

SPIKE = limit("exploding-gradient-spike", 100, unit="ratio", source="measured", healthy="1.4-17")
STEEP = limit("steep-first-gradient", 70, unit="ratio", source="AutoTrainer 2021", healthy="0.14-3.2")

start = signal.first_gradient_per_error()
spike = signal.gradient_spike_ratio()
reach = signal.first_to_last_gradient()
early_update = signal.early_update_ratio()
progress = signal.relative_improvement(train.loss)
broken = signal.has_nonfinite(train.loss)

RULE = Rule(
    id="GRD102",
    name="exploding-gradient",
    kind="cause",
    family="gradients",
    level="signal",
    severity="error",
    prior=0.6,
    blames=("architecture", "initialization", "learning-rate"),
    symptom="gradients are, or become, thousands of times their usual size; the loss jumps or turns into NaN",
    cause="the gradient grows from layer to layer, or from time step to time step, on its way back",
    when=(start >= STEEP_START)
    | (reach >= STEEP)
    | (
        (spike >= SPIKE)
        & ((early_update <= WILD_UPDATE) | ~early_update.known)
        & ((progress < LITTLE_PROGRESS) | ~progress.known | broken)
    ),
    evidence=(
        supports(start >= STEEP_START, strong, "the gradient norm is {norm:.2g} before anything was learned"),
        supports(reach >= STEEP, strong, "the first layer gets {value:.2g} times the gradient of the last"),
        supports(spike >= SPIKE, moderate, "the largest gradient is {value:.2g} times the usual one"),
        supports(model.recurrent.is_("rnn"), moderate, "a recurrence without gates repeats one matrix at each step"),
        supports(model.sequence_length > LONG_SEQUENCE, weak, "the gradient passes {value:.0f} time steps"),
        supports(config.clip_norm.known, weak, "someone saw a reason to clip at {value:g}"),
    ),
    escalate=(escalates(broken, "fatal"),),
    explains=(
        "NUM101",
        "NUM102",
        "OPT101",
        "OPT106",
        "OSC101",
        "OSC102",
        "GRD202",
        "PLT104",
        "PLT106",
        "GEN103",
        "RUN101",
    ),
    remedies=(
        "clip-gradient-norm",
        "initialize-well",
        "use-gated-recurrence",
        "add-normalization",
        "lower-learning-rate",
        "change-activation",
        "add-residual-connections",
        "add-l2-penalty",
        "fine-tune-pretrained",
    ),
    meaning="A single step can throw the weights so far that all learning is lost; where the loss is NaN already, it "
    "must be restarted from weights of before.",
    mechanism="Going back through a layer multiplies the gradient by its weights; where that product is above one, it "
    "grows with every layer, and in a recurrence with every time step. Clipping bounds the step and leaves the cause; "
    "a bounded activation, gates, normalization or residual connections bound the product, and a weight penalty "
    "restrains a recurrence. An LSTM can still explode: keep the clip.",
    false_alarms="The first steps, tiny batches and rewards of reinforcement learning make spikes of their own.",
    source=("article 3.2", "article IMPR-5", "Pascanu et al. 2013", "AutoTrainer 2021"),
    fires=(
        case(
            "steep from the first step",
            run(
                curve(gradient.norm, line(4.5e4, 9e4, 80), per_epoch=20),
                curve(train.loss, line(0.7, 900, 80), per_epoch=20),
                model={"recurrent": "rnn", "sequence_length": 60},
            ),
        ),
        case("steep, then NaN", facts(start.of(4.5e4), broken.of(True))),
        case(
            "growing towards the first layer, clipped",
            run(
                curve(train.loss, flat(0.7, 10)),
                layers=(layers("gradient_norm", fc1=500.0, out=2.0),),
                config={"clip_norm": 1.0},
                model={"recurrent": "none"},
            ),
        ),
        case("one spike in a calm run", facts(spike.of(140), early_update.of(0.2), model.sequence_length.of(40))),
        case("one spike, updates not recorded", facts(spike.of(120))),
        case("one spike, hardly any progress", facts(spike.of(120), progress.of(0.2))),
        case("one spike after good progress, then NaN", facts(spike.of(1e4), progress.of(0.9), broken.of(True))),
        case("just steep enough, with a spike", facts(start.of(400), spike.of(80))),
        case("a little steeper towards the first layer", facts(reach.of(90), model.sequence_length.of(20))),
    ),
    quiet=(
        case(
            "gradients of one size",
            run(
                curve(gradient.norm, decay(1.5, 0.5, 100, noise=0.2), per_epoch=20),
                curve(train.loss, decay(1.4, 0.3, 100), per_epoch=20),
                layers=(layers("gradient_norm", fc1=0.4, out=0.6),),
            ),
        ),
        case("raised, not exploding", facts(start.of(250), reach.of(50), spike.of(60))),
        case(
            "spikes over a gradient that fades with the loss",
            facts(start.of(0.5), reach.of(1), spike.of(800), progress.of(0.4), broken.of(False)),
        ),
        case(
            "first updates far too large: the rate",
            facts(start.of(0.5), reach.of(1), spike.of(1e4), early_update.of(0.4)),
        ),
    ),
)
