# Two commands do everything: `make demo` and `make test`. `make gate` runs the second tier of tests, too.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo

.PHONY: demo test gate check bench docs clean

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

$(BIN)/.runtime: pyproject.toml constraints.txt hatch_build.py
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	@touch $@

$(BIN)/.installed: $(BIN)/.runtime
	$(INSTALL) --editable '.[dev]'
	@touch $@

demo: $(BIN)/.runtime  ## the example group: raw files to inventory, report and pages
	$(BIN)/abate demo --dir $(DEMO)

check: $(BIN)/.installed  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/.browser: $(BIN)/.installed tests/browser/install.sh
	@sh tests/browser/install.sh
	@touch $@

test: check  ## checks and the first tier of tests, in under eight minutes on two cores
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

gate: check $(BIN)/.browser  ## checks and all tests; its last lines are pytest's
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(BIN)/.installed  ## 1, 10 and 100 million activities beside SQL and Polars and on a cluster, the pages, packing, dispatch, contracts, forecasts, claims, report, load, hostile files, kills
	$(BIN)/python benchmarks/scale.py --spark
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/packing.py
	$(BIN)/python benchmarks/dispatch.py
	$(BIN)/python benchmarks/microgrids.py
	$(BIN)/python benchmarks/contracts.py
	$(BIN)/python benchmarks/matching.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/forecasting.py
	$(BIN)/python benchmarks/disclosure.py
	$(BIN)/python benchmarks/load.py
	$(BIN)/python benchmarks/hostile.py
	$(BIN)/python benchmarks/kills.py

docs: $(BIN)/.installed  ## write the generated pages again
	$(BIN)/python docs/generate.py

clean:
	rm -rf .venv demo
