# Reprieve. `make` alone tells what there is.

PYTHON ?= python3
PORT   ?= 4566

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
NPM    := tests/sdk-node/node_modules/.package-lock.json bench/node_modules/.package-lock.json

export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help run demo invoke test test-slow test-pythons simulate bench bench-classification lint format build lock
.PHONY: clean node

help: ## say what each of these does
	@echo "Reprieve: a control plane for email bounces. Start with"
	@echo
	@echo "    make run          (first time: a few minutes, later: seconds; Ctrl-C stops it and keeps the data)"
	@echo "    make demo         (in a second terminal)"
	@echo
	@echo "All of them:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "    make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "PORT=4577 puts the stack on another port, PYTHON=python3.13 picks another Python (3.11 or later)."

run: $(READY) ## the whole product on this machine: a local AWS, deployed, with a demo organization
	@$(BIN)/python -m local.run --port=$(PORT)

demo: $(READY) ## play the main loop against the running stack (WAIT=1 waits for the schedule)
	@$(BIN)/python -m local.demo $(if $(WAIT),--wait)

invoke: $(READY) ## one function with one event in Lambda's image, by Docker: EVENT=remove_list/empty_list (ARGS="--env-vars env.json")
	@$(BIN)/python -m local.invoke "$(EVENT)" $(ARGS)

test: $(READY) node ## the quick tests, with those that deploy the real template to a local AWS
	@$(BIN)/python -m pytest -m "not slow" -n auto $(ARGS)

test-slow: $(READY) node ## the tests that the quick suite has no time for, and many more examples for its properties
	@$(BIN)/python -m pytest -m "slow or hypothesis" --hypothesis-profile thorough -n auto --ignore tests/stack $(ARGS)
	@$(BIN)/python -m pytest -m slow tests/stack $(ARGS)

test-pythons: ## the unit tests on every supported Python that this machine has
	@$(PYTHON) -m local.pythons

simulate: $(READY) ## the removal protocol under every fault: 100,000 histories, all pairs of faults (SEEDS=... SCHEDULES=... for fewer)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SCHEDULES),--schedules $(SCHEDULES))

bench: $(READY) node ## requests, capacity and throughput against the physical floor, on dynoxide (FULL=1: a million entries)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.lists $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.system_log $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python:cli $(BIN)/python -m bench.long_list $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.removals

bench-classification: $(READY) ## how well refusals are judged, on labelled public data; fails when a goal is missed
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.classification

lint: $(READY) ## style, types and the template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml
	$(BIN)/sam validate --lint

format: $(READY) ## let ruff put the code in shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

build: $(READY) ## build the functions and layers for this machine, into .local/build/
	@$(BIN)/python -m local.build

lock: ## lock the dependencies anew, with hashes (UPGRADE=1 takes newer versions)
	$(PYTHON) local/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove what was built and installed; the local stack's data (.local/) stays
	rm -rf $(VENV) .aws-sam .local/build .local/lock .mypy_cache .ruff_cache .hypothesis tests/sdk-node/node_modules bench/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements/dev.txt local/install.py
	@$(PYTHON) local/install.py

node: $(NPM)

# Node is needed for nothing but the contract tests with the vendors' Node clients and with dynoxide, a second DynamoDB,
# which say so when they are skipped.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@if command -v npm >/dev/null; then cd $* && npm ci --no-audit --no-fund --loglevel=error; \
	else echo "npm is not here: the tests that need what it installs in $* will be skipped"; fi
