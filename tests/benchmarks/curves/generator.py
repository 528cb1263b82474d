"""Draw training runs of eleven kinds: five healthy ones, six sick ones.

Every run is a function of `(kind, seed, index)` alone and is drawn before any rule sees it. A run is made in two
steps: a *clean* pair of curves (training and validation loss, one value per epoch), then multiplicative noise.

What is drawn

* epochs: log-uniform, 6..500 for healthy kinds (6..11 for `short`), 12..500 for sick ones; `brief=True` draws sick
  runs of 6..11 epochs instead.
* noise: the standard deviation of the logarithm of the factor on each value, 0..0.30: one run in twenty has none,
  half of the others are uniform, half log-uniform from 1e-4, so both ends are met. `noisy` draws 0.10..0.30. Two runs
  in five have noise that remembers its last value (lag-1 correlation up to 0.4), and up to 30 % of its variance is
  shared between training and validation.
* scale: a factor on both curves, log-uniform over 1e-3..1e3. Kinds whose level is their point keep it at times:
  `flat` always (the logarithm of a drawn number of classes, 2..1000), `near_zero` and `slow` half of the time.
* shape: exponential, power-law or stretched-exponential descent, with up to three drops of a rate schedule.

What makes a sick run sick: its fault has a *size* in the unit of the noise (natural logarithm of the loss), and keeps
at least that size for at least max(5, 10 %) of the epochs (half of them in brief runs). The size is at least three
times the noise and at least the floor given here:

* overfit: the rise of the validation loss above its minimum; floor 0.10. The training loss goes on falling
  meanwhile, by at least max(0.2, noise).
* diverge: the rise of both losses above the training minimum; floor ln 2. At least 2 % an epoch; one run in five
  settles on the high level it has reached.
* oscillate: the amplitude (mean to crest) of the sine of equal power; floor 0.15. Training and validation swing
  together, for at least eight epochs (in brief runs: all) and about three periods, on a level that no longer falls.
  Alternating, wave-like or chaotic.
* flat: the loss never leaves ln C, save for an excess of the first two epochs in half of the runs. The fault is the
  fall that is missing: a healthy run falls by more than ln 2, so noise is at most ln 2 / 3.
* slow: a straight descent of 0.3..12 % in all, over the whole run. The descent must show: it is at least three times
  the noise. The validation loss descends by nearly the same share.
* nan: NaN (infinity in one run of five) from one epoch to the end; two in three also in the validation loss.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEALTHY = ("healthy", "near_zero", "noisy", "dropout", "short")
SICK = ("overfit", "diverge", "flat", "oscillate", "nan", "slow")
KINDS = HEALTHY + SICK

TITLES = {
    "healthy": "healthy, validation 12 % above training",
    "near_zero": "healthy, loss falls to about 0.003",
    "noisy": "healthy, noisy",
    "dropout": "healthy with dropout (validation below training)",
    "short": "healthy, 6 to 11 epochs",
    "overfit": "overfit",
    "diverge": "diverges",
    "flat": "flat at ln C",
    "oscillate": "oscillating",
    "nan": "not a number from one epoch on",
    "slow": "very slow linear descent",
}

LONGEST = 500
SHORTEST = 6
SHORTEST_SICK = 12
LARGEST_NOISE = 0.30
NOISE_MULTIPLE = 3.0
SMALLEST_OVERFIT = 0.10
SMALLEST_DIVERGENCE = math.log(2.0)
SLOWEST_DIVERGENCE = 0.02
SMALLEST_SWING = 0.15
SHORTEST_SWING = 8


@dataclass(frozen=True)
class Curve:
    """One drawn run. `loss` and `val_loss` hold one value per epoch; `clean_*` are the same without noise."""

    kind: str
    seed: int
    index: int
    brief: bool
    epochs: int
    noise: float
    scale: float
    loss: Array
    val_loss: Array
    clean_loss: Array
    clean_val_loss: Array
    fault_start: int | None = None
    fault_size: float = 0.0
    details: dict[str, str | float] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        return self.kind in HEALTHY

    def columns(self) -> dict[str, list[float]]:
        """The run as a Keras-style dictionary of lists."""
        return {"loss": self.loss.tolist(), "val_loss": self.val_loss.tolist()}

    def describe(self) -> str:
        """One line that finds the run again: how to draw it, and what was drawn."""
        drawn = ", ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in self.details.items())
        fault = "" if self.fault_start is None else f", fault from {self.fault_start} of size {self.fault_size:.3g}"
        call = f"draw({self.kind!r}, seed={self.seed}, index={self.index}{', brief=True' if self.brief else ''})"
        return f"{call}: {self.epochs} epochs, noise {self.noise:.3g}, scale {self.scale:.3g}{fault}; {drawn}"


def needed_epochs(epochs: int) -> int:
    """For how many epochs a fault must keep its full size."""
    if epochs < SHORTEST_SICK:
        return epochs // 2
    return max(5, math.ceil(0.10 * epochs))


def draw(kind: str, seed: int, index: int, *, brief: bool = False) -> Curve:
    """Run number `index` of `kind` under `seed`; the same arguments give the same run."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), index, int(brief)])
    epochs = _draw_epochs(kind, rng, brief)
    noise = _draw_noise(kind, rng)
    scale = 1.0 if kind == "flat" else float(10.0 ** rng.uniform(-3.0, 3.0))
    if kind in ("near_zero", "slow") and rng.random() < 0.5:
        scale = 1.0
    made = _MAKERS[kind](rng, epochs, noise)
    clean, clean_val = made.loss * scale, made.val_loss * scale
    loss, val_loss = _with_noise(rng, clean, clean_val, made.noise)
    return Curve(
        kind, seed, index, brief, epochs, made.noise, scale, loss, val_loss, clean, clean_val,
        made.fault_start, made.fault_size, made.details,
    )  # fmt: skip


def draw_many(kind: str, seed: int, count: int, *, brief: bool = False) -> Iterator[Curve]:
    return (draw(kind, seed, index, brief=brief) for index in range(count))


@dataclass
class _Made:
    loss: Array
    val_loss: Array
    noise: float
    fault_start: int | None = None
    fault_size: float = 0.0
    details: dict[str, str | float] = field(default_factory=dict)


def _draw_epochs(kind: str, rng: np.random.Generator, brief: bool) -> int:
    if kind == "short" or brief:
        return int(rng.integers(SHORTEST, SHORTEST_SICK))
    shortest = SHORTEST if kind in HEALTHY else SHORTEST_SICK
    return int(math.exp(rng.uniform(math.log(shortest), math.log(LONGEST + 1))))


def _draw_noise(kind: str, rng: np.random.Generator) -> float:
    if kind == "noisy":
        return float(rng.uniform(0.10, LARGEST_NOISE))
    if rng.random() < 0.05:
        return 0.0
    if rng.random() < 0.5:
        return float(rng.uniform(0.0, LARGEST_NOISE))
    return _log_uniform(rng, 1e-4, LARGEST_NOISE)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _with_noise(rng: np.random.Generator, loss: Array, val_loss: Array, noise: float) -> tuple[Array, Array]:
    memory = float(rng.uniform(0.0, 0.4)) if rng.random() < 0.4 else 0.0
    shared = float(rng.uniform(0.0, 0.3))
    common, own, own_val = (_remembering(rng.standard_normal(len(loss)), memory) for _ in range(3))
    mix, rest = math.sqrt(shared), math.sqrt(1.0 - shared)
    with np.errstate(invalid="ignore"):
        noisy = loss * np.exp(noise * (mix * common + rest * own))
        noisy_val = val_loss * np.exp(noise * (mix * common + rest * own_val))
    return noisy, noisy_val


def _remembering(white: Array, memory: float) -> Array:
    """Unit-variance noise whose lag-1 correlation is `memory`."""
    out = white.copy()
    fresh = math.sqrt(1.0 - memory * memory)
    for i in range(1, len(out)):
        out[i] = memory * out[i - 1] + fresh * white[i]
    return out


def _descent(rng: np.random.Generator, epochs: int, end: float) -> tuple[Array, str]:
    """A converging curve from 1 to `end`, never rising; and the name of its shape."""
    t = np.arange(epochs, dtype=np.float64)
    shape = str(rng.choice(["exponential", "power law", "stretched"]))
    if shape == "exponential":
        fastest = max(3.0, min(60.0, epochs / 0.7))
        fall = np.exp(-t / epochs * _log_uniform(rng, 2.5, fastest))
    elif shape == "power law":
        fall = (1.0 + t / max(0.5, epochs * _log_uniform(rng, 0.01, 0.2))) ** -rng.uniform(0.5, 2.0)
    else:
        fall = np.exp(-((t / max(0.5, epochs * _log_uniform(rng, 0.03, 0.25))) ** rng.uniform(0.5, 0.9)))
    if epochs >= 20 and rng.random() < 0.3:
        shape += " with drops"
        for at in rng.uniform(0.25, 0.85, size=rng.integers(1, 4)) * epochs:
            depth, width = rng.uniform(0.3, 0.7), rng.uniform(0.3, 1.5)
            fall = fall * (1.0 - depth * 0.5 * (1.0 + np.tanh((t - at) / (2.0 * width))))
    last = fall[-1] / fall[0]
    fall = (fall - fall[-1]) / (fall[0] - fall[-1])
    if last > end:
        # A curve that has not yet come down to `end` would plunge in its last epochs; it is bent in the logarithm.
        return np.exp((1.0 - fall) * math.log(end)), shape
    return end + (1.0 - end) * fall, shape


def _healthy(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    end = _log_uniform(rng, 0.01, 0.45)
    loss, shape = _descent(rng, epochs, end)
    gap = float(rng.uniform(1.08, 1.16))
    return _Made(loss, loss * gap, noise, details={"shape": shape, "end": end, "val_over_train": gap})


def _near_zero(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    start, end = float(rng.uniform(0.5, 3.0)), _log_uniform(rng, 0.001, 0.009)
    fall, shape = _descent(rng, epochs, end / start)
    loss = start * fall
    gap = float(rng.uniform(1.08, 1.16))
    # Held-out loss often stops at a floor of its own: a growing ratio of two falling curves is not overfitting.
    floor = _log_uniform(rng, 0.001, 0.02) if rng.random() < 0.5 else 0.0
    details: dict[str, str | float] = {"shape": shape, "end": end, "val_over_train": gap, "val_floor": floor}
    return _Made(loss, loss * gap + floor, noise, details=details)


def _dropout(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    made = _healthy(rng, epochs, noise)
    ratio = float(rng.uniform(0.70, 0.95))
    made.val_loss = made.loss * ratio
    made.details["val_over_train"] = ratio
    return made


def _fault_window(rng: np.random.Generator, epochs: int, lead: int) -> tuple[int, int]:
    """Where a growing fault starts, and the first epoch at which it must have its full size.

    `lead` is the least number of epochs before the start.
    """
    full = epochs - needed_epochs(epochs)
    latest = max(lead, full - needed_epochs(epochs))
    return int(rng.integers(lead, latest + 1)), full


def _rise(epochs: int, start: int, full: int, size: float, *, bend: float) -> Array:
    """Zero up to `start`, then growing as a power of time, `size` at epoch `full`."""
    t = np.maximum(np.arange(epochs, dtype=np.float64) - start, 0.0)
    rise = size * (t / (full - start)) ** bend
    return np.asarray(rise, dtype=np.float64)


def _overfit(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    start, full = _fault_window(rng, epochs, lead=1)
    size = max(NOISE_MULTIPLE * noise, SMALLEST_OVERFIT) * _log_uniform(rng, 1.0, 2.0)
    log_val_rise = _rise(epochs, start, full, size, bend=rng.uniform(0.6, 1.2))
    # The training loss: an ordinary descent, and on top of it a steady fall that lasts to the end.
    fall, shape = _descent(rng, epochs, _log_uniform(rng, 0.05, 0.45))
    steady = (max(0.2, noise) + rng.uniform(0.0, 1.5)) / (epochs - 1 - start)
    loss = fall * np.exp(-steady * np.arange(epochs))
    gap = float(rng.uniform(1.0, 1.2))
    held = np.minimum(np.arange(epochs), start)
    val_loss = gap * loss[held] * np.exp(log_val_rise)
    return _Made(loss, val_loss, noise, start, size, {"shape": shape, "val_rise": float(log_val_rise[-1])})


def _diverge(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    start, full = (0, epochs - needed_epochs(epochs)) if rng.random() < 0.15 else _fault_window(rng, epochs, lead=1)
    size = max(NOISE_MULTIPLE * noise, SMALLEST_DIVERGENCE) * _log_uniform(rng, 1.0, 6.0)
    size = max(size, SLOWEST_DIVERGENCE * (full - start))
    rise = _rise(epochs, start, full, size, bend=rng.uniform(0.8, 2.0))
    settles = bool(rng.random() < 0.2)
    if settles:
        rise = np.minimum(rise, size)
    fall, shape = _descent(rng, epochs, _log_uniform(rng, 0.05, 0.45))
    held = np.minimum(np.arange(epochs), start)
    loss = fall[held] * np.exp(rise)
    gap = float(rng.uniform(0.95, 1.2))
    details: dict[str, str | float] = {"shape": shape, "settles": str(settles), "rise": float(rise[-1])}
    return _Made(loss, loss * gap, noise, start, size, details)


def _flat(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    classes = int(rng.choice([2, 3, 4, 5, 10, 20, 50, 100, 200, 1000]))
    noise *= math.log(2.0) / NOISE_MULTIPLE / LARGEST_NOISE
    excess = float(rng.uniform(0.0, 0.10)) if rng.random() < 0.5 else 0.0
    loss = math.log(classes) * (1.0 + excess * np.exp(-2.0 * np.arange(epochs)))
    val_loss = math.log(classes) * np.full(epochs, rng.uniform(0.999, 1.005))
    return _Made(loss, val_loss, noise, 0, math.log(2.0), {"classes": float(classes), "excess": excess})


def _oscillate(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    needed = max(SHORTEST_SWING, needed_epochs(epochs)) if epochs >= SHORTEST_SICK else epochs
    start = 0 if rng.random() < 0.5 else int(rng.integers(0, epochs - needed + 1))
    length = epochs - start
    size = max(NOISE_MULTIPLE * noise, SMALLEST_SWING) * _log_uniform(rng, 1.0, 2.0)
    pattern = str(rng.choice(["alternating", "wave", "chaotic"]))
    t = np.arange(length, dtype=np.float64)
    if pattern == "alternating":
        swing = (-1.0) ** t * (1.0 + 0.3 * rng.standard_normal(length))
    elif pattern == "wave":
        period = rng.uniform(2.2, max(2.5, min(8.0, length / 3.0)))
        swing = np.sin(2.0 * math.pi * (t / period + rng.random()))
    else:
        swing = _logistic_map(rng, length)
    swing = swing - swing.mean()
    swing = swing / (math.sqrt(2.0) * swing.std())
    fall, shape = _descent(rng, epochs, _log_uniform(rng, 0.2, 0.9))
    level = fall[np.minimum(np.arange(epochs), max(start, 1))]
    log_swing = np.concatenate([np.zeros(start), size * swing])
    gap = float(rng.uniform(0.95, 1.2))
    val_share = float(rng.uniform(0.8, 1.2))
    details: dict[str, str | float] = {"shape": shape, "pattern": pattern, "val_share": val_share}
    return _Made(level * np.exp(log_swing), gap * level * np.exp(val_share * log_swing), noise, start, size, details)


def _logistic_map(rng: np.random.Generator, length: int) -> Array:
    growth, x = rng.uniform(3.6, 3.95), rng.uniform(0.2, 0.8)
    out = np.empty(length)
    for i in range(length):
        x = growth * x * (1.0 - x)
        out[i] = x
    return out


def _nan(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    made = _healthy(rng, epochs, noise)
    start = int(rng.integers(1, epochs - needed_epochs(epochs) + 1))
    value, both = (math.inf if rng.random() < 0.2 else math.nan), bool(rng.random() < 2.0 / 3.0)
    made.loss[start:] = value
    if both:
        made.val_loss[start:] = value
    made.fault_start, made.fault_size = start, math.inf
    made.details |= {"value": str(value), "in_validation": str(both)}
    return made


def _slow(rng: np.random.Generator, epochs: int, noise: float) -> _Made:
    fall = _log_uniform(rng, 0.003, 0.12)
    noise *= fall / NOISE_MULTIPLE / LARGEST_NOISE
    start = math.log(rng.choice([2, 3, 10, 100, 1000])) * rng.uniform(1.0, 1.05) if rng.random() < 0.5 else 1.0
    share = np.linspace(0.0, 1.0, epochs)
    gap = float(rng.uniform(0.99, 1.05))
    loss, val_loss = start * (1.0 - fall * share), gap * start * (1.0 - rng.uniform(0.8, 1.0) * fall * share)
    return _Made(loss, val_loss, noise, 0, fall, {"fall": fall, "start": float(start)})


_MAKERS = {
    "healthy": _healthy,
    "near_zero": _near_zero,
    "noisy": _healthy,
    "dropout": _dropout,
    "short": _healthy,
    "overfit": _overfit,
    "diverge": _diverge,
    "flat": _flat,
    "oscillate": _oscillate,
    "nan": _nan,
    "slow": _slow,
}
