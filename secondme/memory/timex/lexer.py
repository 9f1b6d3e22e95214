"""A text as a row of items, each with a one-letter code, for the grammar to find patterns in.

m month   M one that is a word as well   K its short form      w W Q weekday, in the same way
d day ("yesterday": -1)   D part of one ("tonight")            s S season   k holiday   e weekend
u unit   R unit with step ("去年")   r step ("last": -1)         p part of the day   q edge ("early")
N digits   n number word   o ordinal   y four digits   c decade   Z date in digits   O "9日"
a A ago, after and before   f H ahead, before and after   g G since   j J until   b before, after
l from   t to   B between   & and   i preposition   x article   v every   h time of day
, | - ( ) $ # signs and counted things   ~ small word   . any other
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from secondme.memory.timex.calendar import Named
from secondme.memory.timex.lexicon import LANGUAGES, Language, fold, speakers_of, telling

_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_TOKEN = re.compile(
    rf"""
    (?<![\w.,/-])(?:
        (?P<iso>[12]\d{{3}}-[01]\d(?:-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::\d\d(?:\.\d+)?)?
            (?:Z|[+-]\d\d:?\d\d)?)?)?)(?![A-Za-z0-9_-])
      | (?P<ymd>[12]\d{{3}}([/.])\d{{1,2}}\3\d{{1,2}})(?![A-Za-z0-9_/]|[.,]\d)
      | (?P<dmy>\d{{1,2}}([./-])\d{{1,2}}\5[12]\d{{3}})(?![A-Za-z0-9_/-]|[.,]\d)
      | (?P<dm>\d{{1,2}}\.\d{{1,2}}\.)(?![\w.])
    )
  | (?P<cjk>(?:[12]\d{{3}}年)?{_NUMBER}月(?:{_NUMBER}[日号])?|(?<!\d)[12]\d{{3}}年(?!間|间|前|後|后))
  | (?P<dayonly>(?<!\d){_NUMBER}[日号])(?!間|间|前|後|后)
  | (?P<short>(?<!\w)['’]\d\d(?!\w))
  | (?P<clock>\d{{1,2}}[:h]\d\d(?::\d\d)?)(?!\d)
  | (?P<number>\d+(?:[.,:/]\d+)*)
  | (?P<word>[^\W\d_\u3040-\u30ff\u3400-\u9fff々]+|[\u3040-\u30ff\u3400-\u9fff々])
  | (?P<sign>[^\w\s])
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff々]+|[\u3040-\u30ff\u3400-\u9fff々]")
_DIGITS = re.compile(r"\d\d?[./-]\d|\d{4}|\d(?:st|nd|rd|th|s|er)\b|\d[日月年号]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SIGNS = {",": ",", "，": ",", "、": ",", "(": "(", ")": ")", "（": "(", "）": ")", "-": "-"}
_SIGNS |= dict.fromkeys(".。", "|") | dict.fromkeys("$€£¥%°#", "$") | {"~": "-", "～": "-"}
_COUNTED = frozenset(
    "euro euros dollars dollar pounds people persons men women steps words pages miles meters metres"
    " km kg g m cm mm ml l kwh w watts calories users views copies seats personen leute seiten schritte"
    " menschen personnes pages pas personas paginas pasos pessoas persone pagine passi mensen zl zlotych"
    " osob stron yen kcal mb gb times points percent prozent francs chf usd eur".split()
)
_KANJI = {character: n for n, character in enumerate("一二三四五六七八九", 1)}
_YEARS = range(1500, 2151)
_SAMPLE = 400


class Item(NamedTuple):
    """One item of a text: its code, its value, and where it stands."""

    code: str
    value: Any
    start: int
    end: int


def may_hold_time(text: str) -> bool:
    """Whether a text can hold an expression of time at all; quick, and true far too often."""
    return bool(_DIGITS.search(text)) or not telling().isdisjoint(map(fold, _WORD.findall(text)))


def languages_of(text: str) -> list[str]:
    """The languages that a text may be in, by its small words and words of time: mostly one."""
    words = _WORD.findall(text[: 20 * _SAMPLE])[:_SAMPLE]
    if 3 * len(_HAN.findall("".join(words))) > len(words) or _KANA.search(text[:2000]):
        return ["ja" if _KANA.search(text[: 20 * _SAMPLE]) else "zh"]
    votes = dict.fromkeys(LANGUAGES[:-2], 0)
    for word in words:
        for name in speakers_of().get(fold(word), ()):
            votes[name] += 1
    best = max(votes.values())
    return [name for name, count in votes.items() if count == best] if best else ["en"]


def items(text: str, language: Language) -> list[Item]:
    """The items of a text in a language, in their order."""
    tokens = [
        (m.lastgroup or "", fold(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)
    ]
    found: list[Item] = []
    at = 0
    while at < len(tokens):
        item, used = _item(tokens, at, language)
        found.append(item)
        at += used
    return found


_Token = tuple[str, str, int, int]


def _item(tokens: list[_Token], at: int, language: Language) -> tuple[Item, int]:
    kind, word, start, end = tokens[at]
    if kind in ("word", "sign"):
        for rest, code, value in language.phrases.get(word, ()):
            length = len(rest)
            if all(
                tokens[at + 1 + i][1] == rest[i] if at + 1 + i < len(tokens) else False
                for i in range(length)
            ):
                if code == "u" and word in language.plurals and not length:
                    value = f"{value}s"
                return Item(code, value, start, tokens[at + length][3]), 1 + length
        if kind == "sign":
            return Item(_SIGNS.get(word, "."), None, start, end), 1
        code = "#" if word in _COUNTED else "~" if word in language.function else "."
        return Item(code, None, start, end), 1
    if kind == "number":
        return _number(tokens, at, language)
    if kind == "short":
        number = int(word[1:])
        return Item("y", number + (2000 if number < 40 else 1900), start, end), 1
    if kind == "clock":
        return Item("h", None, start, end), 1
    value = _date(kind, word, language)
    code = "." if value is None else "O" if kind == "dayonly" else "Z"
    return Item(code, value, start, end), 1


def _number(tokens: list[_Token], at: int, language: Language) -> tuple[Item, int]:
    """Digits with what stands right after them: an ordinal's ending, a decade's, or a stray letter."""
    _, word, start, end = tokens[at]
    if not word.isdecimal() or len(word) > 4:
        return Item(".", None, start, end), 1
    number = int(word)
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after and after[2] == end and after[0] == "word":
        ending = after[1]
        if ending == "年" and tokens[at + 2 : at + 3] and tokens[at + 2][1] == "代":
            return Item("c", number, start, tokens[at + 2][3]), 3
        if ending in language.decades and number % 10 == 0 and number >= 10:
            return Item("c", number, start, after[3]), 2
        if ending in language.suffixes and number < 32:
            return Item("o", number, start, after[3]), 2
        if ending.isascii():
            return Item(".", None, start, after[3]), 2
    if len(word) == 4:
        return Item("y" if number in _YEARS else ".", number, start, end), 1
    return Item("N", number, start, end), 1


def _date(kind: str, word: str, language: Language) -> Named | datetime | int | None:
    """What a date in digits means; None when there is no such day."""
    try:
        if kind == "dayonly":
            return _kanji(word[:-1])
        if kind == "cjk":
            in_year, _, rest = word.rpartition("年") if "年" in word else ("", "", word)
            in_month, _, on_day = rest.partition("月")
            return _named(in_year, _kanji(in_month), _kanji(on_day.rstrip("日号")))
        if kind == "iso" and len(word) > 10:
            return datetime.fromisoformat(word.upper()).replace(tzinfo=None)
        numbers = [int(n) for n in re.findall(r"\d+", word)]
        if kind == "dm":
            return _named("", numbers[1], numbers[0])
        if kind == "dmy":
            day, month, year = numbers
            if (language.month_first and "." not in word and month > 12) or (
                language.month_first and "/" in word and day <= 12
            ):
                day, month = month, day
            return _named(str(year), month, day)
        return _named(str(numbers[0]), numbers[1], numbers[2] if len(numbers) > 2 else None)
    except ValueError:
        return None


def _named(year: str, month: int | None, day: int | None) -> Named:
    """A date of these numbers. Raises `ValueError` when there is none."""
    datetime(int(year) if year else 2000, 1 if month is None else month, 1 if day is None else day)
    return Named(int(year) if year else None, month, day)


def _kanji(digits: str) -> int | None:
    """A number below 100 in digits or in characters; None for nothing. Raises `ValueError`."""
    if not digits:
        return None
    if digits.isdecimal():
        return int(digits)
    tens, ten, ones = digits.rpartition("十")
    if not ten and len(digits) > 1:
        raise ValueError(digits)
    return (10 * (_KANJI[tens] if tens else 1) if ten else 0) + (_KANJI[ones] if ones else 0)
