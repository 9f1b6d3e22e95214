"""How the person writes: in which languages, how they greet and sign off, how long their messages are.

Counted over what they have written themselves; each trait names a moment that shows it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from secondme.memory.terms import plain
from secondme.record.moments import StoredMoment

_FEW = 5
"""With fewer messages nothing is said of a trait."""
_SHARE = 0.03
"""Languages with less of the messages are left out."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LANGUAGES = {
    "English": "the and is was you for with that this are have not but it's i'm we they what my your of to",
    "German": "der die das und ist nicht ein eine ich wir mit auf für dass auch noch dem den sich zu es",
    "French": "le les des est une pas vous nous pour dans avec sur mais je que qui du au et ce",
    "Spanish": "el los las es una pero por con para muy como está yo que del y lo se más",
    "Portuguese": "o os uma não com para mas muito está eu você que do da em e um mais já",
    "Italian": "il gli una non con per ma molto sono che della di è e mi anche come questo",
    "Dutch": "het een niet met voor maar ook zijn dat ik wij van en te op je nog is",
}
_TABLE = {name: frozenset(words.split()) for name, words in _LANGUAGES.items()}
_SUBJECT = re.compile(r"\ASubject: .*\s+")
_GREETING = re.compile(
    r"^(?:dear|hello|hi|hey|good (?:morning|evening)|liebe[rs]?|hallo|sehr geehrte[rs]?|guten tag|chère?s?"
    r"|bonjour|salut|querid[oa]s?|olá|hola|cara|caro|ciao|buongiorno|beste)\b",
    re.IGNORECASE,
)
_EMOJI = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]")


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing about how somebody writes, and the newest moment that shows it."""

    label: str
    value: str
    moment: StoredMoment


def style(written: Sequence[StoredMoment]) -> list[Trait]:
    """The traits of what somebody has written, newest last; none where there is too little of it."""
    mails = [m for m in written if "from" in m.meta]
    chats = [m for m in written if "from" not in m.meta]
    return [
        trait
        for trait in (
            _languages(written),
            _usual("greets with", mails, _greeting),
            _usual("signs off with", mails, _farewell),
            _length(chats),
            _emoji(chats),
        )
        if trait is not None
    ]


def language_of(text: str) -> str | None:
    """The language whose small words a text has most of; None where it has too few to tell."""
    words = [word.lower() for word in _WORD.findall(text)]
    counts = {name: sum(word in table for word in words) for name, table in _TABLE.items()}
    first, second = sorted(counts.values(), reverse=True)[:2]
    if first < 2 or first == second:
        return None
    return max(counts, key=lambda name: counts[name])


def _languages(written: Sequence[StoredMoment]) -> Trait | None:
    found = [(language, m) for m in written if (language := language_of(m.text))]
    if len(found) < _FEW:
        return None
    counts = Counter(language for language, _ in found)
    common = [
        (name, n / len(found)) for name, n in counts.most_common() if n / len(found) >= _SHARE
    ]
    value = ", ".join(f"{name} ({share:.0%})" for name, share in common)
    return Trait("writes in", value, _newest(found, common[0][0]))


def _usual(
    label: str, mails: Sequence[StoredMoment], part: Callable[[str], str | None]
) -> Trait | None:
    """The two ways that are met most often, if each is met twice."""
    found = [(way, m) for m in mails if (way := part(_SUBJECT.sub("", m.text)))]
    counts = Counter(plain(way) for way, _ in found)
    common = [key for key, n in counts.most_common(2) if n > 1]
    if not common:
        return None
    ways = [next(way for way, _ in reversed(found) if plain(way) == key) for key in common]
    return Trait(label, ", ".join(ways), _newest([(plain(w), m) for w, m in found], common[0]))


def _greeting(text: str) -> str | None:
    match = _GREETING.match(text.strip())
    return match.group() if match else None


def _farewell(text: str) -> str | None:
    """The short line before the last one, which is the name."""
    lines = [line.strip(" ,") for line in text.strip().splitlines() if line.strip()]
    if len(lines) < 3 or len(lines[-1].split()) > 3 or not 1 <= len(lines[-2].split()) <= 5:
        return None
    return None if lines[-2][-1] in ".?!:" else lines[-2]


def _length(chats: Sequence[StoredMoment]) -> Trait | None:
    if len(chats) < _FEW:
        return None
    middle = int(median(len(_WORD.findall(m.text)) for m in chats))
    example = min(reversed(chats), key=lambda m: abs(len(_WORD.findall(m.text)) - middle))
    return Trait("length of a message", f"{middle} words", example)


def _emoji(chats: Sequence[StoredMoment]) -> Trait | None:
    with_one = [m for m in chats if _EMOJI.search(m.text)]
    if len(chats) < _FEW or not with_one:
        return None
    share = len(with_one) / len(chats)
    often = "often" if share > 0.2 else "sometimes" if share > 0.05 else "seldom"
    used = Counter(e for m in with_one for e in _EMOJI.findall(m.text)).most_common(3)
    return Trait("emoji", f"{often} ({share:.0%}): {' '.join(e for e, _ in used)}", with_one[-1])


def _newest(found: Sequence[tuple[str, StoredMoment]], way: str) -> StoredMoment:
    return next(moment for each, moment in reversed(found) if each == way)
