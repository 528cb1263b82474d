"""Models of PyTorch judged before any training, and short real trainings judged after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expert import advise
from expert.advice import Advice
from expert.history import History

torch = pytest.importorskip("torch")
nn = torch.nn

LOGITS = {"loss": "cross_entropy", "loss_from_logits": True, "task": "classification"}


def stack(depth: int, activation: Callable[[], Any] | None, *extra: Callable[[], Any]) -> Any:
    layers = []
    for _ in range(depth - 1):
        layers += [nn.Linear(16, 16), *(one() for one in extra), *([activation()] if activation else [])]
    return nn.Sequential(*layers, nn.Linear(16, 4))


def with_head(head: Any) -> Any:
    return nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4), head)


def half_frozen() -> Any:
    model = stack(3, nn.ReLU)
    model[0].requires_grad_(False)
    return model


def all_alike() -> Any:
    model = stack(3, nn.ReLU)
    nn.init.constant_(model[0].weight, 0.1)
    return model


def named(advice: Advice) -> list[str]:
    return [finding.rule for finding in advice.findings if finding.severity != "info"]


@pytest.mark.parametrize(
    ("model", "config", "rule", "remedy"),
    [
        (with_head(nn.Softmax(1)), LOGITS, "MOD101", "pair-head-with-loss"),
        (with_head(nn.Sigmoid()), LOGITS, "MOD101", "pair-head-with-loss"),
        (stack(3, nn.ReLU), {"loss": "nll"}, "MOD102", "pair-head-with-loss"),
        (with_head(nn.ReLU()), LOGITS, "MOD103", "pair-head-with-loss"),
        (stack(3, nn.ReLU), {"loss": "mse", "task": "classification"}, "MOD104", "pair-head-with-loss"),
        (stack(3, None), LOGITS, "MOD105", "repair-nonlinearity"),
        (stack(4, nn.Sigmoid), LOGITS, "MOD107", "change-activation"),
        (stack(10, nn.ReLU), LOGITS, "MOD202", "initialize-well"),
        (all_alike(), LOGITS, "MOD205", "initialize-well"),
        (stack(3, nn.ReLU, lambda: nn.BatchNorm1d(16)), LOGITS | {"batch_size": 2}, "MOD301", "larger-batch"),
        (half_frozen(), LOGITS | {"pretrained": False}, "GRD302", "unfreeze-layers"),
        (stack(3, nn.ReLU), LOGITS | {"clip_value_low": 0.1, "clip_value_high": 5.0}, "GRD201", "symmetric-clip"),
        (stack(3, nn.ReLU), LOGITS | {"gradients_zeroed": False}, "GRD303", "order-training-step"),
    ],
)
def test_a_fault_of_the_program_is_named_before_any_training(
    model: Any, config: dict[str, object], rule: str, remedy: str
) -> None:
    advice = advise(model=model, config=config)
    assert named(advice)[0] == rule
    assert advice.recommendations[0].name == remedy


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (stack(3, nn.ReLU), LOGITS | {"batch_size": 32, "clip_norm": 1.0, "gradients_zeroed": True}),
        (with_head(nn.LogSoftmax(1)), {"loss": "nll", "loss_from_logits": False}),
        (with_head(nn.Softmax(1)), {"loss": "cross_entropy", "loss_from_logits": False}),
        (stack(3, nn.Sigmoid), LOGITS),
        (stack(12, nn.ReLU, lambda: nn.BatchNorm1d(16)), LOGITS | {"batch_size": 64}),
        (half_frozen(), LOGITS | {"pretrained": True}),
        (nn.Sequential(nn.Linear(16, 1)), {"loss": "mse", "task": "regression"}),
        (stack(3, nn.ReLU), LOGITS | {"clip_value_low": -5.0, "clip_value_high": 5.0}),
    ],
)
def test_a_sound_program_raises_no_alarm(model: Any, config: dict[str, object]) -> None:
    assert named(advise(model=model, config=config)) == []


def trained(model: Any, samples: int, epochs: int, rate: float = 0.3) -> History:
    """Loss and accuracy per epoch of a real training on four separate clouds, batches of 32."""
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (samples,), generator=random)
    inputs = 4 * torch.eye(4, 16)[labels] + torch.randn(samples, 16, generator=random)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    losses, accuracies = [], []
    for _ in range(epochs):
        total, hits = 0.0, 0
        for rows in torch.randperm(samples, generator=random).split(32):
            outputs = model(inputs[rows])
            loss = nn.functional.cross_entropy(outputs, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
            hits += int((outputs.argmax(1) == labels[rows]).sum())
        losses.append(total / samples)
        accuracies.append(hits / samples)
    return History.from_columns({"loss": losses, "accuracy": accuracies})


def test_a_doubled_softmax_shows_in_the_curves_alone_and_is_not_claimed_for_certain() -> None:
    torch.manual_seed(0)
    curves = trained(with_head(nn.Softmax(1)), samples=640, epochs=20)
    found = next(finding for finding in advise(curves).findings if finding.rule == "MOD101")
    assert found.confidence <= 0.6
    told = advise(curves, config=LOGITS, model={"output_activation": "softmax", "output_units": 4})
    assert named(told)[0] == "MOD101"
    assert told.findings[0].confidence > found.confidence


def test_the_same_network_without_the_second_softmax_is_not_suspected() -> None:
    torch.manual_seed(0)
    assert "MOD101" not in named(advise(trained(stack(2, nn.ReLU), samples=640, epochs=20)))


def test_a_run_on_one_batch_is_read_as_the_experiment_it_is() -> None:
    torch.manual_seed(0)
    told = {"samples": 32, "classes": 4}
    sound = advise(trained(stack(3, nn.ReLU), samples=32, epochs=300, rate=0.1), data=told)
    assert "RUN101" not in named(sound)
    sick = advise(trained(stack(8, nn.Sigmoid), samples=32, epochs=300, rate=0.1), data=told)
    assert "RUN101" in named(sick)
    explained = advise(
        trained(stack(8, nn.Sigmoid), samples=32, epochs=300, rate=0.1), data=told, model=stack(8, nn.Sigmoid)
    )
    assert named(explained).index("MOD107") < named(explained).index("RUN101")
