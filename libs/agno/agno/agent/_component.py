"""What the engine asks of a component: its model, its ids, its session, the tools it gives itself."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Literal

from agno._engine import branching, factories, memories, prompt, retrieval
from agno._engine.body import agent_body
from agno._engine.context import Run
from agno._engine.history import runs_needed
from agno._engine.lifecycle import close_messages
from agno._engine.observing import debug_level_of
from agno._engine.sessions import kept_of
from agno._io import ASYNC, IO, SYNC, drive
from agno.agent._checks import refuse_misfits
from agno.exceptions import RetryableModelProviderError, RunCancelledException
from agno.models._loop import Exchange, converse
from agno.models.base import Model
from agno.models.defaults import DEFAULT_OPENAI_MODEL_ID
from agno.models.message import Message
from agno.models.utils import get_model
from agno.run import agent as events
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.session import AgentSession
from agno.tools.function import Function
from agno.utils.blank import bare
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.later import later
from agno.utils.log import set_log_level_to_debug
from agno.utils.settings import Settings

_lock = threading.Lock()

# what few components need
_session_tools, _past_sessions = later("agno._engine.session_tools"), later("agno._engine.past_sessions")
_summaries = later("agno._engine.summaries")
_culture, _learning = later("agno._engine.culture"), later("agno._engine.learning")


class Component(Settings):
    """The part of an agent that is the same for whatever runs on the engine. What differs are these attributes."""

    session_type = "agent"  # the kind of component; the names of fields begin with it
    id_field, name_field = "agent_id", "agent_name"
    session_class: ClassVar[Any] = AgentSession
    events: ClassVar[Any] = events  # the module with the events of its runs
    # what `store_events` leaves out, unless `events_to_skip` is set
    unkept_events: ClassVar[Any] = frozenset({"RunContent"})
    body: ClassVar[Any] = staticmethod(agent_body)  # what happens between the start and the end of its runs
    closing: ClassVar[Any] = staticmethod(close_messages)  # what is put on the output when they end, or pause
    taking_up: ClassVar[Any] = staticmethod(branching.take_up)  # how one of them goes on
    kept: ClassVar[Any] = kept_of  # what is stored of an output
    # whether the output that a background run gives back at once is the object that it goes on to fill
    shares_output: ClassVar[Any] = False
    prompt_sections: ClassVar[Any] = prompt.SECTIONS
    templated_sections: ClassVar[Any] = prompt.TEMPLATED
    tool_settings: ClassVar[Any] = (  # those that `built_in_tools` looks at; () where it is always asked
        "read_chat_history", "read_tool_call_history", "search_session_history", "search_past_sessions",
        "enable_agentic_memory", "knowledge", "knowledge_retriever", "enable_agentic_state", "enable_agentic_culture",
        "learning", "skills",
    )  # fmt: skip
    work_settings: ClassVar[Any] = (  # those that `after_run` looks at
        "memory_manager", "enable_user_memories", "enable_session_summaries", "session_summary_manager",
        "update_cultural_knowledge", "learning",
    )  # fmt: skip
    runs_to_load: ClassVar[Any] = staticmethod(runs_needed)  # how many earlier runs a run looks at
    prepares: ClassVar[Any] = False  # True if `prepare` has more to find than the knowledge
    rows_per_run: ClassVar[Any] = 1  # how many rows one of its runs usually leaves in the session
    cancel_key: ClassVar[Any] = str  # under which name a run with this id is known to `cancel_run`
    answer = staticmethod(branching.answer)  # puts the caller's answers where a paused run waits for them

    _id: ClassVar[Any] = None  # of an object without id and name, once it is asked for ...
    _session_id: ClassVar[Any] = None  # ... and the session of calls that name none

    _check = refuse_misfits

    # Ids -------------------------------------------------------------------------------------------------------------

    def _derived_id(self) -> str:
        if name := getattr(self, "name", None):
            return str(name).lower().replace(" ", "-")
        made: str = self._id or self._private("_id", new_id)
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
        """Settle the id, the model and the log level now instead of at the first run. May be called any number of times."""
        level = debug_level_of(self)
        if debug_mode:
            set_log_level_to_debug(self.session_type, level)
        self.set_id()
        self.model_of_run()

    def known_session_id(self, user_id: str | None = None) -> str | None:
        """The id of the session that is used where no `session_id` is given; None before the first run without one."""
        given: str | None = getattr(self, "session_id", None) or self.__dict__.get("_session_id")
        return given if user_id is None or given is None else self._session_for(user_id, given)

    def sticky_session_id(self, user_id: str | None = None) -> str:
        """`known_session_id`, made if there is none. It belongs to the first user that a call names; each other user gets a
        session of their own, with an id made from theirs."""
        component: Any = self
        if given := component.session_id:
            return given  # type: ignore[no-any-return]  # a setting
        made: str = self._session_id or self._private("_session_id", new_id)
        if user_id is None:
            return made
        self._private("_session_user", lambda: user_id)
        return self._session_for(user_id, made)

    def _session_for(self, user_id: str, session_id: str) -> str:
        if self.__dict__.get("_session_user") in (None, user_id):
            return session_id
        # made from the user, so that nothing has to be kept for each
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"session\0{session_id}\0{user_id}"))

    # Model -----------------------------------------------------------------------------------------------------------

    def model_of_run(self) -> Model:
        """The model that runs use: the one that is set, made from its text if it is one; else OpenAI's default chat model."""
        component: Any = self
        given = component.model
        if given is not None and Model in given.__class__.__mro__:  # isinstance() is slow for an abstract class
            return given  # type: ignore[no-any-return]  # it is a Model
        wanted = given or f"openai-chat:{DEFAULT_OPENAI_MODEL_ID}"
        made: Model = self._private(f"_model {wanted}", lambda: get_model(wanted))
        return made

    def fallbacks_for(self, error: Exception) -> list[Model]:
        """The models to try, in this order, when the main one failed with `error`."""
        component: Any = self
        if isinstance(error, (RunCancelledException, RetryableModelProviderError)):
            return []  # no failure, or a hint to the same model is tried first
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
        """What the functions given as `tools=`, `knowledge=` and `members=` made, by kind and cache key."""
        kept: dict[Any, Any] = self._private("_callables", dict)
        return kept

    def clear_callable_cache(
        self, kind: Literal["tools", "knowledge", "members"] | None = None, close: bool = False
    ) -> None:
        """Forget what the functions given as `tools=`, `knowledge=` and `members=` made, so that the next run calls them
        again. `kind`: only one of the three. `close`: also call `close()` on what they made, where it has one."""
        drive(self._forget_callables(SYNC, kind, close))

    async def aclear_callable_cache(
        self, kind: Literal["tools", "knowledge", "members"] | None = None, close: bool = False
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
        """True if the text of an answer is parsed into `output_schema`."""
        component: Any = self
        return bool(component.output_schema is not None and component.parse_response and component.parser_model is None)

    # Session ---------------------------------------------------------------------------------------------------------

    def new_output(self) -> Any:
        """The output of a run that has not begun, with nothing on it."""
        return bare(RunOutput)

    def new_session(self, context: RunContext) -> Any:
        """A new session, not yet stored."""
        component: Any = self
        model, kind = self.model_of_run(), self.session_type
        data: dict[str, Any] = {f"{kind}_id": component.id, "model": model.to_dict()}
        if component.name:
            data["name"] = component.name
        now = now_epoch()
        return self.session_class(
            session_id=context.session_id or "",
            user_id=context.user_id,
            metadata=dict(component.metadata) if component.metadata else None,
            created_at=now,
            updated_at=now,
            runs=[self._introduced(context)] if component.introduction else None,
            **{f"{kind}_id": component.id, f"{kind}_data": data},
        )

    def _introduced(self, context: RunContext) -> Any:
        """The run that a new session begins with, in which the agent says its `introduction`. Its id depends on the session
        only, so two processes make the same one."""
        component: Any = self
        text, kind = component.introduction, self.session_type
        said = self.new_output()
        said.__dict__.update(
            {
                "created_at": now_epoch(),
                "run_id": f"{context.session_id}-introduction",
                "session_id": context.session_id,
                "user_id": context.user_id,
                "content": text,
                "messages": [Message(role=self.model_of_run().assistant_message_role, content=text)],
                "status": RunStatus.completed,
                f"{kind}_id": component.id,
                f"{kind}_name": component.name,
            }
        )
        return said

    @property
    def cache_mark(self) -> Any:
        """An object that is replaced whenever a session is cached; see `remember_session`."""
        return self.__dict__.get("_cache_mark")

    def remember_session(self, session: Any, mark: Any) -> Any:
        """Keep a session for `cache_session`, and return the new mark.

        `mark` is the mark at the run's start. If it was replaced, another run ended meanwhile, and only the database has
        both: the cache is dropped, or without a database the runs of both are joined.
        """
        with _lock:
            now, own = self.cached_session, self.__dict__
            if own.get("_cache_mark") is not mark:
                own.pop("_cached_session", None)
                if getattr(self, "db", None) is None:
                    own["_cached_session"] = _joined(now, session)
            else:
                own["_cached_session"] = session
            own["_cache_mark"] = object()
            return own["_cache_mark"]

    @property
    def cached_session(self) -> Any:
        """The session of the last run, if `cache_session` is on."""
        return self.__dict__.get("_cached_session")

    def forget_cached_session(self) -> None:
        """Read the session from the database again next time."""
        self.__dict__.pop("_cached_session", None)

    # What a run asks for -----------------------------------------------------------------------------------------------

    async def prepare(self, run: Run) -> None:
        """Get the knowledge that the prompt and the tools of a run need, if a function makes it."""
        component: Any = self
        if component.knowledge is not None:
            await factories.knowledge_of(run)

    def converse(self, run: Run, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """The model-tool loop of a run."""
        return converse(exchange)

    def take_up(self, run: Run, output: Any, wish: branching.Continuation, messages: list[Message]) -> None:
        """Bring back what belongs to a continued run beside its output and the messages it goes on from."""

    def thin_out(self, kept: Any) -> None:
        """Remove from the copy that is stored what only the caller's output needs."""

    # Tools the component gives itself --------------------------------------------------------------------------------

    def built_in_tools(self, run: Run) -> list[Callable[..., Any] | Function]:
        """The tools of one run that come from settings, in their order."""
        component: Any = self
        found: list[Callable[..., Any] | Function] = []
        if component.read_chat_history:
            found.append(_session_tools.chat_history(run))
        if component.read_tool_call_history:
            found.append(_session_tools.tool_history(run))
        if component.search_session_history:
            found.append(_past_sessions.previous_messages_tool(run))
        if component.search_past_sessions:
            found.append(_past_sessions.search_tool(run))
        if component.enable_agentic_memory and memories.manager_of(run) is not None:
            found.append(memories.tool(run))
        if component.enable_agentic_state:
            found.append(_session_tools.state(run))
        if component.knowledge is not None or component.knowledge_retriever is not None:
            found.extend(retrieval.knowledge_tools(run))
        if component.enable_agentic_culture and _culture.manager_of(run) is not None:
            found.append(_culture.tool(run))
        if component.learning:
            found.extend(_learning.tools(run))
        if component.skills is not None:
            found.extend(component.skills.get_tools())
        return found

    def after_run(self, run: Run) -> list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
        """What is done after the answer, in this order: pairs of the name of its events (`MemoryUpdate`, `SessionSummary`,
        `CultureUpdate`, `Learning`) and the work."""
        component: Any = self
        found: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        if memories.makes_memories(component) and memories.manager_of(run) is not None:
            found.append(("MemoryUpdate", functools.partial(memories.memorise, run)))
        summarised = component.enable_session_summaries or component.session_summary_manager is not None
        if summarised and run.output.parent_run_id is None:  # else the session is its parent's
            found.append(("SessionSummary", functools.partial(_summaries.summarise, run)))
        if component.update_cultural_knowledge and _culture.manager_of(run) is not None:
            found.append(("CultureUpdate", functools.partial(_culture.learn, run)))
        if component.learning and _learning.machine_of(run) is not None:
            found.append(("Learning", functools.partial(_learning.learn, run)))
        return found


def _joined(earlier: Any, session: Any) -> Any:
    """`session` with the runs of `earlier` added, if both are the same session of the same user."""
    if earlier is not None and (earlier.session_id, earlier.user_id) == (session.session_id, session.user_id):
        known = {run.run_id for run in session.runs or ()}
        session.runs = [*(run for run in earlier.runs or () if run.run_id not in known), *(session.runs or ())]
    return session


__all__ = ["Component"]
