# One thread a process: the machine's cores go to the tests, not to the thread pools inside them.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export TF_NUM_INTRAOP_THREADS := 1
export TF_NUM_INTEROP_THREADS := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export KERAS_BACKEND := tensorflow

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOGS ?= tests/data/logs
# A process for each of two cores; the tests of a file stay together, for they share trainings.
WORKERS ?= --numprocesses=2 --dist=loadfile
RUNS ?= 1000000
WRITERS ?=

.PHONY: demo test test-all search lint docs site bench bench-engine bench-torch bench-keras bench-readers bench-faults mutants fuzz-readers record-logs check-logs clean

demo: $(VENV)/core
	$(BIN)/expert advise docs/examples/stuck_at_79_percent.csv --set optimizer=sgd --fail-on never

test: $(VENV)/test lint
	$(BIN)/python -m pytest -m "not slow" $(WORKERS) --cov=expert --cov-branch --cov-report=term --cov-fail-under=95

test-all: $(VENV)/test $(VENV)/docs lint
	$(BIN)/python -m pytest $(WORKERS)

search: $(VENV)/test
	$(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-profile=search $(WORKERS)

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/test
	$(BIN)/python -m docs.generate

site: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.report
	$(BIN)/python -m docs.generate

bench-engine: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.engine
	$(BIN)/python -m tests.benchmarks.rules

bench-faults: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.faults make
	$(BIN)/python -m tests.benchmarks.faults evaluate

bench-torch: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.watching --write

bench-keras: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.keras --write

bench-readers: $(VENV)/test
	$(BIN)/python -m tests.benchmarks.readers --write

mutants: $(VENV)/test
	$(BIN)/python -m tests.mutation

fuzz-readers: $(VENV)/test
	nice -n 10 $(BIN)/python -m tests.fuzz --runs $(RUNS)

record-logs: $(VENV)/test
	$(BIN)/python -m tests.record $(WRITERS)

check-logs: $(VENV)/test
	$(BIN)/python -m tests.check_logs $(LOGS)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/core: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/test: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"
	touch $@ $(VENV)/core

$(VENV)/docs: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	touch $@ $(VENV)/core

clean:
	rm -rf $(VENV) build dist site *.egg-info
