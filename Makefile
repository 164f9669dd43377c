# Everything a newcomer types. `make demo` and `make test` set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The demo's stack keeps its data in the checkout, apart from one that `botobs up` may run for this user.
DEMO_HOME := $(CURDIR)/.botobs/demo
DRILLS := tests/drills
# They spend their time waiting for alerts of one demo: the machine has room for the others meanwhile.
ALERT_DRILLS := tests/drills/test_alert_drills.py
OTHER_DRILLS := $(filter-out $(ALERT_DRILLS),$(wildcard tests/drills/test_*.py))

.DEFAULT_GOAL := help
.PHONY: help setup demo smoke test lint unit integration drills e2e bench bench-scale docs pictures lock clean

help:  ## show this
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

setup: $(READY)  ## the virtual environment with every locked dependency

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "botobs needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV)"
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --seed --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

demo: $(READY)  ## the demo trading platform on real backends, with a live view; PROFILE=cluster: several of each; Ctrl-C ends it
	@$(BIN)/python -m botobs._demo --home $(DEMO_HOME) --profile $(or $(PROFILE),machine) $(ARGS)

smoke: $(READY)  ## start everything on free ports, trade for 20 s, check what is seen, stop; PROFILE=cluster too
	@$(BIN)/python -m botobs._demo.smoke --profile $(or $(PROFILE),machine) $(ARGS)

# The backends build while the quick tests run: on a machine with nothing cached they take longest.
test: $(READY)  ## lint, types and all tests
	@mkdir -p .botobs
	@$(BIN)/botobs build collector prometheus tempo alertmanager postgres_exporter mimir object-store front helm kubeconform >.botobs/build.log 2>&1 & build=$$!; \
	  $(MAKE) --no-print-directory lint unit || { kill $$build 2>/dev/null; exit 1; }; \
	  wait $$build || { cat .botobs/build.log; exit 1; }
	@$(MAKE) --no-print-directory integration
	@echo "drills of alerts run beside the others, and are told at the end; meanwhile: .botobs/alerts.log"
	@$(MAKE) --no-print-directory drills PROFILE=short DRILLS='$(ALERT_DRILLS)' >.botobs/alerts.log 2>&1 & alerts=$$!; failed=0; \
	  $(MAKE) --no-print-directory drills PROFILE=short DRILLS='$(OTHER_DRILLS)' || failed=1; \
	  wait $$alerts || failed=1; \
	  cat .botobs/alerts.log; exit $$failed

lint: $(READY)  ## ruff, the border between the wings, and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

unit: $(READY)  ## tests without any backend, in seconds
	@$(BIN)/python -m pytest tests/unit $(ARGS)

integration: $(READY)  ## tests against the real backends
	@$(BIN)/python -m pytest tests/integration $(ARGS)

drills: $(READY)  ## faults against the real stack; PROFILE=short as in CI, else the long form
	@$(BIN)/python -m pytest $(DRILLS) --drill-profile=$(or $(PROFILE),long) $(ARGS)

# Downloads freqtrade, some 800 MB that stay in the cache, and so is no part of `make test`.
e2e: $(READY)  ## freqtrade, unmodified, on paper against the exchange simulator, seen in the real backends
	@$(BIN)/python -m pytest tests/e2e $(ARGS)

bench: $(READY)  ## overhead beside the stock SDK and others, as ratios of one interleaved run
	@$(BIN)/python -m bench $(ARGS)

bench-scale: $(READY)  ## platforms of 10 to 8,000 bots on a real stack: the coefficients of botobs size, and the plot
	@mkdir -p .botobs
	@$(BIN)/python -m bench.scale .botobs/scale.json $(ARGS)
	@$(BIN)/python -m bench.scale.fit .botobs/scale.json
	@$(BIN)/python -m bench.scale.plot .botobs/scale.json docs/images/growth.svg

docs: $(READY)  ## write the generated pages and dashboards again
	@$(BIN)/python -m docs.generate

pictures: $(READY)  ## take the documentation's pictures of a real report; needs Chromium
	@$(BIN)/python -m docs.pictures $(ARGS)

lock: $(READY)  ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --extra dev --no-emit-index-url --no-header --universal \
	  --python-version 3.11 pyproject.toml --output-file requirements.lock

clean:  ## stop the demo and remove its data; built programs stay in the cache
	@if [ -x $(BIN)/botobs ] && [ -f $(DEMO_HOME)/stack.json ]; then $(BIN)/botobs down --home $(DEMO_HOME) || true; fi
	@for lock in $(wildcard .botobs/*/stack.lock); do \
	  $(BIN)/python -c 'import pathlib, sys; from botobs._sdk.process import alive; sys.exit(alive.locked(pathlib.Path(sys.argv[1])))' $$lock \
	    || { echo "a stack still runs in $$(dirname $$lock): stop it first"; exit 1; }; \
	done
	rm -rf .botobs
