"""Event files of TensorBoard: what its own reader finds in files of the real writers, and what broken ones give."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.adapters.tables import points
from expert.adapters.tensorboard import events as events_module
from expert.adapters.tensorboard import framing
from expert.adapters.tensorboard.events import read_events
from expert.adapters.tensorboard.framing import Records, masked_crc
from expert.adapters.tensorboard.reader import READER
from expert.adapters.tensorboard.values import Moments, scalar
from expert.adapters.tensorboard.wire import Malformed
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest
from tests.data import tracked_logs as written
from tests.data.log_expectations import read

LOGS = Path(__file__).parent.parent / "data" / "logs" / "tensorboard"
NAME = "events.out.tfevents.1731000000.host.1.0"


def one_file(folder: Path, content: bytes, name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def values(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(value) for value in series.values]


def positions(history: History, role: str) -> tuple[str, list[float]]:
    series = history.get(role)
    assert series is not None, history.roles
    return series.clock, [float(at) for at in series.at]


def by_tensorboard(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Every scalar as TensorBoard's own reader gives it, with nothing sampled away."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    def array_of(tensor: Any) -> np.ndarray:
        # TensorBoard's own copy of this function knows no half precision.
        return np.asarray(tf.make_ndarray(TensorProto.FromString(tensor.SerializeToString())))

    accumulator = EventAccumulator(str(path), {"scalars": 0, "tensors": 0}, purge_orphaned_data=False)
    accumulator.Reload()
    tags = accumulator.Tags()
    found = {tag: [(one.step, one.value) for one in accumulator.Scalars(tag)] for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        arrays = [(one.step, array_of(one.tensor_proto)) for one in accumulator.Tensors(tag)]
        if all(array.size == 1 and array.dtype.kind not in "OSU" for _, array in arrays):
            found[tag] = [(step, float(array.reshape(-1)[0])) for step, array in arrays]
    return found


def by_us(path: Path) -> dict[str, list[tuple[int, float]]]:
    found = read_events([path])
    return {tag: list(zip(one.steps, one.values, strict=True)) for tag, one in found.points.items()}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders that the real writers wrote: ``torch``, ``tensorflow`` and ``keras``."""
    import tensorflow as tf
    import torch
    from torch.utils.tensorboard import SummaryWriter

    folder = tmp_path_factory.mktemp("real")
    with SummaryWriter(str(folder / "torch")) as writer:
        for step in range(30):
            writer.add_scalar("Loss/train", 2.0 / (step + 1), step)
            writer.add_scalar("lr", 0.1, step)
            writer.add_scalar("double", 0.1 * step, step, double_precision=True)
            writer.add_scalar("tensor", 0.25 * step, step, new_style=True)
            writer.add_scalars("accuracy", {"train": 0.5 + step / 100, "val": 0.4 + step / 100}, step)
        writer.add_scalar("Loss/train", float("nan"), 30)
        writer.add_scalar("Loss/train", float("inf"), 31)
        writer.add_scalar("negative step", 1.5, -3)
        writer.add_histogram("weights", np.arange(9.0), 3)
        writer.add_image("picture", np.zeros((3, 200, 200), dtype=np.uint8), 3)
        writer.add_text("remark", "no number", 3)
        writer.add_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))
        writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.5})
    with tf.summary.create_file_writer(str(folder / "tensorflow")).as_default():
        for step in range(20):
            tf.summary.scalar("loss", 1.0 / (step + 1), step=step)
            tf.summary.image("picture", np.zeros((1, 300, 300, 3)), step=step)
            tf.summary.histogram("weights", np.arange(50.0), step=step)
            tf.summary.text("remark", "no number", step=step)
            for kind in ("float64", "float16", "bfloat16", "int32", "int64", "uint8", "bool"):
                held = tf.cast(tf.constant(step % 2 if kind == "bool" else step), kind)
                tf.summary.write(kind, held, step=step)
            tf.summary.write("vector", tf.constant([1.0, 2.0]), step=step)
    fitted(folder / "keras")
    return folder


def fitted(folder: Path, epochs: int = 7) -> None:
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4))
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    callback = keras.callbacks.TensorBoard(folder, update_freq=2, histogram_freq=1)
    model.fit(x, x.sum(1), batch_size=16, epochs=epochs, validation_split=1 / 3, verbose=0, callbacks=[callback])


@pytest.mark.parametrize("folder", ["torch", "tensorflow", "keras"])
def test_every_scalar_is_the_one_that_tensorboard_reads(real: Path, folder: str) -> None:
    paths = [path for path in (real / folder).rglob("*tfevents*") if path.is_file()]
    assert paths
    for path in paths:
        expected, found = by_tensorboard(path), by_us(path)
        assert set(found) == set(expected), path
        for tag, rows in expected.items():
            np.testing.assert_array_equal(np.array(found[tag]), np.array(rows), err_msg=f"{path} {tag}")


def test_the_numbers_of_every_tensor_kind_are_read(real: Path) -> None:
    (path,) = (real / "tensorflow").iterdir()
    found = by_us(path)
    for kind in ("float64", "float16", "bfloat16", "int32", "int64", "uint8"):
        assert [value for _, value in found[kind]] == [float(step) for step in range(20)], kind
    assert "vector" not in found


def test_a_run_of_pytorch(real: Path) -> None:
    (history,) = read(real / "torch")
    assert positions(history, "train.loss") == ("epoch", [float(step) for step in range(32)])
    assert np.isnan(values(history, "train.loss")[30])
    assert values(history, "val.accuracy") == pytest.approx([0.4 + step / 100 for step in range(30)])
    assert values(history, "train.accuracy") == pytest.approx([0.5 + step / 100 for step in range(30)])
    reasons = {one.name: one.reason for one in history.ignored}
    assert reasons["weights"] == "is a histogram, no scalar"
    assert reasons["picture"] == "is a picture, no scalar"
    assert reasons["remark/text_summary"] == "is text, no scalar"
    assert any(name.endswith("hparam/accuracy") for name in reasons)


def test_a_fit_of_keras_with_both_phases_and_both_clocks(real: Path) -> None:
    (history,) = read(real / "keras")
    train, val = by_tensorboard(real / "keras" / "train"), by_tensorboard(real / "keras" / "validation")
    for role, rows in {
        "train.loss": train["epoch_loss"],
        "val.loss": val["epoch_loss"],
        "val.mae": val["epoch_mae"],
    }.items():
        assert positions(history, role) == ("epoch", [float(step) for step, _ in rows])
        assert values(history, role) == [value for _, value in rows]
    assert positions(history, "train.batch_loss") == ("step", [float(step) for step, _ in train["batch_loss"]])
    assert "evaluation_loss_vs_iterations" in {one.name for one in history.ignored}
    assert history.marks is not None
    # 64 samples in batches of 16: epoch 0 ends at step 4.
    assert history.marks.convert([0.0, 3.0, 6.0], "epoch", "step") == pytest.approx([4.0, 16.0, 28.0])
    assert history.marks.seconds is not None
    assert 0.0 <= history.marks.seconds[0] <= history.marks.seconds[-1] < 600.0
    assert history.get("optimizer.learning_rate") is not None


def test_one_file_of_keras_takes_its_phase_from_the_folder(real: Path) -> None:
    (path,) = (real / "keras" / "validation").iterdir()
    (history,) = read(path)
    assert history.get("train.loss") is None
    assert len(values(history, "val.loss")) == 7
    assert any("'train', which was not read" in note for note in history.notes)


def test_a_second_fit_into_the_same_folder_is_counted_through(tmp_path: Path) -> None:
    fitted(tmp_path / "logs", 6)
    first = values(read(tmp_path / "logs")[0], "train.loss")
    import keras

    x = np.random.default_rng(0).normal(size=(96, 4))
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    for epochs in (8, 8):
        callback = keras.callbacks.TensorBoard(tmp_path / "twice")
        model.fit(x, x.sum(1), epochs=epochs, validation_split=1 / 3, verbose=0, callbacks=[callback])
    (history,) = read(tmp_path / "twice")
    assert positions(history, "train.loss")[1] == [float(epoch) for epoch in range(16)]
    assert positions(history, "val.loss")[1] == [float(epoch) for epoch in range(16)]
    assert [event.kind for event in history.events] == ["resume"]
    assert len(first) == 6


def test_a_writer_of_pytorch_that_purges(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    for first, loss, purge in ((0, 1.0, None), (8, 0.5, 6)):
        with SummaryWriter(str(tmp_path / "run"), purge_step=purge, filename_suffix=str(first)) as writer:
            for step in range(first, first + 12):
                writer.add_scalar("train/loss", loss, step)
                writer.add_scalar("val/loss", loss, step)
    (history,) = read(tmp_path / "run")
    assert positions(history, "train.loss")[1] == [*range(6), *range(8, 20)]
    assert values(history, "train.loss") == [1.0] * 6 + [0.5] * 12


def test_folders_of_runs_are_runs_of_their_own() -> None:
    from expert import read_runs

    runs = read_runs(LOGS / "lightning_logs")
    assert [Path(run.source or "").name for run in runs] == ["version_0", "version_1"]
    assert all(run.get("val.loss") is not None for run in runs)


def test_a_corrected_column(real: Path) -> None:
    (history,) = read(real / "torch", {"val.loss": "tensor", "train.loss": "Loss/train"})
    assert values(history, "val.loss") == [0.25 * step for step in range(30)]
    with pytest.raises(SourceError, match="There is no column 'tensr'"):
        read(real / "torch", {"val.loss": "tensr"})


def test_one_broken_file_beside_sound_ones_is_told(tmp_path: Path) -> None:
    sound = written.version() + b"".join(written.per_epoch("epoch_loss", [1.0, 0.5, 0.25]))
    one_file(tmp_path / "train", sound)
    one_file(tmp_path / "validation", bytes(range(200)))
    one_file(tmp_path / "train", bytes(range(200)), "events.out.tfevents.1731000001.host.1.1")
    (history,) = read(tmp_path)
    assert values(history, "train.loss") == [1.0, 0.5, 0.25]
    assert sum("no record in it can be read" in note for note in history.notes) == 2


def test_names_that_nobody_knows_are_listed(tmp_path: Path) -> None:
    content = written.version() + b"".join(written.per_epoch("alpha", [1.0, 0.5, 0.25]))
    path = one_file(tmp_path, content)
    with pytest.raises(SourceError, match=r"no column is a loss.*'alpha'"):
        read(path)
    assert values(read(path, {"train.loss": "alpha"})[0], "train.loss") == [1.0, 0.5, 0.25]


def test_times_that_go_back_order_nothing(tmp_path: Path) -> None:
    rows = [written.scalar(100 - step, step, "train/loss", 1.0 / (step + 1)) for step in range(12)]
    (history,) = read(one_file(tmp_path, written.version() + b"".join(rows)))
    assert values(history, "train.loss") == pytest.approx([1.0 / (step + 1) for step in range(12)])
    assert history.marks is None or history.marks.seconds is None


def test_losses_written_one_list_after_the_other(tmp_path: Path) -> None:
    train = written.per_epoch("Loss/train", [1.0 / (step + 1) for step in range(400)])
    val = written.per_epoch("Loss/val", [1.0 / (step + 1) for step in range(10)], time=4000)
    (history,) = read(one_file(tmp_path, written.version() + b"".join(train + val)))
    assert positions(history, "val.loss") == ("epoch", [float(epoch) for epoch in range(10)])
    assert positions(history, "train.loss")[0] == "step"


def test_names_on_one_clock_stay_on_it(tmp_path: Path) -> None:
    """A checkpoint evaluated every 100 steps is no epoch, and neither is a rate logged at the beginning only."""
    rows = []
    for step in range(0, 1000, 10):
        rows.append(written.scalar(step, step, "train/loss", 1.0 / (step + 1)))
        if step % 100 == 0:
            rows.append(written.scalar(step, step, "val/loss", 1.0 / (step + 1)))
        if step < 100:
            rows.append(written.scalar(step, step, "lr", 0.1))
    (history,) = read(one_file(tmp_path, written.version() + b"".join(rows)))
    assert {series.clock for series in history.series} == {"step"}


def test_checksums_are_those_of_the_standard() -> None:
    for data, plain in ((b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"", 0)):
        assert masked_crc(data) == ((plain >> 15 | plain << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def test_a_graph_is_not_taken_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = written.version() + written.graph(1) + b"".join(written.per_epoch("loss", [3.0, 2.0, 1.0]))
    found = list(Records(one_file(tmp_path, content)))
    assert [type(one).__name__ for one in found] == ["bytes", "Large", "bytes", "bytes", "bytes"]
    monkeypatch.setattr(framing, "WHOLE", 20)
    events = read_events([tmp_path / NAME])
    assert events.graph


def test_scalars_beside_a_large_picture_in_one_summary(tmp_path: Path) -> None:
    """TensorFlow 1 merges all summaries of a step into one record."""
    picture = written.part(1, written.part(1, b"picture") + written.part(4, bytes(80_000)))
    loss = written.part(1, written.part(1, b"loss") + b"\x15" + struct.pack("<f", 0.5))
    both = written.record(written.event(1.0, 3, written.part(5, picture + loss)))
    found = read_events([one_file(tmp_path, written.version() + both)])
    assert list(found.points["loss"].values) == [0.5]
    assert list(found.points["loss"].steps) == [3]
    assert found.others == {"picture": "a picture"}


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = one_file(tmp_path, written.version() + b"".join(written.per_epoch("loss", [1.0] * 50)))
    found = read_events([path], 20)
    assert (found.count, found.notes) == (20, ["Only the first 20 scalars are used."])
    monkeypatch.setattr(events_module, "MOST_TAGS", 1)
    other = written.version() + written.scalar(0, 0, "a", 1.0) + written.scalar(0, 0, "b", 1.0)
    found = read_events([one_file(tmp_path / "other", other)])
    assert list(found.points) == ["a"]
    assert found.notes == ["The event files have more than 1 tags, or very long ones; not all are used."]
    assert points.MOST_POINTS > 1_000_000


def test_a_zero_need_not_be_written() -> None:
    assert scalar(b"\x08\x01" + written.part(2, b"")) == 0.0
    assert scalar(b"\x08\x07" + written.part(2, b"")) is None


def test_an_event_that_only_looks_like_the_one_before(tmp_path: Path) -> None:
    """The same bytes in front of the last four mean the same; other bytes are read anew."""
    rows = [written.scalar(step, step + 1, "a" * size, float(step)) for step, size in enumerate((3, 3, 200, 200, 3))]
    rows += [written.tensor(9, 300, "bbb", 9.0), written.scalar(10, 70_000, "aaa", 10.0)]
    path = one_file(tmp_path, written.version() + b"".join(rows))
    assert by_us(path) == by_tensorboard(path)


@pytest.mark.parametrize("name", ["empty", "pointer"])
def test_what_is_only_named_so_is_left_to_others(tmp_path: Path, name: str) -> None:
    content = b"" if name == "empty" else b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
    path = one_file(tmp_path, content)
    assert READER.recognizes(path) == 0.0
    with pytest.raises(SourceError, match="is empty" if name == "empty" else "Git LFS"):
        read(path)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """A file with bytes changed, cut out or put in."""

    def change(edits: list[tuple[int, int, bytes]]) -> bytes:
        result = content
        for start, length, put in edits:
            place = start % len(content)
            result = result[:place] + put + result[place + length :]
        return result

    edit = st.tuples(st.integers(0, 1 << 20), st.integers(0, 20), st.binary(max_size=12))
    return st.lists(edit, min_size=1, max_size=4).map(change)


def small() -> bytes:
    return (LOGS / "cut_off").joinpath("events.out.tfevents.1731000000.host.28.0").read_bytes()


@settings(max_examples=150)
@given(content=damaged(small()) | st.binary(min_size=1, max_size=200).map(lambda tail: written.version() + tail))
def test_any_damage_is_said_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = one_file(tmp_path_factory.mktemp("any"), content)
    refused = ""
    try:
        assert READER.read(path, ReadRequest())
    except SourceError as error:
        refused = str(error)
    if refused:
        assert str(path) in refused or str(path.parent) in refused
        return
    # What is left is a subset of what was written: a wrong number would have a wrong checksum.
    whole = by_us(one_file(tmp_path_factory.mktemp("whole"), small()))
    for tag, rows in by_us(path).items():
        assert set(rows) <= set(whole[tag])


def messages() -> st.SearchStrategy[bytes]:
    """Bytes with the fields of an event, with anything in them."""
    anything = st.binary(max_size=12)
    tensors = st.lists(st.tuples(st.sampled_from([1, 2, 4, 5, 6, 7, 10, 13]), anything), max_size=4)
    held = tensors.map(lambda parts: b"\x08\x13" + b"".join(written.part(*one) for one in parts))
    value = st.tuples(anything, held, anything).map(
        lambda one: written.part(1, one[0]) + written.part(8, one[1]) + written.part(9, one[2])
    )
    return st.tuples(value, anything).map(
        lambda one: written.event(1.0, 5, written.part(5, written.part(1, one[0])) + one[1])
    )


@settings(max_examples=300)
@given(payload=st.binary(max_size=200) | messages())
def test_any_payload_is_an_event_or_malformed(payload: bytes) -> None:
    try:
        event = Moments().moment(payload)
    except Malformed:
        return
    assert all(one.number is None or isinstance(one.number, float) for one in event.values)
