"""Approvals on record: written when a marked tool waits, asked for when the run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agno._engine.context import Run
from agno.db._approvals import APPROVED, PENDING, REJECTED
from agno.exceptions import RunNotContinuableError
from agno.models.response import ToolExecution
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.log import log_warning

_REQUIRED, _AUDIT = "required", "audit"


def check_records(run: Run) -> None:
    """Approvals are kept in a database; a run with such a tool and no database is refused before the model is asked."""
    if run.db is not None or (run.parent is None and run.output.parent_run_id is not None):
        return
    if marked := [function.name for function in run.functions.values() if function.approval_type]:
        raise ValueError(
            f"Tool {marked[0]!r} is marked @approval, but {run.outermost.component!r} has no database to keep approvals in. "
            "Give it db=, for example db=SqliteDb(db_file='agent.db')."
        )


async def record_pending(run: Run, waiting: Iterable[ToolExecution]) -> None:
    """Write a pending record for every waiting tool that needs one."""
    db = run.db
    for tool in waiting:
        if tool.approval_type != _REQUIRED or tool.approval_id is not None:
            continue
        if db is None:
            log_warning(
                f"run_id={run.output.run_id} | no database: the approval of {tool.tool_name!r} is not on record"
            )
            continue
        tool.approval_id = new_id()
        await run.io.call(db.create_approval, {**_facts(run, tool), "id": tool.approval_id, "status": PENDING})


async def settle(run: Run, output: Any, tools: Iterable[ToolExecution]) -> None:
    """Put the decisions on record onto the tools. Raises RunNotContinuableError while one of them is missing."""
    db = run.db
    for tool in tools if db is not None else ():
        if not tool.is_paused:
            continue
        if waits_for_record(tool):
            _decide(tool, await decision(run, output.run_id, tool))
        elif tool.approval_type == _AUDIT and tool.approval_id is None and is_answered(tool):
            status = REJECTED if tool.requires_confirmation and tool.confirmed is not True else APPROVED
            tool.approval_id = new_id()
            facts = {**_facts(run, tool), "id": tool.approval_id, "status": status, "resolved_at": now_epoch()}
            note = tool.confirmation_note
            await run.io.call(db.create_approval, {**facts, "resolution_data": {"note": note} if note else None})


def waits_for_record(tool: ToolExecution) -> bool:
    """True if only a decision on record lets the tool go on."""
    return tool.approval_type == _REQUIRED and tool.approval_id is not None


async def decision(run: Run, run_id: str, tool: ToolExecution) -> dict[str, Any]:
    """The record with the decision about a tool. Raises RunNotContinuableError if there is none yet."""
    row: dict[str, Any] | None = await run.io.call(run.db.get_approval, tool.approval_id)
    if row is None or row["status"] not in (APPROVED, REJECTED):
        state = "is not there any more" if row is None else f"is {row['status']}"
        raise RunNotContinuableError(
            f"Run {run_id!r} waits for the approval of tool {tool.tool_name!r}: record {tool.approval_id!r} "
            f"{state}. Decide with db.resolve_approval({tool.approval_id!r}, approved=True)."
        )
    return row


def is_answered(tool: ToolExecution) -> bool:
    """True if somebody has told the call what it waits for."""
    if tool.requires_confirmation:
        return tool.confirmed is not None
    if tool.user_feedback_schema is not None:
        return bool(tool.answered)
    if tool.requires_user_input:
        return bool(tool.answered) or any(field.value is not None for field in tool.user_input_schema or ())
    return tool.result is not None


def _decide(tool: ToolExecution, row: dict[str, Any]) -> None:
    """The record decides, whatever the caller put on the tool."""
    data = row["resolution_data"] or {}
    approved = row["status"] == APPROVED
    if not approved and not tool.requires_confirmation:  # refused, in whatever way it waited
        tool.requires_user_input = tool.external_execution_required = tool.user_feedback_schema = None
        tool.requires_confirmation = True
    if tool.requires_confirmation:
        tool.confirmed = approved
        tool.confirmation_note = data.get("note") or tool.confirmation_note
        return
    for field in tool.user_input_schema or ():
        field.value = data.get("values", {}).get(field.name, field.value)
    if tool.external_execution_required and data.get("result") is not None:
        tool.result = str(data["result"])


def _facts(run: Run, tool: ToolExecution) -> dict[str, Any]:
    output, context, kind = run.output, run.context, run.identity_name
    return {
        "approval_type": tool.approval_type,
        "pause_type": _pause_type(tool),
        "run_id": output.run_id,
        "session_id": context.session_id,
        "user_id": context.user_id,
        f"{kind}_id": run.component.id,
        "workflow_id": run.identity.get("workflow_id"),
        "tool_call_id": tool.tool_call_id,
        "source_type": kind,
        "source_name": run.component.name,
        "tool_name": tool.tool_name,
        "tool_args": tool.tool_args,
    }


def _pause_type(tool: ToolExecution) -> str:
    if tool.user_feedback_schema is not None:
        return "user_feedback"
    if tool.requires_user_input:
        return "user_input"
    return "external_execution" if tool.external_execution_required else "confirmation"


__all__ = ["check_records", "decision", "is_answered", "record_pending", "settle", "waits_for_record"]
