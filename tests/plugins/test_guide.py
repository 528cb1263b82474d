"""`docs/guide/plugins.md`, followed by a newcomer: every file written, every command pasted, every output as shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .newcomer import ROOT, Newcomer, newcomer

PAGE = (ROOT / "docs" / "guide" / "plugins.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', flags=re.M | re.S)
DONE = "--- done ---"


def blocks() -> list[tuple[str, str, str]]:
    """Language, title and text of each block."""
    return BLOCK.findall(PAGE)


def path_in(text: str) -> str | None:
    """The file a block is to be written to: its first line says so."""
    found = re.match(r"# ([\w./-]+\.\w+)\n", text)
    return found and found[1]


def script() -> Iterator[str]:
    """What the newcomer does, block by block."""
    for language, _, text in blocks():
        if language == "sh":
            yield f"{text}echo '{DONE}'\n"
        elif path := path_in(text):
            yield f"cat > {path} <<'END OF FILE'\n{text}END OF FILE\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    return newcomer(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="module")
def outputs(machine: Newcomer) -> list[str]:
    """What each block of commands printed."""
    done = machine.pastes("".join(script()))
    assert done.returncode == 0, done.stdout
    return done.stdout.split(f"{DONE}\n")[:-1]


def test_every_block_is_a_kind_that_is_tried() -> None:
    for language, title, text in blocks():
        assert language in ("sh", "text", "python", "toml")
        assert not title or title == path_in(text)
    fences = re.findall(r"^```", PAGE, flags=re.M)
    assert len(fences) == 2 * len(blocks())


def test_the_commands_print_what_the_page_shows(outputs: list[str]) -> None:
    shown = {}
    asked = -1
    for language, _, text in blocks():
        asked += language == "sh"
        if language == "text":
            shown[asked] = text.splitlines()
    assert len(outputs) == asked + 1
    for number, lines in shown.items():
        rest = outputs[number]
        for line in lines:
            _, found, rest = rest.partition(line)
            assert found, f"{line!r} is not in, or not in this order:\n{outputs[number]}"


def test_nothing_goes_wrong_on_the_way(outputs: list[str]) -> None:
    told = "".join(outputs)
    assert "Problems with plugins" not in told
    assert "Traceback" not in told


def test_the_package_is_where_the_page_says(outputs: list[str], machine: Newcomer) -> None:
    written = {path for _, _, text in blocks() if (path := path_in(text))}
    assert all((machine.folder / "team-rules" / path).is_file() for path in written)
    assert {path.suffix for path in Path(machine.folder / "team-rules" / "dist").iterdir()} == {".whl", ".gz"}
