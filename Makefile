# Two commands: `make demo` and `make test`. Each sets up what it needs.

# The first Python from 3.11 on that is found; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

PAGE := fastmode_magic/labextension/package.json
PAGE_SOURCES := $(shell find labextension -name node_modules -prune -o -name lib -prune -o -type f -print)
POSTGRES = $(shell command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null)
CHROMIUM = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: demo test test-page test-rest check bench docs format clean chromium postgres

demo: $(VENV)/lab
	@$(BIN)/fastmode demo

test: $(VENV)/dev chromium postgres
	@$(MAKE) --no-print-directory --jobs 2 test-page test-rest

# Side by side: the page's tests wait for a browser half of the time.
test-page:
	$(BIN)/python -m pytest tests/ui

test-rest: check
	FASTMODE_CHROMIUM=$(CHROMIUM) $(BIN)/python labextension/page.py test
	$(BIN)/python -m pytest --ignore tests/ui

check: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python labextension/page.py run --silent check

bench: $(VENV)/dev chromium
	$(BIN)/python tests/benchmarks/run.py

docs: $(VENV)/dev
	$(BIN)/python tests/docs.py

format: $(VENV)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python labextension/page.py run --silent format

# A page needs a browser: Debian's, installed where we may.
chromium:
	@test -n "$(CHROMIUM)" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
		else echo "The tests of the page need Chromium, and none was found: install your system's chromium, then try again."; exit 1; fi; }

# The tests of a shared ledger need a server: Debian's, of which only the programs are used.
postgres:
	@test -n "$(POSTGRES)" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf && \
			DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends postgresql >/dev/null; \
		else echo "The tests of a shared ledger need PostgreSQL, and none was found: install your system's postgresql, then try again."; exit 1; fi; }

$(PAGE): $(PAGE_SOURCES) | $(VENV)/bin/pip
	$(BIN)/python labextension/page.py

$(VENV)/lab: pyproject.toml $(PAGE) | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab]'
	@touch $@

$(VENV)/dev: pyproject.toml $(PAGE) | $(VENV)/bin/pip
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
	rm -rf $(VENV) build dist fastmode_magic/labextension fastmode_magic/views/static labextension/lib labextension/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
