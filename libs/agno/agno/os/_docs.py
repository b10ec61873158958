"""What the OpenAPI document says about routes that read their request themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from agno.os._bodies import UPLOAD_TYPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
UPLOADS: Schema = {"type": "array", "items": {"type": "string", "format": "binary"}}


class AgnoErrorResponse(BaseModel):
    """Why a request was not carried out. `error_id` is what the log of the service has more under."""

    detail: str | list[Any] | dict[str, Any]
    error_code: str | None = None
    error_id: str | None = None


_ERRORS = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    415: "The body is of a type that is not read",
    422: "Validation error",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: 401, 403, 429 and 500 anywhere, and these. Only the first one names the model, the others
    refer to it: FastAPI makes a serializer for each model of each route, which was half of the time that an app took. The name
    must be nobody else's: of two equal ones, also of a given app, FastAPI renames both."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{AgnoErrorResponse.__name__}"}}}
    found: dict[int | str, dict[str, Any]] = {401: {"model": AgnoErrorResponse, "description": _ERRORS[401]}}
    for status in (403, *statuses, 429, 500):
        found[status] = {"description": _ERRORS[status], "content": content}
    return found


JSON_OBJECT: Schema = {"type": "object", "description": "A JSON object; in a form, as text."}
JSON_ARRAY: Schema = {
    "type": "array",
    "items": {"type": "object"},
    "description": "A JSON array; in a form, as text. It may be empty.",
}


def path(name: str, description: str = "") -> Schema:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": description}


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter in the query."""
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def header(name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter in the headers."""
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def form(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """A request body that is a form, with files or without, or a JSON object with the same names."""
    plain = {name: schema for name, schema in properties.items() if schema is not UPLOADS}
    as_text = {name: _as_text(schema) for name, schema in properties.items()}
    encoded = {name: _AS_JSON for name, schema in plain.items() if schema.get("type") in ("object", "array")}
    encoding = {"encoding": encoded} if encoded else {}
    types = {"files": {"contentType": ", ".join(UPLOAD_TYPES)}} if "files" in properties else {}
    content: Schema = {"multipart/form-data": {"schema": _object(as_text, required), "encoding": {**encoded, **types}}}
    if JSON_ARRAY not in plain.values():  # how an array lies in such a form, everybody thinks otherwise
        content["application/x-www-form-urlencoded"] = {
            "schema": _object({name: as_text[name] for name in plain}, required),
            **encoding,
        }
    nullable = {name: schema if name in required else _or_null(schema) for name, schema in plain.items()}
    content["application/json"] = {"schema": _object(nullable, required)}
    return {"required": bool(required), "content": content}


def _as_text(schema: Schema) -> Schema:
    """A field of a form: there are more words for yes and no than two, and JSON may say that there is nothing."""
    if schema in (JSON_OBJECT, JSON_ARRAY):
        return _or_null(schema)
    if schema.get("type") != "boolean":
        return schema
    words = [True, False, 1, 0, "1", "0", "yes", "no", "on", "off"]
    return {"enum": words, **{key: value for key, value in schema.items() if key != "type"}}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


_AS_JSON = {"contentType": "application/json"}


def _object(properties: Mapping[str, Schema], required: tuple[str, ...]) -> Schema:
    made: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        made["required"] = list(required)
    return made


def one_of(*names: str) -> Schema:
    """What a schema says of fields of which exactly one is given."""
    ways = []
    for name in names:
        others = {other: {"type": "null"} for other in names if other != name}
        ways.append({"required": [name], "properties": {name: {"type": "string"}, **others}})
    return {"anyOf": ways}


def inlined(model: type[BaseModel]) -> Schema:
    """The schema of a model, with the schemas that it refers to in their places. What tells the members of a union apart
    has to be there, also where it has a default."""
    schema = model.model_json_schema()
    known = schema.pop("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return resolved(known[part["$ref"].rpartition("/")[2]])
        made = {name: resolved(one) for name, one in part.items() if name != "discriminator"}
        if "discriminator" in part and "oneOf" in made:
            told = part["discriminator"]["propertyName"]
            made["oneOf"] = [{**one, "required": sorted({told, *one.get("required", ())})} for one in made["oneOf"]]
        return made

    found: Schema = resolved(schema)
    return found


def body(schemas: Mapping[str, Schema]) -> Schema:
    """A request body that must be there, by its type."""
    return {"required": True, "content": {kind: {"schema": schema} for kind, schema in schemas.items()}}


def json_body(model: type[BaseModel]) -> Schema:
    """The `openapi_extra=` of a route that reads such a JSON object itself."""
    return extra(body=body({"application/json": inlined(model)}))


def extra(*parameters: Schema, body: Schema | None = None) -> Schema:
    """The `openapi_extra=` of a route."""
    made: Schema = {}
    if parameters:
        made["parameters"] = list(parameters)
    if body is not None:
        made["requestBody"] = body
    return made


RUN: Schema = {
    "type": "object",
    "description": "The output of a run: run_id, session_id, status, content, messages, metrics, ...",
}
EVENTS: Schema = {
    "type": "object",
    "description": "Server-sent events: `id` is the index of the event in its run, `event` its kind, `data` its JSON.",
    "properties": {"id": TEXT, "event": TEXT, "data": TEXT},
}


def run_response(status: int, *, streamed: bool = True, plain: bool = True) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that gives a run, or its events."""
    content: dict[str, Any] = {}
    if plain:
        content["application/json"] = {"schema": RUN}
    if streamed:
        content["text/event-stream"] = {"schema": EVENTS}
    return {status: {"description": "The run", "content": content}}


__all__ = ["EVENTS", "FLAG", "JSON_ARRAY", "JSON_OBJECT", "NUMBER", "RUN", "TEXT", "UPLOADS", "AgnoErrorResponse", "body", "errors", "extra", "form", "header", "inlined", "json_body", "one_of",
           "path", "query", "run_response"]  # fmt: skip
