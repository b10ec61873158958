"""The options of one run, as types: written once, shared by `run` and `arun`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from agno.media import Audio, File, Image, Video


class CommonOptions(TypedDict, total=False):
    """What every way to run takes. None leaves the agent's own setting in force."""

    stream_events: bool | None  # give every event, not just content, tools and ends
    stream_intermediate_steps: bool | None  # the same, as Agno 2.0 calls it
    yield_run_output: bool | None  # the last item of a stream is the RunOutput
    yield_run_response: bool | None
    user_id: str | None
    session_id: str | None
    retries: int | None
    knowledge_filters: dict[str, Any] | None
    dependencies: dict[str, Any] | None
    metadata: dict[str, Any] | None
    debug_mode: bool | None
    background_tasks: Any  # runs background hooks after the response: `add_task(function, **arguments)`


class ContinueOptions(CommonOptions, total=False):
    """Options of `continue_run`."""


class RunOptionsDict(CommonOptions, total=False):
    """Options of `run`."""

    session_state: dict[str, Any] | None
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
    workflow_context: dict[str, Any] | None
    parent_run_id: str | None


RUN_OPTIONS = frozenset(RunOptionsDict.__annotations__)
CONTINUE_OPTIONS = frozenset(ContinueOptions.__annotations__)

__all__ = ["CONTINUE_OPTIONS", "RUN_OPTIONS", "ContinueOptions", "RunOptionsDict"]
