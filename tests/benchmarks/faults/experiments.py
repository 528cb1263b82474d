"""Checks and experiments carried out: what each tells, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from expert import advise
from expert.advice import Advice
from expert.history import History

from .carrying_out import carried_out
from .retraining import retrained
from .sampling import PROBLEMS, Case
from .setup import Setup

RATES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0)
"""Factors on the rate that the probe tries."""
ONE_BATCH = 16
ONE_BATCH_STEPS = 300

Outcome = Setup | Advice | None
"""A change to be made, what the expert says now that it knows more, or nothing that leads on."""


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
    return advise(history.model_copy(update={"config": config}))


def _measured(case: Case, setup: Setup, history: History) -> Outcome:
    del history
    return advise(retrained(case, setup.but(training_measured=True)).history)


def _one_batch(case: Case, setup: Setup, history: History) -> Outcome:
    """What is said of a training on a single batch, which any sound program can learn by heart."""
    del history
    batch = min(ONE_BATCH, setup.batch)
    small = setup.but(
        samples=batch, batch=batch, epochs=ONE_BATCH_STEPS, dropout=0.0, weight_decay=0.0, input_noise=0.0,
        schedule="constant", warmup=0.0, imbalance=1.0,
    )  # fmt: skip
    advice = advise(retrained(case, small).history)
    return advice if advice.is_found("RUN101") else None


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
