# Two commands: `make demo` and `make test`. Each sets up what it needs.

# The first Python from 3.11 on that is found; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench docs format clean

demo: $(VENV)/lab
	@$(BIN)/fastmode demo

test: check
	$(BIN)/python -m pytest

check: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev
	$(BIN)/python tests/benchmarks/run.py

docs: $(VENV)/dev
	$(BIN)/python tests/docs.py

format: $(VENV)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(VENV)/lab: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab]'
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/lab

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "fastmode-magic needs Python 3.11 or newer, and none was found: install one, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -qq --no-install-recommends python3-venv; \
		else echo "$(PYTHON) cannot make virtual environments: install your system's python3-venv, then try again."; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
