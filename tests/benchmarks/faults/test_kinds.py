"""Trainings of further kinds: what they are recognized as, and that fine-tuning is judged by limits of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from expert import History, advise
from expert.recognizing import recognized

from .healthy_ranges import table
from .kind_programs import Samples
from .kinds import KINDS, Kind, trained

EXPECTED = {
    "text-transformer": "language-model transformer",
    "text-transformer-unclipped": "language-model transformer",
    "text-lstm": "language-model rnn",
    "text-gru": "language-model rnn",
    "waves-gru": "regression rnn",
    "waves-lstm": "regression rnn",
    "tones-gru": "classification rnn",
    "tones-lstm": "classification rnn",
    "patches-transformer": "classification transformer",
    "digits-convolutions": "classification cnn",
    "digits-convolutions-sgd": "classification cnn",
    "noisy-table": "regression tabular",
    "tuned-text": "fine-tuning language-model transformer",
    "tuned-text-slowly": "fine-tuning language-model transformer",
    "tuned-letters": "fine-tuning language-model rnn",
    "tuned-patches": "fine-tuning classification transformer",
    "tuned-convolutions": "fine-tuning classification cnn",
    "tuned-head": "fine-tuning classification cnn",
    "tuned-waves": "fine-tuning regression rnn",
}


def shortened(kind: Kind) -> Kind:
    """One epoch over a few samples."""

    def few(part: int, seed: int) -> Samples:
        x, y = kind.draw(part, seed)
        return x[:64], y[:64]

    return replace(kind, epochs=1, draw=few)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_recognized_from_what_the_collector_sees(kind: Kind) -> None:
    history = trained(shortened(kind), 0, before=1)
    assert " ".join(one.name for one in recognized(history)) == EXPECTED[kind.name]


def test_fine_tuning_that_has_little_to_learn_is_met_with_silence_and_without_its_profile_is_not() -> None:
    (kind,) = (kind for kind in KINDS if kind.name == "tuned-letters")
    history = trained(kind, 0)
    assert not advise(history).findings
    assert "PLT101" in [finding.rule for finding in advise(history, profile="none").findings]


def test_fine_tuning_at_a_vanishing_rate_is_named_all_the_same() -> None:
    (kind,) = (kind for kind in KINDS if kind.name == "tuned-waves")
    rules = [finding.rule for finding in advise(trained(replace(kind, rate=1e-7, epochs=6), 1, before=3)).findings]
    assert {"OPT104", "PLT102"} <= set(rules)


def test_ranges_tell_where_a_profile_stands_out() -> None:
    random = np.random.default_rng(1)

    def run(end: float, **config: object) -> History:
        losses = end + (1.0 - end) * 0.7 ** np.arange(20) + 0.002 * random.standard_normal(20)
        return History.from_columns({"loss": losses}, config=config)

    runs = [run(0.1) for _ in range(6)] + [run(0.85, pretrained=True) for _ in range(4)]
    lines = list(table(runs))
    start = next(number for number, line in enumerate(lines) if line.startswith("fall-before-standstill <"))
    everything, tuned, own = lines[start + 1 : start + 4]
    assert everything.startswith("  all                10 runs")
    assert everything.endswith("beyond 40%")
    assert tuned.startswith("  fine-tuning         4 runs")
    assert tuned.endswith("beyond 100%")
    assert own == "  its value for fine-tuning: 0.005"
