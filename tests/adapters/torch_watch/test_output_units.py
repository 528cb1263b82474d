"""How many outputs a model has is seen in its forward pass where its code does not show it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from expert.adapters.torch import watch
from expert.history import ModelProfile

CLASSES, LENGTH, WIDTH = 11, 7, 8


class Tagger(nn.Module):
    """Logits with the classes at the place that the loss wants, by a way that is seen only when it is gone."""

    def __init__(self, finish: nn.Module) -> None:
        super().__init__()
        self.tokens = nn.Embedding(CLASSES, WIDTH)
        self.act = nn.ReLU()
        self.head = nn.Linear(WIDTH, CLASSES)
        self.finish = finish

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.finish(self.head(self.act(self.tokens(x))))
        return logits.transpose(1, 2) if logits.dim() == 3 else logits


class Tied(Tagger):
    """The weights of the embedding make the logits, and no layer does."""

    def forward(self, x: Tensor) -> Tensor:
        return (self.act(self.tokens(x)) @ self.tokens.weight.T).transpose(1, 2)


def model_seen(model: nn.Module) -> ModelProfile:
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters())
    with watch(model, optimizer, loss_fn=nn.CrossEntropyLoss(), every=1) as run:
        for _ in range(4):
            x = torch.randint(0, CLASSES, (4, LENGTH))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), x)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    return run.history().model


def test_a_head_whose_output_is_handed_on_in_another_order() -> None:
    assert model_seen(Tagger(nn.Identity())).output_units == CLASSES


def test_what_is_made_of_it_by_an_activation_is_not_guessed_at() -> None:
    assert model_seen(Tagger(nn.Sigmoid())).output_units is None


def test_logits_that_no_layer_made() -> None:
    assert model_seen(Tied(nn.Identity())).output_units is None
