"""Lengths, periods and horizons in a message; pure and the same for rules and model: units are read here and nowhere else.

Rule 1: a number without its unit is no length; it is asked back.
Rule 2: a period is one of a closed set, or a calendar month or year; what is none of them is asked back.
Rule 3: "today" is the business day of the asker; nothing here knows any other clock.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from contractops.graphs.lexicon import Hit, Lexicon

_YEAR: Final = re.compile(r"^(19|20)\d\d$")
_ISO_MONTH: Final = re.compile(r"\b(20\d\d)[-/.](0[1-9]|1[0-2])\b(?![-/.]\d)")
_MONTH_YEAR: Final = re.compile(r"\b(0?[1-9]|1[0-2])[/.](20\d\d)\b")
_ISO_DAY: Final = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_QUARTER: Final = re.compile(r"\b(?:q[1-4]|[1-4]q|t[1-4])\b")
_NEGATIVE: Final = re.compile(r"(?:^|\s)[-−]\s?\d")  # noqa: RUF001 - the typographic minus, too
_DAYS: Final = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Length:
    """A number with its unit (None: without one); ``places``: the tokens it takes."""

    number: str
    unit: str | None
    places: frozenset[int]

    def as_days(self) -> int | None:
        """Whole days, None for what is no whole number."""
        return int(self.number) * _DAYS[self.unit] if self.unit and self.number.isdigit() else None

    def as_months(self) -> int | None:
        """Whole months, None for days and weeks and for what is no whole number."""
        return int(self.number) * _MONTHS[self.unit] if self.unit in _MONTHS and self.number.isdigit() else None


@dataclass
class Times:
    """What a message says about time."""

    lengths: list[Length] = field(default_factory=list)
    period: str | None = None
    odd_period: bool = False  # a period that is none of the closed set
    within: int | None = None
    until: date | None = None
    negative: bool = False
    stray: bool = False  # a week, month, quarter or year that belongs to nothing that was understood
    either: bool = False  # two lengths, one of which is meant: "2 or 3 years"
    places: set[int] = field(default_factory=set)

    @property
    def with_unit(self) -> list[Length]:
        """Lengths that have their unit."""
        return [one for one in self.lengths if one.unit is not None]

    @property
    def bare(self) -> list[Length]:
        """Numbers without a unit."""
        return [one for one in self.lengths if one.unit is None]


def times_of(text: str, tokens: Sequence[str], lexicon: Lexicon, today: date, taken: set[int]) -> Times:
    """Everything that ``text`` (as its ``tokens``) says about time; ``taken``: tokens that are names."""
    found = Times(negative=bool(_NEGATIVE.search(text)))
    _read_lengths(tokens, lexicon, taken, found)
    found.either = _is_either(tokens, lexicon, found.lengths)
    _read_period(text, tokens, lexicon, today, found)
    _read_horizon(text, tokens, lexicon, today, found)
    for one in found.lengths:
        found.places |= one.places
    found.stray = any(
        hit.start not in found.places and hit.concept != "day" and len(tokens[hit.start]) > 1 for hit in lexicon.units.find(tokens)
    )
    return found


def _read_lengths(tokens: Sequence[str], lexicon: Lexicon, taken: set[int], found: Times) -> None:
    units = _places(lexicon.units.find(tokens))
    at = 0
    while at < len(tokens):
        number, end = _number_at(tokens, at, lexicon)
        if number is None or at in taken:
            at += 1
            continue
        next_at = end + 1 if end < len(tokens) and tokens[end] in lexicon.sets["between"] and end + 1 in units else end
        if next_at in units:
            found.lengths.append(Length(number, units[next_at], frozenset(range(at, next_at + 1))))
            at = next_at + 1
            continue
        if tokens[at] not in lexicon.sets["double_numbers"] and _bare_number(number, tokens, at):
            found.lengths.append(Length(number, None, frozenset(range(at, end))))
        at = end
    _read_hyphenated(tokens, lexicon, found)


def _read_hyphenated(tokens: Sequence[str], lexicon: Lexicon, found: Times) -> None:
    """One word that is number and unit at once, as German writes it (``dreijährig``)."""
    for hit in lexicon.numbers.find(tokens):
        token = tokens[hit.start]
        if token.endswith(tuple(lexicon.sets["year_endings"])):
            found.lengths = [one for one in found.lengths if hit.start not in one.places]
            found.lengths.append(Length(hit.concept, "year", frozenset({hit.start})))


def _is_either(tokens: Sequence[str], lexicon: Lexicon, lengths: Sequence[Length]) -> bool:
    """Whether a word for "or" stands between two lengths, the first of which may lack its unit."""
    ends = {max(one.places): one for one in lengths}
    return any(
        (first := ends.get(min(one.places) - 2)) is not None
        and tokens[min(one.places) - 1] in lexicon.sets["or"]
        and (first.number, first.unit or one.unit) != (one.number, one.unit)
        for one in lengths
        if one.unit is not None
    )


def _bare_number(number: str, tokens: Sequence[str], at: int) -> bool:
    """Whether a number that no unit follows was meant as a figure: digits that are no year, or a number word above one."""
    if _YEAR.match(number):
        return False
    return tokens[at][0].isdigit() or (number.isdigit() and int(number) > 1)


def _number_at(tokens: Sequence[str], at: int, lexicon: Lexicon) -> tuple[str | None, int]:
    token = tokens[at]
    if re.match(r"^\d+([.,]\d+)?$", token):
        return token, at + 1
    hits = [hit for hit in lexicon.numbers.find(tokens[at : at + 4]) if hit.start == 0]
    if not hits:
        return None, at + 1
    longest = max(hits, key=lambda hit: hit.end)
    return longest.concept, at + longest.end


def _read_period(text: str, tokens: Sequence[str], lexicon: Lexicon, today: date, found: Times) -> None:
    hits = lexicon.periods.find(tokens)
    months = _months(tokens, lexicon, today, found)
    years = [token for token in tokens if _YEAR.match(token)]
    iso, slashed = _ISO_MONTH.search(text), _MONTH_YEAR.search(text)
    periods = {_period_of(hit.concept, today) for hit in hits}
    if iso and not _ISO_DAY.search(text):
        periods = {f"{iso[1]}-{iso[2]}"}
    elif slashed:
        periods = {f"{slashed[2]}-{int(slashed[1]):02d}"}
    elif months:
        periods = set(months)
    elif years and not hits:
        periods = set(years)
    for hit in hits:
        found.places |= set(range(hit.start, hit.end))
        found.lengths = [one for one in found.lengths if not one.places & set(range(hit.start, hit.end))]
    found.places |= {at for at, token in enumerate(tokens) if _YEAR.match(token)}
    if _QUARTER.search(text) or len(periods) > 1:
        found.odd_period = True
    elif periods:
        found.period = next(iter(periods))
        found.odd_period = not found.period or (found.period[:4].isdigit() and found.period[:7] > f"{today:%Y-%m}"[: len(found.period)])


def _months(tokens: Sequence[str], lexicon: Lexicon, today: date, found: Times) -> list[str]:
    """Calendar months that are named: with their year, or else the last one that has begun."""
    named = []
    for hit in lexicon.months.find(tokens):
        after = tokens[hit.end] if hit.end < len(tokens) else ""
        if after in lexicon.sets["of"] and hit.end + 1 < len(tokens):
            after = tokens[hit.end + 1]
        before = tokens[hit.start - 1] if hit.start else ""
        if not _YEAR.match(after) and tokens[hit.start] in lexicon.sets["double_months"] and before not in lexicon.sets["before_month"]:
            continue
        found.places.add(hit.start)
        number = int(hit.concept)
        year = int(after) if _YEAR.match(after) else today.year - (number > today.month)
        if before in lexicon.sets["since"]:  # from then on: only a whole year is one of the periods
            named.append("this_year" if (year, number) == (today.year, 1) else "")
            continue
        named.append(f"{year:04d}-{number:02d}")
    return list(dict.fromkeys(named))


def _period_of(concept: str, today: date) -> str:
    if concept == "last_year":
        return f"{today.year - 1:04d}"
    return f"{today:%Y-%m}" if concept == "this_month" else concept


def _read_horizon(text: str, tokens: Sequence[str], lexicon: Lexicon, today: date, found: Times) -> None:
    ends = {hit.concept: hit for hit in lexicon.until.find(tokens)}
    day = _ISO_DAY.search(text)
    if day:
        found.until = _day(int(day[1]), int(day[2]), int(day[3]))
    elif (quarter := _QUARTER.search(text)) is not None:
        found.until = _end_of_quarter(int(re.sub(r"\D", "", quarter[0])), today)
    elif ends:
        concept = "month" if "month" in ends else next(iter(ends))
        found.until = _end_of(concept, today)
        found.places |= set(range(ends[concept].start, ends[concept].end))
    else:
        found.until = _until_month(tokens, lexicon, today)
    for hit in lexicon.horizons.find(tokens):
        found.within = max(found.within or 0, int(hit.concept))
        found.places |= set(range(hit.start, hit.end))
        found.lengths = [one for one in found.lengths if not one.places & set(range(hit.start, hit.end))]


def _until_month(tokens: Sequence[str], lexicon: Lexicon, today: date) -> date | None:
    """``by March``, ``in March``: the last day of the next month of that name."""
    for hit in lexicon.months.find(tokens):
        before = set(tokens[max(0, hit.start - 2) : hit.start])
        after = tokens[hit.end] if hit.end < len(tokens) else ""
        if before & (lexicon.sets["until"] | lexicon.sets["before_month"]) or _YEAR.match(after):
            number = int(hit.concept)
            year = int(after) if _YEAR.match(after) else today.year + (number < today.month)
            last = calendar.monthrange(year, number)[1]
            said = next(
                (int(one) for one in (tokens[hit.start - 1] if hit.start else "", after) if one.isdigit() and 1 <= int(one) <= last), last
            )
            return date(year, number, said)
    return None


def _end_of_quarter(number: int, today: date) -> date:
    """The last day of the next quarter of that number, the running one included."""
    month = number * 3
    year = today.year + (month < today.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _end_of(concept: str, today: date) -> date:
    number = {"month": today.month, "quarter": (today.month + 2) // 3 * 3}.get(concept, 12)
    return date(today.year, number, calendar.monthrange(today.year, number)[1])


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _places(hits: Sequence[Hit]) -> dict[int, str]:
    return {hit.start: hit.concept for hit in hits}


def soonest(today: date, within_days: int) -> date:
    """The last day of a horizon of so many days."""
    return today + timedelta(days=within_days)
