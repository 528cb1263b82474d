"""What MkDocs asks for while it builds the site: the navigation, and the pages that are not files under docs/."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # MkDocs runs this file by its path

from docs.generate.__main__ import knowledge_of_ours  # noqa: E402
from docs.generate.tables import remedies  # noqa: E402
from expert.remedy import COSTS  # noqa: E402
from expert.rule import Family  # noqa: E402
from expert.wording import capitalized  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page


class Module(NamedTuple):
    """A page of the API: its title, an introduction, and the objects it describes."""

    title: str
    about: str
    objects: Sequence[str]


def _of(module: str, *names: str) -> Sequence[str]:
    return [f"{module}.{name}" for name in names]


FROM_ROOT = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
"""Pages of the site that stand at the top of the repository."""

LOOP = "expert.adapters.live.loops.WatchedLoop"
"""What runs of PyTorch and TensorFlow can do alike."""

API: Mapping[str, Module] = {
    "advise": Module(
        "expert",
        "`from expert import advise, read_runs, Advice, Finding, ExpertError`",
        ("expert.advising", "expert.advice.Advice", "expert.parts", "expert.errors"),
    ),
    "history": Module(
        "expert.history",
        "`from expert import History, RunConfig, ModelProfile, DataProfile`; the rest from `expert.history`",
        (
            *_of("expert.history", "History", "Series", "LayerStatistics", "ClockMarks", "Event", "Journal"),
            *_of("expert.history", "RunConfig", "ModelProfile", "LayerProfile", "DataProfile", "Cell"),
        ),
    ),
    "authoring": Module(
        "expert.authoring",
        "All that the author of a rule, a remedy or a signal imports, from one place: `from expert.authoring import …`",
        (
            *_of("expert.rule", "Rule", "Evidence", "supports", "against", "Escalation", "escalates"),
            *_of("expert.limits", "Limit", "limit", "for_profile"),
            *_of("expert.language.handles", "Term", "Condition", "Metric", "Subject", "Profile", "Signals"),
            *_of("expert.cases", "case", "run", "facts", "curve", "layers"),
            *_of("expert.cases", "line", "decay", "flat", "zigzag", "broken"),
            *_of("expert.remedy", "Remedy", "Snippet", "torch_code", "keras_code", "numpy_code", "not_when"),
            *_of("expert.remedy", "Change", "multiply", "set_to"),
            *_of("expert.signals.signal", "Signal", "Reading", "Unknown", "View"),
            *_of("expert.signals.curve", "Curve"),
            *_of("expert.reading", "Reader", "ReadRequest"),
            *_of("expert.history", "History"),
            *_of("expert.errors", "SourceError"),
            *_of("expert.hooks", "hookimpl", "API"),
            *_of("expert.calibration", "Calibration", "Line"),
            *_of("expert.rule", "Kind", "Family", "Level", "Severity", "Status", "Weight", "Blame"),
            *_of("expert.remedy", "Cost", "Risk"),
        ),
    ),
    "testing": Module("expert.testing", "The laws that every rule keeps.", ("expert.testing",)),
    "rulefiles": Module(
        "expert.rulefiles",
        "Rules and remedies without Python.",
        _of("expert.rulefiles", "load_rules", "dump_rule", "dump_rules"),
    ),
    "reading": Module("expert.reading", "What a reader of a format is.", ("expert.reading",)),
    "hookspecs": Module("expert.hookspecs", "The hooks a plugin may implement.", ("expert.hookspecs",)),
    "settings": Module("expert.settings", "The settings of a call or a project.", ("expert.settings.record",)),
    "torch": Module(
        "expert.adapters.torch",
        "`from expert.adapters.torch import watch, Run, profile_data`",
        (*_of("expert.adapters.torch", "watching.watch", "run.Run", "profile.data.profile_data"), LOOP),
    ),
    "keras": Module(
        "expert.adapters.keras",
        "`from expert.adapters.keras import ExpertCallback`",
        _of("expert.adapters.keras", "callback.ExpertCallback", "profile.data.profile_data"),
    ),
    "tensorflow": Module(
        "expert.adapters.tensorflow",
        "`from expert.adapters.tensorflow import watch, Run`",
        (*_of("expert.adapters.tensorflow", "watching.watch", "run.Run"), LOOP),
    ),
    "lightning": Module("expert.adapters.lightning", "A callback for Lightning.", ("expert.adapters.lightning",)),
    "transformers": Module(
        "expert.adapters.transformers", "A callback for Hugging Face Transformers.", ("expert.adapters.transformers",)
    ),
}
WIDE = {"relations.md", "signals.md", "limits.md", "article.md"}
"""Pages of wide tables, which take the place of the table of contents."""
GUIDES = ("advising", "pytorch", "keras", "tensorflow", "settings", "rule-files", "plugins")
"""In the order to read them; others follow by name."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the navigation: rules by family, remedies by cost."""
    config.nav = list(navigation())
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are no files under docs/."""
    from mkdocs.structure.files import File

    made = {path: _from_root(name) for path, name in FROM_ROOT.items()}
    made |= {f"api/{name}.md": _api(module) for name, module in API.items()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Give wide tables their room."""
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["toc"]
    return markdown


def _from_root(name: str) -> str:
    """A page from the top of the repository, its links as seen from docs/."""
    return re.sub(r"\]\(docs/", "](", (ROOT / name).read_text(encoding="utf-8"))


def _api(module: Module) -> str:
    return "\n\n".join([f"# {module.title}", module.about, *(f"::: {name}" for name in module.objects)]) + "\n"


def navigation() -> Iterator[Any]:
    """The pages in the order of the site, under headings."""
    knowledge = knowledge_of_ours()
    rules = knowledge.catalogue.rules.values()
    yield {"Start": "index.md"}
    yield {"Guides": [f"guide/{name}.md" for name in _guides()]}
    families = [
        {capitalized(family): [{str(rule): f"rules/{rule.id}.md"} for rule in rules if rule.family == family]}
        for family in get_args(Family)
    ]
    yield {"Rules": ["rules/index.md", "relations.md", *families]}
    by_cost = [
        {capitalized(cost): [{str(one): f"remedies/{one.id}.md"} for one in remedies(knowledge) if one.cost == cost]}
        for cost in COSTS
    ]
    yield {"Remedies": ["remedies/index.md", *by_cost]}
    yield {"Signals": ["signals.md", "limits.md"]}
    yield {"Article": "article.md"}
    yield {"API": [{module.title: f"api/{name}.md"} for name, module in API.items()]}
    behind = [
        "architecture.md",
        *(f"{name}.md" for name in sorted(file.stem for file in (ROOT / "docs").glob("benchmarks*.md"))),
    ]
    yield {"Behind it": [*behind, {"Contributing": "contributing.md"}, {"Changelog": "changelog.md"}]}


def _guides() -> list[str]:
    found = {file.stem for file in (ROOT / "docs" / "guide").glob("*.md")}
    return [*(name for name in GUIDES if name in found), *sorted(found - set(GUIDES))]
