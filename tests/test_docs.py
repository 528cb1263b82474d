"""What the documentation shows runs as it stands, and the generated pages are those the records give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate.__main__ import MEASURED, PLACES, main, measured_file, pages

ROOT = Path(__file__).parent.parent
WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_the_code_on_the_page_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"__name__": "page"}
    assert blocks(path), "a page without code proves nothing"
    for block in blocks(path):
        exec(compile(block, str(path), "exec"), names)
    assert "Problems with plugins" not in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(pages()))
def test_generated_pages_are_fresh(path: str) -> None:
    file = ROOT / "docs" / path
    assert file.exists(), "run `make docs`"
    assert file.read_text(encoding="utf-8") == pages()[path], "run `make docs`"


def test_what_is_measured_is_shipped_as_the_tables_say() -> None:
    assert MEASURED.read_text(encoding="utf-8") == measured_file(), "run `make docs`"


def test_no_generated_page_is_left_over() -> None:
    made = pages()
    for place, pattern in PLACES.items():
        assert {f"{place}/{file.name}" for file in (ROOT / "docs" / place).glob(pattern)} <= made.keys()


def test_what_a_generated_page_leads_to_is_there() -> None:
    made = pages()
    for path, text in made.items():
        folder = (ROOT / "docs" / path).parent
        for link in re.findall(r"\]\(([^)#\s]+)\)", text) if path.endswith(".md") else ():
            assert "://" in link or (folder / link).exists(), f"{path} leads to {link}"


def test_writing_twice_gives_the_same(tmp_path: Path) -> None:
    main(tmp_path)
    first = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}
    main(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == first


@pytest.mark.parametrize(
    "path", [*WRITTEN, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"], ids=lambda path: path.name
)
def test_links_and_files_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:docs|tests|expert|rules|adapters)/[\w./-]+)`", text)
    missing = [name for name in links if not (path.parent / name).exists()] + [
        name for name in named if not (ROOT / name).exists()
    ]
    assert missing == []
