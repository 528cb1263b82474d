from __future__ import annotations

from expert.authoring import Rule, against, case, config, curve, decay, facts, model, run, supports, train, val, weak

RULE = Rule(
    id="RUN102",
    name="evaluation-mode-forgotten",
    kind="cause",
    family="run",
    level="measurement",
    severity="error",
    prior=0.9,
    blames=("validation", "code"),
    symptom="the model works in validation as it does in training",
    cause="dropout and batch statistics stay at work in validation, so it measures a thinned network instead of the "
    "one that will be used",
    when=(~config.evaluation_mode_in_validation & ((model.dropout > 0) | model.normalization.is_("batch")))
    | model.dropout_in_evaluation,
    evidence=(
        supports(model.dropout >= 0.3, weak, "a dropout of {value:g} is at work in validation too"),
        against(config.task.is_("language_model"), weak, "sampling with dropout is a method of its own there"),
    ),
    explains=("OSC105", "GEN102", "GEN105", "GEN106"),
    invalidates=(val.loss, val.accuracy),
    remedies=("set-training-mode", "tell-dropout-the-mode"),
    meaning="The validation figures are worse and noisier than the model, and whatever is chosen by them is chosen "
    "badly: checkpoints, early stopping, hyper-parameters.",
    mechanism="In training mode dropout removes random units and batch normalization uses the batch at hand, and "
    "updates its averages with validation data. Two evaluations of one batch then differ. A dropout called as a "
    "function knows nothing of the mode, and is on unless it is told.",
    false_alarms="Monte-Carlo dropout, which samples on purpose, and batch statistics that are adapted to new data.",
    source=("PyTorch, torch.nn.Module.eval", "measured"),
    aliases=("eval-mode-forgotten",),
    fires=(
        case(
            "half of the units dropped",
            run(
                curve(train.loss, decay(1.4, 0.5, 10)),
                curve(val.loss, decay(1.4, 0.6, 10, noise=0.02)),
                config={"evaluation_mode_in_validation": False},
                model={"dropout": 0.5, "normalization": "none"},
            ),
        ),
        case(
            "a little dropout",
            facts(
                config.evaluation_mode_in_validation.of(False),
                model.dropout.of(0.2),
                config.task.of("language_model"),
            ),
        ),
        case("a dropout function that is never told", facts(model.dropout_in_evaluation.of(True))),
        case(
            "batch normalization",
            facts(
                config.evaluation_mode_in_validation.of(False), model.dropout.of(0.0), model.normalization.of("batch")
            ),
        ),
    ),
    quiet=(
        case(
            "as it should be",
            run(config={"evaluation_mode_in_validation": True}, model={"dropout": 0.5, "normalization": "batch"}),
        ),
        case(
            "every dropout is told",
            facts(config.evaluation_mode_in_validation.of(True), model.dropout_in_evaluation.of(False)),
        ),
        case(
            "nothing that depends on the mode",
            facts(
                config.evaluation_mode_in_validation.of(False), model.dropout.of(0.0), model.normalization.of("layer")
            ),
        ),
    ),
)
