"""Notice-window calculator: until when a notice of non-renewal counts, and by when we decide.

Rule 1: term k starts at anchor + k x period, never at the end of the term before; month ends are clamped once.
Rule 2: the day counted from is excluded, the last day is included; days count back from the last day of the term.
Rule 3: the safe date rolls back to a working day, also where the clause rolls its own last day forward: rolling forward has lost cases.
Rule 4: a clause that does not say "sent" or "received" is read as "received" for the safe date, and the result says so.
Rule 5: a missing fact gives status ``unknown`` with the fact named; nothing is guessed.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from contractops.tools.facts import NoticeBasis, UnknownFact, Whose
from contractops.tools.values import Reason, Value


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
