"""SLA summarizer: what was promised and delivered, per service and calendar month.

Rule 1: downtime is the union of the outages, clipped to the month in the service's zone; a minute counts once.
Rule 2: planned maintenance, time waiting for the customer and excluded causes are taken out and listed, each with its reason and clause.
Rule 3: the minutes of a month are fixed (43,200) or the actual ones of its days x 1,440; the contract says which.
Rule 4: availability has four decimals, rounded half to even; a month misses its target when the rounded figure is below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TypeAlias

from pydantic import AwareDatetime, Field

from contractops.tools.calendars import moment, zone
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Severity, Value

_Span: TypeAlias = tuple[datetime, datetime]
_FOUR_DECIMALS = Decimal("0.0001")
_HUNDRED = Decimal(100)
_MINUTES_A_DAY = 1440
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_A_MINUTE = 60_000_000


class Month(Value):
    """A calendar month; written ``2026-11``."""

    year: int = Field(ge=1900, le=2200)
    month: int = Field(ge=1, le=12)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """Last day of the month."""
        return self.following.first_day - timedelta(days=1)

    @property
    def following(self) -> Month:
        """The month after."""
        return Month(year=self.year + self.month // 12, month=self.month % 12 + 1)


class CreditTier(Value):
    """From ``from_minutes`` (included) to ``to_minutes`` (excluded, None = no end) of downtime in the month: ``percent`` of the service's monthly price."""

    from_minutes: Decimal
    to_minutes: Decimal | None
    percent: Decimal


class RestoreTime(Value):
    """A fault of ``priority`` (None: every other) is mended within ``minutes`` of its start."""

    priority: str | None
    minutes: int = Field(gt=0)


class SlaCommitment(Value):
    """What the contract promises for one service.

    ``target_pct`` is an availability in per cent (99.95). ``fixed_minutes`` is the denominator, None = the actual minutes of the month.
    ``cap_pct`` caps the credit of a month in per cent of ``monthly_price``. ``claim_days`` are calendar days after ``claim_from`` (``month_end`` or
    ``ticket_close``), None = no claim needed. ``restore`` is empty when no time to restore is promised.
    """

    service_id: str
    contract_id: str
    zone: str
    target_pct: Decimal
    fixed_minutes: int | None
    monthly_price: Money
    tiers: tuple[CreditTier, ...]
    cap_pct: Decimal
    claim_days: int | None
    claim_from: str = Field(default="month_end", pattern="^(month_end|ticket_close)$")
    excluded_causes: tuple[str, ...] = ()
    restore: tuple[RestoreTime, ...] = ()
    target_ref: ClauseRef | None = None
    credit_ref: ClauseRef | None = None
    exclusion_ref: ClauseRef | None = None
    claim_ref: ClauseRef | None = None
    restore_ref: ClauseRef | None = None


class Pause(Value):
    """Time of a ticket that waits for the customer; ``end`` None = still waiting. Aware."""

    start: AwareDatetime
    end: AwareDatetime | None


class Outage(Value):
    """An interruption of one service, from a ticket. Aware moments; ``end`` None = still down. ``cause`` is the ticket's cause code, ``priority`` its priority."""

    ticket_id: str
    service_id: str
    start: AwareDatetime
    end: AwareDatetime | None
    closed_at: AwareDatetime | None = None
    cause: str = ""
    priority: str = ""
    pauses: tuple[Pause, ...] = ()


class Maintenance(Value):
    """An announced maintenance of one service. ``counts``: it counts as downtime all the same (emergency work under most contracts)."""

    maintenance_id: str
    service_id: str
    start: AwareDatetime
    end: AwareDatetime
    counts: bool = False


class ExcludedTime(Value):
    """An interval taken out of the downtime. ``code``: ``maintenance``, ``waiting_for_customer`` or ``excluded_cause``; ``source`` names the record."""

    start: datetime
    end: datetime
    minutes: Decimal
    code: str
    source: str
    ref: ClauseRef | None = None


class SlaMonth(Value):
    """One service in one month. Minutes and per cents are exact or rounded as Rule 4 says. ``complete`` is false while the month runs.

    ``ticket_minutes`` add up what each ticket says for itself; where it is not what is down and excluded, tickets overlap.
    """

    service_id: str
    contract_id: str
    month: Month
    target_pct: Decimal
    month_minutes: int
    allowed_minutes: Decimal
    down_minutes: Decimal
    ticket_minutes: Decimal
    availability_pct: Decimal
    met: bool
    complete: bool
    tickets: tuple[str, ...]
    last_closed_at: datetime | None
    excluded: tuple[ExcludedTime, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]


def sla_month(
    commitment: SlaCommitment, month: Month, outages: Iterable[Outage], maintenance: Iterable[Maintenance], as_of: datetime
) -> SlaMonth:
    """Availability of one service in one month, up to ``as_of`` while the month runs. Outages of other services are ignored.

    Raises ``InputError`` for an unknown zone. An outage that ends before it starts is a finding and does not count.
    """
    bounds = _bounds(commitment, month, as_of)
    own = sorted((one for one in outages if one.service_id == commitment.service_id), key=lambda one: (one.start, one.ticket_id))
    planned = [one for one in maintenance if one.service_id == commitment.service_id and not one.counts]
    findings: list[Finding] = []
    counted: list[_Span] = []
    excluded: list[ExcludedTime] = []
    touching: list[Outage] = []
    told = Decimal(0)
    for outage in own:
        span = _clip((_utc(outage.start), _utc(outage.end or as_of)), bounds)
        findings += _outage_findings(outage, as_of)
        if span is None:
            continue
        touching.append(outage)
        told += _minutes(*span)
        kept, out = _counted_time(outage, span, planned, commitment, as_of)
        counted += kept
        excluded += out
    down = sum((_minutes(start, end) for start, end in _union(counted)), Decimal(0))
    total = commitment.fixed_minutes or (month.following.first_day - month.first_day).days * _MINUTES_A_DAY
    available = max(Decimal(0), _HUNDRED - _HUNDRED * down / total).quantize(_FOUR_DECIMALS, rounding=ROUND_HALF_EVEN)
    closed = [one.closed_at or one.end for one in touching]
    return SlaMonth(
        service_id=commitment.service_id,
        contract_id=commitment.contract_id,
        month=month,
        target_pct=commitment.target_pct,
        month_minutes=total,
        allowed_minutes=total * (_HUNDRED - commitment.target_pct) / _HUNDRED,
        down_minutes=down,
        ticket_minutes=told,
        availability_pct=available,
        met=available >= commitment.target_pct,
        complete=bounds[1] == _month_end(commitment, month),
        tickets=tuple(one.ticket_id for one in touching),
        last_closed_at=max((at for at in closed if at is not None), default=None) if None not in closed else None,
        excluded=tuple(excluded),
        findings=tuple(findings),
        reasons=_explain(commitment, month, down, total, available, excluded),
    )


def sla_months(
    commitment: SlaCommitment, first: Month, outages: Iterable[Outage], maintenance: Iterable[Maintenance], as_of: datetime
) -> tuple[SlaMonth, ...]:
    """Every complete month from ``first`` on, oldest first; the running month is left out."""
    outages, maintenance = tuple(outages), tuple(maintenance)
    found = []
    month = first
    while _month_end(commitment, month) <= _utc(as_of):
        found.append(sla_month(commitment, month, outages, maintenance, as_of))
        month = month.following
    return tuple(found)


def month_of(day: date) -> Month:
    """The calendar month of ``day``."""
    return Month(year=day.year, month=day.month)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


@lru_cache(maxsize=4096)
def _month_starts(zone_name: str, year: int, month: int) -> datetime:
    return _utc(moment(date(year, month, 1), time(0), zone(zone_name)))


def _month_end(commitment: SlaCommitment, month: Month) -> datetime:
    return _month_starts(commitment.zone, month.year + month.month // 12, month.month % 12 + 1)


def _bounds(commitment: SlaCommitment, month: Month, as_of: datetime) -> _Span:
    start = _month_starts(commitment.zone, month.year, month.month)
    return start, max(start, min(_month_end(commitment, month), _utc(as_of)))


def _counted_time(
    outage: Outage, span: _Span, planned: list[Maintenance], commitment: SlaCommitment, as_of: datetime
) -> tuple[list[_Span], list[ExcludedTime]]:
    """What of one outage counts, and what is taken out with its reason. Time is taken out once, the first reason holds."""
    if outage.cause and outage.cause in commitment.excluded_causes:
        return [], [_excluded(span, "excluded_cause", outage.ticket_id, commitment)]
    removals = [((_utc(one.start), _utc(one.end)), "maintenance", one.maintenance_id) for one in planned]
    removals += [((_utc(one.start), _utc(one.end or as_of)), "waiting_for_customer", outage.ticket_id) for one in outage.pauses]
    kept, out = [span], []
    for removal, code, source in removals:
        for piece in kept:
            common = _clip(removal, piece)
            if common is not None:
                out.append(_excluded(common, code, source, commitment))
        kept = _without(kept, removal)
    return kept, sorted(out, key=lambda one: one.start)


def _excluded(span: _Span, code: str, source: str, commitment: SlaCommitment) -> ExcludedTime:
    minutes = _minutes(*span)
    return ExcludedTime(start=span[0], end=span[1], minutes=minutes, code=code, source=source, ref=commitment.exclusion_ref)


def _clip(span: _Span, bounds: _Span) -> _Span | None:
    start, end = max(span[0], bounds[0]), min(span[1], bounds[1])
    return (start, end) if start < end else None


def _without(spans: list[_Span], removal: _Span) -> list[_Span]:
    left = []
    for start, end in spans:
        pieces = ((start, min(end, removal[0])), (max(start, removal[1]), end))
        left += [piece for piece in pieces if piece[0] < piece[1]] if removal[0] < removal[1] else [(start, end)]
    return left


def _union(spans: list[_Span]) -> list[_Span]:
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _minutes(start: datetime, end: datetime) -> Decimal:
    return Decimal((end - start) // _MICROSECOND) / _MICROSECONDS_A_MINUTE


def _outage_findings(outage: Outage, as_of: datetime) -> list[Finding]:
    if outage.end is None:
        return [Finding(code="sla.outage_open", severity=Severity.INFO, about=outage.ticket_id, values={"as_of": as_of.isoformat()})]
    if outage.end < outage.start:
        values = {"start": outage.start.isoformat(), "end": outage.end.isoformat()}
        return [Finding(code="sla.outage_ends_before_start", severity=Severity.WARNING, about=outage.ticket_id, values=dict(values))]
    return []


def _explain(
    commitment: SlaCommitment, month: Month, down: Decimal, total: int, available: Decimal, excluded: list[ExcludedTime]
) -> tuple[Reason, ...]:
    basis = "fixed" if commitment.fixed_minutes else "actual"
    taken_out = sum((one.minutes for one in excluded), Decimal(0))
    return (
        Reason(
            code="sla.target",
            values={"service": commitment.service_id, "target_pct": str(commitment.target_pct), "minutes": total, "basis": basis},
            clause=commitment.target_ref,
        ),
        Reason(code="sla.excluded", values={"minutes": plain(taken_out), "intervals": len(excluded)}, clause=commitment.exclusion_ref),
        Reason(code="sla.downtime", values={"month": str(month), "minutes": plain(down)}),
        Reason(code="sla.availability", values={"down": plain(down), "minutes": total, "availability_pct": str(available)}),
    )


def plain(number: Decimal) -> str:
    """A number as plain text without trailing zeros or exponent: ``187``, ``21.6``."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
