"""The cure tried: what each remedy says, carried out on the setup of a sick run, and the training made again.

A remedy is carried out as it is written, without knowing the fault: what it does not touch stays as sick as it was. A
check or an experiment is carried out as well; where its outcome says what to do, that is done in the same try, else the
next recommendation is. At most three tries, each on top of the last one only where that one helped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from expert.advice import Advice

from . import store
from .judging import Judged
from .problem import Problem
from .sampling import PROBLEMS, Case
from .setup import Setup

CLOSED = 0.8
"""Share of the gap to the healthy twin that has to be closed."""
TRIES = 3

Change = Callable[[Setup, Problem], Setup]


def _head(setup: Setup, problem: Problem) -> Setup:
    del problem
    return setup.but(head_activation="none", loss="right")


def _activation(setup: Setup, problem: Problem) -> Setup:
    del problem
    return setup.but(activation="leaky_relu" if setup.activation in ("relu", "none") else "relu")


def _normalized(setup: Setup, problem: Problem) -> Setup:
    batch = setup.batch >= 16 and problem.kind in ("dense", "convolutional")
    return setup.but(normalization="batch" if batch else "layer")


def _fresh(setup: Setup, problem: Problem) -> Setup:
    del problem
    return setup.but(initialization="default", gain=1.0, hidden_bias=None)


def _adam(setup: Setup, problem: Problem) -> Setup:
    del problem
    return setup.but(optimizer="adam", rate=1e-3, momentum=0.0)


def _more_samples(setup: Setup, problem: Problem) -> Setup:
    return setup.but(samples=max(setup.samples, problem.sound.samples))


def _fields(**changes: object) -> Change:
    return lambda setup, _: setup.but(**changes)


def _split(setup: Setup, problem: Problem) -> Setup:
    del problem
    return setup.but(validation="apart")


def _labels(setup: Setup, problem: Problem) -> Setup:
    """Looking at labels where the model gets them shows a wrong pairing, and class maps that differ."""
    del problem
    return setup.but(labels="right", validation="apart" if setup.validation == "other_labels" else setup.validation)


def _located(setup: Setup, problem: Problem) -> Setup:
    """Where the first number arises that is none: in the inputs, in a logarithm by hand, or in what grew before."""
    del problem
    if setup.bad_cells:
        return setup.but(bad_cells=0)
    if setup.loss in ("log_of_softmax", "clamped"):
        return setup.but(loss="right")
    return setup.but(rate=setup.rate * 0.1)


CURES: Mapping[str, Change] = {
    "FX101": _fields(bad_cells=0),
    "FX102": _fields(bad_cells=0),
    "FX103": _fields(input_scale=1.0, input_offset=0.0, scale_ratio=1.0),
    "FX104": _fields(target_scale=1.0, target_offset=0.0),
    "FX106": _fields(labels="right"),
    "FX107": _fields(order="redrawn"),
    "FX108": _fields(order="redrawn"),
    "FX110": _fields(class_weights=True),
    "FX111": _split,
    "FX112": _split,
    "FX113": lambda setup, _: setup.but(validation="apart" if setup.validation == "shifted" else setup.validation),
    "FX115": _fields(label_noise=0.0),
    "FX202": _head,
    "FX207": _fields(loss="right"),
    "FX301": lambda setup, _: setup.but(rate=setup.rate * 0.1),
    "FX302": _adam,
    "FX304": _fields(warmup=0.1),
    "FX307": lambda setup, _: setup.but(batch=4 * setup.batch),
    "FX308": lambda setup, _: setup.but(accumulation=4 * setup.accumulation),
    "FX309": _fields(schedule="cosine"),
    "FX310": lambda setup, _: setup.but(rate=setup.rate * 10.0),
    "FX312": _fields(epsilon=1e-8),
    "FX314": _fields(optimizer="sgd", momentum=0.9, rate=0.05),
    "FX315": lambda setup, _: setup.but(batch=max(1, setup.batch // 4)),
    "FX401": _fields(clip_norm=1.0, clip_values=None),
    "FX402": _fresh,
    "FX403": _activation,
    "FX404": _normalized,
    "FX405": _fields(residual=True),
    "FX406": _fields(recurrence="lstm"),
    "FX408": lambda setup, _: setup.but(clip_values=None, clip_norm=1.0) if setup.clip_values else setup,
    "FX409": _fields(left_out=False),
    "FX410": _fields(frozen=False, left_out=False),
    "FX411": _fields(gradients_zeroed=True),
    "FX415": _fields(normalization="layer"),
    "FX501": _head,
    "FX502": _fields(extra_layers=0),
    "FX503": lambda setup, _: setup.but(
        activation="relu" if setup.activation == "none" else setup.activation, head_activation="none"
    ),
    "FX504": _fields(reduction="mean"),
    "FX505": lambda setup, _: setup.but(width=max(1.0, 4.0 * setup.width)),
    "FX508": lambda setup, _: setup.but(width=setup.width / 2),
    "FX601": _more_samples,
    "FX602": lambda setup, _: setup.but(dropout=0.2 if setup.dropout > 0.3 else 0.0),
    "FX603": _fields(input_noise=0.2),
    "FX605": _fields(label_smoothing=0.1),
    "FX606": lambda setup, _: setup.but(weight_decay=max(0.01, 5.0 * setup.weight_decay)),
    "FX608": lambda setup, _: setup.but(optimizer="adamw" if setup.optimizer == "adam" else setup.optimizer),
    "FX612": lambda setup, _: setup.but(weight_decay=setup.weight_decay / 10.0),
    "FX613": _fields(dropout=0.2),
    "FX701": lambda setup, _: setup.but(epochs=3 * setup.epochs),
    "FX705": _fields(keep_best=True),
    "FX706": _fresh,
    "FX708": _fields(training_mode=True, evaluation_mode=True),
}
"""What each change does to a setup. One that is not here cannot be made by machine, and counts as a try in vain."""

CHECKS: Mapping[str, Change] = {
    "FX105": _labels,
    "FX201": _located,
}
"""Checks whose outcome says what to do next. The probe of learning rates (FX305) is made by training."""

RATES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0)
"""Factors on the rate that the probe tries."""


@dataclass(frozen=True)
class Tried:
    """A sick run and what became of it: the try that cured it (1 to 3, or none), and the remedies tried."""

    case: Case
    cured_at: int | None
    remedies: tuple[str, ...]
    gains: tuple[float, ...]
    """Share of the gap that each try closed."""


def tried(judged: Judged) -> Tried:
    """Carry out the recommendations of the advice in their order."""
    problem = PROBLEMS[judged.case.problem]
    setup, quality = judged.case.setup, judged.quality
    names: list[str] = []
    gains: list[float] = []
    for number, (remedy, changed) in enumerate(_tries(judged.advice, setup, problem, judged.case), 1):
        names.append(remedy)
        if changed is None or changed == setup:
            gains.append(0.0)
        else:
            after = store.trained(judged.case, changed).quality
            gains.append(_gain(judged, quality, after, changed))
        if gains[-1] >= CLOSED:
            return Tried(judged.case, number, tuple(names), tuple(gains))
        if number == TRIES:
            break
    return Tried(judged.case, None, tuple(names), tuple(gains))


def _gain(judged: Judged, before: float, after: float, changed: Setup) -> float:
    if any(fault.of_measurement for fault in judged.faults):
        return float(changed.validation == "apart" and changed.evaluation_mode)
    return (after - before) / max(1e-9, judged.twin - before)


def _tries(advice: Advice, setup: Setup, problem: Problem, case: Case) -> Iterator[tuple[str, Setup | None]]:
    """The changes to be tried, in the order of the plan: recommendations, then what stands under "if that fails"."""
    remedies = [one.remedy for one in advice.recommendations]
    remedies += [other.remedy for one in advice.recommendations for other in one.if_that_fails]
    for remedy in dict.fromkeys(remedies):
        if remedy in CURES:
            yield remedy, CURES[remedy](setup, problem)
        elif remedy in CHECKS:
            changed = CHECKS[remedy](setup, problem)
            if changed != setup:
                yield remedy, changed
        elif remedy == "FX305":
            yield remedy, _probed(setup, case)
        elif _is_change(advice, remedy):
            yield remedy, None


def _is_change(advice: Advice, remedy: str) -> bool:
    return any(one.remedy == remedy and one.kind == "change" for one in advice.recommendations)


def _probed(setup: Setup, case: Case) -> Setup:
    """The rate with the best short training, as a probe of rates would choose it."""
    short = setup.but(epochs=max(2, setup.epochs // 4), schedule="constant", warmup=0.0)
    qualities = {factor: store.trained(case, short.but(rate=setup.rate * factor)).quality for factor in RATES}
    best = max(qualities, key=lambda factor: qualities[factor])
    return setup.but(rate=setup.rate * best)
