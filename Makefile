# Everything a newcomer types. `make demo` and `make test` set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# With empty caches it sets the environment up several times as fast as pip, its own installation included.
UV := uv==0.13.9
# The demo's stack keeps its data in the checkout, apart from one that `botobs up` may run for this user.
DEMO_HOME := $(CURDIR)/.botobs/demo
.DEFAULT_GOAL := help
.PHONY: help setup demo smoke test check lint unit integration drills bench bench-scale snapshots docs coverage release-check pictures lock clean

help:  ## show this
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

setup: $(READY)  ## the virtual environment with every locked dependency

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "botobs needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV)"
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --seed --allow-existing --python $(PYTHON) $(VENV) && uv=uv; \
	else \
	  $(PYTHON) -m venv $(VENV) || exit 1; \
	  if $(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV); then uv=$(BIN)/uv; fi; \
	fi; \
	if [ -n "$$uv" ]; then \
	  $$uv pip install --quiet --python $(BIN)/python -r requirements.lock && \
	  $$uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

demo: $(READY)  ## the demo trading platform on real backends, with a live view; PROFILE=cluster: several of each; Ctrl-C ends it
	@$(BIN)/botobs demo --home $(DEMO_HOME) --profile $(or $(PROFILE),machine) $(ARGS)

smoke: $(READY)  ## start everything on free ports, trade for 20 s, check what is seen, stop; PROFILE=cluster too
	@$(BIN)/python -m botobs._demo.smoke --profile $(or $(PROFILE),machine) $(ARGS)

test: $(READY)  ## lint, types, unit tests, the tests on real backends, which are built first where the cache lacks them, and a sample of the lanes
	@$(BIN)/python -m tests.suite test

check: $(READY)  ## lint, types and unit tests, side by side; nothing is built
	@$(BIN)/python -m tests.suite check

lint: $(READY)  ## ruff, the border between the wings, and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

unit: $(READY)  ## unit tests alone; ARGS=tests/unit/trading for some of them
	@$(BIN)/python -m pytest $(or $(ARGS),tests/unit -n 3 --dist worksteal)

integration: $(READY)  ## tests on real backends alone, those of the lanes too; ARGS=tests/integration/report for some
	@$(BIN)/python -m pytest $(or $(ARGS),tests/integration)

drills: $(READY)  ## the long tests: LANE=<name>, listed without it; PROFILE=long for longer outages, LANE=soak ARGS=--minutes=5 for a short soak
	@$(BIN)/python -m tests.lanes $(LANE) $(addprefix --profile=,$(PROFILE)) $(ARGS)

bench: $(READY)  ## overhead beside the stock SDK and others, as ratios of one interleaved run
	@$(BIN)/python -m bench $(ARGS)

bench-scale: $(READY)  ## platforms of 10 to 8,000 bots on a real stack: the coefficients of botobs size, and the plot
	@mkdir -p .botobs
	@$(BIN)/python -m bench.scale .botobs/scale.json $(ARGS)
	@$(BIN)/python -m bench.scale.fit .botobs/scale.json
	@$(BIN)/python -m bench.scale.plot .botobs/scale.json docs/images/growth.svg

snapshots: $(READY)  ## write the public interface to tests/snapshots/ again, after a change that is meant
	@$(BIN)/python -m docs.interface

docs: $(READY)  ## write the generated pages and dashboards again, build the site into site/, and check its links
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

coverage: $(READY)  ## which lines the unit tests run; the table is printed, no number is required
	@mkdir -p .botobs
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(or $(ARGS),tests/unit -q -n 3 --dist worksteal)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered

release-check: $(READY)  ## build the distributions, and try the wheel in an empty environment; TAG=v0.1.0 compares versions too
	@$(BIN)/python -m tests.release $(addprefix --tag=,$(TAG))

pictures: $(READY)  ## take the documentation's pictures of a real report; needs Chromium
	@$(BIN)/python -m docs.pictures $(ARGS)

lock: $(READY)  ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --extra dev --no-emit-index-url --no-header --universal \
	  --python-version 3.11 pyproject.toml --output-file requirements.lock

clean:  ## stop the demo and remove its data; built programs stay in the cache
	@if [ -x $(BIN)/botobs ] && [ -f $(DEMO_HOME)/stack.json ]; then $(BIN)/botobs down --home $(DEMO_HOME) || true; fi
	@for lock in $(wildcard .botobs/*/stack.lock); do \
	  $(BIN)/python -c 'import pathlib, sys; from botobs._sdk.process import alive; sys.exit(alive.locked(pathlib.Path(sys.argv[1])))' $$lock \
	    || { echo "a stack still runs in $$(dirname $$lock): stop it first"; exit 1; }; \
	done
	rm -rf .botobs
