# Reprieve. `make` alone lists the targets.

PYTHON ?= python3
PORT   ?= 4566

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LINT   := .local/lint
NPM    := tests/sdk-node/node_modules/.package-lock.json bench/node_modules/.package-lock.json tests/browser/node_modules/.package-lock.json

export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help install run demo invoke test test-slow test-slow-stack test-slow-rest test-pythons simulate contract screenshots bench bench-day bench-classification bench-cold bench-warm bench-lift bench-orgs lint format build lock
.PHONY: clean node

help: ## list these targets
	@echo "Reprieve: a control plane for email bounces. Start with"
	@echo
	@echo "    make run          (a few minutes the first time, then seconds; Ctrl-C stops it and keeps the data)"
	@echo "    make demo         (in a second terminal)"
	@echo
	@echo "All targets:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "    make %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "PORT=4577 puts the stack on another port, PYTHON=python3.13 picks another Python (3.11 or later)."

install: $(READY) ## make .venv with every tool in it: .venv/bin/reprieve, .venv/bin/sam

run: $(READY) ## run the whole product on this machine: a local AWS, deployed, with a demo organization
	@$(BIN)/python -m local.run --port=$(PORT)

demo: $(READY) ## play the main loop against the running stack
	@$(BIN)/python -m local.demo

invoke: $(READY) ## run one function with one event in Lambda's image, against the running stack (needs Docker): EVENT=remove_list/empty_list
	@$(BIN)/python -m local.invoke "$(EVENT)" $(ARGS)

test: $(READY) node ## run the quick tests, including those that deploy the real template to a local AWS
	@$(BIN)/python -m pytest -m "not slow" -n auto $(ARGS)

test-slow: test-slow-stack test-slow-rest ## run the slow tests, and the property tests with many more examples

test-slow-stack: $(READY) node ## of these, run those on the local stack
	@# they mostly wait: two stacks share them, a file at a time
	@$(BIN)/python -m pytest -m slow tests/stack -n 2 --dist loadfile $(ARGS)

test-slow-rest: $(READY) node ## of these, run the others
	@$(BIN)/python -m pytest -m "slow or hypothesis" --hypothesis-profile thorough -n auto --ignore tests/stack $(ARGS)

test-pythons: ## run the unit tests on every supported Python that this machine has
	@$(PYTHON) -m local.pythons

simulate: $(READY) ## simulate the removal protocol under faults: 100,000 histories, all pairs of faults (SEEDS=... SCHEDULES=... for fewer)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SCHEDULES),--schedules $(SCHEDULES))

bench: $(READY) node ## measure requests, capacity and throughput against the physical floor, on dynoxide (FULL=1: a million entries)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.lists $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.system_log $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python:cli $(BIN)/python -m bench.long_list $(if $(FULL),--full)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.removals
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.ingest
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.authentication

bench-day: $(READY) ## have a day of a million events of five providers happen, against a brute-force model (most of an hour)
	@PYTHONPATH=layers/domain/python:. $(BIN)/python -m bench.day_of_events

bench-classification: $(READY) ## measure the bounce classifier on labelled public data; fails if a goal is missed
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.classification

bench-cold: $(READY) node ## measure what cold requests cost against a bare start of boto3; fails if a goal is missed (minutes under valgrind)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.cold_start

bench-warm: $(READY) node ## measure what warm requests cost against bare boto3; fails if a goal is missed (minutes under valgrind)
	@PYTHONPATH=layers/domain/python $(BIN)/python -m bench.warm

bench-lift: $(READY) ## measure how long lifts and bounces take on a local stack of its own; fails if a goal is missed (ten minutes)
	@PYTHONPATH=layers/domain/python:cli:. $(BIN)/python -m bench.lift

bench-orgs: $(READY) node ## measure what a run of the removal job costs by the number of organizations; fails if a goal is missed
	@PYTHONPATH=layers/domain/python:. $(BIN)/python -m bench.organizations

lint: $(READY) $(LINT)/.ready ## check style, types and the template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(LINT)/bin/cfn-lint template.yaml
	$(BIN)/sam validate --lint
	@$(BIN)/python -m local.scan

format: $(READY) ## format the code with ruff and apply its safe fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

contract: $(READY) ## write the OpenAPI documents and the pages of /reprieve/docs, after a change of a route or of openapi/
	@PYTHONPATH=layers/domain/python $(BIN)/python -m openapi

screenshots: $(READY) node ## take pictures of every page in Chromium, into .local/screenshots/ (needs Debian's chromium)
	@SHOTS=.local/screenshots $(BIN)/python -m pytest tests/functions/test_documents_in_a_browser.py tests/functions/console/in_a_browser $(ARGS)

build: $(READY) ## build the functions and layers for this machine, into .local/build/
	@$(BIN)/python -m local.build

lock: ## write the dependency locks, with hashes (UPGRADE=1 takes newer versions)
	$(PYTHON) local/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove what was built and installed; the local stack's data (.local/) stays
	rm -rf $(VENV) $(LINT) .aws-sam .local/build .local/build-cache artifacts/pyodide/node_modules .local/lock .mypy_cache .ruff_cache .hypothesis tests/sdk-node/node_modules bench/node_modules tests/browser/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements/dev.txt local/install.py
	@$(PYTHON) local/install.py

# The newest cfn-lint, and checkov, whose dependencies are not those of the SAM CLI.
$(LINT)/.ready: requirements/lint.txt
	@echo "Installing the template's linters into $(LINT) (half a minute the first time)"
	@$(PYTHON) -m venv $(LINT)
	@$(LINT)/bin/python -m pip install --quiet --require-hashes --no-deps --no-compile --disable-pip-version-check -r $<
	@touch $@

node: $(NPM)

# Only the tests with the vendors' Node clients or a browser, and the tests and benchmarks on dynoxide (a local DynamoDB), need Node.
# Tests that are skipped because it is missing say so.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@if command -v npm >/dev/null; then cd $* && npm ci --no-audit --no-fund --loglevel=error; \
	else echo "npm is not installed: the tests that need the packages in $* will be skipped"; fi
