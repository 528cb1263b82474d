"""Two processes that make a process group with each other and run one function after another in it."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

SIZE = 2
LONGEST = 60.0
"""Seconds a function may take; what takes longer hangs."""


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def join_group(rank: int, size: int, port: int) -> None:
    dist.init_process_group(
        "gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=size, timeout=timedelta(seconds=LONGEST / 2)
    )


def _serve(rank: int, size: int, pipe: Connection) -> None:
    torch.set_num_threads(1)
    while (task := pipe.recv()) is not None:
        function, arguments, port = task
        try:
            join_group(rank, size, port)
            answer = True, function(rank, *arguments)
        except BaseException:
            answer = False, traceback.format_exc()
        if dist.is_initialized():
            dist.destroy_process_group()
        pipe.send(answer)


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
        port = free_port()
        for pipe in self.pipes:
            pipe.send((function, arguments, port))

    def answer(self, rank: int, seconds: float = LONGEST) -> Any:
        """What the function returned on one rank."""
        if not self.pipes[rank].poll(seconds):
            raise TimeoutError(f"rank {rank} hangs")
        fine, answer = self.pipes[rank].recv()
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
