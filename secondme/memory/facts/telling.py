"""What a verb tells: whether it is so, since when, and the statement that is made of it."""

from __future__ import annotations

from datetime import date

from secondme.memory.facts.reading import Ref, Said, day_of, key_of
from secondme.memory.facts.tree import Tree, kin

_EMPTY = frozenset(
    "it this that them him her you me us one thing everything anything something nothing idea way time"
    " lot bit part sound look day moment people stuff fact photo picture pic plan".split()
)
"""Objects that say nothing away from their place in the talk."""


def statement(
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


def named_thing(tree: Tree, at: int, kind: str) -> Ref | None:
    """What a noun names, if it is a name."""
    if not tree.proper(at):
        return None
    start, end = tree.phrase(at)
    name = tree.reading.text[start:end]
    return Ref(key_of(name), name, kind)


def is_past(tree: Tree, verb: int) -> bool:
    """Whether it was so, and is not said to be so still."""
    return tree.words[verb].tag == "VBD" and not tree.auxiliaries(verb) & {
        "have",
        "has",
        "'ve",
        "'s",
    }


def day_in(tree: Tree, verb: int) -> date | None:
    """The day that the sentence names, if it has come by then."""
    start, end = tree.sentence(verb)
    span = day_of(tree.reading.text[start:end], tree.reading.said)
    return span.first if span and span.first <= tree.reading.said else None


def gained(tree: Tree, verb: int, new: bool) -> date | None:
    """Since when somebody has what they got: the day that is named, or when they say so."""
    return (day_in(tree, verb) or tree.reading.said) if new and is_past(tree, verb) else None


def used_to(tree: Tree, verb: int) -> bool:
    """Whether it is what somebody used to do."""
    return tree.words[verb].dep == "xcomp" and tree.words[tree.words[verb].head].lemma == "use"


def is_certain(tree: Tree, verb: int) -> bool:
    """Whether it is said to be so: not wished, not possible, not to come."""
    if tree.auxiliaries(verb) & _UNCERTAIN:
        return False
    word = tree.words[verb]
    above = tree.words[word.head]
    if word.dep == "ccomp":
        return above.lemma not in ("wish", "hope", "imagine", "dream") and not _reported(tree, verb)
    return word.dep not in ("xcomp", "pcomp") or above.lemma not in _WISHING


_UNCERTAIN = frozenset(["would", "could", "might", "may", "should", "must", "'d", "will", "'ll"])
_WISHING = frozenset(
    "want hope wish consider plan think dream imagine try like love go look need decide talk".split()
)


def _reported(tree: Tree, verb: int) -> bool:
    """Whether somebody else says of the speaker what the verb says: "Samir says I am a politician now"."""
    head = tree.words[verb].head
    if any(tree.text(i) == ";" for i in range(*sorted((verb, head)))):
        return False  # two sentences, which the parser hangs on one another
    own, other = tree.subject(verb), tree.subject(head)
    if own is None or other is None or tree.lower(own) not in ("i", "we"):
        return False
    return tree.lower(other) not in ("i", "we")


def says_something(tree: Tree, noun: int) -> bool:
    """Whether an object means something away from its talk."""
    word = tree.words[noun]
    if word.pos not in ("NOUN", "PROPN") or word.lemma.lower() in _EMPTY or kin(word.lemma):
        return False
    if any(tree.lower(c) in ("this", "that", "these", "those") for c in tree.children(noun, "det")):
        return False
    if tree.child(noun, "relcl") is not None or tree.named_person(noun):
        return False
    if word.pos == "NOUN" and word.tag != "NNS" and has_article(tree, noun, "the", "every", "all"):
        return False
    poss = tree.child(noun, "poss")
    return poss is None


def has_article(tree: Tree, noun: int, *articles: str) -> bool:
    """Whether a noun has one of these articles."""
    return any(tree.lower(c) in articles for c in tree.children(noun, "det"))


def stands_alone(tree: Tree, start: int, end: int) -> bool:
    """Whether an activity is understood by itself: no "it" or "them" in it."""
    inside = [w for w in tree.words if start <= w.start < end]
    pointing = any(w.lemma.lower() in _EMPTY or w.tag == "PRP" for w in inside)
    return not pointing and bool(inside)


def activity(tree: Tree, verb: int) -> tuple[int, int]:
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
