"""What `ask` tells from the record about stretches of time, what is ahead, and who was heard from when."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.home import Home

NOW = "2024-09-02T12:00:00+00:00"
TALK = (
    ("ann", "2024-03-01", "Ann", "Happy birthday, Robin!"),
    ("ann", "2024-03-01", "Robin", "Thank you, Ann."),
    ("ann", "2024-08-20", "Ann", "The tent is dry again."),
    ("ann", "2024-08-20", "Robin", "Good. I fly to Oslo on 12 September."),
    ("ben", "2024-05-03", "Ben", "I sold the old piano."),
    ("ben", "2024-05-03", "Robin", "We painted the whole kitchen green on Friday, my arms hurt."),
    ("sofia", "2024-06-07", "Sofia", "Your sister wishes you a good journey."),
    ("sofia", "2024-06-07", "Robin", "My sister Sofia is the best."),
    ("sofia", "2024-08-31", "Robin", "Sofia, how was the regatta?"),
)
NOTES = {
    "2024-08-24.md": "Flat hunting, three flats. The second had ducks on the curtain.",
    "2024-07-15.md": "I talked to Ben for an hour, he moves to Ghent.",
    "2024-07-27.md": "I saw Ben yesterday, on the train.",
    "2024-06-26.md": "Choir rehearsal on 5 September, in the new hall.",
    "2024-08-25.md": "Rested. Thunder at night.",
}
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20240101T000000Z
DTSTART:20240907T160000Z
DTEND:20240907T170000Z
SUMMARY:Dentist
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20240101T000000Z
DTSTART:20240905T180000Z
DTEND:20240905T190000Z
SUMMARY:Choir rehearsal
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTAMP:20240101T000000Z
DTSTART;VALUE=DATE:20240610
SUMMARY:Lake with Sofia
END:VEVENT
BEGIN:VEVENT
UID:5
DTSTAMP:20240101T000000Z
DTSTART;VALUE=DATE:20240210
DTEND;VALUE=DATE:20240218
SUMMARY:Tromsø with Ben
END:VEVENT
BEGIN:VEVENT
UID:6
DTSTAMP:20240101T000000Z
DTSTART:20240105T170000Z
DTEND:20240105T180000Z
RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20241231T170000Z
SUMMARY:Yoga
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTAMP:20240101T000000Z
DTSTART;VALUE=DATE:20240701
RRULE:FREQ=YEARLY
SUMMARY:Sofia's birthday
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("time")
    home = Home(folder / "home", me="Robin")
    life = folder / "life"
    life.mkdir()
    for n, (whom, day, speaker, text) in enumerate(TALK):
        line = {
            "id": f"m{n}", "conversation": whom, "session": day, "time": f"{day}T10:{n:02}:00+00:00",
            "speaker": speaker, "text": text,
        }  # fmt: skip
        with (life / f"{whom}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    for name, text in NOTES.items():
        (life / name).write_text(f"---\ndate: {name[:-3]}\n---\n{text}\n", encoding="utf-8")
    (life / "calendar.ics").write_text(CALENDAR.replace("\n", "\r\n"), encoding="utf-8")
    home.finish("add", paths=[str(life)])
    assert home.call("facts-read")["unread"] == 0
    list(home.client.stream("consolidate", now=True))
    yield home
    home.stop()


def told(home: Home, question: str) -> dict[str, object]:
    result = home.finish("ask", question=question, now=NOW)
    assert result["model"] == "record", result
    assert all(citation["quote"] in citation["text"] for citation in result["citations"])
    return result


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When did I last hear from Ann?", "20 August 2024"),
        ("When did Ann last write to me?", "20 August 2024"),
        ("When was the last time that I spoke to Ann?", "20 August 2024"),
        ("How long ago did I last talk to Ann?", "13 days ago, on 20 August 2024"),
        ("How long has it been since I heard from Ann?", "13 days ago, on 20 August 2024"),
        ("When did I first talk to Ann?", "1 March 2024"),
        ("When did I last talk to Ben?", "15 July 2024"),
        ("When did I last hear from Ben?", "3 May 2024"),
        ("When did I last hear from my sister?", "7 June 2024"),
        ("When did my sister last write to me?", "7 June 2024"),
        ("What was the last thing Ann said to me?", "“The tent is dry again.”"),
        ("What did Ben last write to me?", "“I sold the old piano.”"),
        ("Any news from Ann?", "20 August 2024: “The tent is dry again.”"),
        ("How is Ben?", "3 May 2024: “I sold the old piano.”"),
        (
            "Where was I on 12 February 2024?",
            "Tromsø with Ben, Saturday 10 February 2024 to Saturday 17 February 2024. [1]",
        ),
        ("How many times did I see Ben in 2024?", "2"),
        ("How often have I met Sofia?", "once"),
        ("When did I last see Sofia?", "10 June 2024"),
        ("How long has it been since I last met my sister?", "3 months ago, on 10 June 2024"),
        ("When did I last see Ben?", "26 July 2024"),
        ("Who did I talk to on 3 May 2024?", "Ben"),
        (
            "What did Ben and I talk about in May?",
            "3 May 2024: Ben: “I sold the old piano.” [1]\n3 May 2024: You: “We painted the whole"
            " kitchen green on Friday, my arms hurt.” [2]",
        ),
        (
            "What did I talk about with my sister on 7 June?",
            "Sofia: “Your sister wishes you a good journey.” [1]\nYou: “My sister Sofia is the"
            " best.” [2]",
        ),
        ("Who did I talk to in 2024?", "Ann, Ben, Sofia"),
        ("Who did I talk to in the month before the lake with Sofia?", "Sofia"),
        ("What is planned for the day after the choir rehearsal?", "Yoga, 17:00 [1]"),
        ("what's on the day after the choir rehearsal?", "Yoga, 17:00 [1]"),
        (
            "What did I do in the three weeks after Tromsø?",
            "1 March 2024: Ann: “Happy birthday, Robin!” [1]\n1 March 2024: Thank you, Ann. [2]",
        ),
        ("What did I do on 25 August 2024?", "Rested. Thunder at night. [1]"),
        (
            "What happened on 24 August?",
            "Flat hunting, three flats. The second had ducks on the curtain. [1]",
        ),
        ("when do I next have yoga", "6 September 2024, 17:00"),
        ("how many days till yoga?", "4 days, on 6 September 2024, 17:00"),
        ("what have I got on friday?", "Yoga, 17:00 [1]"),
        ("last time i heard from ann", "20 August 2024"),
        ("who was the last one to write to me?", "Ann, on 20 August 2024"),
        ("When is my next appointment at the dentist?", "7 September 2024, 16:00"),
        ("When do I next go to the dentist?", "7 September 2024, 16:00"),
    ],
)
def test_the_record_tells_of_times_and_talks(home: Home, question: str, answer: str) -> None:
    result = told(home, question)
    assert result["answer"] == answer
    assert result["citations"]


def test_what_is_ahead_is_told_with_its_day(home: Home) -> None:
    answer = str(told(home, "What do I have this week?")["answer"])
    assert answer.splitlines()[0].startswith("5 September 2024: Choir rehearsal")
    assert answer.splitlines()[1] == "6 September 2024: Yoga, 17:00 [2]"
    assert answer.splitlines()[2].startswith("7 September 2024: Dentist")
    assert str(told(home, "What is my next appointment?")["answer"]).startswith("Choir rehearsal")
    assert "Oslo" in str(told(home, "What is planned for 12 September?")["answer"])


def test_a_month_is_told_by_what_says_most_each_with_its_day(home: Home) -> None:
    result = told(home, "What happened in August 2024?")
    lines = str(result["answer"]).splitlines()
    assert lines[0].startswith("20 August 2024: ")
    assert lines[1].startswith("24 August 2024: Flat hunting, three flats.")
    assert [line[-3:] for line in lines] == [f"[{n}]" for n in range(1, len(lines) + 1)]


def test_of_a_time_of_which_nothing_is_known_it_says_so(home: Home) -> None:
    result = told(home, "What did I do on 3 January 1999?")
    assert result["refused"]
    assert result["answer"] == "I do not know: I find nothing about 3 January 1999."


def test_who_never_wrote_is_not_heard_from(home: Home) -> None:
    home.call("note", text="My friend Dora lives in Ghent.")
    result = told(home, "When did Dora last write to me?")
    assert result["answer"] == "I do not know: I find nothing about a message from Dora."


def test_what_was_forgotten_or_put_aside_is_not_told(home: Home) -> None:
    cited = home.finish("ask", question="When did I last hear from Ann?", now=NOW)["citations"]
    without = [cited[0]["id"]]
    result = home.finish("ask", question="When did I last hear from Ann?", now=NOW, without=without)
    assert result["answer"] == "1 March 2024"
    forgotten = home.call("forget", ids=without)
    assert told(home, "When did I last hear from Ann?")["answer"] == "1 March 2024"
    home.call("undo", id=forgotten["journal"])
    assert told(home, "When did I last hear from Ann?")["answer"] == "20 August 2024"


@pytest.mark.parametrize(
    "question",
    [
        "What did I do with the tent on 24 August 2024?",
        "When did Ann last see Ben?",
        "What did Ann say about the tent in August 2024?",
        "Who told me about the piano in May 2024?",
        "What happened to the piano in May 2024?",
    ],
)
def test_a_question_that_asks_for_more_is_left_to_the_reader(home: Home, question: str) -> None:
    from secondme.errors import NotFoundError

    try:
        result = home.finish("ask", question=question, now=NOW)
    except NotFoundError:  # there is no language model in this home
        return
    assert result["model"] != "record"
