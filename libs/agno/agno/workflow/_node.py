"""What all steps and containers of steps have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, ClassVar

from agno._io import DONE
from agno.exceptions import (
    InputCheckError,
    OutputCheckError,
    RunCancelledException,
    RunClaimedError,
    error_type_of,
)
from agno.run import watching
from agno.run.workflow import StepErrorEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.utils.blank import bare
from agno.utils.ids import new_id
from agno.utils.log import log_warning
from agno.utils.rebuild import Rebuildable
from agno.workflow import _reviews as reviews
from agno.workflow._failing import Paused, StepFailed
from agno.workflow._place import Place
from agno.workflow._state import snapshot
from agno.workflow.types import HumanReview, OnError, OnReject, OnTimeout, StepInput, refuse_choice

_FINAL = (InputCheckError, OutputCheckError)  # the same input is refused again


class Node(Rebuildable):
    """A step, or a container of steps. It is configuration: a run writes nothing on it."""

    step_type: ClassVar[StepType] = StepType.STEP
    is_leaf: ClassVar[bool] = False
    executor_type: str | None = None  # of a step: who works in it

    name: str | None
    description: str | None
    review: HumanReview
    on_error: OnError | None
    max_retries: int = 0

    def _describe(
        self, name: str | None, description: str | None, review: HumanReview, step_id: str | None = None
    ) -> None:
        self.name, self.description, self.review = name, description, review
        self.kind = self.step_type.value  # as outputs carry it: reading it from the enum is slow
        self.title = named(type(self).__name__, name)  # what it is called in sentences
        self.label = name or self.kind  # what it is called where it has to be called something
        self.step_id = step_id or new_id()
        self.on_error = review.on_error  # type: ignore[assignment]  # settled by HumanReview

    @property
    def nodes(self) -> Sequence[Node]:
        """The steps inside."""
        return ()

    @property
    def executor_name(self) -> str | None:
        """The name of who works."""
        return None

    def _inside(self, mark: str, ways: list[str] | None) -> Sequence[Node] | None:
        """The steps inside in the order of their keys, which go on with `mark`; `ways` are those that were chosen. None if
        only a run knows them."""
        return self.nodes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    def described(self) -> dict[str, Any]:
        """The step as plain data, for people."""
        data: dict[str, Any] = {"name": self.label, "description": self.description, "type": self.step_type.value}
        if self.nodes:
            data["steps"] = [node.described() for node in self.nodes]
        return data

    # Running ---------------------------------------------------------------------------------------------------------

    async def play(self, place: Place, given: StepInput) -> StepOutput:
        """Run once: what is recorded is not done again, people are asked, failures are tried again."""
        run = place.run
        run.check()
        if place.key in run.journal.done:
            return run.journal.recorded(place)
        before, began = snapshot(place.context.session_state), run.io.now()
        try:
            work = (self._decided if self.review.asks else self._attempted)(place, given)
            output = await (work if watching.watcher is None else watching.watcher.step(self, place, work))
        except StepFailed as failure:
            failure.output.duration = run.io.now() - began
            keeps = self.is_leaf and not failure.fatal and "." in place.key
            if keeps and (keeping := self._recorded(place, failure.output, before, raised=True)) is not None:
                await keeping
            raise
        output.duration = run.io.now() - began
        if (keeping := self._recorded(place, output, before, raised=False)) is not None:
            await keeping
        return output

    def _recorded(
        self, place: Place, output: StepOutput, before: dict[str, Any], *, raised: bool
    ) -> Awaitable[None] | None:
        """Count and record what came of it. None: there is nothing to wait for."""
        if "." in place.key and self.step_type is not StepType.PARALLEL:
            return None  # what is inside of it is recorded; but parallel steps do not say how their states were joined
        run = place.run
        return run.journal.record(place, output, before, run.executed_inside(place.key), leaf=False, raised=raised)

    async def _decided(self, place: Place, given: StepInput) -> StepOutput:
        """Ask before, run, and ask after."""
        review = self.review
        if review.asks_before:
            given, refused = await reviews.before(self, place, given)
            if refused is not None:
                return await self._refused(place, given, refused)
        if not review.requires_output_review:
            return await self._attempted(place, given)
        return await reviews.reviewed(self, place, given, self._attempted)

    async def _refused(self, place: Place, given: StepInput, how: OnReject) -> StepOutput:
        """A person said no: leave the step out."""
        return self.output(skipped=True, content=f"{self.label} was left out.")

    async def _attempted(self, place: Place, given: StepInput) -> StepOutput:
        """Run until it succeeds, or all attempts are used."""
        if place.run.replies and (failed := self._skipped_failure(place)) is not None:
            return failed
        for attempts_left in range(self.max_retries, -1, -1):
            try:
                output = await self.perform(place, given)
            except (RunCancelledException, RunClaimedError, Paused):
                raise
            except StepFailed as failure:
                if failure.fatal:
                    raise
                return await self._failed(place, failure)
            except Exception as error:
                text = str(error) or type(error).__name__
                await self.emit(place, StepErrorEvent, error=text, error_type=error_type_of(error))
                if not attempts_left or isinstance(error, _FINAL):
                    return await self._failed(place, error)
                log_warning(f"run_id={place.run.output.run_id} | step {self.label!r} failed and is tried again: {text}")
            else:
                if not output.success and not self.is_leaf and self.on_error in (OnError.fail, OnError.pause):
                    return await self._failed(place, StepFailed(output))
                return output
        raise AssertionError("the last attempt returns or raises")

    async def _failed(self, place: Place, error: Exception) -> StepOutput:
        """What comes of a failure: an output that says so, a question, or the end of more than this step."""
        if isinstance(error, StepFailed):
            output, text = error.output, error.output.error or str(error)
        else:
            text = str(error) or type(error).__name__
            output = self._failure(text, error_type_of(error))
        if self.on_error is OnError.skip:
            return output
        if self.on_error is OnError.pause:
            await reviews.ask_about_failure(self, place, text, error)
        raise StepFailed(output, fatal=self.on_error is OnError.fail) from error

    def _skipped_failure(self, place: Place) -> StepOutput | None:
        """The output of a step that failed and that a person said to go on without."""
        answer = place.run.replies.pop((place.key, "error"), None)
        if answer is None:
            return None
        if not answer.is_resolved:
            raise Paused([answer])
        if answer.should_skip:
            return self._failure(answer.error_message, answer.error_type)
        place.run.journal.forget_failures(place)
        return None

    def _failure(self, text: str, error_type: str | None) -> StepOutput:
        content = f"Step {self.label!r} failed: {text}"
        return self.output(success=False, error=text, error_type=error_type, content=content)

    async def perform(self, place: Place, given: StepInput) -> StepOutput:
        """The work itself."""
        raise NotImplementedError

    def output(self, **fields: Any) -> StepOutput:
        """An output of this step."""
        output = bare(StepOutput)
        output.step_name, output.step_id, output.step_type = self.label, self.step_id, self.kind
        output.executor_type, output.executor_name = self.executor_type, self.executor_name
        if fields:
            output.__dict__.update(fields)
        return output

    def emit(self, place: Place, event_class: type[Any], **details: Any) -> Awaitable[None]:
        """An event of this step."""
        if not place.run.hears(event_class):
            return DONE
        return place.emit(event_class, step_id=self.step_id, step_name=self.label, step_index=place.index, **details)


def named(kind: str, name: str | None) -> str:
    """What a sentence calls a step, a container or a workflow."""
    return f"{kind} {name!r}" if name else f"The {kind} without a name"


def review_of(
    owner: str,
    human_review: HumanReview | None,
    on_error: OnError | str | None,
    on_reject: OnReject | str | None,
    on_timeout: OnTimeout | str | None = None,
    **asked: Any,
) -> HumanReview:
    """What people are asked, from the settings of a step, or from `human_review=`."""
    given = {name: value for name, value in asked.items() if value not in (None, False)}
    for setting, value, kind in (
        ("on_error", on_error, OnError),
        ("on_reject", on_reject, OnReject),
        ("on_timeout", on_timeout, OnTimeout),
    ):
        refuse_choice(owner, setting, value, kind)
    if human_review is None:
        if on_reject is not None:
            given["on_reject"] = on_reject
        if on_timeout is not None:
            given["on_timeout"] = on_timeout
        return HumanReview(on_error=on_error, **given)
    if given:
        raise ValueError(
            f"{owner} got {next(iter(given))}= and human_review=, both given; put the first into the HumanReview."
        )
    if on_error is not None and human_review.on_error is None:
        return HumanReview(**{**human_review.__dict__, "on_error": on_error})
    return human_review


def unlike(nodes: Iterable[Node], owner: str) -> None:
    """Refuse two steps of one name side by side: what comes later looks them up by it."""
    seen: dict[str, Node] = {}
    for node in nodes:
        if node.name is None:
            continue
        if node.name in seen:
            raise ValueError(
                f"{owner} has two steps named {node.name!r}; later steps find an output by the name of its step. "
                "Give them different names, for example Step(name='draft again', ...)."
            )
        seen[node.name] = node


__all__ = ["Node", "named", "review_of", "unlike"]
