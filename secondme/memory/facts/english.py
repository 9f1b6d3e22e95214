"""Rules over parsed English: who lives where, works as what, likes, has, plans, and is whose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from secondme.memory.facts.reading import Found, Reading, Ref, Said, day_of, key_of, relative
from secondme.memory.facts.relations import ONLY
from secondme.memory.facts.tree import Tree, kin
from secondme.memory.facts.words import ANIMALS, HEALTH, INSTRUMENTS, JOBS, LANGUAGES, POSSESSIONS
from secondme.model.word import Word

_PAST = ("VBD",)
_PLACES = ("place", "organisation", "person", None)
"""What a small parser takes a place's name for."""
_LIKING = {"like", "love", "enjoy", "adore", "prefer"}
_DISLIKING = {"hate", "dislike", "detest", "loathe"}
_EMPTY = frozenset(
    "it this that them him her you me us one thing everything anything something nothing idea way time"
    " lot bit part sound look day moment people stuff fact photo picture pic plan".split()
)
"""Objects that say nothing away from their place in the talk."""


def read(reading: Reading, words: Sequence[Word]) -> Found:
    """Everything that the rules find in a parsed text."""
    tree, found = Tree(reading, words), Found()
    _names(tree, found)
    for at, word in enumerate(words):
        if word.pos in ("VERB", "AUX") and not tree.asked(at):
            found.said += [_dated(tree, at, s) for s in _clause(tree, at)]
        if word.pos in ("NOUN", "PROPN"):
            _kinship(tree, at, found)
            found.said += _pet(tree, at)
    found.said = _once(found.said)
    return found


def _once(said: Sequence[Said]) -> list[Said]:
    return list({(s.subject, s.relation, s.object.lower()): s for s in reversed(said)}.values())[
        ::-1
    ]


def _names(tree: Tree, found: Found) -> None:
    """Every proper name of a kind that the parser knows."""
    at, words = 0, tree.words
    while at < len(words):
        end = at + 1
        if words[at].entity.startswith("B-"):
            while end < len(words) and words[end].entity.startswith("I-"):
                end += 1
            kind = tree.kind(at)
            while end > at + 1 and words[end - 1].pos in ("PART", "PUNCT"):
                end -= 1
            start = at + (words[at].pos == "DET")
            if kind and start < end and any(words[w].pos == "PROPN" for w in range(start, end)):
                while start < end - 1 and kin(words[start].lemma):  # "Nephew Bruno"
                    start += 1
                name = tree.reading.text[words[start].start : words[end - 1].end]
                if len(key_of(name)) > 1 and "\n" not in name:
                    found.names.append(
                        (
                            Ref(key_of(name), name, kind + "?"),
                            words[start].start,
                            words[end - 1].end,
                        )
                    )
        at = end


def _clause(tree: Tree, verb: int) -> Iterator[Said]:
    """What a verb with its subject and objects says."""
    subject_at = tree.subject(verb)
    if subject_at is None:
        return
    if tree.words[verb].lemma == "be":
        yield from _being(tree, verb, subject_at)
        return
    who = tree.who(subject_at)
    if who is None:
        return
    rule = _RULES.get(tree.words[verb].lemma.lower())
    if rule is not None:
        for said in rule(tree, verb, who):
            if said.relation == "likes" and tree.negated(verb):
                yield replace(said, relation="dislikes")
            else:
                yield replace(said, ended=said.ended != tree.negated(verb))


def _dated(tree: Tree, verb: int, said: Said) -> Said:
    """The statement with the day that its sentence names, where it names one."""
    if said.since is not None or said.relation == "birthday":
        return said
    start, end = tree.sentence(verb)
    ahead = said.relation == "plans"
    if said.relation not in _DATED and not ahead:
        return said
    span = day_of(tree.reading.text[start:end], tree.reading.said)
    if span is None or (not ahead and span.first > tree.reading.said):
        return said
    return replace(said, until=span.last) if said.ended else replace(said, since=span.first)


_DATED = frozenset(
    [
        "husband",
        "wife",
        "partner",
        "works at",
        "works as",
        "lives in",
        "has",
        "has pet",
        "health",
        "degree",
    ]
)
"""Relations that a day belongs to."""


def _said(
    tree: Tree, verb: int, who: Ref, relation: str, span: tuple[int, int], thing: Ref | None = None,
    **more: object,
) -> Said:  # fmt: skip
    """A statement whose object is these characters, said by the sentence's part from verb to object."""
    text = tree.reading.text[span[0] : span[1]]
    start = min(tree.words[verb].start, span[0])
    subject = tree.subject(verb)
    if subject is not None and tree.words[subject].start < start:
        start = tree.words[subject].start
    end = max(tree.words[verb].end, span[1])
    return Said(start, end, who, relation, " ".join(text.split()), thing, **more)  # type: ignore[arg-type]


def _thing(tree: Tree, at: int, kind: str) -> Ref | None:
    """What a noun names, if it is a name."""
    if not tree.proper(at):
        return None
    start, end = tree.phrase(at)
    name = tree.reading.text[start:end]
    return Ref(key_of(name), name, kind)


def _past(tree: Tree, verb: int) -> bool:
    return tree.words[verb].tag in _PAST and not tree.auxiliaries(verb) & {
        "have",
        "has",
        "'ve",
        "'s",
    }


def _certain(tree: Tree, verb: int) -> bool:
    """Whether it is said to be so: not wished, not possible, not to come."""
    if tree.auxiliaries(verb) & _UNCERTAIN:
        return False
    word = tree.words[verb]
    above = tree.words[word.head]
    if word.dep == "ccomp":
        return above.lemma not in ("wish", "hope", "imagine", "dream") and not _reported(tree, verb)
    return word.dep not in ("xcomp", "pcomp") or above.lemma not in _WISHING


def _reported(tree: Tree, verb: int) -> bool:
    """Whether somebody else says of the speaker what the verb says: "Samir says I am a politician now"."""
    head = tree.words[verb].head
    if any(tree.text(i) == ";" for i in range(*sorted((verb, head)))):
        return False  # two sentences, which the parser hangs on one another
    own, other = tree.subject(verb), tree.subject(head)
    if own is None or other is None or tree.lower(own) not in ("i", "we"):
        return False
    return tree.lower(other) not in ("i", "we")


_UNCERTAIN = frozenset(["would", "could", "might", "may", "should", "must", "'d", "will", "'ll"])
_WISHING = frozenset(
    "want hope wish consider plan think dream imagine try like love go look need decide talk".split()
)


def _used_to(tree: Tree, verb: int) -> bool:
    return tree.words[verb].dep == "xcomp" and tree.words[tree.words[verb].head].lemma == "use"


def _lives(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if not _certain(tree, verb):
        return
    for preposition in ("in", "at"):
        for noun in tree.prepositions(verb).get(preposition, []):
            if tree.proper(noun) and tree.kind(noun) in _PLACES:
                yield _said(
                    tree, verb, who, "lives in", tree.phrase(noun), _thing(tree, noun, "place"),
                    ended=_past(tree, verb) or _used_to(tree, verb),
                )  # fmt: skip


def _moves(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    progressive = tree.words[verb].tag == "VBG"
    for noun in tree.prepositions(verb).get("to", []):
        if not tree.proper(noun) or tree.kind(noun) not in _PLACES:
            continue
        if progressive or not _certain(tree, verb) or tree.words[verb].tag == "VB":
            start, end = tree.words[verb].start, tree.phrase(noun)[1]
            yield _said(tree, verb, who, "plans", (start, end))
        else:
            yield _said(
                tree, verb, who, "lives in", tree.phrase(noun), _thing(tree, noun, "place"),
                since=_day(tree, verb) or tree.reading.said,
            )  # fmt: skip
    for noun in tree.prepositions(verb).get("from", []):
        if tree.proper(noun) and tree.kind(noun) == "place" and not progressive:
            place = _thing(tree, noun, "place")
            yield _said(tree, verb, who, "comes from", tree.phrase(noun), place)


def _day(tree: Tree, verb: int) -> date | None:
    start, end = tree.sentence(verb)
    span = day_of(tree.reading.text[start:end], tree.reading.said)
    return span.first if span and span.first <= tree.reading.said else None


def _works(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if not _certain(tree, verb):
        return
    ended = _past(tree, verb) or _used_to(tree, verb)
    found = tree.prepositions(verb)
    for noun in [*found.get("at", []), *found.get("for", [])]:
        if tree.proper(noun) and tree.kind(noun) != "person":
            employer = _thing(tree, noun, "organisation")
            yield _said(tree, verb, who, "works at", tree.phrase(noun), employer, ended=ended)
        elif tree.words[noun].lemma in _WORKPLACES:
            yield _said(tree, verb, who, "works at", tree.phrase(noun), ended=ended)
    for noun in found.get("as", []):
        if tree.words[noun].pos in ("NOUN", "PROPN"):
            yield _said(tree, verb, who, "works as", tree.phrase(noun), ended=ended)


_WORKPLACES = frozenset(
    "hospital school university clinic bank library bakery restaurant café cafe shop store firm company"
    " office museum studio startup factory hotel gym farm agency".split()
)


def _starts(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """ "I start at La Miche Rousse", "I joined Hydrocarte", "I started a new job at Acme"."""
    if tree.negated(verb):
        return
    lemma = tree.words[verb].lemma
    nouns = list(tree.objects(verb)) if lemma == "join" else tree.prepositions(verb).get("at", [])
    for job in tree.objects(verb):
        if tree.words[job].lemma in ("job", "position", "work"):
            nouns += tree.prepositions(job).get("at", [])
    for noun in nouns:
        if tree.proper(noun):
            start, end = tree.sentence(verb)
            span = day_of(tree.reading.text[start:end], tree.reading.said)
            since = span.first if span else tree.reading.said
            yield _said(
                tree, verb, who, "works at", tree.phrase(noun), _thing(tree, noun, "organisation"),
                since=since, confidence=0.6,
            )  # fmt: skip


def _leaves(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """ "I quit my job at Blattwerk"."""
    for noun in tree.objects(verb):
        if tree.words[noun].lemma == "job":
            for place in tree.prepositions(noun).get("at", []) + tree.prepositions(noun).get(
                "as", []
            ):
                as_job = not tree.proper(place)
                yield _said(
                    tree, verb, who, "works as" if as_job else "works at", tree.phrase(place),
                    ended=True, until=_day(tree, verb),
                )  # fmt: skip


def _likes(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    word = tree.words[verb]
    if not _certain(tree, verb) or word.tag in ("VBD", "VBG") or word.dep == "amod":
        return
    relation = "likes" if word.lemma in _LIKING else "dislikes"
    first = next(tree.objects(verb), None)
    for noun in tree.objects(verb):
        if not _says_something(tree, noun) or first is None or not _says_something(tree, first):
            continue
        start, end = tree.phrase(noun)
        thing = _thing(tree, noun, "thing")
        yield _said(tree, verb, who, relation, (start, end), thing, confidence=0.8)
    for c in tree.children(verb, "xcomp"):
        doing = tree.words[c]
        if doing.tag == "VBG" or (doing.tag == "VB" and tree.children(c, "aux")):
            if tree.child(c, "nsubj") is not None or doing.lemma in ("see", "hear", "know", "be"):
                continue
            start, end = _doing(tree, c)
            if _stands_alone(tree, start, end):
                yield _said(tree, verb, who, relation, (start, end), confidence=0.8)


def _says_something(tree: Tree, noun: int) -> bool:
    """Whether an object means something away from its talk."""
    word = tree.words[noun]
    if word.pos not in ("NOUN", "PROPN") or word.lemma.lower() in _EMPTY or kin(word.lemma):
        return False
    if any(tree.lower(c) in ("this", "that", "these", "those") for c in tree.children(noun, "det")):
        return False
    if tree.child(noun, "relcl") is not None or tree.named_person(noun):
        return False
    if word.pos == "NOUN" and word.tag != "NNS" and _has_article(tree, noun, "the", "every", "all"):
        return False
    poss = tree.child(noun, "poss")
    return poss is None


def _stands_alone(tree: Tree, start: int, end: int) -> bool:
    """Whether an activity is understood by itself: no "it" or "them" in it."""
    inside = [w for w in tree.words if start <= w.start < end]
    pointing = any(w.lemma.lower() in _EMPTY or w.tag == "PRP" for w in inside)
    return not pointing and bool(inside)


def _doing(tree: Tree, verb: int) -> tuple[int, int]:
    """The characters of an activity: the verb with its objects and where, not when or why."""
    places = [verb]
    for c in tree.children(verb, "dobj", "prt", "prep", "acomp", "attr", "xcomp", "advmod"):
        if tree.lower(c) in ("much", "lot", "too", "now", "more", "anymore"):
            continue
        below = tree.below(c, ("relcl", "advcl"))
        if not any(tree.words[w].entity[2:] in ("DATE", "TIME") for w in below) and c > verb:
            places += below
    places.sort()
    return tree._run(places, verb)


def _has(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """What somebody has or got: animals, relatives, ailments, things that one owns."""
    word = tree.words[verb]
    if not _certain(tree, verb) or (word.lemma == "get" and tree.words[verb].tag == "VB"):
        return
    new = word.lemma in ("buy", "get", "adopt")
    for state in tree.children(verb, "acomp"):
        if tree.lower(state) == "married":  # "I got married to Paul"
            yield from _marries(tree, state, who)
    for noun in tree.objects(verb):
        lemma = tree.words[noun].lemma.lower()
        if lemma in ANIMALS and not _toy(tree, noun):
            yield from _animal(tree, verb, who, noun, new)
        elif (relation := kin(lemma)) and tree.words[noun].tag == "NN" and word.lemma == "have":
            named = tree.own_name(noun)
            other = named[0] if named else relative(who, relation)
            if named or (relation in ONLY and tree.child(noun, "det") is not None):
                yield _said(tree, verb, who, relation, tree.phrase(noun), other, confidence=0.7)
        elif lemma in HEALTH and word.lemma in ("have", "get"):
            yield _said(tree, verb, who, "health", tree.phrase(noun), ended=_past(tree, verb))
        elif lemma == "allergy":
            for to in tree.prepositions(noun).get("to", []):
                yield _said(tree, verb, who, "allergic to", tree.phrase(to))
        elif word.lemma == "own" or lemma in POSSESSIONS:
            borrowed = tree.child(noun, "poss") is not None and not new
            if not borrowed and not _has_article(tree, noun, "the"):
                yield _said(
                    tree, verb, who, "has", tree.phrase(noun), since=_gained(tree, verb, new),
                    ended=not new and _past(tree, verb), confidence=0.7,
                )  # fmt: skip


def _gained(tree: Tree, verb: int, new: bool) -> date | None:
    """Since when somebody has what they got: the day that is named, or when they say so."""
    return (_day(tree, verb) or tree.reading.said) if new and _past(tree, verb) else None


def _has_article(tree: Tree, noun: int, *articles: str) -> bool:
    return any(tree.lower(c) in articles for c in tree.children(noun, "det"))


def _toy(tree: Tree, noun: int) -> bool:
    return any(tree.lower(c) in ("stuffed", "toy", "plush") for c in tree.below(noun))


def _animal(tree: Tree, verb: int, who: Ref, noun: int, new: bool) -> Iterator[Said]:
    names = [n for c in tree.children(noun, "appos") for n in tree.listed(c) if tree.proper(n)]
    if tree.words[noun].tag == "NNS" and names:  # "two cats, Max and Oscar"
        for at in names:
            ref, start, end = tree.named(at)
            said = _said(tree, verb, who, "has pet", (start, end), replace(ref, kind="animal"))
            yield replace(said, object=f"{tree.words[noun].lemma} {ref.name}")
        return
    named = tree.own_name(noun)
    thing = replace(named[0], kind="animal") if named else None
    start, end = tree.phrase(noun)
    if named:
        end = max(end, named[2])
    since, ended = _gained(tree, verb, new), not new and (_past(tree, verb) or _used_to(tree, verb))
    yield _said(tree, verb, who, "has pet", (start, end), thing, since=since, ended=ended)


def _pet(tree: Tree, at: int) -> Iterator[Said]:
    """ "my cat Miso", "our dog Biscuit"."""
    if tree.words[at].lemma.lower() in ANIMALS:
        owner, named = tree.owner(at), tree.own_name(at)
        poss = tree.child(at, "poss")
        if owner and named and poss is not None:
            start = tree.words[poss].start
            name = replace(named[0], kind="animal")
            text = tree.reading.text[tree.words[at].start : named[2]]
            yield Said(start, named[2], owner, "has pet", text, name)
    poss, compound = tree.child(at, "poss"), tree.child(at, "compound")
    if poss is not None and compound is not None and tree.proper(at):
        owner = tree.who(poss)
        if owner is not None and tree.words[compound].lemma.lower() in ANIMALS:
            start, end = tree.words[compound].start, tree.words[at].end
            name = Ref(key_of(tree.text(at)), tree.text(at), "animal")
            yield Said(
                tree.words[poss].start, end, owner, "has pet", tree.reading.text[start:end], name
            )


def _speaks(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.objects(verb):
        if tree.lower(noun) in LANGUAGES and _certain(tree, verb):
            yield _said(tree, verb, who, "speaks", tree.phrase(noun))


def _plays(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if tree.words[verb].tag == "VBD" or not _certain(tree, verb):
        return
    for noun in tree.objects(verb):
        if tree.words[noun].lemma.lower() in INSTRUMENTS:
            yield _said(tree, verb, who, "plays", tree.phrase(noun))


def _studies(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.objects(verb):
        if tree.words[noun].pos in ("NOUN", "PROPN") and _says_something(tree, noun):
            yield _said(tree, verb, who, "studies", tree.phrase(noun), ended=_past(tree, verb))


def _graduates(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    found = tree.prepositions(verb)
    for noun in [*found.get("from", []), *found.get("in", [])]:
        if tree.words[noun].entity[2:] != "DATE" and tree.words[noun].tag != "CD":
            yield _said(tree, verb, who, "degree", tree.phrase(noun))


def _marries(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    nouns = [*tree.objects(verb), *tree.prepositions(verb).get("to", [])]
    for noun in nouns:
        other = tree.who(noun)
        if other is not None and tree.named_person(noun) and _certain(tree, verb):
            yield _said(tree, verb, who, "partner", tree.name(noun), other, since=_day(tree, verb))


def _names_day(tree: Tree, noun: int) -> bool:
    return tree.words[noun].entity[2:] in ("DATE", "TIME")


def _grows(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """ "I grew up in Sweden"."""
    if tree.child(verb, "prt") is not None:
        for noun in tree.prepositions(verb).get("in", []):
            if tree.proper(noun) and not _names_day(tree, noun):
                place = _thing(tree, noun, "place")
                yield _said(tree, verb, who, "comes from", tree.phrase(noun), place)


def _called(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """ "My brother is called Emre"."""
    owner, _, relation = who.key.rpartition(">")
    for noun in tree.children(verb, "oprd"):
        if (
            tree.proper(noun)
            and owner
            and tree.reading.speaker
            and owner == tree.reading.speaker.key
        ):
            named = tree.named(noun)
            yield _said(tree, verb, tree.reading.speaker, relation, named[1:], named[0])


def _born(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if tree.words[verb].tag != "VBN":
        return
    found = tree.prepositions(verb)
    for noun in found.get("in", []):
        if tree.proper(noun) and tree.kind(noun) in _PLACES and not _names_day(tree, noun):
            place = _thing(tree, noun, "place")
            yield _said(tree, verb, who, "born in", tree.phrase(noun), place)
    for noun in found.get("on", []):
        span = tree.span(tree.below(noun))
        day = day_of(tree.reading.text[span[0] : span[1]], tree.reading.said)
        if day and day.first == day.last:
            yield _said(tree, verb, who, "birthday", span)


def _plans(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    word = tree.words[verb]
    if word.tag == "VBD" or tree.negated(verb) or not _certain(tree, verb):
        return
    if word.lemma == "go" and not (word.tag == "VBG" and tree.child(verb, "aux") is not None):
        return
    if word.lemma == "go" and tree.child(verb, "prep", "advmod", "npadvmod") is not None:
        return
    for c in tree.children(verb, "xcomp"):
        if tree.words[c].tag == "VB" and tree.words[c].lemma not in _IDLE:
            start, end = _doing(tree, c)
            named = any(start <= w.start < end and w.pos in ("NOUN", "PROPN") for w in tree.words)
            if named and _stands_alone(tree, start, end):
                yield _said(tree, verb, who, "plans", (start, end), confidence=0.6)


_IDLE = frozenset(
    "be do have know say see tell ask hear make let need thank look go keep try get take".split()
)


def _diagnosed(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.prepositions(verb).get("with", []):
        yield _said(tree, verb, who, "health", tree.phrase(noun))


_RULES: dict[str, Callable[[Tree, int, Ref], Iterator[Said]]] = {
    **dict.fromkeys(("live", "reside"), _lives),
    **dict.fromkeys(("move", "relocate"), _moves),
    "work": _works,
    **dict.fromkeys(("start", "join", "begin"), _starts),
    **dict.fromkeys(("quit", "leave", "lose"), _leaves),
    **dict.fromkeys(_LIKING | _DISLIKING, _likes),
    **dict.fromkeys(("have", "own", "buy", "get", "adopt", "keep"), _has),
    "speak": _speaks,
    "play": _plays,
    **dict.fromkeys(("study",), _studies),
    "graduate": _graduates,
    "marry": _marries,
    "bear": _born,
    "grow": _grows,
    **dict.fromkeys(("call", "name"), _called),
    **dict.fromkeys(("plan", "want", "hope", "intend", "go", "decide"), _plans),
    "diagnose": _diagnosed,
}


def _being(tree: Tree, verb: int, subject: int) -> Iterator[Said]:
    """ "I am a cartographer", "my sister is Sofia", "I'm allergic to hazelnut", "I'm from Cork"."""
    ended = tree.negated(verb) or _past(tree, verb)
    who = tree.who(subject)
    if not _certain(tree, verb):
        return
    if who is not None:
        yield from (replace(s, ended=ended) for s in _am(tree, verb, who))
        for place in tree.prepositions(verb).get("from", []):
            if tree.proper(place) and tree.kind(place) == "place":
                yield _said(
                    tree, verb, who, "comes from", tree.phrase(place), _thing(tree, place, "place")
                )
    relation, owner = kin(tree.words[subject].lemma), tree.owner(subject)
    if owner is not None and tree.words[subject].lemma == "birthday":
        yield from _birthday(tree, verb, owner)
    if tree.lower(subject) == "name":
        yield from _named_pet(tree, verb, subject)
    for noun in tree.children(verb, "attr", "acomp"):
        if relation and owner and tree.proper(noun) and tree.words[subject].tag == "NN":
            named = tree.named(noun)
            yield _said(tree, verb, owner, relation, named[1:], named[0], ended=ended)
        if tree.lower(subject) in ("name",) and owner and tree.text(noun)[:1].isupper():
            yield _said(tree, verb, owner, "called", tree.name(noun))
        favourite = any(
            tree.lower(c) in ("favorite", "favourite") for c in tree.children(subject, "amod")
        )
        if favourite and owner and (tree.words[noun].pos == "ADJ" or _says_something(tree, noun)):
            yield _said(tree, verb, owner, "likes", tree.phrase(noun), confidence=0.8)


def _birthday(tree: Tree, verb: int, owner: Ref) -> Iterator[Said]:
    """ "My birthday is on 3 May"."""
    for noun in [*tree.children(verb, "attr", "npadvmod"), *tree.prepositions(verb).get("on", [])]:
        span = tree.span(tree.below(noun))
        day = day_of(tree.reading.text[slice(*span)], tree.reading.said)
        spoken = re.search(r"\d", tree.reading.text[slice(*span)])
        if day and day.first == day.last and spoken:
            yield _said(tree, verb, owner, "birthday", span)


def _named_pet(tree: Tree, verb: int, subject: int) -> Iterator[Said]:
    """ "My dog's name is Rex"."""
    animal = tree.child(subject, "poss")
    if animal is None or tree.words[animal].lemma.lower() not in ANIMALS:
        return
    owner = tree.owner(animal)
    for noun in tree.children(verb, "attr"):
        if owner is not None and tree.proper(noun):
            ref, start, end = tree.named(noun)
            value = f"{tree.text(animal)} {ref.name}"
            yield replace(
                _said(tree, verb, owner, "has pet", (start, end), replace(ref, kind="animal")),
                object=value,
            )


def _am(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """What somebody is."""
    for noun in tree.children(verb, "attr"):
        if tree.words[noun].pos == "NOUN" and _has_article(tree, noun, "a", "an", "the"):
            for job in tree.listed(noun):
                if tree.words[job].lemma.lower() in JOBS:
                    yield _said(tree, verb, who, "works as", tree.phrase(job))
    for adjective in tree.children(verb, "acomp"):
        lemma = tree.words[adjective].lemma.lower()
        if lemma == "allergic":
            for noun in tree.prepositions(adjective).get("to", []):
                yield _said(tree, verb, who, "allergic to", tree.phrase(noun))
        elif lemma in (
            "vegetarian",
            "vegan",
            "pregnant",
            "diabetic",
            "retired",
            "divorced",
            "single",
        ):
            relation = "health" if lemma in ("pregnant", "diabetic") else "is"
            yield _said(tree, verb, who, relation, tree.span([adjective]))
        elif lemma == "married":
            yield from _marries(tree, adjective, who)


def _kinship(tree: Tree, at: int, found: Found) -> None:
    """ "my sister Sofia", "my sister": a person of the graph, with the name where it stands there."""
    word = tree.words[at]
    relation = kin(word.lemma)
    if relation and (owner := tree.owner(at)) and word.tag in ("NN", "NNP"):
        other, named = relative(owner, relation), tree.own_name(at)
        found.names.append((other, word.start, word.end))
        if named:
            _name_of(tree, at, found, owner, relation, named)
        return
    compound = next((c for c in tree.children(at, "compound") if kin(tree.words[c].lemma)), None)
    if compound is None or not tree.proper(at) or (owner := tree.owner(at)) is None:
        return
    relation = kin(tree.words[compound].lemma)
    if relation is not None and tree.words[compound].tag in ("NN", "NNP"):
        name = tree.reading.text[tree.words[compound].end : word.end].strip()
        named = (Ref(key_of(name), name, "person"), word.end - len(name), word.end)
        _name_of(tree, at, found, owner, relation, named)


def _name_of(
    tree: Tree, at: int, found: Found, owner: Ref, relation: str, named: tuple[Ref, int, int]
) -> None:
    ref, start, end = named
    poss = tree.child(at, "poss")
    begin = tree.words[poss].start if poss is not None else start
    found.names.append(named)
    found.same.append((relative(owner, relation), ref))
    found.said.append(Said(min(begin, start), end, owner, relation, ref.name, ref))
