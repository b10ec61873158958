"""Messages and tools in the shape of Google's generateContent."""

from __future__ import annotations

import base64
from typing import Any

from agno.media import Audio, File, Image, Video
from agno.models._sdk import Link, call_arguments, function_specs, mime_type_of, text_of
from agno.models.message import Message

Part = dict[str, Any]

# addresses that Google opens itself
_OWN_ADDRESSES = (
    "gs://",
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtu.be/",
)
# instead of the signature of a call that another model made; Google names it for this purpose
_FOREIGN_SIGNATURE = b"skip_thought_signature_validator"


class Contents:
    """Builds the turns: user and model alternate, neighbours of one role are one turn."""

    def __init__(self, links: list[Link], *, sign_calls: bool) -> None:
        self.turns: list[dict[str, Any]] = []
        self.links = links
        self.sign_calls = sign_calls  # the model refuses calls without a signature
        self.own_ids: set[Any] = set()  # of calls that Google numbered itself: only these are sent back

    def build(self, messages: list[Message]) -> list[dict[str, Any]]:
        """The turns of these messages."""
        for message in messages:
            if message.role in ("assistant", "model"):
                self._add("model", self._model(message))
            elif message.tool_call_id is not None:
                self._add("user", [self._function_response(message)])
            else:
                self._add("user", self._user(message))
        if self.turns and self.turns[0]["role"] == "model":  # the API wants the user to begin
            self.turns.insert(0, {"role": "user", "parts": [{"text": "(The conversation begins.)"}]})
        return self.turns

    def _add(self, role: str, parts: list[Part]) -> None:
        if not parts:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["parts"].extend(parts)
        else:
            self.turns.append({"role": role, "parts": parts})

    # User and tools --------------------------------------------------------------------------------------------------

    def _user(self, message: Message) -> list[Part]:
        content = message.content
        if (
            isinstance(content, list)
            and content
            and all(isinstance(part, dict) and "type" not in part for part in content)
        ):
            parts: list[Part] = [dict(part) for part in content]  # parts of the API, written by the user
        else:
            parts = [{"text": text}] if (text := text_of(message)) else []
        parts.extend(self._medium(image, "image/jpeg") for image in message.images or ())
        parts.extend(self._medium(video, "video/mp4") for video in message.videos or ())
        parts.extend(self._medium(audio, "audio/mp3") for audio in message.audio or ())
        parts.extend(self._file(file) for file in message.files or ())
        return parts

    def _function_response(self, message: Message) -> Part:
        key = "error" if message.tool_call_error else "result"
        response: dict[str, Any] = {"name": message.tool_name or "tool", "response": {key: text_of(message)}}
        if message.tool_call_id in self.own_ids:
            response["id"] = message.tool_call_id
        return {"function_response": response}

    def _file(self, file: File) -> Part:
        external = file.external
        if external is not None:  # an uploaded file, or its address
            if isinstance(external, str):
                return {"file_data": {"file_uri": external, "mime_type": mime_type_of(file, None, "application/pdf")}}
            return {"file_data": {"file_uri": external.uri, "mime_type": external.mime_type}}
        return self._medium(file, "application/pdf" if file.content is None else "text/plain")

    def _medium(self, medium: Image | Video | Audio | File, default: str) -> Part:
        if medium.content is None and medium.filepath is None and medium.url is not None:
            kind = mime_type_of(medium, None, default)
            if medium.url.startswith(_OWN_ADDRESSES):
                return {"file_data": {"file_uri": medium.url, "mime_type": kind}}
            blob: dict[str, Any] = {"mime_type": kind}
            self.links.append(Link(medium.url, lambda content: blob.update(data=content)))
            return {"inline_data": blob}
        content = medium.get_content_bytes() or b""
        return {"inline_data": {"data": content, "mime_type": mime_type_of(medium, content, default)}}

    # What the model said ---------------------------------------------------------------------------------------------

    def _model(self, message: Message) -> list[Part]:
        kept = (message.provider_data or {}).get("parts") or ()
        calls = {call.get("id"): call for call in message.tool_calls or ()}
        self.own_ids.update(p["function_call"]["id"] for p in kept if p.get("function_call", {}).get("own_id"))
        text = text_of(message)
        if kept and "".join(p.get("text") or "" for p in kept if not p.get("thought")) == text:
            parts = [part for p in kept if (part := self._as_it_came(p, calls)) is not None]
        else:
            parts = [{"text": text}] if text else []
            parts.extend(self._function_call(call) for call in calls.values())
        first = next((part for part in parts if "function_call" in part), None)
        if self.sign_calls and first is not None and "thought_signature" not in first:
            first["thought_signature"] = _FOREIGN_SIGNATURE
        return parts

    def _as_it_came(self, kept: Part, calls: dict[Any, dict[str, Any]]) -> Part | None:
        """A part of an answer; None for a call that was taken off the message."""
        part = {key: value for key, value in kept.items() if key not in ("function_call", "thought_signature")}
        if (call := kept.get("function_call")) is not None:
            if call["id"] not in calls:
                return None
            part.update(self._function_call(calls[call["id"]]))
        if (signature := kept.get("thought_signature")) is not None:
            part["thought_signature"] = base64.b64decode(signature)
        return part

    def _function_call(self, call: dict[str, Any]) -> Part:
        function = call["function"]
        made: dict[str, Any] = {"name": function["name"], "args": call_arguments(function.get("arguments"))}
        if call.get("id") in self.own_ids:
            made["id"] = call["id"]
        return {"function_call": made}


def split_tools(tools: list[dict[str, Any]] | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Function declarations, and tools of Google's own."""
    declarations: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    for function, tool in function_specs(tools):
        if function is None:
            own.append(tool)
            continue
        declared = {"name": function["name"], "description": function.get("description") or function["name"]}
        if (parameters := function.get("parameters")) and parameters.get("properties"):
            declared["parameters_json_schema"] = parameters
        declarations.append(declared)
    return declarations, own


_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "any": "ANY", "validated": "VALIDATED"}


def tool_config(choice: str | dict[str, Any] | None) -> dict[str, Any] | None:
    """The tool choice as the API takes it."""
    if choice is None:
        return None
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            return choice
        choice = str((choice.get("function") or choice)["name"])
    mode = _MODES.get(choice)
    if mode is not None:
        return {"function_calling_config": {"mode": mode}}
    return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [choice]}}


__all__ = ["Contents", "split_tools", "tool_config"]
