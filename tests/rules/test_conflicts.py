"""Where two pieces of advice contradict each other, the evidence decides: each line of the table of conflicts as two
situations, and what must stand first in each, what only behind it, and what not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from expert import Advice
from expert.authoring import (
    batch,
    curve,
    decay,
    flat,
    gradient,
    layers,
    line,
    optimizer,
    run,
    train,
    train_eval,
    update,
    val,
)  # fmt: skip
from expert.cases import Sketch
from expert.knowledge import load
from expert.pipeline import judge_history
from expert.settings import Settings

_, KNOWLEDGE = load()
CATALOGUE = KNOWLEDGE.catalogue
CROSS_ENTROPY = {"loss": "cross_entropy"}
FOUR = {"classes": 4}
CRAWLING = (
    curve(train.loss, line(1.386, 1.380, 400, noise=0.0005), per_epoch=20),
    curve(update.ratio, flat(2e-5, 400), per_epoch=20),
    curve(gradient.cosine, flat(0.5, 400), per_epoch=20),
)
SCATTERING = (
    curve(train.loss, decay(1.386, 0.45, 15, noise=0.002), flat(0.45, 30, noise=0.01)),
    curve(update.ratio, flat(4e-2, 45)),
    curve(gradient.cosine, flat(-0.1, 45)),
    curve(optimizer.learning_rate, flat(1.0, 45)),
)
MEMORIZING = (curve(train.loss, decay(2.0, 0.02, 40)), curve(val.loss, decay(2.0, 0.6, 12), line(0.6, 1.2, 28)))
STUCK = curve(train.loss, flat(1.386, 20, noise=0.001))

PLAIN = {"activation": "relu", "normalization": "none", "residual": False}


@dataclass(frozen=True)
class Situation:
    """A run, the cause that must stand first among the serious findings, and its remedies in order: ``first`` is one of
    those that may lead, ``behind`` come later if at all, ``never`` are not recommended.
    """

    name: str
    run: Sketch
    finding: str
    first: tuple[str, ...]
    behind: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    preview: bool = False

    def advice(self) -> Advice:
        return judge_history(self.run.history(), KNOWLEDGE, Settings(preview=self.preview))


SITUATIONS = (
    Situation(
        "a plateau of tiny aligned updates: raise the rate",
        run(*CRAWLING, config={"optimizer": "sgd", "learning_rate": 1e-4, **CROSS_ENTROPY}, data=FOUR),
        "PLT102", ("raise-learning-rate",), never=("lower-learning-rate",),
    ),
    Situation(
        "a plateau of large opposed updates: lower the rate",
        run(*SCATTERING, config={"optimizer": "sgd", **CROSS_ENTROPY}, data=FOUR),
        "PLT103", ("repair-schedule", "lower-learning-rate"), never=("raise-learning-rate", "smaller-batch"),
    ),
    Situation(
        "steps that scatter as the choice of samples does: a larger batch",
        run(
            curve(train.loss, line(1.4, 0.6, 800, noise=0.9), per_epoch=80),
            curve(update.ratio, flat(5e-3, 800), per_epoch=80),
            curve(batch.loss_std, flat(0.85, 800), per_epoch=80),
            config={"batch_size": 4, "loss": "custom"},
            data={"samples": 320},
        ),
        "OSC103", ("larger-batch", "accumulate-gradients"), never=("smaller-batch",),
    ),
    Situation(
        "few tiny updates in an epoch: the rate before a smaller batch",
        run(*CRAWLING, config={"optimizer": "sgd", "batch_size": 256, **CROSS_ENTROPY}, data={**FOUR, "samples": 5120}),
        "PLT102", ("raise-learning-rate",), behind=("smaller-batch",), never=("larger-batch",),
    ),
    Situation(
        "sound gradients and a straight line for a curved task: add a layer",
        run(
            curve(train.loss, flat(0.693, 20, noise=0.002)),
            layers=(layers("gradient_norm", a=0.3, b=0.3), layers("update_ratio", a=2e-3, b=2e-3)),
            model={"linear": True, "output_units": 2}, config=CROSS_ENTROPY, data={"classes": 2},
        ),
        "MOD201", ("more-capacity",), never=("fewer-layers",),
    ),
    Situation(
        "gradients that vanish: repair the path before a layer is removed",
        run(
            STUCK,
            layers=(layers("gradient_norm", a=1e-6, b=1e-3, c=0.3),),
            model={"activation": "sigmoid", "depth": 6, "normalization": "none", "residual": False},
            config=CROSS_ENTROPY, data=FOUR,
        ),
        "MOD107", ("change-activation", "initialize-well"), behind=("fewer-layers",),
        never=("more-capacity", "clip-gradient-norm", "add-l2-penalty"),
    ),
    Situation(
        "a few sigmoids that lose the gradients of well-sized weights: another activation, and no other weights",
        run(
            STUCK,
            layers=(layers("gradient_norm", a=1e-5, b=1e-3, c=0.3),),
            model={
                "activation": "sigmoid", "depth": 3, "normalization": "none", "residual": False, "largest_gain": 0.6,
            },
            config=CROSS_ENTROPY, data=FOUR,
        ),
        "GRD101", ("change-activation",), never=("initialize-well",),
    ),
    Situation(
        "gradients that vanish in nine plain layers of rectifiers: other weights before another structure",
        run(STUCK, layers=(layers("gradient_norm", a=1e-6, b=1e-3, c=0.3),), model={**PLAIN, "depth": 9},
            config=CROSS_ENTROPY, data=FOUR),
        "MOD202", ("initialize-well",), behind=("add-residual-connections",), never=("change-activation",),
    ),
    Situation(
        "gradients that vanish in twenty plain layers: shortcuts, for no weights carry through so many",
        run(STUCK, layers=(layers("gradient_norm", a=1e-6, b=1e-3, c=0.3),), model={**PLAIN, "depth": 20},
            config=CROSS_ENTROPY, data=FOUR),
        "MOD202", ("add-residual-connections",), never=("initialize-well", "change-activation"),
    ),
    Situation(
        "Adadelta at a thousandth: its own rate at once",
        run(STUCK, config={"optimizer": "adadelta", "learning_rate": 1e-3, **CROSS_ENTROPY}, data=FOUR),
        "CFG102", ("raise-learning-rate",), behind=("switch-to-adam",),
    ),
    Situation(
        "rare spikes: clip",
        run(
            curve(
                train.loss,
                *(part for k in range(3) for part in (line(1 - k / 10, 0.9 - k / 10, 150, 0.02), line(5, 5, 1))),
                line(0.7, 0.6, 150, 0.02), per_epoch=150,
            ),
            curve(
                gradient.norm, *(part for _ in range(3) for part in (line(1, 1, 150, 0.1), line(50, 50, 1))),
                line(1, 1, 150, 0.1), per_epoch=150,
            ),
            config={"shuffle": True},
        ),
        "OPT204", ("clip-gradient-norm",), never=("lower-learning-rate",),
    ),
    Situation(
        "every step clipped: a bound among the norms seen, then what makes the gradients large",
        run(
            curve(train.loss, flat(0.69, 100, noise=0.005), per_epoch=20),
            curve(gradient.clipped, flat(1.0, 100), per_epoch=20),
            config={"clip_norm": 1.0},
        ),
        "GRD202", ("clip-gradient-norm",), behind=("initialize-well", "lower-learning-rate"),
    ),
    Situation(
        "only the first steps of a transformer break out: warm up",
        run(
            curve(train.loss, line(2.3, 6, 30), decay(6, 0.5, 570, noise=0.03), per_epoch=60),
            config={"warmup_steps": 0, "optimizer": "adam", "learning_rate": 1e-3, "shuffle": True},
            model={"transformer": True}, data={"sorted_by_label": False},
        ),
        "OPT203", ("warm-up-learning-rate",), never=("lower-learning-rate",), preview=True,
    ),
    Situation(
        "unstable throughout: lower the rate",
        run(
            curve(train.loss, line(2.3, 6, 30), flat(5, 570, noise=0.3), per_epoch=60),
            curve(update.ratio, flat(0.9, 600), per_epoch=60),
            config={"warmup_steps": 0, "optimizer": "adam", "learning_rate": 0.1}, model={"transformer": True},
        ),
        "OPT101", ("lower-learning-rate",), behind=("warm-up-learning-rate",), preview=True,
    ),
    Situation(
        "validation rises over a low training loss: more regularization",
        run(*MEMORIZING, config={"weight_decay": 0.0, **CROSS_ENTROPY}, data=FOUR, model={"dropout": 0.0}),
        "GEN101", ("keep-best-checkpoint",), behind=("raise-weight-decay", "add-dropout"),
        never=("lower-weight-decay", "lower-dropout", "more-capacity"),
    ),
    Situation(
        "training and validation both high under a heavy penalty: less regularization",
        run(
            curve(train.loss, decay(1.386, 1.1, 30)), curve(val.loss, decay(1.386, 1.1, 30)),
            config={"weight_decay": 0.5, "optimizer": "sgd", **CROSS_ENTROPY}, data=FOUR, model={"dropout": 0.8},
        ),
        "CFG106", ("lower-dropout",), never=("raise-weight-decay", "add-dropout", "augment-data"),
    ),
    Situation(
        "high even without dropout: remove it",
        run(
            curve(train.loss, decay(1.386, 1.2, 30)), curve(train_eval.loss, decay(1.386, 1.15, 30)),
            curve(val.loss, decay(1.386, 1.1, 30)), config=CROSS_ENTROPY, data=FOUR, model={"dropout": 0.9},
        ),
        "CFG106", ("lower-dropout",),
    ),
    Situation(
        "high only while it drops units: keep it",
        run(
            curve(train.loss, decay(1.386, 0.6, 30)), curve(train_eval.loss, decay(1.386, 0.35, 30)),
            curve(val.loss, decay(1.386, 0.5, 30)), config=CROSS_ENTROPY, data=FOUR, model={"dropout": 0.5},
        ),
        "", (), never=("lower-dropout",),
    ),
    Situation(
        "validation loss and score get worse: keep the best, stop",
        run(*MEMORIZING, curve(val.accuracy, decay(0.3, 0.8, 12), line(0.8, 0.7, 28))),
        "GEN101", ("keep-best-checkpoint",), never=("train-longer",),
    ),
    Situation(
        "learned by heart on a set made by a rule: keep the best, and go on",
        run(
            curve(train.loss, decay(4.57, 0.001, 100)), curve(val.loss, decay(4.57, 4.2, 10), line(4.2, 9, 90)),
            config={"weight_decay": 1.0, **CROSS_ENTROPY}, data={"algorithmic": True, "classes": 97, "samples": 4000},
        ),
        "GEN202", ("keep-best-checkpoint",), behind=("train-longer",), never=("more-data",), preview=True,
    ),
    Situation(
        "dead rectifiers: another activation, after the initialization",
        run(
            STUCK, layers=(layers("zero_unit_share", a=1.0, b=0.95),), model={"activation": "relu"},
            config=CROSS_ENTROPY, data=FOUR,
        ),
        "ACT101", ("initialize-well",), behind=("change-activation",),
    ),
    Situation(
        "a recurrence that explodes: clip, and never an activation that vanishes",
        run(
            curve(train.loss, decay(1.386, 1.2, 20)),
            layers=(layers("gradient_norm", a=200.0, b=0.3),), model={"recurrent": "rnn", "sequence_length": 100},
        ),
        "GRD102", ("clip-gradient-norm",), behind=("use-gated-recurrence",), never=("raise-learning-rate",),
    ),
    Situation(
        "batch normalization over two samples: another normalization or batch, not more of it",
        run(
            curve(train.loss, flat(1.35, 10, noise=0.01)),
            model={"normalization": "batch", "convolutional": False}, config={"batch_size": 2},
        ),
        "MOD301", ("larger-batch", "use-group-normalization"), never=("add-normalization",),
    ),
)  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_the_evidence_decides_what_comes_first(situation: Situation) -> None:
    advice = situation.advice()
    serious = [one.rule for one in advice.findings if one.severity != "info"]
    assert serious[:1] == [situation.finding] * bool(situation.finding)
    remedies = [one.name for one in advice.recommendations]
    assert set(remedies).isdisjoint(situation.never)
    if situation.first:
        assert remedies[0] in situation.first
    for name in situation.behind:
        assert name in remedies[1:] or name in opposed(advice), f"{name} is not named in {remedies}"


def opposed(advice: Advice) -> set[str]:
    """The remedies that are named for the case that the recommended ones fail."""
    spoken = {one.remedy for recommendation in advice.recommendations for one in recommendation.if_that_fails}
    return {KNOWLEDGE.remedies[one].name for one in spoken}


def test_an_optimizer_is_advised_against_what_is_used() -> None:
    def told(**config: object) -> Sequence[str]:
        standing = run(
            curve(train.loss, decay(1.386, 0.9, 10), flat(0.9, 30, noise=0.003)),
            curve(val.loss, decay(1.386, 0.92, 10), flat(0.92, 30, noise=0.003)),
            config={**CROSS_ENTROPY, **config}, data=FOUR,
        )  # fmt: skip
        return [one.name for one in judge_history(standing.history(), KNOWLEDGE).recommendations]

    assert "switch-to-adam" in told(optimizer="sgd", momentum=0.0)
    assert "switch-to-adam" not in told(optimizer="adam")


EXPLAINS = {
    "DAT101": "NUM101 NUM102 NUM201",
    "DAT102": "NUM101 NUM102 NUM201",
    "DAT201": "MOD206 OPT101 ACT101",
    "DAT401": "GEN109",
    "DAT402": "GEN106 GEN108",
    "GRD101": "PLT104 PLT105 MOD201",
    "GRD201": "OSC OPT101 OPT102 PLT104",
    "GRD303": "OSC OPT101 OPT102 PLT104",
    "MOD101": "PLT101 GEN103",
    "OPT101": "ACT101 PLT104 NUM102",
    "OPT201": "PLT102 GRD302",
    "OPT301": "PLT102",
    "RUN102": "GEN105 GEN106 OSC105",
}
"""Causes and what must not be put down to anything else where they are found.

A cell of the data that is not finite does not account for a plateau or a swing of a loss that is finite itself: it may
never have reached the loss.
"""


@pytest.mark.parametrize("cause", EXPLAINS)
def test_a_cause_accounts_for_what_follows_from_it(cause: str) -> None:
    for word in EXPLAINS[cause].split():
        for effect in CATALOGUE.matching(word):
            follows = effect in CATALOGUE.consequences(cause)
            gives_way = cause in CATALOGUE.unless[effect]
            assert follows or gives_way, f"{cause} leaves {effect} beside itself"


ORDER = (
    ("RUN102", "measurement"), ("DAT404", "measurement"), ("DAT101", "data"), ("DAT301", "data"), ("MOD101", "static"),
    ("RUN110", "static"), ("NUM102", "numerics"), ("NUM202", "numerics"), ("GRD101", "signal"), ("ACT101", "signal"),
    ("OPT101", "optimization"), ("PLT102", "optimization"), ("MOD201", "capacity"), ("GEN101", "generalization"),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "level"), ORDER)
def test_rivals_are_ordered_by_the_level_of_their_cause(rule: str, level: str) -> None:
    assert CATALOGUE.rules[rule].level == level


GUARDED = {
    "networks that play against each other": ({"adversarial": True}, ("OSC101", "PLT104", "GEN101", "OPT106")),
    "an agent that learns from rewards": ({"reinforcement": True}, ("OSC101", "PLT104", "GEN101", "OPT106")),
    "warm restarts": ({"warm_restarts": True}, ("OSC101", "OPT204", "OPT106")),
}


@pytest.mark.parametrize("kind", GUARDED)
def test_what_a_kind_of_run_does_by_design_is_not_held_against_it(kind: str) -> None:
    config, silenced = GUARDED[kind]
    swinging = run(curve(train.loss, *(part for _ in range(15) for part in (line(0.5, 0.5, 1), line(1.5, 1.5, 1)))))
    free = judge_history(swinging.history(), KNOWLEDGE)
    assert free.is_found("OSC101")
    guarded = swinging.model_copy(update={"config": swinging.config.model_copy(update=config)})
    advice = judge_history(guarded.history(), KNOWLEDGE)
    for rule in silenced:
        assert not advice.is_found(rule)
        assert "not judged in this kind of run" in advice.why_not(rule)
