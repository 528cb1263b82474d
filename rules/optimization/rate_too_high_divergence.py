from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, decay, facts, layers, limit, line, moderate, run, signal, strong, supports,
    train, val, weak,
)  # fmt: skip
from expert.rules.limits import NEARLY_ALL_RIGHT, OVERFIT_PARTING, TURNED_GAIN, TURNED_RISE, TURNED_STEADY, WILD_UPDATE

SHOOTS = limit("shoots-up-at-once", 0.3, unit="relative", source="measured", healthy="0.00-0.17")
THROWN = limit("thrown-up-at-once", 10, unit="relative", source="measured", healthy="0.00-0.85")
BURST = limit("first-epoch-burst", 5, unit="ratio", source="measured", healthy="1.0-4; more where the descent goes on")
HUGE = limit("first-epoch-explosion", 5000, unit="ratio", source="measured", healthy="1-1000")
LARGE_UPDATE = limit("large-first-update", 0.1, unit="ratio", source="measured", healthy="0.002-0.07")
DOUBLES = limit("doubles-at-once", 1, unit="relative", source="measured: 1.45", healthy="0.00-0.44")
BELOW_GUESSING = limit("below-guessing", 0.8, unit="ratio to chance", source="measured", healthy="0.0-0.7")
NOTHING = limit("fall-after-burst", 0.1, unit="share", source="measured", healthy="0.3-0.99")
WELL = limit("fall-unharmed", 0.4, unit="share", source="measured", healthy="0.34-0.99 in 19 of 20")


parting = signal.parting_trend(val.loss, train.loss)
early = signal.early_update_ratio()
shot = signal.early_rise(train.loss)
burst = signal.first_epoch_burst(train.loss)
later = signal.fall_after_first(train.loss)
rise = signal.loss_rise()
gain = signal.loss_rise_gain()
steadiness = signal.loss_rise_steadiness()
left = signal.errors_left(val.score)
level = signal.loss_over_chance(train.loss)
since_first = signal.fall_since_first_step(train.loss)
# What was learned within the first epoch, without a rise before, is no harm either.
at_once = (since_first > WELL) & (shot < SHOOTS) & ((level < BELOW_GUESSING) | ~level.known)
usual = signal.learning_rate_over_usual()

RULE = Rule(
    id="OPT101",
    name="rate-too-high-divergence",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="error",
    prior=0.45,
    blames=("learning-rate",),
    symptom="the loss shoots up or settles at chance after steps as large as the weights themselves",
    cause="the learning rate is far too high: the first steps throw the weights away",
    when=(
        ((early > WILD_UPDATE) & ((later < WELL) | ~later.known | (burst > BURST) | (shot > THROWN))
        & (~at_once | ~since_first.known))
        | ((early > LARGE_UPDATE) & (shot > DOUBLES) & (later < NOTHING))
        | (~early.known & (shot > SHOOTS) & ((later < WELL) | ~later.known | (burst > BURST)))
        | (~early.known & (((burst > BURST) & (later < NOTHING)) | (burst > HUGE)))
        | (~early.known & (rise > TURNED_RISE) & (gain > TURNED_GAIN) & (steadiness > TURNED_STEADY)
        & ((parting < OVERFIT_PARTING) | ~parting.known))
    )
    & ((left > NEARLY_ALL_RIGHT) | ~left.known),
    evidence=(
        supports(early > WILD_UPDATE, strong, "an early update moved the weights by {value:.2g} of their norm"),
        supports(shot > SHOOTS, moderate, "the step loss rose by {value:.0%} within the first 100 steps", group="shot"),
        supports((burst > BURST) & (later < NOTHING), weak,
            "the first epoch lies {value:.3g} times above all later ones",
            group="shot"),
        supports(usual > 0.0, moderate,
            "the learning rate is {value:+.1f} powers of ten above the usual range of the optimizer"),
        against(usual < 0.0, moderate, "the learning rate is below the usual range of the optimizer"),
    ),
    explains=(
        "OPT106", "OPT102", "OSC101", "PLT101", "PLT104", "PLT106", "GEN103", "ACT101", "ACT103", "OPT204", "NUM101",
        "NUM102", "OSC105", "RUN105",
    ),
    unless=("DAT301", "GRD201", "GRD303", "DAT201", "MOD301", "OPT301", "MOD204"),
    remedies=("lower-learning-rate", "probe-learning-rate", "warm-up-learning-rate", "clip-gradient-norm",
        "rewind-to-checkpoint"),
    meaning="The run was lost in its first steps, whatever it did later: large losses, a network of dead units, or the "
    "level of guessing. "
    "Weights that were thrown away do not come back; restart from new ones with a tenth of the rate.",
    mechanism="A step beyond twice the inverse curvature lands higher than it started, where the gradient is larger "
    "still. Units whose "
    "weights flew far off stay off for every input.",
    false_alarms="A run that goes on to learn well is left alone, however wild its first updates were. "
    "Tensors that start near zero move by large ratios at first. Inputs that are not scaled, a summed "
    "loss and normalization "
    "over tiny batches make an ordinary rate too high.",
    source=("article 1", "article 3", "article 4 row 5", "CS231", "TPB"),
    fires=(
        case("a fall from an explosion is no recovery", facts(early.of(18), later.of(0.97), burst.of(15))),
        case("the same without updates", facts(early.of(None), shot.of(4.0), later.of(0.97), burst.of(15))),
        case("updates as large as the weights", run(curve(train.loss, line(1.4, 1.4, 12)),
             layers=(layers("update_ratio", a=0.9, b=1.2),))),
        case("falls, then climbs, curves only", run(curve(train.loss, decay(2.0, 0.5, 15, noise=0.01), line(0.5, 5.0,
             15, noise=0.02)))),
        case("a burst, then chance", run(curve(train.loss, line(900, 1.39, 2), line(1.39, 1.386, 14)))),
        case("just enough", facts(early.of(0.35))),
        case("a wild update, then a fair descent", facts(early.of(0.5), later.of(0.3))),
        case("a wild update that throws the loss up, then a descent", facts(early.of(0.5), shot.of(12), later.of(0.9),
             burst.of(1.0))),
        case("shoots up, then a fair descent", facts(early.of(None), shot.of(0.4), later.of(0.3), burst.of(1.0))),
        case("shoots up by 40 %, rate above the usual", facts(early.of(None), shot.of(0.4), usual.of(0.5))),
        case("bursts sixfold, rate below the usual", facts(early.of(None), shot.of(None), burst.of(6), later.of(0.08),
             usual.of(-0.5))),
        case("an explosion, then a descent", facts(early.of(None), shot.of(None), burst.of(7000), later.of(0.5))),
        case("climbs just enough", facts(early.of(None), shot.of(0.0), burst.of(1.0), rise.of(0.7), gain.of(30),
             steadiness.of(0.55), parting.of(2.0))),
        case("a wild update, down by a third since the first step", facts(early.of(0.5), later.of(0.3),
             since_first.of(0.3), shot.of(0.2), level.of(0.5))),
        case("a wild update that lifts the loss by 40 %, then a fair descent", facts(early.of(0.5), later.of(0.3),
             since_first.of(0.5), shot.of(0.4), level.of(0.5))),
        case("a wild update from a huge loss down to guessing", facts(early.of(0.5), later.of(0.3),
             since_first.of(0.5), shot.of(0.2), level.of(0.9))),
        case("updates of an eighth that double the loss for good", facts(early.of(0.12), shot.of(1.2),
             later.of(0.08))),
        case("a tenth of the answers wrong at the end", facts(early.of(0.5), later.of(0.3), left.of(0.1))),
        case("large first updates and a shot", facts(early.of(0.5), shot.of(0.5), burst.of(2.0))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.0, 0.2, 30)))),
        case("a wild update that lifts the loss, then a descent", facts(early.of(0.5), shot.of(8), later.of(0.9),
             burst.of(1.0))),
        case("wild updates that do no harm", facts(early.of(0.9), later.of(0.5))),
        case("shoots up at once and learns", facts(early.of(None), shot.of(0.9), later.of(0.5), burst.of(1.0),
             rise.of(0.0))),
        case("wild updates, and most was learned within the first epoch", facts(early.of(0.9), later.of(0.3),
             since_first.of(0.5), shot.of(0.2), level.of(0.7))),
        case("wild updates, and most fell within the first epoch", facts(early.of(0.9), later.of(0.3),
             since_first.of(0.5), shot.of(0.2))),
        case("updates of a twelfth that double the loss", facts(early.of(0.08), shot.of(1.2), later.of(0.08))),
        case("updates of an eighth that lift the loss", facts(early.of(0.12), shot.of(0.8), later.of(0.08))),
        case("updates of an eighth that double the loss, then a descent", facts(early.of(0.12), shot.of(1.2),
             later.of(0.12))),
        case("nearly all answers right at the end", facts(early.of(0.5), later.of(0.3), left.of(0.025))),
        case("updates of a quarter", facts(early.of(0.25), shot.of(0.4), burst.of(50), rise.of(2.0), gain.of(99),
             steadiness.of(0.9))),
        case("shoots up by a quarter", facts(early.of(None), shot.of(0.25), burst.of(4), later.of(0.0), rise.of(0.0),
             gain.of(0.0),
             steadiness.of(0.0))),
        case("a burst, then a descent", facts(early.of(None), shot.of(0.0), burst.of(3000), later.of(0.12),
             rise.of(0.0))),
        case("climbs by half", facts(early.of(None), shot.of(0.0), burst.of(1.0), rise.of(0.5), gain.of(99),
             steadiness.of(0.9))),
        case("climbs within the noise", facts(early.of(None), shot.of(0.0), burst.of(1.0), rise.of(1.0), gain.of(20),
             steadiness.of(0.9))),
        case("climbs and comes back", facts(early.of(None), shot.of(0.0), burst.of(1.0), rise.of(1.0), gain.of(99),
             steadiness.of(0.4))),
        case("climbs while training falls", facts(early.of(None), shot.of(0.0), burst.of(1.0), rise.of(1.0),
             gain.of(99), steadiness.of(0.9), parting.of(3.0))),
        case("a hint from the configuration only", facts(config.learning_rate.of(3.0), early.of(0.1))),
    ),
)  # fmt: skip
