"""The code that the plugins' remedies show runs as it stands."""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import pytest

from expert.remedy import Remedy

from .installed import HERE, ROOT

HOMES = {"gan": "gan_rules.plugin", "reinforcement": "reinforcement_rules.plugin", "company_log": "acme_log.plugin"}
pytestmark = pytest.mark.slow


@pytest.fixture
def remedies(monkeypatch: pytest.MonkeyPatch) -> list[Remedy]:
    for folder in HOMES:
        monkeypatch.syspath_prepend(HERE / folder)
    return [of_the_guide()] + [
        remedy for name in HOMES.values() for remedy in importlib.import_module(name).expert_remedies()
    ]


def of_the_guide() -> Remedy:
    page = (ROOT / "docs" / "guide" / "plugins.md").read_text(encoding="utf-8")
    (block,) = (one for one in re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S) if "Remedy(" in one)
    names: dict[str, Any] = {}
    exec(block, names)
    return names["SHORTEN"]


def test_torch(remedies: list[Remedy]) -> None:
    torch = pytest.importorskip("torch")
    ones = torch.ones(8, 1, requires_grad=True)

    class Policy:
        def entropy(self) -> Any:
            return ones

    names = {"torch": torch, "F": torch.nn.functional, "d_real": ones, "features": torch.randn(8, 4), "batch": None}
    names |= {"policy_loss": ones.mean(), "value_loss": ones.mean(), "policy": Policy(), "update": lambda batch: 0.02}
    names |= {"reward": torch.randn(8), "returns": torch.randn(8), "d_optimizer": torch.optim.Adam([ones], lr=0.004)}
    names["optimizer"] = names["d_optimizer"]
    assert run(remedies, "torch", names) == 6
    assert names["d_optimizer"].param_groups[0]["lr"] == pytest.approx(0.05 * 0.004 / 4)
    assert names["features"].shape == (8, 5)


def test_keras(remedies: list[Remedy]) -> None:
    keras = pytest.importorskip("keras")
    ones = np.ones((8, 1), "float32")
    names = {"keras": keras, "ones": ones, "d_real": ones, "features": np.eye(8, 4, dtype="float32"), "entropy": ones}
    names |= {"policy_loss": 1.0, "value_loss": 1.0, "d_optimizer": keras.optimizers.Adam(0.004)}
    names |= {"model": keras.Sequential([keras.layers.Dense(1)]), "loss": "mse"}
    assert run(remedies, "keras", names) == 4
    assert float(names["d_optimizer"].learning_rate) == pytest.approx(0.001)
    assert tuple(names["features"].shape) == (8, 5)


def test_numpy(remedies: list[Remedy]) -> None:
    served = np.zeros(9000, dtype=[("age_days", float), ("x", float)])
    names: dict[str, Any] = {"np": np, "served": served}
    assert run(remedies, "numpy", names) == 1
    assert len(names["validation"]) == 5000


def run(remedies: list[Remedy], framework: str, names: dict[str, Any]) -> int:
    """Run every snippet for a framework; how many there are."""
    snippets = [one.code for remedy in remedies for one in remedy.snippets if one.framework == framework]
    for code in snippets:
        exec(code, names)
    return len(snippets)
