from __future__ import annotations

from expert.authoring import Rule, case, config, curve, decay, escalates, facts, limit, line, run, signal, train, val
from expert.rules.limits import SCORE_KEPT

WORSE = limit("end-short-of-best", 0.07, unit="relative", source="measured", healthy="0.00-0.05 beyond noise")
SURELY = limit(
    "end-surely-short-of-best", 50, unit="variances of the noise", source="measured", healthy="below 20 in 99 of 100"
)

rise = signal.valley_rise(val.loss)
certainty = signal.valley_gain(val.loss)
back = signal.share_given_back(val.loss)
lost = signal.shortfall_from_best(val.score)
kept = config.checkpoint_best

RULE = Rule(
    id="RUN105",
    name="best-not-kept",
    kind="symptom",
    family="run",
    level="generalization",
    severity="info",
    prior=0.4,
    blames=("epochs",),
    symptom="training ended clearly past the best validation loss",
    cause="the weights of the best epoch are lost unless they were saved",
    when=(rise > WORSE) & (certainty > SURELY) & (~kept | ~kept.known),
    escalate=(
        escalates(~kept, "warning"),
        escalates(lost < SCORE_KEPT, "info"),
        # The training loss counts the classes in another way than the validation loss does.
        escalates(config.class_weights, "info"),
    ),
    unless=("OPT106", "OSC101"),
    remedies=("keep-best-checkpoint",),
    meaning="A better model than the last one existed during this run. Saving the best one costs nothing.",
    mechanism="The validation loss passes through its lowest point and rises again, by overfitting, by a schedule or "
    "a decay that went wrong, or by chance; the last epoch has no right to be the one that is used.",
    false_alarms="Runs that are judged by another measure, such as the accuracy, which may still have risen.",
    source=("article 4 row 8", "TPB"),
    fires=(
        case(
            "past the best by half",
            run(
                curve(train.loss, decay(2.0, 0.2, 40, noise=0.01)),
                curve(val.loss, decay(2.0, 0.6, 20, noise=0.01), line(0.6, 0.9, 20, noise=0.01)),
                config={"checkpoint_best": False},
            ),
        ),
        case(
            "lost, though the score held",
            facts(rise.of(0.5), certainty.of(500.0), kept.of(False), back.of(0.13), lost.of(0.0)),
        ),
        case(
            "lost, and the score with it",
            facts(rise.of(0.5), certainty.of(500.0), kept.of(False), back.of(0.08), lost.of(0.025)),
        ),
        case(
            "next to nothing lost",
            facts(rise.of(0.5), certainty.of(500.0), kept.of(False), back.of(0.08), lost.of(0.015)),
        ),
        case(
            "classes weighted in training alone",
            facts(rise.of(0.5), certainty.of(500.0), kept.of(False), config.class_weights.of(True)),
        ),
        case("by a little, and not told", facts(rise.of(0.09), certainty.of(60.0))),
    ),
    quiet=(
        case(
            "best at the end",
            run(
                curve(train.loss, decay(2.0, 0.2, 40)),
                curve(val.loss, decay(2.0, 0.6, 40)),
                config={"checkpoint_best": False},
            ),
        ),
        case("kept", facts(rise.of(0.5), certainty.of(500.0), kept.of(True))),
        case("hardly worse", facts(rise.of(0.05), certainty.of(500.0), kept.of(False))),
        case("noise", facts(rise.of(0.3), certainty.of(40.0), kept.of(False))),
    ),
)
