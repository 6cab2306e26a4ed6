"""Faults that will miss their restore target: told to the owner before it passes, once a ticket ever.

Rule 1: the moment is the tools' (``restore.warn_at``); a fault that was mended, or whose target has passed, is not told.
Rule 2: nobody hears of it in quiet time; more than ``MOST_SINGLE`` at once for one person are one list with the cards in its thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import addressing, alerting, cases, service_case
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Renewal
from contractops.tools.alerts import is_quiet
from contractops.tools.restore import warn_at

MOST_SINGLE: Final = 3


@dataclass(frozen=True)
class Coming:
    """A fault that nobody was told of: ``at`` when ``person`` is to hear of it, before ``target``."""

    renewal: Renewal
    ticket: str
    account: str
    person: str
    at: datetime
    target: datetime
    quiet: bool

    @property
    def key(self) -> str:
        """Key of its card, the same for ever."""
        return key_of(self.ticket)


def key_of(ticket: str) -> str:
    """Key of the card about a ticket."""
    return f"restore/{ticket}"


def tell(database: Database, now: datetime, rules: cases.Rules) -> int:
    """Post a warning for every open fault whose moment has come; returns how many. ``now`` is business time."""
    due: dict[str, list[Coming]] = defaultdict(list)
    with database.read() as session:
        for one in warnings(session, now, rules):
            if one.at <= now < one.target and not one.quiet:
                due[one.person].append(one)
    for person, ones in sorted(due.items()):
        with database.write() as session:
            listed = None
            if len(ones) > MOST_SINGLE:
                listed = f"faults/{person}/{now.isoformat()}"
                told = [{"renewal": one.renewal.id, "ticket": one.ticket} for one in ones]
                alerting.put(session, ones[0].renewal, NewCard(listed, "restore_list", person, args={"faults": told}), now, rules)
            for one in ones:
                thread = listed or alerting.thread_of(session, one.renewal, person)
                card = NewCard(
                    one.key, "restore", person, thread=thread, broadcast=listed is None and thread is not None, args={"ticket": one.ticket}
                )
                alerting.put(session, one.renewal, card, now, rules)
    return sum(len(ones) for ones in due.values())


def warnings(session: Session, now: datetime, rules: cases.Rules) -> Iterator[Coming]:
    """Every warning that is still to come or due, for faults that nobody was told of."""
    for contract_id, ticket in service_case.open_tickets(session):
        if session.get(Card, key_of(ticket)) is not None:
            continue
        row = session.exec(select(Renewal).where(Renewal.contract_id == contract_id).order_by(col(Renewal.sequence).desc())).first()
        found = service_case.fault(session, contract_id, ticket, now) if row else None
        if row is None or found is None:
            continue
        person = addressing.addressee(session, row.owner_id, now, rules)
        working = cases.working_time(session, person, rules)
        at = warn_at(found.target.at, found.outage.start, rules.breach_warning, working)
        if at is not None:
            yield Coming(row, ticket, found.account, person, at, found.target.at, is_quiet(now, working))
