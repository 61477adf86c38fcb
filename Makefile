# The two commands a fresh machine needs; each sets up its own virtual environment first.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
.PHONY: demo test lint clean

demo: $(STAMP)            ## before/after report on the packaged sample pair
	@$(VENV)/bin/toolkit report sample:before sample:after -o out/evidence.md --db out/sample.duckdb

test: $(STAMP)            ## everything that must hold: lint, types, tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) out
