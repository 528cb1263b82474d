from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, data, decay, escalates, facts, for_profile, limit, model, moderate, run, signal,
    strong, supports, train,
)  # fmt: skip
from expert.rules.limits import LARGE_GAIN, LARGE_INPUT_MEAN, LARGE_INPUT_SPREAD, SMALL_GAIN, STEEP_START

NARROW = limit("input-spread-narrow", 0.1, unit="standard deviation", source="measured", healthy="0.5-1.7")
UNEVEN = limit("input-spread-ratio", 100, unit="ratio", source="measured: 3e4 ends in NaN", healthy="1.0-2.8")
FITS = limit("loss-in-spite-of-raw-inputs", 0.5, unit="ratio", source="measured", healthy="0.01-0.4")
FALLS = limit(
    "fall-in-spite-of-raw-inputs",
    0.5,
    unit="share",
    source="knowledge of the field",
    healthy="half and more, where no chance level is known",
)
FAR_START = limit("first-loss-far-over-chance", 2.75, unit="ratio", source="measured", healthy="0.95-2.3")
HIGH_START = limit(
    "first-loss-with-raw-inputs",
    2,
    unit="ratio",
    source="measured: 3.2-5",
    healthy="0.9-1.2",
    profiles=(for_profile("autoencoder", 2.5, source="measured", healthy="1.8-2.3, for targets lie off zero"),),
)
SATURATED = limit("saturation-from-inputs", 0.5, unit="share", source="SageMaker Debugger, measured", healthy="0.00")

start = signal.initial_loss_over_chance(train.loss)
best = signal.best_loss_over_chance(train.loss)
gain = model.largest_gain
# A recurrence multiplies at each time step, so that its gain says little.
drawn_well = gain.between(SMALL_GAIN, LARGE_GAIN) & (model.recurrent.is_("none") | ~model.recurrent.known)
steepness = signal.first_gradient_per_error()
steep = steepness >= STEEP_START
untold = ~data.largest_std.known
unread = (
    untold
    & (model.embedding.is_(False) | ~model.embedding.known)
    & (config.pretrained.is_(False) | ~config.pretrained.known)
    & (drawn_well | ~gain.known | model.normalization.is_("batch", "layer", "group", "instance"))
)

RULE = Rule(
    id="DAT201",
    name="input-not-normalized",
    kind="cause",
    family="data",
    level="data",
    severity="error",
    prior=0.75,
    blames=("preprocessing",),
    symptom="the inputs lie far from mean 0 and standard deviation 1",
    cause="inputs of that size drive the first layer into huge outputs and gradients, or into units that stay off",
    when=(data.largest_mean > LARGE_INPUT_MEAN)
    | (data.largest_std > LARGE_INPUT_SPREAD)
    | (data.largest_std < NARROW)
    | (data.scale_ratio > UNEVEN)
    # What the inputs are like was not told, but something makes the untrained network sure of nonsense.
    | (unread & (start > FAR_START)),
    evidence=(
        supports(
            ~untold & (start > HIGH_START),
            strong,
            "the first loss is {value:.1f} times what guessing gives",
        ),
        supports(signal.saturated_share() > SATURATED, strong, "{value:.0%} of the activations are saturated"),
        supports(
            untold & drawn_well & steep,
            strong,
            "the weights are drawn well, {value:.2g} times as wide as usual: it must be the inputs",
        ),
        against(
            untold & (~drawn_well | ~gain.known | ~steep | ~steepness.known),
            strong,
            "what the inputs are like was not told",
        ),
        against(
            model.normalization.is_("batch", "layer", "group", "instance"),
            moderate,
            "normalization layers take much of it away",
        ),
        against(model.embedding, moderate, "with an embedding the inputs may be indices, whose size means nothing"),
    ),
    escalate=(
        escalates((best <= FITS) | (~best.known & (signal.loss_fall() >= FALLS)), "info"),
        escalates(signal.saturated_share() > SATURATED, "error"),
    ),
    explains=(
        "MOD206",
        "OPT101",
        "OSC102",
        "OPT102",
        "OPT103",
        "OPT106",
        "OSC101",
        "GRD102",
        "NUM102",
        "NUM101",
        "ACT101",
        "ACT102",
        "PLT104",
        "PLT106",
        "PLT101",
        "GEN103",
    ),
    remedies=("standardize-inputs", "add-normalization", "lower-learning-rate"),
    meaning=(
        "Weights are initialized for inputs of about unit size. Where they are hundreds, or differ by orders of "
        "magnitude from column to column, no single learning rate suits all weights."
    ),
    mechanism=(
        "Gradients of the first layer are proportional to the inputs. A large common offset moves all of them the same "
        "way, and a wide spread saturates or kills units in the first steps."
    ),
    false_alarms=(
        "Indices and counts that feed an embedding; a first layer that normalizes; tree-like or physical inputs whose "
        "units matter."
    ),
    source=("article 3.2", "Karpathy 2019", "knowledge of the field"),
    aliases=("input-not-normalised",),
    fires=(
        case(
            "pixel values from 0 to 255",
            run(
                curve(train.loss, decay(6.6, 1.34, 60), per_epoch=10),
                data={
                    "largest_mean": 133.0,
                    "largest_std": 62.8,
                    "scale_ratio": 1.1,
                    "target_prior": (0.25, 0.25, 0.25, 0.25),
                },
                config={"loss": "cross_entropy"},
            ),
        ),
        case("an offset", facts(data.largest_mean.of(4.0), data.largest_std.of(1.0), data.scale_ratio.of(1.0))),
        case("a wide column", facts(data.largest_mean.of(0.0), data.largest_std.of(12.0), data.scale_ratio.of(12.0))),
        case("tiny values", facts(data.largest_mean.of(0.0), data.largest_std.of(0.08), data.scale_ratio.of(1.0))),
        case("uneven columns", facts(data.largest_mean.of(0.0), data.largest_std.of(5.0), data.scale_ratio.of(120.0))),
        case(
            "normalized inside, and it learns",
            facts(
                data.largest_mean.of(130.0),
                model.normalization.of("batch"),
                model.embedding.of(True),
                signal.best_loss_over_chance(train.loss).of(0.4),
                start.of(1.5),
                signal.saturated_share().of(0.4),
            ),
        ),
        case(
            "of a loss without a level of chance, and it falls",
            facts(data.largest_std.of(12.0), signal.loss_fall().of(0.6)),
        ),
        case("and it hardly falls", facts(data.largest_std.of(12.0), signal.loss_fall().of(0.4))),
        case(
            "saturated by its inputs",
            facts(
                data.largest_std.of(52.0),
                signal.best_loss_over_chance(train.loss).of(0.6),
                start.of(2.5),
                signal.saturated_share().of(0.6),
            ),
        ),
        case("the first loss far off, the inputs not told", facts(start.of(3.0))),
        case(
            "the first loss far off, of no embedding and fresh weights",
            facts(start.of(3.0), model.embedding.of(False), config.pretrained.of(False)),
        ),
        case(
            "far off from weights drawn well, and steep",
            facts(start.of(3.0), gain.of(2.0), steepness.of(400), model.normalization.of("none")),
        ),
        case(
            "far off from weights drawn narrow, not too narrow",
            facts(start.of(3.0), gain.of(0.12), steepness.of(400)),
        ),
        case(
            "far off from weights drawn well, known to be no recurrence",
            facts(start.of(3.0), gain.of(2.0), model.recurrent.of("none"), model.normalization.of("none")),
        ),
        case("far off from weights drawn well, not as steep", facts(start.of(3.0), gain.of(1.0), steepness.of(250))),
        case(
            "far off from weights drawn wide, which are normalized",
            facts(start.of(3.0), gain.of(3.0), steepness.of(400), model.normalization.of("batch")),
        ),
        case("a column far off, an ordinary start", facts(data.largest_std.of(12.0), start.of(1.0))),
    ),
    quiet=(
        case("the first loss far off, by inputs of unit size", facts(start.of(3.0), data.largest_std.of(1.0))),
        case("the first loss far off, the inputs are indices", facts(start.of(3.0), model.embedding.of(True))),
        case("the first loss far off, trained before", facts(start.of(3.0), config.pretrained.of(True))),
        case("the first loss a little off, the inputs not told", facts(start.of(2.5))),
        case(
            "the first loss far off, of weights drawn wide",
            facts(start.of(3.0), gain.of(3.0), model.normalization.of("none")),
        ),
        case(
            "the first loss far off, of a recurrence",
            facts(start.of(3.0), gain.of(2.0), model.recurrent.of("lstm"), model.normalization.of("none")),
        ),
        case(
            "the first loss far off, of weights drawn narrow",
            facts(start.of(3.0), gain.of(0.08), model.normalization.of("none")),
        ),
        case(
            "standardized inputs",
            run(data={"largest_mean": 0.1, "largest_std": 1.05, "smallest_std": 0.96, "scale_ratio": 1.1}),
        ),
        case(
            "a little off",
            facts(data.largest_mean.of(2.0), data.largest_std.of(8.0), data.scale_ratio.of(70.0)),
        ),
        case("small, not tiny", facts(data.largest_mean.of(0.5), data.largest_std.of(0.12), data.scale_ratio.of(1.0))),
    ),
)
