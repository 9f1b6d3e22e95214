"""A question taken apart: whom it is about, the time that it names, and what is left of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from secondme.memory.known.kin import is_several, kin_forms, kin_of
from secondme.memory.known.people import Named, People, people_in, roles_in
from secondme.memory.known.wording import uncontracted
from secondme.memory.terms import stems
from secondme.memory.timex import Mention, find

_COUNT = re.compile(
    r"\b(?:how many(?: (?:different|distinct))?|(?:(?:what(?: is|['’]s)?|which is) )?the (?:total )?number of"
    r"|in how many)\b",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(r"\bnumber of$", re.IGNORECASE)
_EITHER = (
    (re.compile(r"\b(?:brother or sister|sister or brother)\b", re.IGNORECASE), "sibling"),
    (
        re.compile(r"\b(?:brothers (?:and|or) sisters|sisters (?:and|or) brothers)\b", re.IGNORECASE),
        "siblings",
    ),
    (re.compile(r"\b(?:mother or father|father or mother)\b", re.IGNORECASE), "parent"),
    (re.compile(r"\b(?:son or daughter|daughter or son)\b", re.IGNORECASE), "child"),
    (re.compile(r"\b(?:sons (?:and|or) daughters|daughters (?:and|or) sons)\b", re.IGNORECASE), "children"),
)  # fmt: skip
"""Two relations together, for which there is a word."""
_AT_BIRTH = re.compile(
    r"^(?P<age>(?:how old|(?:what|which) age) (?:was|were) [^,]+?),? when (?P<born>\S.*? (?:was|were)) born$",
    re.IGNORECASE,
)
_OLDER = re.compile(
    r"^(?:who|which) is (?:the )?(?P<how>older|elder|younger)[,:]? (?P<a>.+?),? or (?P<b>.+)$",
    re.IGNORECASE,
)
NOW = re.compile(
    r"\b(?:now(?:adays)?|these days|at the moment|at present|currently|today|lately|right now|any ?more"
    r"|any longer|still|so far|already|ever)\b",
    re.IGNORECASE,
)
"""Words for the time at which a question is asked."""
FILLING = frozenset(
    stems(
        "do does did is am are was were be been being have has had can could will would the a an s of to"
        " there exactly actually really again so that it and all different kind sort type any please her"
        " his their its thing things stuff out up re ve ll d m let us you current present latest recent"
        " new newest recently exact exactly precise full"
    )
)
"""Words of a question that say nothing of what it asks for."""
_OCCUPATION = re.compile(
    r"(?:\bdo|\bdoes|\bdid)\s+@\s+do(?: for (?:a living|work|a job)| professionally| now)?$"
    r"|\bdo for (?:a living|work|a job)\b|\bearn(?:s|ing)? (?:a|my|his|her|their) living\b|\blines? of work\b"
    r"|\bmake(?:s)? (?:a|my|his|her|their) living\b|\bmake(?:s)? money\b"
)
"""Ways to ask for somebody's work that have none of its words."""
_VERB_FIRST = re.compile(
    r"^\W*(?:is|are|am|was|were|do|does|did|has|have|had|can|could|will|would)\b", re.IGNORECASE
)
_NEGATED = re.compile(r"\bnot\b|n['’]t\b|\bno longer\b", re.IGNORECASE)
_OWNING = frozenset(stems("own possess get a any"))
_HAS = re.compile(r"\b(?:have|has|got)\b", re.IGNORECASE)
SUBJECT = "@"
"""What stands for the one whom a question is about, in its text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one person. `text` is what is left of it, with `SUBJECT` for the person and
    without the time; `words` are its stems without those that say nothing; `person` the entity. `kin` are
    the relatives through whom the person was reached and `owner` the one they belong to: both are empty
    where the person is named. `counts`, `verb_first` and `negated` say how it is asked."""

    question: str
    text: str
    words: frozenset[str]
    person: str
    owner: str = ""
    kin: tuple[str, ...] = ()
    time: Mention | None = None
    counts: bool = False
    verb_first: bool = False
    negated: bool = False


def asked(question: str, people: People, now: datetime) -> Iterator[Asked]:
    """How the question can be understood: of a relative's relative the one asked about first as
    something of the one before ("who is my sister?"), then as somebody ("where does my sister live?").

    Nothing where it is about nobody in particular, or about two. "The vet" is the person's own where
    nobody else is named, and where the question is not about the person.
    """
    text = _plain(question)
    found = list(people_in(text, people))
    yield from _about(question, text, found, people, now)
    roles = list(roles_in(text, people))
    if roles and all(_speaks(text, n) for n in found):
        yield from _about(question, text, roles, people, now)


def asked_of_each(
    question: str,
    people: People,
    relatives: Callable[[str, str], Sequence[str]],
    now: datetime,
) -> list[Asked]:
    """A question about somebody's relatives, "where do my parents live?", as one about each of them."""
    named = [n for n in people_in(_plain(question), people) if n.kin]
    if len(named) != 1:
        return []
    owner, last = named[0].entity, named[0].kin[-1]
    for relation in named[0].kin[:-1]:
        owner = people.relative(owner, relation) or ""
    found = []
    for each in relatives(owner, last) if owner else ():

        def relative(entity: str, relation: str, each: str = each) -> str | None:
            return (
                each if (entity, relation) == (owner, last) else people.relative(entity, relation)
            )

        readings = asked(question, replace(people, relative=relative), now)
        found += [reading for reading in readings if reading.person == each][:1]
    return found


def asked_at_birth(question: str, people: People, now: datetime) -> Iterator[tuple[Asked, Asked]]:
    """ "How old was A when B was born?" as questions for the age of A and for the birth of B."""
    parts = _AT_BIRTH.match(_plain(question))
    if parts is not None:
        for born in asked(f"When {parts['born']} born?", people, now):
            for age in asked(parts["age"], people, now):
                yield age, born


def asked_of_two(
    question: str, people: People, now: datetime
) -> Iterator[tuple[Asked, Asked, bool]]:
    """ "Who is older, A or B?" as questions for the age of each, and whether the younger is asked for."""
    parts = _OLDER.match(_plain(question))
    if parts is not None:
        for one in asked(f"How old is {parts['a']}?", people, now):
            for other in asked(f"How old is {parts['b']}?", people, now):
                yield one, other, "young" in parts["how"].lower()


def texts_of(asked: Asked) -> tuple[str, ...]:
    """The question's text; with "my sister" the person asking is not told from her in it."""
    text = asked.text
    if not asked.kin or text.count(SUBJECT) != 2:
        return (text,)
    last = text.rindex(SUBJECT)
    return (text.replace(SUBJECT, "I", 1), f"{text[:last]}me{text[last + 1 :]}")


def _plain(question: str) -> str:
    """The question without what leads to it and what ends it, and with one word for two relations."""
    text = uncontracted(question)
    for words, one in _EITHER:
        text = words.sub(one, text)
    return text


def _speaks(text: str, named: Named) -> bool:
    """Whether it is but the "I" of who asks."""
    return not named.kin and text[named.start : named.end].lower() in ("i", "me", "we", "us")


def _about(
    question: str, text: str, found: list[Named], people: People, now: datetime
) -> Iterator[Asked]:
    others = [n for n in found if n.entity != people.me()]
    if others and all(_speaks(text, n) for n in found if n not in others):
        found = others  # "how can I reach Jonas?" is about Jonas
    longest = max(found, key=lambda n: len(n.kin), default=None)
    if longest is None or {n.entity for n in found} != {longest.entity}:
        return
    times = _times(text, found, now)
    if len(times) > 1:
        return
    for depth in ([len(longest.kin) - 1] if longest.kin else []) + [len(longest.kin)]:
        kin = longest.kin[:depth]
        person, owner = longest.entity, ""
        for relation in kin:
            owner, person = person, people.relative(person, relation) or ""
        if person:
            yield _asked(question, text, found, longest, depth, person, owner, times)


def _asked(
    question: str,
    text: str,
    found: list[Named],
    subject: Named,
    depth: int,
    person: str,
    owner: str,
    times: list[Mention],
) -> Asked:
    rest, at = "", 0
    spans = [(n.start, n.end, f" {SUBJECT} {' '.join(n.kin[depth:])} ") for n in found]
    spans += [(t.start, t.end, " ") for t in times]
    for start, end, instead in sorted(spans):
        rest += text[at:start] + instead
        at = end
    rest = " ".join((rest + text[at:]).split())
    counting = _COUNT.search(rest)
    if counting and _NUMBER_OF.search(counting.group()) and _is_one(text, subject, rest, counting):
        counting = None  # "the number of my dentist" is that of a phone
    bare = NOW.sub(" ", _COUNT.sub(" ", rest) if counting else rest)
    bare = " ".join(bare.split())
    bare = _OCCUPATION.sub(" profession ", bare)
    return Asked(
        question=question,
        text=rest,
        words=frozenset(stems(bare)) - FILLING,
        person=person,
        owner=owner,
        kin=subject.kin[:depth],
        time=times[0] if times else None,
        counts=counting is not None,
        verb_first=bool(_VERB_FIRST.match(rest)),
        negated=bool(_NEGATED.search(rest)),
    )


def _is_one(text: str, subject: Named, rest: str, counting: re.Match[str]) -> bool:
    """Whether what is counted is one: "Ann", "my dentist", "my flat", not "my sisters"."""
    if not rest[counting.end() :].lstrip().startswith(SUBJECT):
        return False
    if more := text[subject.end :].split():
        return not any(word.endswith("s") or kin_of(word) for word in more)
    return not subject.kin or not is_several(text[subject.start : subject.end].split()[-1])


def _times(text: str, found: list[Named], now: datetime) -> list[Mention]:
    """The times that a question names, each with the preposition before it."""
    times = []
    for time in find(text, now):
        inside = any(n.start < time.end and time.start < n.end for n in found)
        if not inside and not NOW.fullmatch(text[time.start : time.end]):
            before = re.search(
                r"\b(?:in|on|at|during|back in|around|of)\s+$", text[: time.start], re.IGNORECASE
            )
            times.append(replace(time, start=before.start() if before else time.start))
    return times


def kin_asked(asked: Asked) -> str | None:
    """The relation whose bearers a question asks for, by name or by number, and nothing else: "how many
    sisters has Jonas", "what is my boss called"."""
    words = asked.text.split()
    if SUBJECT not in words or asked.verb_first:
        return None
    if "do" in words[words.index(SUBJECT) :]:  # "what does my sister do?"
        return None
    following = words[words.index(SUBJECT) + 1 :][:1] + [w for w in words if kin_of(w)]
    named = next((r for w in following if (r := kin_of(w))), None)
    if named is None:
        return None
    rest = asked.words - frozenset(s for form in kin_forms(named) for s in stems(form))
    return named if rest <= _ASKS_KIN else None


def kin_had(asked: Asked) -> str | None:
    """The relation of which a question asks whether somebody has one: "do I have a brother"."""
    thing = asked.words - {SUBJECT} - _OWNING
    if not asked.verb_first or asked.negated or asked.time or not _HAS.search(asked.text):
        return None
    named = {relation for word in asked.text.split() if (relation := kin_of(word))}
    if len(named) != 1 or re.search(rf"{SUBJECT} (?:{'|'.join(kin_forms(*named))})\b", asked.text):
        return None  # "does my sister have a sister" is about her
    relation = named.pop()
    forms = frozenset(s for form in kin_forms(relation) for s in stems(form))
    return relation if thing and thing <= forms else None


_ASKS_KIN = frozenset(
    stems("who what which first full name call how @ have at work in many tell best")
)
