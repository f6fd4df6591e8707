# `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
STATIC := src/platewatch/app/static
DASHBOARD_SOURCES := $(shell find dashboard -path dashboard/node_modules -prune -o -type f -print 2>/dev/null)
NODE_MAJOR := 20
SHARED ?= ../shared/datasets
TESTS_AT_ONCE ?= 2
# It fails all the same: this only tells a test that is broken from one that hangs on its neighbors.
ONLY_FAILED := --last-failed --last-failed-no-failures none

# Node is used where it is new enough, else taken from a Python package into the virtual environment.
WITH_NODE = export PATH="$(abspath $(BIN)):$$PATH"

DOCS := $(VENV)-docs

TORCH := 2.13.0
TRAINING := training/.venv
FONT_PACKAGES := $(shell sed -n 's/.*package: *\([a-z0-9-]*\).*/\1/p' training/src/platewatch_training/synthesis/typefaces/debian.yaml | sort -u)
TEST_PACKAGES := chromium nginx-light tesseract-ocr tesseract-ocr-eng $(FONT_PACKAGES)

.PHONY: help run serve install dashboard migrate test test-tools check format lint types dashboard-check openapi settings-docs benchmark replay training training-check docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: install dashboard migrate serve ## install everything, start the server and the dashboard

serve:
	@$(BIN)/platewatch serve

install: $(STAMPS)/package ## make .venv with the server's pinned requirements

dashboard: $(STATIC)/index.html ## build the dashboard

migrate: $(STAMPS)/package
	@$(BIN)/platewatch migrate

test: $(STAMPS)/dev $(STATIC)/index.html ## install what tests need and run them all
	$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist loadfile $(PYTEST_ARGS) \
	  || { echo 'What failed, once more and one at a time:'; $(BIN)/python -m pytest $(ONLY_FAILED) $(PYTEST_ARGS); exit 1; }

test-tools: ## install Debian's packages that some tests need (as root)
	@dpkg -s $(TEST_PACKAGES) >/dev/null 2>&1 || { apt-get update -q && apt-get install -qy --no-install-recommends $(TEST_PACKAGES); }

check: $(STAMPS)/dev ## format, lint, types, documents, dashboard, training and all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory docs
	@$(MAKE) --no-print-directory dashboard-check
	@$(MAKE) --no-print-directory training-check
	@$(MAKE) --no-print-directory test

format: $(STAMPS)/dev ## format the code, and write the documents of the settings
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@$(BIN)/python -m platewatch.settings.docs
	@$(WITH_NODE); cd dashboard && npm run --silent format

dashboard-check: $(STAMPS)/dashboard
	@$(WITH_NODE); cd dashboard && npm run --silent check

openapi: $(STAMPS)/dev $(STAMPS)/dashboard ## write the API's description and the dashboard's client from it
	$(BIN)/platewatch openapi > dashboard/openapi.json
	@$(WITH_NODE); cd dashboard && npm run --silent generate

settings-docs: $(STAMPS)/package ## write docs/settings.md and .env.example from the settings' docstrings
	$(BIN)/python -m platewatch.settings.docs

benchmark: $(STAMPS)/dev ## accuracy and speed (SHARED=folder of the labelled photos)
	$(BIN)/python -m benchmarks.accuracy --datasets $(SHARED)
	$(BIN)/python -m benchmarks.speed --datasets $(SHARED)
	$(BIN)/python -m benchmarks.settling

replay: $(BIN)/python ## run deploy/Dockerfile's steps in an empty folder, without containers (minutes)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(BIN)/python deploy/replay.py "$$folder"

training: $(TRAINING)/stamp ## make training/.venv with PyTorch, for `platewatch-train`

training-check: $(TRAINING)/stamp ## types and tests of the training package
	MYPYPATH=training/src:src $(TRAINING)/bin/python -m mypy training/src training/tests
	$(TRAINING)/bin/python -m pytest -c training/pyproject.toml training/tests \
	  || { echo 'What failed, once more:'; $(TRAINING)/bin/python -m pytest -c training/pyproject.toml $(ONLY_FAILED) training/tests; exit 1; }

docs: $(STAMPS)/docs ## build the documents as a site in build/site, warnings as errors
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --clean

lock: $(STAMPS)/dev ## pin the requirements anew
	$(BIN)/pip install -q 'uv==0.13.8'
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) -o requirements/server.txt
	$(BIN)/uv pip compile pyproject.toml --extra production $(LOCK_OPTIONS) -c requirements/server.txt -o requirements/production.txt
	$(BIN)/uv pip compile pyproject.toml --group dev $(LOCK_OPTIONS) -c requirements/server.txt -o requirements/dev.txt
	$(BIN)/uv pip compile requirements/node.in $(LOCK_OPTIONS) -o requirements/node.txt
	$(BIN)/uv pip compile requirements/training.in $(LOCK_OPTIONS) -c requirements/dev.txt -o requirements/training.txt
	$(BIN)/uv pip compile requirements/docs.in $(LOCK_OPTIONS) -o requirements/docs.txt
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q

clean: ## remove what was built (never the data)
	rm -rf $(VENV) $(TRAINING) $(STATIC) dashboard/node_modules .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "platewatch needs Python 3.11 or newer; say which one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/package: $(BIN)/python requirements/server.txt pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/server.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: $(STAMPS)/package requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(STAMPS)/node: $(STAMPS)/package requirements/node.txt
	@if [ "$$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -lt $(NODE_MAJOR) ]; then \
	  $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt; fi
	@touch $@

$(STAMPS)/dashboard: $(STAMPS)/node dashboard/package-lock.json
	@$(WITH_NODE); cd dashboard && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/docs: $(STAMPS)/package requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

$(STATIC)/index.html: $(STAMPS)/dashboard $(DASHBOARD_SOURCES)
	@$(WITH_NODE); cd dashboard && npm run --silent build
	@touch $@

$(TRAINING)/stamp: requirements/dev.txt requirements/training.txt training/pyproject.toml pyproject.toml
	test -x $(TRAINING)/bin/python || $(PYTHON) -m venv $(TRAINING)
	$(TRAINING)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt -r requirements/training.txt
	$(TRAINING)/bin/pip install -q --disable-pip-version-check --no-deps torch==$(TORCH)
	$(TRAINING)/bin/pip install -q --disable-pip-version-check --no-deps -e . -e training
	@touch $@
