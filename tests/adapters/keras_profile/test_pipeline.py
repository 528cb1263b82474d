from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from expert.adapters.keras.profile.pipeline import read_pipeline
from expert.history import History
from tests.adapters.keras_framework import keras

X, Y = np.arange(400, dtype="float32").reshape(100, 4), np.arange(100) % 3
Dataset = tf.data.Dataset


def source() -> Any:
    return Dataset.from_tensor_slices((X, Y))


def noisy(x: Any, y: Any) -> Any:
    return x + tf.random.normal([4]), y


def known(history: History) -> dict[str, Any]:
    return history.config.model_dump(exclude_none=True)


def test_a_pipeline_as_the_guide_has_it() -> None:
    history = read_pipeline(source().cache().shuffle(100).map(noisy).batch(32).prefetch(2))
    assert known(history) == {
        "batch_size": 32,
        "steps_per_epoch": 4,
        "last_batch_size": 4,
        "shuffle": True,
        "order_redrawn": True,
        "augmentation": True,
    }
    assert (history.data.samples, history.notes) == (100, ())


def test_without_shuffling_the_order_is_that_of_the_source() -> None:
    found = known(read_pipeline(source().map(lambda x, y: (x * 2, y)).batch(10, drop_remainder=True)))
    assert (found["shuffle"], found["order_redrawn"], found["last_batch_size"]) == (False, False, 10)
    assert "augmentation" not in found


def test_a_source_with_an_order_of_its_own_leaves_it_open() -> None:
    generated = Dataset.from_generator(lambda: iter([1, 2]), output_signature=tf.TensorSpec((), tf.int32))
    for pipeline in (generated.batch(2), Dataset.zip(source(), source()).batch(2)):
        assert read_pipeline(pipeline).config.shuffle is None


def test_batches_that_are_shuffled_as_a_whole() -> None:
    history = read_pipeline(source().batch(10).shuffle(10))
    assert (history.config.shuffle, history.config.order_redrawn, history.config.batch_size) == (None, None, 10)
    assert "shuffles whole batches" in history.notes[0]


@pytest.mark.parametrize(("buffer", "shuffle", "told"), [(5, None, True), (50, True, True), (100, True, False)])
def test_a_buffer_smaller_than_the_set(buffer: int, shuffle: bool | None, told: bool) -> None:
    history = read_pipeline(source().shuffle(buffer).batch(10))
    assert history.config.shuffle is shuffle
    assert history.notes == (() if not told else (history.notes[0],))
    assert not told or f"holds {buffer} of 100 samples" in history.notes[0]


def test_an_order_that_is_drawn_once() -> None:
    cached = read_pipeline(source().shuffle(100).cache().batch(10))
    assert (cached.config.shuffle, cached.config.order_redrawn) == (True, False)
    assert "caches after it has shuffled" in cached.notes[0]
    once = read_pipeline(source().shuffle(100, reshuffle_each_iteration=False).batch(10))
    assert once.config.order_redrawn is False
    both = read_pipeline(source().shuffle(100).cache().shuffle(100).batch(10))
    assert (both.config.order_redrawn, both.notes) == (True, ())


def test_an_augmentation_that_is_cached_is_none() -> None:
    history = read_pipeline(source().map(noisy, num_parallel_calls=2).cache().shuffle(100).batch(10))
    assert history.config.augmentation is None
    assert "augment after" in history.notes[0]


def test_a_pipeline_without_end_has_no_number_of_steps() -> None:
    history = read_pipeline(source().shuffle(100).repeat().batch(8))
    assert (history.config.steps_per_epoch, history.config.last_batch_size) == (None, None)
    assert (history.config.batch_size, history.data.samples) == (8, 100)
    filtered = read_pipeline(source().filter(lambda x, y: y > 0).batch(8))
    assert (filtered.config.steps_per_epoch, filtered.data.samples) == (None, None)
    taken = read_pipeline(source().take(20).batch(8))
    assert (taken.data.samples, taken.config.steps_per_epoch) == (20, 3)


def test_samples_that_are_batched_again_have_an_unknown_batch_size() -> None:
    history = read_pipeline(source().batch(8).unbatch())
    assert (history.config.batch_size, history.data.samples) == (None, None)


def test_reading_draws_nothing_from_a_pipeline() -> None:
    def epochs(look: bool) -> list[list[int]]:
        tf.random.set_seed(3)
        pipeline = Dataset.range(20).shuffle(20).batch(5)
        found = []
        for _ in range(2):
            if look:
                read_pipeline(pipeline)
            found.append([int(one) for batch in pipeline for one in batch])
        return found

    assert epochs(look=True) == epochs(look=False)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.batch_size, self.shuffle = 16, True

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> Any:
        raise AssertionError("nothing is read")


def test_a_py_dataset() -> None:
    found = known(read_pipeline(Batches(workers=4, use_multiprocessing=True)))
    assert found == {"batch_size": 16, "steps_per_epoch": 7, "shuffle": True, "loader_workers": 4}
    assert read_pipeline(Batches(workers=4)).config.loader_workers == 0  # threads


def test_of_other_things_nothing_is_known() -> None:
    for thing in (X, None, [1, 2], iter([1])):
        assert read_pipeline(thing) == History()
