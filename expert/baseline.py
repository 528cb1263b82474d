"""The findings a team starts with: recorded once by log, told as known from then on, so that only new ones fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from expert.errors import SettingsError, sentence
from expert.judging import Judgment
from expert.parts import Finding, Unused
from expert.relations import Catalogue
from expert.rule import SEVERITIES, Severity
from expert.settings.origin import shown
from expert.settings.paths import placed

SchemaVersion = Literal["training-expert/baseline/1"]
SCHEMA: SchemaVersion = get_args(SchemaVersion)[0]

GONE = "The baseline {path} lists {rule} {name} for this log, but {reason}; take the entry out."
NOT_FOUND = "it is not found any more"
NO_RULE = "there is no such rule any more"
HIDDEN = "the settings suppress it"
WORSE = "{rule} {name} is in the baseline at {recorded}; it is at {now} now and counts as new."


class Entry(BaseModel):
    """A finding as it was recorded; ``name`` is for those who read the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rule: str
    name: str = ""
    severity: Severity


class Baseline(BaseModel):
    """What was found in each log; logs are named by their path from the folder of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    schema_version: SchemaVersion = SCHEMA
    sources: Mapping[str, tuple[Entry, ...]]

    _path: str = PrivateAttr(default="")

    def mark(
        self, findings: Sequence[Finding], judgments: Mapping[str, Judgment], catalogue: Catalogue, source: str
    ) -> Marked:
        """Mark the findings that are listed for a log; one that got more severe than it was recorded is new."""
        entries = self.sources.get(key_of(source, self._path), ()) if source else ()
        known: dict[str, Entry] = {}
        unused = []
        for entry in entries:
            rule = catalogue.find(entry.rule)
            if rule is not None:
                known[rule.id] = entry
            if reason := NO_RULE if rule is None else _GONE.get(judgments[rule.id].status):
                note = GONE.format(path=shown(self._path), rule=entry.rule, name=entry.name, reason=reason)
                unused.append(Unused(kind="baseline", rule=entry.rule, where=shown(self._path), note=note))
        marked, notes = [], []
        for finding in findings:
            listed = known.get(finding.rule)
            if listed is not None and _is_worse(finding, listed):
                words = {"recorded": listed.severity, "now": finding.severity}
                notes.append(WORSE.format(rule=finding.rule, name=finding.name, **words))
                listed = None
            marked.append(finding if listed is None else finding.model_copy(update={"known": True}))
        return Marked(tuple(marked), notes, unused)


class Marked(NamedTuple):
    """Findings with those marked that are known, notes on those that got worse, and entries that hide nothing."""

    findings: tuple[Finding, ...]
    notes: Sequence[str]
    unused: Sequence[Unused]


_GONE: Mapping[str, str] = {"no": NOT_FOUND, "ruled out": NOT_FOUND, "suppressed": HIDDEN}


def _is_worse(finding: Finding, entry: Entry) -> bool:
    return SEVERITIES.index(finding.severity) > SEVERITIES.index(entry.severity)


def read(path: str | os.PathLike[str], said: str = "The baseline") -> Baseline:
    """The baseline in a file; raises `SettingsError` with one sentence that begins with where the file is named."""
    place = placed(path)
    try:
        baseline = Baseline.model_validate_json(Path(place).read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{said} {shown(place)!r} cannot be read: {error.strerror or error}; "
            "expert advise --write-baseline FILE LOG… writes one."
        ) from None
    except ValidationError as error:
        raise SettingsError(f"{said} {shown(place)!r} is none of schema {SCHEMA}: {sentence(error).strip()}") from None
    baseline._path = place
    return baseline


def write(path: str | os.PathLike[str], found: Mapping[str, Iterable[Finding]]) -> None:
    """Record findings by log, in place of what the file listed; raises `SettingsError` where it is something else."""
    place = placed(path)
    if os.path.exists(place):
        read(place)  # whoever forgot to name the file shall not lose the first log
    sources = {
        key_of(source, place): tuple(
            Entry(rule=one.rule, name=one.name, severity=one.severity)
            for one in sorted(findings, key=lambda one: one.rule)
        )
        for source, findings in sorted(found.items())
    }
    document = Baseline(sources={key: entries for key, entries in sorted(sources.items()) if entries})
    try:
        target = os.path.realpath(place)
        unfinished = Path(f"{target}.unfinished")
        unfinished.write_text(json.dumps(document.model_dump(), indent=1) + "\n", encoding="utf-8")
        os.replace(unfinished, target)
    except OSError as error:
        raise SettingsError(f"The baseline {shown(place)!r} cannot be written: {error.strerror or error}.") from None


def key_of(source: str, path: str) -> str:
    """How a baseline names a log: its path from the folder of the baseline."""
    place = placed(source)
    try:
        return PurePath(os.path.relpath(place, os.path.dirname(path))).as_posix()
    except ValueError:  # another drive
        return PurePath(place).as_posix()
