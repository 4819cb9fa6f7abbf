# Two commands on a machine that has only python3, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-action test-agents lock lint format docs bench bench-quick build clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST)

.venv: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "loopcoder needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); $(PYTHON) -m pip install --user --quiet virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV); }
	@echo "installing loopcoder into $(VENV), once; this takes a minute" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv  ## a small real project, from roadmap to merged work
	@$(BIN)/loopcoder demo

test: .venv lint  ## every check and the fast tests
	@$(BIN)/pytest -q -n $(JOBS)

test-slow: .venv  ## the slow lane: a thousand kills, large inputs, new examples for the property tests
	@$(BIN)/pytest -q -n $(JOBS) -m slow
	@$(BIN)/pytest -q -n $(JOBS) --hypothesis-profile=default tests/domain tests/model

test-action: .venv  ## the real workflows, run by act against the test server
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,act]'
	@$(BIN)/pytest -q -m slow tests/act tests/e2e/test_relay.py tests/e2e/test_relay_tampered.py

lock: .venv  ## what the Action installs, by hash, from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-annotate --upgrade pyproject.toml --output-file action/requirements.txt

AGENTS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/loopcoder-test-agents

test-agents: .venv  ## real agents from npm and PyPI (2 GB), against a scripted model
	@$(BIN)/python -m tests.real_agents.install "$(AGENTS)"
	@LOOPCODER_TEST_AGENTS="$(AGENTS)" $(BIN)/pytest -q -m slow tests/real_agents

lint: .venv  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv  ## the reference pages that are made from the code
	@$(BIN)/python -m loopcoder.entrypoints.docs

bench: .venv  ## measure; the table in docs/reference/performance.md
	@$(BIN)/python -m benchmarks --write

bench-quick: .venv  ## a first impression; writes nothing
	@$(BIN)/python -m benchmarks --quick

build: .venv  ## wheel and sdist
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache
