"""Rules for animals: whose they are, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from secondme.memory.facts.reading import Ref, Said, key_of
from secondme.memory.facts.telling import gained, is_past, statement, used_to
from secondme.memory.facts.tree import Tree
from secondme.memory.facts.words import ANIMALS


def is_animal(tree: Tree, noun: int) -> bool:
    """Whether a noun is an animal, and no toy."""
    return tree.words[noun].lemma.lower() in ANIMALS and not any(
        tree.lower(c) in ("stuffed", "toy", "plush") for c in tree.below(noun)
    )


def has_pet(tree: Tree, verb: int, who: Ref, noun: int, new: bool) -> Iterator[Said]:
    """The animals of somebody who has them, or is `new` to them."""
    names = [n for c in tree.children(noun, "appos") for n in tree.listed(c) if tree.proper(n)]
    if tree.words[noun].tag == "NNS" and names:  # "two cats, Max and Oscar"
        for at in names:
            ref, start, end = tree.named(at)
            said = statement(tree, verb, who, "has pet", (start, end), replace(ref, kind="animal"))
            yield replace(said, object=f"{tree.words[noun].lemma} {ref.name}")
        return
    named = tree.own_name(noun)
    thing = replace(named[0], kind="animal") if named else None
    start, end = tree.phrase(noun)
    if named:
        end = max(end, named[2])
    since, ended = gained(tree, verb, new), not new and (is_past(tree, verb) or used_to(tree, verb))
    yield statement(tree, verb, who, "has pet", (start, end), thing, since=since, ended=ended)


def my_pet(tree: Tree, at: int) -> Iterator[Said]:
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


def name_of_pet(tree: Tree, verb: int, subject: int) -> Iterator[Said]:
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
                statement(tree, verb, owner, "has pet", (start, end), replace(ref, kind="animal")),
                object=value,
            )
