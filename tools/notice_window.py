"""Notice-window calculator: until when a notice of non-renewal counts, and by when we decide.

Rule 1: term k starts at anchor + k x period, never at the end of the term before; month ends are clamped once.
Rule 2: the day counted from is excluded, the last day is included; days count back from the last day of the term.
Rule 3: the safe date rolls back to a working day, also where the clause rolls its own last day forward: rolling forward has lost cases.
Rule 4: a clause that does not say "sent" or "received" is read as "received" for the safe date, and the result says so.
Rule 5: a missing fact gives status ``unknown`` with the fact named; nothing is guessed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from contractops.tools.calendars import (
    add_business_days,
    add_period,
    in_months,
    moment,
    roll_back,
    zone,
)
from contractops.tools.errors import InvariantError
from contractops.tools.facts import ContractFacts, DeliveryMethod, NoticeBasis, RenewalKind, UnknownFact, Whose
from contractops.tools.term_dates import TermDates, rolls, term_dates
from contractops.tools.values import Period, Reason, Scalar, Unit, Value, filled, reason
from contractops.tools.window_steps import Edges, edges_of, explain, notice_reason, term_reason

__all__ = ["DEFAULT_CUTOFF", "NoticeWindow", "SendBy", "WindowStatus", "moment", "notice_window", "window_of_term"]

DEFAULT_CUTOFF = time(17, 0)
"""The hour until which a notice counts where the clause names none."""

_DATE_FIELDS = frozenset({"start", "end", "initial_term", "renewal", "renewal_term", "renewals_max", "notice"})
_A_MONTH_OF_DAYS = 31
_ONE_DAY = timedelta(days=1)


class WindowStatus(StrEnum):
    """``known``: all dates stand. ``rolling``: notice is possible at any time. ``none``: the term ends by itself. ``unknown``: a fact is missing."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    ROLLING = "rolling"
    NONE = "none"


class SendBy(Value):
    """Latest sending by one method, so that the notice counts by the decide-by moment. ``at`` is aware, in the contract's zone."""

    method: str
    on: date
    at: datetime
    reason: Reason


class NoticeWindow(Value):
    """The window of the term that runs on the day asked. Days are days in ``zone``; moments are aware, in ``zone``.

    ``term_number`` is 1 for the initial term. ``term_end`` is the last day; ``renews_on`` to ``renews_to`` is what follows when nobody acts.
    ``last_defensible`` is the contract's own last day, ``safe_on`` the working day we use, ``decide_by`` its hour. ``missed`` is true when
    ``decide_by`` has passed. ``next_decide_by`` belongs to the following term. ``earliest_end`` (rolling) is the first day on which the service
    can end when notice is served now.
    """

    unit_id: str
    status: WindowStatus
    whose: Whose
    basis: NoticeBasis
    zone: str
    holiday_calendar: str
    as_of: datetime
    term_number: int | None = None
    term_start: date | None = None
    term_end: date | None = None
    renews_on: date | None = None
    renews_to: date | None = None
    opens_on: date | None = None
    last_defensible: date | None = None
    safe_on: date | None = None
    decide_by: datetime | None = None
    send_by: tuple[SendBy, ...] = ()
    missed: bool = False
    next_safe_on: date | None = None
    next_decide_by: datetime | None = None
    earliest_end: date | None = None
    reasons: tuple[Reason, ...] = ()
    unknown: tuple[UnknownFact, ...] = ()


def notice_window(facts: ContractFacts, as_of: datetime) -> NoticeWindow:
    """The window of the term that runs on ``as_of`` (aware) in the contract's zone.

    Raises ``InputError`` for an unknown zone or calendar name and ``InvariantError`` for a naive ``as_of``. Missing facts are a result.
    """
    if as_of.tzinfo is None:
        raise InvariantError("CO-TIME-001", "a moment without a zone reached the notice window")
    tz = zone(facts.zone)
    today = as_of.astimezone(tz).date()
    missing = _missing(facts)
    terms = term_dates(facts)
    number = None if terms is None or missing else terms.number_on(today)
    if terms is None or number is None:
        return _unknown(facts, as_of, missing or (_absent("renewal_term", facts),))
    if terms.last is not None and (number > terms.last or not terms.renews(number)):
        return _ends(facts, as_of, terms, number)
    return _running(facts, as_of, terms, number, today)


def window_of_term(facts: ContractFacts, number: int, as_of: datetime) -> NoticeWindow:
    """The window of term ``number`` (from 1), whichever term runs on ``as_of``. Raises as ``notice_window`` does."""
    missing = _missing(facts)
    terms = term_dates(facts)
    following = None if terms is None else terms.first_day(number + 1)
    if terms is None or missing or following is None:
        return _unknown(facts, as_of, missing or (_absent("renewal_term", facts),))
    if not terms.renews(number):
        return _ends(facts, as_of, terms, number)
    first = terms.first_day(number)
    return _known(facts, as_of, terms, number, first, following, edges_of(facts, first, following - _ONE_DAY))


def _missing(facts: ContractFacts) -> tuple[UnknownFact, ...]:
    """The facts without which no date can be proven, each with its reason."""
    kind = facts.renewal
    absent = []
    if kind is RenewalKind.UNSTATED:
        absent.append("renewal")
    if facts.notice is None and kind is not RenewalKind.NONE:
        absent.append("notice")
    if facts.end is None and facts.start is None:
        absent.append("start")
    if facts.end is None and facts.initial_term is None and not rolls(kind):
        absent.append("initial_term")
    if kind is RenewalKind.COUNTED and facts.renewals_max is None:
        absent.append("renewals_max")
    if not absent and not facts.unknown:
        return ()
    found = tuple(fact for fact in facts.unknown if fact.field in _DATE_FIELDS)
    named = {fact.field for fact in found}
    return found + tuple(_absent(field, facts) for field in absent if field not in named)


def _absent(field: str, facts: ContractFacts) -> UnknownFact:
    code = "facts.start_event_open" if field == "start" else "facts.not_stated"
    return UnknownFact(field=field, reason=Reason(code=code, values={"field": field, "start_event": str(facts.start_event)}))


def _unknown(facts: ContractFacts, as_of: datetime, missing: tuple[UnknownFact, ...]) -> NoticeWindow:
    return NoticeWindow(
        unit_id=facts.unit_id,
        status=WindowStatus.UNKNOWN,
        whose=facts.whose,
        basis=facts.basis,
        zone=facts.zone,
        holiday_calendar=facts.holiday_calendar,
        as_of=as_of,
        reasons=tuple(fact.reason for fact in missing),
        unknown=missing,
    )


def _ends(facts: ContractFacts, as_of: datetime, terms: TermDates, number: int) -> NoticeWindow:
    """No notice is needed: the term is the last one, or it is over already."""
    last = terms.last or 1
    over = number > last
    end = terms.last_day(last)
    code = "window.ended" if over else "window.ends_by_itself"
    values: dict[str, Scalar] = {"term": last, "term_end": end.isoformat() if end else None, "renewal": str(facts.renewal)}
    return NoticeWindow(
        unit_id=facts.unit_id,
        status=WindowStatus.NONE,
        whose=facts.whose,
        basis=facts.basis,
        zone=facts.zone,
        holiday_calendar=facts.holiday_calendar,
        as_of=as_of,
        term_number=min(number, last),
        term_start=terms.first_day(min(number, last)),
        term_end=end,
        reasons=(term_reason(facts, last, terms.first_day(last), end), reason(code, values, facts.renewal_ref)),
    )


def _running(facts: ContractFacts, as_of: datetime, terms: TermDates, number: int, today: date) -> NoticeWindow:
    """A term that renews itself: with a window of its own, or rolling when it is too short to have one."""
    renewed = number > 1 or terms.start == terms.second
    if renewed and (facts.renewal is RenewalKind.EVERGREEN or _at_most_a_month(terms.renewal)):
        return _rolling(facts, as_of, terms, number, today)
    first, following = terms.first_day(number), terms.first_day(number + 1)
    if following is None:
        raise InvariantError("CO-WIN-002", f"{facts.unit_id}: term {number} has no last day")
    edges = edges_of(facts, first, following - _ONE_DAY)
    if renewed and first is not None and edges.counted < first:
        return _rolling(facts, as_of, terms, number, today)
    return _known(facts, as_of, terms, number, first, following, edges)


def _at_most_a_month(period: Period | None) -> bool:
    if period is None:
        return False
    months = in_months(period)
    return months <= 1 if months is not None else period.length * (7 if period.unit is Unit.WEEKS else 1) <= _A_MONTH_OF_DAYS


def _rolling(facts: ContractFacts, as_of: datetime, terms: TermDates, number: int, today: date) -> NoticeWindow:
    """Notice is possible at any time; ``earliest_end`` follows from notice served today."""
    if facts.renewal is RenewalKind.EVERGREEN and facts.notice is not None:
        first, end = terms.first_day(number), None
        earliest: date | None = add_period(today, facts.notice, facts.holiday_calendar)
    else:
        first, end = terms.first_day(number), terms.last_day(number)
        ending = number
        while (last := terms.last_day(ending)) is not None and edges_of(facts, first or last, last).safe < today:
            ending += 1
        earliest = terms.last_day(ending)
    values: dict[str, Scalar] = {"term": number, "served_on": today.isoformat(), "earliest_end": earliest.isoformat() if earliest else None}
    return NoticeWindow(
        unit_id=facts.unit_id,
        status=WindowStatus.ROLLING,
        whose=facts.whose,
        basis=facts.basis,
        zone=facts.zone,
        holiday_calendar=facts.holiday_calendar,
        as_of=as_of,
        term_number=number,
        term_start=first,
        term_end=end,
        earliest_end=earliest,
        reasons=(reason("window.rolling", values, facts.renewal_ref), notice_reason(facts)),
    )


def _known(
    facts: ContractFacts, as_of: datetime, terms: TermDates, number: int, first: date | None, following: date, edges: Edges
) -> NoticeWindow:
    """The window of term ``number``, which runs from ``first`` to the day before ``following``."""
    tz = zone(facts.zone)
    cutoff = facts.cutoff or DEFAULT_CUTOFF
    end = following - _ONE_DAY
    decide_by = moment(edges.safe, cutoff, tz)
    after_next = None if facts.renewal is RenewalKind.EVERGREEN else terms.first_day(number + 2)
    renews_to = None if after_next is None else after_next - _ONE_DAY
    next_safe = None
    if renews_to is not None and terms.renews(number + 1):
        next_safe = edges_of(facts, following, renews_to).safe
    return filled(
        NoticeWindow,
        {
            "unit_id": facts.unit_id,
            "status": WindowStatus.KNOWN,
            "whose": facts.whose,
            "basis": facts.basis,
            "zone": facts.zone,
            "holiday_calendar": facts.holiday_calendar,
            "as_of": as_of,
            "term_number": number,
            "term_start": first,
            "term_end": end,
            "renews_on": following,
            "renews_to": renews_to,
            "opens_on": edges.opens,
            "last_defensible": edges.last,
            "safe_on": edges.safe,
            "decide_by": decide_by,
            "send_by": tuple([_send_by(method, facts, edges.safe, decide_by, cutoff) for method in facts.methods]) if facts.methods else (),
            "missed": as_of > decide_by,
            "next_safe_on": next_safe,
            "next_decide_by": None if next_safe is None else moment(next_safe, cutoff, tz),
            "earliest_end": None,
            "reasons": explain(facts, number, first, end, edges, cutoff, following, renews_to),
            "unknown": (),
        },
    )


def _send_by(method: DeliveryMethod, facts: ContractFacts, safe: date, decide_by: datetime, cutoff: time) -> SendBy:
    """Latest sending by ``method``: on the safe date when sending counts, else early enough to be deemed received."""
    transit = method.transit
    if facts.basis is NoticeBasis.DISPATCH:
        on, at = safe, decide_by
    elif transit is not None and transit.length:
        if transit.unit is Unit.BUSINESS_DAYS:
            on = add_business_days(safe, -transit.length, facts.holiday_calendar)
        else:
            on = roll_back(add_period(safe, transit, facts.holiday_calendar, times=-1), facts.holiday_calendar)
        at = moment(on, cutoff, decide_by.tzinfo) if isinstance(decide_by.tzinfo, ZoneInfo) else decide_by
    else:
        at = (decide_by.astimezone(UTC) - timedelta(hours=method.hours)).astimezone(decide_by.tzinfo) if method.hours else decide_by
        on = at.date()
    why = reason(
        "window.send_by",
        {
            "method": method.name,
            "on": on.isoformat(),
            "transit": transit.length if transit else 0,
            "unit": str(transit.unit) if transit else "hours",
            "hours": method.hours,
            "basis": str(facts.basis),
        },
        method.ref,
    )
    return filled(SendBy, {"method": method.name, "on": on, "at": at, "reason": why})
