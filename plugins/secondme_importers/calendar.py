"""Calendars (.ics): events, tasks and journal entries, each as a sentence with its date."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from secondme.plugin import Document, Importer, Moment, Skipped, UnreadableError, hookimpl

from ._text import MESSAGE, clean, cut, decode, drop_empty, few_skipped, one_line
from ._time import sane
from .html import page_blocks

_KINDS = {b"VEVENT": "Event", b"VTODO": "Task", b"VJOURNAL": "Journal entry"}
_MARK = re.compile(rb"^(BEGIN|END):(VEVENT|VTODO|VJOURNAL|VTIMEZONE)[ \t]*\r?$", re.M | re.I)
_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(rb"^X-WR-CALNAME(?:;[^:\r\n]*)?:([^\r\n]{1,300})", re.M | re.I)
_HTML = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.I)
# What a time zone's rules may say; more elaborate ones could be made to take for ever.
_ZONE_RULE = re.compile(
    rb"RRULE:(?:;?(?:FREQ=YEARLY|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}|UNTIL=[\dTZ]+|INTERVAL=\d+"
    rb"|COUNT=\d+|WKST=[A-Z]{2}|BYMONTHDAY=[\d,-]{1,40}))+",
    re.I,
)
_ZONES, _ZONE_BYTES, _ENTRY_BYTES = 100, 65_536, 1_000_000
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), _WEEKDAYS, strict=True))
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_UNITS |= {"HOURLY": "hour", "MINUTELY": "minute", "SECONDLY": "second"}
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd", 31: "31st"}


class _BadEntryError(Exception):
    """An entry that cannot be read, for the reason given."""


def _entries(data: bytes) -> Iterator[tuple[bytes, int, int, bool]]:
    """Name and byte range of each entry and time zone, and whether its end is missing."""
    name, start = b"", 0
    for mark in _MARK.finditer(data):
        begins, found = mark[1].upper() == b"BEGIN", mark[2].upper()
        if begins and name:
            yield name, start, mark.start(), True
        if begins:
            name, start = found, mark.start()
        elif found == name:
            yield name, start, mark.end() - data[mark.end() - 1 : mark.end()].count(b"\r"), False
            name = b""
    if name:
        yield name, start, len(data), True


def _component(raw: bytes) -> Any:
    """The entry as icalendar reads it, without alarms and attachments."""
    from icalendar import Component

    if len(raw) > _ENTRY_BYTES:
        raise _BadEntryError("it is too large")
    lines: list[bytes] = []
    alarms = 0
    for line in _FOLD.sub(b"", raw).splitlines():
        start = line[:12].upper()
        if start.startswith(b"BEGIN:VALARM"):
            alarms += 1
        elif start.startswith(b"END:VALARM"):
            alarms -= 1
        elif alarms <= 0 and not start.startswith(b"ATTACH") and line.strip():
            lines.append(line)
    text, _ = decode(b"\r\n".join(lines) + b"\r\n", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guessed zone names are what a person would guess
        return Component.from_ical(text)


def _zone(raw: bytes) -> tuple[str, tzinfo] | None:
    """A calendar's own time zone with its name, or None where it is of no use."""
    lines = _FOLD.sub(b"", raw).splitlines()
    rules = [line for line in lines if line.upper().startswith(b"RRULE")]
    if len(raw) > _ZONE_BYTES or not all(_ZONE_RULE.fullmatch(rule) for rule in rules):
        return None
    name = next((line[5:] for line in lines if line.upper().startswith(b"TZID:")), b"")
    # icalendar keeps zones by name for good: one that is this zone's alone keeps files apart.
    alone = b"TZID:zone-" + hashlib.sha256(raw).hexdigest().encode()
    own = [alone if line.upper().startswith(b"TZID:") else line for line in lines]
    try:
        zone = _component(b"\r\n".join(own)).to_tz()
        datetime(2024, 7, 1, tzinfo=zone).astimezone(UTC)
    except Exception:  # whatever a broken zone makes the library raise
        return None
    return name.decode("utf-8", "replace").strip(), zone


class _Entry:
    """One event, task or journal entry, and how it reads."""

    def __init__(self, kind: str, raw: bytes, zones: Mapping[str, tzinfo], home: tzinfo) -> None:
        self.kind = kind
        self._component = _component(raw)
        self._zones, self._home = zones, home
        self.title = one_line(self.text("SUMMARY"))
        self.uid = one_line(self.text("UID"), 500)
        self.start = self._date("DTSTART") or (self._date("DUE") if kind == "Task" else None)
        self.status = self.text("STATUS").upper()[:20]

    def text(self, name: str) -> str:
        value = self._first(name)
        return clean(str(value)[: 100 * MESSAGE]) if isinstance(value, str) else ""

    def _first(self, name: str) -> Any:
        value = self._component.get(name)
        return (value[0] if value else None) if isinstance(value, list) else value

    def _date(self, name: str) -> date | datetime | None:
        value = self._first(name)
        if value is None:
            return None
        try:
            time = value.dt
        except Exception:  # icalendar hands out broken values that raise when asked
            raise _BadEntryError(f"its date cannot be read: {one_line(str(value), 60)}") from None
        if isinstance(time, datetime):
            zone = self._zones.get(str(value.params.get("TZID", "")))
            time = sane(time.replace(tzinfo=zone) if zone and time.tzinfo is None else time)
        elif not isinstance(time, date) or sane(datetime(time.year, time.month, time.day)) is None:
            time = None
        if not isinstance(time, date):
            raise _BadEntryError("its date makes no sense")
        if isinstance(time, datetime) and time.tzinfo and not hasattr(time.tzinfo, "key"):
            return time.astimezone(timezone(time.utcoffset() or timedelta()))
        return time

    def time(self) -> datetime | None:
        """The start; a whole day starts at midnight, wherever the person is."""
        if self.start is None:
            return self._stamp("CREATED") or self._stamp("DTSTAMP")
        if isinstance(self.start, datetime):
            return self.start
        return datetime(self.start.year, self.start.month, self.start.day)

    def _stamp(self, name: str) -> datetime | None:
        try:
            time = self._date(name)
        except _BadEntryError:
            return None
        return time if isinstance(time, datetime) else None

    def people(self) -> tuple[list[str], str]:
        """Who takes part, and who invites."""
        found = self._component.get("ATTENDEE") or []
        guests = [_person(guest) for guest in (found if isinstance(found, list) else [found])[:200]]
        host = self._first("ORGANIZER")
        return [guest for guest in guests if guest], _person(host) if host is not None else ""

    def description(self) -> str:
        text = self.text("DESCRIPTION")
        if _HTML.search(text):
            text = clean("\n".join(block.text for block in page_blocks(text)))
        return text

    def reads(self) -> str:
        """The entry in words: what, when, where, how often, with whom, and its description."""
        state = {"CANCELLED": "cancelled", "TENTATIVE": "tentative"}.get(self.status, "")
        state = "done" if self.status == "COMPLETED" or self._first("COMPLETED") else state
        what = f"{self.kind} ({state})" if state else self.kind
        first = ", ".join(
            filter(None, (f"{what}: {self.title or 'without a title'}", self._when()))
        )
        place = one_line(self.text("LOCATION"))
        guests, _ = self.people()
        shown = guests[:10] + ([f"{len(guests) - 10} others"] if len(guests) > 10 else [])
        sentences = [
            f"{first}, at {place}" if place else first,
            self._often(),
            f"With {_listed(shown)}" if shown else "",
            self.description(),
        ]
        return " ".join(s if s[-1] in ".!?" else f"{s}." for s in sentences if s)

    def _when(self) -> str:
        if self.start is None:
            return ""
        end = self._end()
        start = self._local(self.start)
        begins = _day(start)
        if isinstance(start, datetime):
            begins += f" {start:%H:%M}"
            stop = self._local(end) if isinstance(end, datetime) else None
            if isinstance(stop, datetime) and stop > start:
                day = "" if stop.date() == start.date() else f" to {_day(stop)} "
                begins += f"{day or '–'}{stop:%H:%M}"
            begins += self._zone_name(start)
        elif end and not isinstance(end, datetime) and end - start > timedelta(days=1):
            begins += f" to {_day(end - timedelta(days=1))}"
        due = self.kind == "Task" and self._first("DTSTART") is None
        return f"due {begins}" if due else begins

    def _end(self) -> date | datetime | None:
        try:
            end = self._date("DTEND")
            length = getattr(self._first("DURATION"), "dt", None)
            if end is None and self.start and isinstance(length, timedelta):
                return self.start + length
        except (_BadEntryError, OverflowError, TypeError, AttributeError):
            return None
        same = isinstance(end, datetime) == isinstance(self.start, datetime)
        return end if same else None

    def _local(self, time: Any) -> Any:
        """UTC, in which programs store times, as the person's own time."""
        if isinstance(time, datetime) and time.tzinfo is not None and str(time.tzinfo) == "UTC":
            return time.astimezone(self._home)
        return time

    def _zone_name(self, time: datetime) -> str:
        if time.tzinfo is None or time.utcoffset() == time.astimezone(self._home).utcoffset():
            return ""
        offset = time.utcoffset() or timedelta()
        name = getattr(time.tzinfo, "key", None) or f"UTC{_signed(offset)}"
        return f" ({name})"

    def _often(self) -> str:
        rule = self._first("RRULE")
        if not isinstance(rule, Mapping):
            return ""
        try:
            return _repeats(rule, self._last_day)
        except (TypeError, ValueError, LookupError, AttributeError):
            return ""

    def _last_day(self, until: date | datetime) -> date:
        """The last day that a rule's end leaves room for."""
        end, start = self._local(until), self._local(self.start)
        timed = isinstance(end, datetime) and isinstance(start, datetime)
        last: date = end - timedelta(days=timed and end.time() < start.time())
        return last

    def meta(self) -> dict[str, Any]:
        guests, host = self.people()
        rule = self._first("RRULE")
        return drop_empty(
            {
                "title": self.title,
                "place": one_line(self.text("LOCATION")),
                "attendees": guests,
                "organizer": host,
                "status": self.status.lower(),
                "url": one_line(self.text("URL")),
                "rrule": _ical(rule)[:500] if isinstance(rule, Mapping) else None,
                "all_day": True if self.start and not isinstance(self.start, datetime) else None,
            }
        )

    def external_id(self) -> str | None:
        value = self._first("RECURRENCE-ID")
        if not self.uid or value is None:
            return self.uid or None
        return f"{self.uid}/{_ical(value)[:60]}"


def _ical(value: Any) -> str:
    """The value as the calendar writes it."""
    try:
        return one_line(value.to_ical().decode())
    except (AttributeError, ValueError, TypeError):
        return one_line(str(value))


def _person(address: Any) -> str:
    name = one_line(str(getattr(address, "params", {}).get("CN", "")), 100).strip("\"'")
    return name or one_line(re.sub(r"(?i)^mailto:", "", str(address)), 100)


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _signed(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _ordinal(number: int) -> str:
    return "last" if number == -1 else _ORDINALS.get(number, f"{number}th")


def _repeats(rule: Mapping[str, Any], last_day: Callable[[Any], date]) -> str:
    """A recurrence rule in words: "Every 2 weeks on Tuesday until 31 December 2025"."""
    unit = _UNITS[str(rule["FREQ"][0])]
    step = int(rule.get("INTERVAL", [1])[0])
    words = [f"Every {unit}" if step == 1 else f"Every {step} {unit}s"]
    days = []
    for day in rule.get("BYDAY", [])[:31]:
        text = str(day)
        which = f"the {_ordinal(int(text[:-2]))} " if text[:-2] else ""
        days.append(which + _DAYS[text[-2:]])
    days += [f"the {_ordinal(int(day))}" for day in rule.get("BYMONTHDAY", [])[:31]]
    if days:
        words.append(f"on {_listed(days)}")
    months = [_MONTHS[int(month) - 1] for month in rule.get("BYMONTH", [])[:12]]
    if months:
        words.append(f"in {_listed(months)}")
    if rule.get("UNTIL"):
        last = last_day(rule["UNTIL"][0])
        words.append(f"until {last.day} {_MONTHS[last.month - 1]} {last.year}")
    elif rule.get("COUNT"):
        words[-1] += f", {int(rule['COUNT'][0])} times"
    return " ".join(words)


class Calendar(Importer):
    """Calendars as every calendar program exports them."""

    name = "calendar"
    suffixes = (".ics", ".ical", ".ifb")
    media_type = "text/calendar"

    def title(self, document: Document) -> str | None:
        name = _NAME.search(document.data[:100_000])
        return one_line(decode(name[1], None)[0].replace("\\,", ",")) or None if name else None

    def read(self, document: Document) -> Iterator[Moment | Skipped]:
        """A moment an entry, at its start. What repeats is told once, with its rule in words."""
        return few_skipped(self._read(document))

    def _read(self, document: Document) -> Iterator[Moment | Skipped]:
        entries = list(_entries(document.data))
        if not entries and b"BEGIN:VCALENDAR" not in document.data.upper():
            raise UnreadableError("it is not a calendar")
        raw_zones = [document.data[a:b] for name, a, b, _ in entries if name == b"VTIMEZONE"]
        zones = dict(zone for raw in raw_zones[:_ZONES] if (zone := _zone(raw)))
        counts = dict.fromkeys(_KINDS, 0)
        for name, start, end, cut_short in entries:
            if name not in _KINDS:
                continue
            counts[name] += 1
            kind, where = _KINDS[name], f"{_KINDS[name].lower()} {counts[name]}"
            if cut_short:
                yield Skipped(where, "it is cut short")
                continue
            try:
                entry = _Entry(kind, document.data[start:end], zones, document.zone)
                moments = list(_moments(entry, where, (start, end)))
            except _BadEntryError as error:
                yield Skipped(where, str(error))
            except Exception:  # whatever a broken entry makes the library raise
                yield Skipped(where, "it is damaged")
            else:
                yield from moments


def _moments(entry: _Entry, where: str, span: tuple[int, int]) -> Iterator[Moment]:
    if entry.kind == "Event" and entry.start is None:
        raise _BadEntryError("it has no date")
    text, identity = clean(entry.reads()), entry.external_id()
    for number, (first, last) in enumerate(cut(text, MESSAGE), 1):
        yield Moment(
            text=text[first:last],
            time=entry.time(),
            speaker=entry.people()[1] or None,
            session=entry.uid or where,
            external_id=identity if number == 1 or not identity else f"{identity}#{number}",
            span=span,
            meta=entry.meta(),
        )


@hookimpl
def secondme_importers() -> list[Importer]:
    return [Calendar()]
