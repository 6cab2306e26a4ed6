"""The names that one person may use: what the interpreter needs to know about the portfolio, and nothing more.

Rule 1: who may see a contract is the rule of the lists; what he may not see is known by name only, so that he is told so.
Rule 2: names hold no price, no date and no clause; a contract is only marked as being on the way, or as the oldest of its account.
Rule 3: kept for half a minute of wall time: an import is seen soon, and a message is read in milliseconds.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Account, Known
from contractops.graphs.lifecycle import FINAL
from contractops.operator import clock, people
from contractops.operator.store import records
from contractops.operator.store.tables import Renewal
from contractops.tools.calendars import zone
from contractops.tools.people import Person

ON_THE_WAY: Final = timedelta(days=120)
KEPT_SECONDS: Final = 30.0
_SEE_ALL: Final = frozenset({people.CONTRACT_OPS, people.VP_SALES, people.FINANCE})


def visible_owners(session: Session, who: Person) -> tuple[str, ...] | None:
    """Owners whose contracts ``who`` may see; None: all of them."""
    if who.role in _SEE_ALL:
        return None
    return (who.person_id, *(one.person_id for one in people.everybody(session) if one.manager_id == who.person_id))


def may_see(session: Session, who: Person, owner_id: str | None) -> bool:
    """Whether ``who`` may see what ``owner_id`` owns."""
    owners = visible_owners(session, who)
    return owners is None or owner_id in owners


def known(session: Session, who: Person, now: datetime) -> Known:
    """The names that ``who`` may use at ``now`` (business time)."""
    owners = visible_owners(session, who)
    accounts = {one.id: one for one in session.exec(select(records.Account).where(col(records.Account.superseded_at).is_(None)))}
    contract = records.Contract
    rows = session.exec(
        select(contract).where(col(contract.superseded_at).is_(None), contract.kind == "msa").order_by(col(contract.id))
    ).all()
    urgency = _urgency(session, now)
    seen: dict[str, list[str]] = defaultdict(list)
    unseen: dict[str, list[str]] = defaultdict(list)
    agreed = {row.id: row.agreement_date for row in rows}
    for row in rows:
        account = accounts[row.account_id]
        owner = row.owner_id or account.owner_id
        (seen if owners is None or owner in owners else unseen)[row.account_id].append(row.id)
    made = []
    for account_id, contracts in seen.items():
        contracts.sort(key=lambda one: (urgency.get(one, (True, now))[1], one))
        live = tuple(one for one in contracts if urgency.get(one, (False, now))[0])
        main = min(contracts, key=lambda one: (agreed.get(one) or date.max, one))
        made.append(Account(account_id=account_id, name=accounts[account_id].name, contracts=tuple(contracts), live=live, main=main))
    for account_id, contracts in unseen.items():
        apart = account_id in seen  # some of an account's contracts only: its name stands for those that may be seen
        name, key = ("", f"{account_id}?") if apart else (accounts[account_id].name, account_id)
        made.append(Account(account_id=key, name=name, contracts=tuple(contracts), visible=False))
    made.sort(
        key=lambda one: (
            min(urgency.get(each, (True, datetime.max.replace(tzinfo=now.tzinfo)))[1] for each in one.contracts),
            one.account_id,
        )
    )
    return Known(
        accounts=tuple(made),
        staff=tuple(one.name for one in people.everybody(session) if one.active),
        asker=who.name,
        contacts=_contacts(session),
        things=_things(session),
        today=now.astimezone(zone(who.working_time.zone)).date(),
    )


def _urgency(session: Session, now: datetime) -> dict[str, tuple[bool, datetime]]:
    """Contract -> whether it is on the way, and when it must be decided; without a date it is as urgent as today."""
    open_rows = session.exec(
        select(Renewal).where(col(Renewal.stage).not_in([str(stage) for stage in FINAL])).order_by(col(Renewal.sequence))
    )
    found: dict[str, tuple[bool, datetime]] = {}
    for row in open_rows:
        undated = row.window_status == "unknown"
        at = row.decide_by or (now if undated else datetime.max.replace(tzinfo=now.tzinfo))
        live = undated or row.missed_at is not None or at <= now + ON_THE_WAY
        before = found.get(row.contract_id)
        found[row.contract_id] = (live, at) if before is None else (before[0] or live, min(before[1], at))
    return found


def _contacts(session: Session) -> tuple[tuple[str, str], ...]:
    contact = records.Contact
    rows = session.exec(select(contact.name, contact.account_id).where(col(contact.superseded_at).is_(None)).order_by(col(contact.id)))
    return tuple((name, account) for name, account in rows)


def _things(session: Session) -> dict[str, str]:
    order = records.ServiceOrder
    rows = session.exec(select(order.id, order.circuit_id, order.contract_id).where(col(order.superseded_at).is_(None))).all()
    return {name: contract for one, circuit, contract in rows for name in (one, circuit) if name}


class Readers:
    """An interpreter for each person, kept for ``KEPT_SECONDS`` of wall time and of business time."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, datetime, Interpreter, Known]] = {}
        self._lock = threading.Lock()

    def of(self, session: Session, who: Person, now: datetime) -> tuple[Interpreter, Known]:
        """The interpreter of ``who`` with the names that it knows."""
        with self._lock:
            kept = self._kept.get(who.person_id)
        wall = clock.monotonic()
        if kept is not None and wall - kept[0] <= KEPT_SECONDS and abs(now - kept[1]).total_seconds() <= KEPT_SECONDS:
            return kept[2], kept[3]
        names = known(session, who, now)
        reader = kept[2] if kept is not None and kept[3] == names else Interpreter(names)
        with self._lock:
            self._kept[who.person_id] = (wall, now, reader, names)
        return reader, names
