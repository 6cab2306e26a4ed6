"""The list that ``/renewals`` gets.

Rule 1: a person sees the contracts that he owns, those of the people he manages, and all when he is contract-ops.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases
from contractops.operator.desk.call import ANSWER
from contractops.operator.showing import explain
from contractops.operator.showing.lists import UNDATED_SHOWN, undated_line
from contractops.operator.slack.views_outcome import ListLine, RenewalsList
from contractops.operator.store.tables import Card, Renewal
from contractops.operator.talk.known import visible_owners
from contractops.tools.calendars import zone
from contractops.tools.people import Person

HORIZON: Final = timedelta(days=120)
LINES: Final = 10


def due_list(session: Session, who: Person, now: datetime, rules: cases.Rules) -> RenewalsList:
    """What is due for ``who`` within 120 days, most urgent first."""
    until = (now + HORIZON).astimezone(zone(who.working_time.zone)).date()
    mine = select(Renewal).where(col(Renewal.stage).not_in([str(stage) for stage in FINAL]), col(Renewal.served_at).is_(None))
    owners = visible_owners(session, who)
    if owners is not None:
        mine = mine.where(col(Renewal.owner_id).in_(owners))
    rows = session.exec(mine.where(col(Renewal.decide_by) <= now + HORIZON).order_by(col(Renewal.decide_by)).limit(LINES)).all()
    unknown = session.exec(mine.where(Renewal.window_status == "unknown").order_by(col(Renewal.id))).all()
    later = session.exec(mine.where(col(Renewal.decide_by) > now + HORIZON).order_by(col(Renewal.decide_by)).limit(1)).first()
    return RenewalsList(
        until=until,
        lines=tuple(explain.list_line(cases.overview(session, row, now, rules), now) for row in rows),
        unknown=len(unknown),
        undated=tuple(_undated(session, row, now, rules) for row in unknown[:UNDATED_SHOWN]),
        next_account=cases.overview(session, later, now, rules).account_name if later else None,
        next_day=later.safe_on if later else None,
    )


def _undated(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> ListLine:
    """A line with its one question; the button hangs on the welcome list of the owner, which every owner has."""
    card = session.get(Card, f"welcome/{row.owner_id}")
    return undated_line(session, row, card.key if card else None, now, rules, **{ANSWER: True})
