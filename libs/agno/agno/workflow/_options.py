"""The options of one run, as types: written once, shared by `run` and `arun`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from agno.media import Audio, File, Image, Video
from agno.run.workflow_requirements import ErrorRequirement, StepRequirement


class CommonOptions(TypedDict, total=False):
    """What every way to run takes. None leaves the workflow's own setting in force."""

    stream_events: bool | None  # yield every event, not only texts, outputs and the end
    stream_intermediate_steps: bool | None  # the same, as Agno 2.0 calls it
    yield_run_output: bool | None  # the last item of a stream is the WorkflowRunOutput
    yield_run_response: bool | None  # the same, as Agno 2.0 calls it
    stream_executor_events: bool | None  # False: no events of agents and teams, which are then not streamed
    user_id: str | None
    session_id: str | None
    session_state: dict[str, Any] | None
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None
    debug_mode: bool | None
    background: bool | None  # arun and acontinue_run only: give the stored run back at once, PENDING, and go on
    background_tasks: Any  # runs background hooks after the response: `add_task(function, **arguments)`
    websocket: Any  # arun and acontinue_run only: where the events of a background stream go


class ContinueOptions(CommonOptions, total=False):
    """Options of `continue_run`.

    A paused run goes on with the answers to its requirements. A run that failed or broke off goes on at the step that did
    not end; finished steps do not run again.
    """

    run_id: str | None  # the run, instead of its WorkflowRunOutput
    step_requirements: list[StepRequirement] | None
    error_requirements: list[ErrorRequirement] | None
    requirements: list[Any] | None  # both in one list
    take_over: bool | None  # go on although another process has the run: it died, or may be given up


class RunOptionsDict(CommonOptions, total=False):
    """Options of `run`."""

    additional_data: dict[str, Any] | None
    audio: Sequence[Audio] | None
    images: Sequence[Image] | None
    videos: Sequence[Video] | None
    files: Sequence[File] | None
    add_dependencies_to_context: bool | None
    add_session_state_to_context: bool | None
    run_id: str | None
    parent_run_id: str | None


RUN_OPTIONS = frozenset(RunOptionsDict.__annotations__)
CONTINUE_OPTIONS = frozenset(ContinueOptions.__annotations__)
BY_POSITION = ("additional_data", "user_id", "session_id", "session_state", "audio", "images", "videos", "files")


def named_options(method: str, given: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments after the input by their names. Raises TypeError for too many, and for one that is given by name, too."""
    if len(given) > len(BY_POSITION):
        raise TypeError(
            f"{method}() of a Workflow takes the input and up to {len(BY_POSITION)} arguments by position "
            f"({', '.join(BY_POSITION)}), and got {len(given)}; write the others by name, for example stream=True."
        )
    for name in BY_POSITION[: len(given)]:
        if name in options:
            raise TypeError(f"{method}() of a Workflow got {name} twice: by position and by name.")
    return dict(zip(BY_POSITION, given, strict=False))


__all__ = ["BY_POSITION", "CONTINUE_OPTIONS", "RUN_OPTIONS", "ContinueOptions", "RunOptionsDict", "named_options"]
