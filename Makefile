# Salespulse. `make` alone says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help install run test faults check bench clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed $(VENV)/.jars  ## the environment .venv with the command, and the broker's jars

run: install  ## the whole pipeline on this machine, with a simulated call centre
	@exec $(BIN)/salespulse up --demo

test: install  ## every test, after the checks of style and types
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

faults: install  ## faults of every part at full size, some hours; SALESPULSE_FAULTS=small: half an hour
	SALESPULSE_FAULTS=$${SALESPULSE_FAULTS:-whole} $(BIN)/python -m pytest tests/faults -m "whole or not whole" -s -v $(PYTEST)

check: install  ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install  ## the figures of the README, as tables
	$(BIN)/python -m bench

clean:  ## remove what was installed and built; data in .salespulse stays
	rm -rf $(VENV) .salespulse-cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second run has nothing to do.
$(VENV)/.python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "no Python 3.11 or newer found (Debian: apt-get install python3 python3-venv; macOS: brew install python@3.13;"; \
		echo "any system: pyenv install 3.13), or name one: make install PYTHON=/path/to/python3"; exit 1; fi
	@command -v java >/dev/null || [ -n "$$JAVA_HOME" ] || { \
		echo "no Java found: a JDK 17 or newer runs Kafka (Debian: apt-get install openjdk-17-jdk-headless; macOS: brew install openjdk@17)"; exit 1; }
	@command -v mvn >/dev/null || [ -n "$$SALESPULSE_BROKER_JARS" ] || { \
		echo "no Maven found: it fetches Kafka's jars (Debian: apt-get install maven; macOS: brew install maven)"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make environments (Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.jars: $(VENV)/.installed deploy/kafka/pom.xml
	$(BIN)/python -m streams.local.install
	@touch $@
