"""What the evaluations have in common: their settings, and what happens with a result."""

from __future__ import annotations

import os
import reprlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

from agno._io import IO
from agno.db.schemas.evals import EvalRunRecord, EvalType
from agno.exceptions import EvalError
from agno.run.base import RunStatus
from agno.run.output import text_of
from agno.utils.ids import new_id
from agno.utils.later import later
from agno.utils.log import set_log_level_to_debug

_utils = later("agno.eval.utils")  # it loads rich

KINDS = ("agent", "team", "workflow")


def _debug_wanted() -> bool:
    return os.environ.get("AGNO_DEBUG", "").lower() == "true"


@dataclass(kw_only=True, eq=False)
class Evaluation:
    """Settings of every evaluation.

    The row in `db` has the id `eval_id`. A second run of the same object is another evaluation, with an id of its own.
    `file_path_to_save_results` may hold `{name}` and `{eval_id}`. `telemetry` is kept for old programs: nothing is sent.
    """

    eval_type: ClassVar[EvalType]

    name: str | None = None
    eval_id: str = field(default_factory=new_id)
    print_results: bool = False
    file_path_to_save_results: str | os.PathLike[str] | None = None
    debug_mode: bool = field(default_factory=_debug_wanted)
    db: Any = None
    telemetry: bool = True

    def _begin(self) -> str:
        """The id of a run of this evaluation. Raises ValueError where its result could not be kept: the work would be for
        nothing."""
        if self.db is not None and (isinstance(self.db, type) or not hasattr(self.db, "create_eval_run")):
            raise ValueError(f"{type(self).__name__} got db= of type {type(self.db).__name__}, which is no database.")
        path = self.file_path_to_save_results
        if path is not None and not isinstance(path, (str, os.PathLike)):
            raise ValueError(f"{type(self).__name__} got file_path_to_save_results={path!r}, which is no path.")
        if self.debug_mode:
            set_log_level_to_debug()
        eval_id, mark = self.eval_id, object()
        used: dict[str, object] = self.__dict__.setdefault("_used", {})
        if used.setdefault(eval_id, mark) is not mark:
            self.eval_id = eval_id = new_id()
            used[eval_id] = mark
        return eval_id

    async def _keep(self, io: IO, eval_id: str, result: Any, data: dict[str, Any], about: dict[str, Any]) -> None:
        """Put a result where it is wanted: into a file, into the database."""
        if self.file_path_to_save_results is not None:
            await io.call(
                _utils.store_result_in_file, self.file_path_to_save_results, result, eval_id=eval_id, name=self.name
            )
        if self.db is not None:
            record = EvalRunRecord(run_id=eval_id, eval_type=self.eval_type, eval_data=data, name=self.name, **about)
            await io.call(self.db.create_eval_run, record)


def only_one(owner: str, given: dict[str, Any], *, needed: bool = True) -> tuple[str, Any]:
    """The name and the value of the one that is given. Raises ValueError for several, and for none if one is needed."""
    found = [(name, value) for name, value in given.items() if value is not None]
    if len(found) > 1 or (needed and not found):
        got = " and ".join(f"{name}=" for name, _ in found) or "none"
        raise ValueError(f"{owner} needs exactly one of {', '.join(f'{name}=' for name in given)}; it got {got}.")
    for name, value in found:
        needed_of_it = "run_id" if name.endswith("_response") else "run"
        if isinstance(value, type) or not hasattr(value, needed_of_it):
            raise ValueError(f"{owner} got {name}={reprlib.repr(value)}, which is no {_MEANT.get(name, name)}.")
    return found[0] if found else ("", None)


_MEANT = {f"{kind}_response": f"output of a run of {'an' if kind == 'agent' else 'a'} {kind}" for kind in KINDS}


def check_count(owner: str, name: str, value: Any, least: int) -> None:
    """Raise ValueError for what is no whole number, or too small a one."""
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{owner}({name}={value!r}) must be a whole number, at least {least}.")


def judge_of(owner: str, evaluator: Any) -> Any:
    """An evaluator that the user gave. Raises ValueError for what is no agent."""
    if isinstance(evaluator, type) or not hasattr(evaluator, "run"):
        raise ValueError(f"{owner} got evaluator_agent={evaluator!r}, which is no agent.")
    return evaluator


def facts_of(kind: str, component: Any) -> dict[str, Any]:
    """What a row says of the agent, team or workflow that is evaluated."""
    if component is None:
        return {}
    about = {f"{kind}_id": component.id, "evaluated_component_name": getattr(component, "name", None)}
    if kind == "workflow" or not hasattr(component, "model_of_run"):
        return about
    model = component.model_of_run()
    return {**about, "model_id": model.id, "model_provider": model.get_provider()}


def facts_of_output(output: Any) -> dict[str, Any]:
    """The same, as the output of a run tells it."""
    kind = next((kind for kind in KINDS if hasattr(output, f"{kind}_name")), None)
    if kind is None:
        return {}
    return {
        f"{kind}_id": getattr(output, f"{kind}_id", None),
        "evaluated_component_name": getattr(output, f"{kind}_name"),
        "model_id": getattr(output, "model", None),
        "model_provider": getattr(output, "model_provider", None),
    }


async def answer_of(io: IO, component: Any, given: Any) -> Any:
    """The output of a run in a session of its own. Raises EvalError if it does not come to an answer."""
    output: Any = await io.pick(component.run, component.arun, given, session_id=new_id(), stream=False)
    if output.status is not RunStatus.completed:
        said = f": {output.content}" if output.content else ""
        raise EvalError(f"The run of {component!r} that is evaluated ended as {output.status.value}{said}")
    return output


__all__ = [
    "KINDS",
    "Evaluation",
    "answer_of",
    "check_count",
    "facts_of",
    "facts_of_output",
    "judge_of",
    "only_one",
    "text_of",
]
