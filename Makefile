# The two commands a fresh machine needs; each sets up its own virtual environment first.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
.PHONY: demo test clean

demo: $(STAMP)            ## half a minute of five shadow connectors, and the report on the sample pair
	@$(VENV)/bin/toolkit smoke --minutes 0.5 --db out/store.duckdb
	@$(VENV)/bin/toolkit report sample:before sample:after -o out/evidence.md --db out/store.duckdb

test: $(STAMP)            ## everything that must hold: lint, types, tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest --numprocesses auto

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) out runs
