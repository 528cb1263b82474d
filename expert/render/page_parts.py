"""What the pages of rules and those of remedies share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from expert.remedy import Remedy
from expert.render.document import Item, Items, Line, Link, Listing
from expert.render.references import spelled_out
from expert.rule import Rule

ARTICLE = "article "


def rule_link(rule: Rule) -> Link:
    """A link to the page of a rule."""
    return Link(str(rule), "rules", rule.id)


def remedy_link(remedy: Remedy, words: str = "") -> Link:
    """A link to the page of a remedy."""
    return Link(words or str(remedy), "remedies", remedy.id)


def listings(code: Mapping[str, str]) -> Iterator[Listing]:
    """Code by framework, a listing for each."""
    for framework in sorted(code, reverse=True):
        yield Listing(f"# {framework}\n{code[framework]}", "python")


def references(sources: Iterable[str]) -> Items:
    """Sources spelled out; those of the article lead to its table."""
    lines: list[Line] = []
    for source in dict.fromkeys(map(spelled_out, sources)):
        lines.append((Link(source, "page", "article.md"),) if source.startswith(ARTICLE) else (source,))
    return Items(tuple(Item(line) for line in lines))
