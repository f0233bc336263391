# make demo   a catalogue of the sample registries, served on http://127.0.0.1:8001
# make test   all tests, on up to four cores        make lint   ruff and mypy        make bench   how fast (recorded payloads needed)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test lint bench lock clean

demo: .venv/harvester
	@$(BIN)/harvester demo $(ARGS)

test: .venv/development
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: .venv/development
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/development
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# New versions of everything, within the bounds of pyproject.toml.
lock:
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --editable '.[dev]'
	$(BIN)/python -m pip --disable-pip-version-check freeze --exclude-editable > constraints.txt

clean:
	rm -rf .venv

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit("Harvester needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.12, say.") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/harvester: .venv/python pyproject.toml constraints.txt
	@$(PIP) --editable .
	@touch $@

.venv/development: .venv/harvester
	@$(PIP) --editable '.[dev]'
	@touch $@
