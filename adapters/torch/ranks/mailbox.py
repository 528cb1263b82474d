"""Messages to rank zero by way of the process group's key-value store: no collective, and nobody waits for anybody."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

CHUNK = 256 * 1024
"""Bytes of a value; the store refuses values of several MiB."""
WINDOW = 64
"""So many chunks of a rank may lie in the store: 16 MiB. What comes behind waits until rank zero has taken some."""
MOST_FAILURES = 3
SHARE = 0.01
"""Share of the time that may go into looking for messages."""
LONGEST_PAUSE, PAUSE_PER_RANK = 1.0, 0.05
"""A pause for that is no longer than so many seconds: a machine may stumble."""
LAST, MORE = b".", b"+"


class Mailbox:
    """The mailbox of rank zero, as seen by one rank: rank zero takes, the others post.

    The store is asked by a helper thread, so that a server that has gone makes nobody wait: `exchange` starts it and
    waits as long as it is told to. There is one thread at a time. Nothing here raises: see ``failure``.
    """

    def __init__(self, prefix: str, rank: int, size: int, connect: Callable[[], Any]) -> None:
        self.rank, self.size = rank, size
        self.failure: str | None = None
        """Why the store was not to be had, the last time it was tried; None where it was."""
        self.exchanged_at = monotonic()
        """When the last exchange was over."""
        self._prefix, self._connect = prefix, connect
        self._store: Any = None
        self._failures = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._outgoing: deque[bytes] = deque()
        self._posted = 0
        self._taken = [0] * size
        self._parts: list[list[bytes]] = [[] for _ in range(size)]
        self._arrived: deque[tuple[int, bytes]] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether everything that was posted is in the store."""
        return not self._outgoing

    @property
    def is_broken(self) -> bool:
        """Whether the store was given up."""
        return self._is_closed or self._failures >= MOST_FAILURES

    def post(self, message: bytes) -> None:
        """Put a message aside for the next exchange."""
        starts = range(0, max(1, len(message)), CHUNK)
        for start in starts:
            last = start + CHUNK >= len(message)
            self._outgoing.append((LAST if last else MORE) + message[start : start + CHUNK])

    def take(self) -> list[tuple[int, bytes]]:
        """The messages that have arrived since the last call, as (rank, message)."""
        taken = []
        while self._arrived:
            taken.append(self._arrived.popleft())
        return taken

    def exchange(self, wait: float = 0.0) -> None:
        """Let the helper ask the store, and wait at most ``wait`` seconds until it has asked since this call."""
        until = monotonic() + wait
        if wait and self._thread is not None and not self.is_broken:
            # It may have looked already for what is asked for now.
            self._thread.join(wait)
        if self.is_broken or (self._thread is not None and self._thread.is_alive()):
            return
        if not wait and monotonic() < self._not_before:
            return
        self._thread = threading.Thread(target=self._work, name="training-expert ranks", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is about to end and starts no threads any more
            self._thread = None
            self._work()
            return
        if wait:
            self._thread.join(max(0.0, until - monotonic()))

    def close(self) -> None:
        """Let go of the store."""
        self._is_closed = True
        self._store = None

    def _work(self) -> None:
        started = monotonic()
        try:
            if self._store is None:
                self._store = self._connect()
                started = monotonic()
            if self.rank == 0:
                for rank in range(1, self.size):
                    self._fetch(self._store, rank)
            else:
                self._send(self._store)
            self.failure, self._failures = None, 0
        except Exception as error:
            self._failures += 1
            self.failure = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        self.exchanged_at = monotonic()
        pause = (self.exchanged_at - started) / SHARE
        self._not_before = self.exchanged_at + min(pause, LONGEST_PAUSE + PAUSE_PER_RANK * self.size)

    def _key(self, rank: int, number: int) -> str:
        return f"{self._prefix}/{rank}/{number}"

    def _send(self, store: Any) -> None:
        while self._outgoing:
            if self._posted >= WINDOW and store.check([self._key(self.rank, self._posted - WINDOW)]):
                return
            store.set(self._key(self.rank, self._posted), self._outgoing[0])
            self._posted += 1
            self._outgoing.popleft()

    def _fetch(self, store: Any, rank: int) -> None:
        # To get a value that is not there would wait for it; to check does not.
        while store.check([key := self._key(rank, self._taken[rank])]):
            chunk = store.get(key)
            store.delete_key(key)
            self._taken[rank] += 1
            self._parts[rank].append(chunk[1:])
            if chunk[:1] == LAST:
                self._arrived.append((rank, b"".join(self._parts[rank])))
                self._parts[rank].clear()


def default_store() -> Any:
    """The store of the default process group, by a connection of our own where it can be had."""
    from torch.distributed.distributed_c10d import _get_default_store

    store: Any = _get_default_store()
    clone = getattr(store, "clone", None)
    try:
        return store if clone is None else clone()
    except Exception:  # kinds of stores that cannot be cloned are shared
        return store
