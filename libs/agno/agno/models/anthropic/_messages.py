"""Messages and tools in the shape of Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import Any

from agno.media import File, Image
from agno.models._sdk import Link, base64_text, call_arguments, function_specs, is_text, mime_type_of, text_of
from agno.models.message import Message
from agno.utils.log import log_warning

Block = dict[str, Any]


def turns(messages: list[Message], links: list[Link], *, cite: bool) -> list[dict[str, Any]]:
    """User and assistant in turn: neighbours of one role are one message, tool results stand first in it."""
    result: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role in ("assistant", "model") else "user"
        blocks = _assistant(message) if role == "assistant" else _user(message, links, cite)
        if not blocks:
            continue
        if result and result[-1]["role"] == role:
            result[-1]["content"].extend(blocks)
        else:
            result.append({"role": role, "content": blocks})
    for turn in result:
        if turn["role"] == "user":
            turn["content"].sort(key=_after_tool_results)
    if result and result[0]["role"] == "assistant":  # the API wants the user to begin
        result.insert(0, {"role": "user", "content": [{"type": "text", "text": "(The conversation begins.)"}]})
    return result


def _after_tool_results(block: Block) -> bool:
    return bool(block["type"] != "tool_result")


def _user(message: Message, links: list[Link], cite: bool) -> list[Block]:
    if message.tool_call_id is not None:
        return [_tool_result(message)]
    blocks: list[Block] = [_image(image) for image in message.images or ()]
    blocks.extend(_document(file, links, cite) for file in message.files or ())
    for name in ("audio", "videos"):
        if getattr(message, name):
            log_warning(f"Claude takes no {name}; they are left out of the request")
    if isinstance(message.content, list) and all(isinstance(part, dict) and "type" in part for part in message.content):
        return [*blocks, *message.content]  # blocks of the API, written by the user
    if (text := text_of(message)).strip():
        blocks.append({"type": "text", "text": text})
    return blocks


def _tool_result(message: Message) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": message.tool_call_id}
    if text := text_of(message):
        block["content"] = text
    if message.tool_call_error:
        block["is_error"] = True
    return block


# What the assistant said ---------------------------------------------------------------------------------------------


def _assistant(message: Message) -> list[Block]:
    calls = {call.get("id"): call for call in message.tool_calls or ()}
    text = text_of(message)
    kept = (message.provider_data or {}).get("blocks")
    if kept and "".join(block["text"] for block in kept if block["type"] == "text") == text:
        return _as_it_came(kept, calls)
    blocks: list[Block] = []
    signature = (message.provider_data or {}).get("signature")
    if kept:
        blocks.extend(block for block in kept if block["type"] in ("thinking", "redacted_thinking"))
    elif signature and message.reasoning_content:
        blocks.append({"type": "thinking", "thinking": message.reasoning_content, "signature": signature})
    if text.strip():
        blocks.append({"type": "text", "text": text.rstrip()})
    blocks.extend(_tool_use(call) for call in calls.values())
    return blocks


def _as_it_came(kept: list[Block], calls: dict[Any, dict[str, Any]]) -> list[Block]:
    """The blocks of the answer in their order; a tool call that was taken off the message is left out."""
    blocks: list[Block] = []
    for block in kept:
        kind = block["type"]
        if kind == "tool_use":
            if (call := calls.get(block["id"])) is not None:
                blocks.append(_tool_use(call))
        elif kind != "text" or block["text"].strip():
            blocks.append(block)
    return blocks


def _tool_use(call: dict[str, Any]) -> Block:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": call["id"],
        "name": function["name"],
        "input": call_arguments(function.get("arguments")),
    }


# Media ---------------------------------------------------------------------------------------------------------------


def _image(image: Image) -> Block:
    if image.url is not None:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    content = image.get_content_bytes() or b""
    kind = mime_type_of(image, content, "image/png")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": base64_text(content)}}


def _document(file: File, links: list[Link], cite: bool) -> Block:
    block: Block = {"type": "document", "title": file.display_name()}
    if cite:
        block["citations"] = {"enabled": True}
    if file.external is not None:
        file_id = file.external if isinstance(file.external, str) else file.external.id
        block["source"] = {"type": "file", "file_id": file_id}
        return block
    if file.content is None and file.filepath is None and file.url is not None:
        kind = mime_type_of(file, None, "application/pdf")
        if kind == "application/pdf":
            block["source"] = {"type": "url", "url": file.url}
        else:
            links.append(Link(file.url, lambda content: block.update(source=_source(content, kind))))
        return block
    content = file.get_content_bytes() or b""
    block["source"] = _source(content, mime_type_of(file, content, "text/plain"))
    return block


def _source(content: bytes, kind: str) -> Block:
    if is_text(kind):  # the API knows one kind of text only
        return {"type": "text", "media_type": "text/plain", "data": content.decode("utf-8", "replace")}
    return {"type": "base64", "media_type": kind, "data": base64_text(content)}


# Tools and schemas ---------------------------------------------------------------------------------------------------


def tool_params(tools: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Tools as the API takes them, without `strict`: it limits the number and the schemas of the tools."""
    result = []
    for function, tool in function_specs(tools):
        if function is None:
            result.append(tool)
            continue
        schema = function.get("parameters") or {}
        described = {"name": function["name"], "input_schema": {"type": "object", "properties": {}, **schema}}
        if function.get("description"):
            described["description"] = function["description"]
        result.append(described)
    return result


def tool_choice_param(choice: str | dict[str, Any] | None) -> dict[str, Any] | None:
    """The choice as the API takes it."""
    if choice is None:
        return None
    if isinstance(choice, dict):
        if choice.get("type") == "function":
            return {"type": "tool", "name": (choice.get("function") or choice)["name"]}
        return choice
    if choice in ("auto", "none", "any"):
        return {"type": choice}
    return {"type": "any"} if choice == "required" else {"type": "tool", "name": choice}


_KEPT = ("description", "title", "enum", "const", "$ref", "default")
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)  # fmt: skip


def strict_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema reduced to what constrained output takes; limits it cannot enforce are told in the description."""
    result = {key: schema[key] for key in (*_KEPT, "type") if key in schema}
    told = {key: value for key, value in schema.items() if key not in _STRUCTURE and key not in result}
    for key in ("$defs", "properties"):
        if key in schema:
            result[key] = {name: strict_schema(value) for name, value in schema[key].items()}
    for key, name in (("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf")):
        if key in schema:
            result[name] = [strict_schema(value) for value in schema[key]]
    if isinstance(schema.get("items"), dict):
        result["items"] = strict_schema(schema["items"])
    if schema.get("type") == "object":
        result["additionalProperties"] = False
        result.setdefault("properties", {})
        result["required"] = list(schema.get("required", ()))
    if schema.get("format") in _FORMATS:
        result["format"] = told.pop("format")
    if schema.get("minItems") in (0, 1):
        result["minItems"] = told.pop("minItems")
    if told:
        limits = ", ".join(f"{key}: {json.dumps(value)}" for key, value in told.items())
        result["description"] = f"{result.get('description', '')} ({limits})".strip()
    return result


_STRUCTURE = frozenset(
    {"$defs", "properties", "anyOf", "oneOf", "allOf", "items", "additionalProperties", "required", "discriminator"}
)

__all__ = ["strict_schema", "tool_choice_param", "tool_params", "turns"]
