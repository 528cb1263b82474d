from __future__ import annotations

from expert.authoring import Rule, case, curve, decay, facts, limit, run, signal, train, zigzag

TURNS = limit("oscillation-turns", 0.4, unit="share", source="measured", healthy="0.00-0.33; with dropout up to 0.54")
CLIMB = limit("oscillation-climb", 0.3, unit="share", source="measured", healthy="up to 0.08")
SWING = limit("oscillation-swing", 0.01, unit="relative", source="measured", healthy="a flickering plateau stays below 0.002")

RULE = Rule(
    id="OSC101",
    name="oscillating-loss",
    kind="symptom",
    family="oscillation",
    level="optimization",
    severity="warning",
    prior=0.6,
    core=True,
    symptom="the training loss swings up and down instead of falling",
    when=(signal.direction_changes(train.loss) >= TURNS)
    & (signal.upward_share(train.loss) >= CLIMB)
    & (signal.swing_size(train.loss) >= SWING),
    remedies=("lower-learning-rate",),
    meaning="Epoch after epoch the loss undoes much of what it gained.",
    mechanism="Steps overshoot, or batches pull in different directions.",
    false_alarms="Adversarial and reinforcement losses; sampling of several tasks.",
    source=("article 1",),
    fires=(case("swings of half the level", run(curve(train.loss, zigzag(0.5, 1.5, 30)))),),
    quiet=(case("a smooth descent", run(curve(train.loss, decay(2.3, 0.2, 30)))),
           case("few turns", facts(signal.direction_changes(train.loss).of(0.3), signal.upward_share(train.loss).of(0.4), signal.swing_size(train.loss).of(0.02)))),
)
