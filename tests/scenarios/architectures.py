"""Faults that any network can have, each on a convolutional, a recurrent and an attending one, with their cures.

The same fault need not look the same: a convolution crawls along a plateau before it falls, gates hide a frozen
recurrence, and attention with normalized residuals stands rates that would kill a plain network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .case import Case, Cure
from .program import Program

FAULTS = (
    "rate_too_high", "rate_too_low", "sorted_labels", "fixed_order", "nan_cell", "softmax_twice",
    "gradients_not_zeroed", "positive_clip", "frozen_layers", "misaligned_labels", "negated_loss",
    "weight_decay_too_high", "inputs_not_normalized", "dropout_far_too_high", "zero_initialization",
)  # fmt: skip


@dataclass(frozen=True)
class Architecture:
    """A network that learns as it should, and how strong a fault has to be to hurt it."""

    sound: Program
    few: dict[str, Any]
    """Changes under which it can learn a small set by heart."""
    thinned: dict[str, Any]
    """Changes under which dropout has something to drop."""
    frozen: tuple[str, ...]
    """Layers it cannot do without."""
    healthy: tuple[Program, ...]
    """Further sound trainings, with other optimizers."""


CNN = Program(data="images", model="cnn", hidden=(32,), rate=0.1)
LSTM = Program(data="ring_sequences", model="lstm", hidden=(24,), length=12, optimizer="adam", rate=1e-2, epochs=8)
TRANSFORMER = Program(
    data="ring_sequences", model="transformer", hidden=(32,), length=12, samples=1200,
    optimizer="adam", rate=1e-3, epochs=8,
)  # fmt: skip

ARCHITECTURES = {
    "cnn": Architecture(
        CNN,
        few={"optimizer": "adam", "rate": 2e-3, "samples": 400, "epochs": 30},
        thinned={"optimizer": "adam", "rate": 2e-3},
        frozen=("conv1",),
        healthy=(
            CNN.but(optimizer="adam", rate=2e-3),
            CNN.but(rate=0.01, momentum=0.9),
            CNN.but(optimizer="adamw", rate=2e-3, weight_decay=0.01, dropout=0.2),
        ),
    ),
    "lstm": Architecture(
        LSTM,
        few={"samples": 400, "epochs": 30},
        thinned={"hidden": (24, 16)},
        frozen=("recurrence",),
        healthy=(
            LSTM.but(optimizer="sgd", rate=0.5, epochs=10),
            LSTM.but(optimizer="sgd", rate=0.1, momentum=0.9, clip_norm=1.0),
        ),
    ),
    "transformer": Architecture(
        TRANSFORMER,
        few={"samples": 160, "batch": 16, "rate": 2e-3, "epochs": 40},
        thinned={},
        frozen=("encoder.blocks",),
        healthy=(
            TRANSFORMER.but(optimizer="sgd", rate=0.01, momentum=0.9, epochs=10),
            TRANSFORMER.but(optimizer="adamw", weight_decay=0.01, activation="gelu", dropout=0.1, clip_norm=1.0),
        ),
    ),
}


def faults_of(name: str) -> tuple[Case, ...]:
    """Every fault on the architecture of that name, in the order of `FAULTS`."""
    kind = ARCHITECTURES[name]
    sound, few, thinned = kind.sound, kind.sound.but(**kind.few), kind.sound.but(**kind.thinned)
    adaptive = sound.optimizer == "adam"
    raw = sound.but(input_scale=60.0, input_offset=128.0)
    turned = sound.but(rate=sound.rate / 5) if adaptive else sound
    cell = sound.but(broken_cell="nan")
    far = sound.rate * (100 if adaptive else 30)
    return (
        Case(
            f"{name}_rate_too_high", sound.but(rate=far), ("OPT101", "OSC102"),
            (Cure("FX301", sound, gain=0.5),),
            below=("PLT102", "OSC103", "MOD201", "DAT301"), scenario="S01",
        ),
        Case(
            f"{name}_rate_too_low", sound.but(rate=sound.rate / (1000 if adaptive else 300)), ("PLT102", "OPT104"),
            (Cure("FX310", sound, gain=0.5),),
            below=("PLT103", "OPT101", "OSC102", "MOD201", "GRD101", "OPT301", "OPT201"), scenario="S02",
        ),
        Case(
            f"{name}_sorted_labels", sound.but(order="sorted"), ("DAT301",), (Cure("FX107", sound, gain=0.5),),
            below=("OPT101", "OSC102", "OSC103", "MOD201", "PLT102", "DAT302", "GRD303"), scenario="S03",
        ),
        Case(
            f"{name}_fixed_order", sound.but(order="fixed"), ("DAT302",),
            (Cure("FX107", sound, "epoch_echo", gain=0.4),),
            below=("DAT301", "OPT101", "OSC103"), scenario="S04",
        ),
        Case(
            f"{name}_nan_cell", cell, ("DAT101",), (Cure("FX101", cell.but(repaired=True), gain=0.0),),
            below=("NUM102", "GRD102", "OPT101", "NUM103"), scenario="S06",
        ),
        Case(
            f"{name}_softmax_twice", sound.but(output_activation="softmax"), ("MOD101",),
            (Cure("FX501", sound, gain=0.4),),
            below=("MOD201", "PLT102", "GEN103", "PLT103"), scenario="S16",
        ),
        Case(
            f"{name}_gradients_not_zeroed", sound.but(gradients_zeroed=False), ("GRD303",),
            (Cure("FX411", sound, gain=0.5),),
            below=("OPT101", "OSC102", "PLT102", "DAT301", "MOD201", "GRD201"), scenario="S18",
        ),
        Case(
            f"{name}_positive_clip", sound.but(clip_value=(0.1, 5.0), clip_from_epoch=4), ("GRD201",),
            (Cure("FX408", sound.but(clip_value=(-5.0, 5.0), clip_from_epoch=4), gain=0.5),),
            below=("OPT101", "OPT301", "GEN101", "OSC102", "DAT301", "MOD201", "GRD303"), scenario="S17",
        ),
        Case(
            f"{name}_frozen_layers", sound.but(frozen=kind.frozen), ("GRD302",), (Cure("FX410", sound, gain=0.3),),
            below=("GRD101", "OPT201", "MOD201"), scenario="S19",
        ),
        Case(
            f"{name}_misaligned_labels", few.but(labels="misaligned"), ("DAT204",), (Cure("FX106", few, gain=0.5),),
            below=("GEN103", "MOD201", "PLT102", "OPT101"), scenario="S27",
        ),
        Case(
            f"{name}_negated_loss", turned.but(loss="negated"), ("NUM301",),
            (Cure("FX207", turned, "val_accuracy", 0.05, True),),
            below=("PLT102", "MOD201"), scenario="S38",
        ),
        Case(
            f"{name}_weight_decay_too_high", sound.but(weight_decay=0.3), ("OPT301",),
            (Cure("FX612", sound, gain=0.5),),
            below=("PLT102", "MOD201", "GRD101", "OPT101"), scenario="S30",
        ),
        Case(
            f"{name}_inputs_not_normalized", raw, ("DAT201",), (Cure("FX103", raw.but(standardized=True), gain=0.4),),
            below=("PLT102", "MOD201", "OPT101", "OSC102"), scenario="S28",
        ),
        Case(
            f"{name}_dropout_far_too_high", thinned.but(dropout=0.9), ("GEN201", "CFG106", "GEN105"),
            (Cure("FX602", thinned.but(dropout=0.1), gain=0.2),),
            below=("MOD201", "PLT102", "GRD101"), scenario="S21",
        ),
        Case(
            f"{name}_zero_initialization", sound.but(initialization="zeros"), ("MOD205",),
            (Cure("FX402", sound, gain=0.5),),
            below=("PLT102", "MOD201", "GRD101", "OPT201"), scenario="S33",
        ),
    )  # fmt: skip


def controls_of(name: str) -> tuple[Case, ...]:
    """The sound trainings of the architecture of that name."""
    kind = ARCHITECTURES[name]
    return tuple(
        Case(f"healthy_{name}_{number}_{sound.optimizer}", sound, scenario="H1")
        for number, sound in enumerate((kind.sound, *kind.healthy))
    )


ARCHITECTURE_CASES: dict[str, Case] = {
    case.id: case for name in ARCHITECTURES for case in (*faults_of(name), *controls_of(name))
}
