# make demo   a catalogue of the sample registries, served on http://127.0.0.1:8001
# make test   all tests, on up to four cores        make lint   ruff and mypy        make bench   how fast (recorded payloads needed)
# make test-compiled, make bench-compiled           the same of what reads eligibility criteria, compiled (a C compiler needed)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test test-compiled lint bench bench-compiled lock clean

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

# Python takes the compiled modules for those of the project folder.
COMPILED := PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/.venv/compiled:$(CURDIR) $(BIN)/python

test-compiled: .venv/compiled
	@$(COMPILED) -c 'from normalize import measures as m; assert not m.__file__.endswith(".py"), f"{m.__file__} is not compiled"'
	@$(COMPILED) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile tests/normalize $(ARGS)

bench-compiled: .venv/compiled
	@$(COMPILED) -m tests.benchmarks $(ARGS)

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

.venv/compiled: .venv/development pyproject.toml $(wildcard normalize/*.py normalize/vocabulary/*)
	@echo "Compiling what reads eligibility criteria (a minute)"
	@rm -rf $@
	@HATCH_BUILD_HOOK_ENABLE_MYPYC=1 HATCH_BUILD_CLEAN_HOOKS_AFTER=1 $(PIP) --no-deps --target $@ .
	@touch $@
