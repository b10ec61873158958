"""Structured output: which format is asked for, and reading it back out of whatever text came."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from agno._engine.context import Run
from agno._engine.prompt import ANSWER_TOOL, answers_by_tool, wants_json_prompt
from agno.models._structured import embedded_objects, json_schema_format, merged, parse
from agno.utils.log import log_warning


def response_format(run: Run) -> Any:
    """What the model is asked for: the class itself, a JSON schema, JSON mode, or nothing."""
    schema, component, model = run.asked_schema, run.component, run.model
    if schema is None:
        return None
    assert model is not None
    if answers_by_tool(run):
        return None
    json_mode = component.use_json_mode and not component.structured_outputs
    if model.supports_native_structured_outputs:
        if json_mode or wants_json_prompt(run):
            return None if run.tool_specs and not model.native_output_with_tools else {"type": "json_object"}
        return schema
    if model.supports_json_schema_outputs:
        return json_schema_format(schema)
    return {"type": "json_object"}


def answer_tool(run: Run) -> dict[str, Any] | None:
    """The schema as a tool whose arguments are the answer; None where the model is asked in another way."""
    if run.asked_schema is None or not answers_by_tool(run):
        return None
    schema = run.asked_schema
    described = {key: value for key, value in schema.model_json_schema().items() if key not in ("title", "description")}
    text = "Give the final answer." + (f" {schema.__doc__.strip()}" if schema.__doc__ else "")
    return {"type": "function", "function": {"name": ANSWER_TOOL, "description": text, "parameters": described}}


def adopt(run: Run, parsed: Any) -> None:
    """Make the model's answer the run's structured content, if it can be read; else the text stays."""
    schema, output = run.context.output_schema, run.output
    if schema is None:
        return
    value = parsed if isinstance(parsed, BaseModel) else None
    if value is None and isinstance(output.content, str):
        value = parse(output.content, schema)
    if value is None:
        log_warning(f"The answer is no {schema.__name__}; content stays text")
        return
    output.content = value
    output.content_type = schema.__name__


__all__ = ["adopt", "answer_tool", "embedded_objects", "json_schema_format", "merged", "parse", "response_format"]
