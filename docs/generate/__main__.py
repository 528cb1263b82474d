"""`python -m docs.generate [FOLDER]` writes the generated pages; a test compares them with the committed ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from docs.generate.measured import as_json, measured
from docs.generate.relations import relations
from docs.generate.tables import article, index, limits, remedies, remedy_index, signals
from expert.advice import Advice
from expert.history import History
from expert.knowledge import Knowledge, load
from expert.remedy import Remedy
from expert.render.document import Page, Picture
from expert.render.drawing import svg
from expert.render.markdown import escaped, markdown
from expert.render.measured import Measured
from expert.render.pages import remedy_page, rule_page
from expert.rule import Rule
from expert.rulefiles.schema import schema_of

HERE = Path(__file__).parent.parent
WRITTEN_BY = "<!-- Written by `python -m docs.generate`; change the records, not this page. -->\n\n"
MEASURED = HERE.parent / "rules" / "measured.json"
OURS = frozenset({"rules", "adapters"})
PLACES = {"rules": "*.md", "remedies": "*.md", "rules/pictures": "*.svg"}
"""Folders that hold nothing but generated files."""


@cache
def knowledge_of_ours() -> Knowledge:
    """The built-in rules and remedies, whatever else is installed."""
    return load(OURS)[1]


@cache
def pages() -> Mapping[str, str]:
    """Every generated page by its path under docs/."""
    knowledge = knowledge_of_ours()
    rates = _rates()
    made: dict[str, str] = {}
    for rule in knowledge.catalogue.rules.values():
        made |= _with_pictures(rule_page(rule, knowledge, rates))
    for remedy in remedies(knowledge):
        made |= _with_pictures(remedy_page(remedy, knowledge, rates))
    for path, lines in (
        ("rules/index.md", index(knowledge)),
        ("remedies/index.md", remedy_index(knowledge)),
        ("relations.md", relations(knowledge)),
        ("signals.md", signals(knowledge)),
        ("limits.md", limits(knowledge)),
        ("article.md", article(knowledge)),
    ):
        made[path] = WRITTEN_BY + "\n".join(lines) + "\n"
    for name, model in (("history", History), ("advice", Advice), ("rule", Rule), ("remedy", Remedy)):
        made[f"schema/{name}.json"] = json.dumps(model.model_json_schema(), indent=1, sort_keys=True) + "\n"
    made["schema/rulefile.json"] = json.dumps(schema_of(knowledge), indent=1, sort_keys=True) + "\n"
    return made


def _with_pictures(page: Page) -> Mapping[str, str]:
    """A page and the files of its pictures."""
    pictures: dict[str, str] = {}

    def drawn(picture: Picture) -> str:
        path = f"pictures/{page.id}-{picture.name}.svg"
        pictures[f"{page.kind}/{path}"] = svg(picture.figure, picture.caption)
        return f"![{escaped(picture.caption)}]({path})"

    return {f"{page.kind}/{page.id}.md": WRITTEN_BY + markdown(page, drawn), **pictures}


def measured_file() -> str:
    """What is shipped with the rules, so that `expert explain` knows what is measured."""
    return as_json(_rates())


@cache
def _rates() -> Measured:
    return measured(knowledge_of_ours())


def main(folder: Path) -> None:
    """Write all pages under the folder, and remove generated ones that are no longer made."""
    made = pages()
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for place, pattern in PLACES.items():
        for old in (folder / place).glob(pattern):
            if f"{place}/{old.name}" not in made:
                old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
    if len(sys.argv) == 1:
        MEASURED.write_text(measured_file(), encoding="utf-8")
