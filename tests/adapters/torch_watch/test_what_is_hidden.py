"""Which activations count as hidden: not those at the head, not the data, not those of a validation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from expert import advise
from expert.adapters.torch import Run, watch

from .observers import failures
from .reference import rows


class Headed(nn.Module):
    """A saturated tanh inside, a saturated sigmoid at the end, returned in some form."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.first, self.tanh, self.last, self.sigmoid = nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()
        self.form = form
        with torch.no_grad():
            self.first.weight.mul_(20.0)
            self.last.weight.mul_(50.0)

    def forward(self, x: Tensor) -> Any:
        hidden = self.tanh(self.first(x))
        scores = self.last(hidden)
        share = self.sigmoid(scores)
        return {
            "as it is": lambda: share,
            "squeezed": lambda: share.squeeze(1),
            "tuple": lambda: (scores, share),
            "mapping": lambda: {"scores": scores, "shares": {"share": share}},
            "with hidden": lambda: (share, hidden),
        }[self.form]()

    def pick(self, output: Any) -> Tensor:
        found: Tensor = {
            "tuple": lambda: output[1],
            "mapping": lambda: output["shares"]["share"],
            "with hidden": lambda: output[0],
        }.get(self.form, lambda: output)()
        return found


def train(model: nn.Module, x: Tensor, pick: Any = lambda output: output, steps: int = 5) -> Run:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with watch(model, optimizer, every=1) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = pick(model(x)).square().mean()
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        run.epoch()
    assert failures(run) == []
    return run


def places(run: Run, quantity: str) -> set[str]:
    return {name for row in rows(run, quantity).values() for name in row}


@pytest.mark.parametrize("form", ["as it is", "squeezed", "tuple", "mapping", "with hidden"])
def test_an_activation_that_is_returned_is_a_head_and_one_that_went_on_is_hidden(form: str) -> None:
    model = Headed(form)
    run = train(model, torch.randn(16, 4), model.pick)
    assert places(run, "saturated_share") == {"tanh"}
    assert places(run, "activation_std") == {"tanh"}


def test_the_heads_of_networks_that_a_list_holds_are_heads() -> None:
    maker, judge = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh()), nn.Sequential(nn.Linear(2, 4))
    judge.extend([nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid()])
    optimizer = torch.optim.SGD([*maker.parameters(), *judge.parameters()], lr=0.1)
    with watch(nn.ModuleList([maker, judge]), optimizer, every=1) as run:
        for _ in range(5):
            optimizer.zero_grad()
            judge(maker(torch.randn(8, 3))).sum().backward()
            optimizer.step()
            run.step(loss=1.0)
    assert places(run, "saturated_share") == {"1.1"}
    assert places(run, "zero_share") == {"0.1"}


def test_a_module_used_inside_and_at_the_head_is_hidden_inside() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last, self.act = nn.Linear(4, 8), nn.Linear(8, 8), nn.Sigmoid()

        def forward(self, x: Tensor) -> Tensor:
            share: Tensor = self.act(self.last(self.act(self.first(x))) * 1e4)
            return share

    # Inside nothing is at the flat ends, at the head everything.
    assert {row["act"] for row in rows(train(Shared(), torch.randn(16, 4)), "saturated_share").values()} == {0.0}


class OnlyFunctions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.last(F.relu(self.first(x)))
        return scores


@pytest.mark.parametrize("asks", [False, True], ids=["plain data", "data that ask for a gradient"])
def test_data_are_no_activations(asks: bool) -> None:
    x = torch.randn(16, 6).clamp(min=0.0).requires_grad_(asks)
    x.data[:, :3] = 0.0  # columns without a number in them are no dead units
    run = train(OnlyFunctions(), x)
    assert places(run, "zero_unit_share") == {"input of last"}
    assert x._backward_hooks in (None, {})


def test_a_learned_query_is_no_activation() -> None:
    class Query(OnlyFunctions):
        def __init__(self) -> None:
            super().__init__()
            self.query = nn.Parameter(torch.zeros(2, 6))

        def forward(self, x: Tensor) -> Tensor:
            scores: Tensor = super().forward(self.query)
            return scores + x.mean()

    assert "input of first" not in places(train(Query(), torch.randn(16, 6)), "zero_unit_share")


@pytest.mark.parametrize("dropped", [0.0, 0.5])
def test_signed_inputs_of_layers_are_not_said_to_be_rectified(dropped: float) -> None:
    class Signed(OnlyFunctions):
        def forward(self, x: Tensor) -> Tensor:
            scores: Tensor = self.last(F.dropout(torch.tanh(self.first(x)), dropped, self.training))
            return scores

    assert places(train(Signed(), torch.randn(16, 6)), "zero_share") == set()


def test_validation_and_other_models_are_not_mixed_in() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    other = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with torch.no_grad():
        model[0].bias.fill_(-1e3)  # never answers in training
        other[0].bias.fill_(1e3)
    with watch(model, optimizer, every=1) as run:
        for _ in range(4):
            optimizer.zero_grad()
            (model(torch.randn(8, 4)) + other(torch.randn(8, 4))).sum().backward()
            optimizer.step()
            run.step(loss=1.0)
            with torch.no_grad():
                model(torch.full((8, 4), 1e6))  # answers here
        run.epoch()
    assert rows(run, "zero_unit_share") == {4: {"1": 1.0}}
    assert {value for row in rows(run, "zero_share").values() for value in row.values()} == {1.0}


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_of_training_and_validation_is_noted(training: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 1)).train(training)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer) as run:
        for _ in range(3):
            for _ in range(4):
                optimizer.zero_grad()
                model(torch.randn(8, 4)).sum().backward()
                optimizer.step()
                run.step(loss=1.0)
            with torch.no_grad():
                model(torch.randn(8, 4))
            run.epoch(val_loss=1.0)
    config = run.history().config
    assert config.training_mode_in_training is training
    assert config.evaluation_mode_in_validation is not training


@pytest.mark.parametrize("turned_back", [True, False])
@pytest.mark.parametrize("gradients", [True, False])
def test_a_model_that_is_not_turned_back_behind_its_validation_is_trained_in_evaluation_mode(
    turned_back: bool, gradients: bool
) -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1) as run:
        for _ in range(6):
            model.train(turned_back or model.training)
            for _ in range(2):
                optimizer.zero_grad()
                model(torch.randn(8, 4)).sum().backward()
                optimizer.step()
                run.step(loss=1.0)
            model.eval()
            with torch.set_grad_enabled(gradients):
                model(torch.randn(8, 4))
            run.epoch(val_loss=1.0)
    assert run.history().config.training_mode_in_training is turned_back
    assert advise(run).is_found("training-mode-forgotten") is not turned_back


def test_a_gradient_through_time_is_that_of_each_step_of_the_input() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.rnn, self.head = nn.Embedding(9, 4), nn.GRU(4, 5, batch_first=True), nn.Linear(5, 1)
            self.given: Tensor | None = None

        def forward(self, tokens: Tensor) -> Tensor:
            self.given = self.table(tokens)
            self.given.retain_grad()
            scores: Tensor = self.head(self.rnn(self.given)[0][:, -1])
            return scores

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wanted = {}
    with watch(model, optimizer, every=1) as run:
        for at in range(1, 6):
            optimizer.zero_grad()
            model(torch.randint(0, 9, (3, 6))).square().mean().backward()
            assert model.given is not None
            assert model.given.grad is not None
            wanted[at] = {f"t{t}": float(model.given.grad[:, t].norm()) for t in range(6)}
            optimizer.step()
            run.step(loss=1.0)
    seen = rows(run, "time_step_gradient_norm")
    assert len(seen) >= 4
    for at, row in seen.items():
        assert row == pytest.approx(wanted[at], rel=1e-4)


@pytest.mark.parametrize("form", ["batch first", "time first", "one sequence", "packed"])
def test_the_length_of_sequences_is_told(form: str) -> None:
    rnn = nn.RNN(3, 5, batch_first=form == "batch first")
    x = {
        "batch first": torch.randn(4, 6, 3),
        "time first": torch.randn(6, 4, 3),
        "one sequence": torch.randn(6, 3),
        "packed": pack_padded_sequence(torch.randn(6, 4, 3), torch.tensor([6, 5, 5, 2])),
    }[form]
    optimizer = torch.optim.SGD(rnn.parameters(), lr=0.1)
    with watch(rnn, optimizer, every=1) as run:
        for _ in range(3):
            output = rnn(x)[0]
            (output.data if form == "packed" else output).square().mean().backward()
            optimizer.step()
            run.step(loss=1.0)
    assert run.history().model.sequence_length == 6
