"""A question taken apart: whom it is about, the time that it names, and what is left of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from secondme.memory.facts.reading import key_of
from secondme.memory.facts.relations import ROLES
from secondme.memory.known.kin import is_several, kin_forms, kin_of
from secondme.memory.known.titles import titled
from secondme.memory.terms import keys, stems
from secondme.memory.timex import Mention, find
from secondme.record.entities import ME, Names

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*['’]?")
_OPENING = re.compile(
    r"^\W*(?:(?:please|and|so|well|hey|ok|okay)\b\W*|(?:can|could|would) you (?:please )?"
    r"|(?:tell|remind|show|give) me(?: again)?\b\W*|do you (?:know|remember)\b\W*|name\b(?! of)\W*"
    r"|list\b\W*|i(?:'d| would) like to know\b\W*)+",
    re.IGNORECASE,
)
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
_PARTICLES = frozenset("de da do dos di del della der den van von zu le la el al bin ben".split())
_OWNING = frozenset(stems("own possess get a any"))
_HAS = re.compile(r"\b(?:have|has|got)\b", re.IGNORECASE)
_MINE = frozenset("my our mine i me we us myself ourselves".split())
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


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody named in a question, from `start` to `end`, with the relatives that follow the name."""

    entity: str
    start: int
    end: int
    kin: tuple[str, ...] = ()


@dataclass(slots=True)
class People:
    """Who is known, for finding them in a question."""

    names: Names
    relative: Callable[[str, str], str | None]
    """Who is so related to an entity."""
    sex: Callable[[str], str]
    """Which of "female" and "male" an entity is known to be."""
    _by_word: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, name in self.names.by_key.items():
            person = self.names.kinds.get(name.entity, "").rstrip("?") == "person"
            if person and ">" not in key and is_name(name.name):
                for word in key.split():
                    self._by_word.setdefault(word, set()).add(name.entity)

    def me(self) -> str | None:
        """The person whose memory this is."""
        name = self.names.by_key.get(ME)
        return name.entity if name else None

    def titled(self, word: str) -> str | None:
        """The one person for sure whose family name this is, as after "Dr."."""
        exact = self.names.by_key.get(word)
        found = {exact.entity} if exact else set[str]()
        if not exact or self.names.kinds.get(exact.entity) != "person":
            found = {e for e in self._by_word.get(word, ()) if self.names.kinds[e] == "person"}
        return found.pop() if len(found) == 1 else None

    def named(self, words: tuple[str, ...]) -> str | None:
        """The one person whom these words name."""
        exact = self.names.by_key.get(" ".join(words))
        if exact is not None and self.names.kinds.get(exact.entity, "").startswith("person"):
            return exact.entity
        found = set.intersection(*(self._by_word.get(word, set()) for word in words))
        sure = {e for e in found if not self.names.kinds[e].endswith("?")}
        found = sure or found
        return found.pop() if len(found) == 1 else None


def is_name(name: str) -> bool:
    """Whether each word of it may be one of a name: not "Ben carried", which was read wrong."""
    return all(word[:1].isupper() or word in _PARTICLES for word in name.split())


def uncontracted(text: str) -> str:
    """The text with "does not" for "doesn't"."""
    return re.sub(r"\b(do|does|did)n['’]t\b", r"\1 not", text, flags=re.IGNORECASE)


def without_opening(question: str) -> str:
    """A question without "please tell me" and its mark."""
    return _OPENING.sub("", question).rstrip(" ?.!")


def asked(question: str, people: People, now: datetime) -> Iterator[Asked]:
    """How the question can be understood: of a relative's relative the one asked about first as
    something of the one before ("who is my sister?"), then as somebody ("where does my sister live?").

    Nothing where it is about nobody in particular, or about two. "The vet" is the person's own where
    nobody else is named, and where the question is not about the person.
    """
    text = _plain(question)
    found = list(people_in(text, people))
    yield from _about(question, text, found, people, now)
    roles = list(_roles_in(text, people))
    if roles and all(_speaks(text, n) for n in found):
        yield from _about(question, text, roles, people, now)


def asked_at_birth(question: str, people: People, now: datetime) -> Iterator[tuple[Asked, Asked]]:
    """ "How old was A when B was born?" as questions for the age of A and for the birth of B."""
    parts = _AT_BIRTH.match(_plain(question))
    if parts is not None:
        for born in asked(f"When {parts['born']} born?", people, now):
            for age in asked(parts["age"], people, now):
                yield age, born


def _plain(question: str) -> str:
    """The question without what leads to it and what ends it, and with one word for two relations."""
    text = uncontracted(without_opening(question))
    for words, one in _EITHER:
        text = words.sub(one, text)
    return text


def _speaks(text: str, named: Named) -> bool:
    """Whether it is but the "I" of who asks."""
    return not named.kin and text[named.start : named.end] in ("I", "me")


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


def people_in(text: str, people: People) -> Iterator[Named]:
    """Everybody whom a text names, with the relatives that it reaches through them."""
    words = list(_WORD.finditer(text))
    capitals = any(c.isupper() for c in text[1:])
    at = 0
    while at < len(words):
        parent = _parent(words, at, people)
        if parent is not None:
            yield parent
            at += 1
            continue
        found = _one(words, at, people, capitals)
        if found is None:
            at += 1
            continue
        entity, last = found
        called = people.titled(key_of(words[at].group())) if at == last else None
        first = titled(text, words, at, people.sex(called or entity))
        entity = called if called and first < at else entity
        possessive = _possessive(words[last].group())
        kin: list[str] = []
        while possessive and last + 1 < len(words):
            relation = kin_of(words[last + 1].group())
            if relation is None:
                break
            last += 1
            kin.append(relation)
            possessive = _possessive(words[last].group())
        yield Named(entity, words[first].start(), words[last].end(), tuple(kin))
        at = last + 1


def _roles_in(text: str, people: People) -> Iterator[Named]:
    """Those whom "the vet" or "the landlady" names: the person's own, where there is one."""
    words, me = list(_WORD.finditer(text)), people.me()
    for article, noun in pairwise(words):
        relation = kin_of(noun.group())
        if article.group().lower() != "the" or relation not in ROLES or is_several(noun.group()):
            continue
        if me is not None and people.relative(me, relation):
            yield Named(me, article.start(), noun.end(), (relation,))


def _parent(words: list[re.Match[str]], at: int, people: People) -> Named | None:
    """The parent of the person whom a bare word names: "Dad", where no "my" or "Ann's" is before it."""
    relation, me = kin_of(words[at].group()), people.me()
    if relation not in ("mother", "father") or me is None or not words[at].group()[0].isupper():
        return None
    if people.relative(me, relation) is None or (at and _possessive(words[at - 1].group())):
        return None
    return Named(me, words[at].start(), words[at].end(), (relation,))


def _one(
    words: list[re.Match[str]], at: int, people: People, capitals: bool
) -> tuple[str, int] | None:
    """The person whom the word at a place names, and the last place of the name."""
    word = words[at].group()
    bare = re.sub(r"['’](?:s|m|ve|d|ll)?$", "", word)
    if bare.lower() in _MINE:
        me = people.me()
        return (me, at) if me else None
    if not bare[:1].isupper() and (capitals or not keys(bare)):
        return None
    last, best = at, people.named((key_of(bare),))
    if _possessive(word):
        return (best, at) if best else None
    for end in range(at + 1, min(at + 4, len(words))):
        more = tuple(key_of(w.group()) for w in words[at : end + 1])
        if not words[end].group()[:1].isupper() and capitals:
            break
        if longer := people.named(more):
            last, best = end, longer
    return (best, last) if best else None


def _possessive(word: str) -> bool:
    return word.lower() in ("my", "our") or bool(re.search(r"['’]s?$", word))


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


_ASKS_KIN = frozenset(stems("who what which first full name call how @ have at work in many tell"))
