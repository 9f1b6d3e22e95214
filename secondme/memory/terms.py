"""What a text says, term by term: content words by their stem, numbers as digits, who is meant.

Made for comparing texts of any language; stems, small words and number words are known for English,
small words for its neighbours, and scripts without spaces are cut into pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import snowballstemmer

_SMALL_ENGLISH = """
a about above across after again against ago all almost already also although always am among an and
another any anybody anyone anything are around as at away be because been before behind being
below besides between both but by can cannot could d did didn do does doesn doing don done down during
each either else enough especially etc even ever every everybody everyone everything except few for
from further get gets getting give got had hadn has hasn have haven having he hence her here hers
herself him himself his how however i if im in indeed into is isn it its itself ive just know
like ll lot m many may maybe me might mine more most much must my myself neither nobody none nor nothing
now of off often oh ok okay on once only onto or other others ought our ours ourselves out over
own perhaps probably quite rather re really s same say shall she should shouldn since so some somebody
someone something still such t than that the their theirs them themselves then there these they thing
things this those though through thus to together too toward towards under until up upon us usually
ve very via was wasn we well were weren what whatever when whenever where wherever whether which while
who whoever whole whom whose why will with within without would wouldn yeah yes yet you your yours
yourself yourselves
"""
_NEGATIONS = frozenset(
    "no not never none nobody nothing neither nor without cannot t nicht nie kein keine keinen nein"
    " pas jamais rien nunca nada nem nao niet geen nooit mai nessuno niente".split()
)
"""Words that turn a sentence round; `t` is what is left of "don't"."""
# Only words that are no content words in English: "die", "war", "son" and their like are left out.
_SMALL_OTHERS = """
der das dem des ein eine einen einem einer und oder aber auch nur schon noch nach bei mit von vom zum
zur aus auf fur uber unter durch ist sind waren wird wurde haben habe hatte hatten sich mich dich uns
ihr ihre ihren ihm ihn ich wir du sie wie wo wer wann warum welche welcher welches wenn weil dass nicht
le la les un une du au aux et ou mais avec dans sur chez est sont etait ete avait ont il elle ils elles
je tu nous vous mon ma mes sa ses ce cette ces que qui quoi quand comment pourquoi quel quelle pas
el los las una unos unas y e pero con en por para del al es fue era ha han se mi mis su sus yo
que quien cuando donde como cual lo gli uno di da nel nella che chi quando dove perche quale sono stato
stata os um uma uns umas de em no na nos nas dos das com foi eu ele ela seu sua meu minha quem onde qual
het een van op te zijn heeft hij zij wij ik je voor naar niet
"""
_ASKING = re.compile(
    r"\b(?:(?:kind|name|sort|type)s? of|ones?|mention(?:s|ed)?|name(?= *\?))\b", re.IGNORECASE
)
"""Words that a question is made with and that its answer seldom repeats."""
_FIRST = frozenset(
    "i im ive me my mine myself we us our ours ich mich mir mein meine meinen meiner wir uns unser unsere"
    " je moi mon ma mes nous notre nos yo mi mis nosotros io mio mia noi eu meu minha nosso ik mij mijn wij"
    " ons".split()
)
_SECOND = frozenset(
    "you your yours yourself youre youve du dich dir dein deine deinen deiner ihr euch tu te toi ton ta tes"
    " vous votre vos tuyo usted ustedes tuo tua voi voce voces teu jij jou jouw jullie".split()
)
_NO_SUBJECT = re.compile(
    r"(?:(?:and|but|so|just|also|still) )?(?:been|gonna|got|had|took|went|made|felt|loved|trying|reading"
    r"|looking forward|hoping|thinking|feeling|can['’]?t|couldn['’]?t)\b",
    re.IGNORECASE,
)
"""Beginnings of sentences that leave out "I"."""
_YOURS = re.compile(r"\byour ((?:[\w'’-]+ ?){1,2})", re.IGNORECASE)
_IRREGULAR = """
ate eat eaten eat became become began begin begun begin bought buy broke break broken break brought
bring built build came come caught catch children child chose choose chosen choose drank drink drove
drive driven drive fallen fall fell fall felt feel feet foot flew fly flown fly forgot forget forgotten
forget fought fight found find gave give given give gone go grew grow grown grow heard hear held hold
kept keep knew know known know lent lend lives life lost lose made make men man met meet mice mouse paid
pay ran run rang ring rode ride sang sing sat sit saw see seen see sent send shown show slept sleep sold
sell sought seek spent spend spoke speak spoken speak stole steal stolen steal stood stand stuck stick
sung sing swam swim swum swim taken take taught teach teeth tooth thought think threw throw thrown throw
told tell took take understood understand went go wives wife woke wake women woman won win wore wear
worn wear written write wrote write left leave drew draw drawn draw led lead rose rise risen rise hung hang
shook shake shaken shake struck strike tore tear torn tear bent bend dealt deal fed feed
froze freeze frozen freeze laid lay lain lie
"""
_SAME = """
mom mother mommy mother mum mother mama mother dad father daddy father papa father grandma grandmother
granny grandmother grandpa grandfather granddad grandfather grandad grandfather hubby husband kid child
kids child movie film movies film photo picture photos picture photograph picture
photographs picture pic picture pics picture tv television fridge refrigerator vacation holiday vacations
holiday phone telephone phones telephone automobile car veggies vegetable sofa couch physician doctor
"""
"""Two words for one thing, the one that is used at home and the one of forms."""
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
)
_NUMBER = re.compile(rf"\d|\b(?:{'|'.join([*_UNITS, *_TENS, *_ORDINALS])})\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=[^\s.!?:\"“”]\s)[^\W\d_a-zß-ÿ]\w+")
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*[^\W_]*|[^\W_]+")
_WONT = re.compile(r"won['’]t\b", re.IGNORECASE)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_BREAK = re.compile(
    r"(?<=[.!?…])(?<!\b\d\.)(?<!\b\d\d\.)(?<!\b[DM][rs]\.)(?<!\bMrs\.)(?<!\bProf\.)\s+"
    r"|(?<=[.!?…][\"'”’)\]])\s+|(?<=[。！？])|\n+"
)

_CLAUSE = re.compile(
    r"[,;:()–—]|\s-\s|\b(?:but|when|while|because|although|though"
    r"|and(?=\s+(?:i|you|he|she|it|we|they|that|this|there)\b))\b",
    re.IGNORECASE,
)
_NOT_DENYING = re.compile(
    r"\bcan['’]?t (?:wait|stop|believe|help)|\bcould(?:n['’]?t| not) be (?:more|\w+er)"
    r"|\bdon['’]?t (?:forget|worry)|\bno (?:problem|wonder|doubt)|\bnot only\b",
    re.IGNORECASE,
)
"""Ways of saying that something is so."""

_CALLS = (
    "hey|hi|hello|thanks|thank you|wow|whoa|woah|aww|congrats|congratulations|yeah|yep|yes|no|oh|ah|great"
    "|nice|cool|awesome|sorry|sure|absolutely|dear|bye|well|so|and|hallo|danke|ja|ach|hola|gracias|bonjour|salut"
    "|merci|ciao|grazie|ola|obrigad[oa]|hoi|dank je"
)
"""Words that stand before a name by which somebody is called."""
_UNDONE = re.compile(
    r"\b(?:will|['’]ll|going to|gonna|want(?:s|ed)? to|plan(?:s|ned|ning)? to|hop(?:e|ed|ing) to|would"
    r"|might|(?<!\d )(?-i:may)|should|could|must|tomorrow|let['’]?s|shall|need(?:s|ed)? to|have to|wish|if"
    r"|used to)\b",
    re.IGNORECASE,
)
"""Ways of saying that something is planned, wished or supposed."""

Kind = Literal["word", "name", "number"]


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a text says: what it is compared by, what it is, and how it was written."""

    key: str
    kind: Kind
    surface: str


@cache
def _small() -> frozenset[str]:
    return frozenset(_SMALL_ENGLISH.split()) | frozenset(_SMALL_OTHERS.split()) | _NEGATIONS


@cache
def _irregular() -> dict[str, str]:
    pairs = [*_IRREGULAR.split(), *_SAME.split()]
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


@cache
def _numbers() -> dict[str, int]:
    words = {word: n for n, word in enumerate(_UNITS)}
    words |= {word: 10 * n for n, word in enumerate(_TENS, 2)}
    return words | {word: n for n, word in enumerate(_ORDINALS, 1)}


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=16384)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(_irregular().get(word, word)))


def plain(text: str) -> str:
    """The text in small letters, without accents and in one form of each character."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize(
        "NFC", "".join(c for c in split if unicodedata.category(c)[0] != "M")
    )


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in plain form, small words too."""
    return _TOKEN.findall(plain(text))


def ordinal(term: Term) -> bool:
    """Whether a number tells a place in a row, not how many: "third", "3rd"."""
    return term.surface.lower() in _ORDINALS or bool(re.fullmatch(r"\d+[a-z]{2}", term.surface))


def cardinal(term: Term) -> str:
    """A number as one counts: "four" of "fourth", "3" of "3rd"."""
    if term.surface.lower() in _ORDINALS:
        return _UNITS[int(term.key)]
    return term.key if ordinal(term) else term.surface


def stems(text: str) -> list[str]:
    """The words of a text by their stem, small words too."""
    return [_stem(word) for word in tokens(text)]


def terms(text: str) -> list[Term]:
    """What the text says, in its order, each thing once."""
    return list({term.key: term for term in _terms(text)}.values())


def keys(text: str) -> frozenset[str]:
    """What the text says, as the keys that terms are compared by."""
    return _keys(text)


@lru_cache(maxsize=4096)
def _keys(text: str) -> frozenset[str]:
    return frozenset(term.key for term in _terms(text))


def forget() -> None:
    """Let go of the texts whose terms were kept at hand."""
    _keys.cache_clear()
    _stem.cache_clear()


def asked(question: str) -> list[Term]:
    """What a question is about: its terms without the words that questions are made with."""
    return terms(_ASKING.sub(" ", question)) or terms(question)


def _terms(text: str) -> Iterator[Term]:
    text = unicodedata.normalize("NFC", text)
    tens: tuple[int, str] | None = None
    starts = True
    for match in _TOKEN.finditer(text):
        surface = match.group()
        word = plain(surface)
        value = _numbers().get(word)
        if tens and value is not None and 0 < value < 10:
            value, surface = tens[0] + value, f"{tens[1]}-{surface}"
        elif tens:
            yield Term(str(tens[0]), "number", tens[1])
        tens = (value, surface) if word in _TENS and value else None
        if tens is None and not _WONT.match(text, match.start()):
            yield from _said(word, surface, value, starts)
        starts = text[match.end() : match.end() + 1] in set('.!?:\n"“”')
    if tens:
        yield Term(str(tens[0]), "number", tens[1])


def _said(word: str, surface: str, value: int | None, starts: bool) -> Iterator[Term]:
    """The terms of one token; `starts` when it begins a sentence, where a capital means nothing."""
    if value is not None:
        yield Term(str(value), "number", surface)
    elif word[0].isdigit():
        key = _digits(word)
        yield Term(key, "word" if key[-1].isalpha() else "number", surface)
    elif _UNSPACED.fullmatch(word):
        yield from (Term(pair, "word", pair) for pair in _pairs(word))
    elif len(word) > 1 and word not in _small():
        name = surface[0].isupper() and not starts
        yield Term(_stem(word), "name" if name else "word", surface)


def _digits(word: str) -> str:
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word)
    return re.sub(r"[.,](?=\d{3}(?:\D|$))", "", bare)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def has_number(text: str) -> bool:
    """Whether a number stands in a text, in figures or in English words."""
    return bool(_NUMBER.search(text))


def capitals(text: str) -> list[str]:
    """The words of a text that have a capital within a sentence, as names have."""
    return _NAME.findall(text)


def sentences(text: str) -> list[str]:
    """The sentences of a text, without the space around them."""
    return [text[start:end] for start, end in sentence_spans(text)]


def around(text: str, sentence: str, limit: int) -> str:
    """A sentence of a text with as many as fit after it, and then before it, within a limit."""
    spans = sentence_spans(text)
    found = [n for n, (start, end) in enumerate(spans) if text[start:end] == sentence]
    if not found:
        return sentence
    first = last = found[0]
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= limit:
        last += 1
    while first > 0 and spans[last][1] - spans[first - 1][0] <= limit:
        first -= 1
    return text[spans[first][0] : spans[last][1]]


def clipped(text: str, limit: int) -> str:
    """The text on one line, cut after a word where it is longer than this many characters."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:") + "…"


def sentence_spans(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for end, following in [*((m.start(), m.end()) for m in _BREAK.finditer(text)), (len(text), 0)]:
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, left + len(piece.strip())))
        start = following
    return spans


def clauses(sentence: str) -> list[str]:
    """The clauses of a sentence, as far as signs and conjunctions show them."""
    return [piece for piece in _CLAUSE.split(sentence) if piece.strip()]


def negated(text: str) -> bool:
    """Whether a sentence or clause says that something is not so."""
    return not _NEGATIONS.isdisjoint(tokens(_NOT_DENYING.sub(" ", text)))


def undone(sentence: str) -> bool:
    """Whether a sentence plans, wishes or supposes what it speaks of."""
    return bool(_UNDONE.search(sentence))


def without_calling(sentence: str, name: str) -> str:
    """The sentence without a name that only calls somebody: "Hey Ana, I moved", "Thanks, Ana!"."""
    called = rf"(?:^(?:\W*\b(?:{_CALLS})\b)*\W*|[,!.?]\s+){re.escape(name)}\b(?=\s*[,!?.;:–—]|\s*$)"
    return re.sub(called, " ", sentence, flags=re.IGNORECASE)


def first_person(sentence: str) -> bool:
    """Whether the one who says a sentence speaks of themselves in it."""
    return not _FIRST.isdisjoint(tokens(sentence))


def addressed(sentence: str, owned: frozenset[str] = frozenset()) -> bool:
    """Whether a sentence speaks of the one who hears it and not of the one who says it: it says "you" and not
    "I", asks something, or speaks of "your" thing, where whose that is matters (`owned`). Where
    the subject is left out ("Been reading the book you lent me") it is the one who says it."""
    words = set(tokens(sentence))
    if any(owned & keys(theirs[1]) for theirs in _YOURS.finditer(sentence)):
        return True
    if not words.isdisjoint(_FIRST):
        return False
    asks = sentence.rstrip().endswith("?")
    return asks or (not words.isdisjoint(_SECOND) and not _NO_SUBJECT.match(sentence))
