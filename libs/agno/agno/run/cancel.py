"""Cancelling runs, through the manager in force. Each run holds a token, so looking costs one attribute read."""

from __future__ import annotations

from collections import OrderedDict

from agno.exceptions import RunNotContinuableError
from agno.run.cancellation_management import (
    NEVER,
    REMEMBERED,
    BaseRunCancellationManager,
    CancelToken,
    InMemoryRunCancellationManager,
    LinkedToken,
    PolledToken,
)

_manager: BaseRunCancellationManager = InMemoryRunCancellationManager()
_tokens: dict[str, CancelToken] = {}  # of the runs that go on in this process
_wished: OrderedDict[str, str] = OrderedDict()  # runs that are to stop at their start if they are of this user


def get_cancellation_manager() -> BaseRunCancellationManager:
    """The manager in force."""
    return _manager


def set_cancellation_manager(manager: BaseRunCancellationManager) -> None:
    """Use another manager, for example one shared by several processes."""
    global _manager
    _manager = manager


def register_run(
    run_id: str, outer: CancelToken | None = None, *, alone: bool = False, user_id: str | None = None
) -> CancelToken:
    """Register a run that begins, and return the token by which it sees that it is cancelled; it may be already.

    A run inside another one, whose token is `outer`, also stops when that is cancelled. With `alone`,
    RunNotContinuableError is raised if the run is active in this process already.
    """
    if (
        alone and _tokens.setdefault(run_id, mark := CancelToken(run_id)) is not mark
    ):  # one step: threads may try it too
        raise RunNotContinuableError(f"Run {run_id!r} is running, so it cannot be begun or continued now.")
    try:
        token = _manager.register_run(run_id) or PolledToken(run_id, _manager)
    except BaseException:
        if alone:
            _tokens.pop(run_id, None)
        raise
    if outer is not None:
        if token.__class__ is CancelToken and not outer.polled:
            token.follow(outer)
        else:
            token = LinkedToken(token, outer)
    if user_id is not None:
        token.user_id = user_id
    _tokens[run_id] = token
    if _wished and (wishing := _wished.pop(run_id, None)) is not None and user_id in (None, wishing):
        _manager.cancel_run(run_id)
    return token


def remote_key(run_id: str) -> str:
    """The key of a run here that another AgentOS executes under the same id: that may be in this very process."""
    return f"remote:{run_id}"


def token_of(run_id: str | None) -> CancelToken | None:
    """The token of a run that is active in this process; None for any other."""
    return _tokens.get(run_id) if run_id is not None else None


def cancel_run(run_id: str, user_id: str | None = None) -> bool:
    """Ask a run to stop. Returns True if it is active; else the request is kept until the run starts.

    With `user_id`, only a run of this user, or of no user, that is active or will start in this process.
    """
    if (key := remote_key(run_id)) in _tokens and _may_cancel(key, user_id):
        _manager.cancel_run(key)
        return run_id not in _tokens or _manager.cancel_run(run_id)
    return _manager.cancel_run(run_id) if _may_cancel(run_id, user_id) else False


async def acancel_run(run_id: str, user_id: str | None = None) -> bool:
    """`cancel_run`, for a manager behind a network."""
    if (key := remote_key(run_id)) in _tokens and _may_cancel(key, user_id):
        await _manager.acancel_run(key)
        return run_id not in _tokens or await _manager.acancel_run(run_id)
    return await _manager.acancel_run(run_id) if _may_cancel(run_id, user_id) else False


def _may_cancel(run_id: str, user_id: str | None) -> bool:
    """False for the run of another user. For a run that is not known yet the request is kept, with the user's id."""
    if user_id is None:
        return True
    token = _tokens.get(run_id)
    if token is None:
        _wished[run_id] = user_id
        if len(_wished) > REMEMBERED:
            _wished.popitem(last=False)
    return token is not None and token.user_id in (None, user_id)


def is_cancelled(run_id: str) -> bool:
    """True if the run was asked to stop."""
    return _manager.is_cancelled(run_id)


def cleanup_run(run_id: str) -> None:
    """Forget a run that ended."""
    if (token := _tokens.pop(run_id, None)) is not None:
        token.leave()
    if _wished:
        _wished.pop(run_id, None)
    _manager.cleanup_run(run_id)


def raise_if_cancelled(run_id: str) -> None:
    """Raise RunCancelledException if the run was asked to stop."""
    _manager.raise_if_cancelled(run_id)


def is_running_here(run_id: str) -> bool:
    """True if the run is active in this process. What other processes run, only a shared manager could tell, and it
    would tell the same of runs whose process died."""
    return isinstance(_manager, InMemoryRunCancellationManager) and _manager.is_active(run_id)


def get_active_runs() -> dict[str, bool]:
    """Active runs, and whether they were asked to stop."""
    return _manager.get_active_runs()


__all__ = [
    "NEVER",
    "CancelToken",
    "acancel_run",
    "cancel_run",
    "cleanup_run",
    "get_active_runs",
    "get_cancellation_manager",
    "is_cancelled",
    "is_running_here",
    "raise_if_cancelled",
    "register_run",
    "set_cancellation_manager",
    "token_of",
]
