"""The methods of a database, to be awaited. They are not written a second time: each runs the one of `BaseDb`."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import islice
from typing import Any, Concatenate, ParamSpec, TypeVar

from agno.db._port import SpelledOut
from agno.db.base import BaseDb

P = ParamSpec("P")
T = TypeVar("T")


def awaited(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """The method of `BaseDb`, run the way the database waits."""
    name = method.__name__

    @functools.wraps(method)
    async def run(self: AsyncBaseDb, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._run(getattr(self._db, name), *args, **kwargs)
        return result

    return run


class AsyncBaseDb(SpelledOut, ABC):
    """A database whose methods are awaited: the names, arguments and results are those of `BaseDb`.

    A subclass says how it waits: it hands a `BaseDb` over, and runs the methods of it without blocking the event loop.
    """

    def __init__(self, db: BaseDb) -> None:
        self._db = db
        self.id = db.id
        self.session_table_name, self.memory_table_name = db.session_table_name, db.memory_table_name
        self.metrics_table_name, self.eval_table_name = db.metrics_table_name, db.eval_table_name
        self.knowledge_table_name = db.knowledge_table_name

    @abstractmethod
    async def _run(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a method of the `BaseDb` without blocking the event loop."""

    def __deepcopy__(self, memo: Any) -> AsyncBaseDb:
        return self  # the copy of an agent uses the same database

    read_session = awaited(BaseDb.read_session)
    begin_run = awaited(BaseDb.begin_run)
    note_progress = awaited(BaseDb.note_progress)
    finish_run = awaited(BaseDb.finish_run)
    save_header = awaited(BaseDb.save_header)
    claim_run = awaited(BaseDb.claim_run)
    renew_claim = awaited(BaseDb.renew_claim)
    release_run = awaited(BaseDb.release_run)

    get_session = awaited(BaseDb.get_session)
    get_sessions = awaited(BaseDb.get_sessions)
    first_runs = awaited(BaseDb.first_runs)

    async def iter_sessions(
        self,
        session_type: Any = None,
        user_id: str | None = None,
        component_id: str | None = None,
        batch_size: int = 500,
        *,
        with_runs: bool = False,
    ) -> AsyncIterator[Any]:
        """`BaseDb.iter_sessions`, for `async for`."""
        found = self._db.iter_sessions(session_type, user_id, component_id, batch_size, with_runs=with_runs)
        while page := await self._run(lambda: list(islice(found, batch_size))):
            for session in page:
                yield session

    upsert_session = awaited(BaseDb.upsert_session)
    rename_session = awaited(BaseDb.rename_session)
    delete_session = awaited(BaseDb.delete_session)
    delete_sessions = awaited(BaseDb.delete_sessions)
    prune = awaited(BaseDb.prune)

    upsert_user_memory = awaited(BaseDb.upsert_user_memory)
    get_user_memory = awaited(BaseDb.get_user_memory)
    get_user_memories = awaited(BaseDb.get_user_memories)
    get_all_memory_topics = awaited(BaseDb.get_all_memory_topics)
    get_user_memory_stats = awaited(BaseDb.get_user_memory_stats)
    delete_user_memory = awaited(BaseDb.delete_user_memory)
    delete_user_memories = awaited(BaseDb.delete_user_memories)
    clear_memories = awaited(BaseDb.clear_memories)

    create_eval_run = awaited(BaseDb.create_eval_run)
    get_eval_run = awaited(BaseDb.get_eval_run)
    get_eval_runs = awaited(BaseDb.get_eval_runs)
    rename_eval_run = awaited(BaseDb.rename_eval_run)
    delete_eval_run = awaited(BaseDb.delete_eval_run)
    delete_eval_runs = awaited(BaseDb.delete_eval_runs)

    upsert_knowledge_content = awaited(BaseDb.upsert_knowledge_content)
    get_knowledge_content = awaited(BaseDb.get_knowledge_content)
    get_knowledge_contents = awaited(BaseDb.get_knowledge_contents)
    delete_knowledge_content = awaited(BaseDb.delete_knowledge_content)

    get_metrics = awaited(BaseDb.get_metrics)
    calculate_metrics = awaited(BaseDb.calculate_metrics)

    save_component = awaited(BaseDb.save_component)
    load_component = awaited(BaseDb.load_component)
    component_versions = awaited(BaseDb.component_versions)
    get_component = awaited(BaseDb.get_component)
    update_component = awaited(BaseDb.update_component)
    update_component_version = awaited(BaseDb.update_component_version)
    get_components = awaited(BaseDb.get_components)
    delete_component = awaited(BaseDb.delete_component)

    create_approval = awaited(BaseDb.create_approval)
    get_approval = awaited(BaseDb.get_approval)
    get_approvals = awaited(BaseDb.get_approvals)
    resolve_approval = awaited(BaseDb.resolve_approval)
    update_approval = awaited(BaseDb.update_approval)
    count_pending_approvals = awaited(BaseDb.count_pending_approvals)
    delete_approval = awaited(BaseDb.delete_approval)

    create_schedule = awaited(BaseDb.create_schedule)
    get_schedule = awaited(BaseDb.get_schedule)
    get_schedules = awaited(BaseDb.get_schedules)
    update_schedule = awaited(BaseDb.update_schedule)
    delete_schedule = awaited(BaseDb.delete_schedule)
    due_schedules = awaited(BaseDb.due_schedules)
    claim_schedule_run = awaited(BaseDb.claim_schedule_run)
    create_schedule_run = awaited(BaseDb.create_schedule_run)
    abandoned_schedule_runs = awaited(BaseDb.abandoned_schedule_runs)
    take_schedule_run = awaited(BaseDb.take_schedule_run)
    update_schedule_run = awaited(BaseDb.update_schedule_run)
    prune_schedule_runs = awaited(BaseDb.prune_schedule_runs)
    get_schedule_run = awaited(BaseDb.get_schedule_run)
    get_schedule_runs = awaited(BaseDb.get_schedule_runs)

    put_message = awaited(BaseDb.put_message)
    abandoned_messages = awaited(BaseDb.abandoned_messages)
    take_message = awaited(BaseDb.take_message)
    keep_message = awaited(BaseDb.keep_message)
    finish_message = awaited(BaseDb.finish_message)
    forget_messages = awaited(BaseDb.forget_messages)

    migrate_table_from_v1_to_v2 = awaited(BaseDb.migrate_table_from_v1_to_v2)
    upsert_cultural_knowledge = awaited(BaseDb.upsert_cultural_knowledge)
    get_cultural_knowledge = awaited(BaseDb.get_cultural_knowledge)
    get_all_cultural_knowledge = awaited(BaseDb.get_all_cultural_knowledge)
    delete_cultural_knowledge = awaited(BaseDb.delete_cultural_knowledge)
    clear_cultural_knowledge = awaited(BaseDb.clear_cultural_knowledge)

    upsert_learning = awaited(BaseDb.upsert_learning)
    get_learning = awaited(BaseDb.get_learning)
    get_learnings = awaited(BaseDb.get_learnings)
    delete_learnings = awaited(BaseDb.delete_learnings)
    clear_learnings = awaited(BaseDb.clear_learnings)

    save_trace = awaited(BaseDb.save_trace)
    get_trace = awaited(BaseDb.get_trace)
    get_traces = awaited(BaseDb.get_traces)
    get_trace_session_stats = awaited(BaseDb.get_trace_session_stats)
    delete_traces = awaited(BaseDb.delete_traces)
    prune_traces = awaited(BaseDb.prune_traces)

    keep_hosted = awaited(BaseDb.keep_hosted)
    forget_worker = awaited(BaseDb.forget_worker)
    dead_workers = awaited(BaseDb.dead_workers)
    take_worker = awaited(BaseDb.take_worker)
    is_hosted = awaited(BaseDb.is_hosted)
    wish_cancel = awaited(BaseDb.wish_cancel)
    cancel_wishes = awaited(BaseDb.cancel_wishes)
    get_run_events = awaited(BaseDb.get_run_events)
    prune_run_events = awaited(BaseDb.prune_run_events)

    close = awaited(BaseDb.close)


__all__ = ["AsyncBaseDb", "awaited"]
