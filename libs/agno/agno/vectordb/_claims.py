"""Who stores a content in pieces now: one attempt at a time, so that none takes away what another one stored.

A claim ends with whoever has it: also a process that is killed leaves none behind.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from agno._io import IO
from agno.utils._locks import try_lock, unlock
from agno.utils.log import log_info
from agno.vectordb.base import VectorDbUnavailableError

_SHORTEST, _LONGEST = 0.05, 1.0  # seconds between two looks at whether the other one is done
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # what some network folders say


class Claim(Protocol):
    """The right to store the pieces of what has one source."""

    async def taken(self, io: IO) -> bool:
        """Take it; False if another one has it."""
        ...

    async def kept(self, io: IO) -> None:
        """VectorDbUnavailableError if it was lost."""
        ...

    async def release(self, io: IO) -> None:
        """Give it back, if it was taken."""
        ...


async def claimed(io: IO, claim: Claim, what: str) -> None:
    """Take a claim, and wait until who has it is done, or dead."""
    pause = _SHORTEST
    try:
        while not await claim.taken(io):
            if pause == _SHORTEST:
                log_info(f"{what} is being stored by another one: waiting for it.")
            await io.sleep(pause)
            pause = min(_LONGEST, pause * 1.5)
    except BaseException:
        await claim.release(io)
        raise


class InProcess:
    """Among those who use one object. `held` are the claims of all of them, by source."""

    def __init__(self, held: dict[str, object], source: str) -> None:
        self._held, self._source = held, source

    async def taken(self, io: IO) -> bool:
        return self._held.setdefault(self._source, self) is self  # one step, in threads as well

    async def kept(self, io: IO) -> None:
        pass

    async def release(self, io: IO) -> None:
        if self._held.get(self._source) is self:
            del self._held[self._source]


class OnFile:
    """Among all threads and processes that use a folder: a lock on a file, which is there as long as the claim."""

    blocking = True  # who is cancelled waits: else nobody would give the lock back

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    async def taken(self, io: IO) -> bool:
        return bool(await io.call(self._take))

    async def kept(self, io: IO) -> None:
        pass

    async def release(self, io: IO) -> None:
        if self._descriptor is not None:
            await io.call(self._release)

    def _take(self) -> bool:
        while True:
            descriptor = self._opened()
            if not self._locked(descriptor):
                os.close(descriptor)
                return False
            if self._is_there(descriptor):
                self._descriptor = descriptor
                return True
            os.close(descriptor)  # who had it has removed the file: a lock on it keeps nobody away

    def _opened(self) -> int:
        while True:
            try:
                with suppress(FileExistsError):  # `exist_ok` would look again, when another one may have removed it
                    self._path.parent.mkdir(parents=True)
                return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:
                continue  # another one was done, and removed the folder
            except OSError as error:
                raise VectorDbUnavailableError(f"{self._path} cannot be made: {error.strerror or error}.") from error

    def _locked(self, descriptor: int) -> bool:
        try:
            return try_lock(descriptor)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return True
            os.close(descriptor)
            raise VectorDbUnavailableError(f"{self._path} cannot be locked: {error.strerror or error}.") from error

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        assert descriptor is not None
        try:
            self._path.unlink()
            self._path.parent.rmdir()
        except OSError:
            pass  # others have claims there, or the system removes no open files
        try:
            unlock(descriptor)  # a forked process may have the file open, too
        except OSError:
            pass  # closing it is enough
        os.close(descriptor)


__all__ = ["Claim", "InProcess", "OnFile", "claimed"]
