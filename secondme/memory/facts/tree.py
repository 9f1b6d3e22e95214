"""A parsed text as a tree of words, with what the rules ask of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from secondme.memory.facts.reading import Reading, Ref, key_of, person, relative
from secondme.memory.facts.relations import KIN
from secondme.model.word import Word

NEGATIVE = frozenset("no not n't never nobody nothing hardly without neither".split())
_KIND = {
    "PERSON": "person", "GPE": "place", "LOC": "place", "FAC": "place", "ORG": "organisation",
    "NORP": "thing", "PRODUCT": "thing", "EVENT": "thing", "WORK_OF_ART": "thing",
}  # fmt: skip
NICE = {
    "mom": "mother", "mum": "mother", "mam": "mother", "mama": "mother", "mommy": "mother",
    "mummy": "mother", "dad": "father", "daddy": "father", "papa": "father", "kid": "child",
    "sis": "sister", "bro": "brother", "grandma": "grandmother", "granny": "grandmother",
    "grandpa": "grandfather", "granddad": "grandfather", "hubby": "husband", "spouse": "partner",
    "auntie": "aunt", "neighbor": "neighbour", "roommate": "flatmate", "buddy": "friend",
    "coworker": "colleague", "manager": "boss", "fiance": "fiancé", "fiancee": "fiancée",
    "therapist": "therapist",
}  # fmt: skip
"""Other words for relations between people."""


def kin(lemma: str) -> str | None:
    """The relation between people that a noun names, if it does."""
    lemma = lemma.lower()
    lemma = NICE.get(lemma, lemma)
    return lemma if lemma in KIN else None


class Tree:
    """The words of a text and how they hang together; words are named by their place."""

    def __init__(self, reading: Reading, words: Sequence[Word]) -> None:
        self.reading = reading
        self.words = words
        self._children: dict[int, list[int]] = defaultdict(list)
        for at, word in enumerate(words):
            if word.head != at:
                self._children[word.head].append(at)

    def __len__(self) -> int:
        return len(self.words)

    def text(self, at: int) -> str:
        word = self.words[at]
        return self.reading.text[word.start : word.end]

    def lower(self, at: int) -> str:
        return self.text(at).lower()

    def children(self, at: int, *deps: str) -> list[int]:
        """The words that hang on this one, by these relations alone if any are given."""
        return [c for c in self._children[at] if not deps or self.words[c].dep in deps]

    def child(self, at: int, *deps: str) -> int | None:
        return next(iter(self.children(at, *deps)), None)

    def below(self, at: int, without: Sequence[str] = ()) -> list[int]:
        """The word and all that hangs on it, in order; not what hangs on it itself by some relations."""
        found = [at]
        for c in self._children[at]:
            if self.words[c].dep not in without:
                found += self.below(c)
        return sorted(found)

    def span(self, places: Sequence[int]) -> tuple[int, int]:
        """The characters from the first to the last of these words."""
        return self.words[places[0]].start, self.words[places[-1]].end

    def phrase(self, at: int) -> tuple[int, int]:
        """The characters of a noun with what belongs to its name: no clauses, no list after it."""
        places = self.below(
            at, ("relcl", "appos", "conj", "cc", "punct", "advcl", "acl", "det", "poss", "prep",
                 "npadvmod", "predet", "advmod", "parataxis", "ccomp", "mark", "nsubj", "aux", "cop"),
        )  # fmt: skip
        of = [c for c in self.children(at, "prep") if self.words[c].lemma == "of"]
        for c in of:
            places += self.below(c, ("relcl",))
        return self._run(sorted(places), at)

    def _run(self, places: list[int], at: int) -> tuple[int, int]:
        """Only words that stand together with the head."""
        start = end = places.index(at)
        while start > 0 and places[start - 1] == places[start] - 1:
            start -= 1
        while end + 1 < len(places) and places[end + 1] <= places[end] + 1:
            end += 1
        return self.words[places[start]].start, self.words[places[end]].end

    def subject(self, verb: int, depth: int = 0) -> int | None:
        """Who does it; of a verb without one that continues or completes another, the other's."""
        found = self.child(verb, "nsubj", "nsubjpass")
        if found is not None or depth > 4:
            return found
        word = self.words[verb]
        if word.dep in ("conj", "xcomp") and word.head != verb:
            return self.subject(word.head, depth + 1)
        return None

    def negated(self, verb: int) -> bool:
        """Whether the verb, or what it completes, is said not to be so."""
        for c in self.children(verb, "neg", "advmod", "det"):
            if self.lower(c) in NEGATIVE or self.lower(c) == "anymore":
                return True
            if self.lower(c) == "longer" and any(self.lower(d) == "no" for d in self.children(c)):
                return True
        word = self.words[verb]
        return word.dep == "xcomp" and word.head != verb and self.negated(word.head)

    def auxiliaries(self, verb: int) -> set[str]:
        return {self.lower(c) for c in self.children(verb, "aux", "auxpass")}

    def sentence(self, at: int) -> tuple[int, int]:
        """The characters of the sentence that a word stands in."""
        root = at
        while self.words[root].head != root:
            root = self.words[root].head
        return self.span(self.below(root))

    def asked(self, at: int) -> bool:
        """Whether the sentence is a question, or the clause one that is only supposed."""
        _, end = self.sentence(at)
        if self.reading.text[end - 1 : end] == "?":
            return True
        clause = at
        while True:
            if any(
                self.lower(c) in ("if", "whether", "unless") for c in self.children(clause, "mark")
            ):
                return True
            if self.words[clause].head == clause:
                return False
            clause = self.words[clause].head

    def objects(self, verb: int) -> Iterator[int]:
        """What it is done to, and what is listed with it."""
        for first in self.children(verb, "dobj", "attr", "oprd"):
            yield from self.listed(first)

    def listed(self, first: int) -> Iterator[int]:
        """A noun and those that are listed with it."""
        yield first
        for c in self.children(first, "conj"):
            if self.words[c].pos in ("NOUN", "PROPN", "VERB"):
                yield from self.listed(c)

    def prepositions(self, at: int) -> dict[str, list[int]]:
        """By preposition, the nouns that hang on a word by it."""
        found: dict[str, list[int]] = defaultdict(list)
        first = self.children(at, "prep", "agent")
        for c in [*first, *(also for p in first for also in self.children(p, "conj"))]:
            for noun in self.children(c, "pobj"):
                found[self.lower(c)] += self.listed(noun)
            for inner in self.children(c, "prep"):
                for noun in self.children(inner, "pobj"):
                    found[self.lower(inner)] += self.listed(noun)
        for name, nouns in found.items():
            also = self._said_again(name, nouns[-1]) if nouns else None
            if also is not None and also not in nouns:
                nouns.append(also)
        for c in self.children(at, "advmod"):  # "back to Lyon"
            for name, nouns in self.prepositions(c).items():
                found[name] += nouns
        return found

    def _said_again(self, preposition: str, noun: int) -> int | None:
        """In "to hazelnut, and to birch pollen" the second noun, which parsers hang elsewhere."""
        at = noun + 1
        if at < len(self) and self.lower(at) == ",":
            at += 1
        if [self.lower(i) for i in range(at, min(at + 2, len(self)))] != ["and", preposition]:
            return None
        last = at + 1
        while last + 1 < len(self) and self.words[last + 1].pos in ("ADJ", "NOUN", "PROPN"):
            last += 1
        return last if self.words[last].pos in ("NOUN", "PROPN") else None

    def kind(self, at: int) -> str | None:
        """The kind of name that a word is part of."""
        return _KIND.get(self.words[at].entity[2:])

    def proper(self, at: int) -> bool:
        return self.words[at].pos == "PROPN"

    def name(self, at: int) -> tuple[int, int]:
        """The characters of a whole proper name."""
        places = [at]
        places += [c for c in self.children(at, "compound", "flat", "nmod") if self.proper(c)]
        return self._run(sorted(places), at)

    def who(self, at: int) -> Ref | None:
        """The person that a word stands for: "I", "you", a name, "my sister", "Julien's mother"."""
        word, reading = self.words[at], self.reading
        if word.pos == "PRON" or word.tag in ("PRP", "PRP$"):
            if word.lemma.lower() in ("i", "we", "my", "our", "me") or self.lower(at) in (
                "me",
                "us",
            ):
                return reading.speaker
            return reading.addressee if self.lower(at) in ("you", "your") else None
        if relation := kin(word.lemma) if word.pos == "NOUN" or not self.named_person(at) else None:
            owner = self.owner(at)
            if owner is not None and word.tag in ("NN", "NNP"):
                return relative(owner, relation)
            return None
        if self.named_person(at):
            start, end = self.name(at)
            return person(reading.text[start:end])
        return None

    def named_person(self, at: int) -> bool:
        """Whether a word is a person's name, as far as one can see."""
        return self.proper(at) and self.kind(at) == "person" and self.text(at)[:1].isupper()

    def owner(self, at: int) -> Ref | None:
        """Whose it is: "my sister", "Julien's mother". None where nobody is named."""
        poss = self.child(at, "poss")
        return self.who(poss) if poss is not None else None

    def own_name(self, at: int) -> tuple[Ref, int, int] | None:
        """The proper name that stands with a noun: "my sister Sofia", "a cat named Miso"."""
        page = self.reading.topic is not None  # "Julien's mother, Villeurbanne" is no name there
        for c in self.children(at, "appos"):
            if self.proper(c) and self.kind(c) in ("person", None) and not page:
                return self.named(c)
        for c in self.children(at, "acl", "relcl"):
            if self.words[c].lemma in ("name", "call"):
                for name in self.children(c, "oprd", "dobj", "attr"):
                    if self.text(name)[:1].isupper():
                        return self.named(name)
        return None

    def named(self, at: int) -> tuple[Ref, int, int]:
        """The person of a proper name, and its characters."""
        start, end = self.name(at)
        name = self.reading.text[start:end]
        return Ref(key_of(name), name, "person"), start, end
