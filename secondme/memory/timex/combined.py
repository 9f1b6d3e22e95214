"""What is built around single expressions: parts of a day, edges, "the weekend of", ranges, "since".

Each expression is one item `T` here, with its `Meaning` as value.
"""

from __future__ import annotations

from dataclasses import replace

from secondme.memory.timex import calendar
from secondme.memory.timex.calendar import Named, Stretch
from secondme.memory.timex.matching import FILLER as _F
from secondme.memory.timex.matching import PLURAL, Found, Meaning, Rule, rule

AROUND: list[Rule] = []
RANGES: list[Rule] = []
OPEN: list[Rule] = []


@rule(
    AROUND,
    rf"(?P<day>T),?[ift]?{_F}(?P<part>p)",
    r"(?P<part>p)[ift]?[xl]{1,2}(?P<day>T)",
)
def _part_of_day(found: Found) -> Meaning | None:
    whole: Meaning = found["day"].value
    if whole.stretch.grain != "day":
        return None
    return replace(whole, stretch=calendar.part(whole.stretch, found["part"].value))


@rule(
    AROUND,
    rf"(?P<edge>q)-?{_F}(?:[ift]{_F})?(?:u{_F})?(?P<whole>T)",
    rf"(?P<whole>T){_F}(?P<edge>q)",
)
def _edge(found: Found) -> Meaning | None:
    if found.row[found.first].code == "T" and found.language.name not in ("ja", "zh"):
        return None
    stretch = calendar.edge(found["whole"].value.stretch, found["edge"].value)
    return Meaning(stretch) if stretch else None


@rule(AROUND, rf"(?P<edge>q)[xlv]{{1,3}}(?:r{_F})?(?P<unit>u)(?!{_F}[Ty])")
def _edge_of_now(found: Found) -> Meaning | None:
    whole = calendar.stepped(found["unit"].value, 0, found.said)
    stretch = calendar.edge(whole, found["edge"].value) if whole else None
    return Meaning(stretch) if stretch else None


@rule(
    AROUND,
    rf"(?P<number>[Nn]){_F}(?P<unit>u){_F}(?P<side>[bA]){_F}(?P<from_>T)",
)
def _units_from(found: Found) -> Meaning | None:
    side = found["side"].value or -1
    unit = PLURAL.get(found["unit"].value, found["unit"].value)
    stretch = calendar.counted(
        unit, side * found["number"].value, found["from_"].value.stretch.since
    )
    return Meaning(stretch) if stretch else None


@rule(AROUND, rf"(?P<unit>[uewWT])(?:{_F}(?P<side>b){_F}|[xl]{{1,3}})(?P<whole>T)")
def _unit_of(found: Found) -> Meaning | None:
    """ "the weekend of 14 June", "the week before 9 June", "the Friday before 9 June" """
    whole, unit, side = found["whole"].value.stretch, found["unit"], found.value("side")
    if whole.grain not in ("day", "part"):
        return None
    if unit.code == "T" and unit.value.unit in ("week", "weekend") and unit.value.number is None:
        # "last weekend before 10 April"
        stretch = calendar.stepped(unit.value.unit, side, whole.since) if side else None
        return Meaning(stretch) if stretch else None
    if unit.code in "wWT":
        named = unit.value.named if unit.code == "T" else Named(weekday=unit.value)
        if named is None or named.weekday is None or side is None:
            return None
        return Meaning(calendar.weekday(named.weekday, -1 if side < 0 else 1, whole.first))
    name = "weekend" if unit.code == "e" else unit.value
    if name == "day":
        stretch = calendar.counted("day", side, whole.since) if side else None
    else:
        stretch = calendar.stepped(name, side or 0, whole.since)
    return Meaning(stretch) if stretch else None


# --- ranges ---------------------------------------------------------------------------------------


@rule(RANGES, r"(?P<start>T)[-tjG](?P<day>O)J?")
def _until_day(found: Found) -> Meaning | None:
    first = found["start"].value.stretch
    last = calendar.days(first.first.replace(day=found["day"].value))
    return Meaning(Stretch(first.since, last.until, "span")) if last.since > first.since else None


@rule(
    RANGES,
    rf"(?P<between>[lgB]){_F}(?P<one>T){_F}G?[-tj&]{_F}(?P<two>T)J?",
    rf"(?P<one>T)G?[-tj]{_F}(?P<two>T)J?",
)
def _range(found: Found) -> Meaning | None:
    one, two = found["one"].value, found["two"].value
    joined = "&" in {i.code for i in found.row[found.first : found.first + 6]}
    if joined and not (found.has("between") and found["between"].code == "B"):
        return None
    first, last = one.stretch, two.stretch
    if two.named and two.named.weekday is not None:
        last = calendar.weekday(two.named.weekday, 1, first.first)
    elif one.named and two.named and two.named.year and not one.named.year:
        fitting = calendar.complete(one.named, last.first)
        first = max((s for s in fitting if s.since <= last.since), key=lambda s: s.since)
    elif two.named and not two.named.year:
        fitting = calendar.complete(two.named, first.first)
        last = min((s for s in fitting if s.until > first.since), key=lambda s: s.since)
    return Meaning(Stretch(first.since, last.until, "span")) if last.until > first.until else None


# --- since and until ------------------------------------------------------------------------------


@rule(OPEN, rf"g{_F}(?P<start>T)G?", r"(?P<start>T)G")
def _since(found: Found) -> Meaning | None:
    start, said = found["start"].value.stretch, found.said
    if start.since >= said:
        return Meaning(start)
    return Meaning(Stretch(start.since, said, "span"))


@rule(OPEN, rf"j{_F}(?P<end>T)", r"(?P<end>T)J")
def _until(found: Found) -> Meaning | None:
    end, said = found["end"].value.stretch, found.said
    if end.until <= said:
        return Meaning(end)
    return Meaning(Stretch(said, end.until, "span"))
