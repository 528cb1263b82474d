from __future__ import annotations

from expert.authoring import (
    Rule, batch, case, config, curve, decay, facts, flat, limit, moderate, optimizer, run, signal, supports, train, val,
    weak,
)  # fmt: skip
from expert.rules.limits import BEYOND_SAMPLING, FALLING_SURE

CONSTANT = limit("rate-at-end-over-highest", 0.9, unit="share", source="a decay ends at 0-0.1", healthy="0.0-0.1")

end = signal.learning_rate_last_over_max()
noise = signal.sampling_noise_ratio()
trend = signal.recent_trend(train.loss)

RULE = Rule(
    id="OPT202",
    name="rate-never-decays",
    kind="cause",
    family="optimization",
    level="optimization",
    severity="info",
    status="experimental",
    prior=0.6,
    blames=("schedule",),
    symptom="late in the run the loss scatters more than its batches explain, and falls no more",
    cause="the learning rate stays what it was, too large for the last stretch",
    when=((end > CONSTANT) | config.schedule.is_("none")) & (noise > BEYOND_SAMPLING) & (trend > FALLING_SURE),
    evidence=(
        supports(
            signal.best_epoch_distance(val.loss) > 0.2,
            weak,
            "the best validation loss lies {value:.0%} of the run back",
        ),
        supports(
            noise > 2.0, moderate, "the steps scatter {value:.1f} times as much as the choice of samples explains"
        ),
    ),
    explains=("OSC105",),
    unless=("PLT103", "OPT101", "OSC102"),
    remedies=("repair-schedule", "average-weights"),
    meaning="A rate that brings a network down fast is too large to bring it to rest. Let it decay towards the planned "
    "end, or average the weights of the last epochs.",
    mechanism="Near the bottom each step carries more noise than slope. The smaller the step, the closer the weights "
    "come; a constant one keeps them at a distance.",
    false_alarms="Runs that are to be continued, and rates so small that the noise does no harm.",
    source=("Deep Learning Tuning Playbook",),
    fires=(
        case(
            "constant rate, wide scatter",
            run(
                curve(train.loss, decay(1.4, 0.5, 200), flat(0.5, 600, noise=0.3), per_epoch=40),
                curve(batch.loss_std, flat(0.05, 800), per_epoch=40),
                curve(optimizer.learning_rate, flat(0.1, 800), per_epoch=40),
                curve(val.loss, decay(1.4, 0.6, 8), flat(0.63, 12)),
            ),
        ),
        case("no schedule", facts(end.of(None), config.schedule.of("none"), noise.of(1.5), trend.of(-1.2))),
        case(
            "hardly any decay",
            facts(
                end.of(0.92),
                config.schedule.of("step"),
                noise.of(2.5),
                trend.of(0.0),
                signal.best_epoch_distance(val.loss).of(0.15),
            ),
        ),
    ),
    quiet=(
        case(
            "a decay to zero",
            run(
                curve(train.loss, decay(1.4, 0.3, 800), per_epoch=40),
                curve(batch.loss_std, flat(0.05, 800), per_epoch=40),
                curve(optimizer.learning_rate, decay(0.1, 0.0001, 800), per_epoch=40),
                config={"schedule": "cosine"},
            ),
        ),
        case("decayed by a fifth", facts(end.of(0.8), config.schedule.of("step"), noise.of(2.0), trend.of(0.0))),
        case("mere sampling", facts(end.of(1.0), noise.of(1.2), trend.of(0.0))),
        case("still falling", facts(end.of(1.0), noise.of(2.0), trend.of(-2.0))),
    ),
)
