from __future__ import annotations

from expert.authoring import (
    Rule, case, curve, decay, facts, flat, limit, line, model, moderate, output, run, signal, supports, train, weak,
)  # fmt: skip

FAR = limit(
    "output-log-normalizer",
    10,
    unit="nats",
    source="Chowdhery et al. 2022, knowledge of the field",
    healthy="ln of the classes, drifting little",
)
DRIFTING = limit(
    "log-normalizer-growth", 1.05, unit="ratio", source="knowledge of the field", healthy="0.95-1.02 once it is trained"
)

size = signal.late_size(output.log_normalizer)
growth = signal.size_growth(output.log_normalizer)

RULE = Rule(
    id="ACT106",
    name="output-logit-drift",
    kind="cause",
    family="activations",
    level="signal",
    severity="warning",
    status="experimental",
    prior=0.6,
    blames=("loss-function", "regularization"),
    symptom="the output logits drift away from zero as a whole",
    cause="a softmax does not see a shift that all logits share, so nothing holds their level",
    when=(size > FAR) & (growth > DRIFTING),
    evidence=(
        supports(size > 30, moderate, "the logarithm of the softmax's sum is {value:.0f} from zero"),
        supports(model.transformer, weak, "reported of large transformers"),
    ),
    explains=("OPT204",),
    remedies=("add-z-loss", "add-l2-penalty"),
    meaning="Probabilities are the same at any level of the logits, but in half precision large ones are coarse, and "
    "the loss becomes noisy or spikes.",
    mechanism="The gradient along the common shift is zero; noise and the decay of weights move the logits along it "
    "unopposed. A small penalty on the squared logarithm of the sum brings them back.",
    false_alarms="A vocabulary whose logarithm is itself above ten, at the start of training.",
    source=("Chowdhery et al. 2022", "arXiv 2309.14322"),
    fires=(
        case(
            "forty and rising",
            run(
                curve(train.loss, decay(8.0, 3.0, 300)),
                curve(output.log_normalizer, line(-8, -45, 300)),
                model={"transformer": True},
            ),
        ),
        case("twelve and rising", facts(size.of(12), growth.of(1.2))),
    ),
    quiet=(
        case(
            "held at its level",
            run(curve(train.loss, decay(8.0, 3.0, 300)), curve(output.log_normalizer, flat(9.2, 300))),
        ),
        case("small, though rising", facts(size.of(8), growth.of(1.4))),
        case("large, but steady", facts(size.of(14), growth.of(1.02))),
    ),
)
