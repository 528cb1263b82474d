"""The PyTorch and NumPy code of the remedies runs, and does what its remedy says."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expert.remedy import Remedy, Snippet

from .catalogue import REMEDIES, by_name, known_numbers

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore:.*(lr_scheduler|CUDA|Anomaly|Grad strides).*")

KNOWN = known_numbers()
CODE = [
    (remedy, snippet)
    for remedy in REMEDIES.values()
    for snippet in remedy.snippets
    if snippet.framework in ("torch", "numpy")
]


def prepared() -> dict[str, Any]:
    """The names that snippets take as given: four separable classes, a small network, one batch."""
    nn = torch.nn
    torch.manual_seed(0)
    labels = torch.arange(64) % 4
    samples = torch.randn(64, 8) + 3.0 * torch.eye(4, 8)[labels]
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": nn.functional, "np": np, "epochs": 4}
    names["model"] = model = nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 4)
    )
    names["optimizer"] = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.001)
    names["scheduler"] = torch.optim.lr_scheduler.StepLR(names["optimizer"], 1, 0.5)
    names["dataset"] = dataset = torch.utils.data.TensorDataset(samples, labels)
    names["loader"] = names["val_loader"] = torch.utils.data.DataLoader(dataset, batch_size=16)
    names["inputs"], names["targets"] = samples, labels
    names["logits"] = logits = model(samples)
    names["loss_fn"] = nn.CrossEntropyLoss()
    names["loss"] = names["loss_fn"](logits, labels)
    names["loss"].backward(retain_graph=True)  # what stands between backward() and step() finds gradients
    names["scaler"] = torch.amp.GradScaler("cpu")
    x, y = samples.numpy().copy(), labels.numpy().copy()
    return names | {
        "x": x,
        "y": y,
        "x_train": x[:48],
        "y_train": y[:48],
        "x_val": x[48:],
        "y_val": y[48:],
        "scores": x[48:, :4],
    }


def run(name: str, framework: str = "torch", *, known: bool = True, **given: Any) -> dict[str, Any]:
    """Run a remedy's code on prepared names, or on these, and return all names it leaves."""
    names = prepared() | given
    codes = [snippet.code for snippet in by_name(name).snippets if snippet.framework == framework]
    exec(codes[0 if known else -1].format(**KNOWN), names)
    return names


@pytest.mark.parametrize(("remedy", "snippet"), CODE, ids=[f"{r.name}-{s.framework}" for r, s in CODE])
def test_code_runs(remedy: Remedy, snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(snippet.code.format(**KNOWN), remedy.name, "exec"), prepared())


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("name", "factor"), [("lower-learning-rate", 0.1), ("raise-learning-rate", 10.0)])
def test_the_rate_is_changed_tenfold(name: str, factor: float, known: bool) -> None:
    assert run(name, known=known)["optimizer"].param_groups[0]["lr"] == pytest.approx(0.1 * factor)


def test_the_probe_leaves_weights_and_rate_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    names = prepared()
    before = copy.deepcopy(names["model"].state_dict())
    names = run("probe-learning-rate", model=names["model"], optimizer=names["optimizer"])
    after = names["model"].state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert names["optimizer"].param_groups[0]["lr"] == 0.1
    assert len(capsys.readouterr().out.splitlines()) > 50


def test_a_larger_batch_is_four_times_as_large() -> None:
    assert run("larger-batch")["loader"].batch_size == 64
    assert run("larger-batch", known=False)["loader"].batch_size == 64
    assert run("smaller-batch")["loader"].batch_size == 8


def test_the_loader_draws_a_new_order_each_time() -> None:
    loader = run("shuffle-every-epoch")["loader"]
    orders = [torch.cat([targets for _, targets in loader]).tolist() for _ in range(2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_pairs_stay_together() -> None:
    samples = np.arange(20)
    names = run("pair-inputs-with-labels", "numpy", x=samples, y=samples.copy())
    assert np.array_equal(names["x"], names["y"])
    assert not np.array_equal(names["x"], samples)


def test_rows_that_are_not_finite_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.ones((5, 2))
    x[1, 0], x[3, 1] = np.nan, -np.inf
    names = run("remove-nonfinite-rows", "numpy", x=x, y=np.arange(5))
    assert names["y"].tolist() == [0, 2, 4]
    assert "[1 3]" in capsys.readouterr().out
    names = run("remove-nonfinite-rows", inputs=torch.tensor(x), targets=torch.arange(5))
    assert names["targets"].tolist() == [0, 2, 4]


def test_a_constant_column_survives_standardization() -> None:
    x = np.random.default_rng(0).normal(50.0, 9.0, (200, 3))
    x[:, 1] = 7.0
    names = run("standardize-inputs", "numpy", x_train=x.copy(), x_val=x.copy())
    assert np.allclose(names["x_train"].mean(axis=0), 0.0)
    assert np.allclose(names["x_train"].std(axis=0), [1.0, 0.0, 1.0])
    assert np.isfinite(run("guard-preprocessing", "numpy", x_train=x.copy())["x_train"]).all()


def test_leaked_rows_leave_the_training_set() -> None:
    x = np.arange(20.0).reshape(10, 2)
    names = run("remove-leaks", "numpy", x_train=x, y_train=np.arange(10), x_val=x[4:6].copy())
    assert names["y_train"].tolist() == [0, 1, 2, 3, 6, 7, 8, 9]


def test_the_split_keeps_the_shares_of_the_classes() -> None:
    y = np.sort(np.arange(200) % 4)
    names = run("split-properly", "numpy", x=np.arange(200), y=y)
    assert np.bincount(names["y_val"]).tolist() == [10] * 4
    assert not set(names["x_val"]) & set(names["x_train"])


def test_the_culprit_layer_is_named() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
    with torch.no_grad():
        model[0].bias[0] = float("nan")
    with pytest.raises(RuntimeError, match=r"output of Linear.* not finite"):
        run("locate-first-nonfinite", model=model)


def test_gradients_of_safe_operators_are_finite() -> None:
    inputs = torch.zeros(4, 8, requires_grad=True)
    names = run("safe-operators", inputs=inputs)
    (names["length"].sum() + names["logarithm"].sum()).backward()
    assert torch.isfinite(inputs.grad).all()


def test_a_non_finite_step_is_skipped() -> None:
    names = prepared()
    names["loss"].backward()
    names["model"][0].weight.grad[0, 0] = float("nan")
    before = copy.deepcopy(names["model"].state_dict())
    run("skip-nonfinite-steps", model=names["model"], optimizer=names["optimizer"])
    assert all(torch.equal(before[key], value) for key, value in names["model"].state_dict().items())


def test_a_symmetric_clip_keeps_every_sign() -> None:
    names = prepared()
    (100 * names["loss"]).backward()
    before = [parameter.grad.sign() for parameter in names["model"].parameters()]
    run("symmetric-clip", model=names["model"])
    gradients = [parameter.grad for parameter in names["model"].parameters()]
    assert max(float(g.abs().max()) for g in gradients) == KNOWN["clip_bound"]
    assert all(torch.equal(old, gradient.sign()) for old, gradient in zip(before, gradients, strict=True))


def test_the_norm_is_clipped_at_the_runs_percentile() -> None:
    names = prepared()
    (100 * names["loss"]).backward()
    run("clip-gradient-norm", model=names["model"])
    norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in names["model"].parameters()])
    assert float(norm) == pytest.approx(float(str(KNOWN["clip_norm"])), rel=1e-4)


def test_the_forget_gate_starts_open_and_recurrent_weights_orthogonal() -> None:
    model = run("initialize-well", model=torch.nn.Sequential(torch.nn.LSTM(8, 16)))["model"]
    hidden, bias = model[0].weight_hh_l0[:16], model[0].bias_hh_l0
    assert torch.allclose(hidden @ hidden.T, torch.eye(16), atol=1e-5)
    assert torch.equal(bias[16:32], torch.ones(16))


def test_activations_are_replaced_at_any_depth() -> None:
    nn = torch.nn
    model = run("change-activation", model=nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Sigmoid()))[
        "model"
    ]
    assert [type(module).__name__ for module in model.modules()][2:] == ["Linear", "ELU", "ReLU"]


def test_unconnected_parameters_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    names = prepared()
    optimizer = torch.optim.SGD(names["model"][0].parameters(), lr=0.1)
    run("reconnect-parameters", model=names["model"], optimizer=optimizer)
    told = capsys.readouterr().out
    assert "4.weight gradient: True in the optimizer: False" in told
    assert "0.weight" not in told


def test_gradients_do_not_pile_up() -> None:
    model = torch.nn.Linear(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    names = run("order-training-step", model=model, optimizer=optimizer)
    left = model.weight.grad.clone()
    optimizer.zero_grad()
    names["loss_fn"](model(names["inputs"]), names["targets"]).backward()  # the last batch again
    assert torch.allclose(left, model.weight.grad)
    assert names["scheduler"].last_epoch == 1


def test_the_final_bias_predicts_the_prior() -> None:
    targets = torch.tensor([0] * 8 + [1] * 4 + [2] * 2 + [3] * 2)
    model = run("set-final-bias", targets=targets)["model"]
    assert torch.allclose(model[-1].bias.softmax(dim=0), torch.tensor([0.5, 0.25, 0.125, 0.125]))


def test_a_residual_block_starts_as_the_identity() -> None:
    block = run("add-residual-connections")["Residual"](8)
    samples = torch.randn(3, 8)
    block.leave.bias.data.zero_()
    assert torch.equal(block(samples), samples)


def test_one_batch_is_overfitted() -> None:
    assert run("overfit-one-batch")["loss"].item() < 0.07  # a twentieth of ln 4


def test_a_blind_model_learns_no_more_than_the_prior() -> None:
    assert run("compare-with-blind-baseline")["loss"].item() > 1.0


def test_temperature_calms_an_overconfident_model(capsys: pytest.CaptureFixture[str]) -> None:
    targets = torch.arange(400) % 2
    wrong = torch.rand(400, generator=torch.Generator().manual_seed(0)) < 0.3
    logits = 20.0 * torch.nn.functional.one_hot(torch.where(wrong, 1 - targets, targets), 2).float()
    run("calibrate-temperature", logits=logits, targets=targets)
    assert float(capsys.readouterr().out.split()[-1]) > 5


def test_balanced_accuracy_is_told_with_the_number_to_beat(capsys: pytest.CaptureFixture[str]) -> None:
    targets = torch.tensor([0] * 9 + [1])
    run("prior-aware-metrics", targets=targets, logits=torch.tensor([[1.0, 0.0]] * 10))
    told = capsys.readouterr().out
    assert "balanced accuracy: 0.5" in told
    assert "to beat: 0.89999" in told


def test_the_best_weights_are_saved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run("keep-best-checkpoint", known=False)
    assert (names["epoch"], names["waited"]) == (10, 10)  # nothing trains here, so the first evaluation stays the best
    saved = torch.load("best.pt", weights_only=True)
    assert all(torch.equal(saved[key], value) for key, value in names["model"].state_dict().items())


def test_biases_and_norms_are_spared_the_decay() -> None:
    decayed, spared = run("decouple-weight-decay")["optimizer"].param_groups
    assert {parameter.ndim for parameter in decayed["params"]} == {2}
    assert {parameter.ndim for parameter in spared["params"]} == {1}
    assert spared["weight_decay"] == 0
