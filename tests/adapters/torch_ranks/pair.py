"""Two processes that make a process group with each other and run one function after another in it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from expert.adapters.torch.ranks import joining, telling

SIZE = 2
LONGEST = 240.0
"""Seconds a function may take, the start of its processes included, on a machine that is busy with other things; what
takes longer hangs."""
PATIENT = LONGEST / 8
"""Seconds that ranks wait for each other where they have reason to; nothing else may make them wait nearly so long."""
HOST = "127.0.0.1"


def _serve(rank: int, size: int, pipe: Connection) -> None:
    torch.set_num_threads(1)
    # How fast the machine is decides nothing here.
    joining.FAREWELL = joining.CAUGHT_UP = telling.GOODBYE = PATIENT
    while (task := pipe.recv()) is not None:
        function, arguments = task
        try:
            _join_group(rank, size, pipe)
            answer = True, function(rank, *arguments)
        except BaseException:
            answer = False, traceback.format_exc()
        if dist.is_initialized():
            dist.destroy_process_group()
        pipe.send(answer)


def _join_group(rank: int, size: int, pipe: Connection) -> None:
    """Make the group as by ``tcp://``, but at a port that the system gives rank zero: a port chosen may be taken."""
    timeout = timedelta(seconds=LONGEST / 2)
    port = 0 if rank == 0 else pipe.recv()
    store = dist.TCPStore(HOST, port, size, is_master=rank == 0, timeout=timeout, wait_for_workers=False)
    if rank == 0:
        pipe.send(store.port)
    dist.init_process_group(
        "gloo", store=dist.PrefixStore("default_pg", store), rank=rank, world_size=size, timeout=timeout
    )


class Ranks:
    """Processes that wait for work: they load torch once."""

    def __init__(self, size: int = SIZE) -> None:
        context = mp.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes: list[Any] = []
        for rank in range(size):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(rank, size, there), daemon=True)
            process.start()
            self.pipes.append(here)
            self.processes.append(process)

    def start(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call ``function(rank, *arguments)`` on every rank in a group of their own."""
        for pipe in self.pipes:
            pipe.send((function, arguments))
        port = self._received(0, LONGEST)
        for pipe in self.pipes[1:]:
            pipe.send(port)

    def answer(self, rank: int, seconds: float = LONGEST) -> Any:
        """What the function returned on one rank."""
        fine, answer = self._received(rank, seconds)
        assert fine, f"rank {rank}: {answer}"
        return answer

    def run(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Call ``function(rank, *arguments)`` on every rank; returns what they returned."""
        self.start(function, *arguments)
        return [self.answer(rank) for rank in range(len(self.pipes))]

    def stop(self) -> None:
        """End all of them, whatever they do."""
        for process in self.processes:
            process.kill()
            process.join()

    def _received(self, rank: int, seconds: float) -> Any:
        if not self.pipes[rank].poll(seconds):
            raise TimeoutError(f"rank {rank} hangs")
        return self.pipes[rank].recv()
