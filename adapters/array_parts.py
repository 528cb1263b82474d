"""What may be said of a whole data set of which only a part was looked at."""

from __future__ import annotations

from typing import Any

from expert.adapters.array_datasets import Gathered

SEEN_OFTEN = 5
"""The shares of classes are taken from a part that shows each of them at least so many times."""


def notes_on(gathered: Gathered | None, what: str) -> list[str]:
    """Sentences on how a data set was read; ``what`` is "training " or "validation "."""
    if gathered is None:
        return []
    notes = [f"{note[:-1]} in the {what}data." for note in gathered.notes]
    if gathered.rows is not None:
        notes.append(
            f"{len(gathered.rows):,} of the {gathered.total:,} {what}samples were looked at, evenly spread; what only "
            "all of them together can show is left open."
        )
    if gathered.redrawn:
        notes.append(
            f"The {what}samples differ each time they are read, so repeated ones were not looked for. Random states "
            "were put back as they were."
        )
    return notes


def known_of_a_part(profile: dict[str, Any], train: Gathered | None, val: Gathered | None) -> dict[str, Any]:
    """Return the fields of `DataProfile` computed from the samples looked at, less those that need all of them."""
    sets = [gathered for gathered in (train, val) if gathered is not None]
    known = dict(profile)
    partial = any(gathered.rows is not None for gathered in sets)
    unread = any(gathered.x is None for gathered in sets)
    if partial or unread:
        _leave_out(known, "rows_with_nonfinite")
        if not known["nonfinite_cells"]:
            # None found in a part is no proof for the rest; what was found is one.
            _leave_out(known, "nonfinite_cells", "nonfinite_where")
    if train is not None:
        known["samples"] = train.total
        if train.x is None:
            _leave_out(known, "features", "constant_columns")
        if train.rows is not None or train.redrawn:
            _leave_out(known, "duplicates", "train_val_overlap")
        if train.rows is not None:
            if known.get("constant_columns"):
                _leave_out(known, "constant_columns")
            if train.labels is None:
                known = _labels_of_a_part(known, train)
    if val is not None:
        known["validation_samples"] = val.total
        if val.redrawn:
            _leave_out(known, "train_val_overlap")
        if val.rows is not None and val.labels is None:
            # Its size is judged by the number of samples, and here fewer were drawn.
            _leave_out(known, "label_shift")
    return known


def _labels_of_a_part(known: dict[str, Any], train: Gathered) -> dict[str, Any]:
    counts, whole = known.get("class_counts"), known.get("labels_integer")
    _leave_out(known, "class_counts", "label_shift")
    if not known.get("sorted_by_label"):
        _leave_out(known, "sorted_by_label")  # runs shorter than the distance of two samples do not show
    _leave_out(known, "classes")
    names, high = train.class_names, known.get("label_maximum")
    if names is not None and whole is not False and (high is None or high < names):
        known["classes"] = names
    if counts is None or len(counts) != known.get("classes") or min(counts) < SEEN_OFTEN:
        # A class that was not seen would be missing: it is the rare ones that a part does not show.
        _leave_out(known, "target_prior")
    if whole and counts is None:
        # Many whole numbers of which few were seen: quantities, or classes by their numbers.
        _leave_out(known, "target_mean", "target_std")
    return known


def _leave_out(known: dict[str, Any], *names: str) -> None:
    for name in names:
        known.pop(name, None)
