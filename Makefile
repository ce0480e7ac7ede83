# Two commands: `make reports` and `make test`. Both make .venv with the locked dependencies first.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= 2

.PHONY: reports test build lab notebooks clean

reports: $(READY)
	$(BIN)/brapkg build
	$(BIN)/brapkg report --all-levels --language sv --jobs $(JOBS)

test: $(READY)
	$(BIN)/brapkg build
	$(BIN)/python -m pytest tests -n $(JOBS) --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=120 notebooks

build: $(READY)
	$(BIN)/brapkg build

lab: $(READY)
	$(BIN)/jupyter lab notebooks

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "brapkg needs Python 3.11 or later; name one as make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(READY)

# Run the notebooks anew and store their outputs, which `make test` compares.
notebooks: build
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False --log-level=ERROR notebooks/*.ipynb

clean:
	rm -rf .venv reports
	find data/processed -name '*.parquet' -delete
	rm -f data/processed/datapackage.json
