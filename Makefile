# Everything runs from .venv, which `make env` creates with Python >= 3.11 and nothing else installed.
# `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q

# Arguments for the programs that the targets start, e.g. make unit ARGS="-k aging".
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help env check format check-style check-types check-imports check-schemas \
        test unit contract scenario integration faults fuzz demo bench compose-check stack-up stack-down lock clean
MAKEFLAGS += --no-print-directory

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP) ## create .venv with the locked dependencies

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Arrears needs Python 3.11 or newer; choose one with: make PYTHON=python3.13 …" >&2; exit 1; }
	@echo "creating the environment in $(VENV), about a minute …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

check: check-style check-types check-imports check-schemas ## format, lint, types, import contracts, schemas

check-style: $(STAMP)
	@echo "style …" && $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .

check-types: $(STAMP)
	@echo "types …" && $(BIN)/mypy --no-error-summary

check-imports: $(STAMP)
	@echo "imports …" && $(BIN)/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

check-schemas: $(STAMP)
	@echo "schemas …" && $(BIN)/arrears schemas check

format: $(STAMP) ## format the code, mend what lint can mend
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix .

test: check ## everything: checks, then all tests, on a Kafka and a MongoDB that it starts
	@$(PYTEST) $(ARGS) tests

unit: $(STAMP) ## the tests that need no broker and no database, in seconds
	@$(PYTEST) $(ARGS) -m "not stack and not faults" tests

contract scenario integration faults: $(STAMP)
	@$(PYTEST) $(ARGS) tests/$@

fuzz: $(STAMP) ## 100,000 hostile payloads through every door, some minutes
	@FUZZ_PAYLOADS=100000 $(PYTEST) $(ARGS) tests/unit/ingest/test_door_fuzz.py

# make demo ONCE=1 ends by itself; make demo DATA=file.csv takes your own invoices.
demo: $(STAMP) ## a year of history through everything; ONCE=1 ends by itself, DATA=file.csv is yours
	@$(BIN)/arrears demo $(if $(ONCE),--once) $(if $(DATA),--data "$(DATA)") $(ARGS)

bench: $(STAMP) ## speed, as ratios to a bare loop
	@$(BIN)/arrears bench $(ARGS)

compose-check: ## try docker-compose.yml for real: kill each container, compare (needs Docker)
	@deploy/compose-check $(ARGS)

stack-up: $(STAMP) ## a local Kafka and MongoDB that stay
	@$(BIN)/arrears stack up $(ARGS)

stack-down: $(STAMP) ## end them
	@$(BIN)/arrears stack down $(ARGS)

# uv is not among the dependencies: install it anywhere. The lock names no host and no path.
lock: ## renew the locked requirements from pyproject.toml (needs uv)
	@for f in "requirements.txt" "requirements-dev.txt --group dev"; do \
	  env -u UV_FIND_LINKS -u PIP_FIND_LINKS uv pip compile pyproject.toml --quiet --universal --generate-hashes \
	    --no-header --no-annotate --python-version 3.11 $(ARGS) -o $$f >/dev/null || exit 1; done

clean: ## end the local stack, remove what was made here
	@if [ -x $(BIN)/arrears ]; then $(BIN)/arrears stack down >/dev/null 2>&1 || true; fi
	@rm -rf $(VENV) .arrears .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
