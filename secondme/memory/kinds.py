"""What kind of answer a question wants, and whether a claim is of that kind.

"Until when" wants a date, "who" a person, "how many" a number: a claim of another kind is no answer,
however true it is. Question words are known in English and its neighbours; where none is found the
question may have any answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from secondme.memory.terms import keys, negated, plain, terms, tokens
from secondme.memory.timex import dates

Kind = Literal["date", "duration", "number", "person", "place", "yes", "list", "reason", "thing"]

_UNITS = r"(?:date|day|month|year|week|weekend|time)"
_PLACES = r"(?:cit(?:y|ies)|countr(?:y|ies)|towns?|villages?|states?|streets?|places?|address)"
_ASKS: tuple[tuple[Kind, str], ...] = (
    (
        "date",
        rf"when|how long ago|(?:what|which) {_UNITS}\b(?! of )|wann|quand|cuando|quando|wanneer",
    ),
    (
        "duration",
        r"how (?:long|many (?:days|weeks|months|years|hours|minutes))|wie lange|combien de temps"
        r"|cuanto tiempo|quanto tempo|hoe ?lang",
    ),
    (
        "number",
        r"how (?:many|much|often|old|far|tall|heavy)|wie ?(?:viele?|oft|alt|weit)|combien|cuant[oa]s?"
        r"|quant[oaie]s?|hoeveel",
    ),
    ("place", rf"where|(?:what|which) {_PLACES}|wo|wohin|woher|ou(?= )|donde|dove|onde|waar"),
    ("person", r"who|whom|whose|wer|wem|wen|wessen|qui|quien(?:es)?|chi|quem"),
    ("reason", r"why|what made|warum|wieso|weshalb|pourquoi|porque|perche|por que|waarom"),
    (
        "list",
        r"(?:what|which)(?: (?:all|are|were))?(?: (?!is\b|was\b|has\b|does\b)\S+){0,4}?"
        r" (?!does\b|is\b|was\b|has\b|this\b)\S*[^\W\dsu](?:e?s)(?: (?:of|in|with) \S+(?: \S+)?)?"
        r" (?:do|does|did|is|are|was|were|has|have|had|can|could|would|will|might|should)"
        r"|(?:what|which) (?:are|were|all|has|have)|which of",
    ),
    ("thing", r"what|which|how|was|welche[rsmn]?|wie|que|quoi|quel(?:le)?s?|cual|che|quale|qual"),
)
_ASK = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\b)" for kind, words in _ASKS))
_AUXILIARY = r"(?:do|does|did|is|are|was|were|has|have|had|can|will)\b"
_ASKED_THING = re.compile(
    r"\W*(?:what|which) (?P<what>(?:(?:kind|type|sort)s? of )?"
    rf"(?:(?!{_AUXILIARY})[^\W\d_][\w-]* ){{1,2}}?){_AUXILIARY}",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:what|which) (?:cities|countries|towns|villages|states|streets|places)\b"
    r"|\b(?:where|who) (?:has|have)\b"
)
_TURN = re.compile(
    r"(\b(?:did|do|does|has|have|was|were|is)(?: [\w'’]+){1,3}?) (?:first|last)\b(?: time\b)?"
    r"|\b(?:first|last|latest|most recent) time\b",
    re.IGNORECASE,
)
_ONLY_ASKS = re.compile(
    r"(?:(?<=\bwhat )|(?<=\bwhich ))(?:time|day|date|month|year|colou?r)\b"
    r"|(?<=\bhow )(?:long|tall|old|far|high|heavy|big|large|deep|wide|fast|cold|hot)\b"
    r"|\b(?:called|named)(?=\W*$)|\bhappen(?:s|ed|ing)?\b|\baccording to\b",
    re.IGNORECASE,
)
"""Words that a question is made with, which an answer seldom repeats."""
_COUNTED = re.compile(
    r"\bhow many (?!of\b)((?:[^\W\d_][\w'’-]* ){1,5}?)(?:do|does|did|is|are|was|were|has|have|had|can|could"
    r"|will|would|in|at|on)\b",
    re.IGNORECASE,
)
_OF_WHOSE = re.compile(r" of (?:the|my|our|his|her|their|this|that)\b", re.IGNORECASE)
_HAVING = re.compile(
    r"\b(?:do|does|did|will|can) (?:\w+ ){1,3}?(?:have|own)\b|\bthere\b|\b(?:is|are|was|were)\b",
    re.IGNORECASE,
)
_UNCOUNTED = frozenset(keys("times occasions days weeks months years hours minutes kinds"))
_EXACT = re.compile(
    r"\b(?:my|our|his|her|their|the|[\w.-]+['’]s?) ((?:[^\W\d_][\w-]* ){1,2}?)"
    r"(number|size|type|code|password|pin|id|plate)\b(?! of (?!my\b|(?-i:[A-ZÀ-Þ])))",
    re.IGNORECASE,
)
_IDENTIFIES = frozenset("number code pin id plate".split())
_IDENTIFIER = re.compile(r"\w*\d[\w ./-]*\w[\w ./-]*\w")
_STATE = re.compile(r"\b(?:do|does) [\w'’ ]{1,30}?\b(?:live|work|study|rent|own)\b", re.IGNORECASE)
_WAS = re.compile(r"\b(?:lived|worked|studied|rented|owned|used to)\b", re.IGNORECASE)
_WHERE, _GO = re.compile(r"\W*where\b", re.IGNORECASE), re.compile(r"\b(?:go|went|gone)\b")
_POINTS = re.compile(
    r"(?:\b(?:ones?|something|anything)|^\W*(?:[\w'’-]+ )?(?:it|them|that|this))\W*$", re.IGNORECASE
)
"""What only points at something: "the wet one", "that", "with it"; not "glad to have them"."""
_SPOKEN_CLOCK = re.compile(
    r"\b(?:o['’]?clock|noon|midnight|half past|half \w+|quarter (?:past|to)|past|\d+ ?[ap]\.?m)\b"
    r"|^\W*(?:at )?(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\W*$"
)
_EXPIRES = re.compile(r"\b(?:valid|expir\w+|runs? out)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d\d\b(?! ?(?:euro|eur|€|\$|£|k?m\b))", re.IGNORECASE)
_CURRENCY = r"(?:[€$£¥]|\b(?:euros?|eur|dollars?|usd|pounds?|gbp|francs?|chf|cents?)\b)"
_MONEY = re.compile(_CURRENCY)
_LABEL = re.compile(r"(?<![\d.,])(?:\+\d|0\d)[\d /-]{4,}\d|(?<![\d.,])\d{7,}(?![\d.,])")
_PRICED = re.compile(r"\bhow much\b|\bwie ?viel\b|\bcombien\b|\bcuant[oa]\b|\bquanto\b|\bhoeveel\b")
_COSTS = re.compile(r"\bhow much\b.*\b(?:costs?|pay|paid|earn|spend|spent|price|rent)\b")
_MEASURE = re.compile(
    r"\b(?:square|[ck]?m|km|kg|(?:kilo|centi)?met(?:re|er)s?|kilos?|lit(?:re|er)s?|hours?)\b"
)
_OCLOCK = re.compile(r"\b(?:at )?(?:what|which) time\b(?! of)|\bwieviel uhr\b|\bquelle heure\b")
_VERB_FIRST = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should|am|might)\b"
)
_END = re.compile(
    r"\b(?:until|till|valid (?:to|through)|expir\w+|runs? out|ends?|bis|jusqu\w*|hasta|ate|fino)\b"
)
_TIME = re.compile(
    r"\d|\b(?:spring|summer|autumn|fall|winter|christmas|easter|birthday|(?:mid)?night|noon|morning"
    r"|afternoon|evening|day|today|yesterday|tomorrow|week(?:end)?|month|year|decade|ago|before|after"
    r"|during|soon|now|currently|already|never|since|until)s?\b"
)
_LENGTH = re.compile(
    r"\d|\b(?:second|minute|hour|day|night|week|weekend|month|year|decade|forever|always|lifetime|while"
    r"|ages|since|until|long|tag|woche|monat|jahr|stunde|jour|semaine|mois|an|annee|heure)(?:s|n|e|en)?\b"
)
_AMOUNT = re.compile(
    r"\d|\b(?:once|twice|thrice|never|every|daily|weekly|monthly|yearly|annually|always|often|rarely"
    r"|sometimes|regularly|usually|several|couple|few|dozens?|half|none|no|many|much|both|pair|single"
    r"|hundreds?|thousands?|all|each|nightly|less|more|only|young|old|full|free)\b"
)
_PEOPLE = re.compile(
    r"\b\w*(?:mother|father|parent|mom|mum|dad|brother|sister|sibling|son|daughter|child|children|kid"
    r"|baby|husband|wife|partner|boyfriend|girlfriend|fiance|uncle|aunt|auntie|cousin|nephew|niece|gran"
    r"|grandma|grandpa|friend|mate|colleague|neighbo[u]?r|boss|manager|teacher|coach|mentor|doctor|vet"
    r"|nurse|student|owner|landlord|family|families|team|group|people|person|man|woman|men|women|boy|girl"
    r"|couple|crew|club|community|staff|class|everyone|everybody|nobody|no one|herself|himself|someone"
    r"|organi[sz]ation|agency|charity|church|school|client|customer|guest|veteran|volunteer|member|writer|artist|author|singer|band|company|police"
    r"|i|me|we|us|she|he|they|you)s?\b"
)
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|dr|prof|herr|frau|madame|monsieur|mme|senora?|sig)\b\.?")


_BEFORE_PLACES = frozenset(
    "in at to from near on by into around through under behind inside outside between over above along"
    " across via visit visited explore explored toward towards im am an auf aus bei nach zu zum zur neben"
    " hinter unter uber vor a au aux dans chez sur de du en hacia desde sobre em no na nos nas para do da"
    " nel nella".split()
)
"""Words that tell that a place follows: the prepositions of place, and what one does with a place."""
_NEAR_BEFORE = 4


def kind_of(question: str) -> Kind:
    """The kind of answer that a question wants: by its first question word, or its first verb."""
    text = plain(question)
    asks = _ASK.search(text)
    if _VERB_FIRST.match(text) and not re.search(r"\bor\b", text):
        return "yes"
    if asks is None:
        return "thing"
    kind: Kind = asks.lastgroup  # type: ignore[assignment]
    return kind


def several(question: str) -> bool:
    """Whether a question asks for more than one thing."""
    kind = kind_of(question)
    return kind == "list" or (kind in ("place", "person") and bool(_PLURAL.search(plain(question))))


def asked_thing(question: str) -> str | None:
    """The noun that a question asks for after "what" or "which": "kind of cake", "advice"."""
    asks = _ASKED_THING.match(question)
    return asks["what"].strip().lower() if asks else None


def turn_of(question: str) -> Literal["first", "last"] | None:
    """Whether a question asks for the first or the last of several times."""
    turn = _TURN.search(question)
    if turn is None:
        return None
    return "first" if "first" in turn.group().lower() else "last"


def without_turn(question: str) -> str:
    """The question without the words that ask for the first or the last time."""
    return _TURN.sub(r"\1", question)


def without_asking(question: str) -> str:
    """The question without its words that only ask: how tall, what is called, until when valid."""
    bare = _ONLY_ASKS.sub(" ", question)
    if _WHERE.match(bare):
        bare = _GO.sub(" ", bare)
    return _EXPIRES.sub(" ", bare) if kind_of(question) == "date" else bare


def counted(question: str) -> frozenset[str]:
    """What a question counts, as keys: of "how many cars do I own" the car, of "kinds of birds" the bird, of
    "copies of the book" the copy; nothing of times and units."""
    match = _COUNTED.search(question)
    if match is None:
        return frozenset()
    things = _OF_WHOSE.split(match[1], maxsplit=1)[0]
    return keys(things.rsplit(" of ", 1)[-1]) - _UNCOUNTED


def counts_deeds(question: str) -> bool:
    """Whether a question counts what somebody has done, not what there is or what they have."""
    return not _HAVING.search(question)


def exact(question: str) -> tuple[str, str] | None:
    """What distinguishes, and the attribute, where a question asks for one that is written down letter
    by letter or not at all: "my passport number", "the shoe size of Jonas"."""
    match = _EXACT.search(question)
    return (match[1], match[2]) if match else None


def clock_in(text: str) -> str | None:
    """The first time of day that a text writes in figures: "19:30"."""
    found = _CLOCK.search(text)
    return found.group() if found else None


def asks_clock(question: str) -> bool:
    """Whether a question asks for a time of day."""
    return bool(_OCLOCK.search(plain(question)))


def asks_age(question: str) -> bool:
    """Whether a question asks how old somebody or something is."""
    return bool(re.search(r"\bhow old\b", question, re.IGNORECASE))


def over(question: str, clause: str) -> bool:
    """Whether a question asks how somebody lives or works now, and a clause says how they did."""
    return bool(_STATE.search(question) and _WAS.search(clause))


def priced(question: str, claim: str, text: str) -> bool:
    """Whether the numbers of a claim are money in a text, where a question asks what something costs or
    brings in (beside a currency, or of three figures), and are none where it asks how far or many."""
    numbers = re.findall(r"\d+(?:[.,]\d+)*", claim)
    there = plain(text)
    beside = [
        bool(re.search(rf"{_CURRENCY}\s?{n}\b|(?<![\d.,]){n}\s?{_CURRENCY}", there))
        for n in numbers
    ]
    asks = plain(question)
    if _COSTS.search(asks):
        large = any(sum(c.isdigit() for c in n) > 2 for n in numbers)
        return bool(_MONEY.search(plain(claim))) or large or any(beside)
    return kind_of(question) != "number" or bool(_PRICED.search(asks)) or not any(beside)


def unlabelled(text: str) -> str:
    """The text without numbers that count nothing."""
    return _LABEL.sub(" ", text)


def ends(question: str) -> bool:
    """Whether a question asks for an end: "until when", "when does it expire"."""
    return bool(_END.search(plain(question)))


def end_in(text: str) -> dates.Named | None:
    """The date that a text names as an end: the first one close after "until" or its like."""
    for match in _END.finditer(plain(text)):
        named, rest = dates.take_out(plain(text)[match.end() : match.end() + 32])
        if named and not re.match(r"\W*\d", rest):  # else a month of a language not known
            return named[0]
    return None


def names_place(text: str, claim: str) -> bool:
    """Whether a text speaks of what the claim says as of a place.

    It has a capital within a sentence, or a preposition of place not far before it. A claim in a script
    without capitals may always be a place.
    """
    if not re.search(r"[^\W\d_]", claim) or claim.upper() == claim.lower():
        return True
    for word in re.findall(r"[^\W\d_]{2,}", claim):
        if re.search(rf"(?<=[^.!?\s])\s+[(“\"']?{re.escape(word[:1].upper() + word[1:])}\b", text):
            return True
    said, there = tokens(claim), tokens(text)
    if said[0] in _BEFORE_PLACES:
        return True
    at = [n for n, word in enumerate(there) if word in (said[0], said[-1])]
    return any(not _BEFORE_PLACES.isdisjoint(there[max(0, n - _NEAR_BEFORE) : n]) for n in at)


def fits(kind: Kind, claim: str, speakers: Collection[str] = ()) -> bool:
    """Whether a claim may be an answer of this kind. `speakers` are names that are no places
    and not among things that are listed."""
    text = plain(claim)
    named, rest = dates.take_out(claim)
    said = terms(rest)
    bare_date = bool(named) and not said
    people = {word for name in speakers for word in tokens(name)}
    speaks = bool(said) and people.issuperset(tokens(rest))
    numbers = any(term.kind == "number" for term in said)
    if kind != "yes" and tokens(claim) in (["yes"], ["no"]):
        return False
    match kind:
        case "date":
            return bool(named) or numbers or bool(_TIME.search(text))
        case "duration":
            long = bool(_LENGTH.search(text)) and (not bare_date or "since" in tokens(claim))
            return (numbers or long) and not (_CLOCK.search(text) or _MONEY.search(text))
        case "number":
            return numbers or bool(_AMOUNT.search(plain(rest)))
        case "person":
            return any(c.isupper() for c in rest) or bool(_PEOPLE.search(text))
        case "place":
            return not bare_date and bool(said) and not (_TITLE.search(text) or speaks)
        case "list":
            return not speaks
        case "yes":
            return tokens(claim)[:1] in (["yes"], ["no"]) or negated(claim)
        case "reason":
            return not bare_date
        case _:
            return True


def answers(question: str, kind: Kind, claim: str, names: Collection[str] = ()) -> bool:
    """Whether a claim may answer this question of this kind: no price how far, no size how much it costs,
    no phone number, a time of day what time, figures for a number that identifies, and nothing that only
    points at something ("the wet one")."""
    sought = exact(question)
    if sought and sought[1].lower() in _IDENTIFIES and not _IDENTIFIER.search(claim):
        return False
    if asks_clock(question):
        return clock_in(claim) is not None or bool(_SPOKEN_CLOCK.search(plain(claim)))
    if kind in ("thing", "list", "place", "person") and _POINTS.search(claim):
        return False
    if kind == "number":
        money = _MONEY.search(plain(claim)) and not _PRICED.search(plain(question))
        size = _MEASURE.search(plain(claim)) and _COSTS.search(plain(question))
        if money or size or _LABEL.search(claim):
            return False
    return fits(kind, claim, names)
