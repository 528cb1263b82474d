"""The documentation site: it builds without a warning and without the network, and loads nothing from elsewhere."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import site

ROOT = Path(__file__).parent.parent
ASSET = re.compile(r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*?(?:src|href)=[\"']?(https?:)?//", flags=re.I)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocstrings_handlers.python", reason="the docs extra is not installed: make site")
    pytest.importorskip("material", reason="the docs extra is not installed: make site")
    out = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    seen = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)],
        cwd=ROOT,
        env={**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.returncode == 0, seen.stderr
    assert "WARNING" not in seen.stdout + seen.stderr
    return out


def test_every_rule_remedy_and_guide_has_its_page(built: Path) -> None:
    for place in ("rules", "remedies", "guide"):
        for page in (ROOT / "docs" / place).glob("*.md"):
            assert (built / place / f"{page.stem}.html").exists()
    assert (built / "index.html").exists()


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    for page in built.rglob("*.html"):
        found = ASSET.search(page.read_text(encoding="utf-8"))
        assert found is None, f"{page.relative_to(built)} loads {found[0]}"  # type: ignore[index]
    for sheet in built.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet.name


def test_the_search_knows_rules_by_name_with_and_without_a_server(built: Path) -> None:
    index = json.loads((built / "search" / "search_index.json").read_text(encoding="utf-8"))
    titles = {entry["title"] for entry in index["docs"]}
    assert {"GRD101 vanishing-gradient", "FX301 lower-learning-rate"} <= titles
    script = (built / "search" / "search_index.js").read_text(encoding="utf-8")
    assert script.startswith("var __index = ")
    assert "assets/iframe-worker.js" in (built / "index.html").read_text(encoding="utf-8")


def test_pictures_come_with_their_pages(built: Path) -> None:
    page = built / "rules" / "GRD101.html"
    pictures = re.findall(r"src=\"(pictures/[^\"]+)\"", page.read_text(encoding="utf-8"))
    assert pictures == ["pictures/GRD101-fires.svg", "pictures/GRD101-near-miss.svg"]
    assert all((page.parent / picture).exists() for picture in pictures)


def test_what_the_api_describes_is_there() -> None:
    for module in site.API.values():
        for name in module.objects:
            assert _found(name) is not None, name


def test_all_that_an_author_imports_is_described() -> None:
    authoring = importlib.import_module("expert.authoring")
    described = {name.rpartition(".")[2] for name in site.API["authoring"].objects}
    callables = {name for name in authoring.__all__ if getattr(getattr(authoring, name), "__name__", None) == name}
    assert callables <= described


def test_every_page_is_reachable() -> None:
    def paths(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        inside = entry.values() if isinstance(entry, dict) else entry
        return [path for one in inside for path in paths(one)]  # type: ignore[attr-defined]

    laid_out = paths(list(site.navigation()))
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    own = {page for page in pages if not page.startswith("plugin-example/")}
    generated = {*site.FROM_ROOT, *(f"api/{name}.md" for name in site.API)}
    assert sorted(laid_out) == sorted(own | generated)


def _found(name: str) -> object:
    """A module, or an object in one."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, inside = name.rpartition(".")
        return getattr(importlib.import_module(module), inside, None)
