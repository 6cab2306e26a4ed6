"""Checks text that a model worded: nothing in it may be a figure, a date, a link or a name of ours that was not given to it.

Rule 1: figures are compared by what they stand for, with their unit: ``16,723.08`` given as ``USD 16,723.08`` is not ``EUR 16,723.08``,
and a digit given inside a date is not free to be a price.
Rule 2: a number in words counts as a number; "one" alone does not (it is also a pronoun).
Rule 3: characters that can hide or disguise text are refused, before anything is compared.
Rule 4: the checker refuses; it never repairs. Whoever asked then uses the template's text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from contractops.tools.values import Value

MAX_CHARACTERS: Final = 1_500

_LINK: Final = re.compile(r"://|www\.|\b(?:https?|mailto|tel|ftp|javascript|data):|\b[a-z0-9-]+\.[a-z]{2,}(?:/|\b)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[^\s@]*@[^\s@]*")
_MARKUP: Final = re.compile(r"[<>{}`|\\^\[\]*#]|&[a-z#0-9]+;", re.IGNORECASE)
_MONTHS: Final = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May)|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_MONTH_NAME: Final = re.compile(rf"\b(?:{_MONTHS})\b", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"\b(?:mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?\b", re.IGNORECASE)
_SYMBOL: Final = re.compile(r"[$€£¥₹₽₩%‰]|\bper ?cent\b|\bpercent(?:age)?s?\b|\b(?:dollars?|euros?|pounds?|yen|cents?)\b", re.IGNORECASE)
_FIGURE: Final = re.compile(r"[^\s]*\d[^\s]*")
_NUMBER_WORDS: Final = re.compile(
    r"\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|halve[sd]?|doubled?|tripled?|twice|thrice|quarters?"
    r"|thirds?|second|fourth|fifth|free|gratis|today|tomorrow|yesterday|tonight|weeks?|weekends?|days?|hours?|minutes?|years?|annual(?:ly)?|yearly|quarterly|weekly|daily)\b",
    re.IGNORECASE,
)
_ROMAN: Final = re.compile(r"\b[MDCLXVI]{2,}\b")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CURRENCY: Final = re.compile(r"\b[A-Z]{3}\b")


class Problem(Value):
    """Something the text must not hold. ``code``: too_long, hidden, link, address, markup, figure, date, symbol, number_word, unit."""

    code: str
    found: str


def check(text: str, facts: Iterable[str]) -> tuple[Problem, ...]:
    """Everything in ``text`` that the given ``facts`` (the very strings the model was given) do not cover; empty = may be used."""
    given = [normal(fact) for fact in facts]
    hidden = tuple(Problem(code="hidden", found=f"U+{ord(each):04X}") for each in text if _is_hidden(each))
    if hidden or not text.strip():
        return hidden or (Problem(code="too_long", found="empty"),)
    if len(text) > MAX_CHARACTERS:
        return (Problem(code="too_long", found=f"{len(text)} characters"),)
    rest = _without_facts(normal(text), given)
    forms = (
        ("address", _ADDRESS), ("link", _LINK), ("markup", _MARKUP), ("figure", _FIGURE), ("figure", _ROMAN), ("date", _MONTH_NAME), ("date", _WEEKDAY),
        ("symbol", _SYMBOL), ("number_word", _NUMBER_WORDS), ("unit", _CURRENCY),
    )  # fmt: skip
    found = [Problem(code=code, found=hit.group()[:60]) for code, form in forms for hit in form.finditer(rest)]
    found += [Problem(code="figure", found=each) for each in rest if unicodedata.category(each) in ("Nl", "No")]
    found += [Problem(code="hidden", found=word) for word in _WORD.findall(rest) if not _is_latin(word)]
    return tuple(found)


def normal(text: str) -> str:
    """Text with one form of each character and single spaces: full-width digits and exotic spaces have become plain ones."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _without_facts(text: str, facts: list[str]) -> str:
    """``text`` without the places where a whole fact stands, longest first. A fact counts only between word boundaries of its own."""
    for fact in sorted(filter(None, facts), key=len, reverse=True):
        text = re.sub(rf"(?<![\w.,%@/:+-]){re.escape(fact)}(?![\w%@/:]|[.,-]\w)", " \N{BULLET} ", text)
    return text


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cf", "Co", "Cs", "Cn") or (category == "Cc" and character not in "\n\t\r")


def _is_latin(word: str) -> bool:
    """Other letters stand only inside a fact: a look-alike or a number word of another script is never ours."""
    return all(unicodedata.name(each, "").startswith(("LATIN", "COMBINING", "MODIFIER LETTER APOSTROPHE")) for each in word)
