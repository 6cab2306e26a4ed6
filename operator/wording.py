"""How values read in our sentences: dates, money, per cent, lists. One form everywhere, whatever shows it.

Rule 1: a date has a weekday, a month in letters and a year; an hour has the zone it was told in. Plain text, so that no reader's
device moves the day.
Rule 2: an amount has its ISO code and its currency's decimals; a change has a sign. Nothing is rounded here but to the shown decimals.
Rule 3: no word of ours hides that something is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from contractops.tools.values import Money, minor_units

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CENT = Decimal("0.01")

MAX_QUOTE = 500
"""Characters of a person's or a document's text that a card shows."""

CUT = "… (more in the document)"


def day(when: date) -> str:
    """``Fri 5 Feb 2027``. A ``datetime`` is refused: its day depends on a zone, see ``moment``."""
    if isinstance(when, datetime):
        message = "a datetime has a day only in a zone"
        raise TypeError(message)
    return f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def long_day(when: date) -> str:
    """``10 November 2026``, for a customer."""
    return f"{when.day} {long_month(when)}"


def long_month(when: date) -> str:
    """``November 2026``, for a customer."""
    return f"{_LONG_MONTHS[when.month - 1]} {when.year}"


def long_moment(when: datetime, zone: str) -> str:
    """``7 December 2026, 14:20 CST``, for a customer."""
    return f"{long_day(local_date(when, zone))}, {hour(when, zone)}"


def short_day(when: date) -> str:
    """``Fri 5 Feb``, for lists where the year is plain."""
    return day(when).rsplit(" ", 1)[0]


def month(when: date) -> str:
    """``Nov 2026``."""
    return f"{_MONTHS[when.month - 1]} {when.year}"


def local_day(when: datetime, zone: str) -> str:
    """``Fri 5 Feb 2027``: the day of an aware instant in the IANA ``zone``."""
    return day(local_date(when, zone))


def local_date(when: datetime, zone: str) -> date:
    """The day of an aware instant in the IANA ``zone``, as a date."""
    return _local(when, zone).date()


def hour(when: datetime, zone: str) -> str:
    """``10:12 CST``: the hour of an aware instant in ``zone``."""
    local = _local(when, zone)
    return f"{local:%H:%M} {_abbreviation(local)}"


def moment(when: datetime, zone: str) -> str:
    """``Mon 7 Dec 2026, 10:42 CST``."""
    return f"{local_day(when, zone)}, {hour(when, zone)}"


def deadline(when: datetime, zone: str) -> str:
    """``Fri 5 Feb 2027, 17:00 CST (Chicago)``: a moment that binds, with the place of its zone."""
    place = city(zone)
    return moment(when, zone) + (f" ({place})" if place else "")


def city(zone: str) -> str:
    """The place an IANA zone is named after: ``Chicago`` of ``America/Chicago``; empty for ``UTC`` and ``Etc/…``."""
    if "/" not in zone or zone.startswith("Etc/"):
        return ""
    return zone.rsplit("/", 1)[1].replace("_", " ")


def day_in_reader_zone(when: datetime, zone: str, reader_zone: str) -> str:
    """``that is Sat 6 Feb, 00:00 for you`` when the reader's day differs from the contract's; else empty."""
    local = _local(when, reader_zone)
    if local.date() == _local(when, zone).date():
        return ""
    return f"that is {short_day(local.date())}, {local:%H:%M} for you"


def number(value: Decimal | int, decimals: int = 2) -> str:
    """``18,450.00``: thousands by comma, ``decimals`` decimals, rounded half to even."""
    step = Decimal(1).scaleb(-decimals)
    return f"{Decimal(value).quantize(step, rounding=ROUND_HALF_EVEN):,f}"


def plain(value: Decimal) -> str:
    """A measured figure with the digits it has (``99.5671``, ``21.6``)."""
    return f"{value.normalize():,f}"


def amount(value: Money) -> str:
    """``18,450.00``: the figure alone, where the currency was named before."""
    return number(value.amount, minor_units(value.currency))


def money(value: Money) -> str:
    """``USD 18,450.00``; a negative amount is ``-USD 18,450.00``."""
    sign = "-" if value.rounded().amount < 0 else ""
    return f"{sign}{value.currency} {amount(-value if sign else value)}"


def monthly(value: Money) -> str:
    """``USD 18,450.00 a month``."""
    return f"{money(value)} a month"


def yearly(value: Money) -> str:
    """``USD 221,400.00 a year``."""
    return f"{money(value)} a year"


def signed_money(value: Money) -> str:
    """``+USD 730.00`` or ``-USD 20,723.04``; nothing has no sign."""
    return ("+" if value.rounded().amount > 0 else "") + money(value)


def percent(value: Decimal) -> str:
    """``12.00 %``."""
    return f"{number(value)} %"


def signed_percent(value: Decimal) -> str:
    """``-9.36 %``, ``+3.00 %``."""
    rounded = value.quantize(_CENT, rounding=ROUND_HALF_EVEN)
    return ("+" if rounded > 0 else "") + percent(abs(rounded) if rounded == 0 else rounded)


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 month``, ``2 months``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def stretch(minutes: int) -> str:
    """``38 minutes``, ``2 hours``, ``2 hours 5 minutes``: a stretch of time in whole minutes."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([plural(hours, "hour")] if hours else []), *([plural(rest, "minute")] if rest or not hours else [])])


def listing(items: Sequence[str], joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none."""
    if len(items) < 2:  # noqa: PLR2004 - one item needs no joint
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def sentence_case(words: str) -> str:
    """The same words with a capital first letter."""
    return words[:1].upper() + words[1:]


def quoted(words: str) -> str:
    """A person's or a document's text on one card: trimmed, at most ``MAX_QUOTE`` characters, marked when cut."""
    words = words.strip()
    return words if len(words) <= MAX_QUOTE else words[:MAX_QUOTE].rstrip() + CUT


def fingerprint(digest: str) -> str:
    """``7f3a 91c2``: the first eight digits of a SHA-256, in two groups."""
    head = digest.replace(" ", "")[:8]
    return f"{head[:4]} {head[4:]}".strip()


def _local(when: datetime, zone: str) -> datetime:
    if when.tzinfo is None:
        message = "an instant without a zone cannot be told"
        raise ValueError(message)
    return when.astimezone(ZoneInfo(zone))


def _abbreviation(local: datetime) -> str:
    """``CST``; zones without letters (``+03``) read ``UTC+03:00``."""
    name = local.strftime("%Z")
    if name[:1] in "+-":
        offset = local.strftime("%z")
        return f"UTC{offset[:3]}:{offset[3:5]}"
    return name
