"""Generated runs judged with all plugins that are installed and with none, as JSON. Runs where the plugins are."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from expert import advise

SEEDS = range(8)
Source = dict[str, list[float]] | str


def acme(folder: Path, name: str, drift: np.ndarray) -> str:
    lines = ["ACME-TRAIN 3 job=7 opt=adam lr=0.001 bs=64"]
    for k, value in enumerate(drift, start=1):
        loss = 0.2 + 2.0 * float(np.exp(-k / 9))
        lines.append(f"[00:00:{k:02}] it {100 * k} | tr {loss:.4f} | va {loss + 0.05:.4f} | drift {value:.3f}")
    path = folder / f"{name}.log"
    path.write_text("\n".join(lines))
    return str(path)


def runs(folder: Path, seed: int) -> Iterator[tuple[str, Source, dict[str, object]]]:
    """Name, source and configuration of each run."""
    rng = np.random.default_rng(seed)

    def noisy(values: np.ndarray, share: float = 0.03) -> list[float]:
        return list(values * (1.0 + share * rng.normal(size=len(values))))

    epoch, level = np.arange(45.0), np.ones(45)
    adversarial: dict[str, object] = {"adversarial": True}
    agent: dict[str, object] = {"reinforcement": True}
    yield "gan lost", {"d_loss": noisy(1.2 * np.exp(-epoch / 8)), "g_loss": noisy(0.9 + epoch / 8)}, {}
    yield "gan alike", {"train.diversity": noisy(0.8 * np.exp(-epoch / 9))}, adversarial
    healthy = {"d_loss": noisy(0.65 * level), "g_loss": noisy(0.8 * level), "train.diversity": noisy(0.8 * level)}
    yield "gan healthy", healthy, {}
    collapsed = {
        "train.reward": noisy(20 * level, 0.1),
        "train.entropy": noisy(1.4 * np.exp(-epoch / 4)),
        "train.approx_kl": noisy(np.where((epoch % 9 == 8), 0.2, 0.01)),
    }
    yield "agent lost", collapsed, agent
    learning = {
        "train.reward": noisy(200 - 180 * np.exp(-epoch / 15), 0.05),
        "train.entropy": noisy(1.4 - epoch / 60),
        "train.approx_kl": noisy(0.01 * level, 0.2),
    }
    yield "agent healthy", learning, agent
    yield "acme drifted", acme(folder, "drifted", np.linspace(0.02, 0.7, 45)), {}
    yield "acme healthy", acme(folder, "healthy", 0.04 * level), {}
    yield "validation jumps", {"loss": noisy(2 * np.exp(-epoch / 12)), "val_loss": [0.3, 1.7, 2.6, 0.2, 0.9] * 9}, {}
    yield "slower", {"train.loss": noisy(2 * np.exp(-epoch / 12)), "time.step_seconds": list(0.1 + epoch / 90)}, {}
    fall = 0.2 + 2.0 * np.exp(-epoch / 9)
    supervised = {"loss": noisy(fall, 0.01), "val_loss": noisy(fall + 0.05, 0.01)}
    rise = 0.95 - 0.85 * np.exp(-epoch / 9)
    supervised |= {"accuracy": noisy(rise, 0.004), "val_accuracy": noisy(rise - 0.02, 0.004)}
    yield "supervised healthy", supervised, {"optimizer": "adam", "learning_rate": 0.001}
    yield "supervised stuck", {"loss": noisy(2.3026 * level, 0.001), "accuracy": noisy(0.1 * level)}, {}


def main(folder: Path) -> None:
    """Each run of each seed: a list of advice by name, ``all`` with the plugins and ``none`` without."""
    told: dict[str, dict[str, list[object]]] = {}
    for seed in SEEDS:
        for name, source, config in runs(folder, seed):
            of_run = told.setdefault(name, {"all": [], "none": []})
            os.environ.pop("EXPERT_PLUGINS", None)
            of_run["all"].append(advise(source, config=config).to_dict())
            if not name.startswith("acme"):  # without its reader nobody reads such a log
                os.environ["EXPERT_PLUGINS"] = "rules,adapters"
                of_run["none"].append(advise(source, config=config).to_dict())
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
