"""A seeded, invented life: chats over six years, the truth about them, and questions with their answers."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sayings import CHAT, EVENTS, HALVES, ONCE

ME = "Robin Vale"
NOW = datetime(2025, 1, 15, 12)
FIRST = date(2019, 1, 7)
FRIENDS = """Jonas Weber|Mia Larsen|Tomas Novak|Priya Nair|Elena Costa|Samuel Okoye|Greta Lind|Hugo Martin|Yuki Tanaka
Paula Reyes|Anton Kral|Noor Haddad|Felix Braun|Ines Duarte|Oscar Holm|Leila Farsi""".replace(
    "\n", "|"
).split("|")
WOMEN = "Sofia|Klara|Beatrice|Dalia|Margit|Rosa|Irina|Wanda|Amelie|Carla|Henrike|Judith|Selma|Tilda|Viola|Astrid".split(
    "|"
)
MEN = "Bruno|Casper|Dario|Emil|Frank|Gustav|Henning|Ivan|Julian|Kurt|Leopold|Marek|Nils|Otto|Pavel|Rafael".split(
    "|"
)
PETS = "Biscuit|Pepper|Waffle|Mochi|Ziggy|Nutmeg|Pickle|Comet|Truffle|Bandit|Olive|Socks|Tango|Velvet|Clover|Gizmo".split(
    "|"
)
CITIES = """Lisbon|Porto|Leipzig|Vienna|Ghent|Utrecht|Bergen|Malmo|Turin|Seville|Krakow|Prague|Lyon|Nantes|Dublin|Galway
Basel|Zurich|Hamburg|Bremen|Oslo|Tampere|Riga|Athens""".replace("\n", "|").split("|")
COMPANIES = """Hydrocarte|Blattwerk|Nordlicht Energy|Vela Systems|Quillon|Harbour Press|Kestrel Labs|Marlow & Finch|Solvia|Tidewater
Orbita|Pinecrest Bank|Lumen Studio|Ferrovia|Greenfield Foods|Atlas Maps|Corvid Media|Brightwell|Zephyr Air|Okapi Games""".replace(
    "\n", "|"
).split("|")
JOBS = "teacher|nurse|carpenter|translator|gardener|architect|photographer|baker|librarian|journalist|plumber|pharmacist|surveyor|tailor".split(
    "|"
)
FOODS = "olives|oysters|liquorice|mushrooms|rhubarb|lentils|figs|sushi|beetroot|marzipan|anchovies|coriander|gooseberries|artichokes".split(
    "|"
)
HOBBIES = "knitting|chess|sailing|bouldering|karaoke|birdwatching|juggling|woodcarving|fencing|skating".split(
    "|"
)
INSTRUMENTS = "cello|accordion|trumpet|harp|clarinet|banjo|oboe|violin|flute|trombone|ukulele|harmonica".split(
    "|"
)
COUNTRIES = "Iceland|Portugal|Norway|Greece|Morocco|Ireland|Croatia|Japan|Finland|Chile|Jordan|Malta|Georgia|Cuba".split(
    "|"
)
KINDS = {
    "updates": "a value that changed: the newest",
    "conflicts": "two people say different things: both",
    "forgetting": "what was forgotten is gone, and the rest is not",
    "abstention": "never said, or only of somebody else: a refusal",
    "order": "what came first, the first and the last time, days between",
    "counting": "how often, how many",
    "joins": "two places at once: where my sister lives",
    "preferences": "likes and dislikes, and what turned",
    "as of": "how it was then",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One message, and the fact that it tells, if it does."""

    day: date
    speaker: str
    chat: str
    text: str
    id: str = ""


@dataclass(frozen=True)
class Question:
    """A question with its answer. Right is an answer that says all of `truth` and nothing of `wrong`;
    without `truth`, a refusal. `first` is what to do with the memory before it is asked: ids of messages
    to forget."""

    kind: str
    text: str
    truth: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)


class Life:
    """A life of `count` messages, told and asked in the phrases of one half."""

    def __init__(self, count: int, seed: int, half: str) -> None:
        self._dice = random.Random(f"{seed}-{half}")
        self._phrases = HALVES[half]
        self.half = half
        self._told: list[Said] = []
        self.questions: list[Question] = []
        friends = FRIENDS[:]
        self._dice.shuffle(friends)
        self.friends = friends[: 4 + min(12, count // 2000)]
        self._pools = {
            name: self._shuffled(pool)
            for name, pool in (
                ("city", CITIES), ("company", COMPANIES), ("job", JOBS), ("sister", WOMEN), ("boss", MEN), ("pet", PETS),
            )
        }  # fmt: skip
        for who in [ME, *self.friends[:4]]:
            self._person(who)
        self._conflicts()
        self._unknown()
        for who in self.friends[4:]:
            self._background(who)
        self.messages = self._with_chat(count)

    def _shuffled(self, pool: list[str]) -> Iterator[str]:
        order = pool[:]
        self._dice.shuffle(order)
        return itertools.cycle(order)

    # telling

    def _tell(self, who: str, kind: str, x: str, day: date, **more: str) -> Said:
        text = self._dice.choice(self._phrases[kind][0]).format(x=x, **more)
        text = re.sub(r"\ba (?=[aeio])", "an ", text)
        return self._say(who, text[0].upper() + text[1:], day)

    def _say(self, who: str, text: str, day: date) -> Said:
        friend = who if who != ME else self._dice.choice(self.friends)
        said = Said(day, who, friend, text, f"t{len(self._told)}")
        self._told.append(said)
        return said

    def _day(self, since: date = FIRST, until: date = date(2024, 12, 20)) -> date:
        return since + timedelta(self._dice.randrange((until - since).days))

    def _days(self, count: int, apart: int = 60) -> list[date]:
        """So many days in their order, at least so far apart."""
        while True:
            days = sorted(self._day() for _ in range(count))
            if all((b - a).days >= apart for a, b in itertools.pairwise(days)):
                return days

    # asking

    def _ask(
        self,
        competency: str,
        kind: str,
        who: str,
        *truth: str,
        wrong: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        """Ask in one of the ways; of two ways drawn at random, so that each fact is asked once."""
        text = self._dice.choice(self._phrases[kind][1])
        self.questions.append(
            Question(
                competency,
                self._worded(text, who, **more),
                truth,
                tuple(w for w in wrong if w not in truth),
            )
        )

    def _worded(self, text: str, who: str, **more: Any) -> str:
        me = who == ME
        name = "I" if me else who.split()[0]
        whose = "my" if me else f"{name}'s"
        words = {
            "who": name, "whose": whose, "who_object": "me" if me else name,
            "do": "do" if me else "does", "Do": "Do" if me else "Does", "am": "am" if me else "is",
            "Am": "Am" if me else "Is", "have": "have" if me else "has", "was": "was", "does": "does",
            "live": "live" if me else "lives", "like": "like" if me else "likes", "play": "play" if me else "plays",
        }  # fmt: skip
        if "when" in more:
            words["When"] = more["when"][0].upper() + more["when"][1:]
        for key in ("verb", "past", "verb2", "past2", "done"):
            if key in more:
                more[key] = more[key].format(whose="my" if me else "their")
        text = text.format(**words | more)
        return (
            text.replace("What is I ", "What am I ")
            .replace("is I ", "am I ")
            .replace("was I living", "was I living")
        )

    # what a life holds

    def _person(self, who: str) -> None:
        self._in_turn(who, "lives in", "city", "home")
        self._in_turn(who, "works at", "company", "work")
        self._in_turn(who, "works as", "job", "")
        self._phone(who)
        self._kin(who)
        self._lists(who)
        self._tastes(who)
        self._events(who)

    def _in_turn(self, who: str, kind: str, pool: str, then: str) -> None:
        days = self._days(3, 150)
        values = [next(self._pools[pool]) for _ in days]
        said = [self._tell(who, kind, x, day) for x, day in zip(values, days, strict=True)]
        self._ask("updates", kind, who, values[-1], wrong=tuple(values[:-1]))
        if then:
            for n in (0, 1):
                middle = days[n] + (days[n + 1] - days[n]) / 2
                when = self._dice.choice([f"in {middle:%B %Y}", f"on {middle.day} {middle:%B %Y}"])
                self._ask("as of", f"{then} then", who, values[n], wrong=tuple(values), when=when)
        if then == "home":
            self._ask("as of", "home before", who, values[1], wrong=(values[0],), x=values[2])
        if kind == "works as" and who != ME:
            last = self.questions.pop()
            self._forgotten(last, said[-1], values[1])

    def _forgotten(self, question: Question, said: Said, before: str | None) -> None:
        """The same question after its moment was forgotten: the value before it, or nothing."""
        truth = (before,) if before else ()
        asked = replace(question, kind="forgetting", truth=truth, forget=(said.id,))
        self.questions.append(replace(asked, wrong=question.truth))

    def _phone(self, who: str) -> None:
        first, second = (
            f"0{self._dice.randrange(151, 179)} {self._dice.randrange(1000000, 9999999)}"
            for _ in range(2)
        )
        a, b = self._days(2, 200)
        self._tell(who, "phone", first, a)
        said = self._tell(who, "phone", second, b)
        self._ask("updates", "phone", who, second, wrong=(first,))
        if who == ME:
            self._forgotten(self.questions.pop(), said, first)

    def _kin(self, who: str) -> None:
        for kin in ("sister", "boss"):
            name, city, job = (next(self._pools[p]) for p in (kin, "city", "job"))
            self._tell(who, kin, name, self._day())
            self._tell(self._dice.choice([who, ME]), "their home", city, self._day(), name=name)
            self._tell(who, "their job", job, self._day(), name=name)
            self._ask("joins", kin, who, name)
            self._ask("joins", "relative's home", who, city, kin=kin)
            self._ask("joins", "relative's job", who, job, kin=kin)

    def _lists(self, who: str) -> None:
        pets = [next(self._pools["pet"]) for _ in range(self._dice.randint(1, 3))]
        statements = self._phrases["pet"][0][:]
        self._dice.shuffle(statements)
        said = [
            self._say(who, s.format(x=x), self._day())
            for s, x in zip(statements, pets, strict=False)
        ]
        self._ask("counting", "pets counted", who, str(len(pets)))
        self._ask("counting", "pet", who, *pets)
        if len(pets) > 1 and who != ME:
            self._forgotten(replace(self.questions.pop(), truth=(pets[0],)), said[0], pets[1])
        played = self._dice.sample(INSTRUMENTS, self._dice.randint(2, 3))
        for x in played:
            self._tell(who, "plays", x, self._day())
        self._ask("counting", "plays", who, *played)
        self._ask("counting", "plays counted", who, str(len(played)))
        been = self._dice.sample(COUNTRIES, 4)
        for x in been:
            self._tell(who, "countries", x, self._day())
        if who == ME:
            self._ask("counting", "countries", who, *been)
            self._ask("counting", "countries counted", who, str(len(been)))

    def _tastes(self, who: str) -> None:
        likes = [*self._dice.sample(FOODS, 2), self._dice.choice(HOBBIES)]
        hates = self._dice.sample([f for f in FOODS if f not in likes], 2)
        days = self._days(6, 20)
        for x, day in zip(likes, days, strict=False):
            self._tell(who, "likes", x, day)
        for x, day in zip(hates, days, strict=False):
            self._tell(who, "dislikes", x, day)
        self._tell(who, "turned against", likes[0], days[-1])
        self._ask("preferences", "likes", who, *likes[1:], wrong=(likes[0], *hates))
        self._ask("preferences", "dislikes", who, *hates, wrong=tuple(likes[1:]))
        self._ask("preferences", "likes it", who, "no", x=likes[0])
        self._ask("preferences", "likes it", who, "yes", x=likes[1])
        self._ask("preferences", "likes it", who, "no", x=hates[0])

    def _events(self, who: str) -> None:
        for name in self._dice.sample(list(EVENTS), 2 if who == ME else 1):
            sentence, verb, past, done = EVENTS[name]
            days = self._days(self._dice.randint(2, 6), 10)
            for day in days:
                self._happened(who, sentence, day)
            year = str(self._dice.choice(days).year)
            words = {"verb": verb, "past": past, "done": done}
            self._ask("counting", "times", who, str(len(days)), **words)
            inside = str(sum(str(d.year) == year for d in days))
            self._ask("counting", "times then", who, inside, year=year, **words)
            self._ask("order", "last time", who, _day(days[-1]), **words)
            self._ask("order", "first time", who, _day(days[0]), **words)
        names = self._dice.sample(list(ONCE), 4)
        days = self._days(4, 3)
        self._dice.shuffle(days)
        for name, day in zip(names, days, strict=True):
            self._happened(who, ONCE[name][0], day)
        for a, b in itertools.combinations(range(4), 2):
            words = {"verb": ONCE[names[a]][1], "past": ONCE[names[a]][2], "verb2": ONCE[names[b]][1], "past2": ONCE[names[b]][2]}  # fmt: skip
            if b - a == 1:
                first, second = (a, b) if days[a] < days[b] else (b, a)
                self._ask("order", "first of two", who, **words)
                asked = self.questions.pop()
                sooner = {True: "before", False: "after"}[first == a]
                earlier = {True: "earlier", False: "later"}[first == a]
                text, truth = asked.text, _head(ONCE[names[first]][0])
                if "before or after" in text:
                    truth = sooner
                elif "earlier or later" in text:
                    truth = earlier
                wrong = (
                    _head(ONCE[names[second]][0])
                    if truth not in (sooner, earlier)
                    else {
                        "before": "after",
                        "after": "before",
                        "earlier": "later",
                        "later": "earlier",
                    }[truth]
                )
                self.questions.append(replace(asked, truth=(truth,), wrong=(wrong,)))
        a, b = sorted(range(4), key=lambda n: days[n])[1:3]
        words = {"past": ONCE[names[a]][2], "verb2": ONCE[names[b]][1], "past2": ONCE[names[b]][2]}
        self._ask("order", "between", who, str((days[b] - days[a]).days), **words)

    def _happened(self, who: str, sentence: str, day: date) -> None:
        """Something that was done on a day, told on that day or soon after it."""
        later = self._dice.choice([0, 1, 0, self._dice.randint(2, 9)])
        told = day + timedelta(later)
        when = {0: "today", 1: "yesterday"}.get(later, f"on {day.day} {day:%B}")
        self._say(who, sentence.format(day=when, Day=when.capitalize()), told)

    def _conflicts(self) -> None:
        for who in self.friends[:4]:
            name = who.split()[0]
            others = self._dice.sample([f for f in self.friends if f != who] + [ME], 2)
            days = self._dice.sample(range(360), 2)
            said = [f"{(date(2023, 1, 1) + timedelta(d)):%-d %B}" for d in days]
            for other, x in zip(others, said, strict=True):
                self._tell(other, "their birthday", x, self._day(), name=name, his="their")
            self._ask("conflicts", "birthday", who, *said)
        for who in (ME,):
            x = f"{(date(2023, 1, 1) + timedelta(self._dice.randrange(360))):%-d %B}"
            self._tell(who, "birthday", x, self._day())
            self._ask("joins", "birthday", who, x)
            self.questions[-1] = replace(self.questions[-1], kind="updates")

    def _unknown(self) -> None:
        for who in [ME, *self.friends[:4]]:
            for text in self._dice.sample(self._phrases["unknown"][1], 3):
                self.questions.append(Question("abstention", self._worded(text, who)))
        stranger = "Zacharias Quill"
        for kind in ("lives in", "works at", "sister", "pet"):
            self._ask("abstention", kind, stranger)
        for verb, past in (
            ("ride a camel", "rode a camel"),
            ("win the lottery", "won the lottery"),
        ):
            self._ask("abstention", "last time", self.friends[0], verb=verb, past=past)

    def _background(self, who: str) -> None:
        """Others of whom the same is said, and nothing asked."""
        for kind, pool in (
            ("lives in", CITIES),
            ("works at", COMPANIES),
            ("works as", JOBS),
            ("likes", FOODS),
        ):
            self._tell(who, kind, self._dice.choice(pool), self._day())
        for sentence, *_ in self._dice.sample(list(EVENTS.values()), 2):
            self._happened(who, sentence, self._day())

    # the whole

    def _with_chat(self, count: int) -> list[Said]:
        """All that was told, among chat that says nothing of the kind, in the order of time."""
        chat = [line for row in CHAT.splitlines() for line in row.split("|")]
        messages = list(self._told)
        for n in range(max(0, count - len(messages))):
            friend = self._dice.choice(self.friends)
            speaker = self._dice.choice([friend, ME])
            text = " ".join(self._dice.sample(chat, self._dice.randint(1, 3)))
            messages.append(Said(self._day(), speaker, friend, text, f"c{n}"))
        return sorted(messages, key=lambda m: m.day)

    def lines(self) -> Iterator[dict[str, str]]:
        """The messages as a chat file has them: a session is a day with a friend."""
        for n, m in enumerate(self.messages):
            yield {
                "id": m.id, "conversation": m.chat.split()[0].lower(), "session": m.day.isoformat(),
                "time": f"{m.day}T{10 + n % 9:02}:{n % 60:02}:00", "speaker": m.speaker, "text": m.text,
            }  # fmt: skip


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _head(sentence: str) -> str:
    """The telling noun of what was done once: what an answer about it has to say."""
    return (
        {"driving": "driving test"}.get(w := sentence.split("{")[0].split()[-1], w)
        if "marathon" not in sentence
        else "marathon"
    )
