"""The options of one run, as types: written once, shared by `run` and `arun`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from agno.filters import Filters
from agno.media import Audio, File, Image, Video
from agno.run.requirement import RunRequirement


class CommonOptions(TypedDict, total=False):
    """What every way to run takes. None leaves the agent's own setting in force."""

    stream_events: bool | None  # yield every event, not only content, tool calls and the end
    stream_intermediate_steps: bool | None  # the same, as Agno 2.0 calls it
    yield_run_output: bool | None  # the last item of a stream is the RunOutput
    yield_run_response: bool | None  # the same, as Agno 2.0 calls it
    user_id: str | None
    session_id: str | None
    retries: int | None
    knowledge_filters: Filters | None
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None
    debug_mode: bool | None
    session_state: dict[str, Any] | None
    workflow_context: dict[str, Any] | None  # of a run that is a step of a workflow
    parent_run_id: str | None  # the run that this one is a part of
    background: bool | None  # arun and acontinue_run only: give the stored run back at once, PENDING, and go on
    background_tasks: Any  # runs background hooks after the response: `add_task(function, **arguments)`


class ContinueOptions(CommonOptions, total=False):
    """Options of `continue_run`.

    A paused run goes on with the answers it waits for. A run that broke off (its process died, its model failed) is
    resumed from what is stored of it; finished tools do not run again. With one of `input`, `continue_from` and
    `regenerate`, any run goes on.
    """

    run_id: str | None  # the run, instead of its RunOutput
    updated_tools: list[Any] | None  # its tools, with the answers
    requirements: list[RunRequirement] | None  # its requirements, with the answers
    input: Any  # what the user says next, in the same run
    continue_from: int | str | None  # keep this many messages, or those up to the message with this id; drop the rest
    fork: bool | None  # go on in a run of its own; the original stays as it is
    fork_session: bool | None  # go on in a run of its own in a copy of the session up to the original
    regenerate: bool | None  # answer the last question anew; the original is kept as REGENERATED
    replace_original: bool | None  # True: the new answer takes the original's place. False: go on in a run of its own
    take_over: bool | None  # go on although another process has the run: it died, or may be given up
    additional_instructions: str | list[str] | None  # added to the system message, for what comes now


class RunOptionsDict(CommonOptions, total=False):
    """Options of `run`."""

    audio: Sequence[Audio] | None
    images: Sequence[Image] | None
    videos: Sequence[Video] | None
    files: Sequence[File] | None
    add_history_to_context: bool | None
    add_dependencies_to_context: bool | None
    add_session_state_to_context: bool | None
    output_schema: Any
    run_id: str | None
    run_context: Any


RUN_OPTIONS = frozenset(RunOptionsDict.__annotations__)
CONTINUE_OPTIONS = frozenset(ContinueOptions.__annotations__)

__all__ = ["CONTINUE_OPTIONS", "RUN_OPTIONS", "ContinueOptions", "RunOptionsDict"]
