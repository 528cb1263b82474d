from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    curve,
    decay,
    facts,
    for_profile,
    flat,
    limit,
    line,
    run,
    signal,
    supports,
    train,
    val,
    weak,
)
from expert.rules.limits import EVEN_DESCENT, SLIGHT_FALL, SURE_FALL

NONE = limit(
    "no-fall",
    0.05,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("fine-tuning", 0.005, source="measured", healthy="0.006-0.96"),),
)
BURIED = limit(
    "buried-fall",
    0.26,
    unit="share",
    source="measured",
    healthy="0.55-0.99",
    profiles=(for_profile("fine-tuning", 0.02, source="measured", healthy="0.02-0.96 where it is not sure"),),
)
MOSTLY_RIGHT = limit("errors-of-a-trained-model", 0.2, unit="share", source="measured", healthy="0.00-0.3")
LEARNED = limit("learned-below-chance", 0.7, unit="ratio to chance", source="measured", healthy="0.0-0.7")

fall = signal.loss_fall()
trend = signal.loss_fall_trend()
evenness = signal.loss_late_fall()
missed = signal.errors_left(val.score)
level = signal.best_loss_over_chance(train.loss)

RULE = Rule(
    id="PLT106",
    name="no-progress",
    kind="symptom",
    family="plateau",
    level="optimization",
    severity="warning",
    prior=0.65,
    core=True,
    symptom="the loss has hardly moved from where it started",
    when=((fall < NONE) | ((fall < BURIED) & (trend > SURE_FALL)) | ((fall < SLIGHT_FALL) & (evenness > EVEN_DESCENT)))
    & ((level > LEARNED) | (~level.known & ((missed > MOSTLY_RIGHT) | ~missed.known))),
    evidence=(supports(fall < 0.01, weak, "beyond its noise the loss fell by {value:.1%} over the whole run"),),
    explains=("PLT101",),
    unless=("OSC101", "OPT106", "NUM101"),
    remedies=("overfit-one-batch", "compare-with-blind-baseline", "probe-learning-rate"),
    meaning="From start to end neither loss came down by more than a few percent, or what it came down by cannot be "
    "told from its "
    "noise. Healthy runs lose more than half of their first loss.",
    mechanism="The steps are too small to get anywhere, no gradient reaches the weights, or the updates cancel out; "
    "which of these, "
    "the size of the updates and the gradients of the layers tell.",
    false_alarms="Fine-tuning that starts from a good model, and records that begin late or whose first epoch is a "
    "mean over most "
    "of the descent, have little left to lose.",
    source=("article 2", "article 4 row 4"),
    fires=(
        case("flat", run(curve(train.loss, flat(1.7, 20, noise=0.01)), curve(val.loss, flat(1.72, 20, noise=0.01)))),
        case("a straight line down by 8 %", run(curve(train.loss, line(1.0, 0.92, 40, noise=0.002)))),
        case("a small fall", facts(fall.of(0.04), trend.of(-6.0), evenness.of(0.0))),
        case("a fall buried in noise", facts(fall.of(0.22), trend.of(-2.2), evenness.of(0.0))),
        case("an even fall by an eighth", facts(fall.of(0.12), trend.of(-9.0), evenness.of(0.4))),
        case("nothing at all", facts(fall.of(0.008), trend.of(-2.0), level.of(0.8))),
        case("nothing at all, a quarter of the answers wrong", facts(fall.of(0.008), trend.of(-2.0), level.of(None),
             missed.of(0.25))),
        case("a hundredth and more", facts(fall.of(0.012), trend.of(-2.0), level.of(0.95))),
    ),
    quiet=(
        case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)), curve(val.loss, decay(2.3, 0.3, 30)))),
        case("an uneven fall by 6 %", facts(fall.of(0.06), trend.of(-6.0), evenness.of(0.0))),
        case("noisy, but down by 40 %", facts(fall.of(0.4), trend.of(-1.0), evenness.of(0.0))),
        case("down by a quarter, surely, and leveling off", facts(fall.of(0.22), trend.of(-3.0), evenness.of(0.0))),
        case("an even fall by a sixth", facts(fall.of(0.18), trend.of(-9.0), evenness.of(0.4))),
        case("a leveling fall by an eighth", facts(fall.of(0.12), trend.of(-9.0), evenness.of(0.2))),
        case("started with most answers right", facts(fall.of(0.0), trend.of(0.0), level.of(None), missed.of(0.15))),
        case("started far below chance", facts(fall.of(0.0), trend.of(0.0), level.of(0.6))),
    ),
)  # fmt: skip
