from __future__ import annotations

from expert.authoring import (
    Rule,
    against,
    case,
    curve,
    data,
    decay,
    facts,
    gradient,
    line,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)
from expert.rules.limits import LARGE_GAIN, LARGE_INPUT_MEAN, LARGE_INPUT_SPREAD, SMALL_GAIN, STEEP_START

start = signal.first_gradient_per_error()
gain = model.largest_gain
drawn_well = gain.between(SMALL_GAIN, LARGE_GAIN) & (model.recurrent.is_("none") | ~model.recurrent.known)
plain = model.normalization.is_("none") & model.residual.is_(False)
first_loss = signal.initial_loss_over_chance(train.loss)

RULE = Rule(
    id="MOD204",
    name="bad-init-scale",
    kind="cause",
    family="model",
    level="numerics",
    severity="error",
    prior=0.65,
    blames=("initialization",),
    symptom="signals or gradients are enormous, or next to nothing, before anything was learned",
    cause="the initial weights are too large or too small, so that signals grow or fade from layer to layer or from "
    "time step to time step",
    when=(
        (start >= STEEP_START)
        & ((data.largest_std <= LARGE_INPUT_SPREAD) | ~data.largest_std.known)
        & ((data.largest_mean <= LARGE_INPUT_MEAN) | ~data.largest_mean.known)
        & (~drawn_well | ~gain.known | data.largest_std.known)
    )
    | (plain & ((gain >= LARGE_GAIN) | (gain <= SMALL_GAIN))),
    evidence=(
        supports(
            data.largest_std <= LARGE_INPUT_SPREAD, moderate, "the inputs are not to blame: their spread is {value:.2g}"
        ),
        supports(
            plain & ((gain >= LARGE_GAIN) | (gain <= SMALL_GAIN)),
            strong,
            "the weights of a hidden layer were drawn with {value:.2g} times the deviation that keeps signals as they "
            "are, and nothing normalizes them",
        ),
        supports(first_loss > 10.0, moderate, "the first loss is {value:.3g} times that of chance"),
        supports(signal.saturated_share() > 0.5, moderate, "{value:.0%} of a layer's activations are saturated"),
        against(
            model.recurrent.is_("rnn") & model.activation.is_("relu", "leaky_relu", "elu", "none"),
            strong,
            "a recurrence without gates ({value}) and without bounds can explode from sound weights too",
        ),
    ),
    explains=(
        "OPT101",
        "OPT106",
        "OSC101",
        "OSC102",
        "NUM101",
        "NUM102",
        "GRD202",
        "ACT102",
        "MOD206",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "RUN101",
    ),
    unless=("DAT201",),
    remedies=("initialize-well", "add-normalization", "clip-gradient-norm"),
    meaning="The very first update destroys the network, or saturates it, and no learning rate is right for what "
    "follows. A clip keeps the numbers finite, but its direction is ruled by the explosion.",
    mechanism="Weights with a gain above one multiply a signal at each layer; below one it fades, and the first layers "
    "hear nothing of the error. Sixty steps through a recurrent matrix "
    "of gain 1.6 multiply it by 10^12; an orthogonal matrix of gain 1 keeps it.",
    false_alarms="A loss summed over many outputs or pixels has a large gradient without any explosion.",
    source=("article 3.2", "article IMPR-5", "He et al. 2015", "measured"),
    fires=(
        case(
            "a recurrence of gain 1.6",
            run(
                curve(gradient.norm, line(4.5e4, 9e4, 80), per_epoch=20),
                curve(train.loss, line(100, 900, 80), per_epoch=20),
                model={"recurrent": "rnn", "activation": "relu"},
                data={"classes": 2, "largest_std": 1.0, "largest_mean": 0.1},
            ),
        ),
        case(
            "just too steep, inputs not known", facts(start.of(400), signal.saturated_share().of(0.6), first_loss.of(8))
        ),
        case(
            "a gain of three, nothing normalized",
            facts(gain.of(3.0), model.normalization.of("none"), model.residual.of(False), start.of(40)),
        ),
        case(
            "a gain of a twentieth",
            facts(gain.of(0.06), model.normalization.of("none"), model.residual.of(False), start.of(0.1)),
        ),
        case(
            "steep from weights drawn wide, normalized",
            facts(start.of(400), gain.of(3.0), model.normalization.of("batch")),
        ),
        case(
            "steep from weights drawn narrow, normalized",
            facts(start.of(400), gain.of(0.08), model.normalization.of("batch")),
        ),
        case(
            "steep from a recurrence drawn well",
            facts(start.of(400), gain.of(2.0), model.recurrent.of("lstm"), model.normalization.of("batch")),
        ),
        case(
            "steep from weights drawn well, of inputs of unit size",
            facts(start.of(400), gain.of(2.0), model.normalization.of("batch"), data.largest_std.of(1.0)),
        ),
        case(
            "columns a bit unscaled",
            facts(
                start.of(1e4),
                data.largest_std.of(8),
                data.largest_mean.of(2.5),
                first_loss.of(12),
                signal.saturated_share().of(0.4),
            ),
        ),
    ),
    quiet=(
        case(
            "a calm start",
            run(
                curve(gradient.norm, decay(1.5, 0.5, 80), per_epoch=20),
                curve(train.loss, decay(0.7, 0.3, 80), per_epoch=20),
                data={"classes": 2, "largest_std": 1.0, "largest_mean": 0.1},
            ),
        ),
        case(
            "unscaled inputs of a moderate gradient",
            facts(start.of(200), data.largest_std.of(1.0), data.largest_mean.of(0.0)),
        ),
        case(
            "a gain of two", facts(start.of(40), gain.of(2.0), model.normalization.of("none"), model.residual.of(False))
        ),
        case(
            "a gain of a seventh",
            facts(start.of(40), gain.of(0.14), model.normalization.of("none"), model.residual.of(False)),
        ),
        case(
            "a gain of three, normalized",
            facts(start.of(40), gain.of(3.0), model.normalization.of("batch"), model.residual.of(False)),
        ),
        case(
            "a gain of three in branches",
            facts(start.of(40), gain.of(3.0), model.normalization.of("none"), model.residual.of(True)),
        ),
        case(
            "steep from weights drawn well, the inputs not told",
            facts(start.of(400), gain.of(2.0), model.normalization.of("batch")),
        ),
        case(
            "steep from weights drawn well, known to be no recurrence",
            facts(start.of(400), gain.of(2.0), model.recurrent.of("none"), model.normalization.of("batch")),
        ),
        case(
            "steep from weights drawn narrow, not too narrow, the inputs not told",
            facts(start.of(400), gain.of(0.12), model.normalization.of("batch")),
        ),
        case("a column of large spread", facts(start.of(1e3), data.largest_std.of(12), data.largest_mean.of(0.0))),
        case("a column far from zero", facts(start.of(1e3), data.largest_std.of(1.0), data.largest_mean.of(4))),
    ),
)
