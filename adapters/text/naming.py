"""Names from a file as a sentence lists them: a damaged file may hold very many, and very long ones."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMES = 12
LONGEST_NAME = 60


def listed(names: Sequence[str]) -> str:
    """The first names in quotes, each within bounds, and how many more there are; ``none`` where there is none."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(quoted(name) for name in names[:MOST_NAMES]) + more or "none"


def quoted(name: str) -> str:
    """A name in quotes, cut where it is long."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}...")
