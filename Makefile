# Each target sets up its own virtual environment first.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
# Hundreds of programs are started: each module is compiled once, and not at every start.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: demo check test coverage test-random test-matrix test-lowest test-python benchmark clean

demo: $(STAMP)            ## 45 seconds of five shadow connectors, and the report on the sample pair
	@$(VENV)/bin/toolkit smoke --minutes 0.75 --db out/store.duckdb
	@$(VENV)/bin/toolkit report sample:before sample:after -o out/evidence.md --db out/store.duckdb

check: $(STAMP)           ## lint, format, types, layers, unit tests: a minute and a half
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types unit

.PHONY: types unit
types: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/mypy

unit: $(STAMP)
	$(VENV)/bin/pytest -m "not slow"

# One process more than processors, because one of them runs the tests that wait.
WORKERS = $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
test: $(STAMP) types      ## everything that must hold
	$(VENV)/bin/pytest --numprocesses $(WORKERS) --durations 15

coverage: $(STAMP)        ## the same tests, and the share of the code that they run
	$(VENV)/bin/pytest --numprocesses $(WORKERS) --cov --cov-report term

test-random: $(STAMP)     ## property tests and damaged runs from a new seed: make test-random SEED=… repeats one
	@echo "seed $(SEED)"
	TOOLKIT_TEST_SEED=$(SEED) $(VENV)/bin/pytest --numprocesses auto --hypothesis-seed $(SEED) -m "hypothesis or drawn"
SEED ?= $(shell od -An -N3 -tu4 /dev/urandom | tr -d ' ')
SEED := $(SEED)

test-matrix: $(STAMP)     ## all cases of large sets, as every fault at every venue; `make test` takes some of each
	TOOLKIT_TEST_MATRIX=whole $(VENV)/bin/pytest --numprocesses $(WORKERS) -m sampled

TESTS ?= -m "not slow"
LOWEST := .venv-lowest
test-lowest:              ## the tests on the lowest versions that pyproject.toml allows: make test-lowest TESTS=tests/cli
	@$(PYTHON) -m venv --clear $(LOWEST)
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[dev]'
	$(LOWEST)/bin/python -m pytest $(TESTS)

test-python:              ## the tests on another version of Python: make test-python PYTHON=python3.13
	@$(MAKE) --no-print-directory VENV=.venv-$(notdir $(PYTHON)) PYTHON=$(PYTHON) tests-there

.PHONY: tests-there
tests-there: $(STAMP)
	$(VENV)/bin/python --version
	$(VENV)/bin/python -m pytest $(TESTS)

benchmark: $(STAMP)       ## speed and memory beside a plain reading
	$(VENV)/bin/python -m tests.benchmarks.analyze

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-* out runs
