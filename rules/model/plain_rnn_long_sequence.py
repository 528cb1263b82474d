from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, decay, escalates, facts, flat, limit, model, moderate, run, signal, supports, train, val,
)  # fmt: skip
from expert.rules.limits import LITTLE_PROGRESS, LONG_SEQUENCE, SOME_LEFT

VERY_LONG = limit("long-for-gated-recurrence", 200, unit="time steps", source="knowledge of the field")

left = signal.loss_over_chance(val.loss)
progress = signal.relative_improvement(train.loss)

RULE = Rule(
    id="MOD203",
    name="plain-rnn-long-sequence",
    kind="cause",
    family="model",
    level="signal",
    severity="warning",
    prior=0.35,
    blames=("architecture",),
    symptom="a recurrent network does not learn from long sequences",
    cause="the sequences are longer than this kind of recurrence can carry a signal",
    when=(
        (model.recurrent.is_("rnn") & (model.sequence_length > LONG_SEQUENCE))
        | (model.recurrent.is_("lstm", "gru") & (model.sequence_length > VERY_LONG))
    )
    & ((progress < LITTLE_PROGRESS) | ~progress.known | (left > SOME_LEFT)),
    evidence=(supports(progress < 0.1, moderate, "the training loss improved by only {value:.1%}"),),
    # It learns: another recurrence may learn more.
    escalate=(escalates(progress >= LITTLE_PROGRESS, "info"),),
    explains=(
        "GRD103",
        "PLT101",
        "PLT104",
        "PLT106",
        "GEN103",
        "MOD201",
        "RUN101",
    ),
    remedies=("use-gated-recurrence", "shorten-gradient-path", "clip-gradient-norm"),
    meaning="What stood at the beginning of a sequence neither reaches the answer nor gets a gradient.",
    mechanism="A plain recurrence multiplies its state by one matrix at every step, so that signals vanish or explode "
    "after some tens of steps; gates carry them over a few hundred. The article's 300 steps are long even for an LSTM.",
    false_alarms="Tasks that only need the last steps; a recurrent matrix that starts orthogonal carries further.",
    source=("article 3.2", "article 1.1", "article IMPR-5", "Pascanu et al. 2013"),
    fires=(
        case(
            "sixty steps without gates",
            run(curve(train.loss, flat(0.69, 10, noise=0.002)), model={"recurrent": "rnn", "sequence_length": 60}),
        ),
        case(
            "three hundred steps with gates, before any training",
            facts(model.recurrent.of("lstm"), model.sequence_length.of(250)),
        ),
        case(
            "twenty-five steps, a little progress",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(25), progress.of(0.12)),
        ),
        case(
            "forty steps, some progress",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(40), progress.of(0.2)),
        ),
        case(
            "some progress, much left",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(60), progress.of(0.4), left.of(0.5)),
        ),
        case(
            "sixty steps, much left",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(60), progress.of(0.6), left.of(0.25)),
        ),
    ),
    quiet=(
        case(
            "sixty steps, learned all the same",
            run(curve(train.loss, decay(0.69, 0.2, 10)), model={"recurrent": "rnn", "sequence_length": 60}),
        ),
        case(
            "sixty steps, little left",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(60), progress.of(0.6), left.of(0.15)),
        ),
        case("twenty steps", facts(model.recurrent.of("rnn"), model.sequence_length.of(20), progress.of(0.0))),
        case(
            "sixty steps with gates", facts(model.recurrent.of("lstm"), model.sequence_length.of(150), progress.of(0.0))
        ),
        case("no recurrence", facts(model.recurrent.of("none"), model.sequence_length.of(512), progress.of(0.0))),
        case(
            "a little more than a third learned",
            facts(model.recurrent.of("rnn"), model.sequence_length.of(60), progress.of(0.4)),
        ),
    ),
)
