"""Where each unit of term stands on a day: its window, and whether the term was closed by then.

Rule 1: only what was recorded by the moment asked counts; a later decision does not change an earlier day.
Rule 2: dates come from the facts, never from a renewal row, so a contract that nothing was armed for yet is answered too.
Rule 3: a contract is as urgent as the most urgent of its units: missed, then due by days left, then unknown, then safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from contractops.operator.store.portfolio import Entry
from contractops.operator.store.tables import ExecutedTerm, Renewal
from contractops.operator.wording import local_date
from contractops.tools.coverage import ClosedBy, Coverage, CoverageState, TermClosed, coverage
from contractops.tools.facts import ContractFacts, renewed
from contractops.tools.notice_window import NoticeWindow, notice_window

URGENCY: Final = (CoverageState.MISSED, CoverageState.DUE, CoverageState.UNKNOWN, CoverageState.SAFE)
_NEVER: Final = 10**9


class Watched(NamedTuple):
    """A renewal row as far as a report needs it."""

    renewal_id: str
    stage: str
    term_end: date | None
    served_at: datetime | None
    draft_number: int


class Executed(NamedTuple):
    """A term that followed a closed one. ``from_renewal`` is the renewal that closed it."""

    how: str
    start: date
    end: date
    months: int | None
    from_renewal: str
    recorded_at: datetime


@dataclass(frozen=True)
class Standing:
    """One unit on the day asked. ``renewal`` is the row of the running term, None when nothing is armed; ``executed`` the last signed term."""

    facts: ContractFacts
    window: NoticeWindow
    coverage: Coverage
    renewal: Watched | None
    executed: Executed | None


class Terms:
    """Renewals and executed terms by unit, as recorded by ``as_of``; of ``units`` only when they are named."""

    def __init__(self, session: Session, as_of: datetime, units: Sequence[str] | None = None) -> None:
        self._as_of = as_of
        self._watched: dict[str, list[Watched]] = {}
        self._executed: dict[str, list[Executed]] = {}
        watched, executed = _WATCHED, _EXECUTED
        if units is not None:
            watched = watched.where(col(Renewal.unit_id).in_(units))
            executed = executed.where(col(ExecutedTerm.unit_id).in_(units))
        rows = session.connection()
        for unit_id, renewal_id, stage, term_end, served_at, draft in rows.execute(watched):
            self._watched.setdefault(unit_id, []).append(Watched(renewal_id, stage, term_end, served_at, draft))
        for unit_id, how, start, end, months, from_renewal, recorded_at in rows.execute(
            executed.where(col(ExecutedTerm.recorded_at) <= as_of)
        ):
            self._executed.setdefault(unit_id, []).append(Executed(how, start, end, months, from_renewal, recorded_at))

    def standing(self, facts: ContractFacts) -> Standing:
        """Where the unit of ``facts`` stands."""
        executed = self._executed.get(facts.unit_id, [])
        today = local_date(self._as_of, facts.zone)
        signed = [one for one in executed if one.how == "renewed" and one.months]
        begun = [one for one in signed if one.start <= today]
        if begun and begun[-1].months is not None:
            facts = renewed(facts, begun[-1].start, begun[-1].months)
        window = notice_window(facts, self._as_of)
        watched = self._watched.get(facts.unit_id, [])
        row = next((one for one in reversed(watched) if one.term_end == window.term_end), watched[-1] if watched else None)
        closed = _closed(row, executed, window, self._as_of)
        return Standing(facts, window, coverage(window, closed, self._as_of), row, signed[-1] if signed else None)

    def most_urgent(self, entry: Entry) -> Standing:
        """The standing of the unit that decides how urgent the contract is."""
        return min((self.standing(facts) for facts in entry.units), key=lambda one: urgency(one.coverage))


def urgency(found: Coverage) -> tuple[int, int]:
    """Sort key: most urgent first."""
    return URGENCY.index(found.state), _NEVER if found.days_left is None else found.days_left


_WATCHED: Final = select(
    col(Renewal.unit_id), col(Renewal.id), col(Renewal.stage), col(Renewal.term_end), col(Renewal.served_at), col(Renewal.draft_number)
).order_by(col(Renewal.unit_id), col(Renewal.sequence))
_EXECUTED: Final = select(
    col(ExecutedTerm.unit_id),
    col(ExecutedTerm.how),
    col(ExecutedTerm.start),
    col(ExecutedTerm.end),
    col(ExecutedTerm.months),
    col(ExecutedTerm.from_renewal),
    col(ExecutedTerm.recorded_at),
).order_by(col(ExecutedTerm.unit_id), col(ExecutedTerm.sequence))
_CLOSING: Final = {"renewed": ClosedBy.EXECUTED_RENEWAL, "let_renew": ClosedBy.LET_RENEW}


def _closed(row: Watched | None, executed: Sequence[Executed], window: NoticeWindow, as_of: datetime) -> TermClosed | None:
    """What closed the running term, if anything did."""
    if row is None or row.term_end is None or row.term_end != window.term_end:
        return None
    for one in executed:
        if one.from_renewal == row.renewal_id and one.how in _CLOSING:
            return TermClosed(kind=_CLOSING[one.how], on=local_date(one.recorded_at, window.zone), term_end=row.term_end)
    if row.served_at is not None and row.served_at <= as_of:
        return TermClosed(kind=ClosedBy.SERVED_NOTICE, on=local_date(row.served_at, window.zone), term_end=row.term_end)
    return None
