"""Databases whose driver is async. Their verbs are written as for any other; only waiting goes to the caller's loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any

from typing_extensions import Self

from agno._io.bridge import bridged
from agno.db.base import BaseDb


def _asynchronous(method: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    @functools.wraps(method)
    async def face(self: AsyncBaseDb, *args: Any, **kwargs: Any) -> Any:
        return await bridged(getattr(self._verbs, method.__name__), *args, **kwargs)

    return face


class AsyncBaseDb:
    """A database with the methods of `BaseDb`, each to be awaited."""

    def __init__(self, verbs: BaseDb) -> None:
        self._verbs = verbs
        self.id = verbs.id
        self.session_table_name = verbs.session_table_name
        self.memory_table_name = verbs.memory_table_name
        self.metrics_table_name = verbs.metrics_table_name
        self.eval_table_name = verbs.eval_table_name
        self.knowledge_table_name = verbs.knowledge_table_name

    read_session = _asynchronous(BaseDb.read_session)
    begin_run = _asynchronous(BaseDb.begin_run)
    finish_run = _asynchronous(BaseDb.finish_run)
    save_header = _asynchronous(BaseDb.save_header)

    get_session = _asynchronous(BaseDb.get_session)
    get_sessions = _asynchronous(BaseDb.get_sessions)
    upsert_session = _asynchronous(BaseDb.upsert_session)
    rename_session = _asynchronous(BaseDb.rename_session)
    delete_session = _asynchronous(BaseDb.delete_session)
    delete_sessions = _asynchronous(BaseDb.delete_sessions)

    upsert_user_memory = _asynchronous(BaseDb.upsert_user_memory)
    get_user_memory = _asynchronous(BaseDb.get_user_memory)
    get_user_memories = _asynchronous(BaseDb.get_user_memories)
    get_all_memory_topics = _asynchronous(BaseDb.get_all_memory_topics)
    get_user_memory_stats = _asynchronous(BaseDb.get_user_memory_stats)
    delete_user_memory = _asynchronous(BaseDb.delete_user_memory)
    delete_user_memories = _asynchronous(BaseDb.delete_user_memories)
    clear_memories = _asynchronous(BaseDb.clear_memories)

    create_eval_run = _asynchronous(BaseDb.create_eval_run)
    get_eval_run = _asynchronous(BaseDb.get_eval_run)
    get_eval_runs = _asynchronous(BaseDb.get_eval_runs)
    rename_eval_run = _asynchronous(BaseDb.rename_eval_run)
    delete_eval_run = _asynchronous(BaseDb.delete_eval_run)
    delete_eval_runs = _asynchronous(BaseDb.delete_eval_runs)

    upsert_knowledge_content = _asynchronous(BaseDb.upsert_knowledge_content)
    get_knowledge_content = _asynchronous(BaseDb.get_knowledge_content)
    get_knowledge_contents = _asynchronous(BaseDb.get_knowledge_contents)
    delete_knowledge_content = _asynchronous(BaseDb.delete_knowledge_content)

    get_metrics = _asynchronous(BaseDb.get_metrics)
    calculate_metrics = _asynchronous(BaseDb.calculate_metrics)

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # the copy of an agent uses the same database

    async def close(self) -> None:
        """Give back what the database holds open on this loop. It may be used again."""


__all__ = ["AsyncBaseDb"]
