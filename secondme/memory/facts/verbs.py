"""Rules for verbs: who lives where, works as what, likes, has, plans, and is whose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from secondme.memory.facts.pets import has_pet, is_animal, name_of_pet
from secondme.memory.facts.reading import Ref, Said, day_of, relative
from secondme.memory.facts.relations import ONLY
from secondme.memory.facts.telling import (
    activity,
    day_in,
    gained,
    has_article,
    is_certain,
    is_past,
    named_thing,
    says_something,
    stands_alone,
    statement,
    used_to,
)
from secondme.memory.facts.tree import Tree, kin
from secondme.memory.facts.words import HEALTH, INSTRUMENTS, JOBS, LANGUAGES, POSSESSIONS

_PLACES = ("place", "organisation", "person", None)
"""What a small parser takes a place's name for."""
_LIKING = {"like", "love", "enjoy", "adore", "prefer"}
_DISLIKING = {"hate", "dislike", "detest", "loathe"}


def told_by(tree: Tree, verb: int) -> Iterator[Said]:
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


def _lives(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if not is_certain(tree, verb):
        return
    for preposition in ("in", "at"):
        for noun in tree.prepositions(verb).get(preposition, []):
            if tree.proper(noun) and tree.kind(noun) in _PLACES:
                yield statement(
                    tree, verb, who, "lives in", tree.phrase(noun), named_thing(tree, noun, "place"),
                    ended=is_past(tree, verb) or used_to(tree, verb),
                )  # fmt: skip


def _moves(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    progressive = tree.words[verb].tag == "VBG"
    for noun in tree.prepositions(verb).get("to", []):
        if not tree.proper(noun) or tree.kind(noun) not in _PLACES:
            continue
        if progressive or not is_certain(tree, verb) or tree.words[verb].tag == "VB":
            start, end = tree.words[verb].start, tree.phrase(noun)[1]
            yield statement(tree, verb, who, "plans", (start, end))
        else:
            yield statement(
                tree, verb, who, "lives in", tree.phrase(noun), named_thing(tree, noun, "place"),
                since=day_in(tree, verb) or tree.reading.said,
            )  # fmt: skip
    for noun in tree.prepositions(verb).get("from", []):
        if tree.proper(noun) and tree.kind(noun) == "place" and not progressive:
            place = named_thing(tree, noun, "place")
            yield statement(tree, verb, who, "comes from", tree.phrase(noun), place)


def _works(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if not is_certain(tree, verb):
        return
    ended = is_past(tree, verb) or used_to(tree, verb)
    found = tree.prepositions(verb)
    for noun in [*found.get("at", []), *found.get("for", [])]:
        if tree.proper(noun) and tree.kind(noun) != "person":
            employer = named_thing(tree, noun, "organisation")
            yield statement(tree, verb, who, "works at", tree.phrase(noun), employer, ended=ended)
        elif tree.words[noun].lemma in _WORKPLACES:
            yield statement(tree, verb, who, "works at", tree.phrase(noun), ended=ended)
    for noun in found.get("as", []):
        if tree.words[noun].pos in ("NOUN", "PROPN"):
            yield statement(tree, verb, who, "works as", tree.phrase(noun), ended=ended)


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
            yield statement(
                tree, verb, who, "works at", tree.phrase(noun), named_thing(tree, noun, "organisation"),
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
                yield statement(
                    tree, verb, who, "works as" if as_job else "works at", tree.phrase(place),
                    ended=True, until=day_in(tree, verb),
                )  # fmt: skip


def _likes(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    word = tree.words[verb]
    if not is_certain(tree, verb) or word.tag in ("VBD", "VBG") or word.dep == "amod":
        return
    relation = "likes" if word.lemma in _LIKING else "dislikes"
    first = next(tree.objects(verb), None)
    for noun in tree.objects(verb):
        if not says_something(tree, noun) or first is None or not says_something(tree, first):
            continue
        start, end = tree.phrase(noun)
        thing = named_thing(tree, noun, "thing")
        yield statement(tree, verb, who, relation, (start, end), thing, confidence=0.8)
    for c in tree.children(verb, "xcomp"):
        doing = tree.words[c]
        if doing.tag == "VBG" or (doing.tag == "VB" and tree.children(c, "aux")):
            if tree.child(c, "nsubj") is not None or doing.lemma in ("see", "hear", "know", "be"):
                continue
            start, end = activity(tree, c)
            if stands_alone(tree, start, end):
                yield statement(tree, verb, who, relation, (start, end), confidence=0.8)


def _has(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """What somebody has or got: animals, relatives, ailments, things that one owns."""
    word = tree.words[verb]
    if not is_certain(tree, verb) or (word.lemma == "get" and tree.words[verb].tag == "VB"):
        return
    new = word.lemma in ("buy", "get", "adopt")
    for state in tree.children(verb, "acomp"):
        if tree.lower(state) == "married":  # "I got married to Paul"
            yield from _marries(tree, state, who)
    for noun in tree.objects(verb):
        lemma = tree.words[noun].lemma.lower()
        if is_animal(tree, noun):
            yield from has_pet(tree, verb, who, noun, new)
        elif (relation := kin(lemma)) and tree.words[noun].tag == "NN" and word.lemma == "have":
            named = tree.own_name(noun)
            other = named[0] if named else relative(who, relation)
            if named or (relation in ONLY and tree.child(noun, "det") is not None):
                yield statement(tree, verb, who, relation, tree.phrase(noun), other, confidence=0.7)
        elif lemma in HEALTH and word.lemma in ("have", "get"):
            yield statement(tree, verb, who, "health", tree.phrase(noun), ended=is_past(tree, verb))
        elif lemma == "allergy":
            for to in tree.prepositions(noun).get("to", []):
                yield statement(tree, verb, who, "allergic to", tree.phrase(to))
        elif word.lemma == "own" or lemma in POSSESSIONS:
            borrowed = tree.child(noun, "poss") is not None and not new
            if not borrowed and not has_article(tree, noun, "the"):
                yield statement(
                    tree, verb, who, "has", tree.phrase(noun), since=gained(tree, verb, new),
                    ended=not new and is_past(tree, verb), confidence=0.7,
                )  # fmt: skip


def _speaks(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.objects(verb):
        if tree.lower(noun) in LANGUAGES and is_certain(tree, verb):
            yield statement(tree, verb, who, "speaks", tree.phrase(noun))


def _plays(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if tree.words[verb].tag == "VBD" or not is_certain(tree, verb):
        return
    for noun in tree.objects(verb):
        if tree.words[noun].lemma.lower() in INSTRUMENTS:
            yield statement(tree, verb, who, "plays", tree.phrase(noun))


def _studies(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.objects(verb):
        if tree.words[noun].pos in ("NOUN", "PROPN") and says_something(tree, noun):
            yield statement(
                tree, verb, who, "studies", tree.phrase(noun), ended=is_past(tree, verb)
            )


def _graduates(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    found = tree.prepositions(verb)
    for noun in [*found.get("from", []), *found.get("in", [])]:
        if tree.words[noun].entity[2:] != "DATE" and tree.words[noun].tag != "CD":
            yield statement(tree, verb, who, "degree", tree.phrase(noun))


def _marries(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    nouns = [*tree.objects(verb), *tree.prepositions(verb).get("to", [])]
    for noun in nouns:
        other = tree.who(noun)
        if other is not None and tree.named_person(noun) and is_certain(tree, verb):
            yield statement(
                tree, verb, who, "partner", tree.name(noun), other, since=day_in(tree, verb)
            )


def _names_day(tree: Tree, noun: int) -> bool:
    return tree.words[noun].entity[2:] in ("DATE", "TIME")


def _grows(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """ "I grew up in Sweden"."""
    if tree.child(verb, "prt") is not None:
        for noun in tree.prepositions(verb).get("in", []):
            if tree.proper(noun) and not _names_day(tree, noun):
                place = named_thing(tree, noun, "place")
                yield statement(tree, verb, who, "comes from", tree.phrase(noun), place)


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
            yield statement(tree, verb, tree.reading.speaker, relation, named[1:], named[0])


def _born(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    if tree.words[verb].tag != "VBN":
        return
    found = tree.prepositions(verb)
    for noun in found.get("in", []):
        if tree.proper(noun) and tree.kind(noun) in _PLACES and not _names_day(tree, noun):
            place = named_thing(tree, noun, "place")
            yield statement(tree, verb, who, "born in", tree.phrase(noun), place)
    for noun in found.get("on", []):
        span = tree.span(tree.below(noun))
        day = day_of(tree.reading.text[span[0] : span[1]], tree.reading.said)
        if day and day.first == day.last:
            yield statement(tree, verb, who, "birthday", span)


def _plans(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    word = tree.words[verb]
    if word.tag == "VBD" or tree.negated(verb) or not is_certain(tree, verb):
        return
    if word.lemma == "go" and not (word.tag == "VBG" and tree.child(verb, "aux") is not None):
        return
    if word.lemma == "go" and tree.child(verb, "prep", "advmod", "npadvmod") is not None:
        return
    for c in tree.children(verb, "xcomp"):
        if tree.words[c].tag == "VB" and tree.words[c].lemma not in _IDLE:
            start, end = activity(tree, c)
            named = any(start <= w.start < end and w.pos in ("NOUN", "PROPN") for w in tree.words)
            if named and stands_alone(tree, start, end):
                yield statement(tree, verb, who, "plans", (start, end), confidence=0.6)


_IDLE = frozenset(
    "be do have know say see tell ask hear make let need thank look go keep try get take".split()
)


def _diagnosed(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    for noun in tree.prepositions(verb).get("with", []):
        yield statement(tree, verb, who, "health", tree.phrase(noun))


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
    ended = tree.negated(verb) or is_past(tree, verb)
    who = tree.who(subject)
    if not is_certain(tree, verb):
        return
    if who is not None:
        yield from (replace(s, ended=ended) for s in _am(tree, verb, who))
        for place in tree.prepositions(verb).get("from", []):
            if tree.proper(place) and tree.kind(place) == "place":
                yield statement(
                    tree,
                    verb,
                    who,
                    "comes from",
                    tree.phrase(place),
                    named_thing(tree, place, "place"),
                )
    relation, owner = kin(tree.words[subject].lemma), tree.owner(subject)
    if owner is not None and tree.words[subject].lemma == "birthday":
        yield from _birthday(tree, verb, owner)
    if tree.lower(subject) == "name":
        yield from name_of_pet(tree, verb, subject)
    for noun in tree.children(verb, "attr", "acomp"):
        if relation and owner and tree.proper(noun) and tree.words[subject].tag == "NN":
            named = tree.named(noun)
            yield statement(tree, verb, owner, relation, named[1:], named[0], ended=ended)
        if tree.lower(subject) in ("name",) and owner and tree.text(noun)[:1].isupper():
            yield statement(tree, verb, owner, "called", tree.name(noun))
        favourite = any(
            tree.lower(c) in ("favorite", "favourite") for c in tree.children(subject, "amod")
        )
        if favourite and owner and (tree.words[noun].pos == "ADJ" or says_something(tree, noun)):
            yield statement(tree, verb, owner, "likes", tree.phrase(noun), confidence=0.8)


def _birthday(tree: Tree, verb: int, owner: Ref) -> Iterator[Said]:
    """ "My birthday is on 3 May"."""
    for noun in [*tree.children(verb, "attr", "npadvmod"), *tree.prepositions(verb).get("on", [])]:
        span = tree.span(tree.below(noun))
        day = day_of(tree.reading.text[slice(*span)], tree.reading.said)
        spoken = re.search(r"\d", tree.reading.text[slice(*span)])
        if day and day.first == day.last and spoken:
            yield statement(tree, verb, owner, "birthday", span)


def _am(tree: Tree, verb: int, who: Ref) -> Iterator[Said]:
    """What somebody is."""
    for noun in tree.children(verb, "attr"):
        if tree.words[noun].pos == "NOUN" and has_article(tree, noun, "a", "an", "the"):
            for job in tree.listed(noun):
                if tree.words[job].lemma.lower() in JOBS:
                    yield statement(tree, verb, who, "works as", tree.phrase(job))
    for adjective in tree.children(verb, "acomp"):
        lemma = tree.words[adjective].lemma.lower()
        if lemma == "allergic":
            for noun in tree.prepositions(adjective).get("to", []):
                yield statement(tree, verb, who, "allergic to", tree.phrase(noun))
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
            yield statement(tree, verb, who, relation, tree.span([adjective]))
        elif lemma == "married":
            yield from _marries(tree, adjective, who)
