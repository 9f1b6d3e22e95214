"""What a mail says itself, without the history it quotes and the signature below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ._text import clean, wordy

_OPENERS = ("on ", "am ", "le ", "el ", "em ", "il ", "op ", "den ", "w dniu ", "dnia ")
_VERBS = (
    "wrote schrieb écrit escribió escreveu scritto schreef skrev napisał".split()  # in seven tongues
)
_ORIGINAL = re.compile(
    r"\s*-{2,20}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"mensagem original|messaggio originale|oorspronkelijk bericht)\s*-{2,20}\s*",
    re.I,
)
_FORWARDED = re.compile(
    r"\s*-{2,20}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|"
    r"mensaje reenviado|mensagem encaminhada|messaggio inoltrato)\s*-{0,20}\s*"
    r"|begin forwarded message:\s*",
    re.I,
)
_FROM = re.compile(r"\s*\**(?:from|von|de|da|van)\s?:\**\s", re.I)
_SENT = re.compile(
    r"\s*\**(?:sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden|data|fecha)\s?:\**\s", re.I
)
_SIGNATURE = re.compile(r"--\s?")
_LIST_FOOTER = re.compile(r"_{40,}\s*")
_DEVICE = re.compile(r"(?:sent from my|von meinem|envoyé de mon|enviado do meu)[^\n]{2,60}", re.I)


def own_words(body: str) -> str:
    """The body without quoted history and signature; with them unquoted if nothing else is in it.

    Answers between quoted lines stay. What a forwarding adds stays too: it is news to the reader.
    """
    lines = body.split("\n")
    kept: list[str] = []
    number, forwarded, spoken = 0, False, False
    while number < len(lines):
        line = lines[number]
        skipped = _attribution(lines, number)
        if skipped:
            number += skipped
            continue
        if _FORWARDED.fullmatch(line):
            forwarded = True
        elif not forwarded and _ends(lines, number) and spoken:
            break
        elif not line.lstrip().startswith(">"):
            kept.append(line)
            spoken = spoken or wordy(line)
        number += 1
    while kept and (not kept[-1].strip() or _DEVICE.fullmatch(kept[-1].strip())):
        kept.pop()
    said = clean("\n".join(kept))
    return said if wordy(said) else clean(re.sub(r"(?m)^[> ]+", "", body))


def _ends(lines: Sequence[str], number: int) -> bool:
    """Whether the mail's own words end before this line."""
    line = lines[number]
    if _SIGNATURE.fullmatch(line) or _LIST_FOOTER.fullmatch(line) or _ORIGINAL.fullmatch(line):
        return True
    return bool(_FROM.match(line)) and any(
        _SENT.match(near) for near in lines[number + 1 : number + 4]
    )


def _attribution(lines: Sequence[str], number: int) -> int:
    """How many lines, one or two, say who wrote what is quoted below; 0 for none."""
    if not lines[number].lstrip("> ").lower().startswith(_OPENERS):
        return 0
    for count in (1, 2):
        text = " ".join(lines[number : number + count]).strip().lower()
        words = text.replace("(a)", "").rstrip(":").split() if len(text) < 400 else []
        if text.endswith(":") and any(verb in words for verb in _VERBS):
            below = (line for line in lines[number + count : number + count + 3] if line.strip())
            return count if next(below, "").lstrip().startswith(">") else 0
    return 0
