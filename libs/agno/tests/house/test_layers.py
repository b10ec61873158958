"""Rooms import downwards only, and only `_io` knows how to wait. `docs/index.md` shows the rooms."""

from __future__ import annotations

import ast

import pytest

from house.imports import Import, all_imports, imports_of, module_of, modules

# The longest matching prefix decides. A module may import from its own layer and from lower ones.
ROOMS = {
    # 0: how to wait, and small helpers
    "agno": 0,
    "agno._io": 0,
    "agno.approval": 2,
    "agno.utils": 0,
    "agno.media": 0,
    "agno.exceptions": 0,
    "agno.filters": 0,
    "agno.cloud": 0,
    # 1: data
    "agno.run": 1,
    "agno.session": 1,
    "agno.models.message": 1,
    "agno.models.metrics": 1,
    "agno.models.response": 1,
    "agno.metrics": 1,
    "agno.reasoning.step": 1,
    "agno.db.schemas": 1,
    "agno.debug": 1,
    # 2: ports, and what is written once above them
    "agno.models": 2,
    "agno.tools": 2,
    "agno.db": 2,
    "agno.vectordb": 2,
    "agno.knowledge": 2,
    # 3: adapters, see `adapter`
    # 4: services
    "agno.guardrails": 4,
    "agno.hooks": 4,
    "agno.reasoning": 4,
    "agno.memory": 4,
    "agno.culture": 4,
    "agno.learn": 4,
    "agno.compression": 4,
    "agno.skills": 4,
    "agno.registry": 4,
    "agno.session.summary": 4,
    "agno.knowledge.knowledge": 4,
    "agno.knowledge._ingestion": 4,
    "agno.knowledge._readers": 4,
    "agno.knowledge.utils": 4,
    # 5 and 6
    "agno.client": 5,  # below the components that run elsewhere
    "agno._engine": 5,
    "agno.agent": 6.0,
    "agno.team": 6.1,
    "agno.workflow": 6.2,
    # 7: what uses agents
    "agno.eval": 7,
    "agno.os": 7,
    "agno.integrations": 7,
    "agno.tracing": 7,
    "agno.scheduler": 7,
    "agno.testing": 7,
    "agno.cli": 7,
}
ADAPTER = 3

# Files of the ports beside which the adapters of a family lie, and bases that adapters of one family share.
PORTS = (
    *("agno.models.base", "agno.models.defaults", "agno.models.utils", "agno.models.fallback"),
    *("agno.tools.function", "agno.tools.toolkit", "agno.tools.decorator", "agno.tools.schema", "agno.tools.execution"),
    *("agno.db.base", "agno.db.query", "agno.db.tables", "agno.db.utils", "agno.vectordb.base", "agno.vectordb.search"),
    "agno.vectordb.distance",
    *("agno.knowledge.document", "agno.knowledge.types", "agno.knowledge.content", "agno.knowledge.chunking"),
    *("agno.knowledge.embedder.base", "agno.knowledge.reader.base", "agno.knowledge.reranker.base"),
)
FAMILIES = ("agno.models", "agno.tools", "agno.db", "agno.vectordb", "agno.knowledge")
SUBFAMILIES = ("embedder", "reader", "reranker", "chunking")
FAMILY_BASES = frozenset(
    {
        *(
            "agno.models.openai",
            "agno.db.sql",
            "agno.db.postgres",
            "agno.db.singlestore",
            "agno.knowledge.embedder.openai",
        ),
        *("agno.knowledge.reader.text_reader", "agno.knowledge.reader.reader_factory", "agno.knowledge.remote_content"),
    }
)

WAITING = frozenset({"asyncio", "threading", "concurrent", "queue", "multiprocessing", "anyio", "trio"})
MAY_WAIT = {
    # who: (what, why)
    "agno._io": (WAITING | {"time.sleep"}, "the one place that knows how to wait"),
    "agno.testing": ({"asyncio", "threading", "time.sleep"}, "plays a provider, which has latency and many callers"),
    "agno.tools.mcp": ({"asyncio", "concurrent", "anyio", "threading"}, "a connection lives in one task of one loop"),
    "agno.os": ({"asyncio", "anyio"}, "a server, which lives in one event loop"),
    "agno.client": ({"threading"}, "guards what is made once per connection; waits for nobody"),
    "agno.scheduler": ({"asyncio"}, "a service, which lives in the event loop of its server"),
    "agno.db": ({"threading", "queue"}, "drivers' connections belong to a thread, dicts are guarded"),
    "agno.agent._remote_run": ({"threading"}, "tells a service of a cancellation while the caller goes on"),
    "agno.vectordb.sqlite": (
        {"threading", "time.sleep"},
        "SQLite asks it, in a worker thread, how long to wait for a lock",
    ),
    "agno.vectordb": ({"threading"}, "guards what a store within this process shares; waits for nobody"),
    "agno.knowledge._sdk": ({"threading"}, "guards what is loaded once; waits for nobody"),
    "agno.agent._component": ({"threading"}, "guards what is made once per agent; waits for nobody"),
}


# What is loaded at its first use may lie above, for these reasons.
UPWARDS = {
    ("agno.db.base", "agno.db.migrations.v1_to_v2"): "a public method of databases, written above them",
    ("agno.knowledge", "agno.knowledge.knowledge"): "users look for `Knowledge` in its package",
    ("agno.vectordb._store", "agno.knowledge.embedder.openai"): "the embedder that a store without one has",
    ("agno.knowledge.chunking.semantic", "agno.knowledge.embedder.openai"): "the embedder of a chunker without one",
}


def adapter(module: str) -> str | None:
    """The adapter a module belongs to, such as `agno.models.anthropic`; None for everything else."""
    family = next((f for f in FAMILIES if module.startswith(f + ".")), None)
    rooms = [room for room in ROOMS if family and room.startswith(family + ".")]
    if family is None or any(_within(module, other) for other in [*rooms, *PORTS]):
        return None
    own = module[len(family) + 1 :].split(".")
    if own[0] in SUBFAMILIES:
        return None if len(own) == 1 or own[1].startswith("_") else ".".join([family, *own[:2]])
    return None if own[0].startswith("_") else f"{family}.{own[0]}"


def layer(module: str) -> float:
    """The number of the room of a module."""
    if adapter(module) is not None:
        return ADAPTER
    known = [room for room in ROOMS if _within(module, room) and (room != "agno" or module == "agno")]
    assert known, f"{module} has no room: add it to ROOMS in {__file__}"
    return ROOMS[max(known, key=len)]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def broken_edges(imports: tuple[Import, ...]) -> list[str]:
    """Every import that goes upwards, or from one adapter to another."""
    found = []
    for edge in imports:
        if not _within(edge.imported, "agno"):
            continue
        target = module_of(edge.imported)
        here, there = layer(edge.importer), layer(target)
        one, other = adapter(edge.importer), adapter(target)
        if edge.for_types_only and _within(target, edge.importer):
            continue  # a package tells type checkers what lies in it, and loads it when it is asked for
        if edge.later and (edge.importer, target) in UPWARDS:
            continue
        if there > here:
            found.append(f"{edge}: room {there} lies above room {here}")
        elif one and other and one != other and other not in FAMILY_BASES:
            found.append(f"{edge}: adapters do not import each other")
    return found


def _allowed(module: str, what: str) -> str | None:
    return next((who for who, (names, _) in MAY_WAIT.items() if _within(module, who) and what in names), None)


def _waits() -> list[tuple[str, str, int]]:
    """Who uses something that waits: module, what, line."""
    found = []
    for edge in all_imports():
        top = edge.imported.split(".")[0]
        if top in WAITING:
            found.append((edge.importer, top, edge.line))
        elif edge.imported == "time.sleep":
            found.append((edge.importer, "time.sleep", edge.line))
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
                found.append((name, "time.sleep", node.lineno))
    return found


def test_every_module_has_a_room() -> None:
    assert all(layer(module) >= 0 for module in modules())


def test_rooms_import_downwards_only() -> None:
    broken = broken_edges(all_imports())
    assert not broken, "\n".join(["Imports that the house does not have:", *broken])


def test_nothing_of_ours_is_imported_inside_a_function() -> None:
    inside = [str(e) for e in all_imports() if e.in_function and _within(e.imported, "agno")]
    assert not inside, "\n".join(["An import inside a function hides an edge; move what is needed down:", *inside])


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for edge in all_imports():
        if _within(edge.imported, "agno") and not edge.for_types_only and not edge.later:
            graph[edge.importer].add(module_of(edge.imported))
    for name in graph:  # `from agno.x import y` of a package's own __init__ is no circle of its parts
        graph[name] -= {name}
    circle = _circle(graph)
    assert circle is None, "These import each other: " + " -> ".join(circle or ())


def _circle(graph: dict[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph[name]):
            if found := visit(other, [*path, name]):
                return found
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := visit(name, []))), None)


def test_only_the_io_room_knows_how_to_wait() -> None:
    broken = [f"{m}:{line} uses {what}" for m, what, line in _waits() if _allowed(m, what) is None]
    hint = "Wait through a verb of agno._io, or add a line with the reason to MAY_WAIT:"
    assert not broken, "\n".join([hint, *broken])


def test_no_permission_to_wait_is_left_over() -> None:
    used = {who for module, what, _ in _waits() if (who := _allowed(module, what))}
    there = {who for who in MAY_WAIT if any(_within(module, who) for module in modules())}
    assert there - used == set()


@pytest.mark.parametrize(
    ("importer", "line", "problem"),
    [
        ("agno.run.base", "from agno._engine.modes import start", "room 5 lies above room 1"),
        ("agno.models.anthropic.x", "from agno.models.google import Gemini", "adapters do not import each other"),
        ("agno.agent.agent", "from agno.cli.main import main", "room 7 lies above room 6.0"),
        ("agno.tools.function", "from ..tools.reasoning import ReasoningTools", "room 3 lies above room 2"),
    ],
)
def test_a_wrong_import_is_found(importer: str, line: str, problem: str) -> None:
    assert [edge for edge in broken_edges(tuple(imports_of(line, importer))) if edge.endswith(problem)]


def test_a_circle_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
