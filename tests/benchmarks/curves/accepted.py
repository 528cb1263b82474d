"""Which rules name which kind of generated run: one table, beside the generator.

A kind is *named* when one of its symptoms or causes stands among the findings at warning or above. A wrong rule must
not stand above the first right one; rules in no list of a kind are neither right nor wrong there.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.curves.generator import SICK

RATE_TOO_HIGH = frozenset({"OPT101", "OSC102"})
RATE_TOO_LOW = frozenset({"OPT104", "PLT102"})
DIVERGENCE = frozenset({"OPT101", "OPT102", "OPT103", "OPT106"})
OSCILLATION = frozenset({"OSC101", "OSC102", "OSC103", "OSC104", "OSC105", "OSC106"})
STANDSTILL = frozenset({"PLT101", "PLT102", "PLT103", "PLT104", "PLT105", "PLT106"})
GENERALIZATION = frozenset({"GEN101", "GEN102", "GEN104", "GEN105", "GEN106", "GEN107"})
NONFINITE = frozenset({"NUM101", "NUM102", "NUM103"})


@dataclass(frozen=True)
class Expectation:
    """Rules that name a kind by its symptom, rules that are its right causes, and rules that contradict it."""

    symptoms: frozenset[str]
    causes: frozenset[str]
    wrong: frozenset[str]

    @property
    def right(self) -> frozenset[str]:
        return self.symptoms | self.causes


ACCEPTED: dict[str, Expectation] = {
    "overfit": Expectation(
        symptoms=frozenset({"GEN101"}),
        causes=frozenset(),
        wrong=DIVERGENCE | OSCILLATION | STANDSTILL | NONFINITE | {"GEN103", "GEN104", "GEN105", "GEN106"},
    ),
    "diverge": Expectation(
        symptoms=frozenset({"OPT106"}),
        causes=frozenset({"OPT101", "OPT102"}),
        wrong=OSCILLATION | STANDSTILL | GENERALIZATION | NONFINITE | {"GEN103"},
    ),
    # A loss that never moves is a stand-still; that it stands at ln C says more, but noise may hide the level.
    "flat": Expectation(
        symptoms=frozenset({"PLT104", "PLT106"}),
        causes=frozenset({"GRD101", "GRD302", "ACT101", "GEN103"}),
        wrong=DIVERGENCE | OSCILLATION | GENERALIZATION | NONFINITE | {"PLT103"},
    ),
    # Unshuffled data, batches too small or gradients that explode swing too: each is a cause, not a contradiction.
    "oscillate": Expectation(
        symptoms=frozenset({"OSC101"}),
        causes=frozenset({"OSC102", "OSC103", "OSC104", "DAT301", "DAT302"}),
        wrong=DIVERGENCE | STANDSTILL | GENERALIZATION | NONFINITE | {"OSC105", "GEN103"},
    ),
    "nan": Expectation(
        symptoms=frozenset({"NUM101"}),
        causes=frozenset({"NUM102", "NUM103", "DAT101"}),
        wrong=DIVERGENCE | OSCILLATION | STANDSTILL | GENERALIZATION | {"GEN103"},
    ),
    # The cause is a rate too low; the symptom is progress that is far too small, or that still goes on at the end.
    "slow": Expectation(
        symptoms=frozenset({"PLT106", "OPT302"}),
        causes=RATE_TOO_LOW,
        wrong=DIVERGENCE | OSCILLATION | GENERALIZATION | NONFINITE | {"PLT103", "PLT104", "GEN103"},
    ),
}

assert set(ACCEPTED) == set(SICK)
assert all(not expected.right & expected.wrong for expected in ACCEPTED.values())
