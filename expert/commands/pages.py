"""The page of a rule or a remedy as a command shows it: in the terminal, as Markdown, HTML or JSON, in the browser."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shutil
import stat
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expert.commands.command import complain
from expert.errors import ExpertError
from expert.render.escape import printable_json

if TYPE_CHECKING:
    from expert.knowledge import Knowledge
    from expert.plugins import Plugins
    from expert.remedy import Remedy
    from expert.render.document import Page
    from expert.render.measured import Measured
    from expert.rule import Rule

FORMATS = ("text", "markdown", "html", "json")
NO_BROWSER = "no browser could be opened; the page is {file}"


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Describe the options to the parser."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="text (default), markdown, html or json")
    parser.add_argument("--open", action="store_true", help="write the page as HTML and open it in the browser")


def show_page(record: Rule | Remedy, plugins: Plugins, knowledge: Knowledge, options: argparse.Namespace) -> int:
    """Print the page, or open it."""
    measured = _measured(record, plugins, knowledge)
    page = _page(record, knowledge, measured)
    if options.open:
        return _open(page, _html(page, knowledge, measured))
    if options.format == "html":
        print(_html(page, knowledge, measured), end="")
    elif options.format == "json":
        print(printable_json(json.dumps(_document(page, record), ensure_ascii=False, indent=2)))
    elif options.format == "markdown":
        from expert.render.markdown import markdown

        print(markdown(page), end="")
    else:
        from expert.render.color import wants_color
        from expert.render.terminal import NO_TERMINAL, terminal

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else NO_TERMINAL
        print(terminal(page, width, colors=wants_color(sys.stdout)), end="")
    return 0


def _page(record: Rule | Remedy, knowledge: Knowledge, measured: Measured) -> Page:
    from expert.render.pages import remedy_page, rule_page
    from expert.rule import Rule

    if isinstance(record, Rule):
        return rule_page(record, knowledge, measured)
    return remedy_page(record, knowledge, measured)


def _html(page: Page, knowledge: Knowledge, measured: Measured) -> str:
    """The page with those of the remedies it names."""
    from expert.render.html import html
    from expert.render.pages import remedy_page

    named = dict.fromkeys(link.target for link in page.links() if link.kind == "remedies" and page.kind == "rules")
    return html(page, [remedy_page(knowledge.remedies[one], knowledge, measured) for one in named])


def _document(page: Page, record: Rule | Remedy) -> dict[str, Any]:
    """The page as data: its sections in Markdown, and the record they were made from."""
    from expert.render.markdown import blocks_as_markdown

    return {
        "kind": {"rules": "rule", "remedies": "remedy"}[page.kind],
        "id": page.id,
        "name": record.name,
        "lead": blocks_as_markdown(page.lead),
        "sections": [{"title": one.title, "text": blocks_as_markdown(one.blocks)} for one in page.sections],
        "record": record.model_dump(mode="json"),
    }


def _measured(record: Rule | Remedy, plugins: Plugins, knowledge: Knowledge) -> Measured:
    """What is kept beside the plugin that the record comes from; a file that cannot be used is told of, and passed."""
    from expert.render.measured import NOTHING, beside

    owner = knowledge.origins.get(record.id)
    module = next((plugin for name, plugin in plugins.plugins() if name == owner), None)
    place = getattr(module, "__file__", None) or getattr(sys.modules.get(type(module).__module__), "__file__", None)
    try:
        return beside(place) if isinstance(place, str) else NOTHING
    except ExpertError as error:
        complain(error)
        return NOTHING


def folder_name() -> str:
    """The folder for pages among the temporary files, one for each user."""
    return f"training-expert-{getpass.getuser()}"


def _folder() -> Path:
    """A folder that nobody else can write to; a fresh one where the usual place is not such a folder."""
    folder = Path(tempfile.gettempdir()) / folder_name()
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    is_private = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o77)
    if stat.S_ISDIR(state.st_mode) and is_private:
        return folder
    return Path(tempfile.mkdtemp(prefix="training-expert-"))


def _open(page: Page, text: str) -> int:
    """Write the page among the temporary files, and hand it to the browser."""
    try:
        file = _folder() / f"{page.id}.html"
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExpertError(f"The page could not be written: {error}.") from None
    opened = webbrowser.open(file.as_uri())
    print(file if opened else NO_BROWSER.format(file=file))
    return 0
