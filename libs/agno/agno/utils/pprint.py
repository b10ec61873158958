"""Pretty-printing of outputs and streams."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

from pydantic import BaseModel
from rich.json import JSON
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from agno.utils._terminal import standard_console
from agno.utils.timer import Timer


def _print(content: Any, markdown: bool, title: str) -> None:
    if isinstance(content, BaseModel):
        body: Any = JSON(content.model_dump_json(exclude_none=True), indent=2)
    else:
        body = Markdown(str(content)) if markdown else Text(str(content))
    standard_console().print(Panel(body, title=title, title_align="left", border_style="blue"))


def _joined(content: Any, event: Any) -> Any:
    new = getattr(event, "content", None)
    if not str(getattr(event, "event", "")).endswith("RunContent") or new is None:
        return content
    return (content or "") + new if isinstance(new, str) and isinstance(content, (str, type(None))) else new


def _title(timer: Timer, show_time: bool) -> str:
    return f"Response ({timer.elapsed:.1f}s)" if show_time else "Response"


def pprint_run_response(run_response: Any, markdown: bool = False, show_time: bool = False) -> None:
    """Show a run output, or a stream of events as one panel."""
    content = getattr(run_response, "content", None)
    with Timer() as timer:
        if not hasattr(run_response, "content") and isinstance(run_response, Iterable):
            for event in run_response:
                content = _joined(content, event)
    _print(content, markdown, _title(timer, show_time))


async def apprint_run_response(run_response: Any, markdown: bool = False, show_time: bool = False) -> None:
    """`pprint_run_response` for asyncio streams."""
    content = getattr(run_response, "content", None)
    with Timer() as timer:
        if isinstance(run_response, AsyncIterable):
            async for event in run_response:
                content = _joined(content, event)
    _print(content, markdown, _title(timer, show_time))


__all__ = ["apprint_run_response", "pprint_run_response"]
