from __future__ import annotations

from expert.authoring import (
    Rule, against, case, curve, data, decay, escalates, facts, limit, model, moderate, run, signal, supports,
    train, val, weak, zigzag,
)  # fmt: skip
from expert.rules.limits import SCORE_KEPT, SLIGHT_RETURN

TURNS = limit("validation-turns", 0.5, unit="share", source="AutoTrainer 2021, measured", healthy="0.0-0.7")
JUMPS = limit("validation-swing", 0.1, unit="share", source="measured", healthy="0.00-0.09")
RATIO = limit("validation-noise-over-training", 4, unit="ratio", source="measured", healthy="0.7-4")
EPOCHS = limit("epochs-for-jumps", 12, unit="epochs", source="measured", healthy="any")

turns = signal.direction_changes(val.loss)
swing = signal.own_swing(val.loss)
ratio = signal.spread_ratio(val.loss, train.loss)
back = signal.share_given_back(val.loss)
lost = signal.shortfall_from_best(val.score)
epochs = signal.epochs_recorded(val.loss)

RULE = Rule(
    id="OSC105",
    name="val-metric-jumps",
    kind="symptom",
    family="oscillation",
    level="measurement",
    severity="warning",
    prior=0.5,
    symptom="the validation loss jumps from epoch to epoch while the training loss is smooth",
    when=(turns > TURNS) & (swing > JUMPS) & (ratio > RATIO) & (epochs >= EPOCHS),
    evidence=(
        supports(data.validation_samples < 200, moderate, "the validation set has only {value:.0f} samples"),
        supports(model.normalization.is_("batch"), weak, "batch normalization validates with running statistics"),
        against(data.validation_samples > 2000, weak, "the validation set has {value:.0f} samples"),
    ),
    # Where the run ends at its best, the jumps on its way there did no harm.
    escalate=(escalates((back < SLIGHT_RETURN) & ((lost < SCORE_KEPT) | ~lost.known), "info"),),
    unless=("OSC101",),
    remedies=("set-training-mode", "larger-validation-set", "repair-schedule", "average-weights",
        "stabilize-batch-statistics"),
    meaning="What moves is the measurement, or the model at the points where it is measured: which of them, a look at "
    "the size of the "
    "validation set, at evaluation mode and at the late learning rate tells.",
    mechanism="A single validation falls on one moment of weights that jitter with the last batches; the training loss "
    "is a mean over "
    "them. Dropout left on, or running statistics that lag, add noise of their own.",
    false_alarms="A training loss that is a mean over many steps is smoother than any single measurement.",
    source=("TPB", "AutoTrainer 2021"),
    fires=(
        case("validation alternates", run(curve(train.loss, decay(2.0, 0.3, 30, noise=0.005)), curve(val.loss,
             zigzag(0.5, 0.9, 30)))),
        case("just enough, small set", facts(turns.of(0.6), swing.of(0.15), ratio.of(5), epochs.of(14),
             data.validation_samples.of(150))),
        case("a large set, batch normalization", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(30),
             data.validation_samples.of(2500), model.normalization.of("batch"))),
        case("jumps on the way to the best", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(30),
             back.of(0.08),
             lost.of(0.015))),
        case("jumps, and ends short of the best", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(30),
             back.of(0.13), lost.of(0.0))),
        case("jumps, and the score is lost", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(30),
             back.of(0.08), lost.of(0.025))),
        case("a set in between", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(30),
             data.validation_samples.of(250))),
    ),
    quiet=(
        case("both smooth", run(curve(train.loss, decay(2.0, 0.3, 30)), curve(val.loss, decay(2.0, 0.4, 30)))),
        case("few turns", facts(turns.of(0.4), swing.of(0.3), ratio.of(8), epochs.of(30))),
        case("small jumps", facts(turns.of(0.8), swing.of(0.07), ratio.of(8), epochs.of(30))),
        case("training jumps nearly as much", facts(turns.of(0.8), swing.of(0.3), ratio.of(3), epochs.of(30))),
        case("ten epochs", facts(turns.of(0.8), swing.of(0.3), ratio.of(8), epochs.of(10))),
    ),
)  # fmt: skip
