from __future__ import annotations

from expert.authoring import (
    Rule, against, case, config, curve, facts, flat, gradient, limit, run, signal, strong, supports, train, update,
    val, weak,
)  # fmt: skip
from expert.rules.limits import HARDLY_FELL, NEAR_VARIANCE, WILD_UPDATE

AT_CHANCE = limit("best-loss-at-chance", 0.95, unit="ratio", source="measured: 0.96-1.01", healthy="0.0-0.7")
FAR_ENOUGH = limit("way-of-a-run", 1.0, unit="norms of the weights", source="measured", healthy="0.9-20 once it learns")
ORDINARY_UPDATE = limit("ordinary-update", 5e-4, unit="ratio", source="CS231n, measured", healthy="1e-3 to 2e-2")
LARGE_UPDATE = limit("large-update", 0.05, unit="ratio", source="CS231n, measured", healthy="1e-3 to 2e-2")
BALANCED = limit("balanced-enough", 3, unit="ratio", source="knowledge of the field")
NO_DIRECTION = limit("gradients-of-one-direction", 0.3, unit="cosine", source="measured: -0.1-0.2", healthy="-0.2-0.3")

best_train = signal.best_loss_over_chance(train.loss)
best_val = signal.best_loss_over_chance(val.loss)
val_fall = signal.fall_after_first(val.loss)
travel = signal.weight_travel()
update_size = signal.update_ratio()
early = signal.early_update_ratio()
direction = signal.gradient_cosine()
imbalance = signal.class_imbalance()
blind = signal.blind_loss_ratio()

RULE = Rule(
    id="DAT206",
    name="nothing-to-learn",
    kind="cause",
    family="data",
    level="data",
    severity="warning",
    prior=0.5,
    blames=("labels", "data", "preprocessing"),
    symptom="the weights travel far by ordinary steps, and neither loss ever gets below what guessing gives",
    cause="the inputs, as they reach the model, tell nothing of the targets: paired wrongly, drawn at random, or "
    "emptied on the way",
    when=(best_train > AT_CHANCE)
    # The variance of other samples may be smaller than that of those it was told of.
    & ((best_val > AT_CHANCE) | (config.loss.is_("mse") & (best_val >= NEAR_VARIANCE) & (val_fall < HARDLY_FELL)))
    & (travel > FAR_ENOUGH)
    & update_size.between(ORDINARY_UPDATE, LARGE_UPDATE)
    & (early < WILD_UPDATE)
    & (direction < NO_DIRECTION)
    # The loss of rare classes, or of weighted ones, stands near that of guessing however much is learned.
    & ((imbalance < BALANCED) | ~imbalance.known)
    & (~config.class_weights | ~config.class_weights.known),
    evidence=(
        supports(blind < 1.02, strong, "without inputs the loss is {value:.2f} times as high: they count for nothing"),
        against(blind > 1.1, strong, "without inputs the loss is {value:.2f} times as high: they do count"),
        against(config.pretrained, weak, "pre-trained features tell something of most targets"),
        supports(signal.distance_from_chance(val.loss) < 0.02, weak,
            "the validation loss stands within {value:.1%} of what guessing gives"),
    ),
    # What is left when nothing in the training explains that it learns nothing.
    unless=(
        "DAT101", "DAT201", "DAT202", "DAT203", "DAT204", "DAT301", "DAT304", "OPT101", "OPT201", "OPT301", "OSC102",
        "GRD101", "GRD102", "GRD103", "GRD201", "GRD202", "GRD301", "GRD302", "GRD303", "ACT101", "ACT102", "CFG106",
        "MOD101", "MOD103", "MOD107", "MOD202", "MOD203", "MOD204", "MOD205", "MOD301", "NUM301", "RUN102", "RUN108",
    ),
    explains=("PLT101", "PLT104", "PLT106", "GEN102", "GEN103", "GEN109", "OSC106"),
    remedies=("pair-inputs-with-labels", "verify-labels", "overfit-one-batch", "standardize-inputs"),
    meaning="Everything about the training is in order, and it learns nothing. Look at some samples right before the "
    "model: does the input still hold what its target says?",
    mechanism="Gradients of samples that have nothing in common point everywhere; their mean is noise, and the weights "
    "wander without getting anywhere. A network too small to memorize the samples shows nothing else.",
    false_alarms="Tasks that are learned in one leap after a long standstill, such as arithmetic, parity or order, "
    "look the same before it. So does a target that no one could tell, such as tomorrow's return of a share.",
    source=("Karpathy 2019", "measured"),
    fires=(
        case("ordinary steps lead nowhere", run(curve(train.loss, flat(1.386, 400, noise=0.01), per_epoch=40),
             curve(val.loss, flat(1.387, 10, noise=0.002)), curve(update.ratio, flat(5e-3, 400, noise=0.1),
             per_epoch=40), curve(gradient.cosine, flat(0.05, 400, noise=0.5), per_epoch=40),
             config={"loss": "cross_entropy"}, data={"classes": 4})),
        case("wanders at chance", facts(best_train.of(0.98), best_val.of(0.97), travel.of(1.2), update_size.of(6e-4),
             early.of(0.25), direction.of(0.25))),
        case("large steps, blind to its inputs", facts(best_train.of(0.99), best_val.of(1.01), travel.of(20),
             update_size.of(0.04), early.of(0.05), direction.of(0.0), blind.of(1.0),
             signal.distance_from_chance(val.loss).of(0.01))),
        case("pre-trained", facts(best_train.of(0.99), best_val.of(1.01), travel.of(20), update_size.of(0.01),
             early.of(0.05), direction.of(0.0), blind.of(1.05), config.pretrained.of(True),
             signal.distance_from_chance(val.loss).of(0.025))),
        case("some classes rarer, none weighted", facts(best_train.of(0.99), best_val.of(1.01), travel.of(20),
             update_size.of(0.01), early.of(0.05), direction.of(0.0), imbalance.of(2.5),
             config.class_weights.of(False))),
        case("targets of a smaller variance", facts(best_train.of(1.0), best_val.of(0.9), config.loss.of("mse"),
             val_fall.of(0.04), travel.of(5), update_size.of(3e-3), early.of(0.02), direction.of(0.0))),
        case("its inputs count", facts(best_train.of(0.99), best_val.of(1.01), travel.of(20), update_size.of(0.01),
             early.of(0.05), direction.of(0.0), blind.of(1.2))),
    ),
    quiet=(
        case("training learns", facts(best_train.of(0.9), best_val.of(1.0), travel.of(5), update_size.of(3e-3),
             early.of(0.02), direction.of(0.0))),
        case("validation learns", facts(best_train.of(1.0), best_val.of(0.9), travel.of(5), update_size.of(3e-3),
             early.of(0.02), direction.of(0.0))),
        case("targets of half the variance", facts(best_train.of(1.0), best_val.of(0.8), config.loss.of("mse"),
             val_fall.of(0.04), travel.of(5), update_size.of(3e-3), early.of(0.02), direction.of(0.0))),
        case("targets that are told a little", facts(best_train.of(1.0), best_val.of(0.9), config.loss.of("mse"),
             val_fall.of(0.06), travel.of(5), update_size.of(3e-3), early.of(0.02), direction.of(0.0))),
        case("classes that are told a little", facts(best_train.of(1.0), best_val.of(0.9),
             config.loss.of("cross_entropy"), val_fall.of(0.0), travel.of(5), update_size.of(3e-3), early.of(0.02),
             direction.of(0.0))),
        case("the weights went a short way only", facts(best_train.of(1.0), best_val.of(1.0), travel.of(0.8),
             update_size.of(3e-3), early.of(0.02), direction.of(0.0))),
        case("tiny steps", facts(best_train.of(1.0), best_val.of(1.0), travel.of(5), update_size.of(3e-4),
             early.of(0.02), direction.of(0.0))),
        case("huge steps", facts(best_train.of(1.0), best_val.of(1.0), travel.of(50), update_size.of(0.07),
             early.of(0.02), direction.of(0.0))),
        case("thrown away at once", facts(best_train.of(1.0), best_val.of(1.0), travel.of(5), update_size.of(3e-3),
             early.of(0.4), direction.of(0.0))),
        case("a rare class", facts(best_train.of(1.0), best_val.of(1.0), travel.of(5), update_size.of(3e-3),
             early.of(0.02), direction.of(0.0), imbalance.of(4))),
        case("weighted classes", facts(best_train.of(1.0), best_val.of(1.0), travel.of(5), update_size.of(3e-3),
             early.of(0.02), direction.of(0.0), config.class_weights.of(True))),
        case("gradients that agree", facts(best_train.of(1.0), best_val.of(1.0), travel.of(5), update_size.of(3e-3),
             early.of(0.02), direction.of(0.4))),
    ),
)  # fmt: skip
