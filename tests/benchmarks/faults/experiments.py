"""Checks and experiments carried out: what each tells, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from expert import advise
from expert.advice import Advice
from expert.authoring import signal, train
from expert.facts import Facts
from expert.following_up import follow_up
from expert.history import History
from expert.inference import Limits, judge
from expert.knowledge import load
from expert.plugins import named_in_environment
from expert.remedy import Remedy

from .carrying_out import carried_out
from .problems import PROBLEMS
from .retraining import retrained
from .sampling import Case
from .setup import Setup

MEASURED_ALIKE = "measure-training-loss-in-evaluation-mode"
RATES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0)
"""Factors on the rate that the probe tries."""
KNOWLEDGE = load(named_in_environment(), ())[1]
COMPARED = frozenset(rule.id for rule in KNOWLEDGE.catalogue.rules.values() if MEASURED_ALIKE in rule.remedies[:1])
"""Rules that compare the training loss with that of validation, and ask first that both be measured alike."""
INDEPENDENT = KNOWLEDGE.catalogue.rules["RUN108"]
"""Says of a run that it is no better than one without inputs."""
ONE_BATCH = 16
ONE_BATCH_STEPS = 300

Outcome = Setup | tuple[str, ...] | frozenset[str] | None
"""A change to be made, the remedies that come next now that more is known, those that need not be tried any more, or
nothing that leads on.
"""
NEEDS_MORE = frozenset({"FX505"})
"""What is for a network that cannot learn a single batch, as its text says."""
BY_HEART = 0.05
"""Share of guessing's loss below which a batch was learned by heart."""


def order_of(advice: Advice, settled: frozenset[str] = frozenset()) -> Iterator[str]:
    """The remedies in the order in which a reader comes to them, without those for findings that are settled."""
    for one in advice.recommendations:
        if not settled.issuperset(one.serves):
            yield one.remedy
            yield from (other.remedy for other in one.if_that_fails)


def _repaired(remedy: str, settles: frozenset[str] = frozenset()) -> Callable[[Case, Setup, History], Outcome]:
    """A check that shows what is wrong there, if anything is; then that is put right. If nothing is, that settles some
    remedies.
    """

    def outcome(case: Case, setup: Setup, history: History) -> Outcome:
        del history
        repaired = carried_out(remedy, (), setup, PROBLEMS[case.problem])
        return settles if repaired == setup else repaired

    return outcome


def probed(case: Case, setup: Setup) -> Setup:
    """The rate with the lowest validation loss after a short training, as a probe of rates would choose it."""
    short = setup.but(epochs=max(2, setup.epochs // 4), schedule="constant", warmup=0.0)
    losses = {factor: final_loss(retrained(case, short.but(rate=setup.rate * factor)).history) for factor in RATES}
    return setup.but(rate=setup.rate * min(losses, key=lambda factor: losses[factor]))


def _probed(case: Case, setup: Setup, history: History) -> Outcome:
    del history
    return probed(case, setup)


def _blind(case: Case, setup: Setup, history: History) -> Outcome:
    """Where the real run is hardly better, what the remedy says to look at then comes first."""
    blind = retrained(case, setup.but(blind=True)).history.get("train.loss")
    if blind is None:
        return None
    config = history.config.model_copy(update={"blind_loss": float(blind.values[-1])})
    compared = history.model_copy(update={"config": config})
    facts = Facts(compared, KNOWLEDGE.signals)
    told = order_of(advise(compared))
    if judge(INDEPENDENT.when, facts, Limits()).truth != "yes":
        return tuple(told)
    to_look_at = (KNOWLEDGE.remedies[name] for name in INDEPENDENT.remedies)
    return (*(one.id for one in to_look_at if not _is_harmful(one, facts)), *told)


def _is_harmful(remedy: Remedy, facts: Facts) -> bool:
    return any(judge(one.condition, facts, Limits()).truth == "yes" for one in remedy.not_when)


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
    run = retrained(case, small).history
    advice = advise(run)
    if advice.is_found("RUN101"):
        return tuple(order_of(advice))
    fit = Facts(run, KNOWLEDGE.signals).get(signal.loss_over_chance(train.loss).node).value
    return NEEDS_MORE if isinstance(fit, float) and fit < BY_HEART else None


EXPERIMENTS: Mapping[str, Callable[[Case, Setup, History], Outcome]] = {
    "FX105": _repaired("FX105", settles=frozenset({"FX106"})),
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
