"""What `import agno.agent` loads."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("openai", "anthropic", "google.genai", "ollama", "mcp", "sqlalchemy", "rich", "starlette", "fastapi", "uvicorn",
         "aiohttp", "pypdf", "bs4", "sqlite3")  # fmt: skip


def loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_agents_loads_no_sdk_no_server_and_nothing_that_draws() -> None:
    modules = loaded("import agno.agent")
    assert not [name for name in HEAVY if name in modules]
    assert len(modules) < 650


def test_importing_agno_loads_nothing_of_it() -> None:
    assert [name for name in loaded("import agno") if name.startswith("agno.")] == []
