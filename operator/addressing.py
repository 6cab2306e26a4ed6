"""Addressing: who is told in whose place, and when a message may reach him.

Rule 1: who is away is stood in for by his deputy; whom Slack does not reach, by the next in line; who has left, or nobody, by contract-ops. The dates of the contract do not care.
Rule 2: at most ``CARDS_A_DAY`` new cards a day and person; few days left, misses and answers of customers and approvers are never held.
Rule 3: no message in quiet time, but for an answer to one's own click and for the last days.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import cases, people
from contractops.operator.store.tables import Card, Gate, Renewal
from contractops.tools.alerts import days_left, next_morning, reach_at
from contractops.tools.people import WorkingTime

CARDS_A_DAY: Final = 3
NEVER_HELD_DAYS: Final = 7
HELD_KINDS: Final = frozenset({"alert", "reminder", "told", "moved", "second", "approver_reminder", "passed_on", "silent"})
"""Kinds that count toward the cap of a day: alerts and approvals."""
AT_HIS_DESK: Final = timedelta(minutes=5)
"""So long after a click its consequences are answers to it."""


def addressee(session: Session, owner_id: str | None, now: datetime, rules: cases.Rules) -> str:
    """Whom a card about a contract of ``owner_id`` goes to: the owner, his deputy while he is away, contract-ops when there is nobody."""
    return present(session, owner_id, now) or ops_or_stand_in(session, now, rules)


def contract_ops(session: Session, now: datetime, rules: cases.Rules) -> str:
    """Who of contract-ops decides now: the first of them who is there; the first of all when everybody is away."""
    everybody = rules.contract_ops(session)
    return next((one for one in everybody if _is_there(session, one, now)), everybody[0])


def ops_or_stand_in(session: Session, now: datetime, rules: cases.Rules) -> str:
    """Whom a message to contract-ops goes to: one of them who is there, else who stands in for the first."""
    one = contract_ops(session, now, rules)
    return present(session, one, now) or one


def _is_there(session: Session, person_id: str, now: datetime) -> bool:
    found = people.person(session, person_id)
    return found is not None and people.away_now(session, found, now) is None and not people.is_unreached(session, person_id)


def present(session: Session, person_id: str | None, now: datetime) -> str | None:
    """The person, or his deputy while he is away, or the next in line when Slack reaches neither; None for nobody and for who has left."""
    found = people.person(session, person_id)
    if found is None or not found.active:
        return None
    deputy = people.stand_in(session, found, now)
    meant = deputy.person_id if deputy else found.person_id
    return _reached(session, meant) if people.is_unreached(session, meant) else meant


def _reached(session: Session, person_id: str) -> str | None:
    """The next in line after ``person_id`` who is there and whom Slack reaches."""
    asked = [person_id]
    while more := people.next_in_line(session, asked):
        for one in more:
            found = people.person(session, one)
            if found is not None and found.active and not people.is_unreached(session, one):
                return one
        asked += more
    return None


def posting_time(
    session: Session, card: NewCard, renewal_id: str | None, now: datetime, rules: cases.Rules
) -> tuple[datetime | None, bool]:
    """(``post_at``, counted): when the card may reach its person (UTC), None = at once; whether it counts toward the cap of a day."""
    if card.to.startswith("#") or _clicked_just_now(session, card.to, renewal_id, now):
        return None, False
    working = cases.working_time(session, card.to, rules)
    row = session.get(Renewal, renewal_id) if renewal_id else None
    safe_on = row.safe_on if row else None
    when = reach_at(now, working, safe_on)
    counted = card.kind in HELD_KINDS and can_wait(row, now, card.args.get("lead"))
    if counted:
        when = _below_cap(session, card.to, when, working)
    return (when.astimezone(UTC) if when > now else None), counted


def can_wait(row: Renewal | None, now: datetime, lead: int | None = None) -> bool:
    """Whether a card about ``row`` may be held back to another day: never the alerts of the last days, also where holidays bring them forward."""
    if lead is not None and lead <= NEVER_HELD_DAYS:
        return False
    if row is None or row.safe_on is None or row.zone is None:
        return True
    return days_left(row.safe_on, row.zone, now) > NEVER_HELD_DAYS


def waiting_list(session: Session, person_id: str, now: datetime, rules: cases.Rules, *, told: str | None = None) -> NewCard:
    """The one list a day of what waits for the person; ``told`` is a renewal of whose silence only the list tells him."""
    working = cases.working_time(session, person_id, rules)
    key = f"waiting/{person_id}/{reach_at(now, working, None).date()}"  # the day on which he sees it
    before = session.get(Card, key, populate_existing=True)
    silent = [] if before is None else list(before.args["told"])
    return NewCard(key, "waiting", person_id, args={"told": list(dict.fromkeys([*silent, *([told] if told else [])]))})


def is_full(session: Session, person_id: str, now: datetime, rules: cases.Rules) -> bool:
    """Whether the person has got as many new cards as he may get on the day on which one made ``now`` would reach him."""
    working = cases.working_time(session, person_id, rules)
    return _full(session, person_id, reach_at(now, working, None))


def _below_cap(session: Session, person_id: str, when: datetime, working: WorkingTime) -> datetime:
    """``when``, or 09:00 of the first working day on which the person has got fewer than the cap."""
    while _full(session, person_id, when):
        when = next_morning(when, working)
    return when


def _full(session: Session, person_id: str, local: datetime) -> bool:
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=1)).astimezone(UTC)
    shown = func.coalesce(Card.post_at, Card.posted_at, Card.created_at)
    count = session.exec(
        select(func.count())
        .select_from(Card)
        .where(Card.person_id == person_id, col(Card.counted), shown >= start.astimezone(UTC), shown < end)
    )
    return count.one() >= CARDS_A_DAY


def _clicked_just_now(session: Session, person_id: str, renewal_id: str | None, now: datetime) -> bool:
    """Whether the person gave the latest answer about this renewal a moment ago: what follows is the answer to his own click."""
    if renewal_id is None:
        return False
    last = select(Gate.decided_at).where(Gate.renewal_id == renewal_id, Gate.decided_by == person_id, col(Gate.decided_at).is_not(None))
    at = session.exec(last.order_by(col(Gate.decided_at).desc())).first()
    return at is not None and now - AT_HIS_DESK <= at <= now
