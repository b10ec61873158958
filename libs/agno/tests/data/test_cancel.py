"""Cancelling: tokens, wishes that come too early, managers of one's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from agno.exceptions import RunCancelledException
from agno.run import cancel, cancellation_management, get_cancellation_manager, set_cancellation_manager
from agno.run.cancellation_management import (
    BaseRunCancellationManager,
    CancelToken,
    InMemoryRunCancellationManager,
)


@pytest.fixture(autouse=True)
def fresh_manager() -> Iterator[None]:
    before = get_cancellation_manager()
    set_cancellation_manager(InMemoryRunCancellationManager())
    yield
    set_cancellation_manager(before)


def test_a_running_run_is_cancelled_through_its_token() -> None:
    token = cancel.register_run("r")
    assert not token.cancelled
    token.raise_if_cancelled()
    assert cancel.cancel_run("r")
    assert token.cancelled and cancel.is_cancelled("r")
    for check in (token.raise_if_cancelled, lambda: cancel.raise_if_cancelled("r")):
        with pytest.raises(RunCancelledException, match=r"\br\b"):
            check()


def test_looking_at_a_token_is_one_attribute_read() -> None:
    token = cancel.register_run("r")
    assert type(token) is CancelToken
    assert "cancelled" not in vars(CancelToken) and vars(token)["cancelled"] is False


def test_a_wish_for_a_run_that_has_not_started_waits_for_it() -> None:
    assert not cancel.cancel_run("later")
    assert cancel.is_cancelled("later")
    assert cancel.register_run("later").cancelled
    cancel.cleanup_run("later")
    assert not cancel.register_run("later").cancelled, "a wish counts once"


def test_only_so_many_wishes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation_management, "REMEMBERED", 2)
    for run_id in "abc":
        cancel.cancel_run(run_id)
    assert [cancel.register_run(run_id).cancelled for run_id in "abc"] == [False, True, True]


def test_active_runs_are_listed_until_they_are_cleaned_up() -> None:
    cancel.register_run("a")
    cancel.register_run("b")
    cancel.cancel_run("b")
    assert cancel.get_active_runs() == {"a": False, "b": True}
    cancel.cleanup_run("b")
    cancel.cleanup_run("unknown")
    assert cancel.get_active_runs() == {"a": False}


def test_no_wish_is_lost_when_a_run_starts_at_the_same_moment() -> None:
    manager = InMemoryRunCancellationManager()
    tokens: dict[int, CancelToken] = {}
    gate = threading.Barrier(2)

    def start() -> None:
        for number in range(500):
            gate.wait()
            tokens[number] = manager.register_run(str(number))

    def stop() -> None:
        for number in range(500):
            gate.wait()
            manager.cancel_run(str(number))

    threads = [threading.Thread(target=work) for work in (start, stop)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(token.cancelled for token in tokens.values())


class Shared(BaseRunCancellationManager):
    """A manager that keeps its marks elsewhere and gives no tokens, like one over Redis."""

    def __init__(self) -> None:
        self.marks: dict[str, bool] = {}
        self.asked = 0

    def register_run(self, run_id: str) -> None:
        self.marks.setdefault(run_id, False)

    def cancel_run(self, run_id: str) -> bool:
        known = run_id in self.marks
        self.marks[run_id] = True
        return known

    def is_cancelled(self, run_id: str) -> bool:
        self.asked += 1
        return self.marks.get(run_id, False)

    def cleanup_run(self, run_id: str) -> None:
        self.marks.pop(run_id, None)

    def get_active_runs(self) -> dict[str, bool]:
        return dict(self.marks)


def test_a_manager_of_one_s_own_is_asked_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(cancellation_management, "monotonic", lambda: now)
    manager = Shared()
    set_cancellation_manager(manager)
    token = cancel.register_run("r")
    assert not any(token.cancelled for _ in range(100))
    assert manager.asked == 1
    assert cancel.cancel_run("r")
    assert not token.cancelled
    now += 1
    assert token.cancelled
    with pytest.raises(RunCancelledException):
        token.raise_if_cancelled()


def test_the_async_faces_of_a_manager_do_the_same() -> None:
    async def scenario() -> None:
        manager = get_cancellation_manager()
        await manager.aregister_run("r")
        assert await cancel.acancel_run("r")
        assert await manager.ais_cancelled("r")
        assert await manager.aget_active_runs() == {"r": True}
        with pytest.raises(RunCancelledException):
            await manager.araise_if_cancelled("r")
        await manager.acleanup_run("r")
        assert await manager.aget_active_runs() == {}

    asyncio.run(scenario())
