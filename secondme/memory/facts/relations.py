"""The relations that facts are made of, and how each changes over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Change = Literal["never", "replaces", "adds"]
Kind = Literal["person", "animal", "place", "organisation", "thing"]


@dataclass(frozen=True, slots=True)
class Relation:
    """What can be said of somebody.

    `change`: a value that never changes (two of them are a conflict), one that a newer one replaces, or
    one that stands beside others. `object` is the kind of entity that the object is, if it is one.
    `sensitive` facts are health, money and the numbers of documents. `field` is the token of the WHATWG's
    autocomplete list, and `card` the vCard property (RFC 6350), that holds the value in a form.
    """

    name: str
    change: Change = "adds"
    object: Kind | None = None
    sensitive: bool = False
    field: str = ""
    card: str = ""


_KIN_ONE = "husband wife partner mother father boss landlord landlady stepmother stepfather"
_KIN_MANY = (
    "sister brother daughter son child twin cousin aunt uncle niece nephew grandmother grandfather"
    " grandson granddaughter godmother godfather sister-in-law brother-in-law mother-in-law"
    " father-in-law friend colleague neighbour flatmate doctor dentist teacher coach therapist vet"
    " girlfriend boyfriend fiancé fiancée ex-husband ex-wife"
)
_UNCHANGING = {"mother", "father"}

RELATIONS: dict[str, Relation] = {
    r.name: r
    for r in (
        Relation("called", field="nickname", card="NICKNAME"),
        Relation("given name", "never", field="given-name", card="N"),
        Relation("family name", "replaces", field="family-name", card="N"),
        Relation("birthday", "never", field="bday", card="BDAY"),
        Relation("born in", "never", "place", card="BIRTHPLACE"),
        Relation("comes from", "adds", "place"),
        Relation("lives in", "replaces", "place", card="ADR"),
        Relation("address", "replaces", field="street-address", card="ADR"),
        Relation("postal code", "replaces", field="postal-code", card="ADR"),
        Relation("country", "replaces", field="country-name", card="ADR"),
        Relation("phone", "replaces", field="tel", card="TEL"),
        Relation("mobile phone", "replaces", field="mobile tel", card="TEL;TYPE=cell"),
        Relation("home phone", "replaces", field="home tel", card="TEL;TYPE=home"),
        Relation("work phone", "replaces", field="work tel", card="TEL;TYPE=work"),
        Relation("e-mail", "adds", field="email", card="EMAIL"),
        Relation("website", "adds", field="url", card="URL"),
        Relation("works at", "replaces", "organisation", field="organization", card="ORG"),
        Relation("works as", "replaces", field="organization-title", card="TITLE"),
        Relation("studies", "adds"),
        Relation("degree", "adds"),
        Relation("speaks", "adds", field="language", card="LANG"),
        Relation("plays", "adds"),
        Relation("likes", "adds", card="INTEREST"),
        Relation("dislikes", "adds"),
        Relation("has", "adds"),
        Relation("has pet", "adds", "animal"),
        Relation("visited", "adds", "place"),
        Relation("plans", "adds"),
        Relation("is", "adds"),
        Relation("member of", "adds"),
        Relation("does not eat", "adds"),
        Relation("wears", "adds"),
        Relation("allergic to", "adds", sensitive=True),
        Relation("health", "adds", sensitive=True),
        Relation("earns", "replaces", sensitive=True),
        Relation("pays rent", "replaces", sensitive=True),
        Relation("bank account", "adds", sensitive=True),
        Relation("document number", "adds", sensitive=True),
        *(
            Relation(k, "never" if k in _UNCHANGING else "replaces", "person", card="RELATED")
            for k in _KIN_ONE.split()
        ),
        *(Relation(k, "adds", "person", card="RELATED") for k in _KIN_MANY.split()),
    )
}
KIN = frozenset([*_KIN_ONE.split(), *_KIN_MANY.split()])
"""Relations between people."""
TOGETHER = {
    "parent": ("mother", "father"),
    "sibling": ("sister", "brother"),
    "child": ("daughter", "son", "child"),
    "grandparent": ("grandmother", "grandfather"),
    "grandchild": ("granddaughter", "grandson"),
    **dict.fromkeys(("husband", "wife", "partner"), ("husband", "wife", "partner")),
}
"""Words for several relations, or for one that is said in several ways."""
ROLES = frozenset("boss landlord landlady doctor dentist teacher coach therapist vet".split())
"""Those whom one has for what they do: "the vet" is one's own."""
UNCOUNTED = frozenset("friend colleague neighbour flatmate".split())
"""Relations of which nobody writes down all: those on record are not how many there are."""
FAMILY = (KIN | TOGETHER.keys()) - ROLES - UNCOUNTED
"""Relations that are said with whose they are: "my aunt"; "the boss" may be one's own."""
ONLY = frozenset(
    [
        *_KIN_ONE.split(),
        *"sister brother daughter son grandmother grandfather girlfriend boyfriend".split(),
    ]
)
"""Relations by which one is known though no name is said: "my sister" is one person of the graph."""
OPPOSITE = {"likes": "dislikes", "dislikes": "likes"}
"""Relations of which one thing can have only one at a time."""


_PRIVATE = frozenset("weight|blood type|blood pressure|heart rate".split("|"))


def relation(name: str) -> Relation:
    """The relation with that name; one that is not listed is an attribute ("shoe size"), with one value at a
    time."""
    private = name in _PRIVATE or name.endswith(" number")
    return RELATIONS.get(name) or Relation(name, "replaces", sensitive=private)
