"""Pickled histories are rebuilt from numbers alone; whatever else a pickle asks for is refused, and does not happen."""

from __future__ import annotations

import json
import pickle
import re
import struct
import tracemalloc
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.adapters import array_archive
from expert.adapters.pickled import opcodes, stand_ins
from expert.adapters.pickled import reader as pickled
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest
from tests.data.log_expectations import read

LOSS = [2.0, 1.5, 1.25, 1.0, 0.9, 0.85, 0.8, 0.75]
VAL = [2.1, 1.6, 1.35, 1.1, 1.0, 0.95, 0.9, 0.85]


def written(folder: Path, content: bytes, name: str = "history.pkl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def values(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(value) for value in series.values]


def filled(mapping: Any) -> Any:
    mapping["loss"], mapping["val_loss"] = list(LOSS), list(VAL)
    return mapping


FORMS: dict[str, Callable[[], Any]] = {
    "lists": lambda: filled({}),
    "tuples": lambda: {"loss": tuple(LOSS), "val_loss": tuple(VAL)},
    "ordered": lambda: filled(OrderedDict()),
    "with a default": lambda: filled(defaultdict(list)),
    "float64": lambda: {"loss": [np.float64(one) for one in LOSS], "val_loss": list(map(np.float64, VAL))},
    "float32": lambda: {"loss": [np.float32(one) for one in LOSS], "val_loss": np.array(VAL, np.float32)},
    "big-endian": lambda: {"loss": np.array(LOSS, ">f8"), "val_loss": np.array(VAL, ">f4")},
    "half": lambda: {"loss": np.array(LOSS, np.float16), "val_loss": np.array(VAL, np.float16)},
    "long": lambda: {"loss": np.array(LOSS, np.longdouble), "val_loss": np.array(VAL, np.longdouble)},
    "arrays": lambda: {"loss": np.array(LOSS), "val_loss": np.array(VAL), "weights": np.zeros((3, 4))},
    "columns of a matrix": lambda: dict(zip(("loss", "val_loss"), np.array([LOSS, VAL]).T.copy().T, strict=True)),
    "shared": lambda: dict.fromkeys(("loss", "val_loss"), np.array(VAL)),
    "under a name": lambda: {"history": filled({}), "params": {"epochs": 8, "verbose": True}, "model": None},
    "records": lambda: [{"epoch": i, "loss": a, "val_loss": b} for i, (a, b) in enumerate(zip(LOSS, VAL, strict=True))],
    "whole numbers": lambda: {"epoch": np.arange(8), "loss": LOSS, "val_loss": VAL, "ok": [True] * 8, "name": "net"},
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, protocol: int, tmp_path: Path) -> None:
    history = FORMS[form]()
    (found,) = read(written(tmp_path, pickle.dumps(history, protocol)))
    tolerance = 1e-3 if form == "half" else 1e-6
    assert values(found, "train.loss") == pytest.approx(VAL if form == "shared" else LOSS, rel=tolerance)
    assert values(found, "val.loss") == pytest.approx(VAL, rel=tolerance)


@pytest.mark.parametrize("core", ["core", "_core"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_both_names_of_the_inside_of_numpy(core: str, protocol: int, tmp_path: Path) -> None:
    class Renamed(pickle._Pickler):  # the one in Python lets the names be changed
        def save_global(self, obj: Any, name: str | None = None) -> None:
            module = getattr(obj, "__module__", "")
            if module.startswith("numpy._core") or module.startswith("numpy.core"):
                self.save(re.sub(r"numpy\._?core", f"numpy.{core}", module))
                self.save(obj.__name__)
                self.write(pickle.STACK_GLOBAL)
                self.memoize(obj)
            else:
                super().save_global(obj, name)

        dispatch: ClassVar[Any] = {**pickle._Pickler.dispatch, type(len): save_global, type(lambda: 0): save_global}

    path = tmp_path / "history.pkl"
    with path.open("wb") as stream:
        Renamed(stream, max(protocol, 4)).dump({"loss": np.array(LOSS), "val_loss": [np.float64(one) for one in VAL]})
    assert f"numpy.{core}.".encode() in path.read_bytes()
    assert values(read(path)[0], "val.loss") == VAL


def test_a_pickle_of_python_2(tmp_path: Path) -> None:
    """Strings of bytes, and an array whose content is one."""
    content = (
        b"(dp0\nS'loss'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
        b"(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\n"
        b"S'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?\\x00\\x00\\x00\\x00\\x00\\x00\\xe0?'\np15\ntp16\nbs."
    )
    assert values(read(written(tmp_path, content))[0], "train.loss") == [1.0, 0.5]


def test_a_short_validation_is_placed_as_in_a_dict(tmp_path: Path) -> None:
    path = written(tmp_path, pickle.dumps({"loss": LOSS, "val_loss": VAL[::2]}))
    series = read(path)[0].get("val.loss")
    assert series is not None
    assert list(series.at) == [2, 4, 6, 8]


def test_several_dumps_in_one_file(tmp_path: Path) -> None:
    first, second = ({"loss": [one + more for one in LOSS], "val_loss": VAL} for more in (0.0, 1.0))
    runs = read(written(tmp_path, pickle.dumps(first) + pickle.dumps(second)))
    assert [values(run, "train.loss")[0] for run in runs] == [2.0, 3.0]
    assert [(run.source or "").rpartition(", ")[2] for run in runs] == ["pickle 1", "pickle 2"]


def test_what_numpy_saves(tmp_path: Path) -> None:
    np.save(tmp_path / "history.npy", np.array({"loss": LOSS, "val_loss": VAL}), allow_pickle=True)
    assert values(read(tmp_path / "history.npy")[0], "val.loss") == VAL
    np.save(tmp_path / "array.npy", np.array(LOSS))
    with pytest.raises(SourceError, match="NumPy array without names"):
        read(tmp_path / "array.npy")
    np.save(tmp_path / "objects.npy", np.array([{"loss": 1.0}, {"loss": 0.5}]), allow_pickle=True)
    with pytest.raises(SourceError, match="an array of objects"):
        read(tmp_path / "objects.npy")


class Trap:
    """Calls what it is told when it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_that_a_pickle_names_is_called(protocol: int, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    calls: list[tuple[Any, ...]] = [
        (Path.touch, (touched,)),
        (eval, (f"open({str(touched)!r}, 'w')",)),
        (open, (str(touched), "w")),
        (getattr, ("", "upper")),
        (bytearray, (1 << 40,)),
        (np.empty, (1 << 40,)),
        (np.ndarray, ((1 << 40,),)),
        (list, ("loss",)),
    ]
    for number, call in enumerate(calls):
        path = written(tmp_path, pickle.dumps({"loss": Trap(*call)}, protocol), f"{number}.pkl")
        with pytest.raises(SourceError, match="pickle"):
            read(path)
    assert not touched.exists()


def test_the_refusal_names_what_is_asked_for_and_the_line_that_converts(tmp_path: Path) -> None:
    path = written(tmp_path, pickle.dumps({"loss": LOSS, "when": Trap(complex, (1, 2))}))
    with pytest.raises(SourceError, match=r"refers to builtins\.complex.*json\.dump\(.*\)\.$") as refused:
        read(path)
    code = re.search(r"json\.dump\(.*\)(?=\.$)", str(refused.value))
    assert code is not None
    own = written(tmp_path, pickle.dumps({"loss": np.array(LOSS).tolist()}), "own.pkl")
    names = {"path": own, "json": json, "pickle": pickle, "float": float}
    names["open"] = lambda name, mode="r": (tmp_path / name if name == "history.json" else Path(name)).open(mode)
    eval(code[0], names)
    assert values(read(tmp_path / "history.json")[0], "train.loss") == LOSS


@pytest.mark.parametrize(
    "name", ["joblib.numpy_pickle.NumpyArrayWrapper", "keras.callbacks.History", "pandas.DataFrame"]
)
def test_files_of_other_libraries(name: str, tmp_path: Path) -> None:
    module, _, called = name.rpartition(".")
    content = b"\x80\x03c" + f"{module}\n{called}\n".encode() + b"q\x00)\x81q\x01."
    with pytest.raises(SourceError, match=re.escape(name)) as refused:
        read(written(tmp_path, content))
    wanted = {"joblib": "joblib.load(path)", "keras": "'rb')).history", "pandas": "pickle.load("}[
        name.partition(".")[0]
    ]
    assert wanted in str(refused.value)


def test_a_checkpoint_of_pytorch_is_named(tmp_path: Path) -> None:
    import torch

    torch.save({"w": torch.zeros(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(SourceError, match="PyTorch checkpoint"):
        read(tmp_path / "old.pt")


BILLION = b"\x80\x03]q\x00(K\x01K\x01K\x01e" + b"".join(
    b"]" + b"q" + bytes([level + 1]) + b"(" + b"h" + bytes([level]) + (b"h" + bytes([level])) * 9 + b"e"
    for level in range(5)
)
DEEP = b"\x80\x02}X\x04\x00\x00\x00loss" + b"]" * 50_000 + b"a" * 49_999 + b"s."
KIND = (
    b"cnumpy\ndtype\nX\x02\x00\x00\x00f8K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00<NNN"
    + b"J\xff\xff\xff\xff" * 2
    + b"K\x00tb"
)
HUGE_SHAPE = (
    b"\x80\x03}X\x04\x00\x00\x00losscnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nJ\xff\xff\xff\x7f\x85C\x01b\x87R"
    b"(K\x01J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86" + KIND + b"\x89C\x08\x00\x00\x00\x00\x00\x00\xf0?tbs."
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BILLION + b"0" * 0 + b"h\x05s.", "make no sense|lists within lists"),
        (b"\x80\x03}X\x04\x00\x00\x00loss(" + b"h\x05" + b"s.", "make no sense"),
        (DEEP, "lists within lists"),
        (b"\x80\x03" + b"B" + struct.pack("<I", 0x7FFFFFFF) + b"abc.", "damage or an end too early"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"abc.", "damage or an end too early"),
        (b"\x80\x04\x96" + struct.pack("<Q", 1 << 60) + b"abc.", "damage or an end too early"),
        (b"\x80\x02\x8b" + struct.pack("<I", 0x7FFFFFFF) + b"abc.", "damage or an end too early"),
        (b"\x80\x03}r" + struct.pack("<I", 0x7FFFFFFF) + b".", "a memo with gaps"),
        (b"(lp99999999\n.", "a memo with gaps"),
        (HUGE_SHAPE, "does not fit its shape"),
        (b"\x80\x03}\x94X\x01\x00\x00\x00aP0\ns.", "the instruction PERSID|end too early"),
        (b"\x80\x02\x82\x01.", "the instruction EXT1"),
        (b"\x80\x03" + b"}" * 50 + b".", "pickle of a dict with nothing in it"),
        (b"\x80\x03cnumpy\ndtype\nX\x02\x00\x00\x00U5\x85R.", "no type of numbers"),
        (b"\x80\x03cnumpy\ndtype\n}X\x08\x00\x00\x00__call__K\x01sb.", "a change of what it calls"),
        (b"\x80\x03ccollections\nOrderedDict\nN}X\x07\x00\x00\x00_calledK\x01s\x86b.", "a change of what it calls"),
        (b"\x80\x03cnumpy\nndarray\n)R.", "a call that no history needs"),
        (b"\x80\x03X\x01\x00\x00\x00a.", "pickle of 'a'"),
    ],
)
def test_pickles_that_want_too_much(content: bytes, reason: str, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=reason):
            pickled.READER.read(written(tmp_path, content), ReadRequest())
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    # Nothing of what was tried stays behind.
    assert values(read(written(tmp_path, pickle.dumps(FORMS["arrays"]())))[0], "train.loss") == LOSS


def test_lists_that_are_referred_to_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laughs: Any = [1.0] * 50
    for _ in range(4):
        laughs = [laughs] * 50
    monkeypatch.setattr(pickled, "MOST_PARTS", 100_000)
    with pytest.raises(SourceError, match="lists within lists"):
        read(written(tmp_path, pickle.dumps({"loss": laughs})))
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    with pytest.raises(SourceError, match="lists within lists"):
        read(written(tmp_path, pickle.dumps({"loss": cyclic})))


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, pickle.dumps({"loss": LOSS, "val_loss": VAL}))
    monkeypatch.setattr(pickled, "LARGEST", 10)
    with pytest.raises(SourceError, match="bytes; a history has far fewer"):
        read(path)
    monkeypatch.undo()
    monkeypatch.setattr(opcodes, "MOST_OPCODES", 5)
    with pytest.raises(SourceError, match="more than 5 instructions"):
        read(path)
    monkeypatch.undo()
    monkeypatch.setattr(stand_ins, "LARGEST_ARRAY", 4)
    with pytest.raises(SourceError, match="an array of more than 4 numbers"):
        read(written(tmp_path, pickle.dumps({"loss": np.array(LOSS)}), "array.pkl"))


SOUND = [pickle.dumps(FORMS[form](), protocol) for form in ("arrays", "float32", "ordered") for protocol in (0, 3, 5)]


@settings(max_examples=200)
@given(
    content=st.sampled_from(SOUND),
    edits=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4),
)
def test_any_damage_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    for start, length, put in edits:
        place = start % len(content)
        content = content[:place] + put + content[place + length :]
    path = written(tmp_path_factory.mktemp("any"), content)
    assert 0.0 <= pickled.READER.recognizes(path) <= 1.0
    refused = ""
    try:
        assert pickled.READER.read(path, ReadRequest())
    except SourceError as error:
        refused = str(error)
    assert refused == "" or str(path) in refused


def test_an_archive_of_arrays(tmp_path: Path) -> None:
    others = {"weights": np.zeros((2, 3)), "note": np.array("text"), "best": np.float64(0.5)}
    for save, name in ((np.savez, "plain.npz"), (np.savez_compressed, "packed.npz")):
        save(tmp_path / name, loss=np.array(LOSS), val_loss=np.array(VAL, np.float32), **others)
        (history,) = read(tmp_path / name)
        assert values(history, "train.loss") == LOSS
        assert values(history, "val.loss") == pytest.approx(VAL)


def test_an_archive_without_curves(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", a=np.zeros((2, 3)), b=np.array([{}], dtype=object))
    with pytest.raises(SourceError, match=r"no list of numbers.*'a' \(2 × 3\), 'b' \(objects of Python\)"):
        read(tmp_path / "weights.npz")
    np.savez(tmp_path / "data.npz", x=np.arange(5.0))
    with pytest.raises(SourceError, match="no column is a loss"):
        read(tmp_path / "data.npz")


def test_a_large_archive_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_archive, "LARGEST", 1000)
    np.savez_compressed(tmp_path / "large.npz", loss=np.zeros(10_000))
    with pytest.raises(SourceError, match="no curves of a training"):
        read(tmp_path / "large.npz")


@settings(max_examples=80)
@given(edits=st.lists(st.tuples(st.integers(4, 900), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_a_damaged_archive_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "history.npz"
    np.savez_compressed(path, loss=np.array(LOSS), val_loss=np.array(VAL))
    content = bytearray(path.read_bytes())
    for place, put in edits:
        start = place % (len(content) - 4)
        content[start : start + len(put)] = put
    path.write_bytes(bytes(content))
    refused = ""
    try:
        assert array_archive.READER.read(path, ReadRequest())
    except SourceError as error:
        refused = str(error)
    assert refused == "" or str(path) in refused
