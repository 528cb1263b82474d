"""The file a live run appends to: wherever it breaks off, what was recorded can be read."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expert import advise, read_runs
from expert.errors import SourceError
from expert.history import (
    ClockMarks,
    DataProfile,
    Event,
    History,
    Ignored,
    Journal,
    LayerStatistics,
    ModelProfile,
    RunConfig,
    Series,
)
from expert.history import joining as joining_module
from expert.history import journal as journal_module
from expert.history.joining import join
from expert.history.journal import HEADER, LEAST_MARK
from tests.history.strategies import histories

NAN, INFINITY = float("nan"), float("inf")


def loss(*at: float, values: Any = None, clock: Any = "step", role: str = "train.loss") -> Series:
    return Series(name=role, role=role, at=at, values=at if values is None else values, clock=clock)


def norms(at: list[float], **layers: list[float]) -> LayerStatistics:
    return LayerStatistics(
        quantity="gradient_norm", layers=tuple(layers), at=at, values=np.array(list(layers.values())).T
    )


def run() -> list[History]:
    """Three fragments of one run that hold something of everything."""
    return [
        History(
            series=(loss(1, 2, 3), loss(3, role="val.loss")),
            marks=ClockMarks(step=[3], epoch=[1]),
            config=RunConfig(optimizer="adam", learning_rate=0.1),
            events=(Event(kind="checkpoint", at=3, text="first"),),
            notes=("a note",),
            source="live run",
        ),
        History(series=(loss(4, 5, values=[NAN, INFINITY]),), layers=(norms([5], a=[1.0], b=[-INFINITY]),)),
        History(
            series=(loss(6), loss(6, role="val.loss")),
            layers=(norms([6], a=[NAN], b=[3.0]),),
            marks=ClockMarks(step=[6], epoch=[2], seconds=[60]),
            model=ModelProfile(depth=3),
            data=DataProfile(samples=10),
            ignored=(Ignored(name="x", reason="y"),),
        ),
    ]


def written(path: Path, fragments: list[History], **how: bool) -> bytes:
    with Journal(path, **how) as journal:
        for fragment in fragments:
            journal.append(fragment)
    return path.read_bytes()


def points(history: History) -> list[int]:
    """Numbers of values, always in the same order."""
    sizes = {series.role: len(series) for series in history.series}
    return [sizes.get("train.loss", 0), sizes.get("val.loss", 0), *(len(record) for record in history.layers)]


def check(history: History) -> None:
    """Build the history again with every check there is."""
    again = History(**{name: getattr(history, name) for name in History.model_fields})
    for record in (*history.series, *history.layers, *filter(None, [history.marks])):
        type(record)(**{name: getattr(record, name) for name in type(record).model_fields})
    assert again == history


class TestWholeAndInParts:
    def test_everything_comes_back_in_one(self, tmp_path: Path) -> None:
        written(tmp_path / "run.expert", run())
        history = History.load(tmp_path / "run.expert")
        check(history)
        assert history == History(
            series=(loss(1, 2, 3, 4, 5, 6, values=[1, 2, 3, NAN, INFINITY, 6]), loss(3, 6, role="val.loss")),
            layers=(norms([5, 6], a=[1.0, NAN], b=[-INFINITY, 3.0]),),
            marks=ClockMarks(step=[3, 6], epoch=[1, 2], seconds=[NAN, 60]),
            events=(Event(kind="checkpoint", at=3, text="first"),),
            config=RunConfig(optimizer="adam", learning_rate=0.1),
            model=ModelProfile(depth=3),
            data=DataProfile(samples=10),
            ignored=(Ignored(name="x", reason="y"),),
            notes=("a note",),
            source="live run",
        )
        with pytest.raises(ValueError, match="read-only"):
            history.series[0].values[0] = 1
        history.save(tmp_path / "saved")
        assert History.load(tmp_path / "saved") == history

    def test_every_prefix_can_be_read(self, tmp_path: Path) -> None:
        whole = written(tmp_path / "whole", run())
        most = [0, 0]
        for length in range(len(whole) + 1):
            (tmp_path / "cut").write_bytes(whole[:length])
            if length < LEAST_MARK:
                with pytest.raises(SourceError) as caught:
                    History.load(tmp_path / "cut")
                assert "\n" not in str(caught.value)
                continue
            history = History.load(tmp_path / "cut")
            check(history)
            now = points(history)
            assert len(now) >= len(most)
            assert all(more >= less for less, more in zip(most, now, strict=False))
            most = now
            begun, complete = (
                whole[:length].rstrip(b"\n").count(b"\n"),
                sum(line in whole[:length] for line in whole.split(b"\n")[1:-1]),
            )
            assert any("cut off" in note for note in history.notes) == (begun > complete)
            assert ("Nothing was recorded in this journal." in history.notes) == (complete == 0)
        assert most == points(History.load(tmp_path / "whole"))

    @given(histories)
    def test_a_history_in_one_record(self, tmp_path: Path, history: History) -> None:
        written(tmp_path / "run", [history])
        assert History.load(tmp_path / "run") == once(history)

    @given(histories, st.data())
    def test_a_history_split_anywhere(self, tmp_path: Path, history: History, data: st.DataObject) -> None:
        parts = split(history, data)
        assert join(parts, History) == once(history)
        written(tmp_path / "run", parts)
        back = History.load(tmp_path / "run")
        check(back)
        assert back == once(history)

    def test_many_small_parts(self) -> None:
        at = np.arange(1.0, 10_001)
        joined = join((History(series=(loss(step),), layers=(norms([step], a=[step]),)) for step in at), History)
        assert joined.series == (loss(*at),)
        assert joined.layers == (norms(list(at), a=list(at)),)

    def test_positions_in_common_are_held_once(self) -> None:
        parts = [
            History(series=tuple(loss(*at, role=role) for role in ("train.loss", "val.loss", "test.loss")[: 3 - gap]))
            for gap, at in enumerate([(1, 2, 4), (5, 6, 8)])
        ]
        first, second, third = join(parts, History).series
        assert np.shares_memory(first.at, second.at)
        assert third.at.tolist() == [1, 2, 4]


def once(history: History) -> History:
    """What a journal makes of repeated notes."""
    update = {name: tuple(dict.fromkeys(getattr(history, name))) for name in ("notes", "ignored")}
    return history.model_copy(update=update)


def split(history: History, data: st.DataObject) -> list[History]:
    """Cut everything in a history into parts, at places of its own each."""
    count = data.draw(st.integers(1, 4))

    def cuts(length: int) -> list[slice]:
        inner = data.draw(st.lists(st.integers(0, length), min_size=count - 1, max_size=count - 1).map(sorted))
        return [slice(*ends) for ends in zip([0, *inner], [*inner, length], strict=True)]

    def pieces(records: tuple[Any, ...], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        cut = [
            [
                record.model_copy(update={name: getattr(record, name)[part] for name in names})
                for part in cuts(len(record))
            ]
            for record in records
        ]
        return [tuple(parts[index] for parts in cut) for index in range(count)]

    def profile(record: Any) -> list[Any]:
        known = [(name, value) for name, value in record if value is not None]
        return [type(record)(**dict(known[part])) for part in cuts(len(known))]

    marks: list[Any] = [None] * count
    if history.marks is not None:
        names = ("step", "epoch") + ("seconds",) * (history.marks.seconds is not None)
        marks = [marks for (marks,) in pieces((history.marks,), names)]
    parts = {
        "series": pieces(history.series, ("at", "values")),
        "layers": pieces(history.layers, ("at", "values")),
        "marks": marks,
        **{
            name: [getattr(history, name)[part] for part in cuts(len(getattr(history, name)))]
            for name in ("events", "notes", "ignored")
        },
        **{name: profile(getattr(history, name)) for name in ("config", "model", "data")},
        "source": [history.source if index == data.draw(st.integers(0, count - 1)) else None for index in range(count)],
    }
    parts["source"][-1] = history.source
    return [History(**{name: values[index] for name, values in parts.items()}) for index in range(count)]


class TestLayers:
    def test_layers_that_appear_later_stand_in_forward_order(self) -> None:
        parts = [norms([1], a=[1.0], c=[3.0]), norms([2], a=[4.0], b=[5.0], c=[6.0]), norms([3], c=[7.0], d=[8.0])]
        (joined,) = join([History(layers=(part,)) for part in parts], History).layers
        assert joined.layers == ("a", "b", "c", "d")
        np.testing.assert_array_equal(joined.values, [[1, NAN, 3, NAN], [4, 5, 6, NAN], [NAN, NAN, 7, 8]])

    def test_where_orders_differ_the_newest_counts(self) -> None:
        parts = [norms([1], b=[1.0], a=[2.0], x=[0.0]), norms([2], a=[3.0], b=[4.0])]
        (joined,) = join([History(layers=(part,)) for part in parts], History).layers
        assert joined.layers == ("a", "x", "b")
        np.testing.assert_array_equal(joined.values, [[2, 0, 1], [3, NAN, 4]])

    def test_ever_other_layers_make_no_huge_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(joining_module, "LARGEST_SPREAD", 50)
        parts = [History(layers=(norms([step], **{f"layer{step}": [1.0]}),)) for step in range(20)]
        joined = join(parts, History)
        assert joined.layers == ()
        (ignored,) = joined.ignored
        assert ignored.reason == "its fragments name 20 different layers at 20 positions"


class TestGoingBack:
    def test_the_tail_of_a_series_is_replaced(self) -> None:
        parts = [
            History(series=(loss(1, 2, 3, 4), loss(4, role="val.loss"))),
            History(series=(loss(5, 6),)),
            History(series=(loss(3, 4, values=[30, 40]),)),
            History(series=(loss(4, 5, values=[41, 51]),)),
        ]
        joined = join(parts, History)
        check(joined)
        assert joined.series == (loss(1, 2, 3, 4, 5, values=[1, 2, 30, 41, 51]), loss(4, role="val.loss"))
        assert joined.notes == (
            "The run goes back on the step clock, to 3, 4; what had been recorded there or later is replaced by what "
            "was recorded anew.",
        )

    def test_a_resume_takes_everything_back(self) -> None:
        resume = Event(kind="resume", at=21, text="taken up from the checkpoint at 20")
        parts = [
            History(
                series=(loss(*range(1, 51)), loss(10, 20, 30, 40, 50, role="val.loss"), loss(25, role="test.loss")),
                marks=ClockMarks(step=[10, 20, 30, 40, 50], epoch=[1, 2, 3, 4, 5]),
                events=(Event(kind="crash", at=50),),
            ),
            History(
                series=(loss(1, 2, 3, 4, 5, clock="epoch", role="val.score"),), layers=(norms([20, 30], a=[1.0, 2.0]),)
            ),
            History(events=(resume,)),
        ]
        before = join(parts, History)
        check(before)
        assert before.series == (
            loss(*range(1, 21)),
            loss(10, 20, role="val.loss"),
            loss(1, 2, clock="epoch", role="val.score"),
        )
        assert before.layers == (norms([20], a=[1.0]),)
        assert before.marks == ClockMarks(step=[10, 20], epoch=[1, 2])
        assert before.events == (Event(kind="crash", at=50), resume)
        assert len(before.notes) == 1
        anew = History(
            series=(loss(*range(21, 31)), loss(30, role="val.loss"), loss(3, clock="epoch", role="val.score")),
            marks=ClockMarks(step=[30], epoch=[3]),
            config=RunConfig(learning_rate=0.1),
        )
        joined = join([*parts, anew], History)
        check(joined)
        assert joined.series[0] == loss(*range(1, 31))
        assert joined.series[2] == loss(1, 2, 3, clock="epoch", role="val.score")
        assert joined.marks == ClockMarks(step=[10, 20, 30], epoch=[1, 2, 3])
        assert joined.notes == before.notes

    def test_a_resume_that_does_not_go_back_takes_nothing(self) -> None:
        parts = [
            History(series=(loss(1, 2),), marks=ClockMarks(step=[1, 2], epoch=[1, 2])),
            History(series=(loss(3),), events=(Event(kind="resume", at=3),)),
        ]
        joined = join(parts, History)
        assert joined.series == (loss(1, 2, 3),)
        assert joined.marks == parts[0].marks
        assert joined.notes == ()

    def test_a_resume_without_marks_or_other_series(self) -> None:
        parts = [History(series=(loss(1, 2, 3),)), History(events=(Event(kind="resume", at=1),))]
        joined = join(parts, History)
        assert joined == History(events=parts[1].events, notes=joined.notes)
        assert "to 1;" in joined.notes[0]

    def test_marks_that_go_back(self) -> None:
        parts = [
            History(marks=ClockMarks(step=[1, 2, 3], epoch=[1, 2, 3], seconds=[10, 20, 30])),
            History(marks=ClockMarks(step=[4], epoch=[4], seconds=[15])),
        ]
        joined = join(parts, History)
        check(joined)
        assert joined.marks == ClockMarks(step=[1, 2, 3, 4], epoch=[1, 2, 3, 4], seconds=[10, NAN, NAN, 15])
        assert joined.notes == (
            "The seconds clock goes back while the step clock does not; its earlier marks place nothing.",
        )
        again = join([*parts, History(marks=ClockMarks(step=[2], epoch=[2]))], History)
        check(again)
        assert again.marks == ClockMarks(step=[1, 2, 2], epoch=[1, 2, 2], seconds=[10, NAN, NAN])

    @given(st.lists(histories, max_size=4))
    def test_whatever_comes_makes_a_sound_history(self, parts: list[History]) -> None:
        resumes = [
            part.model_copy(
                update={"events": tuple(event.model_copy(update={"kind": "resume"}) for event in part.events)}
            )
            for part in parts
        ]
        check(join([*parts, *resumes], History))

    def test_a_configuration_that_changes_is_told(self) -> None:
        parts = [History(config=RunConfig(learning_rate=rate, seed=1)) for rate in (0.1, 0.1, 0.01)]
        joined = join([*parts, History(config=RunConfig(optimizer="sgd"))], History)
        assert joined.config == RunConfig(learning_rate=0.01, seed=1, optimizer="sgd")
        assert joined.notes == ("RunConfig.learning_rate was 0.1 at first and 0.01 later, which is used.",)


class TestWriting:
    def test_a_journal_is_begun_anew_or_gone_on_with(self, tmp_path: Path) -> None:
        path = tmp_path / "run.expert"
        written(path, [History(series=(loss(1, 2),))], resume=True)
        written(path, [History(series=(loss(3),))], resume=True)
        assert History.load(path).series == (loss(1, 2, 3),)
        written(path, [History(series=(loss(7),))])
        assert History.load(path).series == (loss(7),)

    def test_both_sides_of_a_torn_record_can_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "run.expert"
        whole = written(path, run())
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            if 0 < length < LEAST_MARK:
                with pytest.raises(SourceError):
                    Journal(path, resume=True)
                assert path.read_bytes() == whole[:length]
                continue
            before = History.load(path) if length else History()
            assert written(path, [History(series=(loss(7),))], resume=True).startswith(whole[:length])
            after = History.load(path)
            assert points(after)[0] == points(before)[0] + 1
            torn = any("The last record" in note for note in before.notes)
            number = whole[:length].count(b"\n") + 1
            assert (f"Line {number} of the journal is cut off or damaged and left out." in after.notes) == torn

    def test_what_is_no_journal_is_not_touched(self, tmp_path: Path) -> None:
        table, saved, picture = tmp_path / "a.csv", tmp_path / "run", tmp_path / "a.png"
        table.write_text("epoch,loss\n1,2\n")
        History().save(saved)
        picture.write_bytes(b"\x89PNG\r\n\x1a\n")
        seen = {
            table: "something that begins with 'epoch,loss'",
            saved: "a zip archive such as History.save writes",
            picture: "something that begins with the bytes 89 50 4e 47",
        }
        for path, what in seen.items():
            content = path.read_bytes()
            for resume in (False, True):
                with pytest.raises(SourceError, match=what) as caught:
                    Journal(path, resume=resume)
                assert str(caught.value).startswith(f"{path}: expected a journal or no file")
                assert path.read_bytes() == content

    def test_a_later_version_is_not_gone_on_with(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_bytes(HEADER.replace(b"1", b"2"))
        with pytest.raises(SourceError, match="expected a journal of version 1"):
            Journal(tmp_path / "run", resume=True)

    def test_no_folder_and_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            Journal(tmp_path / "missing" / "run")
        with pytest.raises(IsADirectoryError):
            Journal(tmp_path)

    def test_a_closed_journal_takes_nothing(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "run")
        journal.close()
        journal.close()
        with pytest.raises(ValueError, match="closed"):
            journal.append(History())

    def test_a_fragment_too_long_to_read_is_not_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(journal_module, "LONGEST_RECORD", 1000)
        with Journal(tmp_path / "run") as journal, pytest.raises(ValueError, match="expected at most 1,000"):
            journal.append(History(notes=("x" * 1000,)))
        assert (tmp_path / "run").read_bytes() == HEADER

    def test_after_a_write_that_failed_halfway_the_next_is_whole(self, tmp_path: Path) -> None:
        class Failing:
            """A disk that is full once."""

            def __init__(self, file: Any) -> None:
                self.file, self.calls = file, 0

            def write(self, content: bytes) -> int:
                self.calls += 1
                if self.calls == 2:
                    raise OSError(28, "No space left on device")
                return int(self.file.write(content[: len(content) // 2] if self.calls == 1 else content))

            def close(self) -> None:
                self.file.close()

        first, second, third = run()
        with Journal(tmp_path / "run") as journal:
            journal.append(first)
            journal._file = Failing(journal._file)  # type: ignore[assignment]
            with pytest.raises(OSError, match="No space left"):
                journal.append(second)
            journal.append(third)
        history = History.load(tmp_path / "run")
        assert history.series[0] == loss(1, 2, 3, 6)
        assert history.notes == ("a note", "Line 3 of the journal is cut off or damaged and left out.")


PROGRAM = """
import sys
from expert.history import History, Journal, Series
journal = Journal(sys.argv[1])
for start in range(0, 10**9, 10):
    at = [float(start + index) for index in range(10)]
    journal.append(History(series=(Series(name="loss", role="train.loss", clock="step", at=at, values=at),)))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
def test_a_killed_process_leaves_all_it_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run.expert"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)])
    try:
        until = time.monotonic() + 240
        while (not path.exists() or path.stat().st_size < 100_000) and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (series,) = History.load(path).series
    assert len(series) > 1000
    assert len(series) % 10 == 0
    np.testing.assert_array_equal(series.at, np.arange(len(series)))
    np.testing.assert_array_equal(series.values, series.at)
    written(path, [History(series=(loss(len(series)),))], resume=True)
    assert len(History.load(path).series[0]) == 10 * (len(series) // 10)


class TestDamage:
    def test_damaged_lines_are_left_out_and_numbered(self, tmp_path: Path) -> None:
        lines = written(tmp_path / "run", run()).splitlines(keepends=True)
        rubbish = [
            b'{"series": 3}\n',
            b"[" * 10_000 + b"\n",
            b"\0\0\xff\n",
            b'{"config": {"serie": 1}}\n',
            b"\n",
            b"1\n",
            HEADER,
        ]
        lines[2:2] = [*rubbish, b'{"series":[{"name":"x","at":[1' + b"0" * 400 + b'],"values":[1]}]}\n']
        (tmp_path / "run").write_bytes(b"".join(lines))
        history = History.load(tmp_path / "run")
        assert history.series[0].values.tolist()[-2:] == [INFINITY, 6]
        assert history.notes == (
            "a note",
            "Lines 3, 4, 5, 6, 8 and 2 more of the journal are cut off or damaged and left out.",
        )

    @given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
    def test_any_byte_can_be_damaged(self, tmp_path: Path, where: float, byte: int) -> None:
        content = bytearray(written(tmp_path / "run", run()))
        content[int(len(content) * where)] ^= byte
        (tmp_path / "damaged").write_bytes(content)
        if int(len(content) * where) >= len(HEADER):
            check(History.load(tmp_path / "damaged"))
            return
        with contextlib.suppress(SourceError):
            check(History.load(tmp_path / "damaged"))

    @given(
        st.lists(st.sampled_from([*HEADER.decode(), '{"series":[', "NaN", "[]", "}", "\n", "1e999", '"at":', "0"])).map(
            "".join
        )
        | st.text()
    )
    def test_whatever_follows_the_header(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "run").write_bytes(HEADER + text.encode())
        check(History.load(tmp_path / "run"))

    def test_refused_in_one_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(journal_module, "LONGEST_RECORD", 1000)
        start = HEADER[: HEADER.index(b",")]
        cases = {
            b"": "expected a file written by History.save or a journal",
            b"epoch,loss\n": "expected a file written by History.save or a journal",
            HEADER.replace(b"1", b"7"): "has version 7 of the journal, but this release reads version 1",
            start + b"\n": "the first line is",
            start + b"}\n": "the first line is",
            start + b"[" * 5000: "the first line is",
            HEADER + b"x" * 1001: "line 2 is longer than 1,000 bytes",
        }
        for content, said in cases.items():
            (tmp_path / "run").write_bytes(content)
            with pytest.raises(SourceError) as caught:
                History.load(tmp_path / "run")
            assert str(caught.value).startswith(f"{tmp_path / 'run'}: ")
            assert said in str(caught.value)
            assert "\n" not in str(caught.value)


def test_advice_on_a_journal_that_broke_off(tmp_path: Path) -> None:
    steps = np.arange(1.0, 201)
    values = np.where(steps < 150, 2 / np.sqrt(steps), NAN)
    fragments = [
        History(series=(loss(*steps[part], values=values[part]),))
        for part in (slice(start, start + 20) for start in range(0, 200, 20))
    ]
    whole = written(tmp_path / "run.expert", fragments)
    (tmp_path / "run.expert").write_bytes(whole[:-15])
    advice = advise(tmp_path / "run.expert")
    assert "180 steps" in advice.coverage.read
    assert [finding.name for finding in advice.findings][:1] == ["non-finite-loss"]
    assert any("cut off" in note for note in advice.notes), advice
    (loaded,) = read_runs(tmp_path / "run.expert")
    assert loaded.source == str(tmp_path / "run.expert")
    (tmp_path / "run.expert").write_bytes(HEADER[:40])
    assert advise(str(tmp_path / "run.expert")).verdict == "cannot_judge"
    (tmp_path / "run.expert").write_bytes(HEADER[: LEAST_MARK - 1])
    with pytest.raises(SourceError, match=r"run\.expert"):
        advise(tmp_path / "run.expert")
