from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pair import Ranks


@pytest.fixture(scope="package")
def pair() -> Iterator[Ranks]:
    ranks = Ranks()
    yield ranks
    ranks.stop()
