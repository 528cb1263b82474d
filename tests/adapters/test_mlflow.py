"""What MLflow logged: by its real writers, into files and into its database, and what broken stores give."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert import advise
from expert.adapters.mlflow import database, reader, store
from expert.adapters.mlflow.settings import config_of
from expert.errors import SourceError
from expert.history import History
from expert.reading import ReadRequest
from tests.data.log_expectations import read

LOGS = Path(__file__).parent.parent / "data" / "logs" / "mlflow"
TRAIN = [2.0 / (epoch + 1) for epoch in range(8)]
VAL = [2.1, 1.2, 0.9, math.nan, 0.7, 0.65, math.inf, -math.inf]


def values(history: History, role: str) -> list[float]:
    series = history.get(role)
    assert series is not None, history.roles
    return [float(value) for value in series.values]


def same(found: list[float], expected: list[float]) -> bool:
    return len(found) == len(expected) and all(
        a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module", params=["sqlite", "file"])
def logged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two runs, one of results and one deleted, written by MLflow itself; ``history`` is what it says of the first."""
    os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    import mlflow

    folder = tmp_path_factory.mktemp("mlflow")
    path = folder / ("mlflow.db" if request.param == "sqlite" else "mlruns")
    mlflow.set_tracking_uri(f"sqlite:///{path}" if request.param == "sqlite" else path.as_uri())
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment("digits", artifact_location=(folder / "kept").as_uri())
    )
    with mlflow.start_run(run_name="first try") as first:
        mlflow.log_params({"lr": 0.1, "batch_size": 32, "optimizer": "Adam", "epochs": 8, "note": "a: b"})
        for epoch, (train, val) in enumerate(zip(TRAIN, VAL, strict=True)):
            mlflow.log_metric("train/loss", train, step=epoch)
            mlflow.log_metrics({"val_loss": val, "val_accuracy": 0.1 * epoch}, step=epoch)
        mlflow.log_metric("test_accuracy", 0.875)
    with mlflow.start_run(run_name="second try") as second:
        for train in TRAIN:
            mlflow.log_metric("loss", train)
    with mlflow.start_run(run_name="results"):
        mlflow.log_metric("loss", 0.5)
    with mlflow.start_run() as deleted:
        for epoch, train in enumerate(TRAIN):
            mlflow.log_metric("loss", train, step=epoch)
    mlflow.delete_run(deleted.info.run_id)
    client = mlflow.MlflowClient()
    names = client.get_run(first.info.run_id).data.metrics
    history = {name: client.get_metric_history(first.info.run_id, name) for name in names}
    return {"path": path, "history": history, "first": first.info.run_id, "second": second.info.run_id}


def test_values_are_those_that_mlflow_gives_back(logged: dict[str, Any]) -> None:
    first = read(logged["path"])[0]
    for role, name in {"train.loss": "train/loss", "val.accuracy": "val_accuracy"}.items():
        series = first.get(role)
        assert series is not None
        assert [(at, value) for at, value in zip(series.at, series.values, strict=True)] == [
            (one.step, one.value) for one in logged["history"][name]
        ]
    assert same(values(first, "val.loss"), VAL)


def test_runs_stand_in_the_order_in_which_they_were_begun(logged: dict[str, Any]) -> None:
    first, second = read(logged["path"])
    assert "first try" in (first.source or "")
    assert "second try" in (second.source or "")
    assert any("1 of 3 runs hold no curve" in note and "single value of 'loss'" in note for note in second.notes)


def test_values_without_a_step_are_counted(logged: dict[str, Any]) -> None:
    second = read(logged["path"])[-1]
    assert values(second, "train.loss") == TRAIN
    assert any("counts neither steps nor epochs" in note for note in second.notes)


def test_a_result_is_no_point_of_the_course(logged: dict[str, Any]) -> None:
    first = read(logged["path"])[0]
    assert first.get("test.accuracy") is None
    assert "test_accuracy" in {one.name for one in first.ignored}


def test_parameters_that_are_clear_configure_the_run(logged: dict[str, Any]) -> None:
    config = read(logged["path"])[0].config
    assert (config.learning_rate, config.batch_size, config.optimizer, config.epochs) == (0.1, 32, "adam", 8)


def test_the_log_is_left_as_it_was(logged: dict[str, Any]) -> None:
    path = logged["path"]
    before = {one: one.stat().st_mtime_ns for one in [path, *path.parent.rglob("*")]}
    assert advise(path).verdict
    assert {one: one.stat().st_mtime_ns for one in [path, *path.parent.rglob("*")]} == before


def test_parts_of_a_store(logged: dict[str, Any]) -> None:
    path = logged["path"]
    if path.suffix == ".db":
        assert len(read(path)) == 2
        return
    (run,) = path.glob(f"*/{logged['first']}")
    assert len(read(run.parent)) == 2
    for part in (run, run / "metrics"):
        (history,) = read(part)
        assert values(history, "train.loss") == TRAIN
    (history,) = read(run / "metrics" / "train" / "loss")
    assert (history.roles, history.config.batch_size) == (("train.loss",), 32)


def test_a_column_is_corrected(logged: dict[str, Any]) -> None:
    first = read(logged["path"], {"val.f1": "val_accuracy"})
    assert values(first[0], "val.f1") == pytest.approx([0.1 * epoch for epoch in range(8)])


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"lr": "0.1", "opt_learning_rate": "0.01"}, {}),
        ({"lr": "0.1", "learning_rate": "0.1"}, {"learning_rate": 0.1}),
        ({"batch_size": "32.0", "epochs": "many", "optimizer": "<keras.SGD object>"}, {"batch_size": 32}),
        ({"optimizer": "None", "seed": "-1", "per_device_train_batch_size": "8"}, {"seed": -1}),
        ({"maxEpochs": "12", "OptName": "AdamW"}, {"epochs": 12, "optimizer": "adamw"}),
    ],
)
def test_parameters(parameters: dict[str, str], expected: dict[str, Any]) -> None:
    assert config_of(parameters).model_dump(exclude_none=True) == expected


def test_a_file_of_yaml_is_read_as_plain_lines(tmp_path: Path) -> None:
    run = tmp_path / "mlruns" / "0" / "abc"
    shutil.copytree(LOGS / "mlruns" / "480871" / "b2e1", run)
    (run / "meta.yaml").write_text(
        "run_name: !!python/object/apply:os.system ['x']\nstart_time: &a 3\nstatus: '4'\n<<: *a\nname: \"two: words\"\n"
    )
    (history,) = read(run)
    assert history.source == str(run)
    assert any("this run failed" in note for note in history.notes)


def test_other_folders_with_metrics_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "report.txt").write_text("all is well\n")
    assert reader.READER.recognizes(tmp_path) == 0.0
    assert reader.READER.recognizes(tmp_path / "metrics" / "report.txt") == 0.0


def test_models_are_no_runs(tmp_path: Path) -> None:
    """MLflow 3 keeps metrics of models beside those of runs."""
    shutil.copytree(LOGS / "mlruns" / "480871" / "b2e1", tmp_path / "0" / "b2e1")
    shutil.copytree(LOGS / "mlruns" / "480871" / "a7c3", tmp_path / "0" / "models" / "m-1")
    assert [one.name for one in store.run_folders(tmp_path)] == ["b2e1"]
    assert [one.name for one in store.run_folders(tmp_path / "0")] == ["b2e1"]


def made(path: Path, rows: str = "", tables: str = "") -> Path:
    with sqlite3.connect(path) as connection:
        connection.executescript(
            tables
            or "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INT, lifecycle_stage TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INT, run_uuid TEXT, step INT, is_nan INT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
        )
        connection.executescript(f"BEGIN; {rows} COMMIT;")
    connection.close()
    return path


RUN = "INSERT INTO runs VALUES ('a', 'n', 'RUNNING', 5, 'active');"


def rows(count: int) -> str:
    return "".join(f"INSERT INTO metrics VALUES ('loss', {1 / (i + 1)}, {i}, 'a', {i}, 0);" for i in range(count))


def test_a_database_that_is_none_of_mlflow(tmp_path: Path) -> None:
    path = made(tmp_path / "other.db", tables="CREATE TABLE weather (day INT);")
    with pytest.raises(SourceError, match="SQLite database, but none of MLflow"):
        read(path)


def test_views_in_place_of_tables_are_not_asked(tmp_path: Path) -> None:
    path = made(
        tmp_path / "trap.db",
        tables="CREATE VIEW runs AS SELECT 1; CREATE VIEW metrics AS SELECT 1; CREATE VIEW params AS SELECT 1;",
    )
    assert not database.is_mlflow(path)


def test_a_database_with_a_journal_says_so(tmp_path: Path) -> None:
    path = made(tmp_path / "mlflow.db", RUN + rows(9))
    (tmp_path / "mlflow.db-wal").write_bytes(b"")
    (history,) = read(path)
    assert values(history, "train.loss") == [1 / (i + 1) for i in range(9)]
    assert any("(-wal)" in note for note in history.notes)
    assert any("has not ended" in note for note in history.notes)
    assert not (tmp_path / "mlflow.db-shm").exists()


def test_a_query_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "mlflow.db", RUN + rows(2000))
    monkeypatch.setattr(database, "MOST_WORK", 0)
    monkeypatch.setattr(database, "WORK_BETWEEN_LOOKS", 100)
    with pytest.raises(SourceError, match="interrupted"):
        reader.READER.read(path, ReadRequest())


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "mlflow.db", RUN + rows(50) + "INSERT INTO runs VALUES ('b', 'm', 'FINISHED', 9, 'active');")
    monkeypatch.setattr(database, "MOST_POINTS", 20)
    runs, _ = database.read_database(path)
    assert [sum(map(len, run.metrics.values())) for run in runs] == [20, 0]
    monkeypatch.setattr(database, "MOST_RUNS", 1)
    runs, notes = database.read_database(path)
    assert [run.name for run in runs] == ["m"]
    assert any("only the newest" in note for note in notes)
    run = store.read_stored(LOGS / "mlruns" / "480871" / "b2e1", room=5)
    assert run is not None
    assert sum(map(len, run.metrics.values())) == 5
    assert any("the first 5 are used" in note for note in run.notes)


@pytest.mark.parametrize("value", ["'text'", "x'00ff'", "1e999", "NULL"])
def test_values_of_other_kinds(tmp_path: Path, value: str) -> None:
    insert = "".join(f"INSERT INTO metrics VALUES ('loss', {value}, {i}, 'a', {i}, 0);" for i in range(3))
    path = made(tmp_path / "mlflow.db", RUN + insert)
    if value in ("1e999", "NULL"):
        assert same(values(read(path)[0], "train.loss"), [math.inf if value == "1e999" else math.nan] * 3)
    else:
        with pytest.raises(SourceError, match="cannot be read"):
            read(path)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made(tmp_path_factory.mktemp("sound") / "mlflow.db", RUN + rows(30)).read_bytes()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_a_damaged_database_is_read_or_refused(
    sound: bytes, tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = bytearray(sound)
    for place, put in edits:
        start = 16 + place % (len(content) - 32)
        content[start : start + len(put)] = put
    path = folder / "mlflow.db"
    path.write_bytes(bytes(content))
    assert 0.0 <= reader.READER.recognizes(path) <= 1.0
    refused = ""
    try:
        assert reader.READER.read(path, ReadRequest())
    except SourceError as error:
        refused = str(error)
    assert refused == "" or str(path) in refused


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["1731000000123 0.5 1", "1731000000124 nan 2", "x", "", "1731000000125 0.25", "17310 1", "\0"]),
        max_size=12,
    )
)
def test_any_file_of_a_metric_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "metrics" / "loss"
    path.parent.mkdir()
    path.write_text("\n".join(lines))
    assert 0.0 <= reader.READER.recognizes(path) <= 1.0
    refused = ""
    try:
        assert reader.READER.read(path, ReadRequest())
    except SourceError as error:
        refused = str(error)
    assert refused == "" or str(path.parent) in refused
