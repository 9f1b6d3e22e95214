"""Single expressions of time: a date, a weekday, "two weeks ago", "last May", "the 90s"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from secondme.memory.timex import calendar
from secondme.memory.timex.calendar import Named, Stretch, Tense
from secondme.memory.timex.lexicon import fold
from secondme.memory.timex.matching import FILLER as _F
from secondme.memory.timex.matching import PLURAL, Found, Meaning, Rule, rule

SINGLE: list[Rule] = []
WEEKDAY = "weekday"
"""The unit of "last Friday"."""
_P = "(?<=[iftjglqbB-])"
_PX = "(?<=[iftjgqbB][xlv])"
_STEPS = (rf"(?P<rel>r){_F}(?P<unit>[ue])", rf"(?P<unit2>[ue]){_F}(?P<rel2>r)", r"(?P<both>R)")


def _written(found: Found, named: Named) -> Meaning:
    """A date that is written out, completed by the nearest year, or as the tense has it."""
    tense: Tense = 0 if named.year else found.tense
    stretch = calendar.nearest(calendar.complete(named, found.said.date()), tense, found.said)
    if stretch is None:
        raise ValueError(named)
    return Meaning(stretch, named, recurs=named.year is None)


@rule(SINGLE, rf"(?:[wWQ]\|?,?{_F})?(?P<date>Z),?{_F}(?P<season>[sS])")
def _season_of_digits(found: Found) -> Meaning | None:
    date = found["date"].value
    if not isinstance(date, Named) or date.year is None or date.month is not None:
        return None
    return Meaning(calendar.season(date.year, found["season"].value))


@rule(SINGLE, rf"(?:(?:r{_F})?[wWQ]\|?,?{_F})?(?P<date>Z)")
def _digits(found: Found) -> Meaning | None:
    date = found["date"].value
    if isinstance(date, datetime):
        since = date.replace(second=0, microsecond=0)
        stretch = Stretch(since, since + timedelta(minutes=1), "minute")
        return Meaning(stretch, Named(date.year, date.month, date.day))
    return _written(found, date)


@rule(
    SINGLE,
    rf"(?:(?P<between>[lgB]){_F})?(?P<one>[No])\|?[-tj&]{_F}(?P<two>[No])\|?{_F}(?P<month>[mMK])"
    rf"(?:\|?,?{_F}(?P<year>y))?",
    r"(?P<month>[mMK])\|?(?P<one>[No])[-tj](?P<two>[No])(?:,?(?P<year>y))?",
)
def _days_of_month(found: Found) -> Meaning | None:
    one, two = found["one"].value, found["two"].value
    joined = "&" in {i.code for i in found.row[found.first : found.first + 4]}
    if one >= two or (joined and not (found.has("between") and found["between"].code == "B")):
        return None
    first = _written(found, Named(found.value("year"), found["month"].value, one))
    last = calendar.days(first.stretch.first.replace(day=two))
    return Meaning(Stretch(first.stretch.since, last.until, "span"))


@rule(
    SINGLE,
    rf"(?:(?:r{_F})?[wWQ]\|?,?{_F})?(?P<day>[No])\|?{_F}(?P<month>[mMK])(?:\|?,?{_F}(?P<year>y)(?P<word>u)?)?",
)
def _day_of_month(found: Found) -> Meaning | None:
    if found["month"].code in "MK" and not found.text[found["day"].start].isdecimal():
        between = found.text[found["day"].end : found["month"].start].split()
        if not between:
            return None  # "the second march"
    return _written(found, Named(found.value("year"), found["month"].value, found["day"].value))


@rule(
    SINGLE,
    rf"(?:[wWQ]\|?,?{_F})?(?P<month>[mMK])\|?{_F}(?P<day>[No])(?![h:%u$#])(?:,?(?P<year>y))?",
)
def _month_and_day(found: Found) -> Meaning | None:
    return _day_of_month(found) if found.language.month_first else None


@rule(SINGLE, rf"(?P<number>o){_F}(?P<unit>u){_F}(?P<month>[mM])(?:,?(?P<year>y))?")
def _week_of_month(found: Found) -> Meaning | None:
    month = _written(found, Named(found.value("year"), found["month"].value))
    if found["unit"].value != "week":
        return None
    return Meaning(calendar.week(month.stretch.first, found["number"].value - 1))


@rule(SINGLE, rf"(?P<month>[mMK])\|?,?{_F}(?:u{_F})?(?P<year>y)(?P<word>u)?")
def _month_of_year(found: Found) -> Meaning | None:
    return _written(found, Named(found["year"].value, found["month"].value))


@rule(SINGLE, rf"(?P<season>[sS]),?{_F}(?:u{_F})?(?P<year>y)")
def _season_of_year(found: Found) -> Meaning | None:
    return Meaning(calendar.season(found["year"].value, found["season"].value))


@rule(SINGLE, rf"(?P<holiday>k),?{_F}(?P<year>y)")
def _holiday_of_year(found: Found) -> Meaning | None:
    return Meaning(calendar.holiday(found["year"].value, found["holiday"].value))


@rule(
    SINGLE,
    *(rf"{step}[ift]?{_F}(?P<what>[mMsSk])" for step in _STEPS),
    *(rf"(?P<what>[mMsSk]){_F}[ift]?{_F}{step}" for step in _STEPS),
)
def _of_some_year(found: Found) -> Meaning | None:
    if found.step is None or found.step[1] != "year":
        return None
    year = found.said.year + found.step[0]
    if found["what"].code == "k":
        return Meaning(calendar.holiday(year, found["what"].value))
    if found["what"].code in "sS":
        return Meaning(calendar.season(year, found["what"].value))
    return Meaning(calendar.month(year, found["what"].value), Named(year, found["what"].value))


@rule(
    SINGLE,
    *(rf"{step}{_F}(?P<day>[wW])" for step in _STEPS),
    *(rf"(?P<day>[wW]){_F}{step}" for step in _STEPS),
)
def _of_some_week(found: Found) -> Meaning | None:
    if found.step is None or found.step[1] != "week":
        return None
    monday = calendar.week(found.said.date(), found.step[0]).first
    return Meaning(calendar.days(monday + timedelta(found["day"].value)))


@rule(
    SINGLE,
    rf"A{_F}(?P<number>[Nn]){_F}(?P<unit>[ue])(?!{_F}T)",
    rf"(?P<number>[Nn]){_F}(?P<unit>[ue]){_F}a",
    r"(?P<unit>[ue])a",
)
def _ago(found: Found) -> Meaning | None:
    return _away(found, -1)


@rule(
    SINGLE,
    r"f(?P<number>[Nn])(?P<unit>[ue])(?![iAb])",
    rf"(?P<number>[Nn]){_F}(?P<unit>[ue]){_F}H",
    r"f(?P<unit>[ue])",
)
def _ahead(found: Found) -> Meaning | None:
    return None if found.tense < 0 else _away(found, 1)


def _away(found: Found, sign: int) -> Meaning | None:
    if not found.has("number") and not found.language.one_implied:
        return None
    item = found.items.get("number")
    number = item.value if item else 1
    unit = PLURAL.get(found["unit"].value, found["unit"].value)
    unit = "weekend" if found["unit"].code == "e" else unit
    stretch = calendar.counted(unit, sign * number, found.said)
    if stretch is None:
        return None
    plain = item is not None and found.language.name == "en"
    written = found.text[item.start : item.end].lower() if plain and item else str(number)
    return Meaning(stretch, None, unit, sign * number, written)


@rule(
    SINGLE,
    rf"(?P<rel>r){_F}(?P<number>[Nn]){_F}(?P<unit>u)",
    rf"r?{_F}(?P<number>[Nn]){_F}(?P<rel>r){_F}(?P<unit>u)",
)
def _several(found: Found) -> Meaning | None:
    sign = 1 if found["rel"].value > 0 else -1
    unit = PLURAL.get(found["unit"].value, found["unit"].value)
    stretch = calendar.several(unit, sign * found["number"].value, found.said)
    return Meaning(stretch) if stretch else None


@rule(
    SINGLE,
    rf"(?P<rel>r){_F}(?P<what>[wWmMsSkp])",
    rf"(?P<what>[wWmMsSkp]){_F}(?P<rel>r)",
)
def _stepped_name(found: Found) -> Meaning | None:
    if found.row[found.first].code != "r" and not found.language.modifier_after:
        return None
    step, code, value = found["rel"].value, found["what"].code, found["what"].value
    said = found.said
    if code == "p":
        if step > 0:
            return None  # "the next morning" is not the one after today's
        return Meaning(calendar.part(calendar.days(said.date() + timedelta(step)), value))
    if code in "wW":
        return _stepped_weekday(found, step, value)
    tense: Tense = -1 if step < 0 else 1
    if step == 0:
        names: list[Stretch] = list(_yearly(code, value, [said.year]))
        return Meaning(names[0]) if names else None
    years = range(said.year - 3, said.year + 4)
    stretch = calendar.nearest(_yearly(code, value, years), tense, said, whole=True)
    return Meaning(stretch) if stretch else None


def _stepped_weekday(found: Found, step: int, number: int) -> Meaning:
    """The weekday last, this or next; in some languages that of the last, this or next week."""
    said = found.said
    if found.language.weekday_of_week or abs(step) > 1:
        monday = calendar.week(said.date(), step).first
        day = calendar.days(monday + timedelta(number))
    elif step == 0 and number == said.weekday():
        day = calendar.days(said.date())
    else:
        day = calendar.weekday(number, -1 if step < 0 else 1, said.date())
    return Meaning(day, None, WEEKDAY, step, str(number))


def _yearly(code: str, value: int | str, years: range | list[int]) -> Iterator[Stretch]:
    """A month, season or holiday in each of the years, in their order."""
    for year in years:
        try:
            if code == "k":
                yield calendar.holiday(year, str(value))
            elif code in "sS":
                yield calendar.season(year, int(value))
            else:
                yield calendar.month(year, int(value))
        except (ValueError, OverflowError):
            continue


@rule(SINGLE, *_STEPS)
def _stepped_unit(found: Found) -> Meaning | None:
    if found.step is None:
        return None
    steps, unit = found.step
    stretch = calendar.stepped(unit, steps, found.said)
    return Meaning(stretch, None, unit, steps) if stretch else None


@rule(SINGLE, r"(?P<day>d)")
def _day(found: Found) -> Meaning | None:
    return Meaning(calendar.counted("day", found["day"].value, found.said) or _none(), None, "day")


@rule(SINGLE, r"(?P<part>D)")
def _day_part(found: Found) -> Meaning | None:
    steps, name = found["part"].value
    day = calendar.days(found.said.date() + timedelta(steps))
    return Meaning(calendar.part(day, name), None, "day")


def _none() -> Stretch:
    raise ValueError


@rule(SINGLE, r"(?P<day>w)", rf"{_P}(?P<day>W)", r"(?<=x)(?P<day>W)")
def _weekday(found: Found) -> Meaning | None:
    if "v" in (found.before(), found.before(2) if found.before() == "x" else ""):
        return None  # every Sunday
    if found.before() == "n":
        return None  # it was a Sunday
    if found["day"].code == "W" and found.before() == "x" and not found.language.modifier_after:
        return None  # the Sun
    day = calendar.weekday(found["day"].value, found.tense, found.said.date())
    return Meaning(day, Named(weekday=found["day"].value))


@rule(SINGLE, r"(?P<month>m)", rf"{_P}(?P<month>M)", rf"{_PX}(?P<month>M)")
def _month(found: Found) -> Meaning | None:
    if found["month"].code == "M" and found.after() == "." and found.after_text().istitle():
        return None  # "on May Street"
    return None if found.before() == "v" else _written(found, Named(month=found["month"].value))


@rule(SINGLE, r"(?P<season>S)", r"(?<=[iftg])(?P<season>s)", r"(?<=[iftg][xlv])(?P<season>s)")
def _season(found: Found) -> Meaning | None:
    if found.language.name == "en" and found.after() == ".":
        return None  # in the spring water
    return _named_by_tense(found, "s", found["season"].value)


@rule(SINGLE, r"(?P<holiday>k)")
def _holiday(found: Found) -> Meaning | None:
    return None if found.before() == "v" else _named_by_tense(found, "k", found["holiday"].value)


def _named_by_tense(found: Found, code: str, value: int | str) -> Meaning | None:
    years = range(found.said.year - 1, found.said.year + 2)
    stretch = calendar.nearest(_yearly(code, value, years), found.tense, found.said)
    return Meaning(stretch, recurs=True) if stretch else None


@rule(SINGLE, r"(?<=[ift])e(?![xlb])", r"(?<=[ift][xl])e(?![xlb])")
def _bare_weekend(found: Found) -> Meaning | None:
    step = -1 if found.tense < 0 else 0
    return Meaning(calendar.weekend(found.said.date(), step), None, "weekend", step)


@rule(SINGLE, r"(?P<one>y)-(?P<two>y)", rf"B{_F}(?P<one>y)&{_F}(?P<two>y)")
def _years(found: Found) -> Meaning | None:
    one, two = found["one"].value, found["two"].value
    if one >= two:
        return None
    return Meaning(Stretch(calendar.year(one).since, calendar.year(two).until, "span"))


@rule(SINGLE, rf"(?P<unit>u){_F}(?P<year>y)(?![$u#N])", r"(?P<year>y)(?P<unit>u)")
def _year_with_word(found: Found) -> Meaning | None:
    word = found.text[found["unit"].start : found["unit"].end].lower()
    if found["unit"].value != "year" or (
        found.row[found.first].code == "y" and word not in found.language.year_words
    ):
        return None
    return _written(found, Named(found["year"].value))


@rule(
    SINGLE,
    r"(?:(?<=[iftjglqbB])|(?<=q-))(?P<year>y)(?![$u#Nn])",
    rf"{_PX}(?P<year>y)(?![$u#Nn])",
    r"(?<=\()(?P<year>y)(?=\))",
)
def _year(found: Found) -> Meaning | None:
    if found.language.name == "en" and found.after() == "." and found.after_text().endswith("s"):
        return None  # in 1999 pieces
    return _written(found, Named(found["year"].value))


@rule(SINGLE, r"(?P<decade>c)u?", r"(?P<unit>u)(?P<decade>N)(?:\|(?=[.~]))?")
def _decade(found: Found) -> Meaning | None:
    number = found["decade"].value
    if found.has("unit"):
        word = fold(found.text[found["unit"].start : found["unit"].end])
        if word not in found.language.decade_words:
            return None
    if (
        number % 10
        or number < 10
        or (found.language.name == "en" and found.before() not in "xiqft")
    ):
        return None
    if number < 100:
        number += found.said.year // 100 * 100
        number -= 100 if number > found.said.year else 0
    return Meaning(calendar.year(number, 10))


@rule(SINGLE, r"(?<=[if]x)(?P<day>o)(?![.muMeswW#kTp-])")
def _day_alone(found: Found) -> Meaning | None:
    if not found.text[found["day"].start].isdecimal():
        return None
    said, day = found.said, found["day"].value
    months = (calendar.month(said.year, said.month + step) for step in (-1, 0, 1))
    choices = (calendar.days(m.first.replace(day=day)) for m in months if day <= m.last.day)
    stretch = calendar.nearest(choices, found.tense or 1, said)
    return Meaning(stretch) if stretch else None
