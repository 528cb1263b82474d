"""What programs print: cleaning of lines, the traps of each format, and files that are damaged in any way."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert.adapters.printed import lines as printed_lines
from expert.adapters.printed.known import FORMATS, form_of
from expert.adapters.printed.lines import PrintedLines, clean, without_prefix
from expert.adapters.text import lines as text_lines
from expert.adapters.text import opening
from expert.errors import SourceError
from expert.history import History
from tests.data import printed_logs
from tests.data.log_expectations import OWN, read

LOGS = Path(__file__).parent.parent / "data" / "logs"
TRACEBACK = "Traceback (most recent call last):\n  x\n"
NANOGPT = "".join(f"iter {i}: loss {4 - i / 10:.4f}, time 30.10ms, mfu 17.25%\n" for i in range(20))


def written(folder: Path, text: str | bytes, name: str = "output.log") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def series(history: History, role: str) -> tuple[list[float], list[float]]:
    found = history.get(role)
    assert found is not None, history.roles
    return found.at.tolist(), found.values.tolist()


def test_logs_are_those_of_the_script() -> None:
    for path, make in printed_logs.FILES.items():
        assert (LOGS / path).read_bytes() == make().encode(), path


def test_every_format_has_a_log_of_its_own() -> None:
    paths = [
        LOGS / expected.path for expected in OWN if expected.path.endswith((".log", ".txt")) and not expected.refused
    ]
    seen = {form.id for path in paths if (start := opening.beginning(path)) is not None and (form := form_of(start))}
    assert seen == {form.id for form in FORMATS}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-01-02 03:04:05,678 - INFO - loss 0.5", "loss 0.5"),
        ("2026-01-02 03:04:05,678 - my.module - INFO - loss 0.5", "loss 0.5"),
        ("[2026-01-02 03:04:05,678][train][INFO] - loss 0.5", "loss 0.5"),
        ("2026-01-02 03:04:05.678 | INFO     | __main__:main:42 - loss 0.5", "loss 0.5"),
        ("2026-01-02T03:04:05.678Z stdout F loss 0.5", "loss 0.5"),
        ("I0102 03:04:05.678901 123 train.py:12] loss 0.5", "loss 0.5"),
        ("I0102 03:04:05.678 file.py:12] loss 0.5", "loss 0.5"),
        ("[stdout]: loss 0.5", "loss 0.5"),
        ("(RayTrainWorker pid=123, ip=10.0.0.1) loss 0.5", "loss 0.5"),
        ("INFO:root:loss 0.5", "loss 0.5"),
        ("INFO - loss 0.5", "loss 0.5"),
        ("01/02 03:04:05 - mmengine - INFO - Epoch(train) [1][50/100]", "Epoch(train) [1][50/100]"),
        (" [2026-01-02 03:04:05.123456] iteration 3", "iteration 3"),
        ("12:03:04 step 5 loss 0.5", "step 5 loss 0.5"),
        ("Jan  2 03:04:05 loss 0.5", "loss 0.5"),
        ("[1, 2000] loss: 0.5", "[1, 2000] loss: 0.5"),
        ("[3/100] loss: 0.5", "[3/100] loss: 0.5"),
        ("[Epoch 3] loss: 0.5", "[Epoch 3] loss: 0.5"),
        ("[metric][batch=5]: loss: 0.5", "[metric][batch=5]: loss: 0.5"),
        ("2026-01-02 03:04:05 [3/100] loss: 0.5", "[3/100] loss: 0.5"),
        ("2026-01-02 03:04:05 train | loss 0.5", "train | loss 0.5"),
        ("0 val 10.93", "0 val 10.93"),
        ("Epoch 3/10", "Epoch 3/10"),
        ('  File "train.py", line 3', '  File "train.py", line 3'),
    ],
)
def test_prefixes_of_loggers_are_cut_and_nothing_else(line: str, expected: str) -> None:
    assert without_prefix(line)[0] == expected


@pytest.mark.parametrize(
    ("line", "rank"), [("[rank3]: x", 3), ("[default1]:x", 1), ("[1,2]<stdout>:x", 2), ("[rank0]:[titan] x", 0)]
)
def test_ranks_are_named(line: str, rank: int) -> None:
    assert without_prefix(line) == ("x", rank)


def test_control_characters_are_no_text() -> None:
    assert clean("\x1b[31mloss\x1b[0m: \x1b[38;2;1;2;3m0.5\0\x1b]0;title\x07") == "loss: 0.5"
    assert clean("40%\b\b\b50%") == "40%\n50%"


def test_a_last_line_without_an_end_is_left_out(tmp_path: Path) -> None:
    for cut in ("iter 20: loss 2.0", "iter 20: loss 2.05", "iter 20: loss 2.0512, time 30.10ms, mfu 17.2"):
        run = read(written(tmp_path, NANOGPT + cut))[-1]
        assert len(series(run, "train.loss")[1]) == 20
        assert any("may be cut off" in note and cut in note for note in run.notes)


def test_all_ends_of_lines_end_lines(tmp_path: Path) -> None:
    expected = series(read(written(tmp_path, NANOGPT))[-1], "train.loss")
    for end in ("\r\n", "\r", "\r\r\n"):
        assert series(read(written(tmp_path, NANOGPT.replace("\n", end)))[-1], "train.loss") == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Größe der Daten: 10\n" + NANOGPT if encoding == "latin-1" else NANOGPT
    run = read(written(tmp_path, text.encode(encoding)))[-1]
    assert len(series(run, "train.loss")[1]) == 20


def test_lines_may_lie_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = series(read(written(tmp_path, NANOGPT))[-1], "train.loss")
    for size in (1, 7, 64):
        monkeypatch.setattr(printed_lines, "BLOCK", size)
        assert series(read(written(tmp_path, NANOGPT.replace("\n", "\r\n")))[-1], "train.loss") == expected


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed_lines, "BLOCK", 100)
    monkeypatch.setattr(opening, "LARGEST_READ", 500)
    run = read(written(tmp_path, NANOGPT))[-1]
    assert 5 < len(series(run, "train.loss")[1]) < 20
    assert any("very large" in note for note in run.notes)
    monkeypatch.setattr(opening, "LARGEST_READ", 1 << 20)
    monkeypatch.setattr(text_lines, "LONGEST_LINE", 300)
    with pytest.raises(SourceError, match="a line is longer than 300"):
        read(written(tmp_path, NANOGPT + "x" * 1000))
    assert len(list(PrintedLines(written(tmp_path, "a 1\r" * 1000)))) == 1000


def test_lines_too_long_for_people_are_stepped_over(tmp_path: Path) -> None:
    long = "iter 5: loss 9.0, time 1.00ms, " + "x" * 10_000
    run = read(written(tmp_path, f"{NANOGPT}{long}\n{'1' * 100_000}\n"))[-1]
    assert max(series(run, "train.loss")[1]) == 4


def test_a_long_preamble_does_not_hide_a_format(tmp_path: Path) -> None:
    preamble = "".join(f"Collecting package-{i} (from requirements.txt)\n" for i in range(4000))
    assert len(series(read(written(tmp_path, preamble + NANOGPT * 1))[-1], "train.loss")[1]) == 20


def test_several_ranks_are_one_run(tmp_path: Path) -> None:
    text = "".join(f"[rank{rank}]: {line}\n" for line in NANOGPT.splitlines() for rank in (1, 0))
    run = read(written(tmp_path, text))[-1]
    assert len(series(run, "train.loss")[1]) == 20
    assert any("only the lines of rank 1 are used" in note for note in run.notes)


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        ("Traceback (most recent call last):\n  File \"a\", line 1\nKeyboardInterrupt\n", "stopped", "by hand"),
        (TRACEBACK + "torch.OutOfMemoryError: CUDA out of memory. Tried\n", "crash", "out of memory"),
        (TRACEBACK + "ValueError: bad shape\n", "crash", "ValueError: bad shape"),
        ("[rank0]: Traceback (most recent call last):\n[rank0]:   x\n[rank0]: RuntimeError: NCCL\n", "crash", "NCCL"),
        ("Killed\n", "crash", "Killed"),
        ("slurmstepd: error: *** JOB 1 ON a CANCELLED AT 2026-01-02 DUE TO TIME LIMIT ***\n", "stopped", "TIME LIMIT"),
        ("slurmstepd: error: Detected 1 oom-kill event(s)\n", "crash", "out of memory"),
    ],
)  # fmt: skip
def test_how_a_run_ended(tmp_path: Path, end: str, kind: str, words: str) -> None:
    run = read(written(tmp_path, NANOGPT + end))[-1]
    assert [(event.kind, event.at, event.clock) for event in run.events] == [(kind, 19.0, "step")]
    assert words in run.events[0].text
    assert any(words in note for note in run.notes)


def test_an_exception_that_was_caught_is_no_crash(tmp_path: Path) -> None:
    lines = NANOGPT.splitlines(keepends=True)
    caught = TRACEBACK + "ValueError: a broken picture\n"
    run = read(written(tmp_path, "".join([*lines[:10], caught, *lines[10:]])))[-1]
    assert run.events == ()
    assert any("broken picture" in note and "goes on after it" in note for note in run.notes)


def test_a_crash_belongs_to_the_run_that_crashed(tmp_path: Path) -> None:
    crash = TRACEBACK + "ValueError: bad shape\n"
    first, second = read(written(tmp_path, NANOGPT + crash + NANOGPT))
    assert [event.kind for event in first.events] == ["crash"]
    assert second.events == ()


def test_exits_are_no_crash(tmp_path: Path) -> None:
    run = read(written(tmp_path, NANOGPT + TRACEBACK + "SystemExit: 0\n"))[-1]
    assert run.events == ()


def test_nanogpt_tells_batches_from_evaluations() -> None:
    run = read(LOGS / "nanogpt" / "interrupted.log")[-1]
    assert run.config.task == "language_model"
    kinds = {one.role: one.reduction for one in run.series}
    assert kinds == {"train.loss": "last_batch", "train_eval.loss": "epoch_mean", "val.loss": "epoch_mean"}


def test_lines_that_were_not_understood_are_told(tmp_path: Path) -> None:
    other = "".join(f"my validation says loss={i}.5 for sure\n" for i in range(3))
    run = read(written(tmp_path, NANOGPT + other))[-1]
    assert any("3 lines that name a loss were not understood" in note for note in run.notes)


def test_megatron_leaves_out_losses_that_are_nan() -> None:
    run = read(LOGS / "megatron" / "pretrain.log")[-1]
    at, losses = series(run, "train.loss")
    assert [step for step, loss in zip(at, losses, strict=True) if math.isnan(loss)] == [
        100.0 * i for i in range(53, 61)
    ]
    assert series(run, "val.loss")[0] == [1000, 2000, 3000, 4000, 5000]


def test_gpt_neox_writes_underscores(tmp_path: Path) -> None:
    text = "".join(
        f"steps: {i} loss: 9.9 iter time (s): 4.218 samples/sec: 7.586\n"
        f"1:  samples/sec: 4.5 | iteration {i * 10:8d}/ 320000 | elapsed time per iteration (ms): 9.1 |"
        f" learning rate: 1.0E-04 | lm_loss: {9 - i / 10:.6E} | loss scale: 1.0 |"
        f" number of skipped iterations: 0 | number of nan iterations: 0 |\n"
        for i in range(1, 8)
    )
    text += " validation results at iteration 70 | lm_loss value: 8.5E+00 | lm_loss_ppl value: 4.9E+03 | \n"
    run = read(written(tmp_path, text))[-1]
    assert series(run, "train.loss")[1] == pytest.approx([9 - i / 10 for i in range(1, 8)])
    assert series(run, "val.loss") == ([70], [8.5])
    assert series(run, "val.perplexity")[1] == [4900]


def test_bars_tell_how_long_the_run_is_meant_to_be() -> None:
    config = read(LOGS / "keras_fit" / "fit.log")[-1].config
    assert (config.framework, config.epochs, config.steps_per_epoch) == ("keras", 12, 40)
    assert read(LOGS / "lightning_bar" / "fit.log")[-1].config.steps_per_epoch == 30


@pytest.mark.parametrize(
    "form",
    [
        "Epoch 1/{}",
        "1/{} [====] - 1s - loss: 0.5",
        "Epoch 0: 1%|#| 1/{} [0, loss=0.5]",
        "Epoch: [{}][1/{}]\tLoss 1 (1)",
    ],
)
def test_counts_of_thousands_of_digits_are_no_counts(tmp_path: Path, form: str) -> None:
    text = (LOGS / "keras_fit" / "one_line_an_epoch.log").read_text() + form.replace("{}", "9" * 4500) + "\n"
    assert len(series(read(written(tmp_path, text))[-1], "train.loss")[1]) == 10


def test_only_the_last_state_of_a_bar_of_keras_counts(tmp_path: Path) -> None:
    run = read(LOGS / "keras_fit" / "old_bar.log")[-1]
    text = (LOGS / "keras_fit" / "old_bar.log").read_text()
    last = [float(found) for found in re.findall(r"391/391 .*? - loss: ([\d.]+)", text)]
    assert series(run, "train.loss")[1] == last
    assert series(run, "train.loss")[0] == list(range(1, 16))


def test_evaluate_of_keras_is_no_epoch(tmp_path: Path) -> None:
    text = (LOGS / "keras_fit" / "fit.log").read_text() + "40/40 ━━━━ 0s 1ms/step - accuracy: 0.1 - loss: 9.0\n"
    assert max(series(read(written(tmp_path, text))[-1], "train.loss")[1]) < 1


def test_an_epoch_that_keras_did_not_finish(tmp_path: Path) -> None:
    half = "Epoch 2/9\n\r12/40 ━━━━ 0s 1ms/step - loss: {}\n"
    whole = "Epoch 1/9\n40/40 ━━━━ 0s 1ms/step - loss: 0.7\n"
    assert series(read(written(tmp_path, whole + half.format("0.6")))[-1], "train.loss")[1] == [0.7]
    assert series(read(written(tmp_path, whole + half.format("nan")))[-1], "train.loss")[0] == [1, 2]
    run = read(written(tmp_path, half.format("0.6")))[-1]
    assert series(run, "train.loss")[1] == [0.6]
    assert any("12 of 40 batches; its values are means over these" in note for note in run.notes)


def test_values_on_the_bar_of_lightning_are_not_those_of_the_epoch_before() -> None:
    run = read(LOGS / "lightning_bar" / "fit.log")[-1]
    at, losses = series(run, "val.loss")
    assert at == [30.0 * epoch for epoch in range(1, 9)]
    assert len(set(losses)) > 6
    assert series(run, "train.loss_step")[0] == [10.0 * place for place in range(1, 25)]


def test_lightning_with_rich(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch {i}/7  ━━━━━━━━━━ 30/30 0:00:00 • 0:00:00 244.78it/s v_num: 0.000 train_loss: {1 / (i + 1):.3f}\n"
        for i in range(8)
    )
    assert series(read(written(tmp_path, text))[-1], "train.loss")[1] == [1, 0.5, 0.333, 0.25, 0.2, 0.167, 0.143, 0.125]


def test_hidden_nan_of_the_trainer_is_an_event() -> None:
    run = read(LOGS / "transformers_console" / "filtered_nan.log")[-1]
    assert [(event.kind, event.at) for event in run.events] == [("nan_filtered", 1.9)]


def test_tests_of_meters_are_placed_behind_their_epoch() -> None:
    run = read(LOGS / "meters" / "torchvision.log")[-1]
    assert series(run, "val.loss")[0] == [90.0 + 100 * epoch for epoch in range(6)]
    assert {one.role: one.reduction for one in run.series}["train.loss"] == "moving_average"


def test_yolov5_sums_its_parts() -> None:
    run = read(LOGS / "yolov5" / "results.txt")[-1]
    parts = sum(np.array(series(run, f"train.{part}_loss")[1]) for part in ("box", "obj", "cls"))
    assert series(run, "train.loss")[1] == pytest.approx(parts, rel=1e-2)


def test_yolo_in_a_narrow_window_and_with_masks(tmp_path: Path) -> None:
    narrow = "".join(
        f"      Epoch    GPU_mem   box_loss   obj_loss   cls_loss  Instances       Size\n"
        f"      {i}/9      2.26G     0.0{90 - i}    0.025    0.042         10        640: 1\n"
        f"                 Class     Images  Instances          P          R      mAP50   \n"
        f"                   all         66         69    0.003      0.755     0.019    0.0{i}4\n"
        for i in range(10)
    )
    (run,) = read(written(tmp_path, narrow))
    assert series(run, "train.box_loss")[1] == [(90 - i) / 1000 for i in range(10)]
    assert series(run, "val.map50_95")[1] == [(10 * i + 4) / 1000 for i in range(10)]
    masks = "".join(
        f"      Epoch    GPU_mem   box_loss   seg_loss   cls_loss   dfl_loss  Instances       Size\n"
        f"       {i}/9      6.16G    1.5    0.062    0.016    0.5    150        640: 100% ━━━━━━ 10/10 3.2it/s 3.1s\n"
        f"   Class   Images  Instances  Box(P  R  mAP50  mAP50-95)  Mask(P  R  mAP50  mAP50-95): 100%|█| 4/4 [00:01]\n"
        f"   all     5000      36335      0.7     0.5  0.6    0.4{i}         0.65  0.45   0.55   0.3{i}\n"
        for i in range(1, 9)
    )
    (run,) = read(written(tmp_path, masks))
    assert series(run, "val.map50_95_m")[1][0] == 0.31
    assert series(run, "val.map50_95_b")[1][0] == 0.41


def test_mmengine_without_a_blank_before_the_times(tmp_path: Path) -> None:
    text = "".join(
        f"03/24 16:36:16 - mmengine - INFO - Epoch(train)  [{i}][8/8]  lr: 1.5e-04  eta: 0:00:12  loss: 0.{90 - i}30\n"
        f"03/24 16:36:19 - mmengine - INFO - Epoch(val) [{i}][1/1]  acc/top1: 0.9{i}00data_time: 1.2716  time: 1.3658\n"
        for i in range(1, 9)
    )
    (run,) = read(written(tmp_path, text))
    assert series(run, "val.accuracy") == ([8.0 * i for i in range(1, 9)], [(90 + i) / 100 for i in range(1, 9)])


def test_timm_prints_meters_too(tmp_path: Path) -> None:
    times = "Time: 0.312s,  820.12/s  (0.312s,  820.12/s)  LR: 1.000e-03  Data: 0.010 (0.012)"
    text = "".join(
        f"Train: {epoch} [{batch:4d}/250 ({batch * 100 // 250:3d}%)]  Loss: {5 - epoch / 10:.3f} (5.5)  {times}\n"
        for epoch in range(6)
        for batch in (0, 50, 100, 249)
    )
    test = "Test: [  19/19]  Time: 0.2 (0.3)  Loss: 0.9 (4.8)  Acc@1: 50.0 (20.5)\n"
    text = text.replace("Train: 5 [   0", f"{test}Train: 5 [   0")
    (run,) = read(written(tmp_path, text))
    assert len(series(run, "train.loss")[1]) == 24
    assert series(run, "val.loss") == ([249 + 4 * 250.0], [4.8])
    assert series(run, "val.accuracy")[1] == [0.205]
    assert series(run, "optimizer.learning_rate")[1] == [0.001] * 24


def test_scores_of_coco_behind_meters(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch: [{epoch}]  [ 0/50]  eta: 0:00:20  lr: 0.0001  loss: {3 - epoch / 9:.4f} (3.1)  time: 0.4  data: 0.1\n"
        f"Averaged stats: lr: 0.0001  loss: {3 - epoch / 9:.4f} (3.1)\n"
        f"Test:  [49/50]  eta: 0:00:00  class_error: 1.0 (2.0)  loss: 9.0 ({3.2 - epoch / 9:.4f})  time: 0.2\n"
        f"IoU metric: bbox\n Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.{epoch}5\n"
        f"IoU metric: segm\n Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.9\n"
        for epoch in range(7)
    )
    (run,) = read(written(tmp_path, text))
    assert series(run, "val.coco_ap")[1] == [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65]
    assert series(run, "val.loss")[1][0] == 3.2


def test_a_table_of_finished_runs_is_no_course(tmp_path: Path) -> None:
    rows = "".join(f"| {100 + i // 4} | 0.{i} | 0.8{i} |\n" for i in range(9))
    with pytest.raises(SourceError, match="may be finished runs"):
        read(written(tmp_path, "# Results\n\n| epochs | lr | val acc |\n|---|---|---|\n" + rows))


def test_a_run_that_starts_again_and_one_that_goes_on(tmp_path: Path) -> None:
    assert len(read(written(tmp_path, NANOGPT + NANOGPT))) == 2
    lines = NANOGPT.splitlines(keepends=True)
    (run,) = read(written(tmp_path, "".join([*lines[:15], *lines[10:]])))
    assert series(run, "train.loss")[0] == list(range(20))
    assert [event.kind for event in run.events] == ["resume"]


def test_the_caller_may_say_what_a_number_is(tmp_path: Path) -> None:
    run = read(written(tmp_path, NANOGPT), {"val.loss": "loss"})[-1]
    assert series(run, "val.loss")[1][0] == 4
    assert run.get("train.loss") is None


_NUMBERS = re.compile(r"\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?")
SAMPLES = [
    (LOGS / expected.path).read_text(encoding="utf-8", errors="replace")
    for expected in OWN
    if not expected.refused
    and expected.path in {*printed_logs.FILES, "keras_fit/fit.log", "transformers_console/train.log"}
]


def numbers_in(text: str) -> set[float]:
    found = set()
    for token in _NUMBERS.findall(clean(text)):
        for part in {token, token.replace(",", ""), *token.split(",")}:
            try:
                found.add(float(part))
            except ValueError:
                continue
    return found


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A log with a few changes: cut, a piece left out, doubled or replaced."""
    text = draw(st.sampled_from(SAMPLES))
    start = draw(st.integers(0, max(len(text) - 3000, 0)))
    text = text[start : start + 3000]
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, len(text)))
        last = min(first + draw(st.integers(0, 60)), len(text))
        other = draw(
            st.sampled_from(
                ["", text[first:last] * 2, "nan", "1e400", "-", "\r", "\n", "\0", "|", "0", "%", ", ", "}", "\ud7ff"]
            )
            | st.text(max_size=6).filter(lambda some: "\ud800" not in some)
        )
        text = text[:first] + other + text[last:]
    return text[: len(text) - draw(st.integers(0, 30))]


@settings(max_examples=150)
@given(damaged())
def test_a_damaged_log_gives_numbers_that_stand_in_it_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = written(tmp_path_factory.mktemp("any"), text.encode("utf-8", "replace"))
    runs: tuple[History, ...] = ()
    sentence = ""
    try:
        runs = read(path)
    except SourceError as error:
        sentence = str(error)
    assert runs or str(path) in sentence
    there = numbers_in(path.read_text(encoding="utf-8", errors="replace"))
    for run in runs:
        for one in run.series:
            if " + " in one.name or one.name == "Accuracy":  # a sum of parts, a share of hits
                continue
            for value in one.values[np.isfinite(one.values)].tolist():
                scaled = {abs(value), round(abs(value) * 100, 9)} if one.unit == "fraction" else {abs(value)}
                assert any(math.isclose(number, some, rel_tol=1e-9) for number in there for some in scaled), (
                    one.name,
                    value,
                )
