"""From the name a logger wrote to the role the rules know, with the reason; the spellings stand in `role_table`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from expert.errors import SourceError, nearest
from expert.history.name_parts import SPELLINGS, NameParts, direction_of, parts_of, snake, split_phase
from expert.history.role_table import (
    BOOKKEEPING,
    CLOCKS,
    EVALUATED_TOGETHER,
    FIXED_ROLES,
    OTHER_ROLES,
    PHASE_SUBJECTS,
    PHASES,
    QUANTITIES,
    STANDING_FOR_LOSS,
    TIME,
    Clock,
    Direction,
    Phase,
    Reduction,
)

__all__ = ["Match", "direction_of", "match_columns", "snake"]


class Match(NamedTuple):
    """What one column was taken for. ``role`` and ``clock_column`` are both None when it was taken for nothing."""

    role: str | None = None
    phase: Phase | None = None
    direction: Direction | None = None
    unit: str | None = None
    reduction: Reduction = "unknown"
    clock_column: Clock | None = None
    reason: str = ""


def match_columns(names: Sequence[str], columns: Mapping[str, str] | None = None) -> dict[str, Match]:
    """Return for every name what it is: a role, a clock, or nothing, each time with a reason.

    Names are judged together, because ``loss`` means something else beside ``val_loss`` than alone.
    At most one name gets each role and each clock. ``columns`` corrects guesses: it maps a role (or a clock: ``step``,
    ``epoch``, ``seconds``) to the name that holds it. Raises `SourceError` for a role or a name that does not exist.
    """
    return _matched(names, columns) if columns else dict(_guessed(tuple(names)))


@lru_cache(maxsize=64)  # one run is read more than once, and the next has the same columns
def _guessed(names: tuple[str, ...]) -> Mapping[str, Match]:
    return _matched(names, {})


def _matched(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, Match]:
    stated = _stated(names, columns)
    matches: dict[str, Match] = dict(stated)
    rest = [name for name in names if name not in matches]
    matches |= _clocks(rest, {match.clock_column for match in stated.values()})
    rest = [name for name in rest if name not in matches]
    matches |= _times(rest, names)
    rest = [name for name in rest if name not in matches]
    matches |= _quantities(rest, {match.role: name for name, match in stated.items() if match.role})
    return {name: matches[name] for name in names}


def _stated(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, Match]:
    matches: dict[str, Match] = {}
    for role, name in columns.items():
        if name not in names:
            seen = ", ".join(map(repr, names)) or "no columns"
            raise SourceError(f"There is no column {name!r} for {role}: the source has {seen}.{nearest(name, names)}")
        if name in matches:
            taken = matches[name].role or matches[name].clock_column
            raise SourceError(f"Column {name!r} cannot be both {taken} and {role}.")
        if role in CLOCKS:
            matches[name] = Match(clock_column=role, reason=_BY_CALLER)
        elif _is_role(role) and not _is_slip(role):
            matches[name] = _canonical(role)._replace(reason=_BY_CALLER)
        else:
            roles = sorted(FIXED_ROLES)
            raise SourceError(
                f"{role!r} is no role: write a phase and a quantity, such as 'val.loss', or one of {', '.join(roles)}."
                + nearest(role, [*roles, "train.loss", "val.loss", "train.accuracy", "val.accuracy", *CLOCKS])
            )
    return matches


_BY_CALLER = "named by the caller"


def _is_role(text: str) -> bool:
    subject, _, quantity = text.partition(".")
    return text in FIXED_ROLES or (subject in PHASE_SUBJECTS and re.fullmatch(r"[a-z][a-z0-9_]*", quantity) is not None)


def _is_slip(text: str) -> bool:
    """Whether a role is meant as a loss or an accuracy: ``val.los`` would be a metric by its own name, but is none."""
    from difflib import get_close_matches  # needed for what the caller states only

    subject, _, quantity = text.partition(".")
    own = subject in PHASE_SUBJECTS and quantity not in QUANTITIES and direction_of(quantity) is None
    return own and bool(get_close_matches(quantity, ("loss", "accuracy"), cutoff=0.8))


def _canonical(role: str) -> Match:
    subject, _, quantity = role.partition(".")
    if role in FIXED_ROLES:
        return Match(role, unit="seconds" if subject == "time" else None)
    reduction: Reduction = "unknown" if subject == "train" else "epoch_mean"
    return Match(role, _phase_of(subject), direction_of(quantity), reduction=reduction)


def _phase_of(subject: str | None) -> Phase | None:
    return "train" if subject == "train_eval" else PHASES.get(subject or "")


def _clocks(names: Sequence[str], taken: set[Clock | None]) -> dict[str, Match]:
    found: list[tuple[bool, int, str, Clock]] = []
    for name in names:
        subject, rest = split_phase(name)
        for clock, spellings in CLOCKS.items():
            if rest in spellings and (subject is None or (subject == "train" and clock != "seconds")):
                # A leading underscore (W&B's _step) counts calls of the logger, so a plain name is better.
                found.append((name.startswith("_"), spellings.index(rest), name, clock))
    matches: dict[str, Match] = {}
    for _, _, name, clock in sorted(found):
        winner = next((other for other, match in matches.items() if match.clock_column == clock), None)
        if winner is not None or clock in taken:
            matches[name] = Match(reason=f"{repr(winner) if winner else 'another column'} gives the {clock}")
        else:
            unit = "seconds" if clock == "seconds" else None
            matches[name] = Match(clock_column=clock, unit=unit, reason=f"{snake(name)} is a spelling of {clock}")
    return matches


def _times(names: Sequence[str], everything: Sequence[str]) -> dict[str, Match]:
    """A column called just ``time`` means something else in every framework; its neighbors tell which."""
    name = next((name for name in names if snake(name) in TIME), None)
    if name is None:
        return {}
    spelled = {snake(other) for other in everything}
    if spelled & {"data_time", "iteration", "iter"}:
        return {name: Match("time.step_seconds", unit="seconds", reason="duration, beside a count of iterations")}
    if any(other.strip().startswith(("train/", "metrics/")) for other in everything):
        return {name: Match(clock_column="seconds", unit="seconds", reason="seconds since the start (Ultralytics)")}
    if "epoch" in spelled and "step" not in spelled:
        return {name: Match("time.epoch_seconds", unit="seconds", reason="duration, one row per epoch")}
    return {name: Match(reason="may be a duration, the time since the start or the time of day")}


def _quantities(names: Sequence[str], taken: Mapping[str, str]) -> dict[str, Match]:
    matches: dict[str, Match] = {}
    claims: dict[str, list[tuple[tuple[int, ...], Match, NameParts]]] = {}
    readings: list[NameParts] = []
    for name in names:
        plain = _without_context(name)
        if plain is None:
            readings.append(parts_of(name))
        elif plain.role is None:
            matches[name] = plain
        else:
            subject, _, own = plain.role.partition(".")
            claims.setdefault(plain.role, []).append(((0,), plain, NameParts(name, subject, own, own)))
    whole_run = "train_runtime" in names  # the summary row of Hugging Face's trainer
    evaluated = EVALUATED_TOGETHER if {reading.own for reading in readings} >= EVALUATED_TOGETHER else frozenset()
    readings = [reading._replace(subject="val") if reading.own in evaluated else reading for reading in readings]
    for reading, reason in _with_phases(readings, taken):
        if whole_run and reading.name == "train_loss":
            matches[reading.name] = Match(reason="mean loss of the whole run, written once at its end")
        elif reading.subject is None:
            matches[reading.name] = Match(reason=reason)
        elif not reading.quantity:
            matches[reading.name] = Match(reason="names a phase, but no quantity")
        else:
            role = f"{reading.subject}.{reading.quantity}"
            unit = "percent" if re.search(r"%|percent|pct", reading.name.lower()) else None
            phase, direction = _phase_of(reading.subject), direction_of(reading.quantity)
            match = Match(role, phase, direction, unit, reading.reduction, reason=reason)
            order = (1, _REDUCTION_ORDER.index(reading.reduction), reading.spelling, "/" not in reading.name)
            claims.setdefault(role, []).append((order, match, reading))
    held = dict(taken)
    for role, claimants in claims.items():
        claimants.sort(key=lambda claim: claim[0])
        held.setdefault(role, claimants[0][2].name)
    for role, claimants in claims.items():
        for _, match, reading in claimants:
            matches[reading.name] = match if held[role] == reading.name else _runner_up(reading, match, held)
    return matches


_REDUCTION_ORDER: list[Reduction] = ["epoch_mean", "unknown", "interval_mean", "moving_average", "last_batch"]


def _without_context(name: str) -> Match | None:
    """Names that mean the same wherever they stand: roles, optimizer and gradient quantities, bookkeeping."""
    _, _, quantity = name.partition(".")
    if _is_role(name) and SPELLINGS.get(quantity, (quantity, 0))[0] == quantity:
        return _canonical(name)._replace(reason=f"{name} is a role")
    _, rest = split_phase(name)
    if rest in SPELLINGS:
        return None
    if not snake(name) or re.fullmatch(BOOKKEEPING, rest) or re.fullmatch(BOOKKEEPING, snake(name)):
        return Match(reason="bookkeeping of the logger, no measurement of the training")
    for role, pattern in OTHER_ROLES:
        if re.fullmatch(pattern, rest):
            return _canonical(role)._replace(reason=f"{rest} is a spelling of {role}")
    if re.match(r"(grad|gradient)s?_(\d_\d_)?norm_", rest):
        return Match(reason="gradient norm of one parameter")
    return None


def _with_phases(readings: list[NameParts], taken: Mapping[str, str]) -> Iterable[tuple[NameParts, str]]:
    """Give every reading its subject, and the reason for it or for there being none."""
    subjects = {reading.subject for reading in readings} | {role.partition(".")[0] for role in taken}
    test_is_validation = "val" not in subjects
    logged = {(reading.subject, reading.own) for reading in readings}
    losses = {reading.subject for reading in readings if reading.quantity == "loss"}
    only = _only_losses(readings, losses, taken)
    for reading in readings:
        subject, quantity = reading.subject, reading.quantity
        if reading.name in only:
            subject = only[reading.name]
            yield reading._replace(subject=subject, quantity="loss"), f"the first or only {subject} loss there is"
        elif subject == "test" and test_is_validation:
            yield reading._replace(subject="val"), "the test set stands for the validation set, as there is none"
        elif subject is not None:
            yield reading, f"{subject} and {quantity} are in its name"
        elif ("val", reading.own) in logged:
            yield reading._replace(subject="train"), f"has a twin on validation data, so it is the training {quantity}"
        elif not reading.known:
            yield reading, "no known quantity in its name"
        elif {"train", "val"} <= losses and None not in losses:
            reason = f"{quantity} without a phase, beside a train and a validation loss, is taken as validation"
            yield reading._replace(subject="val", reduction="epoch_mean"), reason
        else:
            yield reading._replace(subject="train"), f"{quantity} without a phase is taken as training"


def _only_losses(readings: list[NameParts], losses: set[str | None], taken: Mapping[str, str]) -> dict[str, str]:
    """Names that get the role of the loss because nothing else of their phase can have it."""
    called = [reading for reading in readings if reading.own.endswith("loss")]
    logged_kinds = {reading.own for reading in readings}
    standing = next((kind for kind in STANDING_FOR_LOSS if kind in logged_kinds), None)
    candidates = called or [reading for reading in readings if reading.own == standing]
    parts = {
        subject: [r for r in candidates if r.subject in subjects and "best" not in r.own]
        for subject, subjects in {"train": ("train", None), "val": ("val",)}.items()
    }
    found: dict[str, str] = {}
    for subject, mine in parts.items():
        logged = losses & ({"train", None} if subject == "train" else {"val"})
        if not mine or logged or f"{subject}.loss" in taken:
            continue
        # Evaluation on several sets (eval_<set>_loss) gives whole losses; otherwise several are parts of one loss.
        several_sets = all(reading.name.startswith("eval_") for reading in mine)
        if several_sets or all(len(others) <= 1 for others in parts.values()):
            found[mine[0].name] = subject
    return found


def _runner_up(reading: NameParts, match: Match, held: Mapping[str, str]) -> Match:
    """A column that lost a role to another keeps its own name as a role, unless that names the same thing."""
    winner = held[match.role or ""]
    role = f"{reading.subject}.{reading.own}"
    if match.role in FIXED_ROLES or role in held:
        return Match(reason=f"{winner!r} gives {match.role}")
    return match._replace(role=role, reason=f"{match.reason}; {winner!r} gives {match.role}")
