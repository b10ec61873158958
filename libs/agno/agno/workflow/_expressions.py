"""CEL expressions, looked at when a step is built: what is wrong with them is said then, not in the middle of a run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from agno.workflow._deciding import compiled, reason_of

NAMES = ("input", "previous_step_content", "previous_step_outputs", "additional_data", "session_state")
_TYPES = {
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "type",
    "uint",
}
_MACROS = {"all", "exists", "exists_one", "filter", "map", "max", "min", "reduce"}  # they name what they go through


def refuse_expression(owner: str, setting: str, rule: Any, *more: str) -> None:
    """Raise ValueError for a text that is no expression, or that names what it is not given.

    `more` are names that it is given beside NAMES. Without `cel-python` nothing is known; the run says what to install.
    """
    tree, offered = _tree(owner, setting, rule), (*NAMES, *more)
    for name in [] if tree is None else _named(tree):
        if name not in offered:
            raise ValueError(f"{owner} has {setting}={rule!r}, which names {name!r}; it can name {', '.join(offered)}.")


def texts_of(owner: str, setting: str, rule: Any) -> list[str]:
    """The texts that an expression can have as its value, so far as they stand in it."""
    tree = _tree(owner, setting, rule)
    return [] if tree is None else list(_values(tree))


def _tree(owner: str, setting: str, rule: Any) -> Any:
    if not isinstance(rule, str):
        return None
    try:
        cel = import_module("celpy")
    except ImportError:
        return None
    try:
        return compiled(rule)
    except cel.CELParseError as error:
        said = " ".join(reason_of(error).split())
        raise ValueError(f"{owner} has {setting}={rule!r}, which is no CEL expression: {said}") from error


def _named(tree: Any) -> list[str]:
    """What an expression refers to, without what it names itself."""
    own = {
        str(next(call.children[2].children[0].find_data("ident")).children[0])
        for call in tree.find_data("member_dot_arg")
        if str(call.children[1]) in _MACROS and any(call.children[2].children[0].find_data("ident"))
    }
    found = [str(ident.children[0]) for ident in tree.find_data("ident")]
    return [name for name in found if name not in own and name not in _TYPES]


def _values(tree: Any) -> Iterator[str]:
    """The literal texts at the ends of its branches, also in a list."""
    if tree.data == "literal":
        text = str(tree.children[0])
        if text[-1:] in "'\"":
            yield str(ast.literal_eval(text))
    elif tree.data == "expr" and len(tree.children) == 3:
        for branch in tree.children[1:]:
            yield from _values(branch)
    elif tree.data in ("list_lit", "exprlist"):
        for item in tree.children:
            yield from _values(item)
    elif len(tree.children) == 1 and hasattr(tree.children[0], "data"):
        yield from _values(tree.children[0])


__all__ = ["refuse_expression", "texts_of"]
