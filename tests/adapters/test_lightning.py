"""The callback for Lightning, on both packages: it changes nothing, records what happened, and finds the cause."""

from __future__ import annotations

import importlib
import logging
import pickle
import signal
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from expert import advise
from expert.adapters.lightning import ExpertCallback
from expert.adapters.torch.trainers.callback import TrainingCallback
from expert.errors import SourceError
from expert.history import History

PACKAGES = ("lightning.pytorch", "pytorch_lightning")
SAMPLES, BATCH, STEPS = 400, 20, 20


@pytest.fixture(params=PACKAGES)
def pl(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each of the packages, without its remarks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(request.param)
        logging.getLogger(request.param).setLevel(logging.ERROR)
        yield module


@pytest.fixture
def one() -> Iterator[Any]:
    """The package that is newer, where one is enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger(PACKAGES[0]).setLevel(logging.ERROR)
        yield importlib.import_module(PACKAGES[0])


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Lightning turns Ctrl-C off for good once it was pressed."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def classifier(pl: Any, rate: float = 0.1, breaks: type[BaseException] | None = None) -> Any:
    class Classifier(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
            self.criterion = nn.CrossEntropyLoss()
            self.losses: list[float] = []
            self.validations: list[float] = []

        def training_step(self, batch: Any, number: int) -> Any:
            if breaks is not None and self.global_step == STEPS + 5:
                raise breaks("boom")
            x, y = batch
            output = self.net(x)
            loss = self.criterion(output, y)
            self.losses.append(float(loss.detach()))
            self.log("train_loss", loss)
            self.log("train_acc", (output.argmax(1) == y).float().mean(), on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, number: int) -> None:
            x, y = batch
            loss = self.criterion(self.net(x), y)
            if not self.trainer.sanity_checking:
                self.validations.append(float(loss))
            self.log("val_loss", loss)

        def on_train_epoch_end(self) -> None:
            self.log("train_late", float(self.current_epoch))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=rate)
            return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 100)}

    return Classifier()


def data(seed: int) -> torch.utils.data.TensorDataset:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(SAMPLES, 8, generator=generator)
    true = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    return torch.utils.data.TensorDataset(x, (x @ true).argmax(1))


def fit(pl: Any, module: Any, *callbacks: Any, checkpoint: Any = None, epochs: int = 3, **options: Any) -> Any:
    pl.seed_everything(1, verbose=False)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    saves = any(isinstance(one, pl.callbacks.ModelCheckpoint) for one in callbacks)
    trainer = pl.Trainer(
        **(quiet | {"max_epochs": epochs, "callbacks": list(callbacks), "enable_checkpointing": saves} | options)
    )
    training = torch.utils.data.DataLoader(data(1), BATCH, shuffle=True)
    trainer.fit(module, training, torch.utils.data.DataLoader(data(2), SAMPLES), ckpt_path=checkpoint)
    return trainer


def seeded(pl: Any, **options: Any) -> Any:
    torch.manual_seed(0)
    return classifier(pl, **options)


def series(history: History, role: str) -> Any:
    found = history.get(role)
    assert found is not None, role
    return found


def test_loading_the_modules_loads_no_trainer() -> None:
    code = (
        "import sys, expert.adapters.lightning, expert.adapters.transformers as one\n"
        "bad = {'lightning', 'pytorch_lightning', 'transformers'} & set(sys.modules)\nassert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_class_is_that_of_the_packages_that_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class First:
        pass

    class Second:
        pass

    class Mine(TrainingCallback):
        homes = (("no_such_first", "Callback"), ("no_such_second", "Callback"))

    with pytest.raises(ImportError, match="Mine needs one of these packages: no_such_first, no_such_second"):
        Mine()
    for name, base in (("no_such_second", Second), ("no_such_first", First)):
        module = types.ModuleType(name)
        module.Callback = base  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
        made = Mine()
        assert isinstance(made, base)
        assert isinstance(made, Mine)
    assert isinstance(made, Second)
    assert type(made).__qualname__ == Mine.__qualname__


def test_it_changes_nothing(pl: Any) -> None:
    ends = []
    for callbacks in ((), (ExpertCallback(quiet=True),)):
        module = seeded(pl)
        fit(pl, module, *callbacks, epochs=2, gradient_clip_val=0.5)
        ends.append(([p.detach().clone() for p in module.parameters()], torch.get_rng_state(), module.losses))
    (plain, state, losses), (watched, watched_state, watched_losses) = ends
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert torch.equal(state, watched_state)
    assert losses == watched_losses


def test_it_records_what_happened(pl: Any) -> None:
    callback, module = ExpertCallback(quiet=True), seeded(pl)
    fit(pl, module, callback, gradient_clip_val=0.1, gradient_clip_algorithm="norm")
    history = callback.history()
    assert callback.run is not None
    loss, validation = series(history, "train.loss"), series(history, "val.loss")
    assert loss.at.tolist() == list(range(1, 3 * STEPS + 1))
    np.testing.assert_allclose(loss.values, module.losses, rtol=1e-6)
    assert (validation.clock, validation.at.tolist()) == ("epoch", [1, 2, 3])
    np.testing.assert_allclose(validation.values, module.validations, rtol=1e-6)
    assert series(history, "train.accuracy").at.tolist() == [1, 2, 3]
    assert series(history, "train.late").values.tolist() == [0, 1, 2]
    assert not [one for one in history.series if one.role == "train.loss" and one.labels]
    assert history.marks is not None
    assert history.marks.step.tolist() == [0, STEPS, 2 * STEPS, 3 * STEPS]
    config = history.config
    assert (config.epochs, config.steps_per_epoch, config.batch_size, config.seed) == (3, STEPS, BATCH, 1)
    assert (config.clip_norm, config.precision, config.loss, config.schedule) == (
        0.1,
        "float32",
        "cross_entropy",
        "step_lr",
    )
    assert (config.gradients_zeroed, config.evaluation_mode_in_validation, config.shuffle) == (True, True, True)
    assert series(history, "gradient.norm").values.max() > 0.11
    assert history.layer("activation_std") is not None
    assert advise(callback).to_dict()["findings"] == callback.advise().to_dict()["findings"]


def test_accumulated_batches_make_one_step(one: Any) -> None:
    callback, module = ExpertCallback(quiet=True), seeded(one)
    fit(
        one,
        module,
        callback,
        epochs=2,
        accumulate_grad_batches=4,
        gradient_clip_val=0.05,
        gradient_clip_algorithm="value",
    )
    history = callback.history()
    means = np.array(module.losses).reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(series(history, "train.loss").values, means, rtol=1e-5)
    config = history.config
    assert (config.gradient_accumulation_steps, config.steps_per_epoch, config.gradients_zeroed) == (4, 5, True)
    assert (config.clip_value_low, config.clip_value_high, config.clip_norm) == (-0.05, 0.05, None)


def test_it_is_silent_on_a_healthy_run(one: Any, capsys: pytest.CaptureFixture[str]) -> None:
    callback = ExpertCallback()
    fit(one, seeded(one), callback, epochs=8)
    advice = callback.advise()
    assert [finding for finding in advice.findings if finding.severity != "info"] == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("rate", "rule"), [(10.0, "OPT101"), (1e-5, "PLT102")])
def test_it_finds_the_cause(one: Any, rate: float, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    callback = ExpertCallback()
    fit(one, seeded(one, rate=rate), callback, epochs=8)
    assert callback.advise().findings[0].rule == rule
    said = capsys.readouterr().out
    assert rule in said
    assert said.count("\n") == 1


def test_it_stops_where_that_is_wanted(pl: Any) -> None:
    callback = ExpertCallback(stop="error", quiet=True)
    trainer = fit(pl, seeded(pl, rate=10.0), callback, epochs=30)
    assert trainer.current_epoch < 10
    assert callback.run is not None
    assert "OPT101" in (callback.run.stop_reason or "")
    assert series(callback.history(), "val.loss").at.tolist() == list(range(1, trainer.current_epoch + 1))


@pytest.mark.parametrize(("saving", "at"), [({}, STEPS), ({"every_n_train_steps": STEPS + 5}, STEPS + 5)])
def test_a_resumed_training_goes_on_with_its_record(pl: Any, tmp_path: Path, saving: dict[str, Any], at: int) -> None:
    def saver() -> Any:
        return pl.callbacks.ModelCheckpoint(dirpath=tmp_path, filename="{step}", save_top_k=-1, **saving)

    first = seeded(pl)
    fit(pl, first, ExpertCallback(quiet=True), saver(), epochs=2)
    callback, module = ExpertCallback(quiet=True, path=tmp_path / "run.expert"), seeded(pl)
    fit(pl, module, callback, saver(), checkpoint=tmp_path / f"step={at}.ckpt", epochs=3)
    history = callback.history()
    loss = series(history, "train.loss")
    assert loss.at.tolist() == list(range(1, 3 * STEPS + 1))
    np.testing.assert_allclose(loss.values, [*first.losses[:at], *module.losses], rtol=1e-6)
    assert series(history, "val.loss").at.tolist() == [1, 2, 3]
    assert history.marks is not None
    assert list(zip(history.marks.step, history.marks.epoch, strict=True)) == [(STEPS * n, n) for n in range(4)]
    assert [event.kind for event in history.events] == ["resume"]


def test_validations_within_an_epoch_stand_on_the_clock_of_steps(one: Any) -> None:
    callback, module = ExpertCallback(quiet=True), seeded(one)
    fit(one, module, callback, epochs=2, val_check_interval=0.5)
    history = callback.history()
    validation = series(history, "val.loss")
    assert (validation.clock, validation.at.tolist()) == ("step", [10, 20, 30, 40])
    np.testing.assert_allclose(validation.values, module.validations, rtol=1e-6)
    assert history.epochs == 2


def test_validations_every_other_epoch_are_not_repeated(one: Any) -> None:
    callback = ExpertCallback(quiet=True)
    fit(one, seeded(one), callback, epochs=4, check_val_every_n_epoch=2)
    assert series(callback.history(), "val.loss").at.tolist() == [2, 4]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("breaks", "kind"), [(ValueError, "crash"), (KeyboardInterrupt, "stopped")])
def test_a_training_that_breaks_off_leaves_its_record(
    one: Any, tmp_path: Path, breaks: type[BaseException], kind: str
) -> None:
    callback, module = ExpertCallback(path=tmp_path / "run.expert"), seeded(one, breaks=breaks)
    with pytest.raises((ValueError, SystemExit)):
        fit(one, module, callback)
    assert [event.kind for event in callback.history().events] == [kind]
    written = History.load(tmp_path / "run.expert")
    assert series(written, "train.loss").at.tolist() == list(range(1, STEPS + 6))
    assert [event.kind for event in written.events] == [kind]
    optimizer = module.trainer.optimizers[0]
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_a_trial_of_one_batch_writes_nothing(one: Any, tmp_path: Path) -> None:
    callback = ExpertCallback(path=tmp_path / "run.expert")
    fit(one, seeded(one), callback, fast_dev_run=True)
    assert list(tmp_path.iterdir()) == []
    assert "short" in callback.advise().headline


def test_skipped_steps_of_half_precision_are_counted(one: Any) -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**36)
    plugin = importlib.import_module(f"{PACKAGES[0]}.plugins.precision").MixedPrecision(
        "16-mixed", "cpu", scaler=scaler
    )
    callback = ExpertCallback(quiet=True)
    fit(one, seeded(one), callback, epochs=2, plugins=[plugin])
    history = callback.history()
    assert (history.config.precision, history.config.loss_scaling) == ("float16", True)
    assert series(history, "train.loss").at.tolist() == list(range(1, 2 * STEPS + 1))
    assert series(history, "scaler.skipped").values.sum() > 5
    assert history.marks is not None
    assert history.marks.step.tolist() == [0, STEPS, 2 * STEPS]


@pytest.mark.parametrize("returns", [False, True])
def test_two_optimizers_are_watched(pl: Any, returns: bool) -> None:
    class Gan(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False
            self.generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.Tanh())
            self.discriminator = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

        def training_step(self, batch: Any, number: int) -> Any:
            x, _ = batch
            generates, judges = self.optimizers()
            ones, criterion = torch.ones(len(x), 1), nn.functional.binary_cross_entropy_with_logits
            made = self.generator(torch.randn(len(x), 4))
            judged = criterion(self.discriminator(x), ones) + criterion(self.discriminator(made.detach()), 0 * ones)
            judges.zero_grad()
            self.manual_backward(judged)
            judges.step()
            fooled = criterion(self.discriminator(made), ones)
            generates.zero_grad()
            self.manual_backward(fooled)
            generates.step()
            self.log_dict({"g_loss": fooled, "d_loss": judged})
            return fooled if returns else None

        def configure_optimizers(self) -> Any:
            return [torch.optim.Adam(part.parameters(), 1e-3) for part in (self.generator, self.discriminator)]

    callback = ExpertCallback(quiet=True)
    fit(pl, Gan(), callback, epochs=2)
    history = callback.history()
    assert len(series(history, "train.loss" if returns else "train.g_loss").at) == 2 * STEPS
    rates = [one for one in history.series if one.role == "optimizer.learning_rate"]
    assert sorted(one.labels for one in rates) == [(), (("optimizer", "1"),)]
    assert history.config.adversarial is True
    spread = history.layer("activation_std")
    assert spread is not None
    assert set(spread.layers) == {"generator.1", "discriminator.1"}, "the generator's last activation is its head"
    assert [finding for finding in callback.advise().findings if finding.severity != "info"] == []


def test_a_callback_can_be_copied_before_the_training(one: Any) -> None:
    class Mine(ExpertCallback):
        pass

    callback = pickle.loads(pickle.dumps(ExpertCallback(every=7)))
    assert type(callback) is type(ExpertCallback())
    assert isinstance(callback, one.Callback)
    assert isinstance(Mine(), one.Callback)
    with pytest.raises(SourceError, match="no training has begun yet"):
        advise(callback)


def test_what_the_user_knows_wins(one: Any) -> None:
    callback = ExpertCallback(config={"pretrained": True, "loss": "custom"}, quiet=True)
    fit(one, seeded(one), callback, epochs=1)
    assert (callback.history().config.pretrained, callback.history().config.loss) == (True, "custom")
    with pytest.raises(SourceError, match="stop_on"):
        fit(one, seeded(one), ExpertCallback(stop="eror"), epochs=1)
