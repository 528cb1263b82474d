from __future__ import annotations

from expert.authoring import (
    Rule,
    case,
    config,
    curve,
    data,
    decay,
    facts,
    model,
    moderate,
    run,
    signal,
    strong,
    supports,
    train,
)

index_loss = config.loss.is_("cross_entropy", "nll")
values_for_classes = config.loss.is_("mse", "mae", "huber") & (
    config.task.is_("classification")
    | ((data.classes > 2.0) & ~model.output_units.is_(1))
    # Where an accuracy is counted over several outputs, classes are meant.
    | ((model.output_units > 2) & signal.epochs_recorded(train.accuracy).known)
)
classes_for_values = index_loss & (config.task.is_("regression") | data.labels_integer.is_(False))
one_class = index_loss & config.task.is_("classification") & model.output_units.is_(1)

RULE = Rule(
    id="MOD104",
    name="loss-task-mismatch",
    kind="cause",
    family="model",
    level="static",
    severity="warning",
    prior=0.6,
    blames=("loss-function",),
    symptom="the network learns slowly, or learns something other than what was meant",
    cause="the loss does not belong to the task",
    when=values_for_classes | classes_for_values | one_class,
    evidence=(
        supports(classes_for_values, moderate, "the loss is {value}, but the targets are no class indices"),
        supports(one_class, strong, "the loss is {value}, and over one output unit it is 0 whatever the network says"),
        supports(
            config.loss.is_("mse", "mae", "huber") & (data.classes > 2.0),
            moderate,
            "the loss is {value}, and there are several classes",
        ),
    ),
    explains=(
        "PLT101",
        "PLT102",
        "PLT104",
        "PLT106",
        "GEN103",
        "RUN101",
    ),
    remedies=("pair-head-with-loss",),
    meaning="Another loss may still fall, but its minimum is another answer, and its gradient fades where the "
    "network is surely wrong.",
    mechanism="Behind a sigmoid or softmax a squared error has almost no slope for confident mistakes, where a cross "
    "entropy has its steepest; and class indices as numbers claim that class 3 is three times class 1.",
    false_alarms="A squared error of probabilities (the Brier score) can be meant; soft labels are class "
    "probabilities that are no integers.",
    source=("Karpathy 2019", "knowledge of the field"),
    fires=(
        case(
            "a squared error for four classes",
            run(
                curve(train.loss, decay(1.2, 0.6, 10)),
                config={"loss": "mse", "task": "classification"},
                data={"classes": 4},
            ),
        ),
        case(
            "a squared error for two classes",
            facts(config.loss.of("mse"), config.task.of("classification"), data.classes.of(2)),
        ),
        case(
            "a squared error over three units for three classes",
            facts(config.loss.of("mse"), config.task.of(None), model.output_units.of(3), data.classes.of(3)),
        ),
        case(
            "a squared error over three units of which accuracy is counted",
            facts(config.loss.of("mse"), model.output_units.of(3), signal.epochs_recorded(train.accuracy).of(5.0)),
        ),
        case("a cross entropy for a regression", facts(config.loss.of("cross_entropy"), config.task.of("regression"))),
        case(
            "a cross entropy for labels with fractions",
            facts(config.loss.of("cross_entropy"), data.labels_integer.of(False)),
        ),
        case(
            "a cross entropy over one unit",
            facts(config.loss.of("cross_entropy"), config.task.of("classification"), model.output_units.of(1)),
        ),
    ),
    quiet=(
        case(
            "a squared error of two numbers of which accuracy is counted",
            facts(config.loss.of("mse"), model.output_units.of(2), signal.epochs_recorded(train.accuracy).of(5.0)),
        ),
        case("a squared error of three numbers", facts(config.loss.of("mse"), model.output_units.of(3))),
        case(
            "a squared error of one number, of few values",
            facts(config.loss.of("mse"), config.task.of(None), model.output_units.of(1), data.classes.of(10)),
        ),
        case(
            "a squared error of two numbers",
            facts(config.loss.of("mse"), config.task.of(None), model.output_units.of(2), data.classes.of(2)),
        ),
        case(
            "a cross entropy for four classes",
            run(
                curve(train.loss, decay(1.2, 0.3, 10)),
                config={"loss": "cross_entropy", "task": "classification"},
                model={"output_units": 4},
                data={"labels_integer": True},
            ),
        ),
        case(
            "a squared error for a regression with one output",
            facts(
                config.loss.of("mse"),
                config.task.of("regression"),
                data.labels_integer.of(False),
                model.output_units.of(1),
            ),
        ),
        case(
            "a binary cross entropy over one unit",
            facts(config.loss.of("bce"), config.task.of("classification"), model.output_units.of(1)),
        ),
        case(
            "one output unit, the task not told",
            facts(
                config.loss.of("nll"),
                config.task.of("language_model"),
                model.output_units.of(1),
                data.labels_integer.of(True),
            ),
        ),
    ),
)
