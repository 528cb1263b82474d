"""The garbage collector, kept from looking where there is nothing to find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """A stretch in which all that is made stays, such as modules and rules.

    To look it over, again and again, for garbage costs a fifth of the first call. At the end it joins at once those
    that are long-lived: to be frozen and thawed is the way there that looks at nothing. Whoever has frozen objects of
    his own keeps them so, and has what was made here looked over once.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if hasattr(gc, "freeze") and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
