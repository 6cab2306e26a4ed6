"""Locked figures of a mail: what a person may word freely, and what he may not change.

Rule 1: words are his; a figure (money, per cent, day, hour, number, name with digits) must be one of the case.
Rule 2: a figure is compared by what it stands for: ``1,435.00 USD`` is ``USD 1,435.00``; 10 of a day is not free to be an amount.
Rule 3: addresses of mails and pages and international telephone numbers are no figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeAlias

from contractops.tools.values import Value

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May|MAY)|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_NUMBER: Final = r"\d(?:[\d,.]*\d)?"
_FREE: Final = re.compile(r"\S*@\S*|\S+://\S*|\bwww\.\S+|\+\d[\d ()-]{6,}\d")
_FIGURE: Final = re.compile(
    rf"""
    (?P<iso>\b\d{{4}}-\d\d-\d\d\b)
    | (?P<day>\b(?P<d1>\d{{1,2}})\.?\s+(?P<m1>{_MONTH})\b\.?(?:,?\s+(?P<y1>\d{{4}})\b)?|\b(?P<m2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})\b(?!\d)(?:,?\s+(?P<y2>\d{{4}})\b)?)
    | (?P<month>\b(?P<m3>{_MONTH})\.?\s+(?P<y3>\d{{4}})\b)
    | (?P<hour>\b\d{{1,2}}:\d\d\b)
    | (?P<percent>{_NUMBER}\s?(?:%|per\s?cent\b))
    | (?P<name>\b(?:[\w-]*[^\W\d_][\w-]*\d[\w-]*|\d[\w-]*[^\W\d_][\w-]*))
    | (?P<money>(?:(?-i:\b[A-Z]{{3}})|[$€£¥])\s?-?{_NUMBER}|{_NUMBER}\s?(?:(?-i:[A-Z]{{3}}\b)|[$€£¥]))
    | (?P<number>{_NUMBER})
    """,
    re.IGNORECASE | re.VERBOSE,
)

_KINDS: Final = ("iso", "day", "month", "hour", "percent", "name", "money", "number")
_PREFIX: Final = 3  # names that begin alike are of one kind

_Key: TypeAlias = tuple[str, ...]


class Foreign(Value):
    """A figure that is none of the case, as it was written; ``instead``: the one of its kind to use, None when the case has none."""

    found: str
    instead: str | None


def foreign_figure(text: str, given: Iterable[str]) -> Foreign | None:
    """The first figure in ``text`` that does not stand in the ``given`` texts; None when all of them do."""
    known: dict[_Key, str] = {}
    for words in given:
        for key, shown in _figures(words):
            known.setdefault(key, shown)
    allowed = {other for key in known for other in _also(key)}
    for key, shown in _figures(text):
        if key not in known and key not in allowed:
            return Foreign(found=shown, instead=_instead(key, known))
    return None


def _figures(text: str) -> list[tuple[_Key, str]]:
    free = _FREE.sub(" ", text)
    return [(_key(hit), " ".join(hit.group().split())) for hit in _FIGURE.finditer(free)]


def _key(hit: re.Match[str]) -> _Key:
    """What a figure stands for: its kind and its value."""
    words = hit.group()
    kind = next(name for name in _KINDS if hit[name])
    parts: _Key = (_value(words),)
    match kind:
        case "iso":
            year, month, day = words.split("-")
            kind, parts = "day", (str(int(day)), str(int(month)), year)
        case "day":
            parts = (str(int(hit["d1"] or hit["d2"])), _month(hit["m1"] or hit["m2"]), hit["y1"] or hit["y2"] or "")
        case "month":
            parts = (_month(hit["m3"]), hit["y3"])
        case "hour":
            parts = (words.zfill(5),)
        case "name":
            parts = (words.upper(),)
        case "money":
            parts = (re.sub(r"[\d\s,.-]", "", words), *parts)
    return (kind, *parts)


def _also(key: _Key) -> list[_Key]:
    """Shorter ways to write the same figure: a day without its year, the month of a day, an amount without its currency."""
    match key:
        case ("day", day, month, year):
            return [("day", day, month, ""), ("month", month, year), ("number", year)]
        case ("month", _month, year):
            return [("number", year)]
        case ("money", _currency, value) | ("percent" as _currency, value):
            return [("number", value)]
        case _:
            return []


def _instead(key: _Key, known: dict[_Key, str]) -> str | None:
    """The figure of the same kind (and currency, or beginning, if any is alike) that is nearest."""
    kind = [other for other in known if other[0] == key[0]]
    if key[0] == "name":
        kind = [other for other in kind if other[1][:_PREFIX] == key[1][:_PREFIX]]
    same = [other for other in kind if key[0] == "money" and other[1] == key[1]] or kind
    return known[min(same, key=lambda other: _distance(key, other))] if same else None


def _distance(key: _Key, other: _Key) -> Decimal:
    if key[0] in {"money", "percent", "number"}:
        return abs(Decimal(key[-1]) - Decimal(other[-1]))
    return Decimal(0)


def _month(words: str) -> str:
    return str(_MONTHS.index(words[:3].lower()) + 1)


def _value(words: str) -> str:
    """The number in ``words``, without thousands and trailing zeros."""
    digits = "".join(re.findall(r"[\d.]", words)).strip(".")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    sign = "-" if re.search(r"-\d", words) else ""
    return f"{Decimal(sign + digits).normalize():f}"
