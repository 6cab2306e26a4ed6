"""Coverage: every contract is in exactly one state, and the states add up to the portfolio.

Rule 1: *due*: the safe date is 60 days or fewer away and the term is not closed. Approved or out for signature is still due.
Rule 2: *missed*: the decide-by moment passed so, until the term ends. *unknown*: no provable date. Everything else is *safe*.
Rule 3: only an executed renewal, a served notice with evidence or a recorded let-renew closes a term.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from contractops.tools.alerts import days_left
from contractops.tools.notice_window import NoticeWindow, WindowStatus
from contractops.tools.values import Reason, Scalar, Value

DUE_DAYS = 60
"""A contract is due from this many days before its safe date."""


class CoverageState(StrEnum):
    """Where a contract stands."""

    SAFE = "safe"
    DUE = "due"
    MISSED = "missed"
    UNKNOWN = "unknown"


class ClosedBy(StrEnum):
    """What closed the term."""

    EXECUTED_RENEWAL = "executed_renewal"
    SERVED_NOTICE = "served_notice"
    LET_RENEW = "let_renew"


class TermClosed(Value):
    """The act that closed a term; ``term_end`` says which term it closed."""

    kind: ClosedBy
    on: date
    term_end: date


class Coverage(Value):
    """The state of one contract with its reason. ``days_left`` counts calendar days to the safe date in the contract's zone (negative = passed)."""

    unit_id: str
    state: CoverageState
    days_left: int | None
    decide_by: datetime | None
    reason: Reason


class CoverageTotals(Value):
    """Counts by state; ``total`` is their sum."""

    safe: int
    due: int
    missed: int
    unknown: int
    total: int


def coverage(window: NoticeWindow, closed: TermClosed | None, as_of: datetime) -> Coverage:
    """The state on ``as_of`` of the contract whose ``window`` was computed for that moment. ``closed`` counts for the term it closed only."""
    if window.status is WindowStatus.UNKNOWN:
        why = window.unknown[0].reason if window.unknown else Reason(code="coverage.unknown")
        return Coverage(unit_id=window.unit_id, state=CoverageState.UNKNOWN, days_left=None, decide_by=None, reason=why)
    if window.safe_on is None or window.decide_by is None:
        end = window.term_end.isoformat() if window.term_end else None
        reason = Reason(code=f"coverage.{window.status.value}", values={"status": window.status.value, "term_end": end})
        return Coverage(unit_id=window.unit_id, state=CoverageState.SAFE, days_left=None, decide_by=None, reason=reason)
    left = days_left(window.safe_on, window.zone, as_of)
    values: dict[str, Scalar] = {"days_left": left, "safe_on": window.safe_on.isoformat()}
    if closed is not None and closed.term_end == window.term_end:
        state, reason = CoverageState.SAFE, Reason(code=f"coverage.{closed.kind.value}", values={**values, "on": closed.on.isoformat()})
    elif as_of > window.decide_by:
        state, reason = CoverageState.MISSED, Reason(code="coverage.missed", values=values)
    elif left <= DUE_DAYS:
        state, reason = CoverageState.DUE, Reason(code="coverage.due", values=values)
    else:
        state, reason = CoverageState.SAFE, Reason(code="coverage.later", values=values)
    return Coverage(unit_id=window.unit_id, state=state, days_left=left, decide_by=window.decide_by, reason=reason)


def totals(found: Iterable[Coverage]) -> CoverageTotals:
    """Counts by state; they add up to the portfolio."""
    counts = dict.fromkeys(CoverageState, 0)
    for one in found:
        counts[one.state] += 1
    return CoverageTotals(
        safe=counts[CoverageState.SAFE],
        due=counts[CoverageState.DUE],
        missed=counts[CoverageState.MISSED],
        unknown=counts[CoverageState.UNKNOWN],
        total=sum(counts.values()),
    )
