"""Rules over parsed English: what is said, the names that stand there, and who is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from secondme.memory.facts.pets import my_pet
from secondme.memory.facts.reading import Found, Reading, Ref, Said, day_of, key_of, relative
from secondme.memory.facts.tree import Tree, kin
from secondme.memory.facts.verbs import told_by
from secondme.model.word import Word


def read(reading: Reading, words: Sequence[Word]) -> Found:
    """Everything that the rules find in a parsed text."""
    tree, found = Tree(reading, words), Found()
    _names(tree, found)
    for at, word in enumerate(words):
        if word.pos in ("VERB", "AUX") and not tree.asked(at):
            found.said += [_dated(tree, at, s) for s in told_by(tree, at)]
        if word.pos in ("NOUN", "PROPN"):
            _kinship(tree, at, found)
            found.said += my_pet(tree, at)
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
