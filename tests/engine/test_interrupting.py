"""Ctrl-C that is pressed while code runs that lets no exception out."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

import pytest

from expert.commands.interrupting import interruptible


@pytest.fixture(autouse=True)
def as_at_a_terminal() -> Iterator[None]:
    """Processes that are started in the background may be told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_that_was_swallowed_is_not_lost() -> None:
    with interruptible() as interruption:
        interruption.check()
        # As the interpreter does in __del__ and in callbacks of weak references.
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_users_own_stays() -> None:
    def own(_number: int, _frame: object) -> None:
        """Do nothing."""

    before = signal.signal(signal.SIGINT, own)
    try:
        with interruptible():
            assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_nothing_is_installed() -> None:
    handlers = []

    def inside() -> None:
        with interruptible():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
