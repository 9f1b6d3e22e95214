"""Calendars: events, tasks and journal entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from secondme.plugin import UnreadableError
from tests.importers.reading import document, importer, passage, read, skipped


def entry(*lines: str, kind: str = "VEVENT") -> str:
    return "".join(f"{line}\r\n" for line in (f"BEGIN:{kind}", *lines, f"END:{kind}"))


def calendar(*entries: str) -> str:
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(entries) + "END:VCALENDAR\r\n"


def reads(*lines: str, kind: str = "VEVENT") -> str:
    (moment,) = read(calendar(entry(*lines, kind=kind)), "c.ics")
    return moment.text


COFFEE = entry(
    "UID:1@example.org",
    "DTSTART;TZID=Europe/Lisbon:20250503T100000",
    "DTEND;TZID=Europe/Lisbon:20250503T113000",
    "SUMMARY:Coffee\\, at last\\, with An",
    " a",
    "LOCATION:Café Santiago",
    "DESCRIPTION:Bring the <b>book</b>.<br>And a pen.",
    "ORGANIZER;CN=Bo:mailto:bo@example.org",
    "ATTENDEE;CN=Ana Silva;PARTSTAT=ACCEPTED:mailto:ana@example.org",
    "ATTENDEE:mailto:cleo@example.org",
    "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;UNTIL=20251231T235959Z",
    "BEGIN:VALARM",
    "TRIGGER:nonsense",
    "not even a line",
    "END:VALARM",
)


def test_an_event_reads_as_sentences() -> None:
    (moment,) = read(calendar(COFFEE), "c.ics")
    assert moment.text == (
        "Event: Coffee, at last, with Ana, Saturday 3 May 2025 10:00–11:30, at Café Santiago. "
        "Every 2 weeks on Tuesday and Thursday until 31 December 2025. "
        "With Ana Silva and cleo@example.org. Bring the book.\nAnd a pen."
    )


def test_its_facts_are_kept() -> None:
    (moment,) = read(calendar(COFFEE), "c.ics")
    assert moment.time == datetime(2025, 5, 3, 10, tzinfo=ZoneInfo("Europe/Lisbon"))
    assert str(moment.time.tzinfo) == "Europe/Lisbon"
    assert moment.speaker == "Bo"
    assert moment.external_id == "1@example.org"
    assert moment.meta == {
        "title": "Coffee, at last, with Ana",
        "place": "Café Santiago",
        "attendees": ["Ana Silva", "cleo@example.org"],
        "organizer": "Bo",
        "rrule": "FREQ=WEEKLY;UNTIL=20251231T235959Z;INTERVAL=2;BYDAY=TU,TH",
    }


def test_its_span_is_the_event() -> None:
    data = calendar(COFFEE, entry("UID:2", "DTSTART:20250504T100000Z", "SUMMARY:Späti"))
    spans = [passage(data, moment).decode() for moment in read(data, "c.ics")]
    assert spans[0] == COFFEE.strip()
    assert spans[1].startswith("BEGIN:VEVENT\r\nUID:2")
    assert spans[1].endswith("SUMMARY:Späti\r\nEND:VEVENT")


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["DTSTART;VALUE=DATE:20250503"], "Saturday 3 May 2025"),
        (["DTSTART;VALUE=DATE:20250503", "DTEND;VALUE=DATE:20250504"], "Saturday 3 May 2025"),
        (
            ["DTSTART;VALUE=DATE:20250503", "DTEND;VALUE=DATE:20250506"],
            "Saturday 3 May 2025 to Monday 5 May 2025",
        ),
        (["DTSTART:20250503T100000", "DURATION:PT90M"], "Saturday 3 May 2025 10:00–11:30"),
        (["DTSTART:20250703T100000Z"], "Thursday 3 July 2025 11:00"),
        (
            ["DTSTART;TZID=America/New_York:20250703T220000", "DTEND:20250704T060000Z"],
            "Thursday 3 July 2025 22:00 to Friday 4 July 2025 07:00 (America/New_York)",
        ),
        (
            ["DTSTART;TZID=W. Europe Standard Time:20250703T220000"],
            "Thursday 3 July 2025 22:00 (Europe/Berlin)",
        ),
        (["DTSTART:20250503T100000", "DTEND:20240503T100000"], "Saturday 3 May 2025 10:00"),
        (["DTSTART:20250503T100000", "DTEND:never"], "Saturday 3 May 2025 10:00"),
    ],
)
def test_dates_read_as_a_person_would_say_them(lines: list[str], when: str) -> None:
    assert reads("SUMMARY:Trip", *lines) == f"Event: Trip, {when}."


def test_whole_days_start_at_midnight_wherever_the_person_is() -> None:
    (moment,) = read(calendar(entry("DTSTART;VALUE=DATE:20250503", "SUMMARY:Trip")), "c.ics")
    assert moment.time == datetime(2025, 5, 3)
    assert moment.meta["all_day"] is True


ZONE = """BEGIN:VTIMEZONE\r
TZID:Customized Time Zone\r
BEGIN:STANDARD\r
DTSTART:16010101T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZOFFSETFROM:+0330\r
TZOFFSETTO:+0230\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:16010101T020000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
TZOFFSETFROM:+0230\r
TZOFFSETTO:+0330\r
END:DAYLIGHT\r
END:VTIMEZONE\r
"""
IN_ZONE = entry("SUMMARY:Call", "DTSTART;TZID=Customized Time Zone:20250703T100000")


def test_a_calendars_own_time_zone_is_kept_to_that_calendar() -> None:
    (moment,) = read(calendar(ZONE, IN_ZONE), "c.ics")
    assert moment.time.utcoffset() == timedelta(hours=3, minutes=30)
    assert moment.text == "Event: Call, Thursday 3 July 2025 10:00 (UTC+3:30)."
    other = ZONE.replace("+0330", "+0530").replace("+0230", "+0430")
    (moment,) = read(calendar(other, IN_ZONE), "c.ics")
    assert moment.time.utcoffset() == timedelta(hours=5, minutes=30)
    (moment,) = read(calendar(IN_ZONE), "c.ics")
    assert moment.time == datetime(2025, 7, 3, 10)


def test_time_zones_that_would_take_for_ever_are_left_out() -> None:
    zone = ZONE.replace("FREQ=YEARLY", "FREQ=SECONDLY")
    assert read(calendar(zone, IN_ZONE), "c.ics")[0].time == datetime(2025, 7, 3, 10)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=DAILY;COUNT=5", "Every day, 5 times"),
        ("FREQ=WEEKLY;BYDAY=TU", "Every week on Tuesday"),
        ("FREQ=MONTHLY;BYDAY=2TU", "Every month on the 2nd Tuesday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "Every month on the 15th"),
        ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=3", "Every year on the 3rd in July"),
        ("FREQ=WEEKLY;UNTIL=20250601", "Every week until 1 June 2025"),
        ("FREQ=WEEKLY;UNTIL=20250601T000000Z", "Every week until 31 May 2025"),
    ],
)
def test_recurrence_is_told_in_words(rule: str, words: str) -> None:
    text = reads("SUMMARY:Choir", "DTSTART:20250506T190000Z", f"RRULE:{rule}")
    assert text == f"Event: Choir, Tuesday 6 May 2025 20:00. {words}."


def test_exceptions_to_a_series_have_an_identity_of_their_own() -> None:
    lines = ("UID:7", "DTSTART:20250506T190000Z", "RECURRENCE-ID:20250505T190000Z", "SUMMARY:x")
    (moment,) = read(calendar(entry(*lines)), "c.ics")
    assert moment.external_id == "7/20250505T190000Z"


@pytest.mark.parametrize(
    ("lines", "kind", "text"),
    [
        (["STATUS:CANCELLED"], "VEVENT", "Event (cancelled): Trip, Saturday 3 May 2025."),
        (["STATUS:TENTATIVE"], "VEVENT", "Event (tentative): Trip, Saturday 3 May 2025."),
        (["STATUS:COMPLETED"], "VTODO", "Task (done): Trip, Saturday 3 May 2025."),
        ([], "VJOURNAL", "Journal entry: Trip, Saturday 3 May 2025."),
    ],
)
def test_kinds_and_states_are_said(lines: list[str], kind: str, text: str) -> None:
    assert reads("DTSTART;VALUE=DATE:20250503", "SUMMARY:Trip", *lines, kind=kind) == text


def test_tasks_stand_at_their_due_date() -> None:
    data = calendar(entry("DUE;VALUE=DATE:20250601", "SUMMARY:Taxes", kind="VTODO"))
    (moment,) = read(data, "c.ics")
    assert moment.text == "Task: Taxes, due Sunday 1 June 2025."
    assert moment.time == datetime(2025, 6, 1)
    data = calendar(entry("CREATED:20250101T080000Z", "SUMMARY:Paint", kind="VTODO"))
    (moment,) = read(data, "c.ics")
    assert (moment.text, moment.time) == ("Task: Paint.", datetime(2025, 1, 1, 8, tzinfo=UTC))


def test_bad_entries_are_skipped_and_the_rest_read() -> None:
    data = calendar(
        entry("DTSTART:20251399T000000", "SUMMARY:Bad date"),
        entry("SUMMARY:No date"),
        entry("DTSTART:18250503T100000Z", "SUMMARY:Long ago"),
        entry("DTSTART:20250503T100000", "DURATION:P99999999999W", "SUMMARY:For ever"),
        "BEGIN:VEVENT\r\nDTSTART:20250503T100000\r\nSUMMARY:No end\r\n",
        entry("a line that is none", "DTSTART:20250503T100000", "SUMMARY:Dentist"),
    )
    data += "BEGIN:VEVENT\r\nDTSTART:2025"
    assert [moment.text for moment in read(data, "c.ics")] == [
        "Event: Dentist, Saturday 3 May 2025 10:00."
    ]
    assert skipped(data, "c.ics") == [
        ("event 1", "its date cannot be read: 20251399T000000"),
        ("event 2", "it has no date"),
        ("event 3", "its date makes no sense"),
        ("event 4", "it is damaged"),
        ("event 5", "it is cut short"),
        ("event 7", "it is cut short"),
    ]


def test_thousands_of_bad_entries_are_counted_not_listed() -> None:
    faults = skipped(calendar(entry("SUMMARY:x") * 1_000), "c.ics")
    assert len(faults) == 201
    assert faults[-1] == ("800 more places", "as above")


def test_the_title_is_the_calendars_name() -> None:
    data = calendar("X-WR-CALNAME:Ana\\, at home\r\n")
    assert importer("c.ics").title(document(data, "c.ics")) == "Ana, at home"
    assert read(data, "c.ics") == []


def test_what_is_no_calendar_says_so() -> None:
    with pytest.raises(UnreadableError, match="not a calendar"):
        read("hello", "c.ics")
