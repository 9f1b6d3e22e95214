"""What people say of their own things in English: "my shoe size is 42", "our rent went up to 980 euros".

Each attribute is a relation of its own name, of which a newer value takes the place of an older one.
Like `clauses`, by the words alone, and not what is asked, supposed or wished.
"""
# ruff: noqa: E501 - a pattern a line

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from secondme.memory.facts.reading import NOBODY, Ref, Said, begun, person
from secondme.memory.facts.sayings import CAP, NAME

_AMOUNT = r"(?:[€$£] ?\d[\d.,]*\d|\d[\d.,]*\d? ?(?:k\b|€|euros?|EUR|pounds|GBP|dollars|USD|francs|CHF)|\d{2,3}[.,]\d{3}\b)"
_PERIOD = r"(?: (?:an?|per) (?:year|month|week|hour|day)| before tax| after tax| net| gross)*"
_NTH = r"(?:ground|top|\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
_NUMBERS = (
    r"(?:shoe|dress|ring|collar|shirt|trouser|hat|waist) size|height|weight|pension|floor"
    r"|(?:door|room|flat|seat|desk|locker|customer|membership|policy|insurance|tax|social security|licen[cs]e"
    r"|employee|student|library card|post) (?:number|code)|postcode|blood pressure|heart rate|mileage"
)
"""Things whose value has a figure in it."""
_NAMED = (
    r"car|van|bike|bicycle|motorbike|gym|bank|insurer|insurance|health insurance|school|university|choir|band"
    r"|orchestra|football club|tennis club|chess club|church|pharmacy|hairdresser|garage|laptop|camera"
    r"|nationality|religion|mother tongue|native language|maiden name|middle name"
    r"|star sign"
)
"""Things whose value is a name."""
_CHOSEN = r"blood type|blood group|(?:eye|hair) colou?r|favou?rite [a-z]+(?: [a-z]+)?"
"""Things whose value is a word or a few."""
_CHARACTER = r"(?:[^\s,.;:!?()]|(?<=\d)[.,:](?=\d))"
_VALUE = rf"{_CHARACTER}+"
_WORDS = rf"{_VALUE}(?: {_VALUE}){{0,4}}"
_WITH_FIGURE = rf"(?:[€$£] ?)?(?:[\w-]+ )?(?:\w*\d|{_NTH}\b){_CHARACTER}*(?: (?!and\b|but\b|now\b|so\b|because\b|instead\b){_VALUE}){{0,4}}|{_NTH}"
_WITH_NAME = (
    rf"(?:an? |the )?(?:[a-z]+ ){{0,2}}{CAP}(?: (?:\d+|[A-Z]?\d\w*|de|la|of|du|{CAP})){{0,4}}"
)
_CHANGES = (
    r"(?: is| are)(?: now| currently| still)?|(?: has| have)? (?:went|gone|rose|risen|increased|dropped|fell"
    r"|come down|been raised|been increased|changed)(?: up| down)? to|:"
)
_WHOSE = rf"(?P<whose>[Mm]y|[Oo]ur|{CAP}['’]s) (?:new |current )?"
_I = r"(?:I|[Ww]e)(?:['’](?:ve|m|re)| have| am| are)?(?: just| now| currently| recently| still| only)?"

_TABLE = r"""
                | WHOSE(?P<name>NUMBERS)(?:CHANGES) (?:about |around )?(?P<o>FIGURE)
                | WHOSE(?P<name>NAMED)(?:CHANGES) (?P<o>NAMEDVALUE)
                | WHOSE(?P<name>CHOSEN)(?: is| are|:)(?: still| now)? (?P<o>WORDS)
earns           | WHOSE(?:(?:gross |net |monthly |yearly |annual )?(?:salary|wages?|pay|income))(?:CHANGES) (?:about |around )?(?P<o>(?:AMOUNT|\d[\d.,]*\d)PERIOD)
earns           | I (?:earn|make|get|am paid|get paid|now earn|now make) (?:about |around )?(?P<o>AMOUNTPERIOD)(?= |$|[,.;!])
pays rent       | WHOSErent(?:CHANGES) (?:about |around )?(?P<o>(?:AMOUNT|\d[\d.,]*\d)PERIOD)
pays rent       | I pay (?:about |around )?(?P<o>AMOUNTPERIOD) (?:in |for |of )?(?:the )?rent
height          | I(?:['’]m| am) (?P<o>\d[.,]\d+ ?m|\d{3} ?cm|\d ?(?:ft|foot|feet|['’]) ?\d{1,2}(?:"|in)?)(?: tall)?
weight          | I weigh (?:about |around )?(?P<o>\d[\d.,]* ?(?:kg|kilos?|kilograms?|pounds|lbs|stone))
shoe size       | I (?:take|wear|have|need)(?: a)? shoe size (?P<o>\d[\d.,]*)
shoe size       | I (?:take|wear|have|need)(?: a)? size (?P<o>\d[\d.,]*) (?:in )?(?:shoes|boots)
floor           | I (?:live|moved|moving|lived)(?: up| down)? (?:on|to|onto|into) the (?P<o>NTH floor)
car             | I (?:drive|bought|own)(?: myself)? (?P<o>(?:an? |the )(?:[a-z]+ ){0,2}(?:CARS)(?: (?:[A-Z]?\d\w*|CAP)){0,2})
bank            | I bank with (?:the )?(?P<o>NAME)
member of       | I(?: been| become| became)? an? (?:\w+ )?member of (?:the )?(?P<o>NAME)
member of       | I joined (?:the )?(?P<o>NAME (?:[Cc]lub|[Cc]hoir|[Ss]ociety|[Aa]ssociation|[Uu]nion|[Pp]arty|[Oo]rchestra))
choir           | I (?:sing|singing) (?:in|with) (?:the|an?) choir(?:,? (?:called|named))? (?P<o>NAME)
band            | I (?:play|playing) (?:\w+ ){0,3}(?:in|with) (?:the|an?) band(?:,? (?:called|named))? (?P<o>NAME)
does not eat    | I (?:don['’]?t|do not|can['’]?t|cannot|no longer|never|stopped) eat(?:ing)? (?:any )?(?P<o>(?!it|that|them|this|much|out|well|enough|any)[a-z]{3,}(?: (?:meat|products?))?)
wears           | I wear (?P<o>glasses|contact lenses|contacts|hearing aids?|braces|a hearing aid)
is              | I (?P<o>left-handed|right-handed|lactose intolerant|gluten intolerant|colou?r-?blind|short-sighted|long-sighted|diabetic|coeliac|celiac|teetotal)
-works at       | I (?:quit|left|lost|gave up|resigned from|handed in)(?: my)?(?: old)? (?:job|position|post) (?:at|with) (?P<o>NAME)
-works at       | I (?:been |was |got )?(?:fired|laid off|let go|made redundant) (?:from|by|at) (?P<o>NAME)
-partner        | I (?:broke up|split up|separated|got divorced|am divorced|divorced) (?:with |from )?(?P<o>CAP)
"""
_CARS = (
    "Audi|BMW|Citroën|Citroen|Dacia|Fiat|Ford|Honda|Hyundai|Jaguar|Jeep|Kia|Lexus|Mazda|Mercedes|Mini|Mitsubishi"
    "|Nissan|Opel|Peugeot|Polestar|Porsche|Renault|Saab|Seat|Škoda|Skoda|Subaru|Suzuki|Tesla|Toyota|Vauxhall|Volvo"
    "|Volkswagen|VW|Golf|Polo|Passat|Corolla|Prius|Civic|Clio|Twingo|Fiesta|Corsa"
)
_PIECES = {
    "WHOSE": _WHOSE, "NUMBERS": _NUMBERS, "NAMEDVALUE": _WITH_NAME, "NAMED": _NAMED, "CHOSEN": _CHOSEN,
    "CHANGES": _CHANGES, "FIGURE": _WITH_FIGURE, "WORDS": _WORDS, "AMOUNT": _AMOUNT, "PERIOD": _PERIOD,
    "NTH": _NTH, "CARS": _CARS, "CAP": CAP, "NAME": NAME,
}  # fmt: skip
_PIECE = re.compile("|".join(sorted(_PIECES, key=len, reverse=True)))
_LATER = re.compile(
    r" (?:now|again|too|today|these days|at the moment|already|instead|since|from|for|and|but|so|because|which"
    r"|who|that|as|(?:after|before)(?! tax)|when|with|in)\b.*$"
)
"""What is no part of a value any more."""
_NO_VALUE = re.compile(
    r"^(?:not|no|when|how|that|where|because|always|just|still|so|really|in|on|at|to|from|with|going|being|having"
    r"|getting|probably|definitely|called|named|broken|gone|up|down|it|this)\b"
)
_BEGIN = re.compile(
    r"\b(?:moved|went|gone|rose|risen|increased|dropped|fell|raised|changed|joined|bought|new|just|now)\b"
)
_SAME = {"blood group": "blood type", "insurer": "insurance", "bicycle": "bike"}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for row in _TABLE.strip("\n").splitlines():
        relation, _, expression = (part.strip() for part in row.partition("|"))
        expression = re.sub(r"^I(?= |\()", lambda _: _I, expression)
        expression = _PIECE.sub(lambda piece: _PIECES[piece.group()], expression)
        whole = rf"(?:^|[,;:.!–—] |\b(?:and|but|because|that|so)(?: now| then)? |^\w+[,!] )(?:{expression})(?![\w-])"
        found.append((relation, re.compile(whole)))
    return found


def said(speaker: Ref, sentence: str, at: int, day: date) -> Iterator[Said]:
    """What a sentence that begins at a character says of its speaker's things, or of somebody's whom it
    names; it was said on that day."""
    for relation, regex in _patterns():
        for match in regex.finditer(sentence):
            groups = match.groupdict()
            who = _whose(groups.get("whose"), speaker)
            name = relation.lstrip("-") or groups["name"].lower().replace("favorite", "favourite")
            value = _LATER.sub("", " ".join(match["o"].split()))
            if who is None or not value or _NO_VALUE.match(value):
                continue
            since = begun(sentence, day, bool(_BEGIN.search(match[0])))
            ended = relation.startswith("-")
            yield Said(
                at + match.start(), at + match.end(), who, _SAME.get(name, name), value,
                ended=ended, since=None if ended else since, until=since if ended else None,
                confidence=0.8,
            )  # fmt: skip


def _whose(word: str | None, speaker: Ref) -> Ref | None:
    if word is None or word.lower() in ("my", "our"):
        return speaker
    name = person(word[:-2])
    return None if name.key in NOBODY else name
