"""Steps one after the other: what each of them gives is there for the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agno._engine.inputs import media_of
from agno.run.workflow_data import StepOutput
from agno.utils.blank import bare
from agno.workflow._failing import StepFailed
from agno.workflow._node import Node
from agno.workflow._place import Place
from agno.workflow.types import StepInput, last_told


class Ending:
    """How a sequence ended: the outputs, whether one of them said stop, and the failure that broke it off."""

    __slots__ = ("error", "outputs")

    def __init__(self) -> None:
        self.outputs: list[StepOutput] = []
        self.error: StepFailed | None = None

    @property
    def failure(self) -> StepOutput | None:
        return self.error.output if self.error is not None else None

    @property
    def stop(self) -> bool:
        return bool(self.outputs) and self.outputs[-1].stop

    def facts(self) -> dict[str, Any]:
        """What a container says of itself, from what is inside of it."""
        return inside(self.outputs) | ({} if self.failure is None else {"success": False, "error": self.failure.error})


async def one_after_the_other(
    nodes: Sequence[Node],
    place: Place,
    given: StepInput,
    parent_id: str | None,
    prefix: str = ".",
    ending: Ending | None = None,
) -> Ending:
    """Play the steps until one says stop or fails; a failure that is fatal travels, with what came before in `ending`."""
    ending, last = ending or Ending(), len(nodes) - 1
    for number, node in enumerate(nodes):
        try:
            output = await node.play(place.child(number, f"{prefix}{number}", parent_id), given)
        except StepFailed as failure:
            ending.outputs.append(failure.output)
            if failure.fatal:
                raise
            ending.error = failure
            break
        ending.outputs.append(output)
        if output.stop or number == last:
            break
        given = after(given, node, output)
    return ending


def after(given: StepInput, node: Node, output: StepOutput) -> StepInput:
    """The input of the next step."""
    before = given.previous_step_outputs
    outputs = {**before} if before else {}
    outputs[_free_name(node.label, outputs, output)] = output
    told = output.told
    following = bare(StepInput)
    following.__dict__ = {
        **given.__dict__,
        "previous_step_outputs": outputs,
        "previous_step_content": told if told is not None else last_told(outputs),
    }
    for kind, made in media_of(output).items():
        setattr(following, kind, [*(getattr(given, kind) or ()), *made])
    return following


def _free_name(name: str, outputs: dict[str, StepOutput], output: StepOutput) -> str:
    """Containers without a name are told apart by a number; a step of an outer sequence with the same name gives way."""
    known = outputs.get(name)
    if known is None:
        return name
    if known.step_id == output.step_id:
        del outputs[name]  # the newest comes last
        return name
    if name != output.step_type:
        outputs.pop(name)
        return name
    number = 2
    while f"{name} {number}" in outputs:
        number += 1
    return f"{name} {number}"


def inside(outputs: Iterable[StepOutput]) -> dict[str, Any]:
    """What a container says of itself: its steps, their media, and whether one of them said stop."""
    outputs = list(outputs)
    facts: dict[str, Any] = {"steps": outputs or None, "stop": any(output.stop for output in outputs)}
    for output in outputs:
        for kind, media in media_of(output).items():
            facts[kind] = [*facts.get(kind, ()), *media]
    return facts


__all__ = ["Ending", "after", "inside", "one_after_the_other"]
