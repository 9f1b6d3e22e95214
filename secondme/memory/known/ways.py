"""How people ask for what facts hold: the words that a question about a relation has."""

# ruff: noqa: E501 - a relation's words together

from __future__ import annotations

from dataclasses import dataclass

from secondme.memory.terms import stems


def stems_of(words: str) -> frozenset[str]:
    return frozenset(stems(words))


@dataclass(frozen=True, slots=True)
class Ask:
    """How a relation is asked for: all words of one of `needs`, and of others only `allows`."""

    relations: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    allows: frozenset[str]
    kinds: frozenset[str] = frozenset()
    """Things of which kind the objects are, when the question says that ("pets", "instruments")."""


def _ask(relations: str, needs: str, allows: str = "", kinds: str = "") -> Ask:
    """`needs` are alternatives with a bar between them."""
    return Ask(
        tuple(r.strip() for r in relations.split(",")),
        tuple(stems_of(n) for n in needs.split("|")),
        stems_of(allows)
        | stems_of(
            "hat ist de la le el o a wo ou donde onde wann what which who whom where how when name call tell long since @"
        ),
        stems_of(kinds),
    )


ASKS = (
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
         "phone|telephone|mobile|number|cell|how reach|where reach|cellphone|how call|how ring|dial",
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
    _ask("earns", "earn|salary|income|get paid|make year|make month", "much in a an per what is make year month at get paid"),
    _ask("pays rent", "rent", "much pay for in of what is month"),
    _ask("member of", "member|club", "of in to belong"),
    _ask("does not eat", "not eat|food not eat", "t any food"),
    _ask("husband, wife, partner", "married|spouse", "to with"),
    _ask("dislikes", "dislike|hate|detest|loathe|stand|bear|not like|not enjoy|like t|enjoy t|abhor|dislikes",
         "not t most really to like enjoy"),
    _ask("likes", "like|love|enjoy|fond|fan|adore|into|keen|taste|favourite|likes|prefer",
         "of on most really to do in"),
)  # fmt: skip


def asks_only(words: frozenset[str]) -> str | None:
    """The relation whose value, and nothing more, the words of a question ask for."""
    for ask in ASKS:
        if any(need <= words and words - need <= ask.allows for need in ask.needs):
            return ask.relations[0]
    return None


ATTRIBUTES = {
    "height": "height|tall",
    "weight": "weight|weigh|heavy",
    "bike": "bike|bicycle",
    "blood type": "blood type|blood group",
}
"""Other words by which an attribute is asked for."""
OF_ATTRIBUTES = stems_of(
    "what which who how much many tall big old do does call name live drive own take wear use go sing play have"
    " pay get in on at of for to with is number @"
)
STATEMENTS = {
    # other verbs, in questions that name the value: "does he have a dog?"
    "has pet": stems_of("have own keep get pet animal"),
    "lives in": stems_of("live lives home move"),
    "works at": stems_of("work for at with employ job join start"),
    "works as": stems_of("work as job"),
    "plays": stems_of("play know"),
    "speaks": stems_of("speak know"),
    "likes": stems_of("like love enjoy fond fan adore of to into on keen big"),
    "dislikes": stems_of("hate dislike detest loathe stand not like enjoy bear t"),
}
