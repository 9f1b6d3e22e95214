"""What people say of themselves in several languages, as tables of patterns."""
# ruff: noqa: E501 - a pattern a line

from __future__ import annotations

import re
from dataclasses import dataclass

CAP = r"[A-ZÀ-ÖØ-Þ][\w’'-]*"
TITLE = r"(?:(?:Dr|Mrs?|Ms|Prof)\. ?)?"
NAME = rf"{TITLE}{CAP}(?: (?:(?:de|da|do|das|dos|du|des|la|le|les|von|van|am|an der|bei|de la|of) )?{CAP}){{0,4}}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What somebody says of themselves: the group `o` is the object."""

    relation: str
    regex: re.Pattern[str]
    kind: str = ""
    ended: bool = False


def _patterns(table: str) -> list[Pattern]:
    """A line each: relation | kind of the object | expression, with NAME, WORDS and KIN written out."""
    found = []
    for line in table.strip().splitlines():
        relation, kind, expression = (part.strip() for part in line.split("|", 2))
        expression = expression.replace("NAME", NAME).replace(
            "WORDS", r"[\w'’-]+(?: [\w'’-]+){0,3}?"
        )
        ended = relation.startswith("-")
        regex = re.compile(rf"(?<!\w){expression}(?=[\s.,;:!?)…]|$)")
        found.append(Pattern(relation.lstrip("-"), regex, kind, ended))
    return found


ENGLISH = _patterns(r"""
called   |              | [Mm]y name(?: is|'s) (?P<o>NAME)
called   |              | (?:[Yy]ou can|[Pp]lease|[Jj]ust) call me (?P<o>NAME)
comes from | place      | I(?:'m| am| come) (?:originally )?from (?P<o>NAME)
born in  | place        | I was born in (?P<o>NAME)
allergic to |           | I(?:'m| am) (?:also |now )?allergic to (?P<o>[a-z]+(?: [a-z]+)?)
""")  # fmt: skip
"""What the parser finds better, for when it is not here."""
OTHERS = _patterns(r"""
called   |              | [Ii]ch hei(?:ß|ss)e (?P<o>NAME)
called   |              | [Mm]ein Name ist (?P<o>NAME)
lives in | place        | (?:[Ii]ch|[Ww]ir) (?:wohne|wohnen|lebe|leben)(?: jetzt| seit \w+(?: \d{4})?)? in (?P<o>NAME)
lives in | place        | (?:[Ii]ch bin|[Ww]ir sind) nach (?P<o>NAME) gezogen
works at | organisation | [Ii]ch arbeite(?: jetzt| seit \w+(?: \d{4})?)? bei(?: der| dem)? (?P<o>NAME)
works as |              | [Ii]ch arbeite(?: jetzt)? als (?P<o>[A-ZÄÖÜ]\w+)
works as |              | [Ii]ch bin (?P<o>[A-ZÄÖÜ]\w+(?:er|erin|in|ist|eur|euse|loge|login|arzt|ärztin|mann|frau)) von Beruf
comes from | place      | [Ii]ch komme (?:ursprünglich )?aus (?P<o>NAME)
born in  | place        | [Ii]ch (?:bin|wurde) in (?P<o>NAME) geboren
allergic to |           | [Ii]ch bin (?:auch )?allergisch (?:gegen|auf) (?P<o>[A-ZÄÖÜ]\w+)
likes    |              | [Ii]ch (?:liebe|mag) (?P<o>[A-ZÄÖÜ]\w+)(?: sehr)?
dislikes |              | [Ii]ch (?:hasse|mag kein(?:e|en)?) (?P<o>[A-ZÄÖÜ]\w+)
has pet  | animal       | (?:[Mm]ein|[Uu]nser)e? (?:Katze|Kater|Hund|Hündin|Pferd|Hamster|Kaninchen) (?:heißt )?(?P<o>NAME)
called   |              | [Jj]e m['’]appelle (?P<o>NAME)
lives in | place        | (?:[Jj]['’]habite|[Nn]ous habitons|[Jj]e vis|[Nn]ous vivons) (?:maintenant )?(?:à|au|en) (?P<o>NAME)
works at | organisation | [Jj]e travaille (?:maintenant )?(?:chez|pour) (?P<o>NAME)
works as |              | [Jj]e travaille (?:maintenant )?comme (?P<o>[a-zà-ÿ]+)
works as |              | [Jj]e suis (?P<o>[a-zà-ÿ]+(?:eur|euse|ien|ienne|iste|graphe|cteur|ctrice)) de métier
comes from | place      | [Jj]e viens (?:de |d['’])(?P<o>NAME)
born in  | place        | [Jj]e suis née? (?:à|au|en) (?P<o>NAME)
allergic to |           | [Jj]e suis allergique (?:à la |à l['’]|au |aux |à )(?P<o>[a-zà-ÿ]+)
likes    |              | [Jj]['’](?:aime|adore) (?:beaucoup )?(?:le |la |les |l['’])(?P<o>[a-zà-ÿ]+(?: [a-zà-ÿ]+)?)
dislikes |              | [Jj]e (?:déteste|n['’]aime pas) (?:le |la |les |l['’])(?P<o>[a-zà-ÿ]+)
has pet  | animal       | (?:[Mm]on|[Mm]a|[Nn]otre) (?:chat|chatte|chien|chienne|cheval|lapin) (?:s['’]appelle )?(?P<o>NAME)
called   |              | [Mm]e llamo (?P<o>NAME)
lives in | place        | (?:[Yy]o )?(?:[Vv]ivo|[Vv]ivimos)(?: ahora)? en (?P<o>NAME)
works at | organisation | (?:[Tt]rabajo)(?: ahora)? (?:en|para) (?P<o>NAME)
works as |              | [Tt]rabajo(?: ahora)? (?:como|de) (?P<o>[a-zá-ú]+)
comes from | place      | [Ss]oy de (?P<o>NAME)
born in  | place        | [Nn]ací en (?P<o>NAME)
allergic to |           | [Ss]oy alérgic[oa] (?:a la |a los |a las |al |a )(?P<o>[a-zá-ú]+)
likes    |              | [Mm]e (?:gustan?|encantan?) (?:mucho )?(?:el |la |los |las )(?P<o>[a-zá-ú]+)
dislikes |              | (?:[Nn]o me gustan?|[Oo]dio) (?:el |la |los |las )(?P<o>[a-zá-ú]+)
has pet  | animal       | (?:[Mm]i|[Nn]uestr[oa]) (?:gato|gata|perro|perra|caballo) (?:se llama )?(?P<o>NAME)
called   |              | [Cc]hamo-me (?P<o>NAME)
lives in | place        | (?:[Mm]oro|[Mm]oramos|[Vv]ivo)(?: agora)? em (?P<o>NAME)
works at | organisation | [Tt]rabalho(?: agora)? (?:na|no|em) (?P<o>NAME)
""")  # fmt: skip
KIN_ELSEWHERE = {
    "schwester": "sister", "bruder": "brother", "mutter": "mother", "vater": "father",
    "tochter": "daughter", "sohn": "son", "mann": "husband", "frau": "wife", "tante": "aunt",
    "onkel": "uncle", "chefin": "boss", "chef": "boss", "freund": "friend", "freundin": "friend",
    "sœur": "sister", "soeur": "sister", "frère": "brother", "mère": "mother", "père": "father",
    "fille": "daughter", "fils": "son", "mari": "husband", "femme": "wife", "oncle": "uncle",
    "cousine": "cousin", "ami": "friend", "amie": "friend", "hermana": "sister",
    "hermano": "brother", "madre": "mother", "padre": "father", "hija": "daughter", "hijo": "son",
    "marido": "husband", "esposa": "wife", "tía": "aunt", "tío": "uncle", "prima": "cousin",
    "primo": "cousin", "jefe": "boss", "jefa": "boss", "amiga": "friend", "amigo": "friend",
    "irmã": "sister", "irmão": "brother", "mãe": "mother", "pai": "father",
    "oma": "grandmother", "opa": "grandfather", "großmutter": "grandmother",
    "großvater": "grandfather", "grand-mère": "grandmother", "grand-père": "grandfather",
    "mamie": "grandmother", "papi": "grandfather", "abuela": "grandmother", "abuelo": "grandfather",
    "avó": "grandmother", "avô": "grandfather", "nonna": "grandmother", "nonno": "grandfather",
    "tia": "aunt", "tio": "uncle",
}  # fmt: skip
