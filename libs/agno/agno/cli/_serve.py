"""`agno serve FILE[:name]`: an AgentOS, an app, or just agents from a Python file, as a service."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from agno.agent import Agent
from agno.os.app import AgentOS
from agno.team import Team
from agno.workflow import Workflow

_USUAL = ("agent_os", "app", "os")
_NAME = "agno_served"


def run(options: argparse.Namespace) -> int:
    """Serve until it is stopped."""
    service, app = found(options.what)
    service.serve(app, host=options.host, port=options.port, insecure=options.insecure)
    return 0


def found(what: str) -> tuple[AgentOS, FastAPI]:
    """What `FILE[:NAME]` stands for. ValueError if there is nothing of the kind."""
    file, _, name = what.partition(":") if not Path(what).exists() else (what, "", "")
    module = _loaded(Path(file))
    if name:
        if not hasattr(module, name):
            raise ValueError(f"{file} defines no {name!r}.")
        return _as_service(getattr(module, name), f"{name} of {file}")
    for usual in (*_USUAL, *vars(module)):
        value = getattr(module, usual, None)
        if isinstance(value, AgentOS) or (isinstance(value, FastAPI) and hasattr(value.state, "agent_os")):
            return _as_service(value, usual)
    return _as_service(_of_parts(module, file), file)


def _as_service(value: Any, where: str) -> tuple[AgentOS, FastAPI]:
    if isinstance(value, AgentOS):
        return value, value.get_app()
    if isinstance(value, FastAPI):
        service = getattr(value.state, "agent_os", None)
        if service is None:
            raise ValueError(f"{where} is a FastAPI app without an AgentOS; make it with AgentOS(...).get_app().")
        return service, value
    if isinstance(value, (Agent, Team, Workflow)):
        parts: dict[str, Any] = {f"{value.session_type}s": [value]}
        made = AgentOS(**parts)
        return made, made.get_app()
    raise ValueError(
        f"{where} is a {type(value).__name__}; agno serve takes an AgentOS, its app, an agent, a team or a workflow."
    )


def _of_parts(module: ModuleType, file: str) -> AgentOS:
    """An AgentOS of whatever the file defines."""
    values = list({id(value): value for value in vars(module).values()}.values())
    parts: dict[str, Any] = {
        "agents": [one for one in values if isinstance(one, Agent)],
        "teams": [one for one in values if isinstance(one, Team)],
        "workflows": [one for one in values if isinstance(one, Workflow)],
    }
    if not any(parts.values()):
        raise ValueError(
            f"{file} defines no AgentOS, agent, team or workflow at its top level, so there is nothing to serve."
        )
    return AgentOS(**parts, name=Path(file).stem)


def _loaded(path: Path) -> ModuleType:
    if not path.is_file():
        raise ValueError(f"There is no file {str(path)!r}. Write agno serve my_agents.py, or my_agents.py:agent_os.")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{str(path)!r} is no Python file; its name ends with .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    return module


__all__ = ["found", "run"]
