from __future__ import annotations

from expert.authoring import Rule, against, case, config, curve, decay, escalates, facts, model, run, strong, train, val

RULE = Rule(
    id="RUN103",
    name="training-mode-forgotten",
    kind="cause",
    family="run",
    level="measurement",
    severity="error",
    prior=0.85,
    blames=("code", "regularization"),
    symptom="the model is trained in evaluation mode",
    cause="dropout is off and batch normalization keeps its old statistics, so neither does its work in training",
    when=~config.training_mode_in_training & ((model.dropout > 0) | model.normalization.is_("batch")),
    evidence=(against(config.pretrained, strong, "fine-tuning often keeps the statistics of the pre-training"),),
    escalate=(escalates(config.pretrained, "info"),),
    explains=("GEN101", "GEN102", "OPT106"),
    remedies=("set-training-mode",),
    meaning="The regularization that was asked for is not there, and the running averages of batch normalization stay "
    "what they were. Usually the mode was switched for the first validation and never back.",
    mechanism="The mode is a switch of the model that stays where it was put. Without training mode dropout passes "
    "everything on, and batch normalization divides by averages that no longer follow the activations.",
    false_alarms="Fine-tuning with frozen batch statistics, which is done on purpose.",
    source=("PyTorch, torch.nn.Module.eval", "knowledge of the field"),
    aliases=("train-mode-forgotten",),
    fires=(
        case(
            "dropout switched off",
            run(
                curve(train.loss, decay(1.4, 0.05, 20)),
                curve(val.loss, decay(1.4, 0.6, 20)),
                config={"training_mode_in_training": False},
                model={"dropout": 0.5, "normalization": "none"},
            ),
        ),
        case(
            "frozen batch statistics of a pre-trained model",
            facts(
                config.training_mode_in_training.of(False),
                model.dropout.of(0.0),
                model.normalization.of("batch"),
                config.pretrained.of(True),
            ),
        ),
    ),
    quiet=(
        case(
            "as it should be",
            run(config={"training_mode_in_training": True}, model={"dropout": 0.5, "normalization": "batch"}),
        ),
        case(
            "nothing that depends on the mode",
            facts(config.training_mode_in_training.of(False), model.dropout.of(0.0), model.normalization.of("layer")),
        ),
    ),
)
