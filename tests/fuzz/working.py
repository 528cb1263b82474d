"""Processes that read damaged logs within bounds of time and memory, and those that watch over them."""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from ctypes import c_double, c_longlong
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.attempt import OutOfTime, complaint
from tests.fuzz.cases import case, samples

PROCESSES = multiprocessing.get_context("spawn")
SECONDS = 1.0
SECONDS_A_MEGABYTE = 1.0
"""Time of the processor that reading may take: so much for any source, and more for what it holds."""
TRIES = 3
"""Too slow is what is too slow each time: a busy machine counts the time of others, too."""
MEGABYTES = 600
MEGABYTES_A_MEGABYTE = 60
"""Memory that reading may take beyond what the process has after its imports."""
WAITING = 120.0
"""Seconds after which a process that tells nothing is ended: it hangs where no signal reaches it."""
IN_MEMORY = Path("/dev/shm")
"""Where files need no disk."""
JUDGED = 20
"""Of so many cases one is judged, too."""


class Failure(NamedTuple):
    """A case that went wrong, and how."""

    number: int
    what: str


def work(numbers: range, at: Any, since: Any, found: Any) -> None:
    """Read cases; ``at`` tells the number of the one that is read, ``since`` when it was begun."""
    signal.signal(signal.SIGPROF, _out_of_time)
    for path in samples():  # what is imported once is no cost of a log
        complaint(path)
    base = _address_space()
    parent = os.getppid()
    for number in numbers:
        if os.getppid() != parent:
            return  # nobody waits for more
        at.value, since.value = number, time.monotonic()
        what = _bounded(number, base)
        if what is not None:
            found.put(Failure(number, what))
    at.value = numbers.stop


def _bounded(number: int, base: int) -> str | None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
    try:
        made = case(number)
        path = made.lay_out(folder)
        size = sum(map(len, made.files.values())) / 1e6
        seconds = SECONDS + SECONDS_A_MEGABYTE * size
        resource.setrlimit(
            resource.RLIMIT_AS,
            (base + int((MEGABYTES + MEGABYTES_A_MEGABYTE * size) * 1e6), resource.getrlimit(resource.RLIMIT_AS)[1]),
        )
        for _ in range(TRIES):
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                return complaint(path, judge=number % JUDGED == 0)
            except OutOfTime:
                continue
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        return f"more than {seconds:.1f} seconds for {size:.2f} MB, {TRIES} times"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _out_of_time(_number: int, _frame: object) -> None:
    raise OutOfTime


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


class Worker:
    """One process, begun again behind the case that ended it."""

    def __init__(self, first: int, stride: int, end: int, found: Any) -> None:
        self.stride, self.end, self.found = stride, end, found
        self.at, self.since = PROCESSES.Value(c_longlong, first), PROCESSES.Value(c_double, 0.0)
        self._begin(first)

    def _begin(self, first: int) -> None:
        self.at.value, self.since.value = first, time.monotonic()
        self.process = PROCESSES.Process(
            target=work, args=(range(first, self.end, self.stride), self.at, self.since, self.found), daemon=True
        )
        self.process.start()

    def looked_after(self) -> Failure | None:
        """What went wrong with the process itself since the last look, if anything did."""
        number = int(self.at.value)
        if number >= self.end:
            return None
        died = not self.process.is_alive()
        if not died and time.monotonic() - self.since.value < WAITING:
            return None
        self.process.kill()
        self.process.join()
        what = f"the process ended with {self.process.exitcode}" if died else f"nothing for {WAITING:g} seconds"
        self._begin(number + self.stride)
        return Failure(number, what)

    @property
    def done(self) -> bool:
        """Whether all its cases are read."""
        return int(self.at.value) >= self.end


def failures(first: int, count: int, processes: int) -> Iterator[Failure | int]:
    """Read so many cases; give each failure, and about every second how many cases are read."""
    found: Any = PROCESSES.Queue()
    end = first + count
    workers = [Worker(first + index, processes, end, found) for index in range(min(processes, count))]
    while not all(worker.done for worker in workers):
        yield from _taken(found, 1.0)
        yield from (failure for worker in workers if (failure := worker.looked_after()) is not None)
        yield min(count, sum(max(0, int(worker.at.value) - first) // processes for worker in workers))
    yield from _taken(found, 1.0)
    for worker in workers:
        worker.process.join()


def _taken(found: Any, seconds: float) -> Iterator[Failure]:
    while True:
        try:
            yield found.get(timeout=seconds)
        except queue.Empty:
            return
        seconds = 0.05
