"""Coverage: every contract is in exactly one state, and the states add up to the portfolio.

Rule 1: *due*: the safe date is 60 days or fewer away and the term is not closed. Approved or out for signature is still due.
Rule 2: *missed*: the decide-by moment passed so, until the term ends. *unknown*: no provable date. Everything else is *safe*.
Rule 3: only an executed renewal, a served notice with evidence or a recorded let-renew closes a term.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from contractops.tools.values import Reason, Value


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
