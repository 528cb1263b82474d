"""Networks and samples of the further kinds of healthy trainings, of PyTorch's own layers, as users write them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

Samples = tuple[Tensor, Tensor]
CONTEXT = 32
"""Letters that a language model sees."""


class Letters(nn.Module):
    """A language model: an embedding, what stands between, a head; logits as the loss wants them."""

    def __init__(self, between: nn.Module, width: int, *, causal: bool) -> None:
        super().__init__()
        self.letters = nn.Embedding(128, width)
        self.places = nn.Embedding(CONTEXT, width)
        self.between, self.causal = between, causal
        self.head = nn.Linear(width, 128)

    def forward(self, x: Tensor) -> Tensor:
        states = self.letters(x) + self.places(torch.arange(x.shape[1]))
        if self.causal:
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            states = self.between(states, mask=mask, is_causal=True)
        else:
            states = self.between(states)[0]
        logits: Tensor = self.head(states)
        return logits.transpose(1, 2)


class Last(nn.Module):
    """A recurrent layer of which the last state is taken."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.cell(x)[0]
        return states[:, -1]


class Patches(nn.Module):
    """A vision transformer for pictures of 8 × 8."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Linear(4, 32)
        self.places = nn.Parameter(0.02 * torch.randn(16, 32))
        self.encoder = encoder(32, 2)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = x.unfold(2, 2, 2).unfold(3, 2, 2).reshape(len(x), 16, 4)
        logits: Tensor = self.head(self.encoder(self.patch(patches) + self.places).mean(1))
        return logits


def encoder(width: int, blocks: int) -> nn.TransformerEncoder:
    """Pre-norm blocks."""
    block = nn.TransformerEncoderLayer(
        width, 4, 4 * width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(block, blocks, nn.LayerNorm(width), enable_nested_tensor=False)


def convolutions() -> nn.Module:
    """Convolutions with batch normalization."""
    layers: list[nn.Module] = []
    for before, after, stride in ((1, 16, 1), (16, 24, 2), (24, 32, 2), (32, 32, 1)):
        convolution = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def text(part: int, seed: int) -> Samples:
    """Stretches of Python's help; part 1 is another half of it."""
    from pydoc_data.topics import topics

    whole = "\n".join(topics[name] for name in sorted(topics))
    letters = torch.tensor([min(ord(letter), 127) for letter in whole])
    half = len(letters) // 2
    mine = letters[half:] if part else letters[:half]
    starts = torch.randint(len(mine) - CONTEXT - 1, (800,), generator=torch.Generator().manual_seed(seed))
    rows = torch.stack([mine[start : start + CONTEXT + 1] for start in starts.tolist()])
    return rows[:, :-1], rows[:, 1:]


def digits(part: int, seed: int) -> Samples:
    """Scikit-learn's digits; part 1 has them turned by a quarter."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 8.0 - 1.0
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x = x.rot90(1, (2, 3)) if part else x
    return x[order], torch.tensor(bunch.target)[order]


def waves(part: int, seed: int) -> Samples:
    """Three waves with noise, to be continued."""
    random = torch.Generator().manual_seed(seed + 100 * part)
    times = torch.arange(41.0)
    speed, phase = 0.2 + torch.rand(1600, 3, 1, generator=random), 6.3 * torch.rand(1600, 3, 1, generator=random)
    values = torch.sin(speed * times + phase).sum(1) / 1.2 + 0.1 * torch.randn(1600, 41, generator=random)
    return values[:, :40, None], values[:, 40:]


def tones(part: int, seed: int) -> Samples:
    """Which of four tones sounds for a while in a sequence of 40 steps."""
    random = torch.Generator().manual_seed(seed + 100 * part)
    y = torch.randint(4, (1600,), generator=random)
    x = 0.5 * torch.randn(1600, 40, 4, generator=random)
    starts = torch.randint(10, 32, (1600,), generator=random)
    for step in range(6):
        x[torch.arange(1600), starts + step, y] += 1.0
    return x, y


def noisy_table(part: int, seed: int) -> Samples:
    """A quantity of which ten columns explain a third."""
    random = torch.Generator().manual_seed(seed + 100 * part)
    x = torch.randn(2400, 10, generator=random)
    y = x[:, 0] + x[:, 1] * x[:, 2] + 2.0 * torch.randn(2400, generator=random)
    return x, y[:, None] / y.std()


def recurrent(cell: type[nn.RNNBase], inputs: int, outputs: int, width: int = 32) -> nn.Module:
    return nn.Sequential(Last(cell(inputs, width, batch_first=True)), nn.Linear(width, outputs))


def lstm_letters() -> nn.Module:
    return Letters(nn.LSTM(48, 48, batch_first=True), 48, causal=False)


def gru_letters() -> nn.Module:
    return Letters(nn.GRU(48, 48, batch_first=True), 48, causal=False)


def transformer_letters() -> nn.Module:
    return Letters(encoder(32, 2), 32, causal=True)


def dense() -> nn.Module:
    return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
