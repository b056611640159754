# The same lines as in README.md, for those who have make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: setup demo test check golden bench docs clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

demo: setup
	$(BIN)/python demo.py

test: setup
	$(BIN)/python -m pytest -n auto

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: setup
	$(BIN)/python -m pytest tests/golden --update-golden

bench: setup
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

docs: setup
	$(BIN)/python -m pytest tests/test_documentation.py

clean:
	rm -rf var/demo build dist
