"""Rules over the clauses of English, for what a small parser often misreads: short statements of fact.

They go by the words alone, from the beginning of a clause, and pass over what is asked, supposed or wished.
"""
# ruff: noqa: E501 - a pattern a line

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from secondme.memory.facts import attributes
from secondme.memory.facts.reading import (
    NOBODY,
    Found,
    Reading,
    Ref,
    Said,
    begun,
    key_of,
    person,
    relative,
)
from secondme.memory.facts.relations import KIN
from secondme.memory.facts.sayings import CAP, TITLE
from secondme.memory.facts.tree import NICE
from secondme.memory.facts.words import ANIMALS, COUNTRIES, INSTRUMENTS, JOBS
from secondme.memory.terms import sentences

_SUPPOSED = re.compile(
    r"\b(?:if|wish|would|imagine|dream(?:t|ed|s|ing)? (?:of|about|that)|maybe|perhaps|hop(?:e|es|ing)|might|could"
    r"|should|used to|['’]d|pretend|joked?|suppose[ds]?|almost|nearly|unless|whether)\b",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",? (?:can you (?:believe|imagine) (?:it|that|this)|right|you know|remember|huh|eh|okay|ok|did you know"
    r"|(?:is|are|do|don|can|have|has)n?['’]?t? (?:it|you|we|I))\?$",
    re.IGNORECASE,
)
"""What makes a question of a statement that is none."""
_LONGEST = 600
"""Characters of a sentence: longer ones are no sentences that a person says."""
_REPORTED = r"[^,.]*\b(?:thinks?|thought|says?|said|believes?|tells?|told|when|where|while)\b"
_PLACE = rf"{CAP}(?: (?:de |da |do |di |la |las |los |of |am |an der )?{CAP}){{0,3}}"
_ORG = rf"{CAP}(?: (?:& |and |of |de )?{CAP}){{0,3}}"
_NAME = rf"{TITLE}{CAP}(?: {CAP}){{0,2}}"
_JOB = rf"(?:[a-z-]+ ){{0,2}}?(?:{'|'.join(sorted(JOBS, key=len, reverse=True))})"
_DATE = (
    r"(?:the )?\d{1,2}(?:st|nd|rd|th|\.)?(?: of)? [A-Z][a-z]{2,8}(?:,? \d{4})?"
    r"|[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?(?:, \d{4})?"
)
_ANIMAL = "|".join(sorted(ANIMALS, key=len, reverse=True))
_COUNTRY = "|".join(
    sorted((c.upper() if len(c) < 4 else c.title() for c in COUNTRIES), key=len, reverse=True)
)
_TOOL = "|".join(sorted(INSTRUMENTS, key=len, reverse=True))
_THING = r"[a-z]{3,}(?: [a-z]{3,})?"
_JUST = (
    r"(?: just| now| finally| recently| also| really| actually| absolutely| even| still| simply)*"
)
_I = rf"(?:I|[Ww]e)(?:['’](?:ve|m|re)| have| am| are)?{_JUST}(?: been)?"
_I = rf"(?:{_I}|I\b[^.;!?]{{1,40}}?,? and{_JUST})"
_THEY = rf"(?P<who>{_NAME})(?:['’]s| has| is)?{_JUST}(?: been)?"
_PHONE = r"(?:\+|00|\(0|0)[\d(][\d ()/.-]{6,18}\d"

_TABLE = r"""
lives in | place        | SUBJECT (?:live|living|lives|reside|resides|residing|based|settled)(?: down| here| now| happily)* in (?P<o>PLACE)
lives in | place        | SUBJECT (?:moved|relocated)(?: back| over| house| in| home)? to (?P<o>PLACE)
lives in | place        | SUBJECT moved (?:in|into|to) (?:an? |the |our |my |his |her )?(?:\w+ )?(?:flat|house|apartment|place|room|studio) in (?P<o>PLACE)
lives in | place        | SUBJECT call(?:s|ing)? (?P<o>PLACE) (?:my |our |his |her |their )?home
works at | organisation | SUBJECT (?:work|works|working)(?: now| part-time| full-time)? (?:at|for|with) (?P<o>ORG)
works at | organisation | SUBJECT (?:started|begun|began)(?: out| working| work)? (?:at|with|for) (?P<o>ORG)
works at | organisation | SUBJECT (?:started|begun|got|get|found|landed|took|taken|accepted|have|has)(?: on)? (?:an? |the |my |his |her )?(?:new )?(?:job|position|post|role|offer)(?: as an? [a-z ]{3,20})? (?:at|with|from) (?P<o>ORG)
works at | organisation | SUBJECT (?:joined|(?:got |get )?(?:hired|employed|recruited|taken on) (?:by|at)) (?P<o>ORG)
works as |              | SUBJECT (?:work|works|working|started|trained|retrained|employed|hired)(?: out| now| again)? as (?:an? |the )?(?P<o>JOB)
works as |              | SUBJECT (?:got|found|landed|took|taken|have|has)(?: myself| me)? (?:an? )?(?:new )?(?:job|position|post|work) as (?:an? )?(?P<o>JOB)
works as |              | SUBJECT (?:earn|earns|earning|make|makes|making) (?:my|a|his|her|their|our) living as (?:an? )?(?P<o>JOB)
works as |              | SUBJECT (?:switched|changed)(?: careers?)?(?: from [a-z ]{3,20})? to (?:being )?(?:an? )?(?P<o>JOB)
works as |              | SUBJECT (?:become|became|turned|made) (?:an? |the )?(?P<o>JOB)
partner  | person       | SUBJECT (?:is |are |got |get |getting )?(?:engaged|married) to (?P<o>PERSON)
plays    |              | SUBJECT (?:play|plays|playing|(?:can|learn|learns|learning|learnt|learned|started|start|began)(?: to| how to)? play(?:ing)?|taken up|took up)(?: the| an?| my)? (?P<o>TOOL)
"""
_OWN = r"""
lives in | place        | [Mm]y (?:new )?(?:home(?:town| town| city)?|city|town)(?: is|['’]s)(?: now)?(?: in)? (?P<o>PLACE)
lives in | place        | [Mm]y (?:new )?(?:flat|apartment|house|place|address)(?: is|['’]s)(?: now)? in (?P<o>PLACE)
lives in | place        | [Hh]ome is(?: now)? (?P<o>PLACE)
lives in | place        | (?P<o>PLACE) is where (?:I|we) (?:now )?live
lives in | place        | (?P<o>PLACE) is (?:now )?(?:my|our) (?:new )?(?:home|hometown)
works as |              | I(?:['’]m| am|['’]ve been| have been)(?: now)? (?:an? )(?P<o>JOB)
works as |              | [Mm]y (?:new )?(?:job|profession|occupation)(?: is|['’]s|:)(?: now)?(?: that of)? (?:an? )?(?P<o>JOB)
works at | organisation | [Mm]y (?:new )?(?:job|position|workplace|employer|company)(?: is|['’]s)(?: now)?(?: at| with)? (?P<o>ORG)
works at | organisation | .*\b(?:my|our) first (?:day|week|shift) (?:at|with|for) (?P<o>ORG)
works at | organisation | (?P<o>ORG) (?:has )?(?:hired|employed|recruited) me
phone    |              | (?:I(?:['’]ve| have)? |[Yy]ou can |[Pp]lease )[^.!?\n\d]{0,30}\b(?:number|mobile|phone|reach me|call me|text me)\b[^.!?\n\d+]{0,25}(?P<o>PHONE)
phone    |              | (?:.*\b)?(?:[Mm]y (?:(?:new|mobile|cell|phone|telephone|private|own|current) )*(?:number|mobile|phone)|[Nn]ew number|(?:[Cc]all|[Tt]ext|[Rr]ing|[Rr]each|[Dd]ial) me)\b[^.?\n\d+]{0,25}(?P<o>PHONE)
likes    |              | IJUST(?: do| come to| grown to| started to| learn(?:ed|t) to)? (?:like|love|enjoy|adore|fond of|keen on) (?P<o>THING)
likes    |              | I(?:['’]m| am)JUST (?:a (?:big |huge |great )?fan of|fond of|into|keen on|crazy about|mad about) (?P<o>THING)
likes    |              | [Mm]y favou?rite (?:\w+ )?(?:is|are) (?P<o>THING)
likes    |              | (?P<o>WORD) (?:is|are) my (?:absolute )?favou?rites?
dislikes |              | IJUST(?: come to| grown to| started to)? (?:hate|dislike|detest|loathe|can['’]?t (?:stand|bear)|cannot (?:stand|bear)|(?:don['’]?t|do not)(?: really)? (?:like|enjoy|love)|gone off|no longer (?:like|enjoy|love)|not (?:a (?:big )?fan of|fond of|keen on|into)) (?P<o>THING)
dislikes |              | (?P<o>WORD) (?:is not|isn['’]t|are not|aren['’]t|is just not) (?:for me|my thing|my cup of tea)
*has pet | animal       | \b(?:I|[Ww]e)\b[^.!?,]{0,30}?(?P<pet>ANIMAL),? (?:named|called|by the name of) (?P<o>CAP)
*has pet | animal       | \b(?:[Mm]y|[Oo]ur) (?:\w+ )?(?P<pet>ANIMAL),? (?:is (?:named|called) )?(?P<o>CAP)
*has pet | animal       | \b(?:[Mm]y|[Oo]ur|I have an?|[Ww]e have an?|[Ww]e got an?|I got an?) (?:\w+ )?(?P<pet>ANIMAL)(?:['’]s name is|,? (?:his|her|its) name is) (?P<o>CAP)
-*has pet | animal      | \b(?:[Mm]y|[Oo]ur) (?:\w+ )?(?P<pet>ANIMAL),? (?P<o>CAP),? (?:has |had to be |was |is )?(?:died|dead|passed away|put (?:down|to sleep)|run over)
visited  | place        | (?:I|[Ww]e)(?:['’]ve| have| had)?JUST (?:visited|toured|been (?:in|to)|was in|were in|went to|flew to|drove to|sailed to|travell?ed (?:to|in|through|around)|came (?:home |back )?from|returned from|got back from|spent [^.,!?]{1,24} in) (?P<o>COUNTRY)
visited  | place        | (?:I(?:['’]m| am) |[Ww]e(?:['’]re| are) )?(?:[Jj]ust )?[Bb]ack from (?P<o>COUNTRY)
visited  | place        | (?:[Mm]y|[Oo]ur) (?:\w+ )?(?:trip|holiday|vacation|journey|weekend|week|honeymoon) (?:to|in) (?P<o>COUNTRY) (?:was|is over)
birthday |              | [Mm]y birthday(?: is| falls|['’]s)(?: on)? (?P<o>DATE)
birthday |              | [Ii]t['’]?i?s my birthday on (?P<o>DATE)
birthday |              | I was born on (?P<o>DATE)
"""
_THEIRS = r"""
works as |              | WHO(?:['’]s| is| has become| became)(?: now)? (?:an? )(?P<o>JOB)
birthday |              | WHO['’]s birthday(?: is| falls|['’]s| was)(?: on)? (?P<o>DATE)
birthday |              | WHO (?:has|celebrates) (?:a |his |her |their )birthday on (?P<o>DATE)
birthday |              | WHO was born on (?P<o>DATE)
partner  | person       | WHO and (?P<o>PERSON) (?:have |are |were |got |just )*(?:married|engaged)
"""
_KIN = "|".join(sorted([*KIN, *NICE], key=len, reverse=True))
_RELATED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:^|[,;:] |\band )(?P<o>{_NAME}) is (?:my|our) (?:\w+ )?(?P<kin>{_KIN})\b(?! of)",
        rf"\b(?:[Mm]y|[Oo]ur) (?P<kin>{_KIN})['’]s name is (?P<o>{_NAME})",
        rf"\b[Tt]he name of (?:my|our) (?P<kin>{_KIN}) is (?P<o>{_NAME})",
    )
)
_PIECES = {
    "PLACE": _PLACE, "PERSON": _NAME, "ORG": _ORG, "JOB": _JOB, "DATE": _DATE, "ANIMAL": _ANIMAL, "COUNTRY": f"(?:{_COUNTRY})(?! [A-Z])",
    "TOOL": _TOOL, "WORD": r"[A-Za-z][a-z]{2,}", "THING": _THING, "JUST": _JUST, "PHONE": _PHONE, "CAP": CAP, "WHO": f"(?P<who>{_NAME})",
}  # fmt: skip
_NO_THING = frozenset(
    "the this that these those you him her them its your his their our being having going doing when how what"
    " who where every each some any all both one two three more most such being it there here about with from"
    " working living playing seeing hearing having getting everything anything something nothing".split()
)
_LATER = frozenset(
    "now too also very anymore any more ever again longer here these today lately so a lot much most all".split()
)

_PIECE = re.compile("|".join(sorted(_PIECES, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class _Pattern:
    relation: str
    kind: str
    regex: re.Pattern[str]
    ended: bool


def _patterns(table: str, subject: str = "") -> list[_Pattern]:
    found = []
    lead = rf"|^(?!{_REPORTED})(?:[\w'’]+ ){{1,5}}(?=I\b|[Ww]e\b)" if subject != _THEY else ""
    for line in table.strip().splitlines():
        relation, kind, expression = (part.strip() for part in line.split("|", 2))
        expression = expression.replace("SUBJECT", subject)
        expression = _PIECE.sub(lambda piece: _PIECES[piece.group()], expression)
        whole = rf"(?:^|[,;:.!–—] |\b(?:and|but|because|that|so)(?: now| then)? |^\w+[,!] {lead})(?:{expression})(?![\w-])"
        if "*" in relation:
            whole = rf"(?:{expression})(?![\w-])"
        found.append(
            _Pattern(relation.lstrip("-*"), kind, re.compile(whole), relation.startswith("-"))
        )
    return found


@cache
def _all_patterns() -> Sequence[_Pattern]:
    """All of them; compiled for the first text, since that takes a tenth of a second."""
    return [
        *_patterns(_TABLE, _I),
        *_patterns(_OWN),
        *_patterns(_TABLE, _THEY),
        *_patterns(_THEIRS),
    ]


def read(reading: Reading) -> Found:
    """What the clauses of an English text say of their speaker and of people whom they name."""
    found = Found()
    if reading.speaker is None:
        return found
    at = 0
    for sentence in sentences(reading.text):
        at = reading.text.find(sentence, at)
        sentence = _TAG.sub("", sentence)
        if len(sentence) <= _LONGEST and sentence[-1] != "?" and not _SUPPOSED.search(sentence):
            for pattern in _all_patterns():
                for match in pattern.regex.finditer(sentence):
                    said = _said(reading, pattern, match, sentence, at)
                    if said is not None:
                        found.said.append(said)
            found.said += attributes.said(reading.speaker, sentence, at, reading.said)
            _related(reading.speaker, sentence, at, found)
        at += len(sentence)
    return found


def _related(who: Ref, sentence: str, at: int, found: Found) -> None:
    """Whom somebody says to be their relative."""
    for pattern in _RELATED:
        for match in pattern.finditer(sentence):
            other = person(match["o"])
            relation = NICE.get(match["kin"], match["kin"])
            if re.split(r"\W", other.key)[0] in NOBODY or other.key == who.key:
                continue
            start, end = at + match.start("o"), at + match.end("o")
            found.names.append((other, start, end))
            found.same.append((relative(who, relation), other))
            found.said.append(
                Said(at + match.start(), at + match.end(), who, relation, other.name, other)
            )


def _said(
    reading: Reading, pattern: _Pattern, match: re.Match[str], sentence: str, at: int
) -> Said | None:
    who = reading.speaker
    if "who" in match.re.groupindex:
        name = match["who"]
        if re.split(r"\W", key_of(name))[0] in NOBODY:
            return None
        who = person(name)
    value = _value(pattern.relation, " ".join(match["o"].split()))
    if who is None or value is None:
        return None
    thing = Ref(key_of(value), value, pattern.kind) if pattern.kind else None
    if "pet" in match.re.groupindex:
        value = f"{match['pet']} {value}"
    since = None
    if pattern.relation in _BEGIN:
        since = begun(sentence, reading.said, bool(_NEW.search(match[0])))
    return Said(
        at + match.start(), at + match.end(), who, pattern.relation, value, thing, since=since,
        ended=pattern.ended, confidence=0.8,
    )  # fmt: skip


_BEGIN = frozenset(["lives in", "works at", "works as"])
_NEW = re.compile(
    r"\b(?:moved|relocated|started|begun|began|joined|hired|employed|recruited|landed|took|taken"
    r"|accepted|switched|changed|became|turned|first (?:day|week|shift))\b"
)
"""What tells of something new, so that the day on which it is told is about the day it began."""


def _value(relation: str, value: str) -> str | None:
    if relation not in ("likes", "dislikes"):
        return value
    words = value.split()
    while words and words[-1] in _LATER:
        words.pop()
    if len(words) != 1 or words[0].lower() in _NO_THING:
        return None
    return words[0].lower()


def merged(parsed: list[Said], read_: list[Said]) -> list[Said]:
    """What both found, each once: of two readings of one place the one with more of the name, and of a
    value found twice the parsed one, which knows more about it."""
    kept = []
    once = {(s.subject.key, s.relation, s.object.lower()): s for s in read_}
    for said in once.values():
        same = [p for p in parsed if p.subject.key == said.subject.key and _about(p, said)]
        if said.ended or not any(said.object.lower() in p.object.lower() for p in same):
            kept.append(said)
    less = [
        p
        for p in parsed
        if any(
            _about(p, s)
            and p.object != s.object
            and p.object in s.object
            and p.subject == s.subject
            for s in kept
        )
    ]
    return [*(p for p in parsed if p not in less), *kept]


def _about(one: Said, other: Said) -> bool:
    """Whether two statements read the same place in the same way."""
    relations = {one.relation, other.relation}
    alike = len(relations) == 1 or relations <= {
        "phone",
        "mobile phone",
        "home phone",
        "work phone",
    }
    return alike and one.start < other.end and other.start < one.end
