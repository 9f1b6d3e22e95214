"""What is known of somebody altogether, from facts: "Tell me about Sofia"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from secondme.memory.facts.relations import KIN
from secondme.memory.facts.weigh import Fact
from secondme.memory.known.asking import SUBJECT, Asked
from secondme.memory.known.values import Known, places_of

_ASKS = re.compile(
    r"(?:(?:everything |all |something )?about"
    r"|(?:what|all|everything)(?: do)? (?:you|I|we) know (?:about|of)"
    rf"|what is known (?:about|of)|what can you tell me about) {SUBJECT}",
    re.IGNORECASE,
)
_LEFT_OUT = frozenset(
    "address|postal code|country|phone|mobile phone|home phone|work phone|e-mail|website|given name"
    "|family name|called|plans|document number|bank account".split("|")
)
"""What is asked for by itself, and tells little of who somebody is."""
_WAYS = {"birthday": "born {}", "works as": "{}", "is": "{}"}
_BARE = ("born in", "comes from", "lives in", "works at", "likes", "dislikes", "plays", "speaks", "has",
         "visited", "member of", "allergic to", "studies", "wears", "does not eat")  # fmt: skip
_FIRST = ("birthday", "born in", "comes from", "lives in", "works as", "works at")
_MOST = 12


class Portrait:
    """Answers from the facts about somebody, `facts`, and from those about others whose object they are,
    `about`; `name` gives an entity's name; `me` is the person whose memory this is."""

    def __init__(
        self,
        facts: Callable[[str], Sequence[Fact]],
        about: Callable[[str], Sequence[Fact]],
        name: Callable[[str], str],
        me: str | None,
    ) -> None:
        self._facts = facts
        self._about = about
        self._name = name
        self._me = me

    def __call__(self, asked: Asked) -> Known | None:
        """The answer, if the question asks for what is known of somebody and two facts or more tell it."""
        if not _ASKS.fullmatch(asked.text) or asked.time is not None:
            return None
        kin = [f for f in self._about(asked.person) if f.subject == self._me and f.relation in KIN]
        kin = [f for f in kin if f.current]
        own = [f for f in self._facts(asked.person) if f.current and f.relation not in _LEFT_OUT]
        order = {relation: n for n, relation in enumerate(_FIRST)}
        own.sort(
            key=lambda f: (order.get(f.relation, len(order) + (f.relation not in KIN)), f.relation)
        )
        own = own[:_MOST]
        if len(kin) + len(own) < 2:
            return None
        said = [f"your {f.relation}" for f in kin]
        said += [self._says(relation, own) for relation in dict.fromkeys(f.relation for f in own)]
        confidence = min(f.confidence for f in [*kin, *own])
        return Known("; ".join(said), places_of([*kin, *own]), confidence)

    def _says(self, relation: str, facts: Sequence[Fact]) -> str:
        """All that the facts of a relation say."""
        named = relation in KIN
        values = [
            self._name(f.object_entity) if f.object_entity and named else f.object
            for f in facts
            if f.relation == relation
        ]
        way = f"{relation} {{}}" if relation in _BARE else f"{relation}: {{}}"
        return _WAYS.get(relation, way).format(", ".join(dict.fromkeys(values)))
