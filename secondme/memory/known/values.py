"""What facts answer: a value, now or then; all of them; how many; whether; since when and how long."""

# ruff: noqa: E501 - a relation's words together

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from secondme.memory.facts.relations import KIN, OPPOSITE, TOGETHER, relation
from secondme.memory.facts.weigh import Fact
from secondme.memory.facts.words import ANIMALS, COUNTRIES, LANGUAGES
from secondme.memory.kinds import Kind, kind_of
from secondme.memory.known.asking import SUBJECT, Asked, kin_asked
from secondme.memory.terms import stems
from secondme.memory.timex.dates import spoken
from secondme.record.clock import from_ms, to_ms
from secondme.wording import counted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a moment says it: the number of the moment, and the characters."""

    n: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Known:
    """An answer from the record: its text, the places that it rests on, and how sure they make it.

    Without places it is what the record does not know, although the question is understood: `text` is
    then what nothing is known about ("a brother of yours").
    """

    text: str
    places: tuple[Place, ...]
    confidence: float


def _set(words: str) -> frozenset[str]:
    return frozenset(stems(words))


@dataclass(frozen=True, slots=True)
class _Ask:
    """How a relation is asked for: all words of one of `needs`, and of others only `allows`."""

    relations: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    allows: frozenset[str]
    kinds: frozenset[str] = frozenset()
    """Things of which kind the objects are, when the question says that ("pets", "instruments")."""


def _ask(relations: str, needs: str, allows: str = "", kinds: str = "") -> _Ask:
    """`needs` are alternatives with a bar between them."""
    return _Ask(
        tuple(r.strip() for r in relations.split(",")),
        tuple(_set(n) for n in needs.split("|")),
        _set(allows)
        | _set(
            "hat ist de la le el o a wo ou donde onde wann what which who whom where how when name call tell long since @"
        ),
        _set(kinds),
    )


_ASKS = (
    _ask("born in", "where born|birthplace|city born|town born|country born",
         "in at city town country place"),
    _ask("comes from", "where from|where come|country from|hometown from", "come from originally hometown"),
    _ask("birthday", "wann geburtstag|quand anniversaire|cuando cumpleanos|quando aniversario|birthday|born|date birth|day birth|birthdate",
         "on day date birth celebrate in which when year fall month"),
    _ask("works as", "job|profession|occupation|trade|work as|what work|career|vocation",
         "as for work earn at hold position role title in"),
    _ask("works at", "wo arbeitet|wo arbeite|ou travaille|donde trabaja|donde trabajo|onde trabalha|where work|work for|work at|work with|company|firm|employer|employ|workplace"
         "|where job|organisation|business|place work|join|started at",
         "in at for with by from company firm place organisation business work job position"),
    _ask("address", "address|street", "live home in on postal"),
    _ask("postal code", "postal code|postcode|zip code"),
    _ask("lives in", "wo wohnt|wo wohne|wo lebt|wo lebe|ou habite|ou vit|donde vive|donde vivo|onde mora|onde vive"
         "|dove vive|dove abita|waar woont|live|lives|home|reside|residence|hometown|settled|based|dwell|move|where flat"
         "|where apartment|where house|city|town",
         "in at city town place village country home live to from whereabouts flat apartment house days"),
    _ask("phone, mobile phone, home phone, work phone",
         "phone|telephone|mobile|number|cell|reach|cellphone|call|ring|dial",
         "on by at under call number reach phone telephone mobile contact get for i me text ring dial"),
    _ask("e-mail", "email|mail|e mail", "address at under write reach i me send"),
    _ask("speaks", "language", "speak in", "language"),
    _ask("speaks", "speak", ""),
    _ask("plays", "instrument", "play musical on", "instrument"),
    _ask("plays", "play", ""),
    _ask("has pet", "pet|animal", "own keep live with get at home", "pet animal"),
    _ask("visited", "country", "to in visit travel go fly trip abroad journey see", "country"),
    _ask("allergic to", "allergic|allergy", "to against"),
    _ask("studies", "study|subject study", "at"),
    _ask("earns", "earn|salary", "much"),
    _ask("pays rent", "rent", "much pay for"),
    _ask("husband, wife, partner", "married|spouse", "to with"),
    _ask("dislikes", "dislike|hate|detest|loathe|stand|bear|not like|not enjoy|like t|enjoy t|abhor|dislikes",
         "not t most really to like enjoy"),
    _ask("likes", "like|love|enjoy|fond|fan|adore|into|keen|taste|favourite|likes|prefer",
         "of on most really to do in"),
)  # fmt: skip
_STATEMENTS = {
    # other verbs, in questions that name the value: "does he have a dog?"
    "has pet": _set("have own keep get pet animal"),
    "lives in": _set("live lives home move"),
    "works at": _set("work for at with employ job join start"),
    "works as": _set("work as job"),
    "plays": _set("play know"),
    "speaks": _set("speak know"),
    "likes": _set("like love enjoy fond fan adore of to into on keen big"),
    "dislikes": _set("hate dislike detest loathe stand not like enjoy bear t"),
}
_ANIMALS = frozenset(stems(" ".join(ANIMALS)))
_BEFORE, _AFTER = _set("before prior"), _set("after")
_ORDER = _set("before prior after moving move work living live start join to be other previously")
_FORMER = _set("previous previously former formerly last")
_FIRST = _set("first original")
_FEW = 6


class Values:
    """Answers from facts. `facts` gives those of an entity that may be used, with those that are over."""

    def __init__(
        self, facts: Callable[[str], Sequence[Fact]], name: Callable[[str], str], now: datetime
    ) -> None:
        self._facts = facts
        self._name = name
        self._now = now

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for facts and these tell it."""
        kin = self._kin(asked)
        if kin is not None:
            return kin
        mine = [f for f in self._facts(asked.person) if f.status != "rejected"]
        if asked.words & _ANIMALS:
            asked = replace(asked, words=asked.words | _set("pet"))
        for ask in _ASKS:
            if any(need <= asked.words for need in ask.needs):
                known = self._told(asked, ask, mine)
                if known is not None:
                    return self._through(asked, known)
        return None

    def _through(self, asked: Asked, known: Known) -> Known:
        """The answer with the moments that tell who "my sister" is."""
        if not asked.owner:
            return known
        links = [f for f in self._facts(asked.owner) if f.relation == asked.kin[-1]]
        links = [f for f in links if f.object_entity == asked.person]
        return replace(known, places=_once([*known.places, *places_of(links)]))

    # whose sister, what is she called

    def _kin(self, asked: Asked) -> Known | None:
        named = kin_asked(asked)
        if named is None:
            return None
        alike = TOGETHER.get(named, (named,))
        found = [f for f in self._facts(asked.person) if f.relation in alike and f.current]
        if not found:
            return None
        return self._count(found) if asked.counts else self._list(found)

    # values

    def _told(self, asked: Asked, ask: _Ask, mine: Sequence[Fact]) -> Known | None:
        facts = [f for f in mine if f.relation in ask.relations]
        facts += [f for f in mine if f.relation in map(OPPOSITE.get, ask.relations)]
        words = asked.words - {SUBJECT}
        left = words.difference(*(n for n in ask.needs if n <= words)) - ask.allows
        own = [f for f in facts if f.relation in ask.relations]
        if asked.verb_first:
            return self._whether(asked, ask, facts, left)
        single = relation(ask.relations[0]).change != "adds"
        if single:
            return self._one(asked, ask, own, left)
        if left or (own and own[0].relation == "likes" and _what_is_like(asked)):
            return self._of_kind(asked, ask, own, left)
        current = [f for f in own if f.current]
        current = [f for f in current if _is_a(f, ask.kinds)]
        if asked.time is not None:
            current = [f for f in own if _within(f, asked)]
        return self._all(asked, ask, current)

    def _all(self, asked: Asked, ask: _Ask, facts: Sequence[Fact]) -> Known | None:
        """All of them, or how many they are; animals by name where that is asked."""
        if ask.relations[0] == "has pet":
            by_name = bool(asked.words & _set("name call"))
            facts = _named_pets(facts, only=by_name)
            if by_name and facts and not asked.counts:
                names = [self._name(f.object_entity or "") for f in facts]
                return Known(", ".join(dict.fromkeys(names)), places_of(facts), 0.9)
        if not facts:
            return None
        return self._count(facts) if asked.counts else self._list(facts)

    def _one(
        self, asked: Asked, ask: _Ask, own: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """The one value that stands, stood then, or came before or after another."""
        kind = kind_of(asked.question)
        order = sorted(own, key=_start)
        other = next((f for f in order if _is_named(f, asked.words | left, left)), None)
        left -= value_of(other) if other else frozenset()
        if other is not None and left <= _ORDER:
            if kind in ("date", "duration") and not asked.words & (_BEFORE | _AFTER):
                return self._since(other, kind)
            at = order.index(other)
            if asked.words & _BEFORE:
                return self._list(order[at - 1 : at]) if at else None
            return self._list(order[at + 1 : at + 2]) if asked.words & _AFTER else None
        if left:
            at_last = [n for n, f in enumerate(order) if f.current]
            if left <= _FORMER and at_last and at_last[0]:
                return self._list(order[at_last[0] - 1 : at_last[0]])
            return self._list(order[:1]) if left <= _FIRST and len(order) else None
        if asked.time is not None:
            return self._list([f for f in order if _within(f, asked)])
        current = [f for f in order if f.current]
        if len({f.relation for f in current}) > 1:  # a phone and a mobile phone: the newer number
            current = current[-1:]
        if kind == "number":
            return None
        if kind in ("date", "duration") and ask.relations[0] != "birthday":
            return self._since(current[0], kind) if len(current) == 1 else None
        return self._list(current)

    def _whether(
        self, asked: Asked, ask: _Ask, facts: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """Yes or no, where one of the facts is about what the question names."""
        left -= _STATEMENTS.get(ask.relations[0], frozenset()) | _set("a any")
        about = [
            f
            for f in facts
            if left and value_of(f) and (left <= value_of(f) or value_of(f) == left)
        ]
        if not about or asked.time is not None:
            return None
        newest = max(about, key=lambda f: f.claims[-1].said)
        yes = newest.current and newest.relation in ask.relations
        if asked.negated:
            return None
        return Known("Yes" if yes else "No", places_of([newest]), newest.confidence)

    def _of_kind(
        self, asked: Asked, ask: _Ask, own: Sequence[Fact], left: frozenset[str]
    ) -> Known | None:
        """Those whose words have what is left of the question: "my dog" among the pets."""
        if (
            _what_is_like(asked)
            or not left
            or ask.relations[0] not in ("has pet", "plays", "speaks")
        ):
            return None
        found = [f for f in own if f.current and left <= frozenset(stems(f.object))]
        return self._all(asked, ask, found)

    # words of the answer

    def _list(self, facts: Sequence[Fact]) -> Known | None:
        if not facts:
            return None
        torn = len(facts) > 1 and all(f.status == "conflict" for f in facts)
        values = list(dict.fromkeys(self._says(f) for f in sorted(facts, key=_start)))
        if torn:
            values = values[-_FEW:]
            return Known(" or ".join(values), places_of(facts), 0.5)
        return Known(", ".join(values), places_of(facts), min(f.confidence for f in facts))

    def _count(self, facts: Sequence[Fact]) -> Known:
        values = dict.fromkeys(self._says(f).lower() for f in facts)
        return Known(str(len(values)), places_of(facts), min(f.confidence for f in facts))

    def _says(self, fact: Fact) -> str:
        """The object: a name of its own goes before "my sister"."""
        if fact.object_entity and fact.relation in KIN:
            return self._name(fact.object_entity)
        return fact.object

    def _since(self, fact: Fact, kind: Kind) -> Known | None:
        """Since when, or for how long; not where only the day is known on which it was told."""
        if fact.since is None:
            return None
        began = from_ms(fact.since).date()
        tell = replace(
            fact, claims=tuple(c for c in fact.claims if c.since == fact.since) or fact.claims
        )
        if kind == "date":
            return Known(spoken(began), places_of([tell]), fact.confidence)
        end = self._now.date() if fact.current else from_ms(fact.until or fact.learned).date()
        return Known(length(began, end), places_of([tell]), fact.confidence)


def length(first: date, last: date) -> str:
    """How long it is between two days, in years and months, or in days where it is less than two months."""
    days = abs((last - first).days)
    if days < 60:
        return counted(days, "day")
    months = abs((last.year - first.year) * 12 + last.month - first.month)
    years, rest = divmod(months, 12)
    parts = [(years, "year"), (rest, "month")]
    return " and ".join(counted(n, unit) for n, unit in parts if n)


def _what_is_like(asked: Asked) -> bool:
    """ "What is Jonas like?" asks for no likes."""
    text = asked.text.lower()
    return text.startswith(("what is", "what's", "how is", "what was")) and text.endswith(" like")


def value_of(fact: Fact) -> frozenset[str]:
    return frozenset(stems(fact.object)) - _set("a an the of my our his her some")


def _is_named(fact: Fact, words: frozenset[str], left: frozenset[str]) -> bool:
    """Whether a question names this value: whole, or by a part of its name, with nothing else left."""
    value = value_of(fact)
    return bool(value) and (value <= words or (bool(value & left) and left - value <= _ORDER))


def _is_a(fact: Fact, kinds: frozenset[str]) -> bool:
    """Whether an object is of the kind that is asked for."""
    word = fact.object_key.split()[-1] if fact.object_key else ""
    if kinds == _set("instrument"):
        return word not in _GAMES
    if kinds == _set("country"):
        return fact.object_key in COUNTRIES
    return kinds != _set("language") or word in LANGUAGES


_GAMES = frozenset(
    "badminton baseball basketball chess cricket football golf hockey rugby soccer tennis volleyball".split()
)


_YOUNG = {
    "pup": "dog", "puppy": "dog", "poodle": "dog", "labrador": "dog", "terrier": "dog", "retriever": "dog",
    "dachshund": "dog", "kitten": "cat", "kitty": "cat", "tabby": "cat", "bunny": "rabbit",
}  # fmt: skip
"""Animals that are a kind of another."""


def _named_pets(facts: Sequence[Fact], *, only: bool) -> list[Fact]:
    """Animals with those left out that have no name and are of a kind of which one has a name: said of
    the same animal, as far as one can see. With `only`, all without a name."""
    kinds = {f.id: frozenset(_YOUNG.get(w, w) for w in f.object_key.split()) for f in facts}
    named = [f for f in facts if f.object_entity]
    known = frozenset().union(*(kinds[f.id] for f in named)) & ANIMALS
    return [f for f in facts if f.object_entity or not (only or kinds[f.id] & known)]


def _start(fact: Fact) -> int:
    return fact.learned if fact.since is None else fact.since


def _within(fact: Fact, asked: Asked) -> bool:
    """Whether a fact was so at some time of that which the question names."""
    assert asked.time is not None
    since, until = to_ms(asked.time.since), to_ms(asked.time.until)
    return _start(fact) < until and (fact.until is None or fact.until > since)


def places_of(facts: Iterable[Fact]) -> tuple[Place, ...]:
    """The newest place of each fact."""
    newest = [max(f.claims, key=lambda c: (c.said, c.n)) for f in facts]
    return _once(Place(c.n, c.start, c.end) for c in newest)


def _once(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple({p.n: p for p in reversed(list(places))}.values())[::-1]
