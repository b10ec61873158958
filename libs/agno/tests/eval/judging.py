"""What the tests of evaluations share: both colours, and judges that say what they are told."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
from rich.console import Console

from agno.testing import ScriptedModel

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def ask(evaluation: Any, colour: str, method: str = "run", **options: Any) -> Any:
    """Call a method, or its async twin."""
    if colour == "sync":
        return getattr(evaluation, method)(**options)
    return asyncio.run(getattr(evaluation, f"a{method}")(**options))


def scores(*given: int) -> ScriptedModel:
    """A judge of accuracy."""
    return ScriptedModel(*(json.dumps({"accuracy_score": n, "accuracy_reason": f"worth {n}"}) for n in given))


def verdicts(*given: bool | int) -> ScriptedModel:
    """A judge that says yes or no, or gives scores."""
    key = {True: "passed", False: "score"}
    return ScriptedModel(*(json.dumps({key[isinstance(n, bool)]: n, "reason": f"because {n}"}) for n in given))


def printed(show: Any) -> str:
    """What a function prints on the console that it is given."""
    console = Console(file=io.StringIO(), width=100)
    show(console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text
