from __future__ import annotations

from expert.authoring import Rule, case, curve, facts, layers, limit, model, run, signal, supports, train, weak, zigzag

TURNS = limit("turns-at-capacity", 0.4, unit="share", source="measured", healthy="0.00-0.33")
HIGH = limit("high-loss-at-capacity", 0.9, unit="ratio to chance", source="measured", healthy="0.0-0.7")
ORDINARY = limit("ordinary-early-update", 0.1, unit="ratio", source="measured", healthy="0.002-0.07")
REACHES = limit("gradient-reaches", 0.1, unit="ratio", source="measured", healthy="0.2-3.0")

turns = signal.direction_changes(train.loss)
level = signal.loss_over_chance(train.loss)
early = signal.early_update_ratio()
reach = signal.first_to_last_gradient()

RULE = Rule(
    id="OSC106",
    name="capacity-oscillation",
    kind="cause",
    family="oscillation",
    level="capacity",
    severity="info",
    prior=0.15,
    blames=("architecture",),
    symptom="the loss stays near chance and flickers there, with steps of ordinary size",
    cause="the model cannot express the function, so batch after batch pulls it another way",
    when=(turns > TURNS) & (level > HIGH) & (early < ORDINARY) & ((reach > REACHES) | ~reach.known),
    evidence=(supports(model.linear, weak, "the model is linear"),),
    explains=("PLT104", "PLT106", "GEN103"),
    unless=("OPT101", "OSC102", "DAT301", "GRD101", "GRD303", "ACT101", "DAT204", "PLT102", "OPT301", "MOD205"),
    remedies=("overfit-one-batch", "more-capacity"),
    meaning="Too little capacity alone gives a loss that stays high and hardly swings. Swings as wide as the article's "
    "1 to 192 need "
    "another cause first: the rate, a summed loss, unshuffled data or exploding gradients.",
    mechanism="At the best a weak model can do, the gradients of different batches cancel on average but not one by "
    "one. One more layer "
    "or more units help only if the model cannot learn a single batch by heart and gradients do reach its first layer.",
    false_alarms="Targets that cannot be predicted look the same; overfitting one small batch tells them apart.",
    source=("article 1.1", "article 3.4", "article IMPR-1"),
    fires=(
        case("a linear model at chance", run(curve(train.loss, zigzag(0.692, 0.694, 20)),
             config={"loss": "cross_entropy"},
             data={"classes": 2}, model={"linear": True}, layers=(layers("update_ratio", a=0.02),))),
        case("just enough", facts(turns.of(0.5), level.of(0.95), early.of(0.08), reach.of(0.13))),
    ),
    quiet=(
        case("a smooth course", facts(turns.of(0.3), level.of(1.0), early.of(0.02), reach.of(0.5))),
        case("below chance", facts(turns.of(0.6), level.of(0.8), early.of(0.02), reach.of(0.5))),
        case("large steps", facts(turns.of(0.6), level.of(1.0), early.of(0.12), reach.of(0.5))),
        case("the gradient does not get through", facts(turns.of(0.6), level.of(1.0), early.of(0.02), reach.of(0.08))),
    ),
)  # fmt: skip
