from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "torch", "tensorflow", "keras", "scipy", "jax")


@pytest.mark.parametrize(
    "code",
    [
        "import expert",
        "from expert import advise, History; advise(History.from_columns({'loss': [1.0, 0.5, 0.4, 0.35, 0.3, 0.29]}))",
        "import expert.authoring",
        "import expert.cli",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    seen = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert seen.stdout.strip() == "[]"


def test_import_expert_alone_loads_neither_numpy_nor_pydantic() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import expert, sys; print('numpy' in sys.modules, 'pydantic' in sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert seen.stdout.split() == ["False", "False"]


def test_public_names_resolve_and_others_do_not() -> None:
    import expert

    assert set(expert.__all__) <= set(dir(expert))
    for name in expert.__all__:
        assert getattr(expert, name) is not None
    with pytest.raises(AttributeError, match="advice_me"):
        expert.advice_me  # noqa: B018
