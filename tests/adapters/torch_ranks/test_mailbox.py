"""Messages through a store: bounded in size and number, and nobody waits for a store that does not answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch.distributed as dist

from expert.adapters.torch.ranks.mailbox import CHUNK, WINDOW, Mailbox


def boxes(store: Any, size: int = 2) -> list[Mailbox]:
    return [Mailbox("here", rank, size, lambda: store) for rank in range(size)]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return dist.HashStore() if request.param == "memory" else dist.FileStore(str(tmp_path / "store"), 1)


def test_messages_arrive_in_order_whatever_their_size(store: Any) -> None:
    zero, one, two = boxes(store, 3)
    messages = [b"", b"x" * CHUNK, bytes(range(256)) * 3000, b"end"]
    for message in messages:
        one.post(message)
    two.post(b"from two")
    for box in (one, two, zero):
        box.exchange(10.0)
    assert zero.take() == [*[(1, message) for message in messages], (2, b"from two")]
    assert zero.take() == []
    assert one.is_empty


def test_what_is_not_taken_does_not_fill_the_store() -> None:
    store = dist.HashStore()
    zero, one = boxes(store)
    for number in range(WINDOW + 10):
        one.post(str(number).encode())
    one.exchange(10.0)
    assert not one.is_empty
    assert store.num_keys() == WINDOW
    zero.exchange(10.0)
    one.exchange(10.0)
    zero.exchange(10.0)
    assert [message for _, message in zero.take()] == [str(number).encode() for number in range(WINDOW + 10)]
    assert one.is_empty
    assert store.num_keys() == 0


def test_a_store_that_does_not_answer_makes_nobody_wait() -> None:
    released, answered = threading.Event(), threading.Event()

    class Stuck:
        def check(self, _keys: list[str]) -> bool:
            released.wait(60.0)
            answered.set()
            return False

    zero = Mailbox("here", 0, 2, Stuck)
    zero.exchange()
    zero.exchange(0.1)
    zero.exchange(0.1)
    assert not answered.is_set()
    released.set()


def test_who_waits_sees_what_came_before_the_call() -> None:
    """Even where the helper has looked already and is not done yet."""
    looked, released = threading.Event(), threading.Event()

    class Busy(dict[str, bytes]):
        def check(self, keys: list[str]) -> bool:
            found = keys[0] in self
            looked.set()
            released.wait(60.0)
            return found

        def set(self, key: str, value: bytes) -> None:
            self[key] = value

        delete_key = dict.pop

    store = Busy()
    zero, one = boxes(store)
    zero.exchange()
    assert looked.wait(60.0)
    one.post(b"late")
    one.exchange(60.0)
    threading.Timer(0.1, released.set).start()
    zero.exchange(60.0)
    assert zero.take() == [(1, b"late")]


def test_a_store_that_fails_is_given_up_and_why_is_known() -> None:
    class Gone:
        def check(self, _keys: list[str]) -> bool:
            raise RuntimeError("Broken pipe\nand a long trace")

    zero = Mailbox("here", 0, 2, Gone)
    for _ in range(5):
        zero.exchange(5.0)
    assert zero.is_broken
    assert zero.failure == "RuntimeError: Broken pipe"


def test_a_closed_mailbox_asks_no_store() -> None:
    zero, _ = boxes(None)
    zero.close()
    zero.exchange(5.0)
    assert zero.failure is None
