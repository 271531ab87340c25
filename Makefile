# Two commands do everything on a fresh machine with Python and make: `make study` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PIP_OPTIONS ?=
SCALE ?=
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help install study test test-full lint format bench clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY)  ## make the virtual environment with everything that is tested

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet $(PIP_OPTIONS) --constraint constraints.txt --group dev --editable .
	touch $(READY)

study: $(READY)  ## install, then train every arm of the pocket study and open its report; SCALE=smoke for a look
	$(BIN)/synergy doctor
	mkdir -p runs
	$(BIN)/synergy pocket show --family count --num 12 --out runs/pocket_problems.png
	$(BIN)/synergy study studies/pocket.yaml $(if $(SCALE),--set scale=$(SCALE)) --open

test: $(READY)  ## all quick tests, with the types of tensors checked; a file at a time on each of two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-full: $(READY)  ## every test, long ones included; the log is kept in docs/test-full.log
	set -o pipefail; $(BIN)/python -m pytest -m "" --durations=20 2>&1 | tee docs/test-full.log

lint: $(READY)  ## format, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyrefly check --summarize-errors
	$(BIN)/lint-imports

format: $(READY)  ## mend format and style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed and memory against TRL, about 25 minutes; BENCH="--quick" or BENCH="--only sft" for less
	$(BIN)/python benchmarks/run.py $(BENCH)

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
