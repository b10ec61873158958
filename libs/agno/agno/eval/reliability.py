"""Whether a run called the tools that it should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from agno._io import IO, asynchronous, sync
from agno.db.schemas.evals import EvalType
from agno.eval._evaluation import Evaluation, facts_of_output, only_one
from agno.run.agent import RunOutput
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.utils.later import later

_utils = later("agno.eval.utils")


class _Called(NamedTuple):
    """A tool call that a model asked for."""

    name: str
    arguments: dict[str, Any]


@dataclass
class ReliabilityResult:
    """Which calls were expected.

    `passed_tool_calls` were called as expected, `failed_tool_calls` were not expected, or not with these arguments.
    `missing_tool_calls` were expected and not made, `additional_tool_calls` not expected but allowed.
    """

    eval_status: Literal["PASSED", "FAILED"]
    failed_tool_calls: list[str]
    passed_tool_calls: list[str]
    additional_tool_calls: list[str] = field(default_factory=list)
    missing_tool_calls: list[str] = field(default_factory=list)

    def print_eval(self, console: Any = None) -> None:
        """Print it as a table."""
        rows = [
            ("Evaluation Status", self.eval_status),
            ("Failed Tool Calls", ", ".join(self.failed_tool_calls)),
            ("Passed Tool Calls", ", ".join(self.passed_tool_calls)),
            ("Missing Tool Calls", ", ".join(self.missing_tool_calls)),
        ]
        if self.additional_tool_calls:
            rows.append(("Additional Tool Calls", ", ".join(self.additional_tool_calls)))
        _utils.show("Reliability Summary", rows, console)

    def assert_passed(self) -> None:
        """Raise AssertionError, with what is wrong, unless it passed."""
        if self.eval_status == "PASSED":
            return
        wrong = {"never called": self.missing_tool_calls, "not expected": self.failed_tool_calls}
        said = [f"{what}: {', '.join(names)}" for what, names in wrong.items() if names]
        raise AssertionError(f"The run did not call the tools that it should ({'; '.join(said)}).")


@dataclass(eq=False)
class ReliabilityEval(Evaluation):
    """Compares the tool calls of a run with those that are expected. Nothing is run.

    A name that stands twice in `expected_tool_calls` has to be called twice. A call that is not expected fails, unless
    `allow_additional_tool_calls`. `expected_tool_call_arguments` says, by name of the tool, arguments that a call of it
    must have, or a list of such, each of which another call must have; further arguments do not matter. What a model asks
    for counts: in all messages of the run itself, not of its history; of a team also of its members, of a workflow of what
    runs in its steps.
    """

    eval_type = EvalType.RELIABILITY

    agent_response: RunOutput | None = None
    team_response: TeamRunOutput | None = None
    workflow_response: WorkflowRunOutput | None = None
    expected_tool_calls: Sequence[str] | None = None
    expected_tool_call_arguments: Mapping[str, Any] | None = None
    allow_additional_tool_calls: bool = False
    result: ReliabilityResult | None = None

    async def _run(self, io: IO, *, print_results: bool = False) -> ReliabilityResult:
        """Compare, store and print. Raises ValueError unless there is exactly one response, and something expected."""
        given = {
            "agent_response": self.agent_response,
            "team_response": self.team_response,
            "workflow_response": self.workflow_response,
        }
        _, output = only_one("ReliabilityEval", given)
        _check(self.expected_tool_calls, self.expected_tool_call_arguments)
        eval_id = self._begin()
        self.result = result = self._compared(list(_calls_in(output)))
        if print_results or self.print_results:
            result.print_eval()
        settings: dict[str, Any] = {"expected_tool_calls": list(self.expected_tool_calls or ())}
        if self.expected_tool_call_arguments is not None:
            settings["expected_tool_call_arguments"] = dict(self.expected_tool_call_arguments)
        if self.allow_additional_tool_calls:
            settings["allow_additional_tool_calls"] = True
        about = {**facts_of_output(output), "eval_input": settings}
        await self._keep(io, eval_id, result, asdict(result), about)
        return result

    run = sync(_run)
    arun = asynchronous(_run)

    def _compared(self, calls: list[_Called]) -> ReliabilityResult:
        wanted = self._wanted_arguments()
        expected = Counter(self.expected_tool_calls or ())
        expected |= Counter({name: len(several) for name, several in wanted.items()})
        made = [call.name for call in calls]
        passed = [name for name in made if name in expected]
        others = [name for name in made if name not in expected]
        missing = list((expected - Counter(made)).elements())
        wrong = [
            name
            for name, several in wanted.items()
            if name in made and not _all_made([call.arguments for call in calls if call.name == name], several)
        ]
        failed = wrong if self.allow_additional_tool_calls else [*others, *wrong]
        return ReliabilityResult(
            eval_status="FAILED" if failed or missing else "PASSED",
            failed_tool_calls=failed,
            passed_tool_calls=[name for name in passed if name not in wrong],
            additional_tool_calls=others if self.allow_additional_tool_calls else [],
            missing_tool_calls=missing,
        )

    def _wanted_arguments(self) -> dict[str, list[Mapping[str, Any]]]:
        return {name: list(_as_list(several)) for name, several in (self.expected_tool_call_arguments or {}).items()}


def _check(names: Any, arguments: Any) -> None:
    """Raise ValueError for what cannot be expected."""
    if names is None and arguments is None:
        raise ValueError(
            "ReliabilityEval needs expected_tool_calls=, the names of tools; [] says that none is to be called."
        )
    if names is not None and (not _is_list(names) or not all(isinstance(name, str) for name in names)):
        raise ValueError(f"ReliabilityEval got expected_tool_calls={names!r}; give a list of names of tools.")
    if arguments is None:
        return
    lists: list[Any] = [_as_list(wanted) for wanted in arguments.values()] if isinstance(arguments, Mapping) else [None]
    if not all(_is_list(wanted) and all(isinstance(one, Mapping) for one in wanted) for wanted in lists):
        raise ValueError(
            f"ReliabilityEval got expected_tool_call_arguments={arguments!r}; give a dict from a tool's name to a dict of "
            "arguments, or to a list of such dicts, as in {'add': {'a': 1}}."
        )


def _is_list(given: Any) -> bool:
    return isinstance(given, Collection) and not isinstance(given, (str, bytes))


def _as_list(wanted: Any) -> Any:
    return [wanted] if isinstance(wanted, Mapping) else wanted


def _all_made(made: list[dict[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each of the wanted arguments has a call of its own."""
    owners: dict[int, int] = {}  # of calls, by place: which of the wanted ones has it

    def finds(number: int, seen: set[int]) -> bool:
        """A call that is free, or whose owner finds another one."""
        for place, call in enumerate(made):
            if place in seen or not _has(call, wanted[number]):
                continue
            seen.add(place)
            if place not in owners or finds(owners[place], seen):
                owners[place] = number
                return True
        return False

    return all(finds(number, set()) for number in range(len(wanted)))


def _has(call: dict[str, Any], arguments: Mapping[str, Any]) -> bool:
    return all(name in call and call[name] == value for name, value in arguments.items())


def _calls_in(output: Any, seen: set[str | None] | None = None) -> Iterator[_Called]:
    """The tool calls of a run and of the runs inside it, each run once."""
    seen = set() if seen is None else seen
    if output.run_id is not None and output.run_id in seen:
        return
    seen.add(output.run_id)
    messages = getattr(output, "messages", None)
    for message in messages or ():
        if not message.from_history:
            for call in message.tool_calls or ():
                function = call.get("function", call)
                yield _Called(str(function.get("name")), _arguments(function.get("arguments")))
    if messages is None:  # they were not kept
        for tool in getattr(output, "tools", None) or ():
            yield _Called(str(tool.tool_name), dict(tool.tool_args or {}))
    for inside in ("member_responses", "step_executor_runs"):
        for run in getattr(output, inside, None) or ():
            yield from _calls_in(run, seen)


def _arguments(given: Any) -> dict[str, Any]:
    if isinstance(given, (str, bytes)):
        try:
            given = msgspec.json.decode(given or "{}")
        except msgspec.DecodeError:  # of a broken call only the name can be compared
            given = None
    return given if isinstance(given, dict) else {}


__all__ = ["ReliabilityEval", "ReliabilityResult"]
