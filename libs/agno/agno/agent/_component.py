"""What the engine asks of a component: its model, its ids, its session, the tools it gives itself."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Literal

from agno._engine import memories, retrieval
from agno._engine.body import agent_body
from agno._engine.context import Run
from agno._engine.observing import debug_level_of
from agno._io import ASYNC, IO, SYNC, drive
from agno.exceptions import RetryableModelProviderError, RunCancelledException
from agno.models.base import Model
from agno.models.defaults import DEFAULT_OPENAI_MODEL_ID
from agno.models.message import Message
from agno.models.utils import get_model
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.session import AgentSession
from agno.tools.function import Function
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.log import set_log_level_to_debug
from agno.utils.settings import Settings

_lock = threading.Lock()


class Component(Settings):
    """The part of an agent that is the same for whatever runs on the engine."""

    session_type = "agent"
    body = staticmethod(agent_body)  # what happens between the start and the end of its runs

    # Ids -------------------------------------------------------------------------------------------------------------

    def _derived_id(self) -> str:
        if name := getattr(self, "name", None):
            return str(name).lower().replace(" ", "-")
        made: str = self.__dict__.get("_id") or self._private("_id", new_id)
        return made

    def _private(self, key: str, make: Callable[[], Any]) -> Any:
        """A value that belongs to this object but is no setting: made once, also under concurrent runs."""
        value = self.__dict__.get(key)
        if value is None:
            with _lock:
                value = self.__dict__.setdefault(key, make())
        return value

    def set_id(self) -> None:
        """Fix the id: as given, else from the name, else a UUID. It never changes afterwards."""
        if self.__dict__.get("id") is None:
            self.__dict__["id"] = self._derived_id()

    def initialize_agent(self, debug_mode: bool | None = None) -> None:
        """Settle what is otherwise settled at the first run. May be called any number of times."""
        if debug_mode or (debug_mode is None and self.__dict__.get("debug_mode")):
            set_log_level_to_debug("agent", debug_level_of(self))
        self.set_id()
        self.model_of_run()

    def known_session_id(self) -> str | None:
        """The session that calls without a `session_id` belong to, if there is one yet."""
        given: str | None = getattr(self, "session_id", None)
        return given or self.__dict__.get("_session_id")

    def sticky_session_id(self) -> str:
        """The same, made if it is missing."""
        given: str | None = getattr(self, "session_id", None)
        return given or self.__dict__.get("_session_id") or self._private("_session_id", new_id)

    # Model -----------------------------------------------------------------------------------------------------------

    def model_of_run(self) -> Model:
        """The model to use. Without one: OpenAI's default chat model."""
        given = getattr(self, "model", None)
        if given is not None and Model in type(given).__mro__:  # isinstance() is slow for an abstract class
            return given  # type: ignore[no-any-return]  # it is a Model
        wanted = given or f"openai-chat:{DEFAULT_OPENAI_MODEL_ID}"
        made: Model = self._private(f"_model {wanted}", lambda: get_model(wanted))
        return made

    def fallbacks_for(self, error: Exception) -> list[Model]:
        """Models to try when the main one fails with `error`."""
        component: Any = self
        if isinstance(
            error, (RunCancelledException, RetryableModelProviderError)
        ):  # no failure, or a hint is tried first
            return []
        config = component.fallback_config
        chosen = (config.models_for(error) if config is not None else None) or component.fallback_models
        return [get_model(model) for model in chosen or ()]

    @property
    def fallback_callback(self) -> Any:
        config = self.__dict__.get("fallback_config")
        return config.callback if config is not None else None

    # Settings that are functions --------------------------------------------------------------------------------------

    @property
    def kept_callables(self) -> dict[Any, Any]:
        """What the functions in `tools=` and `knowledge=` made, by user or session."""
        kept: dict[Any, Any] = self._private("_callables", dict)
        return kept

    def clear_callable_cache(self, kind: Literal["tools", "knowledge"] | None = None, close: bool = False) -> None:
        """Forget what functions in `tools=` and `knowledge=` made, or one kind of it; `close` closes it first."""
        drive(self._forget_callables(SYNC, kind, close))

    async def aclear_callable_cache(
        self, kind: Literal["tools", "knowledge"] | None = None, close: bool = False
    ) -> None:
        """`clear_callable_cache` for asyncio."""
        await self._forget_callables(ASYNC, kind, close)

    async def _forget_callables(self, io: IO, kind: str | None, close: bool) -> None:
        kept = self.kept_callables
        for key in [key for key in kept if kind in (None, key[0])]:
            made = kept.pop(key, None)
            for item in made if isinstance(made, (list, tuple)) else [made]:
                if close and hasattr(item, "close"):
                    await io.call(item.close)

    @property
    def should_parse_structured_output(self) -> bool:
        """True if text is read into `output_schema`."""
        component: Any = self
        return bool(component.output_schema is not None and component.parse_response and component.parser_model is None)

    # Session ---------------------------------------------------------------------------------------------------------

    def new_session(self, context: RunContext) -> AgentSession:
        """A session that nothing is stored of yet."""
        component: Any = self
        model = self.model_of_run()
        data: dict[str, Any] = {"agent_id": component.id, "model": model.to_dict()}
        if component.name:
            data["name"] = component.name
        now = now_epoch()
        return AgentSession(
            session_id=context.session_id or "",
            agent_id=component.id,
            user_id=context.user_id,
            agent_data=data,
            metadata=dict(component.metadata) if component.metadata else None,
            created_at=now,
            updated_at=now,
            runs=[self._introduced(context)] if component.introduction else None,
        )

    def _introduced(self, context: RunContext) -> RunOutput:
        """The run that a new session begins with: what the agent says before it is asked. Made twice, it is the same."""
        component: Any = self
        text = component.introduction
        return RunOutput(
            run_id=f"{context.session_id}-introduction",
            session_id=context.session_id,
            user_id=context.user_id,
            agent_id=component.id,
            agent_name=component.name,
            content=text,
            messages=[Message(role=self.model_of_run().assistant_message_role, content=text)],
            status=RunStatus.completed,
        )

    def remember_session(self, session: AgentSession, seen: AgentSession | None) -> None:
        """Keep a session for `cache_session`. `seen` was cached when the run began: if it no longer is, another run
        ended meanwhile, and the database knows both."""
        now = self.cached_session
        if now is not None and now is not seen and now.session_id == session.session_id:
            if getattr(self, "db", None) is not None:
                self.__dict__.pop("_cached_session", None)
                return
            known = {run.run_id for run in session.runs or ()}
            session.runs = [*(run for run in now.runs or () if run.run_id not in known), *(session.runs or ())]
        self.__dict__["_cached_session"] = session

    @property
    def cached_session(self) -> AgentSession | None:
        """The last session, with `cache_session=True`."""
        return self.__dict__.get("_cached_session")

    # Tools the component gives itself --------------------------------------------------------------------------------

    def built_in_tools(self, run: Run) -> list[Callable[..., Any] | Function]:
        """The tools of one run that come from settings, in their order."""
        component: Any = self
        found: list[Callable[..., Any] | Function] = []
        if component.read_chat_history:
            found.append(_seldom("session_tools").chat_history(run))
        if component.read_tool_call_history:
            found.append(_seldom("session_tools").tool_history(run))
        if component.search_session_history:
            found.append(_seldom("past_sessions").previous_messages_tool(run))
        if component.search_past_sessions:
            found.append(_seldom("past_sessions").search_tool(run))
        if component.memory_manager is not None and component.enable_agentic_memory:
            found.append(memories.tool(run))
        if component.knowledge is not None or component.knowledge_retriever is not None:
            found.extend(retrieval.knowledge_tools(run))
        if component.enable_agentic_state:
            found.append(_seldom("session_tools").state(run))
        if component.skills is not None:
            found.extend(component.skills.get_tools())
        return found

    def after_run(self, run: Run) -> list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
        """Work that follows the answer: pairs of an event name (`MemoryUpdate`, `SessionSummary`) and the work."""
        component: Any = self
        found: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        if component.memory_manager is not None and not component.enable_agentic_memory:
            found.append(("MemoryUpdate", functools.partial(memories.memorise, run)))
        if component.session_summary_manager is None:
            return found

        async def summarise() -> None:
            manager = component.session_summary_manager
            assert run.session is not None
            run.session.upsert_run(run.output)
            await run.io.pick(manager.create_session_summary, manager.acreate_session_summary, run.session)

        return [*found, ("SessionSummary", summarise)]


def _seldom(name: str) -> Any:
    """A part of the engine that few agents need: imported when one does."""
    return import_module(f"agno._engine.{name}")


__all__ = ["Component"]
