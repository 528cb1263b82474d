"""Logs compressed with gzip: whole, cut off, damaged, and far larger than they look."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from expert import History, read_runs
from expert.adapters.text import opening, unpacking
from expert.errors import SourceError

LOSS = [round(2 * 0.9**k + 0.1, 6) for k in range(5000)]
TEXTS = {
    "log.csv.gz": "step,loss\n" + "".join(f"{k},{value}\n" for k, value in enumerate(LOSS)),
    "log.jsonl.gz": "".join(json.dumps({"step": k, "loss": value}) + "\n" for k, value in enumerate(LOSS)),
    "output.log.gz": "".join(f"iter {k}: loss {value}, time 1.00ms, mfu 2.00%\n" for k, value in enumerate(LOSS)),
    "history.json.gz": json.dumps({"loss": LOSS}),
}


def read(folder: Path, name: str, content: bytes) -> History:
    (folder / name).write_bytes(content)
    (run,) = read_runs(folder / name)
    return run


def losses(run: History) -> list[float]:
    series = run.get("train.loss")
    assert series is not None
    return [float(value) for value in series.values]


@pytest.mark.parametrize("name", TEXTS)
def test_compressed_logs_say_what_plain_ones_say(name: str, tmp_path: Path) -> None:
    packed = read(tmp_path, name, gzip.compress(TEXTS[name].encode()))
    plain = read(tmp_path, name.removesuffix(".gz"), TEXTS[name].encode())
    assert losses(packed) == losses(plain) == LOSS


@pytest.mark.parametrize("name", TEXTS)
def test_one_that_is_cut_off_gives_its_beginning(name: str, tmp_path: Path) -> None:
    content = gzip.compress(TEXTS[name].encode())
    found = read(tmp_path, name, content[: len(content) // 2])
    assert 10 < len(losses(found)) < len(LOSS)
    assert losses(found) == LOSS[: len(losses(found))]
    assert any("cut off" in note for note in found.notes)


@pytest.mark.parametrize("name", ["log.csv.gz", "log.jsonl.gz"])
def test_one_that_is_damaged_gives_what_stands_before(name: str, tmp_path: Path) -> None:
    # The two parts are streams of their own, so that the first is whole.
    first, second = (gzip.compress(text.encode()) for text in (TEXTS[name], "5000,7.5\n" * 1000))
    found = read(tmp_path, name, first + second[:10] + b"\xff" * 40)
    assert losses(found) == LOSS
    assert any("The compressed file is damaged" in note for note in found.notes)


def test_one_that_unpacks_to_very_much_is_read_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGEST_READ", 20_000)
    found = read(tmp_path, "log.csv.gz", gzip.compress(TEXTS["log.csv.gz"].encode()))
    assert losses(found) == LOSS[: len(losses(found))]
    assert 1000 < len(losses(found)) < 2500
    with pytest.raises(SourceError, match="more than the 20,000"):
        read(tmp_path, "history.json.gz", gzip.compress(TEXTS["history.json.gz"].encode()))


def test_a_compressed_file_without_a_log_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for content, sentence in ((b"", "is empty"), (b"\0\1\2" * 99, "is no text"), (b"milk and bread\n", "is text, but")):
        with pytest.raises(SourceError, match=sentence):
            read(tmp_path, "log.gz", gzip.compress(content))
    with pytest.raises(SourceError, match="is no text"):
        read(tmp_path, "log.gz", b"\x1f\x8bno gzip at all")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1_000_000])
def test_every_byte_comes_out(size: int, tmp_path: Path) -> None:
    content = (b"0123456789abcdef\n" * (size // 17 + 1))[:size]
    file = tmp_path / "file.gz"
    for packed in (gzip.compress(content), gzip.compress(content[: size // 3]) + gzip.compress(content[size // 3 :])):
        file.write_bytes(packed + b"\0" * 100)
        with unpacking.Unpacked(file, 10_000_000) as stream:
            assert stream.read() == content
            assert stream.damage is None
        with unpacking.Unpacked(file, 1000) as stream:
            assert stream.read() == content[:1000]
            assert (stream.damage is not None) == (size > 1000)
        assert unpacking.head_and_size(file, 1000, 1) == (content[:1000], min(size, 1001))
