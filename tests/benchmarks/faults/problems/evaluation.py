"""The problems of the next evaluation: other data, networks and recipes than those before.

All are generated: no sample of validation or test stands in training, and no class is rare.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ..architectures import Convolutional, Dense, Recurrent, TimeConvolutional, Transformer
from ..setup import Setup
from .problem import Problem


def _throws(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Balls thrown at a wall through moving air: do they pass it? Seven numbers, two of them measured roughly."""
    x = 2.0 * torch.rand(count, 7, generator=random) - 1.0
    speed, angle, hand = 12.0 + 3.0 * x[:, 0], 0.85 + 0.35 * x[:, 1], 1.6 + 0.4 * x[:, 2]
    wind, drag = 4.0 * x[:, 3], 0.05 + 0.035 * x[:, 4]
    wall, top = 8.0 + 3.0 * x[:, 5], 2.5 + 1.8 * x[:, 6]
    along, up = speed * angle.cos(), speed * angle.sin()
    way, height, above = torch.zeros(count), hand, torch.full((count,), -1.0)
    for _ in range(90):
        through = torch.hypot(along - wind, up)
        along, up = along - 0.03 * drag * through * (along - wind), up - 0.03 * (9.8 + drag * through * up)
        reached = (way < wall) & (way + 0.03 * along >= wall)
        way, height = way + 0.03 * along, height + 0.03 * up
        above = torch.where(reached, height - top, above)
    seen = x * math.sqrt(3.0)
    seen[:, :2] += 0.16 * torch.randn(count, 2, generator=random)
    return seen, (above > 0.0).float()[:, None]


def _spectra(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Which of 14 substances a spectrum of 48 bands is of, beside less of another, a slope and a shift of the bands."""
    fixed = torch.Generator().manual_seed(41)
    center = 4.0 + 40.0 * torch.rand(14, 4, generator=fixed)
    width = 1.2 + 1.5 * torch.rand(14, 4, generator=fixed)
    size = 0.6 + 0.8 * torch.rand(14, 4, generator=fixed)
    y = torch.randint(14, (count,), generator=random)
    other = (y + torch.randint(1, 14, (count,), generator=random)) % 14
    shift = 0.8 * torch.randn(count, 1, 1, generator=random)
    band = torch.arange(48.0)

    def of(substance: Tensor) -> Tensor:
        away = (band - center[substance][..., None] - shift) / width[substance][..., None]
        return (size[substance][..., None] * torch.exp(-(away**2))).sum(1)

    share = 0.3 + 0.5 * torch.rand(count, 1, generator=random)
    light = torch.exp(0.2 * torch.randn(count, 1, generator=random))
    slope = 0.4 * torch.randn(count, 1, generator=random) * (band / 24.0 - 1.0)
    x = light * (of(y) + share * of(other)) + slope + 0.2 * torch.randn(count, 48, generator=random)
    return (x - 0.5) / 0.65, y


def _orbits(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """How fast a star comes nearer that a planet moves: Kepler's equation, solved for orbits of every shape."""
    since, turned = 2.0 * math.pi * torch.rand(2, count, generator=random)
    flatness = 0.6 * torch.rand(count, generator=random)
    pull = torch.rand(count, generator=random)
    swept = since.clone()
    for _ in range(12):
        swept = swept - (swept - flatness * swept.sin() - since) / (1.0 - flatness * swept.cos())
    angle = 2.0 * torch.atan(((1.0 + flatness) / (1.0 - flatness)).sqrt() * (swept / 2.0).tan())
    speed = (0.5 + pull) * ((angle + turned).cos() + flatness * turned.cos())
    circles = math.sqrt(2.0) * torch.stack([since.sin(), since.cos(), turned.sin(), turned.cos()], 1)
    x = torch.cat([circles, (flatness[:, None] - 0.3) / 0.173, (pull[:, None] - 0.5) * math.sqrt(12.0)], 1)
    return x, (speed / 0.75 + 0.15 * torch.randn(count, generator=random))[:, None]


def _engines(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Thirty sensors of an engine, three of each of ten quantities that five causes bring about together."""
    fixed = torch.Generator().manual_seed(42)
    speed, load, cooling, wear, air = torch.randn(5, count, generator=random)
    power = (speed + 1.5) * (load + 1.5) / 2.0 - 1.1
    heat = torch.tanh(power - 0.7 * cooling + 0.3 * air)
    quantities = [
        speed, load, power, heat, cooling, air, wear + 0.5 * heat, 0.6 * (speed**2 - 1.0) + wear,
        torch.exp(0.5 * (load - air)) - 1.3, (power - 0.5 * wear).clamp_min(0.0) - 0.5,
    ]  # fmt: skip
    x = torch.stack(quantities, 1).repeat_interleave(3, 1)
    gain = 0.7 + 0.6 * torch.rand(30, generator=fixed)
    x = gain * x + 0.25 * torch.randn(count, 30, generator=random)
    return x, x


def _fabrics(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Pictures of 16 × 16 in three colors of seven weaves, of threads of any two colors under light from one side."""
    y = torch.randint(7, (count,), generator=random)
    pitch = 1.3 + 0.5 * torch.rand(count, 1, 1, generator=random)
    start = 8.0 * torch.rand(count, 2, 1, 1, generator=random)
    lean = 0.08 * torch.randn(count, 1, 1, generator=random)
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    i = ((rows + lean * columns) / pitch + start[:, 0]).floor()
    j = ((columns - lean * rows) / pitch + start[:, 1]).floor()
    weaves = torch.stack([
        (i + j) % 2 < 1,
        (i + j) % 4 < 2,
        (i - j) % 4 < 2,
        ((i / 2).floor() + (j / 2).floor()) % 2 < 1,
        ((i / 2).floor() + j) % 2 < 1,
        (i + (j / 2).floor()) % 2 < 1,
        (i + (j % 8 - 4).abs()) % 4 < 2,
    ])  # fmt: skip
    above = weaves[y, torch.arange(count)].float()[:, None] - 0.5
    contrast = torch.randn(count, 3, 1, 1, generator=random)
    contrast = 1.6 * contrast / contrast.norm(dim=1, keepdim=True)
    tone = 0.5 * torch.randn(count, 3, 1, 1, generator=random)
    light = 0.4 * torch.randn(count, 1, 1, 1, generator=random) * (columns / 7.5 - 1.0)
    x = tone + light + above * contrast
    return x + 0.35 * torch.randn(x.shape, generator=random), y


def _heartbeats(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """How fast a heart beats, from 72 steps of two sensors on an arm: pulses, the later echo of each, and breathing."""
    rate = torch.rand(count, generator=random)
    time = torch.linspace(0.0, 1.0, 72)
    uneven = 0.04 * torch.randn(count, 72, generator=random).cumsum(1)
    phase = 2.0 * math.pi * (torch.rand(count, 1, generator=random) + (4.0 + 6.0 * rate[:, None]) * time) + uneven
    echo = 0.5 * torch.rand(count, 1, generator=random)

    def pulse(late: Tensor) -> Tensor:
        first, second = (phase - late).cos() - 1.0, (phase - late - 2.2).cos() - 1.0
        return torch.exp(4.0 * first) + echo * torch.exp(3.0 * second)

    late = 0.5 + torch.rand(count, 1, generator=random)
    breath = torch.sin(2.0 * math.pi * ((1.0 + torch.rand(count, 1, generator=random)) * time + late))
    x = torch.stack([pulse(torch.zeros(1)), pulse(late)], 1) * 2.2 - 0.6 + 0.4 * breath[:, None]
    return x + 0.9 * torch.randn(x.shape, generator=random), (rate[:, None] - 0.5) * math.sqrt(12.0)


def _boats(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Where a boat is after 28 steps in an unknown current, by log and compass and, now and then, a rough bearing."""
    current = 0.12 * torch.randn(count, 1, 2, generator=random)
    heading = 2.0 * math.pi * torch.rand(count, 1, generator=random)
    heading = heading + 0.35 * torch.randn(count, 28, generator=random).cumsum(1)
    speed = 0.1 + 0.2 * torch.rand(count, 28, generator=random)
    sailed = speed[..., None] * torch.stack([heading.cos(), heading.sin()], 2)
    place = (sailed + current).cumsum(1)
    known = (torch.rand(count, 28, 1, generator=random) < 0.2).float()
    bearing = known * (place + 0.6 * torch.randn(count, 28, 2, generator=random))
    log = sailed + 0.05 * torch.randn(count, 28, 2, generator=random)
    return torch.cat([log / 0.15, bearing / 1.2, 2.0 * known - 1.0], 2), place[:, -1] / 4.6


def _birds(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Songs of 28 steps in seven bands: which of six birds sings? Each has three of six syllables, none its own."""
    songs = torch.tensor([[0, 1, 2], [2, 1, 3], [3, 0, 4], [4, 5, 0], [5, 3, 2], [1, 4, 5]])
    step, held = torch.arange(5.0), torch.ones(5)
    trill = 3.0 + 1.5 * (-1.0) ** step
    syllables = torch.stack([1.0 + step, 5.0 - step, trill, 1.0 * held, 5.0 * held, 3.0 * held])
    y = torch.randint(6, (count,), generator=random)
    begin = torch.randint(3, (count,), generator=random)
    pitch = 0.25 * torch.randn(count, 1, generator=random)
    x = 0.8 * torch.randn(count, 28, 7, generator=random)
    for place in range(3):
        band = syllables[songs[y, place]] + pitch
        for number in range(5):
            loud = 1.6 * torch.exp(-((torch.arange(7.0) - band[:, number, None]) ** 2))
            x[torch.arange(count), begin + number] += loud
        begin = begin + 5 + torch.randint(3, (count,), generator=random)
    return 1.3 * (x - 0.25), y


def _markup(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Text of 16 words in nested marks of four kinds: the innermost open one says which words come, and closes first.

    Tokens 0 to 3 open a mark, 4 to 7 close it; the rest are words.
    """
    fixed = torch.Generator().manual_seed(43)
    words = torch.softmax(2.0 * torch.randn(5, 16, generator=fixed), 1)
    opens, closes = torch.tensor([0.5, 0.25, 0.15, 0.0]), torch.tensor([0.0, 0.2, 0.3, 0.4])
    rows, depth = torch.arange(count), torch.zeros(count, dtype=torch.long)
    inside = torch.full((count, 4), 4)
    tokens = torch.empty(count, 29, dtype=torch.long)
    for place in range(29):
        top = inside[rows, depth]
        chance = torch.rand(count, generator=random)
        mark = torch.randint(4, (count,), generator=random)
        word = torch.multinomial(words[top], 1, generator=random)[:, 0]
        opening = chance < opens[depth]
        closing = chance > 1.0 - closes[depth]
        tokens[:, place] = torch.where(opening, mark, torch.where(closing, 4 + top, 8 + word))
        depth = depth + opening.long() - closing.long()
        inside[rows[opening], depth[opening]] = mark[opening]
    return tokens[:, :-1], tokens[:, 1:]


def _visits(count: int, random: Generator) -> tuple[Tensor, Tensor]:
    """Visits of a shop, 14 pages of 18 kinds: which of five things is bought; what was seen late counts for more."""
    fixed = torch.Generator().manual_seed(44)
    leaning = torch.randn(18, 5, generator=fixed)
    leaning = 1.4 * (leaning - leaning.mean(0)) / leaning.std(0)
    pages = torch.randint(18, (count, 14), generator=random)
    late = torch.exp(0.15 * torch.arange(-13.0, 1.0))
    wish = (late[:, None] * leaning[pages]).sum(1)
    chance = -torch.rand(count, 5, generator=random).clamp_min(1e-6).log().neg().log()
    return pages, (wish + 0.5 * chance).argmax(1)


PROBLEMS: tuple[Problem, ...] = (
    Problem(
        name="throws-mlp", task="binary", classes=2,
        draw=_throws,
        network=Dense(7, 1, (40, 20)),
        sound=Setup(samples=2600, optimizer="sgd", rate=0.05, momentum=0.9, weight_decay=5e-4, schedule="cosine",
                    epochs=11),
    ),
    Problem(
        name="spectra-residual", task="classification", classes=14,
        draw=_spectra,
        network=Dense(48, 14, (56, 56, 56)),
        sound=Setup(samples=2500, validation_samples=500, activation="gelu", normalization="layer", residual=True,
                    optimizer="adamw", rate=2e-3, weight_decay=0.01, schedule="cosine", warmup=0.05, dropout=0.1,
                    batch=64, epochs=16),
    ),
    Problem(
        name="orbits-mlp", task="regression",
        draw=_orbits,
        network=Dense(6, 1, (64, 32, 32)),
        sound=Setup(samples=2400, activation="silu", rate=4e-3, schedule="step", batch=32, epochs=16),
    ),
    Problem(
        name="engines-autoencoder", task="autoencoder",
        draw=_engines,
        network=Dense(30, 30, (40, 7, 40)),
        sound=Setup(samples=2000, activation="tanh", optimizer="adamw", rate=4e-3, weight_decay=1e-3, batch=32,
                    epochs=14),
    ),
    Problem(
        name="fabrics-cnn", task="classification", classes=7, kind="convolutional",
        draw=_fabrics,
        network=Convolutional(3, 7, (16, 24, 40), flat=4),
        sound=Setup(samples=1400, validation_samples=350, optimizer="rmsprop", rate=2e-3, normalization="batch",
                    schedule="cosine", batch=32, epochs=12),
    ),
    Problem(
        name="heartbeats-conv1d", task="regression", kind="convolutional",
        draw=_heartbeats,
        network=TimeConvolutional(2, 1, (12, 16, 24), dilated=True),
        sound=Setup(samples=1600, rate=4e-3, schedule="cosine", warmup=0.1, batch=32, epochs=12),
    ),
    Problem(
        name="boats-gru", task="regression", kind="recurrent",
        draw=_boats,
        network=Recurrent("gru", 5, 2, width=24),
        sound=Setup(samples=1500, optimizer="rmsprop", rate=4e-3, schedule="cosine", clip_norm=1.0, batch=32,
                    epochs=13),
    ),
    Problem(
        name="birds-lstm", task="classification", classes=6, kind="recurrent",
        draw=_birds,
        network=Recurrent("lstm", 7, 6, width=32, bidirectional=True, attentive=True),
        sound=Setup(samples=1800, optimizer="adamw", rate=6e-3, weight_decay=1e-3, schedule="cosine", warmup=0.1,
                    clip_norm=1.0, batch=16, epochs=8),
    ),
    Problem(
        name="markup-transformer", task="language_model", classes=24, kind="transformer",
        draw=_markup,
        network=Transformer(24, 24, length=28, width=32, blocks=2, causal=True),
        sound=Setup(samples=1000, validation_samples=300, activation="gelu", rate=4e-3, schedule="cosine", warmup=0.1,
                    batch=32, epochs=12),
    ),
    Problem(
        name="visits-attention", task="classification", classes=5, kind="transformer",
        draw=_visits,
        network=Transformer(18, 5, length=14, width=24, blocks=1, causal=False),
        sound=Setup(samples=3000, validation_samples=500, optimizer="adamw", rate=4e-3, weight_decay=5e-3,
                    schedule="cosine", dropout=0.1, batch=40, epochs=9),
    ),
)  # fmt: skip
