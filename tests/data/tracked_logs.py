"""Writes event files, MLflow stores and pickled histories into tests/data/logs without the libraries that do so.

Run ``python -m tests.data.tracked_logs`` after a change here. The numbers are invented.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Callable

import numpy as np

from tests.data.make_logs import HERE, decay

FILES: dict[str, Callable[[], bytes]] = {}
BEGAN = 1.731e9


def file(path: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(function: Callable[[], bytes]) -> Callable[[], bytes]:
        FILES[path] = function
        return function

    return keep


def crc(data: bytes) -> int:
    """The masked checksum of TensorFlow's records, bit by bit."""
    found = 0xFFFFFFFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ (0x82F63B78 if found & 1 else 0)
    found ^= 0xFFFFFFFF
    return (((found >> 15) | (found << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", crc(length)) + payload + struct.pack("<I", crc(payload))


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found, number = found + bytes([number % 128 + 128]), number // 128
    return found + bytes([number])


def part(number: int, content: bytes) -> bytes:
    """A field with bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(time: float, step: int, content: bytes) -> bytes:
    return b"\x09" + struct.pack("<d", BEGAN + time) + (b"\x10" + varint(step) if step else b"") + content


def version(time: float = 0.0) -> bytes:
    return record(event(time, 0, part(3, b"brain.Event:2")))


def scalar(time: float, step: int, tag: str, value: float) -> bytes:
    """As PyTorch's SummaryWriter writes it."""
    return record(event(time, step, part(5, part(1, part(1, tag.encode()) + b"\x15" + struct.pack("<f", value)))))


def tensor(time: float, step: int, tag: str, value: float) -> bytes:
    """As TensorFlow 2 writes a scalar."""
    held = b"\x08\x01" + part(2, b"") + part(4, struct.pack("<f", value))
    metadata = part(9, part(1, part(1, b"scalars")))
    return record(event(time, step, part(5, part(1, part(1, tag.encode()) + part(8, held) + metadata))))


def histogram(time: float, step: int, tag: str) -> bytes:
    return record(event(time, step, part(5, part(1, part(1, tag.encode()) + part(5, b"\x09" + bytes(8))))))


def graph(time: float) -> bytes:
    """The structure of a model, too large to be taken whole."""
    return record(event(time, 0, part(4, bytes(70_000))))


def session_start(time: float, step: int) -> bytes:
    return record(event(time, step, part(7, b"\x08\x01")))


def per_epoch(tag: str, values: list[float], first: int = 0, time: float = 0.0) -> list[bytes]:
    return [scalar(time + 10 * i, i, tag, value) for i, value in enumerate(values, first)]


@file("tensorboard/keras/train/events.out.tfevents.1731000000.host.12.0.v2")
def _() -> bytes:
    rows = [version(), graph(0.5)]
    for i, loss in enumerate(decay(14, 1.4, 0.3, 71)):
        rows += [tensor(10 * i + 9, i, "epoch_loss", loss), tensor(10 * i + 9, i, "epoch_accuracy", 1 - loss / 2)]
        rows += [tensor(10 * i + 9, i, "epoch_learning_rate", 0.001)]
    return b"".join(rows)


@file("tensorboard/keras/validation/events.out.tfevents.1731000008.host.12.1.v2")
def _() -> bytes:
    rows = [version(8)]
    for i, loss in enumerate(decay(14, 1.5, 0.4, 72, 0.03)):
        rows += [tensor(10 * i + 8, 50 * i + 50, "evaluation_loss_vs_iterations", loss)]
        rows += [tensor(10 * i + 8.5, i, "epoch_loss", loss), tensor(10 * i + 8.5, i, "epoch_accuracy", 1 - loss / 2)]
    return b"".join(rows)


@file("tensorboard/keras_graph_only/train/events.out.tfevents.1731000000.host.13.0.v2")
def _() -> bytes:
    return version() + graph(1)


@file("tensorboard/keras_graph_only/validation/events.out.tfevents.1731000001.host.13.1.v2")
def _() -> bytes:
    return version(1)


@file("tensorboard/steps_and_epochs/events.out.tfevents.1731000000.host.14.0")
def _() -> bytes:
    """The training loss counts iterations, the validation loss epochs; both are called steps."""
    rows = [version()]
    train, val = decay(400, 2.3, 0.5, 73), decay(16, 2.2, 0.6, 74, 0.02)
    for i, loss in enumerate(train):
        rows.append(scalar(i, i, "Loss/train", loss))
        if i % 25 == 24:
            rows += [scalar(i + 0.5, i // 25, "Loss/val", val[i // 25]), histogram(i + 0.6, i // 25, "fc.weight")]
    return b"".join(rows)


@file("tensorboard/add_scalars/events.out.tfevents.1731000000.host.15.0")
def _() -> bytes:
    return version()


@file("tensorboard/add_scalars/loss_train/events.out.tfevents.1731000000.host.15.1")
def _() -> bytes:
    return version() + b"".join(per_epoch("loss", decay(12, 0.9, 0.2, 75)))


@file("tensorboard/add_scalars/loss_val/events.out.tfevents.1731000000.host.15.2")
def _() -> bytes:
    return version() + b"".join(per_epoch("loss", decay(12, 1.0, 0.3, 76, 0.03), time=0.5))


def two_losses(values: list[float], first: int, time: float) -> bytes:
    train, val = (
        per_epoch("train/loss", values, first, time),
        per_epoch("val/loss", [v + 0.1 for v in values], first, time),
    )
    return b"".join(one for pair in zip(train, val, strict=True) for one in pair)


@file("tensorboard/restarted/events.out.tfevents.1731000000.host.16.0")
def _() -> bytes:
    return version() + two_losses(decay(9, 2.0, 0.5, 77), 0, 0)


@file("tensorboard/restarted/events.out.tfevents.1731009000.host.17.0")
def _() -> bytes:
    return version(9000) + two_losses(decay(12, 1.9, 0.4, 78), 0, 9000)


@file("tensorboard/resumed/events.out.tfevents.1731000000.host.18.0")
def _() -> bytes:
    return version() + two_losses(decay(12, 2.0, 0.9, 79), 0, 0)


@file("tensorboard/resumed/events.out.tfevents.1731009000.host.19.0")
def _() -> bytes:
    return version(9000) + two_losses(decay(10, 1.0, 0.4, 80), 8, 9000)


@file("tensorboard/purged/events.out.tfevents.1731000000.host.20.0")
def _() -> bytes:
    return version() + two_losses(decay(12, 2.0, 0.9, 79), 0, 0)


@file("tensorboard/purged/events.out.tfevents.1731009000.host.21.0")
def _() -> bytes:
    return version(9000) + session_start(9000, 6) + two_losses(decay(10, 1.0, 0.4, 80), 8, 9000)


@file("tensorboard/yolov5/events.out.tfevents.1731000000.host.22.0")
def _() -> bytes:
    rows = [version()]
    for i, (train, val) in enumerate(zip(decay(20, 0.12, 0.03, 81), decay(20, 0.13, 0.04, 82), strict=True)):
        parts = {"box_loss": 0.5, "obj_loss": 0.25, "cls_loss": 0.25}
        rows += [scalar(i, i, f"train/{name}", train * share) for name, share in parts.items()]
        rows += [scalar(i, i, "metrics/mAP_0.5", 1 - 5 * val), scalar(i, i, "metrics/mAP_0.5:0.95", 0.5 - 3 * val)]
        rows += [scalar(i, i, f"val/{name}", val * share) for name, share in parts.items()]
        rows += [scalar(i, i, f"x/lr{group}", 0.01 - 0.0004 * i) for group in range(3)]
    return b"".join(rows)


def lightning(seed: int, last: float) -> bytes:
    rows = [version(100 * seed), scalar(100 * seed, 0, "hp_metric", -1.0)]
    train = decay(60, 1.8, last, seed)
    for i, loss in enumerate(train):
        step, epoch = 50 * i + 49, i // 5
        time = 100.0 * seed + i
        rows += [scalar(time, step, "train_loss_step", loss), scalar(time, step, "epoch", epoch)]
        if i % 5 == 4:
            mean = sum(train[i - 4 : i + 1]) / 5
            rows += [scalar(time, step, "val_loss", mean + 0.1), scalar(time, step, "epoch", epoch)]
            rows += [scalar(time, step, "train_loss_epoch", mean), scalar(time, step, "epoch", epoch)]
    return b"".join(rows)


@file("tensorboard/lightning_logs/version_0/events.out.tfevents.1731000300.host.23.0")
def _() -> bytes:
    return lightning(83, 0.6)


@file("tensorboard/lightning_logs/version_1/events.out.tfevents.1731000400.host.24.0")
def _() -> bytes:
    return lightning(84, 0.5)


@file("tensorboard/transformers/runs/Nov07_host/events.out.tfevents.1731000000.host.25.0")
def _() -> bytes:
    rows = [version()]
    for i, loss in enumerate(decay(40, 3.0, 1.0, 85), 1):
        rows += [scalar(i, 10 * i, "train/loss", loss), scalar(i, 10 * i, "train/grad_norm", 1.5)]
        rows += [scalar(i, 10 * i, "train/learning_rate", 5e-5), scalar(i, 10 * i, "train/epoch", i / 10)]
        if i % 5 == 0:
            rows += [scalar(i, 10 * i, "eval/loss", loss + 0.1), scalar(i, 10 * i, "eval/runtime", 2.5)]
    rows += [scalar(41, 400, "train/train_runtime", 41.0), scalar(41, 400, "train/train_loss", 1.5)]
    return b"".join(rows)


@file("tensorboard/without_steps/events.out.tfevents.1731000000.host.26.0")
def _() -> bytes:
    """``add_scalar`` without a step: everything stands at step 0."""
    pairs = zip(decay(15, 1.0, 0.3, 86), decay(15, 1.1, 0.4, 87), strict=True)
    rows = [scalar(i, 0, "loss", a) + scalar(i, 0, "val_loss", b) for i, (a, b) in enumerate(pairs)]
    return version() + b"".join(rows)


@file("tensorboard/epoch_as_step/events.out.tfevents.1731000000.host.27.0")
def _() -> bytes:
    """The loss of every batch under the number of its epoch."""
    rows = [version()]
    for i, loss in enumerate(decay(240, 2.0, 0.4, 88)):
        rows.append(scalar(i, i // 20, "train_loss", loss))
        if i % 20 == 19:
            rows.append(scalar(i, i // 20, "val_loss", loss + 0.1))
    return b"".join(rows)


@file("tensorboard/cut_off/events.out.tfevents.1731000000.host.28.0")
def _() -> bytes:
    return (version() + two_losses(decay(12, 1.0, 0.3, 89), 0, 0))[:-13]


@file("tensorboard/flipped_bit/events.out.tfevents.1731000000.host.29.0")
def _() -> bytes:
    content = bytearray(version() + two_losses(decay(12, 1.0, 0.3, 90), 0, 0))
    content[content.index(struct.pack("<f", decay(12, 1.0, 0.3, 90)[4])) + 2] ^= 4
    return bytes(content)


@file("tensorboard/junk_between/events.out.tfevents.1731000000.host.30.0")
def _() -> bytes:
    values = decay(14, 1.0, 0.3, 91)
    return version() + two_losses(values[:6], 0, 0) + bytes(range(1, 90)) + two_losses(values[6:], 6, 60)


@file("tensorboard/no_records/events.out.tfevents.1731000000.host.31.0")
def _() -> bytes:
    return bytes(range(256)) * 4


def metric(values: list[float], steps: list[int] | None = None, began: int = 1_731_000_000_000) -> bytes:
    """As MLflow keeps a metric: time in milliseconds, value, step."""
    counted = steps or list(range(len(values)))
    return "".join(
        f"{began + 9_000 * place} {value} {step}\n"
        for place, (value, step) in enumerate(zip(values, counted, strict=True))
    ).encode()


def about(name: str, began: int, stage: str = "active", status: int = 3) -> bytes:
    return (
        f"artifact_uri: file:///mlruns/0/run/artifacts\nend_time: {began + 90_000}\nentry_point_name: ''\n"
        f"experiment_id: '0'\nlifecycle_stage: {stage}\nrun_id: '1'\nrun_name: {name}\nsource_type: 4\n"
        f"start_time: {began}\nstatus: {status}\ntags: []\nuser_id: someone\n"
    ).encode()


STORE = "mlflow/mlruns/480871"
FILES |= {
    "mlflow/mlruns/0/5f0c/metrics/val_loss": lambda: b"1731000000123 0.4375 0\n",
    f"{STORE}/meta.yaml": lambda: b"artifact_location: file:///mlruns/480871\nexperiment_id: '480871'\nname: digits\n",
    # The names of runs are drawn, so that the one begun first stands behind the other.
    f"{STORE}/b2e1/meta.yaml": lambda: about("quiet-crow-7", 1_731_000_000_000),
    f"{STORE}/b2e1/metrics/train/loss": lambda: metric(decay(12, 2.0, 0.6, 92)),
    f"{STORE}/b2e1/metrics/val/loss": lambda: metric(decay(12, 2.1, 0.7, 93, 0.03)),
    f"{STORE}/a7c3/meta.yaml": lambda: about("calm-elk-1", 1_731_100_000_000, status=4),
    f"{STORE}/a7c3/metrics/loss": lambda: metric([*decay(14, 1.8, 0.4, 94), float("nan")], began=1_731_100_000_000),
    f"{STORE}/a7c3/metrics/val_loss": lambda: metric(decay(14, 1.9, 0.5, 95, 0.03), began=1_731_100_000_000),
    f"{STORE}/a7c3/metrics/best_epoch": lambda: b"1731100500000 11.0 0\n",
    f"{STORE}/a7c3/params/lr": lambda: b"0.01",
    f"{STORE}/a7c3/params/batch_size": lambda: b"32",
    f"{STORE}/a7c3/params/optimizer": lambda: b"SGD",
    f"{STORE}/a7c3/tags/mlflow.runName": lambda: b"calm-elk-1",
    f"{STORE}/c9d4/meta.yaml": lambda: about("old-owl-3", 1_731_200_000_000, "deleted"),
    f"{STORE}/c9d4/metrics/loss": lambda: metric(decay(9, 1.8, 0.4, 96), began=1_731_200_000_000),
    "mlflow/damaged/metrics/loss": lambda: metric(decay(13, 1.5, 0.5, 97))[:-15] + b"\n17310",
}


def pickled(found: object, core: str) -> bytes:
    """As NumPy before version 2 (``core``) or since (``_core``) wrote it, whichever is installed here."""
    content = pickle.dumps(found, protocol=3)
    return content.replace(b"numpy._core.", b"numpy.core.").replace(b"numpy.core.", f"numpy.{core}.".encode())


def keras_history(seed: int) -> dict[str, list[float]]:
    loss, val = decay(14, 1.6, 0.4, seed), decay(14, 1.7, 0.5, seed + 1, 0.03)
    return {
        "val_loss": val,
        "val_acc": [1 - one / 2 for one in val],
        "loss": loss,
        "acc": [1 - one / 2 for one in loss],
    }


@file("pickle/numpy_scalars.pkl")
def _() -> bytes:
    history = {name: [np.float32(one) for one in column] for name, column in keras_history(101).items()}
    return pickled(history, "core")


@file("pickle/numpy_arrays")
def _() -> bytes:
    return pickled({name: np.array(column) for name, column in keras_history(103).items()}, "_core")


@file("pickle/saved_by_numpy.npy")
def _() -> bytes:
    """``numpy.save("history.npy", history.history)``: an array of one object."""
    held = np.empty((), dtype=object)
    held[()] = keras_history(105)
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    padded = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + pickled(held, "_core")


@file("pickle/dumped_every_epoch.pkl")
def _() -> bytes:
    pairs = zip(decay(14, 1.6, 0.4, 107), decay(14, 1.7, 0.5, 108, 0.03), strict=True)
    rows = [pickle.dumps({"epoch": i, "loss": a, "val_loss": b}, protocol=4) for i, (a, b) in enumerate(pairs)]
    return b"".join(rows)[:-7]


@file("pickle/whole_callback.pkl")
def _() -> bytes:
    return b"\x80\x03ckeras.src.callbacks.history\nHistory\nq\x00)\x81q\x01}q\x02X\x05\x00\x00\x00epochq\x03]q\x04sb."


@file("pickle/trap.pkl")
def _() -> bytes:
    return b"\x80\x03cposix\nsystem\nX\x05\x00\x00\x00false\x85R."


def main() -> None:
    """Write all files."""
    for path, make in FILES.items():
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(make())
    print(f"{len(FILES)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
