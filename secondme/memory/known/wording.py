"""A question as people type it, in the wording by which it is understood: "dad's number pls" asks what Dad's
number is. What is no question of these forms stays as it is."""

# ruff: noqa: E501 - a way to ask on a line

from __future__ import annotations

import re

from secondme.memory.facts.relations import ROLES
from secondme.memory.facts.tree import NICE

_OPENING = re.compile(
    r"^\W*(?:(?:please|and|so|well|hey|ok|okay)\b\W*|(?:can|could|would) you (?:please )?"
    r"|(?:tell|remind|show|give) me(?: again)?\b\W*|do you (?:know|remember)\b\W*|name\b(?! of)\W*"
    r"|list\b\W*|i(?:'d| would) like to know\b\W*)+",
    re.IGNORECASE,
)
I_OR_WE = r"(?:I|we)"
_PARENTS = "|".join(
    sorted((w for w, r in NICE.items() if r in ("mother", "father")), key=len, reverse=True)
)
_ROLES = "|".join(sorted(ROLES, key=len, reverse=True))
_FAMILY = r"(?:mother|father|sister|brother|son|daughter|wife|husband|partner|niece|nephew|aunt|uncle|cousin|grandmother|grandfather|boss|landlady|landlord|doctor|dentist|vet|friend|child|children|kids?)"
_VERBS = r"(?:is|are|was|were|lives?|lived|works?|worked|likes?|does|did|has|have|plays?|speaks?)"

_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        # what leads to a question and follows it
        (r"^(?:(?:please|pls|hey|hi|ok|okay|so|um+|well|and)\b[\s,]*)+", ""),
        (
            r"^(?:(?:can|could|would|will) you |please )?(?:remind|tell|give|show|send|get) me(?: again)?[\s,:]+",
            "",
        ),
        (
            r"^(?:i (?:need|want|would like|['’]d like)(?: to know)?|do you (?:know|remember)|i (?:forgot|forget|can['’]?t remember|cannot remember|wonder|was wondering))[\s,:]+",
            "",
        ),
        (
            r"[\s,]+(?:please|pls|thanks|thank you|again|do you know|remind me|though|as well|too|either|by the way|these days|in the end)$",
            "",
        ),
        (r", (?:I|we) (?:want|need|have|would|['’]d|should|must)\b.*$", ""),
        (r" (?:him|her)self$", ""),
        (r",? I mean\b.*$", ""),
        (r"^(.+?), what is (?:he|she|it) called$", r"what is \1 called"),
        (r"^what (.+?) does( for .+)?$", r"what does \1 do\2"),
        (rf"\b(?:my|our) {_FAMILY} (?=(?-i:[A-ZÀ-Þ]))", ""),
        (r" in (?:the|our) [\w-]+ (?:chat|group)$", ""),
        (r"^(.+?), when (?:was|is) (?:that|it)$", r"when was \1"),
        (r",? and when$", ""),
        # contractions
        (r"^who['’]s got\b", "who has"),
        (
            r"\b(what|who|when|where|how|which|that|there|how old)['’]s\b(?! (?:birthday|name|number|address|job|dog|cat|phone))",
            r"\1 is",
        ),
        (r"^(what|who|when|where|how)s\b", r"\1 is"),
        (r"\bi['’]ve\b", "I have"),
        (r"\bi['’]m\b", "I am"),
        # have got
        (r"^what have I got\b", "what do I have"),
        (r"\b(has|have) (\S+(?: \S+)?) got\b", r"\1 \2"),
        (r"^has (.+?) (any|an?) ", r"does \1 have \2 "),
        (r"^have i (any|an?) ", r"do I have \1 "),
        (r" of (?:her|his|their|my|your|our) own$", ""),
        # whose relative
        (r"\bmy best friend\b", "my friend"),
        (rf"\b(?:the|a) ({_FAMILY}) of (my \w+|[A-ZÀ-Þ]\w+(?: [A-ZÀ-Þ]\w+)?)\b", r"\2's \1"),
        (rf"^({_ROLES})(['’]s )", r"my \1\2"),
        (
            r"^(?:the )?((?:phone |mobile )?(?:number|address|birthday|e-?mail(?: address)?)) (?:of|for) ((?!sisters|brothers|people|times|days)\S+(?: \S+){0,2})$",
            r"what is \2's \1",
        ),
        (r"\b(?:was|were) (I|we|my \w+|[^\W\d_]+) working\b", r"did \1 work"),
        (r"\b(?:was|were) (I|we|my \w+|[^\W\d_]+) living\b", r"did \1 live"),
        (r"\b(?:am|are|is) (I|we|my \w+|[^\W\d_]+) working\b", r"does \1 work"),
        (r"\b(?:am|are|is) (I|we|my \w+|[^\W\d_]+) living\b", r"does \1 live"),
        # the last time
        (r"^(?:the )?(last|first) time (?:that )?(?=i\b|we\b)", r"when was the \1 time "),
        (r"^when was (the (?:last|first) time) (?:that )?(.+)$", r"when was \1 \2"),
        (r"^who has the next birthday(?: coming up)?$", "whose birthday is next"),
        (
            r"^(?:whose|who has|which) birthday(?: is)? (?:coming up|comes up) next$",
            "whose birthday is next",
        ),
        (r"^when do i next (have|see|go to|meet|visit) ", r"when is my next "),
        (r" in person$", ""),
        # a question in another question's order, or with no verb
        (rf"^(who|what|where|when|how old) ((?!{_VERBS}\b).+?) (is|are|was|were)$", r"\1 \3 \2"),
        (r"^where ((?!is\b|are\b|was\b|did\b|does\b|do\b).+?) (live|work)s$", r"where does \1 \2"),
        (r"^when ((?!is\b|are\b|was\b|did\b|does\b|do\b).+?) was born$", r"when was \1 born"),
        (r"^what age is (.+)$", r"how old is \1"),
        (
            r"^((?:my |our )?[^\W\d_]+(?: [^\W\d_]+)?['’]s (?:new |current |mobile |phone |home |work )*(?:phone|mobile|number|e-?mail|address|birthday|job|age|name|street|postcode|employer)(?: number| address)?)$",
            r"what is \1",
        ),
    )
)


def plainly(question: str) -> str:
    """The question in plain wording, without its mark. Nothing is added that it does not ask."""
    text = " ".join(question.split()).rstrip(" ?.!")
    text = re.sub(r"\bi\b(?=['’ ]|$)", "I", text)
    text = re.sub(
        rf"(?<!my )(?<!our )(?<!['’]s )(?<!his )(?<!her )\b({_PARENTS})\b(?=['’]|\s|$)",
        lambda m: m[0].capitalize(),
        text,
    )
    for _ in range(2):  # "so, can you remind me …"
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
    return _OPENING.sub("", text).rstrip(" ?.!")


def uncontracted(text: str) -> str:
    """The text with "does not" for "doesn't"."""
    return re.sub(r"\b(do|does|did)n['’]t\b", r"\1 not", text, flags=re.IGNORECASE)


def ways(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of ways to ask, in which it does not matter what is written with a capital."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
