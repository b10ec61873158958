"""How the engine waits: the `IO` port with its eight verbs, and who drives it. The only room that knows threads and loops."""

from agno._io.aio import ASYNC, AsyncIO, is_coroutine_function, thread_io
from agno._io.background import Feed, spawn
from agno._io.drivers import WouldBlock, aiterate, drive, iterate
from agno._io.faces import asynchronous, asynchronous_stream, sync, sync_stream
from agno._io.outlet import DONE, Give, Outlet, ReaderLeft, silent
from agno._io.port import IO
from agno._io.portal import Portal, portal, run_blocking
from agno._io.stopping import Interruption, Stop
from agno._io.sync import SYNC, SyncIO

__all__ = [
    "ASYNC",
    "DONE",
    "IO",
    "SYNC",
    "AsyncIO",
    "Feed",
    "Give",
    "Interruption",
    "Outlet",
    "Portal",
    "ReaderLeft",
    "Stop",
    "SyncIO",
    "WouldBlock",
    "aiterate",
    "asynchronous",
    "asynchronous_stream",
    "drive",
    "is_coroutine_function",
    "iterate",
    "portal",
    "run_blocking",
    "silent",
    "spawn",
    "sync",
    "sync_stream",
    "thread_io",
]
