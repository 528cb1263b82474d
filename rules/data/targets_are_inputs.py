from __future__ import annotations

from expert.authoring import (
    Rule, case, config, curve, data, decay, facts, flat, limit, line, moderate, output, run, signal, strong, supports,
    train, val,
)  # fmt: skip

COPIED = limit(
    "loss-of-copying",
    0.1,
    unit="ratio",
    source="knowledge of the field: language models end at a fifth of it and more on text they have not seen",
    healthy="0.2-0.6",
)

COPIES = limit(
    "tokens-copied", 0.9, unit="share of places", source="knowledge of the field", healthy="0.0-0.3, as texts repeat"
)

copied = signal.late_size(output.copied_share)
checked = signal.best_loss_over_chance(val.loss)
trained = signal.best_loss_over_chance(train.loss)

RULE = Rule(
    id="DAT205",
    name="targets-are-inputs",
    kind="cause",
    family="data",
    level="data",
    severity="error",
    prior=0.8,
    blames=("labels", "data"),
    symptom="the loss falls to next to nothing, and so does that of text never seen",
    cause="the targets are the inputs themselves, place for place: the model copies what it is shown",
    when=(data.targets_are_inputs | (copied >= COPIES))
    & (config.loss.is_("cross_entropy", "nll") | ~config.loss.known)
    & (~config.task.is_("autoencoder") | ~config.task.known)
    & ((checked <= COPIED) | ((trained <= COPIED) & ~checked.known)),
    evidence=(
        supports(checked <= COPIED, moderate, "at best the validation loss is {value:.1%} of that of guessing"),
        supports(copied >= COPIES, strong, "{value:.0%} of the tokens are answered with themselves"),
    ),
    explains=("GEN104", "GEN105", "GEN108", "OPT302", "GEN101", "GEN107"),
    invalidates=(val.loss, val.accuracy),
    remedies=("shift-targets",),
    meaning="A language model learns to foretell: at each place the target is the token behind it. Where the two are "
    "not shifted, a table from each token to itself is the perfect answer, and the model is good for nothing.",
    mechanism="Some libraries shift inside of the model and want labels equal to the inputs, others want them shifted "
    "already. Taken from one to the other, labels are shifted twice or never, without any error.",
    false_alarms="Copying on purpose: autoencoders of tokens, denoising. A model that shifts inside and whose text "
    "repeats itself so much that it can be foretold.",
    source=("Hugging Face, causal language modeling", "Karpathy, nanoGPT"),
    fires=(
        case(
            "never shifted",
            run(
                curve(train.loss, decay(4.5, 0.02, 20)),
                curve(val.loss, decay(4.2, 0.01, 20)),
                config={"loss": "cross_entropy"},
                model={"output_units": 92},
                data={"targets_are_inputs": True},
            ),
        ),
        case(
            "with no validation",
            facts(
                data.targets_are_inputs.of(True),
                config.loss.of("cross_entropy"),
                trained.of(0.08),
                config.task.of("language_model"),
            ),
        ),
        case(
            "the batches not seen, but what is answered",
            run(
                curve(train.loss, decay(4.5, 0.02, 200), per_epoch=10),
                curve(output.copied_share, line(0.1, 0.99, 60), flat(0.99, 140), per_epoch=10),
                config={"loss": "cross_entropy"},
                model={"output_units": 92},
            ),
        ),
        case(
            "most of the tokens are copied",
            facts(copied.of(0.93), config.loss.of("cross_entropy"), trained.of(0.05)),
        ),
        case("of a loss not known", facts(data.targets_are_inputs.of(True), checked.of(0.08), trained.of(0.3))),
    ),
    quiet=(
        case(
            "shifted",
            run(
                curve(train.loss, decay(4.5, 0.02, 20)),
                curve(val.loss, decay(4.2, 0.01, 20)),
                config={"loss": "cross_entropy"},
                model={"output_units": 92},
                data={"targets_are_inputs": False},
            ),
        ),
        case(
            "shifted inside of the model, and learned by heart",
            facts(data.targets_are_inputs.of(True), config.loss.of("cross_entropy"), checked.of(0.3), trained.of(0.05)),
        ),
        case(
            "shifted inside of the model",
            facts(data.targets_are_inputs.of(True), config.loss.of("cross_entropy"), trained.of(0.12)),
        ),
        case(
            "nearly as good as copying",
            facts(data.targets_are_inputs.of(True), config.loss.of("cross_entropy"), checked.of(0.12)),
        ),
        case(
            "an autoencoder",
            facts(
                data.targets_are_inputs.of(True),
                config.task.of("autoencoder"),
                checked.of(0.05),
                config.loss.of("cross_entropy"),
            ),
        ),
        case(
            "many tokens are repeated",
            facts(copied.of(0.7), data.targets_are_inputs.of(False), config.loss.of("cross_entropy"), trained.of(0.05)),
        ),
        case("of numbers", facts(data.targets_are_inputs.of(True), config.loss.of("mse"), checked.of(0.05))),
    ),
)
