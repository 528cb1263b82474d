"""The callback for Hugging Face: it changes nothing, records what happened, and finds the cause."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from expert import advise
from expert.adapters.torch.trainers.hf_settings import FILE
from expert.adapters.transformers import ExpertCallback
from expert.history import History

WORDS, SAMPLES, BATCH = 50, 128, 16
STEPS = SAMPLES // BATCH


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Without the remarks of the trainer."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Sentences(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Sentences in which every other word follows from the one before, or a class from the first."""

    def __init__(self, size: int, seed: int, classes: bool) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.words = torch.randint(1, WORDS, (size, 6), generator=generator)
        self.words[:, 1::2] = (self.words[:, 0::2] * 7 + 3) % (WORDS - 1) + 1
        self.labels = self.words[:, 0] % 3 if classes else self.words

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.words[place], "labels": self.labels[place]}


def writer(kind: type = transformers.GPT2LMHeadModel) -> Any:
    torch.manual_seed(0)
    return kind(transformers.GPT2Config(vocab_size=WORDS, n_embd=32, n_layer=2, n_head=2, n_positions=8))


def reader() -> Any:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.BertConfig(vocab_size=WORDS, max_position_embeddings=8, num_labels=3, **sizes)
    return transformers.BertForSequenceClassification(config)


def train(
    model: Any, folder: Path, *callbacks: Any, kind: Any = transformers.Trainer, resume: Any = None, **options: Any
) -> Any:
    arguments = {
        "output_dir": str(folder),
        "num_train_epochs": 2,
        "per_device_train_batch_size": BATCH,
        "learning_rate": 3e-3,
        "eval_strategy": "epoch",
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
    }
    classes = not isinstance(model, transformers.GPT2LMHeadModel)
    trainer = kind(
        model,
        transformers.TrainingArguments(**(arguments | options)),
        train_dataset=Sentences(SAMPLES, 0, classes),
        eval_dataset=Sentences(SAMPLES // 2, 1, classes),
        callbacks=list(callbacks),
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def series(history: History, role: str) -> Any:
    found = history.get(role)
    assert found is not None, role
    return found


def logged(trainer: Any, name: str) -> list[float]:
    return [entry[name] for entry in trainer.state.log_history if name in entry]


def test_it_changes_nothing(tmp_path: Path) -> None:
    ends = []
    for callbacks in ((), (ExpertCallback(quiet=True),)):
        model = reader()
        train(model, tmp_path, *callbacks, gradient_accumulation_steps=2)
        ends.append(([p.detach().clone() for p in model.parameters()], torch.get_rng_state()))
        assert not model._forward_hooks
    (plain, state), (watched, watched_state) = ends
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert torch.equal(state, watched_state)


def test_it_records_what_happened(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    trainer = train(writer(), tmp_path, callback, max_grad_norm=0.5, warmup_steps=4, weight_decay=0.01)
    history = callback.history()
    loss = series(history, "train.loss")
    assert loss.at.tolist() == list(range(1, 2 * STEPS + 1))
    np.testing.assert_allclose(loss.values, logged(trainer, "loss"), rtol=1e-4)
    validation = series(history, "val.loss")
    assert (validation.clock, validation.at.tolist()) == ("epoch", [1, 2])
    np.testing.assert_allclose(validation.values, logged(trainer, "eval_loss"), rtol=1e-6)
    np.testing.assert_allclose(series(history, "gradient.norm").values, logged(trainer, "grad_norm"), rtol=1e-4)
    assert series(history, "gradient.norm_after_clipping").values.max() < 0.51
    assert history.marks is not None
    assert history.marks.step.tolist() == [0, STEPS, 2 * STEPS]
    config = history.config
    assert (config.epochs, config.steps_per_epoch, config.batch_size, config.seed) == (2, STEPS, BATCH, 42)
    assert (config.optimizer, config.clip_norm, config.weight_decay) == ("adamw", 0.5, 0.01)
    assert (config.schedule, config.warmup_steps, config.learning_rate) == ("linear", 4, 3e-3)
    assert (config.task, config.loss, config.pretrained) == ("language_model", "cross_entropy", None)
    assert (config.gradients_zeroed, config.evaluation_mode_in_validation, config.shuffle) == (True, True, True)
    assert not [note for note in history.notes if "loss" in note or "watcher" in note]
    assert advise(callback).to_dict()["findings"] == callback.advise().to_dict()["findings"]


def test_accumulated_batches_make_one_step(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    trainer = train(writer(), tmp_path, callback, gradient_accumulation_steps=3)
    history = callback.history()
    np.testing.assert_allclose(series(history, "train.loss").values, logged(trainer, "loss"), rtol=1e-4)
    assert (history.config.gradient_accumulation_steps, history.config.steps_per_epoch) == (3, 3)
    assert history.notes == ()


def test_a_model_that_does_not_divide_by_the_accumulated_samples_is_named(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    trainer = train(reader(), tmp_path, callback, gradient_accumulation_steps=2)
    assert logged(trainer, "loss")[0] == pytest.approx(2 * np.log(3), rel=0.1), "the trainer's own mistake"
    history = callback.history()
    assert series(history, "train.loss").values[0] == pytest.approx(np.log(3), rel=0.1)
    assert "the gradients, and the loss in the trainer's log, are 2 times too large" in history.notes[0]
    assert (history.config.task, history.config.loss) == ("classification", "cross_entropy")


class Breaking(transformers.GPT2LMHeadModel):
    def forward(self, input_ids: Any = None, labels: Any = None, **more: Any) -> Any:
        output = super().forward(input_ids=input_ids, labels=labels, **more)
        self.calls = getattr(self, "calls", 0) + self.training
        if self.training and self.calls >= 10:
            output.loss = output.loss * float("nan")
        return output


def test_a_loss_that_the_trainer_hides_is_seen(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    trainer = train(writer(Breaking), tmp_path, callback)
    assert np.isfinite(logged(trainer, "loss")).all()
    history = callback.history()
    assert np.isnan(series(history, "train.loss").values).tolist() == [False] * 9 + [True] * 7
    assert ("nonfinite_loss", 10) in [(event.kind, event.at) for event in history.events]
    assert callback.advise().findings[0].rule == "NUM101"


class Own(transformers.Trainer):
    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_more: Any) -> Any:
        outputs = model(**inputs)
        loss = torch.nn.functional.cross_entropy(2 * outputs.logits, inputs["labels"])
        return (loss, outputs) if return_outputs else loss


class Adding(transformers.Trainer):
    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_more: Any) -> Any:
        outputs = model(**inputs)
        return (outputs.loss + 1.0, outputs) if return_outputs else outputs.loss + 1.0


def test_a_loss_of_the_trainers_own_is_taken_from_its_log(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    trainer = train(reader(), tmp_path, callback, kind=Own, logging_steps=4)
    loss = series(callback.history(), "train.loss")
    assert (loss.at.tolist(), loss.reduction) == ([4, 8, 12, 16], "interval_mean")
    np.testing.assert_allclose(loss.values, logged(trainer, "loss"), rtol=1e-6)
    assert "The loss is made outside the model" in callback.history().notes[0]
    assert callback.history().config.loss is None


def test_what_a_trainer_adds_to_the_loss_is_noticed(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True)
    train(reader(), tmp_path, callback, kind=Adding, logging_steps=4)
    assert series(callback.history(), "train.loss").values[0] < 1.3
    assert "its compute_loss adds to what the model returns" in callback.history().notes[0]


def test_it_is_silent_on_a_healthy_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    callback = ExpertCallback()
    train(writer(), tmp_path, callback, num_train_epochs=8, max_grad_norm=0)
    advice = callback.advise()
    assert [finding for finding in advice.findings if finding.severity != "info"] == []
    assert "training-expert" not in capsys.readouterr().out


@pytest.mark.parametrize(("rate", "rule"), [(1.0, "OPT101"), (1e-6, "PLT102")])
def test_it_finds_the_cause(tmp_path: Path, rate: float, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    callback = ExpertCallback()
    options = {"num_train_epochs": 8, "max_grad_norm": 0, "lr_scheduler_type": "constant", "logging_steps": 100}
    train(writer(), tmp_path, callback, learning_rate=rate, **options)
    assert callback.advise().findings[0].rule == rule
    assert callback.history().config.schedule == "none"
    assert f"training-expert: {rule}" in capsys.readouterr().out


def test_it_stops_where_that_is_wanted(tmp_path: Path) -> None:
    callback = ExpertCallback(stop="error", quiet=True)
    trainer = train(writer(), tmp_path, callback, learning_rate=1.0, num_train_epochs=40, max_grad_norm=0)
    assert callback.run is not None
    assert "OPT101" in (callback.run.stop_reason or "")
    assert trainer.state.global_step <= 10 * STEPS
    assert trainer.state.global_step == series(callback.history(), "train.loss").at[-1]


@pytest.mark.parametrize(
    ("saving", "at", "moved"),
    [
        ({"save_strategy": "epoch"}, STEPS, False),
        ({"save_strategy": "steps", "save_steps": 10, "restore_callback_states_from_checkpoint": True}, 10, False),
        ({"save_strategy": "epoch"}, STEPS, True),
    ],
)
def test_a_resumed_training_goes_on_with_its_record(
    tmp_path: Path, saving: dict[str, Any], at: int, moved: bool
) -> None:
    whole = ExpertCallback(quiet=True)
    train(reader(), tmp_path / "runs", whole, **saving)
    checkpoint = tmp_path / "runs" / f"checkpoint-{at}"
    assert (checkpoint / FILE).is_file()
    if moved:
        checkpoint = Path(shutil.move(checkpoint, tmp_path / "elsewhere"))
        shutil.rmtree(tmp_path / "runs")
    callback = ExpertCallback(quiet=True, path=tmp_path / "run.expert")
    train(reader(), tmp_path / "runs", callback, resume=str(checkpoint), **saving)
    history = callback.history()
    losses = series(whole.history(), "train.loss").values
    assert series(history, "train.loss").at.tolist() == list(range(at + 1 if moved else 1, 2 * STEPS + 1))
    assert series(history, "train.loss").values.tolist() == losses[at if moved else 0 :].tolist()
    assert series(history, "val.loss").at.tolist() == ([2] if moved else [1, 2])
    assert history.marks is not None
    known = range(1 if moved else 0, 3)
    assert list(zip(history.marks.step, history.marks.epoch, strict=True)) == [(STEPS * n, n) for n in known]
    assert [event.kind for event in history.events] == ["resume"]


class Failing(transformers.Trainer):
    def training_step(self, *args: Any, **more: Any) -> Any:
        if self.state.global_step == 12:
            raise ValueError("boom")
        return super().training_step(*args, **more)


def test_a_training_that_breaks_off_leaves_its_record(tmp_path: Path) -> None:
    callback, model = ExpertCallback(quiet=True, path=tmp_path / "run.expert"), writer()
    with pytest.raises(ValueError, match="boom"):
        train(model, tmp_path, callback, kind=Failing)
    assert series(callback.history(), "train.loss").at.tolist() == list(range(1, 13))
    assert series(callback.history(), "val.loss").at.tolist() == [1]
    train(model, tmp_path, callback)
    assert series(callback.history(), "train.loss").at.tolist() == list(range(1, 2 * STEPS + 1))
    assert series(History.load(tmp_path / "run.1.expert"), "train.loss").at.tolist() == list(range(1, 13))
    assert not model._forward_hooks


def test_evaluations_within_an_epoch_stand_on_the_clock_of_steps(tmp_path: Path) -> None:
    callback = ExpertCallback(quiet=True, path=tmp_path / "run.expert")
    options = {"eval_strategy": "steps", "eval_steps": 5, "eval_on_start": True, "max_steps": 12}
    train(writer(), tmp_path, callback, **options)
    history = callback.history()
    assert (series(history, "val.loss").clock, series(history, "val.loss").at.tolist()) == ("step", [5, 10, 12])
    assert history.marks is not None
    assert history.marks.step.tolist() == [0, STEPS], "half an epoch is none"
    np.testing.assert_array_equal(
        series(History.load(tmp_path / "run.expert"), "val.loss").values, series(history, "val.loss").values
    )


def test_several_sets_are_evaluated_in_one_epoch(tmp_path: Path) -> None:
    class Two(transformers.Trainer):
        def __init__(self, *args: Any, eval_dataset: Any = None, **more: Any) -> None:
            super().__init__(*args, eval_dataset={"near": eval_dataset, "far": eval_dataset}, **more)

    callback = ExpertCallback(quiet=True)
    train(writer(), tmp_path, callback, kind=Two)
    history = callback.history()
    assert history.marks is not None
    assert history.marks.epoch.tolist() == [0, 1, 2]
    found = [one for one in history.series if one.name in {"eval_near_loss", "eval_far_loss"}]
    assert [one.at.tolist() for one in found] == [[1, 2], [1, 2]]


def test_loaded_weights_are_known_to_be(tmp_path: Path) -> None:
    writer().save_pretrained(tmp_path / "weights")
    model = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "weights")
    callback = ExpertCallback(quiet=True)
    train(model, tmp_path, callback, max_steps=2)
    assert callback.history().config.pretrained is True


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Afterwards nothing is known to have been compiled."""
    yield
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()


@pytest.mark.slow
@pytest.mark.usefixtures("forgetful")
def test_a_compiled_model_is_not_compiled_anew(tmp_path: Path) -> None:
    ends = []
    for callbacks in ((), (ExpertCallback(quiet=True),)):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        model = writer()
        train(model, tmp_path, *callbacks, torch_compile=True, torch_compile_backend="eager")
        graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
        ends.append(([p.detach().clone() for p in model.parameters()], graphs))
    (plain, graphs), (watched, watched_graphs) = ends
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert graphs == watched_graphs
    assert len(series(callbacks[0].history(), "train.loss").at) == 2 * STEPS
