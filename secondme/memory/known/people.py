"""Who is named in a question: by a name, a title, "my sister", or for what they do: "the vet"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from secondme.memory.facts.reading import TITLES, key_of
from secondme.memory.facts.relations import ROLES
from secondme.memory.known.kin import is_several, kin_of
from secondme.memory.known.titles import titled
from secondme.memory.terms import keys
from secondme.record.entities import ME, Names

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*['’]?")
_PARTICLES = frozenset("de da do dos di del della der den van von zu le la el al bin ben".split())
_MINE = frozenset("my our mine i me we us myself ourselves".split())


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
        """The one person whom these words name; a title alone names nobody."""
        if len(words) == 1 and TITLES.match(f"{words[0]} "):
            return None
        exact = self.names.by_key.get(" ".join(words))
        kind = self.names.kinds.get(exact.entity, "") if exact else ""
        if exact is not None and kind == "person":
            return exact.entity
        found = set.intersection(*(self._by_word.get(word, set()) for word in words))
        sure = {e for e in found if not self.names.kinds[e].endswith("?")}
        if exact is not None and kind.startswith("person") and len(sure) != 1:
            return exact.entity  # who is known for sure goes before a name that is only like one
        found = sure or found
        return found.pop() if len(found) == 1 else None


def is_name(name: str) -> bool:
    """Whether each word of it may be one of a name: not "Ben carried", which was read wrong."""
    return all(word[:1].isupper() or word in _PARTICLES for word in name.split())


def people_in(text: str, people: People) -> Iterator[Named]:
    """Everybody whom a text names, with the relatives that it reaches through them."""
    words = list(_WORD.finditer(text))
    capitals = any(c.isupper() for c in re.sub(r"\bI\b", "", text[1:]))
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


def roles_in(text: str, people: People) -> Iterator[Named]:
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
