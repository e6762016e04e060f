# Everything from a bare machine: Python 3.11 (to 3.13) and make. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
TOOL := .venv-datacontract
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Empty: a machine that forbids it would compile three hundred modules in every process that a test starts.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run ui test test-fast acceptance test-bench lint contracts-lint format bench clean install

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## create .venv with everything pinned (run and test do it by themselves)

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "installing into $(VENV) (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(VENV)/.installed ## the main job on the built-in province, from its first day to yesterday
	@$(BIN)/cchc run --sandbox two-level-2026 $(ARGS)

ui: $(VENV)/.installed ## Dagster UI and daemon on http://127.0.0.1:3000, with the built-in province beside them
	@$(BIN)/cchc ui $(ARGS)

# Files that run the pipeline are begun first (tests/conftest.py). ORDER= shuffles files and the tests in them.
ORDER ?= -p no:randomly
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: $(VENV)/.installed ## every test but acceptance and benches, a process per core (at most four)
	@$(PYTEST) $(ORDER) -m "not acceptance and not bench" $(ARGS)

test-fast: $(VENV)/.installed ## unit tests only
	@$(BIN)/python -m pytest $(ORDER) -m "not e2e and not browser and not acceptance and not bench" $(ARGS)

acceptance: $(VENV)/.installed ## whole provinces against their truth and the published figures (these lie beside the project)
	@$(PYTEST) $(ORDER) -m acceptance $(ARGS)

test-bench: $(VENV)/.installed ## every bench at its smallest size, held against its yardstick
	@$(PYTEST) $(ORDER) -m bench $(ARGS)

lint: $(VENV)/.installed ## style, types, direction of imports, SQL that travels, contracts, definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python .ci/portable_sql.py
	@$(BIN)/cchc contract check
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check defs >/dev/null
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg list defs --json >/dev/null
	@$(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

contracts-lint: $(VENV)/.installed $(TOOL)/.installed ## contracts under the public ODCS tool: lint all, test what is published
	@$(TOOL)/bin/python .ci/public_tool.py lint data_contracts/*.odcs.yaml data_contracts/released/*/*.odcs.yaml
	@if [ -e data/published/current ]; then \
	  rm -rf $(TOOL)/exported && $(BIN)/cchc contract export --published data/published/current --to $(TOOL)/exported >/dev/null && \
	  $(TOOL)/bin/python .ci/public_tool.py test $(TOOL)/exported/*.odcs.yaml; \
	else echo "nothing is published in data: make run first, and this tests it as well"; fi

$(TOOL)/.installed: Makefile
	@echo "installing the public tool into $(TOOL) (once, about a minute; it pins an older DuckDB) …"
	@test -x $(TOOL)/bin/python || $(PYTHON) -m venv $(TOOL)
	@$(TOOL)/bin/python -m pip install --quiet 'datacontract-cli[duckdb]==1.2.8'
	@touch $@

format: $(VENV)/.installed ## mend style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.installed ## ratios measured side by side in one run
	@PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

clean: ## remove the lake and the Dagster instance; the environment stays
	@rm -rf data .dagster
