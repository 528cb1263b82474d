"""Checks and experiments carried out: what each tells, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from expert import advise
from expert.advice import Advice
from expert.facts import Facts
from expert.following_up import follow_up
from expert.history import History
from expert.inference import Limits
from expert.knowledge import load
from expert.plugins import named_in_environment

from .carrying_out import carried_out
from .retraining import retrained
from .sampling import PROBLEMS, Case
from .setup import Setup

MEASURED_ALIKE = "measure-training-loss-in-evaluation-mode"
RATES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0)
"""Factors on the rate that the probe tries."""
KNOWLEDGE = load(named_in_environment(), ())[1]
COMPARED = frozenset(rule.id for rule in KNOWLEDGE.catalogue.rules.values() if MEASURED_ALIKE in rule.remedies[:1])
"""Rules that compare the training loss with that of validation, and ask first that both be measured alike."""
ONE_BATCH = 16
ONE_BATCH_STEPS = 300

Outcome = Setup | tuple[str, ...] | None
"""A change to be made, the remedies that come next now that more is known, or nothing that leads on."""


def order_of(advice: Advice, settled: frozenset[str] = frozenset()) -> Iterator[str]:
    """The remedies in the order in which a reader comes to them, without those for findings that are settled."""
    for one in advice.recommendations:
        if not settled.issuperset(one.serves):
            yield one.remedy
            yield from (other.remedy for other in one.if_that_fails)


def _repaired(remedy: str) -> Callable[[Case, Setup, History], Outcome]:
    """A check that shows what is wrong there, if anything is; then that is put right."""

    def outcome(case: Case, setup: Setup, history: History) -> Outcome:
        del history
        return carried_out(remedy, (), setup, PROBLEMS[case.problem])

    return outcome


def _probed(case: Case, setup: Setup, history: History) -> Outcome:
    """The rate with the lowest validation loss after a short training, as a probe of rates would choose it."""
    del history
    short = setup.but(epochs=max(2, setup.epochs // 4), schedule="constant", warmup=0.0)
    losses = {factor: final_loss(retrained(case, short.but(rate=setup.rate * factor)).history) for factor in RATES}
    return setup.but(rate=setup.rate * min(losses, key=lambda factor: losses[factor]))


def _blind(case: Case, setup: Setup, history: History) -> Outcome:
    blind = retrained(case, setup.but(blind=True)).history.get("train.loss")
    if blind is None:
        return None
    config = history.config.model_copy(update={"blind_loss": float(blind.values[-1])})
    return tuple(order_of(advise(history.model_copy(update={"config": config}))))


def _measured(case: Case, setup: Setup, history: History) -> Outcome:
    """Where validation is not better than training measured alike, what was found of the two is settled."""
    del history
    run = retrained(case, setup.but(training_measured=True)).history
    advice = advise(run)
    alike = follow_up(KNOWLEDGE.remedies["FX709"], Facts(run, KNOWLEDGE.signals), Limits()).answer == "yes"
    return tuple(order_of(advice, COMPARED if alike else frozenset()))


def _one_batch(case: Case, setup: Setup, history: History) -> Outcome:
    """What is said of a training on a single batch, which any sound program can learn by heart."""
    del history
    batch = min(ONE_BATCH, setup.batch)
    small = setup.but(
        samples=batch, batch=batch, epochs=ONE_BATCH_STEPS, dropout=0.0, weight_decay=0.0, input_noise=0.0,
        schedule="constant", warmup=0.0, imbalance=1.0,
    )  # fmt: skip
    advice = advise(retrained(case, small).history)
    return tuple(order_of(advice)) if advice.is_found("RUN101") else None


EXPERIMENTS: Mapping[str, Callable[[Case, Setup, History], Outcome]] = {
    "FX105": _repaired("FX105"),
    "FX201": _repaired("FX201"),
    "FX305": _probed,
    "FX702": _blind,
    "FX704": _one_batch,
    "FX709": _measured,
}
"""The others (metrics that know the prior, predictions looked at, a metric computed anew) lead to no change."""


def final_loss(history: History) -> float:
    """The last validation loss, without one the last training loss; infinity if it is no number."""
    series = history.get("val.loss") or history.get("train.loss")
    last = float(series.values[-1]) if series is not None and len(series.values) else math.inf
    return last if math.isfinite(last) else math.inf
