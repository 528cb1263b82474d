"""The garbage collector is left as it was found."""

from __future__ import annotations

import gc
import weakref

import pytest

from expert.collecting import uncollected


def test_it_waits_and_goes_on() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_stretches_may_lie_within_each_other() -> None:
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_frozen_stays_frozen() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            made = [[] for _ in range(100)]  # type: ignore[var-annotated]
        assert gc.get_freeze_count() == pytest.approx(frozen, rel=0.01)  # some die meanwhile
        assert made
    finally:
        gc.unfreeze()


def test_what_is_made_is_long_lived_at_once_and_can_still_be_collected() -> None:
    class Ring:
        def __init__(self) -> None:
            self.me = self

    with uncollected():
        ring = Ring()
        seen = weakref.ref(ring)
    assert not any(one is ring for generation in (0, 1) for one in gc.get_objects(generation))
    del ring
    gc.collect()
    assert seen() is None
