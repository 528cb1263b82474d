"""Ctrl-C for a command that runs until it is ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether Ctrl-C was pressed: also where the exception was raised in code that lets none out, as ``__del__``."""

    def __init__(self) -> None:
        self._asked = False

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if it is wanted."""
        if self._asked:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Keep in mind that Ctrl-C was pressed, for as long as the block runs; a handler of the user's own stays."""
    interruption = Interruption()
    own = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if own or threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    signal.signal(signal.SIGINT, interruption._handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
