from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from expert import advise
from expert.adapters.tensorflow import watch
from expert.errors import SourceError
from expert.history import History
from tests.adapters.keras_framework import keras
from tests.adapters.tensorflow_watch.loops import Loop, X, Y, dense

layers = keras.layers


def test_a_healthy_loop_is_met_with_silence() -> None:
    keras.utils.set_random_seed(0)
    heard: list[Any] = []
    loop = Loop(optimizer=keras.optimizers.Adam(1e-2))
    with loop.watched(on_finding=heard.append, stop_on="warning") as run:
        loop.train(12, run=run)
    advice = advise(run)
    assert [one.name for one in advice.findings if one.severity != "info"] == []
    assert (heard, run.should_stop, run.stop_reason) == ([], False, None)
    history = run.history()
    assert (history.epochs, history.steps, history.config.steps_per_epoch) == (12, 96, 8)
    assert history.config.optimizer == "adam"
    assert (history.config.loss, history.config.loss_from_logits) == ("cross_entropy", True)
    assert "Activations were not observed" in history.notes[-1]
    assert 0.0 < run.overhead < 1.0


def test_a_rate_that_is_too_high_is_heard_of_while_it_runs() -> None:
    keras.utils.set_random_seed(0)
    heard: list[Any] = []
    loop = Loop(optimizer=keras.optimizers.SGD(50.0))
    with loop.watched(on_finding=heard.append, stop_on="error") as run:
        loop.train(6, run=run)
    assert run.should_stop
    assert {one.name for one in heard} & {"rate-too-high", "rate-too-high-divergence", "blow-up-to-nan"}
    assert run.advise().findings[0].name in {"rate-too-high", "rate-too-high-divergence"}


def test_without_epochs_it_is_judged_now_and_then() -> None:
    keras.utils.set_random_seed(0)
    loop = Loop(optimizer=keras.optimizers.SGD(50.0))
    with loop.watched(stop_on="error") as run:
        loop.train(16, tell=lambda loss, gradients, norm: run.step(loss=loss, gradients=gradients))
    assert run.should_stop


def test_inside_a_tf_function_it_says_to_be_called_outside() -> None:
    loop = Loop()
    run = loop.watched()

    @tf.function
    def step(x: Any, y: Any) -> Any:
        loss, gradients, _ = loop.forward(x, y)
        run.step(loss=loss, gradients=gradients)
        return loss, gradients

    with pytest.warns(UserWarning, match=r"run.step was called inside a tf.function.*call run.step with them outside"):
        loss, gradients = step(X[:8], Y[:8])
    assert run.history().get("train.loss") is None
    run.step(loss=loss, gradients=gradients)
    assert len(run.history().get("train.loss").values) == 1
    assert any("outside" in note for note in run.history().notes)


def test_losses_of_samples_and_numbers_of_other_kinds() -> None:
    loop = Loop()
    with loop.watched() as run:
        run.step(loss=tf.constant([1.0, 3.0]), accuracy=tf.constant(0.5))
        run.step(loss=np.float32(2.0))
        run.step(loss=1.0, perplexity=2.7)
        run.validation(val_loss=tf.constant(4.0))
        run.epoch(val_accuracy=keras.ops.convert_to_tensor(0.25), train_loss=1.5)
    history = run.history()
    assert list(history.get("train.loss").values) == [2.0, 2.0, 1.0]
    assert history.get("batch.loss_std").values[0] == pytest.approx(1.0)
    assert history.get("train.accuracy").values[0] == 0.5
    assert history.get("val.accuracy").values[0] == 0.25
    assert history.get("train.perplexity").values[0] == pytest.approx(2.7)


def test_batches_tell_of_their_labels_and_their_size() -> None:
    loop = Loop()
    with loop.watched(every=1) as run:
        for start in range(0, 256, 64):
            run.step(loss=1.0, batch=(X[start : start + 64], tf.constant(np.sort(Y)[start : start + 64])))
        run.step(loss=1.0, batch={"x": X[:16], "label": Y[:16]})
        run.epoch()
    history = run.history()
    assert history.get("batch.label_entropy").values[0] < 0.5
    assert list(history.get("batch.size").values) == [64.0, 16.0]
    assert (history.config.batch_size, history.data.classes) == (64, 4)


def test_quantities_are_no_classes() -> None:
    loop = Loop()
    with loop.watched(every=1) as run:
        for _ in range(3):
            run.step(loss=1.0, batch=(X, X[:, :2]))
        run.epoch()
    assert run.history().get("batch.label_entropy") is None


def test_a_broken_cell_is_named() -> None:
    keras.utils.set_random_seed(0)
    broken = X.copy()
    broken[3, 5] = np.nan
    # A fused ReLU of TensorFlow makes zero of what is no number.
    loop = Loop(keras.Sequential([layers.Input((12,)), layers.Dense(8, "tanh"), layers.Dense(4)]), x=broken)
    run = loop.watched()
    for x, y in loop.batches(2):
        loss, gradients, _ = loop.compiled(x, y)
        run.step(loss=loss, gradients=gradients, batch=(x, y))
    history = run.history()
    assert any("the batch holds nan in row" in note and "feature 5" in note for note in history.notes)
    assert history.data.nonfinite_cells == 1
    assert {"nonfinite_loss", "nonfinite_gradient"} <= {event.kind for event in history.events}


def test_a_file_outlives_the_loop(tmp_path: Path) -> None:
    loop, path = Loop(), tmp_path / "run.expert"

    def broken_off() -> None:
        with loop.watched(path=path) as run:
            loop.train(2, run=run)
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        broken_off()
    history = History.load(path)
    assert history.steps == 16
    assert history.events[-1].text == "RuntimeError: the disk is gone"
    assert len(history.layer("update_ratio").layers) == 3
    with loop.watched(path=path) as run:
        run.step(loss=1.0)
    assert History.load(tmp_path / "run.1.expert").steps == 16  # nothing recorded is lost
    assert advise(path).verdict


def test_going_on_from_a_checkpoint() -> None:
    first = Loop()
    with first.watched() as run:
        first.train(2, run=run)
    state = pickle.loads(pickle.dumps(run.state_dict()))
    with first.watched() as other:
        other.load_state_dict(state)
        first.train(1, run=other)
    history = other.history()
    assert list(history.get("train.loss").at) == list(range(1, 25))
    assert (history.steps, history.epochs) == (24, 3)
    assert any(event.kind == "resume" for event in history.events)
    assert history.get("update.ratio").at.max() > 16
    with pytest.raises(SourceError, match="expected what run"):
        other.load_state_dict({"a": 1})


def test_two_models_have_a_run_each() -> None:
    generator, critic = dense(), dense()
    with watch(generator, keras.optimizers.Adam()) as one, watch(critic, keras.optimizers.Adam()) as other:
        one.step(loss=1.0)
        other.step(loss=2.0)
    assert one.history().get("train.loss").values[0] == 1.0
    assert other.history().get("train.loss").values[0] == 2.0


def test_what_objects_tell() -> None:
    pipeline = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(256).batch(32)
    model = dense()
    model.compile("rmsprop", "mse")  # for another training
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=10)
    run = watch(
        model, keras.optimizers.SGD(schedule), loss_fn="sparse_categorical_crossentropy", loader=pipeline,
        config={"epochs": 3},
    )  # fmt: skip
    found = run.history()
    assert (found.config.optimizer, found.config.warmup_steps, found.config.learning_rate) == ("sgd", 10, 0.01)
    assert (found.config.loss, found.config.shuffle, found.config.batch_size) == ("cross_entropy", True, 32)
    assert (found.config.epochs, found.config.gradients_zeroed, found.data.samples) == (3, True, 256)
    assert (found.model.depth, found.model.activation) == (3, "relu")
    run.close()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: watch([1]), "watch: model is list; expected a keras.Model."),
        (lambda: watch(dense(), "adam"), "watch: optimizer is str; expected one Keras optimizer."),
        (lambda: watch(dense(), [keras.optimizers.SGD()]), "make a run for each model with its optimizer"),
        (lambda: watch(dense(), variables=[1]), "watch: variables holds something that is no Keras variable"),
        (lambda: watch(dense(), loss_fn=3), "watch: loss_fn is int; expected a loss of Keras or a function."),
        (lambda: watch(dense(), loader=X), "watch: loader is ndarray; expected a tf.data.Dataset or a PyDataset."),
        (lambda: watch(dense(), every=0), "watch: every is 0"),
        (lambda: watch(dense(), stop_on="eror"), r"watch: stop_on is 'eror'.*error"),
        (lambda: watch(dense(), config={"epoch": 3}), "watch: config has no field 'epoch'"),
    ],
)
def test_sentences(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        call()
