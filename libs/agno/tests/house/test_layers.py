"""Who may import whom: read from the source, so a forbidden import fails with the line that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "agno"

# the longest prefix counts; a module imports from its own level or below
LEVELS = {
    "agno": 0,
    "agno._io": 0,
    "agno.utils": 0,
    "agno.media": 0,
    "agno.exceptions": 0,
    "agno.debug": 0,
    "agno.approval": 0,
    "agno.models": 2,
    "agno.models.message": 1,
    "agno.models.metrics": 1,
    "agno.models.response": 1,
    "agno.metrics": 1,
    "agno.reasoning": 1,
    "agno.run": 1,
    "agno.session": 1,
    "agno.db.schemas": 1,
    "agno.tools": 2,
    "agno.db": 2,
    "agno.models.openai": 3,
    "agno.models.anthropic": 3,
    "agno.models.google": 3,
    "agno.models.ollama": 3,
    "agno.models.offline": 3,
    "agno.tools.mcp": 3,
    "agno.tools.reasoning": 3,
    "agno.tools.user_control_flow": 3,
    "agno.db.sqlite": 3,
    "agno.db.in_memory": 3,
    "agno.guardrails": 4,
    "agno.hooks": 4,
    "agno._engine": 5,
    "agno.agent": 6,
    "agno.testing": 7,
    "agno.cli": 7,
}
# utils.pprint draws what runs give; it is a leaf that nothing imports
WAITING = {"asyncio", "threading", "concurrent"}
# may use them, and why
MAY_WAIT = {
    "agno._io": "is how everything else waits",
    "agno.testing": "plays a provider: it has latency and a server",
    "agno.tools.mcp": "a connection lives in one task of one loop",
    "agno.utils.ids": "a lock",
    "agno.run.cancel": "a lock",
    "agno.run.cancellation_management": "a lock",
    "agno.db": "locks and connections per thread",
    "agno.agent._component": "a lock",
    "agno.cli.library": "a lock",
    "agno.models._sdk": "clients per event loop, and a lock",
    "agno.models.openai": "clients per event loop, and a lock",
    "agno.models.anthropic": "clients per event loop",
    "agno.models.google": "clients per event loop",
    "agno.models.ollama": "clients per event loop",
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def longest(name: str, table: dict[str, object]) -> str | None:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:end])) in table:
            return prefix
    return None


def level(name: str) -> int:
    found = longest(name, LEVELS)  # type: ignore[arg-type]
    assert found is not None and (found != "agno" or name.count(".") == 0), f"{name} has no room; add it to LEVELS"
    return LEVELS[found]


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def test_modules_import_downwards_only() -> None:
    wrong = []
    for name, path in modules():
        for line, target in imports(ast.parse(path.read_text())):
            if target.split(".")[0] == "agno" and level(target) > level(name):
                wrong.append(
                    f"{path.relative_to(ROOT.parent)}:{line}: {name} (level {level(name)}) imports {target} ({level(target)})"
                )
    assert not wrong, "\n".join(wrong)


def test_adapters_do_not_import_each_other() -> None:
    wrong = []
    for name, path in modules():
        room = longest(name, LEVELS)  # type: ignore[arg-type]
        if room is None or LEVELS[room] != 3:
            continue
        for line, target in imports(ast.parse(path.read_text())):
            other = longest(target, LEVELS)  # type: ignore[arg-type]
            if other not in (None, room) and LEVELS[other] == 3:
                wrong.append(f"{path}:{line}: {room} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_only_the_io_room_knows_threads_and_loops() -> None:
    wrong = []
    for name, path in modules():
        if longest(name, MAY_WAIT):  # type: ignore[arg-type]
            continue
        for line, target in imports(ast.parse(path.read_text())):
            if target.split(".")[0] in WAITING:
                wrong.append(f"{path.relative_to(ROOT.parent)}:{line}: {name} imports {target}; wait through agno._io")
    assert not wrong, "\n".join(wrong)


def test_nothing_of_ours_is_imported_inside_a_function() -> None:
    wrong = []
    for _name, path in modules():
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                wrong += [
                    f"{path.relative_to(ROOT.parent)}:{line}: {target}"
                    for line, target in imports(function)
                    if target.split(".")[0] == "agno"
                ]
    assert not wrong, "\n".join(wrong)
