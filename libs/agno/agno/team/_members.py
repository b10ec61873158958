"""The members of a team as its leader sees them: checked, named, listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agno.agent._component import Component
from agno.tools.function import Function, name_of
from agno.tools.toolkit import Toolkit
from agno.utils.team import get_member_id


class Member:
    """One member: the component, and the id and name it goes by in this team."""

    def __init__(self, component: Any) -> None:
        self.component = component
        self.id: str = get_member_id(component) or ""
        self.name: str = component.name or self.id
        self.is_team: bool = component.session_type == "team"

    @property
    def kind(self) -> str:
        return "Team" if self.is_team else "Agent"


class Roster:
    """The members of one team, and of the teams among them."""

    def __init__(self, team: Any, components: Sequence[Any]) -> None:
        self.members = [Member(component) for component in components]
        self._by_id = {member.id: member for member in reversed(self.members)}
        check(team, self.members)
        for member in self.members:
            if member.is_team and isinstance(member.component.members, (list, tuple)):
                for name in Roster(member.component, member.component.members).names():
                    self._by_id.setdefault(name, member)
        self._listings: dict[bool, str] = {}

    def names(self) -> Iterator[str]:
        """All ids by which somebody in this team can be reached."""
        yield from self._by_id

    def find(self, member_id: Any) -> Member | None:
        """The direct member with this id, or the team among the members that contains it."""
        found = self._by_id.get(str(member_id))
        if found is None:  # models like to write the name
            found = next((m for m in self.members if m.name == member_id or str(m.component.id) == member_id), None)
        return found

    def of_run(self, output: Any) -> Member | None:
        """The member whose run this is."""
        fields = output.__dict__
        wanted = fields.get("team_id") or fields.get("agent_id")
        return next((member for member in self.members if member.component.id == wanted), None)

    def listing(self, *, with_tools: bool) -> str:
        """The members as the leader reads them."""
        text = self._listings.get(with_tools)
        if text is None:
            text = self._listings[with_tools] = "\n".join(_lines(self.members, 0, with_tools=with_tools))
        return text


def check(team: Any, members: Sequence[Member]) -> None:
    """Refuse what cannot work, in a sentence that names it."""
    _refuse_cycles(team, (team,))
    seen: dict[str, Member] = {}
    for member in members:
        if any(other.component is member.component for other in seen.values()):
            raise ValueError(f"members= of {team!r} lists {member.component!r} twice; a member is listed once.")
        other = seen.get(member.id) or next((m for m in seen.values() if m.name == member.name), None)
        if other is not None:
            called = member.name if member.name == other.name else member.id
            raise ValueError(
                f"members= of {team!r} holds two that are called {called!r}: {other.component!r} and "
                f"{member.component!r}. Give one of them another name= (or id=), so that the leader can tell them apart."
            )
        seen[member.id] = member


def check_kinds(team: Any, components: Any) -> None:
    """Refuse members that are none."""
    if not isinstance(components, (list, tuple)):
        raise TypeError(
            f"members= of {team!r} is {components!r} ({type(components).__name__}). It takes a list of agents and teams, "
            "or a function that gives one."
        )
    for item in components:
        kind = getattr(item, "session_type", None) if isinstance(item, Component) else None
        if kind not in ("agent", "team"):
            rest = (
                "a workflow goes into tools=[WorkflowTools(...)]" if kind else "functions and toolkits go into tools="
            )
            raise TypeError(
                f"members= of {team!r} holds {item!r} ({type(item).__name__}). A member is an Agent or a Team; {rest}."
            )


def _refuse_cycles(team: Any, above: tuple[Any, ...]) -> None:
    members = above[-1].members
    for member in members if isinstance(members, (list, tuple)) else ():
        if any(member is one for one in above):
            path = " > ".join(repr(one.name or one.id) for one in (*above, member))
            raise ValueError(f"{team!r} would be a member of itself ({path}), and its runs would never end.")
        if getattr(member, "session_type", None) == "team":
            _refuse_cycles(team, (*above, member))


def roster_of(team: Any, components: Any) -> Roster:
    """The roster of a list of members: made once, and anew when one of them was exchanged or renamed."""
    key = tuple(_fingerprint(components))
    kept = team.__dict__.get("_known_roster")
    if kept is None or kept[0] != key:
        check_kinds(team, components)
        kept = team.__dict__["_known_roster"] = (key, Roster(team, components))
    roster: Roster = kept[1]
    return roster


def _fingerprint(components: Any, above: tuple[int, ...] = ()) -> Iterator[Any]:
    for component in components:
        yield id(component)
        settings = getattr(component, "__dict__", {})
        if id(component) in above:  # a circle, which is refused when the roster is made
            continue
        yield from map(settings.get, ("id", "name", "role", "description"))
        yield id(settings.get("tools"))
        if "members" in settings and isinstance(settings["members"], (list, tuple)):
            yield from _fingerprint(settings["members"], (*above, id(component)))


# What the leader reads -----------------------------------------------------------------------------------------------


def _lines(members: Sequence[Member], indent: int, *, with_tools: bool) -> Iterator[str]:
    pad = " " * indent
    for number, member in enumerate(members, 1):
        component = member.component
        if member.is_team:
            yield f"{pad}- Team: {member.name}"
            yield f"{pad}- ID: {member.id}"
        else:
            yield f"{pad}- Agent {number}:"
            yield f"{pad}  - ID: {member.id}"
            yield f"{pad}  - Name: {member.name}"
        about = component.role or component.description
        if about:
            yield f"{pad}{'' if member.is_team else '  '}- Role: {about}"
        if component.input_schema is not None:
            yield f"{pad}  - Input: a task_description that is JSON with the fields {_fields(component.input_schema)}"
        if with_tools and not member.is_team and (tools := list(tool_names(component.tools))):
            yield f"{pad}  - Member tools:"
            yield from (f"{pad}    - {name}" for name in tools)
        if member.is_team and isinstance(component.members, (list, tuple)):
            inner = [Member(one) for one in component.members]
            yield from _lines(inner, indent + 2, with_tools=with_tools)


def _fields(schema: Any) -> str:
    names = getattr(schema, "model_fields", None) or getattr(schema, "__annotations__", {})
    return ", ".join(names)


def tool_names(tools: Any) -> Iterator[str]:
    for item in tools if isinstance(tools, (list, tuple)) else ():
        if isinstance(item, Toolkit):
            yield from item.get_functions()
        elif isinstance(item, Function):
            yield item.name
        elif callable(item):
            yield name_of(item)


__all__ = ["Member", "Roster", "check_kinds", "roster_of", "tool_names"]
