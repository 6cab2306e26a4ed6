"""Statuses: who says in Slack that he is away, read now and then. His deputy gets what he would be asked.

Rule 1: only they are looked at whom a card, a question or an escalation can go to, and who stands in for them; those who are asked
something now come first.
Rule 2: which statuses mean away is policy. A status that cannot be read stays as it was, and after ``people.STATUS_AGE`` says nothing.
Rule 3: nothing is read inside a transaction; what was read is stored for one person at a time. When Slack does not answer, or asks to
slow down, the rest waits for the next look.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases, people, unreached, vitals
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Gate, Renewal, SlackAway
from contractops.tools.errors import NotFound, VendorError
from contractops.tools.ports import Messenger, SlackUser

log = structlog.get_logger("contractops.statuses")


def read(database: Database, messenger: Messenger, now: datetime, rules: cases.Rules) -> int:
    """Read and store; returns for how many the word changed. ``now`` is business time."""
    with database.read() as session:
        asked = {one: people.slack_address(session, one) for one in looked_at(session, rules)}
    changed = 0
    for person_id, (slack_id, email) in asked.items():
        try:
            user_id = slack_id or (messenger.lookup(email) if email else None)
            user = messenger.user(user_id) if user_id else None
        except (VendorError, NotFound) as problem:
            vitals.count("slack.user", problem)
            log.warning("status not read", person=person_id, error=str(problem))
            if isinstance(problem, VendorError) and problem.retry_at is not None:
                break
            continue
        with database.write() as session:
            changed += _remember(session, person_id, user, now, rules)
    return changed


def looked_at(session: Session, rules: cases.Rules) -> list[str]:
    """Ids of those whose absence matters, and who have not left.

    Approvers who are asked now, owners of open contracts, their managers, everybody with a role that may approve, contract-ops, and the
    deputies of all these, in this order.
    """
    staff = {one.person_id: one for one in people.everybody(session) if one.active}
    asked = session.exec(select(Gate).where(Gate.kind == "approver", col(Gate.decision).is_(None)).order_by(col(Gate.key)))
    owners = select(Renewal.owner_id).where(col(Renewal.stage).not_in([str(one) for one in FINAL]), col(Renewal.owner_id).is_not(None))
    own = sorted(filter(None, session.exec(owners.distinct())))
    roles = {people.CONTRACT_OPS, *(level.role for level in rules.matrix.levels)}
    wanted = [
        *(one for gate in asked for one in gate.allowed),
        *own,
        *(staff[one].manager_id for one in own if one in staff),
        *(one.person_id for one in staff.values() if one.role in roles),
    ]
    deputies = [staff[one].deputy_id for one in wanted if one in staff]
    return [one for one in dict.fromkeys((*wanted, *deputies)) if one in staff]


def _remember(session: Session, person_id: str, user: SlackUser | None, now: datetime, rules: cases.Rules) -> bool:
    """Store what was read; True, with his contracts put in front of the sweep, when he went away or came back by it."""
    before = people.status_away(session, person_id, now)
    kept = session.get(SlackAway, person_id, populate_existing=True)
    known = kept is not None
    if user is not None and user.status in rules.away_statuses:
        session.merge(SlackAway(person_id=person_id, status=user.status, until=user.status_until, read_at=now))
    elif kept is not None:
        session.delete(kept)
    session.flush()
    after = people.status_away(session, person_id, now)
    # A row that had run out by itself said nothing any more, but nobody was swept for it yet.
    changed = before != after or (known and not after)
    if changed:
        unreached.put_forward(session, person_id, now)
    return changed
