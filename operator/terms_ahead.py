"""The term that follows: every closed term opens the next one and arms its window, in the same transaction.

Rule 1: a signed renewal starts a new initial term of the signed length; a term that renewed by decision or by default is the next one
of the contract's own series, counted from its anchor.
Rule 2: a window that cannot be proven is armed as unknown, never left out.
Rule 3: when a signed renewal follows a miss, it replaces the term that was armed by the miss.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import agenda, cases
from contractops.operator.store.tables import Draft, ExecutedTerm, Renewal
from contractops.tools.calendars import add_months, zone
from contractops.tools.notice_window import NoticeWindow
from contractops.tools.terms import Terms


def open_next(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> Renewal | None:
    """Record the term after ``row`` and arm its renewal; None when the contract simply ends.

    ``row`` has just entered ``renewed``, ``let_renew`` or ``missed``.
    """
    term = _next_term(session, row, now)
    if term is None:
        return None
    session.merge(term)
    session.flush()
    after = armed(session, row.unit_id, term.sequence) or Renewal(
        id=f"{row.unit_id}#{term.sequence}",
        unit_id=row.unit_id,
        sequence=term.sequence,
        contract_id=row.contract_id,
        account_id=row.account_id,
        owner_id=row.owner_id,
        stage=Stage.WATCHING,
        version=0,
        window_status="unknown",
    )
    after.term_start = term.start
    fill(after, cases.window_of(session, after, now))
    session.add(after)
    session.flush()
    after.next_action_at = agenda.next_action(session, after, now, rules)
    return after


def armed(session: Session, unit_id: str, sequence: int) -> Renewal | None:
    """The renewal that is already armed for that term."""
    return session.exec(select(Renewal).where(Renewal.unit_id == unit_id, Renewal.sequence == sequence)).first()


def fill(row: Renewal, window: NoticeWindow) -> None:
    """Copy the window's dates into the renewal row."""
    row.window_status = str(window.status)
    row.zone = window.zone
    row.term_start = window.term_start or row.term_start
    row.term_end = window.term_end
    row.renews_on = window.renews_on
    row.safe_on = window.safe_on
    row.decide_by = window.decide_by.astimezone(zone("UTC")) if window.decide_by else None


def _next_term(session: Session, row: Renewal, now: datetime) -> ExecutedTerm | None:
    sequence = row.sequence + 1
    if row.stage == Stage.RENEWED:
        draft = session.get_one(Draft, (row.id, row.draft_number))
        terms = Terms.model_validate(draft.terms)
        return ExecutedTerm(
            unit_id=row.unit_id,
            sequence=sequence,
            how=Stage.RENEWED,
            start=terms.start,
            end=terms.end,
            months=terms.term_months,
            monthly=str(terms.monthly.amount),
            currency=terms.currency,
            from_renewal=row.id,
            lines=[line.model_dump(mode="json") for line in terms.lines],
            recorded_at=now,
        )
    window = cases.window_of(session, row, now)
    if window.renews_on is None:
        return None
    return ExecutedTerm(
        unit_id=row.unit_id,
        sequence=sequence,
        how=row.stage,
        start=window.renews_on,
        end=window.renews_to or _open_end(window.renews_on),
        from_renewal=row.id,
        recorded_at=now,
    )


def _open_end(start: date) -> date:
    """Last day shown for a term without an end of its own (month to month): one month."""
    return add_months(start, 1) - timedelta(days=1)
