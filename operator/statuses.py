"""Statuses: who says in Slack that he is away, read now and then. His deputy gets what he would be asked.

Rule 1: only who answers for an open contract and has a deputy is looked at; a status without a deputy changes nothing.
Rule 2: which statuses mean away is policy. A status that cannot be read stays as it was, and after ``people.STATUS_AGE`` says nothing.
Rule 3: nothing is read inside a transaction; what was read is stored for one person at a time.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases, people, unreached
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Renewal, SlackAway
from contractops.tools.errors import NotFound, VendorError
from contractops.tools.ports import Messenger, SlackUser

log = structlog.get_logger("contractops.statuses")


def read(database: Database, messenger: Messenger, now: datetime, rules: cases.Rules) -> int:
    """Read and store; returns for how many the word changed. ``now`` is business time."""
    with database.read() as session:
        asked = {one: people.slack_address(session, one) for one in _stood_in_for(session)}
    changed = 0
    for person_id, (slack_id, email) in asked.items():
        try:
            user_id = slack_id or (messenger.lookup(email) if email else None)
            user = messenger.user(user_id) if user_id else None
        except (VendorError, NotFound) as problem:
            log.warning("status not read", person=person_id, error=str(problem))
            continue
        with database.write() as session:
            changed += _remember(session, person_id, user, now, rules)
    return changed


def _stood_in_for(session: Session) -> list[str]:
    """Ids of the owners of open contracts who have a deputy."""
    owners = select(Renewal.owner_id).where(col(Renewal.stage).not_in([str(one) for one in FINAL]), col(Renewal.owner_id).is_not(None))
    found = (people.person(session, one) for one in sorted(filter(None, set(session.exec(owners.distinct())))))
    return [one.person_id for one in found if one is not None and one.active and one.deputy_id]


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
