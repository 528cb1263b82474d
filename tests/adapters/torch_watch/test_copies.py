"""Copies and files made while the collector's hooks are on hold none, and hooks of the user keep their places."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from expert.adapters.torch import Run, watch

from .observers import differences
from .traces import traces

Copier = Callable[[Any], Any]


def saved(thing: Any) -> Any:
    file = io.BytesIO()
    torch.save(thing, file)
    assert b"expert" not in file.getvalue()
    file.seek(0)
    return torch.load(file, weights_only=False)


def pickled(thing: Any) -> Any:
    data = pickle.dumps(thing)
    assert b"expert" not in data
    return pickle.loads(data)


def sent(thing: Any) -> Any:
    """As to another process, which warns of tensors with hooks."""
    return ForkingPickler.loads(bytes(ForkingPickler.dumps(thing)))


COPIERS: dict[str, Copier] = {"deepcopy": copy.deepcopy, "torch.save": saved, "pickle": pickled, "sent": sent}


def network() -> nn.Sequential:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1))
    model[4].register_buffer("seen", torch.zeros(1))
    return model


def step(model: nn.Module, optimizer: Any, run: Run | None = None) -> None:
    optimizer.zero_grad()
    loss = model(torch.randint(0, 9, (5, 3))).square().mean()
    loss.backward()
    optimizer.step()
    if run is not None:
        run.step(loss=loss)


def armed(model: nn.Module, **arguments: Any) -> tuple[torch.optim.Optimizer, Run]:
    """A watched training in the midst of which all hooks are on."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    run = watch(model, optimizer, every=1, **arguments)
    for _ in range(3):
        step(model, optimizer, run)
    assert any(parameter._backward_hooks for parameter in model.parameters())
    assert any(getattr(parameter, "_post_accumulate_grad_hooks", None) for parameter in model.parameters())
    return optimizer, run


def hooks_of(model: nn.Module, *optimizers: Any) -> list[str]:
    return [
        place
        for place, what in traces([model], optimizers).items()
        if "hooks" in place and not place.startswith("torch.") and what != "nothing"
    ]


@pytest.mark.parametrize("copier", COPIERS)
def test_a_copied_model_has_no_hook_and_trains_as_the_original_would(copier: str) -> None:
    model = network()
    optimizer, run = armed(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copied = COPIERS[copier](model)
    assert hooks_of(copied) == []
    assert list(differences(model.state_dict(), copied.state_dict())) == []
    looked = len(run.history().get("gradient.norm") or ())
    copied = copy.deepcopy(copied)  # what was sent shares its memory with the original
    step(copied, torch.optim.SGD(copied.parameters(), lr=0.1))
    assert len(run.history().get("gradient.norm") or ()) == looked
    step(model, optimizer, run)
    run.close()
    assert hooks_of(model, optimizer) == []


@pytest.mark.parametrize("copier", ["deepcopy", "torch.save", "pickle"])
def test_a_copied_optimizer_has_no_hook_and_takes_steps_of_its_own(copier: str) -> None:
    model = network()
    optimizer, run = armed(model)
    pair = COPIERS[copier]({"model": model, "optimizer": optimizer})
    assert hooks_of(pair["model"], pair["optimizer"]) == []
    assert list(differences(optimizer.state_dict(), pair["optimizer"].state_dict())) == []
    step(pair["model"], pair["optimizer"])
    step(pair["model"], pair["optimizer"])
    run.close()
    assert run.history().steps == 3


def test_averages_made_while_hooks_are_on_hold_none() -> None:
    model = network()
    optimizer, run = armed(model)
    average = AveragedModel(model)
    assert hooks_of(average) == []
    step(model, optimizer, run)
    average.update_parameters(model)
    average(torch.randint(0, 9, (5, 3)))
    assert hooks_of(average) == []
    run.close()


def test_state_dicts_are_what_they_are_without_a_collector() -> None:
    torch.manual_seed(0)
    plain = network()
    names = list(plain.state_dict())
    torch.manual_seed(0)
    model = network()
    optimizer, run = armed(model)
    assert list(model.state_dict()) == names
    assert [name for name, _ in model.named_modules()] == [name for name, _ in plain.named_modules()]
    model.load_state_dict(plain.state_dict(), strict=True)
    optimizer.load_state_dict(optimizer.state_dict())
    step(model, optimizer, run)
    run.close()
    assert len(run.history().get("gradient.norm") or ()) == 4


def test_a_model_moved_and_cast_while_hooks_are_on_goes_on() -> None:
    model = network()
    optimizer, run = armed(model)
    model.double().float()
    model.requires_grad_(False).requires_grad_(True)
    model.apply(lambda module: None)
    step(model, optimizer, run)
    run.close()
    assert hooks_of(model, optimizer) == []


class Diary:
    """Hooks of a user, of every kind and in every place the collector uses, that write down when they are called."""

    def __init__(self, model: nn.Sequential, optimizer: Any) -> None:
        self.lines: list[str] = []
        self.handles = [
            model.register_forward_hook(self.writes("forward")),
            model.register_forward_pre_hook(self.writes("before forward")),
            model[2].weight.register_hook(self.writes("gradient")),
            model[2].weight.register_post_accumulate_grad_hook(self.writes("accumulated")),
            optimizer.register_step_pre_hook(self.writes("before step")),
            optimizer.register_step_post_hook(self.writes("after step")),
            nn.modules.module.register_module_forward_hook(self.writes("any forward")),
        ]

    def writes(self, line: str) -> Callable[..., None]:
        return lambda *_: self.lines.append(line)

    def close(self) -> None:
        for handle in self.handles:
            handle.remove()


@pytest.mark.parametrize("first", [True, False], ids=["hooks of the user first", "collector first"])
def test_hooks_of_the_user_are_called_as_often_and_in_the_same_order(first: bool) -> None:
    def lines(watched: bool) -> list[str]:
        torch.manual_seed(0)
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        diary = Diary(model, optimizer) if first else None
        run = watch(model, optimizer, every=1) if watched else None
        diary = diary or Diary(model, optimizer)
        for _ in range(4):
            step(model, optimizer, run)
        if run is not None:
            run.close()
        step(model, optimizer)
        diary.close()
        return diary.lines

    alone = lines(watched=False)
    assert len(alone) > 40
    assert lines(watched=True) == alone


def test_what_a_user_s_hook_makes_of_gradients_and_outputs_stays() -> None:
    def halve(parameter: Tensor) -> None:
        assert parameter.grad is not None
        parameter.grad.mul_(0.5)

    def outcome(watched: bool) -> list[Tensor]:
        torch.manual_seed(0)
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run = watch(model, optimizer, every=1) if watched else None
        model[3].register_forward_hook(lambda module, inputs, output: output * 1.5)
        model[2].weight.register_hook(lambda gradient: gradient.clamp(-1e-3, 1e-3))
        model[4].weight.register_post_accumulate_grad_hook(halve)
        optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(model.parameters(), 0.05) and None)
        for _ in range(5):
            step(model, optimizer, run)
        return [parameter.detach() for parameter in model.parameters()]

    assert list(differences(outcome(watched=False), outcome(watched=True))) == []


def test_two_runs_on_one_model_do_not_disturb_each_other() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    one, two = watch(model, optimizer, every=1), watch(model, optimizer, every=1)
    for _ in range(4):
        step(model, optimizer, one)
        two.step(loss=1.0)
    one.close()
    step(model, optimizer)
    two.step(loss=1.0)
    two.close()
    norms = [run.history().get("gradient.norm") for run in (one, two)]
    assert norms[0] is not None
    assert norms[1] is not None
    assert norms[0].values.tolist() == norms[1].values.tolist()[:4]
    assert len(norms[1]) == 5
    assert hooks_of(model, optimizer) == []
