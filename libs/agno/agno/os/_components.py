"""What is served: agents, teams, workflows, their databases and their knowledge, by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fastapi import HTTPException

from agno._io import ASYNC
from agno.os._caller import Caller

KINDS = ("agent", "team", "workflow")


class Components:
    """The components of an AgentOS. What is not there is an HTTPException with status 404."""

    def __init__(
        self, agents: Sequence[Any], teams: Sequence[Any], workflows: Sequence[Any], interfaces: Iterable[Any] = ()
    ) -> None:
        if not (agents or teams or workflows):
            raise ValueError("AgentOS has nothing to serve: give it at least one of agents=, teams= and workflows=.")
        self.interfaces = list(interfaces)
        self.agents = _by_id("agent", agents)
        self.teams = _by_id("team", teams)
        self.workflows = _by_id("workflow", workflows)
        self.of_kind = {"agent": self.agents, "team": self.teams, "workflow": self.workflows}
        self.dbs: dict[str, Any] = {}
        self.knowledge: dict[str, Any] = {}  # by the id of the database of its contents
        for component in self.everything():
            self._find_in(component)

    def add(self, db: Any, knowledge: Iterable[Any]) -> None:
        """Serve a database and knowledge that no component has, too."""
        self.add_db(db)
        for one in knowledge:
            self.add_knowledge(one)

    def add_db(self, db: Any) -> None:
        """Serve what is in a database, too."""
        if db is not None:
            self.dbs.setdefault(db.id, db)

    def add_knowledge(self, knowledge: Any) -> None:
        """Serve a knowledge, too, if it keeps a list of its contents."""
        contents = getattr(knowledge, "contents_db", None)
        if contents is not None:
            self.add_db(contents)
            self.knowledge.setdefault(contents.id, knowledge)

    def _find_in(self, component: Any) -> None:
        self.add_db(getattr(component, "db", None))
        knowledge = getattr(component, "knowledge", None)
        if not callable(knowledge):
            self.add_knowledge(knowledge)

    def everything(self) -> Iterator[Any]:
        """Each component once, with those inside of teams, workflows and interfaces."""
        seen: set[int] = set()
        of_interfaces = [component for one in self.interfaces for component in _of_interface(one)]
        for component in (*self.agents.values(), *self.teams.values(), *self.workflows.values(), *of_interfaces):
            yield from _inside(component, seen)

    # Lookups ---------------------------------------------------------------------------------------------------------

    def agent(self, agent_id: str) -> Any:
        """The agent with this id."""
        return self.component("agent", agent_id)

    def team(self, team_id: str) -> Any:
        """The team with this id."""
        return self.component("team", team_id)

    def workflow(self, workflow_id: str) -> Any:
        """The workflow with this id."""
        return self.component("workflow", workflow_id)

    def component(self, kind: str, component_id: str) -> Any:
        """The agent, team or workflow with this id; `kind` says which of them."""
        found = self.of_kind[kind].get(component_id)
        if found is None:
            raise HTTPException(404, f"{kind.title()} not found")
        return found

    def db(self, db_id: str | None = None) -> Any:
        """The database with this id; without one, the only one there is."""
        if db_id is None:
            if len(self.dbs) > 1:
                raise HTTPException(400, "The db_id query parameter is required when using multiple databases")
            if not self.dbs:
                raise HTTPException(404, "No database is served here")
            return next(iter(self.dbs.values()))
        if db_id not in self.dbs:
            raise HTTPException(404, f"Database with id '{db_id}' not found")
        return self.dbs[db_id]

    def knowledge_of(self, db_id: str | None = None) -> Any:
        """The knowledge whose contents are listed in this database; without an id, the only one there is."""
        if db_id is None:
            if not self.knowledge:
                raise HTTPException(
                    400, "No knowledge is served here: give an agent, or AgentOS, one with a contents_db"
                )
            if len(self.knowledge) > 1:
                raise HTTPException(400, "The db_id query parameter is required when using multiple databases")
            return next(iter(self.knowledge.values()))
        if db_id not in self.knowledge:
            raise HTTPException(404, f"Knowledge instance with id '{db_id}' not found")
        return self.knowledge[db_id]


async def ask(method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a method of a database, of either colour, without blocking the event loop."""
    return await ASYNC.call(method, *args, **kwargs)


async def own_session(component: Any, session_id: str, caller: Caller) -> None:
    """Status 404 for the session of another user, and, for a caller who is one user, for one that is nobody's."""
    if caller.user_id is None or component.db is None:
        return
    session = await ask(component.db.read_session, session_id, None, None, 0)
    if session is not None and session.user_id != caller.user_id:
        raise HTTPException(404, f"Session with id '{session_id}' not found")


def _of_interface(interface: Any) -> list[Any]:
    own = getattr(interface, "component", None)
    return getattr(interface, "components", None) or ([own] if own is not None else [])


def _by_id(kind: str, given: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for component in given:
        component.set_id()
        if component.id in found and found[component.id] is not component:
            raise ValueError(
                f"Two {kind}s have the id {component.id!r}: {found[component.id]!r} and {component!r}. "
                "Give one of them another id= or name=."
            )
        found[component.id] = component
    return found


def _inside(component: Any, seen: set[int]) -> Iterator[Any]:
    if id(component) in seen:
        return
    seen.add(id(component))
    yield component
    members = getattr(component, "members", None)
    for member in members if isinstance(members, (list, tuple)) else ():
        yield from _inside(member, seen)
    for node in getattr(component, "nodes", None) or ():
        yield from _in_step(node, seen)


def _in_step(node: Any, seen: set[int]) -> Iterator[Any]:
    for name in ("agent", "team", "workflow"):
        executor = getattr(node, name, None)
        if executor is not None:
            yield from _inside(executor, seen)
    for inner in node.nodes:
        yield from _in_step(inner, seen)


__all__ = ["KINDS", "Components", "ask", "own_session"]
