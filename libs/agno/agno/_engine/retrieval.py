"""What a run looks up in its knowledge: by the tool `search_knowledge_base`, or with the user's message.

A knowledge is anything with `search(query, max_results=, filters=)`; the rest of its methods are used if they are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from agno._engine.context import Run
from agno._engine.factories import knowledge_of
from agno._engine.inputs import as_json, text_of
from agno._engine.toolbox import coloured
from agno._io import IO
from agno.filters import both
from agno.models.message import MessageReferences
from agno.run import watching
from agno.tools.function import Function
from agno.utils.log import log_exception, log_warning
from agno.utils.parameters import accepted

NOTHING = "No documents found"
_LEAD_IN = "Use these references from the knowledge base if they help:"


async def documents(
    io: IO, component: Any, knowledge: Any, query: str, count: int | None, filters: Any, offered: dict[str, Any]
) -> list[Any] | None:
    """Hits as plain data, or None. A retriever of the user's own wins over the knowledge; its errors travel.

    Filters that no content knows are left out, as somebody may have asked for them by mistake.
    """
    return await _found(io, component, knowledge, query, count, await _valid(io, knowledge, filters), offered)


def _found(
    io: IO, component: Any, knowledge: Any, query: str, count: int | None, filters: Any, offered: dict[str, Any]
) -> Coroutine[Any, Any, list[Any] | None]:
    if count is None:
        count = getattr(knowledge, "max_results", None)
    work = _searched(io, component, knowledge, query, count, filters, offered)
    return work if watching.watcher is None else watching.watcher.retrieval(query, count, work)


async def _searched(
    io: IO, component: Any, knowledge: Any, query: str, count: int | None, filters: Any, offered: dict[str, Any]
) -> list[Any] | None:
    if component.knowledge_retriever is not None:
        offered = {**offered, "query": query, "num_documents": count, "filters": filters}
        try:
            found = await io.call(component.knowledge_retriever, **accepted(component.knowledge_retriever, offered))
        except Exception:
            log_exception(f"The knowledge_retriever of {component!r} failed for {query!r}")
            raise
    elif knowledge is not None:
        search = knowledge.search
        if io.is_async:
            search = getattr(knowledge, "async_search", search)
        found = await io.call(search, query, max_results=count, filters=filters)
    else:
        return None
    return [hit.to_dict() if hasattr(hit, "to_dict") else hit for hit in found or ()] or None


async def _valid(io: IO, knowledge: Any, filters: Any) -> Any:
    check = getattr(knowledge, "validate_filters", None)
    if not filters or check is None:
        return filters
    if io.is_async:
        check = getattr(knowledge, "avalidate_filters", check)
    valid, invalid = await io.call(check, filters)
    if invalid:
        log_warning(f"knowledge filters {', '.join(map(str, invalid))} are not known and were left out")
    return valid or None


def _narrowed(explicit: Any, asked: Any) -> Any:
    """The filters of the settings, and what the model asks for besides. The model can only narrow."""
    if isinstance(explicit, dict) and isinstance(asked, dict):
        return {**asked, **explicit}
    return both(explicit, asked)


async def look_up(run: Run, query: str, filters: Any = None) -> str:
    """The hits of one search as text, also noted in the run's references; `""` if there are none."""
    component, context = run.component, run.context
    knowledge = await knowledge_of(run)
    # those of the settings are never left out: they may be what keeps customers apart
    asked = _narrowed(context.knowledge_filters, await _valid(run.io, knowledge, filters)) or None
    offered = {
        **run.extra,
        run.identity_name: component,
        "run_context": context,
        "session_state": run.state,
        "dependencies": context.dependencies,
        "user_id": context.user_id,
    }
    started = run.io.now()
    found = await _found(run.io, component, knowledge, query, None, asked, offered)
    if not found:
        return ""
    took = round(run.io.now() - started, 4)
    run.output.references = [
        *(run.output.references or ()),
        MessageReferences(query=query, references=found, time=took),
    ]
    return rendered(found, component.references_format)


def rendered(found: list[Any], format: str) -> str:
    """Hits as JSON or YAML, in readable letters."""
    if format != "yaml":
        return json.dumps(found, indent=2, ensure_ascii=False, default=str)
    try:
        import yaml
    except ImportError as error:
        raise ImportError("references_format='yaml' needs PyYAML: pip install pyyaml") from error
    return str(yaml.dump(found, allow_unicode=True, default_flow_style=False, sort_keys=False))


async def references_block(run: Run) -> str | None:
    """The hits for the user's input, to be put behind it."""
    query = text_of(run.input)
    text = await look_up(run, query) if query else ""
    return f"{_LEAD_IN}\n<references>\n{text}\n</references>" if text else None


def knowledge_tools(run: Run) -> list[Function]:
    """The tools over the knowledge that the settings ask for."""
    component = run.component
    found: list[Function] = []
    if component.search_knowledge and (component.knowledge is not None or component.knowledge_retriever is not None):
        agentic = run.get("enable_agentic_knowledge_filters")
        found.append(coloured(run, _filtered_search(run) if agentic else _search(run)))
    if component.update_knowledge and component.knowledge is not None:
        found.append(coloured(run, _addition(run)))
    return found


def _search(run: Run) -> Callable[..., Any]:
    async def search_knowledge_base(query: str) -> str:
        """Search the knowledge base.

        Args:
            query: What to look for.
        """
        return await look_up(run, query) or NOTHING

    return search_knowledge_base


def _filtered_search(run: Run) -> Callable[..., Any]:
    async def search_knowledge_base(query: str, filters: dict[str, Any] | None = None) -> str:
        """Search the knowledge base.

        Args:
            query: What to look for.
            filters: Metadata that the documents must have, by key.
        """
        return await look_up(run, query, filters) or NOTHING

    return search_knowledge_base


def _addition(run: Run) -> Callable[..., Any]:
    async def add_to_knowledge(query: str, result: str) -> str:
        """Keep something in the knowledge base for later.

        Args:
            query: What it answers.
            result: The answer.
        """
        filters = run.context.knowledge_filters
        # what is added under filters is found under them, and under no others
        metadata = filters if filters and isinstance(filters, dict) else None
        return await add_to(run.io, await knowledge_of(run), query, result, metadata)

    return add_to_knowledge


async def add_to(io: IO, knowledge: Any, query: str, result: str, metadata: dict[str, Any] | None = None) -> str:
    """Store a question with its answer as a document."""
    name = re.sub(r"[?!.]", "", query).replace(" ", "_")
    text = as_json({"query": query, "result": result})
    add = knowledge.add_content
    if io.is_async:
        add = getattr(knowledge, "add_content_async", add)
    await io.call(add, name=name, text_content=text, **({"metadata": metadata} if metadata else {}))
    return "Successfully added to knowledge base"


__all__ = ["NOTHING", "add_to", "documents", "knowledge_tools", "look_up", "references_block", "rendered"]
