# make demo   install and show the main job         make test    install and run the test suite
# make check  format, lint, types, layers, surface
.PHONY: demo test check format surface pins clean
export OMP_NUM_THREADS = 1
export UV_LINK_MODE = copy
PY ?= python3
BIN = .venv/bin
UV = $(BIN)/python -m uv

demo: .venv/.demo
	$(BIN)/python cookbook/demo.py

test: .venv/.test
	cd libs/agno && ../../$(BIN)/python -m pytest -n 2

check: .venv/.test
	$(BIN)/ruff format --check --config libs/agno/pyproject.toml libs cookbook
	$(BIN)/ruff check --config libs/agno/pyproject.toml libs cookbook
	cd libs/agno && ../../$(BIN)/mypy agno
	cd libs/agno && ../../$(BIN)/python -m pytest tests/house

format: .venv/.test
	$(BIN)/ruff check --fix --config libs/agno/pyproject.toml libs cookbook || true
	$(BIN)/ruff format --config libs/agno/pyproject.toml libs cookbook

surface: .venv/.test
	cd libs/agno && ../../$(BIN)/python tests/house/surface.py --write

pins: .venv/.uv
	for name in demo test; do $(UV) pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; done

.venv/.uv:
	$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PY) -m venv .venv || { rm -rf .venv; echo "python3 -m venv failed; on Debian install it with: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -q uv
	touch $@

.venv/.demo: .venv/.uv requirements/demo.txt libs/agno/pyproject.toml
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/demo.txt
	$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e libs/agno
	touch $@

.venv/.test: .venv/.uv requirements/test.txt libs/agno/pyproject.toml
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements/test.txt
	$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e libs/agno
	touch $@

clean:
	rm -rf .venv .node
