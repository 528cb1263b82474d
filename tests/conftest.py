"""How properties are tested: always with the same examples, however fast the machine is; or with new ones, to search.

`make test` draws the same examples each time, so that the code alone decides whether it passes. `make search` draws
others at every call; what it finds is mended, and pinned to its test by `@example`.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# A machine that is busy may stand still in the midst of any example. The examples of a test share its folder, where
# each writes the same files anew.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("search", settings.get_profile("suite"), derandomize=False, max_examples=1000)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile") != "search":
        # Examples hold constants of the modules that are loaded, which depends on the tests that ran before.
        none = SimpleNamespace(set_for_type=lambda _kind: ())
        providers._get_local_constants = lambda: none  # type: ignore[assignment, return-value]
