"""From the text of a cell to a value, strictly.

Rule 1: nothing is guessed. A date is ISO (2027-04-07), a number has a decimal point and no thousands separator, a moment states its offset.
Rule 2: a cell that cannot be read raises ``BadCell`` with the reason and the advice; the caller adds file, line and column.
Rule 3: text is kept as written, except that surrounding space goes. Control characters and marks that reorder text are refused: they
serve only to deceive the eye. A formula is plain text here and stays text.
Rule 4: parsers never see an empty cell; empty is absent.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones

MAX_TEXT: Final = 4000
MAX_AMOUNT: Final = Decimal(10) ** 12
_NUMBER = re.compile(r"-?\d{1,13}(\.\d{1,6})?")
_PLAIN = re.compile(r"-?\d+(\.\d+)?")
_WHOLE = re.compile(r"\d{1,9}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_YEARS = range(1950, 2201)
_PLAIN_DIGITS: Final = 40


def plain(value: Decimal) -> str:
    """``value`` in plain digits; one with an exponent that would write thousands of them keeps its exponent, and is then refused as no number."""
    return format(value, "f") if abs(value.adjusted()) <= _PLAIN_DIGITS else str(value)


class BadCell(Exception):
    """A cell that is not what its column asks for."""

    def __init__(self, code: str, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.advice = advice


def shown(text: str) -> str:
    """``text`` as it may be shown: quoted, cut, without control characters."""
    clean = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:60])
    return f'"{clean}{"…" if len(text) > len(clean) else ""}"'


def text(cell: str) -> str:
    """Any words of at most ``MAX_TEXT`` characters."""
    if len(cell) > MAX_TEXT:
        raise BadCell("CO-IMP-021", f"the text has {len(cell):,} characters.", f"At most {MAX_TEXT:,} are kept; shorten it.")
    if not cell.isprintable():
        for each in cell:
            if each in _REORDERING or (unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t\r"):
                name = unicodedata.name(each, f"U+{ord(each):04X}")
                raise BadCell("CO-IMP-021", f"the text holds the hidden character {name}.", "Remove it.")
    return cell


def identifier(cell: str) -> str:
    """An id: letters, digits and ``. _ : / -``, at most 64 characters."""
    if _ID.fullmatch(cell) is None:
        raise BadCell("CO-IMP-020", f"{shown(cell)} is not an id.", "Use letters, digits and . _ : / - (at most 64).")
    return cell


@lru_cache(maxsize=8192)
def day(cell: str) -> date:
    """An ISO date."""
    try:
        found = date.fromisoformat(cell) if len(cell) == 10 else None  # noqa: PLR2004 (YYYY-MM-DD; other ISO forms are ambiguous to people)
    except ValueError:
        found = None
    if found is None:
        raise BadCell("CO-IMP-011", f"{shown(cell)} is not a date.", "Write year-month-day, for example 2027-04-07.")
    if found.year not in _YEARS:
        raise BadCell("CO-IMP-011", f"{shown(cell)} is no date of a contract.", f"Years are {_YEARS[0]} to {_YEARS[-1]}.")
    return found


def moment(cell: str) -> datetime:
    """An ISO moment with its offset, as UTC."""
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.year not in _YEARS:
        raise BadCell(
            "CO-IMP-013", f"{shown(cell)} is not a moment.", "Write date, hour and offset, for example 2026-11-10T08:15:00-06:00."
        )
    return found.astimezone(UTC)


@lru_cache(maxsize=8192)
def number(cell: str) -> Decimal:
    """An exact decimal number, negative allowed."""
    if _NUMBER.fullmatch(cell) is None:
        if _PLAIN.fullmatch(cell) is not None:
            advice = "At most 13 digits before the decimal point and 6 after it are kept."
            raise BadCell("CO-IMP-012", f"{shown(cell)} has too many digits.", advice)
        raise BadCell("CO-IMP-012", f"{shown(cell)} is not a plain number.", "Write digits and a decimal point, for example 18450.00.")
    return Decimal(cell)


def amount(cell: str) -> Decimal:
    """An amount of money, not negative, below 10^12."""
    found = number(cell)
    if found < 0 or found >= MAX_AMOUNT:
        raise BadCell("CO-IMP-012", f"{shown(cell)} is not an amount.", "Write an amount from 0 up to below 1,000,000,000,000.")
    return found


def percent(cell: str) -> Decimal:
    """A percentage from 0 to 100."""
    found = number(cell.removesuffix("%").rstrip())
    if not 0 <= found <= 100:  # noqa: PLR2004 (per cent)
        raise BadCell("CO-IMP-012", f"{shown(cell)} is not a percentage from 0 to 100.", "Write 3.00 for 3 %.")
    return found


@lru_cache(maxsize=1024)
def whole(cell: str) -> int:
    """A whole number, not negative."""
    if _WHOLE.fullmatch(cell) is None:
        if cell.isascii() and cell.isdigit():
            raise BadCell("CO-IMP-014", f"{shown(cell)} is too large.", "Write at most 9 digits, for example 60.")
        raise BadCell("CO-IMP-014", f"{shown(cell)} is not a whole number.", "Write digits only, for example 60.")
    return int(cell)


def yes_no(cell: str) -> bool:
    """Yes or no; true, false, 1 and 0 are read too."""
    found = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(cell.lower())
    if found is None:
        raise BadCell("CO-IMP-023", f"{shown(cell)} is neither yes nor no.", "Write yes or no.")
    return found


def currency(cell: str) -> str:
    """An ISO 4217 code in capitals."""
    if _CURRENCY.fullmatch(cell) is None:
        raise BadCell("CO-IMP-016", f"{shown(cell)} is not a currency code.", "Write three capitals, for example USD.")
    return cell


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(cell: str) -> str:
    """A time zone by its IANA name."""
    if cell not in _zones() or ("/" not in cell and cell != "UTC"):
        raise BadCell("CO-IMP-017", f"{shown(cell)} is not a time zone.", "Write its IANA name, for example America/Chicago.")
    return cell


@lru_cache(maxsize=1)
def _calendars() -> frozenset[str]:
    # Imported here: the package reads its whole registry, and most columns never ask.
    from holidays import list_supported_countries  # noqa: PLC0415

    countries = list_supported_countries()
    return frozenset(("none", *countries)) | frozenset(f"{land}-{part}" for land, parts in countries.items() for part in parts)


def calendar(cell: str) -> str:
    """A holiday calendar: a country (US) or a country and its part (US-IL), as the ``holidays`` package names them, or ``none``."""
    if cell not in _calendars():
        raise BadCell(
            "CO-IMP-018", f"{shown(cell)} is not a holiday calendar.", "Write a country or a part of it, for example US-IL or DE."
        )
    return cell


def email(cell: str) -> str:
    """An e-mail address."""
    if _EMAIL.fullmatch(cell) is None or len(cell) > 254:  # noqa: PLR2004 (RFC 5321)
        raise BadCell("CO-IMP-019", f"{shown(cell)} is not an e-mail address.", "Write name@example.com, one address only.")
    return cell


def hour(cell: str) -> str:
    """An hour of the day, ``17:00``."""
    if _HOUR.fullmatch(cell) is None:
        raise BadCell("CO-IMP-024", f"{shown(cell)} is not an hour.", "Write hours and minutes, for example 17:00.")
    return cell


def structure(cell: Any) -> Any:
    """A JSON structure, as text or (from a JSON file) as it is. Numbers stay exact: they are kept as text."""
    if not isinstance(cell, str):
        return _exact(cell)
    try:
        found = json.loads(cell, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadCell("CO-IMP-022", f"{shown(cell)} is not JSON.", "See COLUMNS.md for the shape of this column.") from error
    return _exact(found)


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {text(str(key)): _exact(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    if isinstance(value, str):
        return text(value)
    return plain(value) if isinstance(value, Decimal) else value


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "text": text,
        "id": identifier,
        "date": day,
        "moment": moment,
        "number": number,
        "amount": amount,
        "percent": percent,
        "whole": whole,
        "yes/no": yes_no,
        "currency": currency,
        "zone": zone,
        "calendar": calendar,
        "e-mail": email,
        "hour": hour,
        "json": structure,
    }
)
"""Parser of each column type; the names are those the template shows."""
