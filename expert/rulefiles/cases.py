"""Cases: facts by name, and runs sketched with a few strokes. Both ways, side by side.

A stroke is ``{decay: [2.3, 0.4], count: 30}``: its form with the first and the last value; ``flat`` takes one level and
``broken`` a number of points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expert.cases import Case, Curve, Segment, Sketch
from expert.errors import AuthoringError, nearest
from expert.language.handles import profile_fields
from expert.language.nodes import FieldTerm, GivenFact
from expert.language.spelling import RECORDS, all_fields, series_fault
from expert.rulefiles.names import Names, look_up, number, read_scalar
from expert.rulefiles.sheet import Sheet
from expert.rulefiles.values import Value

FORMS = ("line", "decay", "zigzag")
STROKES = (*FORMS, "flat", "broken")
IN_QUOTES = "; a name with a dot is one key, which TOML wants in quotes"


def read_case(sheet: Sheet, value: Value) -> dict[str, object]:
    """The fields of a `Case`; what is wrong is complained of."""
    keys = sheet.mapping(value, "a case", ("case", "facts", "run"), ("case",))
    if not {"facts", "run"} & keys.keys() and not sheet.is_misspelled(value, keys):
        sheet.wrong(value, "a case has 'facts' or a 'run'; write facts: {} where nothing is known.")
    made: dict[str, object] = {"name": (sheet.text(keys["case"], "'case'") if "case" in keys else None) or ""}
    if "facts" in keys:
        facts = sheet.named(keys["facts"], "'facts' is a mapping of terms and fields to values")
        given = [_read_fact(sheet, keys["facts"], name, item) for name, item in facts.items()]
        made["given"] = [fact for fact in given if fact is not None]
    if "run" in keys:
        made["run"] = _read_run(sheet, keys["run"])
    return made


def write_case(case: Case, names: Names) -> dict[str, object]:
    """As `read_case` reads it."""
    made: dict[str, object] = {"case": case.name}
    if case.given or case.run is None:
        made["facts"] = {
            str(item.term) if isinstance(item.term, FieldTerm) else names[item.term]: (
                {"known": False} if item.value is None else number(item.value)
            )
            for item in case.given
        }
    if case.run is not None:
        made["run"] = _write_run(case.run)
    return made


def _read_fact(sheet: Sheet, facts: Value, name: str, value: Value) -> GivenFact | None:
    place = facts.keys[name]
    if name in RECORDS and isinstance(value.data, dict) and name not in sheet.terms:
        sheet.wrong(place, f"'{name}' is no fact, but '{name}.…' is{IN_QUOTES}.")
        return None
    if "." not in name and name not in sheet.terms:
        hint = nearest(name, [*sheet.terms, *all_fields()])
        sheet.wrong(place, f"'{name}' is neither a term defined under 'terms' nor a field.{hint}")
        return None
    term = look_up(sheet, Value(name, place), name, "field" if "." in name else "term")
    if isinstance(value.data, dict):
        if value.plain() != {"known": False}:
            sheet.wrong(value, f"a fact is a value, or {{known: false}} for what is not known, not {value}.")
        return None if term is None else GivenFact(term=term, value=None)
    scalar = read_scalar(sheet, value, term)
    return None if term is None or scalar is None else GivenFact(term=term, value=scalar)


def _read_run(sheet: Sheet, value: Value) -> dict[str, object]:
    keys = sheet.mapping(value, "a run", ("curves", "layers", *RECORDS))
    made: dict[str, object] = {}
    if "curves" in keys:
        curves = sheet.named(keys["curves"], "'curves' is a mapping of series to strokes")
        made["curves"] = [_read_curve(sheet, keys["curves"], role, item) for role, item in curves.items()]
    if "layers" in keys:
        layers = sheet.named(keys["layers"], "'layers' is a mapping of quantities to layers")
        made["layers"] = [
            {"quantity": quantity, "values": _read_layers(sheet, item)} for quantity, item in layers.items()
        ]
    for record in RECORDS:
        if record in keys:
            made[record] = {
                name: item.plain()
                for name, item in sheet.mapping(keys[record], f"'{record}'", profile_fields(record)).items()
            }
    return made


def _read_layers(sheet: Sheet, value: Value) -> Sequence[tuple[str, float]]:
    layers = sheet.named(value, "a quantity is a mapping of layers, in forward order, to values")
    numbers = [(name, sheet.number(item, "the value of a layer")) for name, item in layers.items()]
    return [(name, item) for name, item in numbers if item is not None]


def _read_curve(sheet: Sheet, curves: Value, role: str, value: Value) -> dict[str, object]:
    if fault := series_fault(role):
        split = isinstance(value.data, dict) and not {"strokes", "per_epoch"} & value.data.keys()
        sheet.wrong(curves.keys[role], f"'{role}' is no series{IN_QUOTES}." if split and "." not in role else fault)
        return {"role": role, "segments": ()}
    made: dict[str, object] = {"role": role}
    if isinstance(value.data, dict):
        keys = sheet.mapping(value, "a curve", ("per_epoch", "strokes"), ("per_epoch", "strokes"))
        if "per_epoch" in keys:
            made["per_epoch"] = sheet.count(keys["per_epoch"], "'per_epoch'")
        if "strokes" not in keys:
            return {**made, "segments": ()}
        value = keys["strokes"]
    strokes = [_read_stroke(sheet, item) for item in sheet.items(value, "a curve")]
    if value.data == []:
        sheet.wrong(value, "a curve has at least one stroke.")
    return {**made, "segments": [stroke for stroke in strokes if stroke is not None]}


def _read_stroke(sheet: Sheet, value: Value) -> Segment | None:
    keys = sheet.mapping(value, "a stroke", (*STROKES, "count", "noise"))
    forms = [form for form in STROKES if form in keys]
    if len(forms) != 1:
        if forms or not sheet.is_misspelled(value, keys):
            seen = " and ".join(forms) or "none of them"
            sheet.wrong(value, f"a stroke has one of {', '.join(STROKES)}, and this has {seen}.")
        return None
    form, drawn = forms[0], keys[forms[0]]
    if form == "broken":
        if len(keys) > 1:
            sheet.wrong(value, "'broken' takes the number of points and stands alone.")
        points = sheet.count(drawn, "'broken'")
        return None if points is None else Segment(form="nan", start=0.0, end=0.0, count=points)
    ends = [drawn, drawn] if form == "flat" else sheet.items(drawn, f"'{form}'")
    values = [sheet.number(item, f"a value of '{form}'") for item in ends]
    if len(ends) != 2 and isinstance(drawn.data, list):
        sheet.wrong(drawn, f"'{form}' has the first and the last value, such as [2.3, 0.4].")
    if "count" not in keys:
        sheet.wrong(value, "a stroke lacks 'count', its number of points.")
        return None
    count = sheet.count(keys["count"], "'count'")
    noise = sheet.number(keys["noise"], "'noise'") if "noise" in keys else 0.0
    if count is None or noise is None or len(values) != 2 or None in values:
        return None
    return Segment.model_validate(
        {
            "form": "line" if form == "flat" else form,
            "start": values[0],
            "end": values[1],
            "count": count,
            "noise": noise,
        }
    )


def _write_run(run: Sketch) -> dict[str, object]:
    made: dict[str, object] = {}
    if run.curves:
        made["curves"] = {curve.role: _write_curve(curve) for curve in run.curves}
    if run.layers:
        made["layers"] = {item.quantity: {name: number(value) for name, value in item.values} for item in run.layers}
    profiles: Mapping[str, Mapping[str, object]] = {
        record: getattr(run, record).model_dump(mode="json", exclude_none=True) for record in RECORDS
    }
    return made | {record: fields for record, fields in profiles.items() if fields}


def _write_curve(curve: Curve) -> object:
    strokes = [_write_stroke(segment) for segment in curve.segments]
    return strokes if curve.per_epoch is None else {"per_epoch": curve.per_epoch, "strokes": strokes}


def _write_stroke(segment: Segment) -> dict[str, object]:
    if segment.form == "nan":
        if (segment.start, segment.end, segment.noise) != (0.0, 0.0, 0.0):
            raise AuthoringError("a stretch of NaN has no level and no noise in a rule file.")
        return {"broken": segment.count}
    start, end = number(segment.start), number(segment.end)
    drawn: dict[str, object] = (
        {"flat": start} if segment.form == "line" and start == end else {segment.form: [start, end]}
    )
    noise = {"noise": number(segment.noise)} if segment.noise else {}
    return drawn | {"count": segment.count} | noise
