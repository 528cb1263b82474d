from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from expert.adapters.tensorflow import watch
from expert.history import History
from tests.adapters.keras_framework import keras
from tests.adapters.tensorflow_watch.loops import TOKENS, Loop, dense, text

layers, schedules = keras.layers, keras.optimizers.schedules


class Kept:
    """Gradients and weights as they are at each call of ``run.step``."""

    def __init__(self, loop: Loop, run: Any, **more: Any) -> None:
        self.loop, self.run, self.more = loop, run, more
        self.gradients: list[list[Any]] = []
        self.weights: list[list[Any]] = []

    def __call__(self, loss: Any, gradients: Any, norm: Any) -> None:
        self.gradients.append([None if one is None else tf.convert_to_tensor(one).numpy() for one in gradients])
        self.weights.append([one.numpy() for one in self.loop.model.trainable_variables])
        self.run.step(loss=loss, gradients=gradients, **self.more)

    def norm(self, step: int) -> float:
        return float(np.sqrt(sum(np.square(one, dtype=np.float64).sum() for one in self.gradients[step - 1])))

    def ratios(self, first: int, second: int) -> list[float]:
        pairs = zip(self.weights[first - 1], self.weights[second - 1], strict=True)
        return [float(np.linalg.norm(new - old) / np.linalg.norm(old)) for old, new in pairs if old.ndim > 1]


def point(history: History, role: str, at: int) -> float:
    series = history.get(role)
    return float(series.values[list(series.at).index(at)])


def row(history: History, quantity: str, at: int) -> dict[str, float]:
    table = history.layer(quantity)
    return dict(zip(table.layers, table.values[list(table.at).index(at)], strict=True))


def watched(loop: Loop, **more: Any) -> tuple[Kept, History]:
    run = loop.watched()
    kept = Kept(loop, run, **more)
    loop.train(2, tell=kept)
    run.close()
    return kept, run.history()


@pytest.mark.parametrize("after", [True, False])
def test_norms_and_updates_are_those_of_their_step(after: bool) -> None:
    keras.utils.set_random_seed(0)
    kept, history = watched(Loop(after=after))
    for step in (1, 5, 10):
        assert point(history, "gradient.norm", step) == pytest.approx(kept.norm(step), rel=1e-5)
        norms = row(history, "gradient_norm", step)
        expected = [float(np.linalg.norm(one)) for one in kept.gradients[step - 1] if one.ndim > 1]
        assert list(norms.values()) == pytest.approx(expected, rel=1e-5)
        weights = [one for one in kept.weights[step - 1] if one.ndim > 1]
        whole = np.sqrt(sum(np.square(one, dtype=np.float64).sum() for one in weights))
        assert point(history, "weight.norm", step) == pytest.approx(whole, rel=1e-5)
    # Told after the update, what lies between the calls of two steps is the update of the second.
    for step in (2, 5, 10):
        ratios = kept.ratios(step - 1, step) if after else kept.ratios(step, step + 1)
        assert list(row(history, "update_ratio", step).values()) == pytest.approx(ratios, rel=1e-4)
        assert point(history, "update.ratio", step) == pytest.approx(np.median(ratios), rel=1e-4)
    one, other = (np.concatenate([g.ravel() for g in kept.gradients[n] if g.ndim > 1]) for n in (3, 4))
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert point(history, "gradient.cosine", 5) == pytest.approx(cosine, rel=1e-3)


def test_samples_stand_for_large_variables() -> None:
    keras.utils.set_random_seed(0)
    loop = Loop(dense(6000))
    kept, history = watched(loop)
    assert point(history, "gradient.norm", 3) == pytest.approx(kept.norm(3), rel=1e-5)  # norms are exact
    assert list(row(history, "update_ratio", 3).values()) == pytest.approx(kept.ratios(2, 3), rel=0.1)


def test_a_sparse_gradient_counts_each_row_once_however_often_it_comes() -> None:
    keras.utils.set_random_seed(0)
    loop = Loop(text(), keras.optimizers.SGD(0.1), TOKENS)
    kept, history = watched(loop)
    assert isinstance(loop.compiled(tf.constant(TOKENS[:8]), tf.zeros(8, tf.int64))[1][0], tf.IndexedSlices)
    assert point(history, "gradient.norm", 4) == pytest.approx(kept.norm(4), rel=1e-5)
    assert "conv1d" in " ".join(row(history, "update_ratio", 4))
    assert not any("embedding" in name for name in row(history, "update_ratio", 4))


def test_a_variable_that_the_loss_does_not_reach_has_no_number() -> None:
    start = keras.Input((12,))
    used = layers.Dense(4, name="used")(start)
    model = keras.Model(start, [used, layers.Dense(4, name="idle")(start)])
    optimizer = keras.optimizers.SGD(0.1)
    with watch(model, optimizer, every=5) as run:
        for _ in range(4):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((3, 12)))[0] ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply([one for one in gradients if one is not None], model.layers[1].trainable_variables)
            run.step(loss=loss, gradients=gradients)
    history = run.history()
    assert set(row(history, "gradient_norm", 2)) == {"used"}
    assert row(history, "update_ratio", 3)["idle"] == 0.0


def test_pairs_and_what_they_leave_out() -> None:
    model, optimizer = dense(), keras.optimizers.SGD(0.1)
    trained = model.trainable_variables[:2]
    with watch(model, optimizer, every=5) as run:
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((3, 12))) ** 2)
            pairs = list(zip(tape.gradient(loss, trained), trained, strict=True))
            optimizer.apply_gradients(pairs)
            run.step(loss=loss, gradients=pairs)
    history = run.history()
    assert len(row(history, "gradient_norm", 2)) == 1
    assert history.model.not_optimized == tuple(one.path for one in model.trainable_variables[2:])
    assert any(note.startswith("4 trainable variables of the model get no gradient") for note in history.notes)


def test_variables_of_the_callers_choice() -> None:
    model, optimizer = dense(), keras.optimizers.SGD(0.1)
    trained = model.layers[-1].trainable_variables
    with watch(model, optimizer, variables=trained, every=5) as run:
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((3, 12))) ** 2)
            gradients = tape.gradient(loss, trained)
            optimizer.apply(gradients, trained)
            run.step(loss=loss, gradients=gradients)
    assert len(row(run.history(), "update_ratio", 2)) == 1


@pytest.mark.parametrize(
    ("gradients", "sentence"),
    [
        (lambda found: found[:-1], "there are 5 gradients for 6 trainable variables; expected one for each"),
        (iter, "an iterator is left alone, since reading it would use it up"),
        (lambda found: dict(enumerate(found)), "gradients is dict; expected a list"),
    ],
)
def test_gradients_that_cannot_be_told_apart(gradients: Any, sentence: str) -> None:
    loop = Loop()
    run = loop.watched()
    handed: list[Any] = []

    def tell(loss: Any, found: Any, norm: Any) -> None:
        handed.append(gradients(found))
        run.step(loss=loss, gradients=handed[-1])

    loop.train(1, tell=tell)
    run.close()
    history = run.history()
    assert [note for note in history.notes if note.startswith("run.step: ")] == [
        note for note in history.notes if sentence in note
    ]
    assert history.get("gradient.norm") is None
    assert history.get("update.ratio") is not None  # weights are seen all the same
    if hasattr(handed[0], "__next__"):
        assert len(list(handed[0])) == 6


def test_the_rate_is_the_one_the_update_was_made_at() -> None:
    for after in (True, False):
        schedule = schedules.ExponentialDecay(0.1, 1, 0.5)
        _, history = watched(Loop(optimizer=keras.optimizers.SGD(schedule), after=after))
        rates = history.get("optimizer.learning_rate")
        assert list(rates.values[:4]) == pytest.approx([0.1, 0.05, 0.025, 0.0125])


@pytest.mark.parametrize("clip", ["global_clipnorm", "clipnorm", "clipvalue"])
def test_clipping_by_the_optimizer(clip: str) -> None:
    bound = 0.01 if clip == "clipvalue" else 0.3
    kept, history = watched(Loop(optimizer=keras.optimizers.SGD(0.05, **{clip: bound})))
    given = [one.astype(np.float64) for one in kept.gradients[2]]
    if clip == "clipvalue":
        clipped = [np.clip(one, -bound, bound) for one in given]
    elif clip == "clipnorm":
        clipped = [one * min(1.0, bound / np.linalg.norm(one)) for one in given]
    else:
        clipped = [one * min(1.0, bound / kept.norm(3)) for one in given]
    after = np.sqrt(sum(np.square(one).sum() for one in clipped))
    assert point(history, "gradient.norm", 3) == pytest.approx(kept.norm(3), rel=1e-5)
    assert point(history, "gradient.norm_after_clipping", 3) == pytest.approx(after, rel=1e-4)
    assert point(history, "gradient.clipped", 3) == 1.0


def test_clipping_by_hand_is_found_in_the_norms() -> None:
    loop = Loop(clip=0.2)
    run = loop.watched(every=1)
    loop.train(2, run=run)
    history = run.history()
    assert history.config.clip_norm == pytest.approx(0.2, rel=1e-3)
    assert history.get("gradient.norm") is None
    assert history.get("gradient.norm_after_clipping").values == pytest.approx(np.full(16, 0.2), rel=1e-4)


def test_the_norm_before_clipping_is_taken_as_it_is_told() -> None:
    loop = Loop(clip=0.2)
    run = loop.watched()
    before: list[float] = []

    def tell(loss: Any, gradients: Any, norm: Any) -> None:
        before.append(float(norm))
        run.step(loss=loss, gradients=gradients, gradient_norm=norm)

    loop.train(2, tell=tell)
    history = run.history()
    assert list(history.get("gradient.norm").values) == pytest.approx(before)
    assert history.get("gradient.norm_after_clipping").values[0] == pytest.approx(0.2, rel=1e-4)
    assert set(history.get("gradient.clipped").values) == {1.0}
    assert history.config.clip_norm == pytest.approx(0.2, rel=1e-3)


def test_a_scaled_loss_gives_norms_without_the_scale() -> None:
    keras.utils.set_random_seed(0)
    scaled = Loop(optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.05), initial_scale=1024.0))
    _, found = watched(scaled)
    keras.utils.set_random_seed(0)
    _, plain = watched(Loop())
    assert point(found, "gradient.norm", 4) == pytest.approx(point(plain, "gradient.norm", 4), rel=1e-4)
    assert point(found, "scaler.scale", 4) == 1024.0
    assert found.config.loss_scaling is True


def test_updates_that_only_accumulate_are_no_updates_of_nothing() -> None:
    keras.utils.set_random_seed(0)
    kept, history = watched(Loop(optimizer=keras.optimizers.SGD(0.05, gradient_accumulation_steps=4)))
    ratios = history.get("update.ratio")
    assert list(ratios.at) == [4.0, 8.0]
    assert (ratios.values > 0.0).all()
    assert kept.ratios(4, 5) == [0.0, 0.0, 0.0]


def test_a_step_told_once_for_several_updates_claims_no_update() -> None:
    loop = Loop()
    with loop.watched() as run:
        told = [0]

        def tell(loss: Any, gradients: Any, norm: Any) -> None:
            told[0] += 1
            if told[0] % 4 == 0:
                run.step(loss=loss, gradients=gradients)

        loop.train(2, tell=tell)
    history = run.history()
    assert history.get("update.ratio") is None
    assert any("4 updates lay between two calls of run.step" in note for note in history.notes)


def test_gradients_applied_by_hand() -> None:
    model = dense()
    with watch(model, every=5) as run:
        for _ in range(5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((3, 12))) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            for gradient, variable in zip(gradients, model.trainable_variables, strict=True):
                variable.assign_sub(0.1 * gradient)
            run.step(loss=loss, gradients=gradients)
    history = run.history()
    assert (history.get("update.ratio").values > 0.0).all()
    assert history.config.optimizer is None


class Late(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = layers.Dense(8, "relu"), layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.head(self.body(x))


def test_a_model_that_is_built_by_its_first_step_and_frozen_in_part_later() -> None:
    model, optimizer = Late(), keras.optimizers.SGD(0.1)
    with watch(model, optimizer, every=3) as run:
        for step in range(12):
            if step == 5:
                model.body.trainable = False
                optimizer = keras.optimizers.SGD(0.1)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((3, 12))) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            run.step(loss=loss, gradients=gradients)
    history = run.history()
    assert np.isfinite(list(row(history, "gradient_norm", 3).values())).sum() == 2
    assert np.isfinite(list(row(history, "gradient_norm", 10).values())).sum() == 1
    assert not any("failed" in note for note in history.notes)


def test_numbers_beyond_the_squares_of_float32() -> None:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3, use_bias=False)])
    with watch(model, every=5) as run:
        for size in (1e25, 1e-30, np.inf, np.nan):
            run.step(loss=1.0, gradients=[tf.fill((4, 3), tf.constant(size, tf.float32))])
    norms = run.history().get("gradient.norm").values
    assert norms[:2] == pytest.approx([np.sqrt(12) * 1e25, np.sqrt(12) * 1e-30], rel=1e-3)
    assert np.isinf(norms[2])
    assert np.isnan(norms[3])


def test_batches_tell_how_large_their_samples_are_and_how_rare_a_class_is() -> None:
    rng = np.random.default_rng(3)

    def told(last: Any, loss_fn: Any, targets: Any) -> History:
        model = keras.Sequential([layers.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1, last)])
        optimizer = keras.optimizers.SGD(1e-5)
        with watch(model, optimizer, loss_fn=loss_fn, every=1) as run:
            for start in range(0, 1200, 100):
                x = np.stack([rng.normal(0, 1, 100), rng.normal(40, 5, 100)], axis=1).astype("float32")
                y = targets[start : start + 100].astype("float32")
                with tf.GradientTape() as tape:
                    loss = loss_fn(y[:, None], model(x))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply(gradients, model.trainable_variables)
                run.step(loss=loss, gradients=gradients, batch=(x, y))
            run.epoch()
        return run.history()

    numbers = told(None, keras.losses.MeanSquaredError(), rng.normal(10, 3, 1200)).data
    assert numbers.largest_mean == pytest.approx(40.0, rel=0.05)
    assert numbers.largest_std == pytest.approx(5.0, rel=0.15)
    assert numbers.target_mean == pytest.approx(10.0, rel=0.1)
    assert numbers.target_std == pytest.approx(3.0, rel=0.2)
    assert numbers.seen_shares is None
    shares = told("sigmoid", keras.losses.BinaryCrossentropy(), np.arange(1200) % 25 == 0).data
    assert shares.seen_shares == pytest.approx((0.96, 0.04))
