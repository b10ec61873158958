"""The team: a component whose leader gives tasks to members. What is particular to it lies beside this file."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar

from agno._engine.branching import Continuation
from agno._engine.context import Run
from agno._engine.factories import is_factory, made
from agno._engine.hooks import refuse_async_hooks
from agno._engine.toolbox import component_in_tools
from agno.agent._accessors import Accessors
from agno.agent._cancelling import Cancelling
from agno.agent._component import Component
from agno.agent._copying import Copying
from agno.agent._definition import Definition
from agno.agent._inspection import Inspection
from agno.agent._printing import Printing
from agno.agent._running import Running
from agno.agent._settings import CommonSettings
from agno.models._loop import Exchange
from agno.models.base import Model
from agno.models.message import Message
from agno.run import team as events
from agno.run.team import TeamRunOutput, TeamRunOutputEvent
from agno.session import TeamSession
from agno.team import _continuing
from agno.team._delegating import Delegations, Leader, member_tool
from agno.team._history import runs_to_load, team_history_tool
from agno.team._members import Roster, check_kinds, roster_of
from agno.team._prompt import SECTIONS, TEMPLATED
from agno.team._sessions import TeamSessions
from agno.team.mode import TeamMode
from agno.utils.blank import bare
from agno.utils.later import later
from agno.utils.log import log_warning
from agno.utils.settings import Alias, publish_signature

_diagram, _tasks = later("agno.team._diagram"), later("agno.team._tasks")  # few teams need them


@publish_signature
class Team(
    CommonSettings,
    Running[TeamRunOutput, TeamRunOutputEvent],
    Component,
    Definition,
    Inspection,
    Accessors,
    TeamSessions,
    Cancelling,
    Printing,
    Copying,
):
    """Agents, and teams of them, that work on a question together, led by a model.

    A team is configuration, as an agent is: a run changes nothing on it or its members, so one team serves any number of
    runs at once, and a member may be used on its own or in other teams. Beside the settings of an agent, which are the
    leader's, it has those listed here.
    """

    # Members
    members: Sequence[Any] | Callable[..., Any] = ()  # agents and teams, or a function that gives them for a run
    mode: TeamMode | str | None = None  # coordinate, route, broadcast or tasks; None: coordinate
    respond_directly: bool = False  # route: the member's answer is the team's
    delegate_task_to_all_members: bool = False  # broadcast: every task goes to all members
    max_iterations: int = 10  # rounds over the list of tasks, in the tasks mode
    # a function that gives the key to keep members under, where a function makes them; None: by user, else by session
    callable_members_cache_key: Callable[..., Any] | None = None

    # What members get
    determine_input_for_members: bool = True  # False: they get what the user said, as it is
    share_member_interactions: bool = False  # they read what the others were asked and answered in this run
    add_team_history_to_members: bool = False  # they read what the user and the team said in earlier runs
    num_team_history_runs: int | None = 3  # in how many; None: all

    # What the leader gets
    get_member_information_tool: bool = False  # a tool that lists the members
    add_member_tools_to_context: bool = True  # the names of each member's tools
    read_team_history: bool = False  # a tool that reads what the user and the team said in earlier runs
    max_member_response_chars: int | None = 40_000  # of one answer, in the leader's messages; None for all of it

    # What the caller gets
    stream_member_events: bool = True  # the events of members are in the stream, too
    store_member_responses: bool = False  # keep them in the team's run, too; their own runs are kept anyway
    show_members_responses: bool = False  # in print_response

    _aliases = {**CommonSettings._aliases, "delegate_to_all_members": "delegate_task_to_all_members"}
    delegate_to_all_members = Alias("delegate_task_to_all_members")  # as newer versions of Agno call it
    _removed = {
        **CommonSettings._removed,
        "show_tool_calls": "tool calls are always shown by print_response.",
        "enable_agentic_context": "what members did is shared with share_member_interactions=True.",
        "enable_team_history": "it is called add_history_to_context now.",
        "success_criteria": "put it into instructions= or expected_output=.",
    }

    session_type = "team"
    id_field, name_field = "team_id", "team_name"
    session_class: ClassVar[Any] = TeamSession
    events: ClassVar[Any] = events
    unkept_events = frozenset({"RunContent", "TeamRunContent"})
    prepares = True
    _positions = ("members", "id", "model", "name", "role")
    _required = ("members",)
    prompt_sections, templated_sections = SECTIONS, TEMPLATED
    tool_settings = ()
    runs_to_load = staticmethod(runs_to_load)
    answer = staticmethod(_continuing.answer)

    def __init__(self, *given: Any, **settings: Any) -> None:
        if len(given) > len(self._positions):
            raise TypeError(f"Team takes {', '.join(self._positions)} by position; name the other settings.")
        for name, value in zip(self._positions, given, strict=False):
            if name in settings:
                raise TypeError(f"Team got {name}= twice: by position and by name.")
            settings[name] = value
        self._take(settings)
        if "members" not in settings:
            raise TypeError("Team needs members=, a list of agents and teams; it may be empty.")
        self._settle_mode()
        if not isinstance(self.max_iterations, int) or self.max_iterations < 1:
            raise ValueError(
                f"max_iterations={self.max_iterations!r} of {self!r} is no number of rounds; give 1 or more."
            )
        if not is_factory(self.members):
            check_kinds(self, self.members)
            roster_of(self, self.members)
        if "tools" in settings:
            component_in_tools(self, (Component,))

    # How it works together -------------------------------------------------------------------------------------------

    def _settle_mode(self) -> None:
        """`mode` and the two flags say the same in two ways; of what contradicts, `mode` counts."""
        mine = self.__dict__
        given = mine.get("mode")
        if given is None:
            if self.respond_directly and self.delegate_task_to_all_members:
                log_warning(
                    f"{self!r} has respond_directly=True and delegate_task_to_all_members=True; only one can be, so every "
                    "task goes to all members"
                )
                mine["respond_directly"] = False
            return
        try:
            mode = mine["mode"] = TeamMode(given)
        except ValueError:
            known = ", ".join(repr(one.value) for one in TeamMode)
            raise ValueError(f"mode={given!r} of {self!r} is none of {known}.") from None
        for flag, meant in (("respond_directly", TeamMode.route), ("delegate_task_to_all_members", TeamMode.broadcast)):
            if mine.get(flag, mode is meant) is not (mode is meant):
                log_warning(f"{self!r} has mode={mode.value!r} and {flag}={mine[flag]!r}; the mode counts")
            if mode is meant or flag in mine:
                mine[flag] = mode is meant

    @property
    def team_mode(self) -> TeamMode:
        """The mode in force."""
        if self.delegate_task_to_all_members:
            return TeamMode.broadcast
        if self.respond_directly:
            return TeamMode.route
        return TeamMode(self.mode) if self.mode is not None else TeamMode.coordinate

    @property
    def rows_per_run(self) -> int:
        """A run leaves a row of its own, and usually one for each member."""
        return 1 + (len(self.members) if isinstance(self.members, (list, tuple)) else 4)

    # What the engine asks --------------------------------------------------------------------------------------------

    def new_output(self) -> Any:
        """The output of a run that has not begun: no member has answered."""
        output = bare(TeamRunOutput)
        output.member_responses = []
        return output

    async def prepare(self, run: Run) -> None:
        """Find the knowledge and the members of a run."""
        await super().prepare(run)
        if run.delegations is None:
            run.delegations = Delegations(run)
        members = self.members
        if is_factory(members):
            members = await made(run, "members", members)
            check_kinds(self, members)
            run.delegations.roster = Roster(self, members)
        else:
            run.delegations.roster = roster_of(self, members)
        run.context.members = [member.component for member in run.delegations.roster.members]
        if not run.io.is_async:
            for member in run.delegations.roster.members:
                refuse_async_hooks(member.component)
        if self.team_mode is TeamMode.tasks:
            run.delegations.board = _tasks.Board(run.delegations)

    def converse(self, run: Run, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """The model-tool loop of the leader; in the tasks mode, until no task is open."""
        if self.team_mode is TeamMode.tasks:
            work: Coroutine[Any, Any, None] = _tasks.rounds(run, exchange)
            return work
        return super().converse(run, exchange)

    def take_up(self, run: Run, output: Any, wish: Continuation, messages: list[Message]) -> None:
        """Bring back the runs of members that belong to a continued run."""
        _continuing.take_up(run, output, wish, messages)

    def thin_out(self, kept: Any) -> None:
        """The runs of members are rows of their own; the team's row holds them only if that is wanted."""
        if not self.store_member_responses:
            kept.member_responses = []

    def built_in_tools(self, run: Run) -> list[Any]:
        """The leader's tools: those that settings add to any component, then those that reach the members."""
        found = super().built_in_tools(run)
        if self.read_team_history:
            found.insert(0, team_history_tool(run))
        leader, mode = Leader(run.delegations), self.team_mode
        if mode is TeamMode.tasks:
            found += map(member_tool, run.delegations.board.tools())
        elif mode is TeamMode.broadcast:
            found.append(member_tool(leader.delegate_task_to_members))
        elif mode is TeamMode.route:
            found.append(member_tool(leader.delegate_task_to_member, stop_after_tool_call=True, show_result=True))
        else:
            found.append(member_tool(leader.delegate_task_to_member))
        if self.get_member_information_tool:
            found.append(member_tool(leader.get_member_information))
        return found

    # Members ---------------------------------------------------------------------------------------------------------

    def initialize_team(self, debug_mode: bool | None = None) -> None:
        """Settle what is otherwise settled at the first run, of the team and of its members."""
        self.initialize_agent(debug_mode)
        for member in self.members if isinstance(self.members, (list, tuple)) else ():
            member.set_id()

    def get_members_system_message_content(self, indent: int = 0) -> str:
        """The members as the leader reads them."""
        listing = self._roster().listing(with_tools=self.add_member_tools_to_context)
        return "\n".join(" " * indent + line for line in listing.splitlines())

    def get_member_information(self) -> str:
        """What the tool of this name tells the leader: the members, with their tools."""
        return self._roster().listing(with_tools=True)

    def _roster(self) -> Roster:
        if is_factory(self.members):
            raise ValueError(f"members= of {self!r} is a function: who they are is known in a run only.")
        return roster_of(self, self.members)

    def determine_tools_for_model(self, model: Model | None = None, **options: Any) -> list[Any]:
        """The tools of a run, the leader's own and those that reach the members: the older name of `get_tools`. `model` is
        accepted for programs written for Agno 2.0, and ignored."""
        return self.get_tools(**{name: value for name, value in options.items() if name in _OF_GET_TOOLS})

    def propagate_run_hooks_in_background(self, run_in_background: bool = True) -> None:
        """Let hooks of the team and of all its members run after the response, in runs that are given `background_tasks`."""
        self.__dict__["_hooks_in_background"] = run_in_background
        for member in self.members if isinstance(self.members, (list, tuple)) else ():
            if isinstance(member, Team):
                member.propagate_run_hooks_in_background(run_in_background)
            else:
                member.__dict__["_hooks_in_background"] = run_in_background

    def to_mermaid(self) -> str:
        """The team as the text of a Mermaid diagram."""
        text: str = _diagram.mermaid(self)
        return text


_OF_GET_TOOLS = ("run_response", "session", "async_mode", "user_id", "knowledge_filters", "run_context")


__all__ = ["Team"]
