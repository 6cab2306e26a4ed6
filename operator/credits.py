"""Service credits that nobody claimed: found once a day, told once ever, and settled step by step.

Rule 1: a credit is one service and one month of a contract; its card is posted once, whatever becomes of it.
Rule 2: an amount below the policy's ``credit_card_from`` gets no card, and one whose claim has lapsed neither.
Rule 3: who gets more than three at once gets one list; the cards then stand in its thread. The team channel sees a line without buttons.
Rule 4: what became of a credit is a row of side gates ``{renewal}:credit:{service}:{month}:{step}``; ``FOLLOWS`` says what may come next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import agenda, cases, people
from contractops.operator.clock import wall_now
from contractops.operator.store import cards, gates, records
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Gate, Renewal
from contractops.tools.sla_credit import Credit, CreditState

SENT, DISPUTED, BOOKED, RETURNED = "sent", "disputed", "booked", "returned"
FOLLOWS: Final[dict[str | None, frozenset[str]]] = {
    None: frozenset({SENT, DISPUTED}),
    SENT: frozenset({BOOKED, RETURNED}),
    RETURNED: frozenset({SENT, DISPUTED}),
    BOOKED: frozenset(),
    DISPUTED: frozenset(),
}
"""What may be decided after what; None: nothing yet."""

LOOK_BACK: Final = timedelta(days=62)
MOST_SINGLE: Final = 3
KINDS: Final = ("credit", "finance")


@dataclass(frozen=True)
class About:
    """Which credit of which renewal; ``month`` is ``YYYY-MM``."""

    renewal_id: str
    service: str
    month: str

    @classmethod
    def of(cls, renewal_id: str, args: Mapping[str, Any]) -> About:
        """The credit that a card with ``args`` is about."""
        return cls(renewal_id, str(args["service"]), str(args["month"]))

    @property
    def prefix(self) -> str:
        """How the keys of its side gates begin."""
        return f"{self.renewal_id}:credit:{self.service}:{self.month}:"


def standing(session: Session, about: About) -> Gate | None:
    """The last step that was taken with the credit, or None."""
    steps = _steps(session, about)
    return steps[-1] if steps else None


def number_of(gate: Gate) -> int:
    """Which step of its credit a gate is, from 0."""
    return int(gate.key.rpartition(":")[2])


def after(session: Session, about: About, number: int) -> Gate | None:
    """The step that followed step ``number``, or None while that is the last."""
    return next((gate for gate in _steps(session, about) if number_of(gate) == number + 1), None)


def settle(session: Session, about: About, decision: str, *, by: str, at: datetime, answer: dict[str, Any]) -> Gate | None:
    """Take the step ``decision`` (``at`` is business time). None when it counted, else the step that stands in its way.

    Called inside a write. Without any step before, what stands in the way is an open gate that nobody decided.
    """
    steps = _steps(session, about)
    last = steps[-1] if steps else None
    number = int(about.renewal_id.rpartition("#")[2] or 0)
    gate = Gate(
        key=f"{about.prefix}{len(steps)}",
        renewal_id=about.renewal_id,
        version=number,
        kind="credit",
        payload_hash="",
        allowed=[by],
        opened_at=at,
    )
    if decision not in FOLLOWS[last.decision if last else None]:
        return last or gate
    session.add(gate)
    session.flush()
    gates.decide(session, gate.key, "", decision, by=by, at=at, answer=answer)
    return None


def cards_of(session: Session, about: About) -> list[Card]:
    """Every card of the credit."""
    rows = session.exec(select(Card).where(Card.renewal_id == about.renewal_id, col(Card.kind).in_(KINDS)).order_by(col(Card.key)))
    return [row for row in rows if About.of(about.renewal_id, row.args) == about]


def tell(database: Database, now: datetime, rules: cases.Rules, least: Decimal) -> int:
    """Post a card for every open credit of at least ``least`` that was never told; returns how many. ``now`` is business time."""
    with database.read() as session:
        rows = _candidates(session, now)
    found: dict[str, list[_Found]] = defaultdict(list)
    for row in rows:
        with database.read() as session:
            fresh = [one for one in _open_credits(session, row, now, rules, least) if session.get(Card, one.key) is None]
        if fresh:
            with database.read() as session:
                found[_owner(session, row, rules)] += fresh
    for person, ones in sorted(found.items()):
        _post(database, person, ones, now, rules)
    if found:
        _line_for_team(database, [one for ones in found.values() for one in ones], now, rules)
    return sum(len(ones) for ones in found.values())


@dataclass(frozen=True)
class _Found:
    """An open credit that nobody was told of."""

    renewal: Renewal
    credit: Credit

    @property
    def key(self) -> str:
        """Key of its card, the same for ever."""
        return f"credit/{self.credit.contract_id}/{self.credit.service_id}/{self.credit.month}"

    @property
    def args(self) -> dict[str, str]:
        """What its card is about."""
        return {"service": self.credit.service_id, "month": str(self.credit.month)}


def _steps(session: Session, about: About) -> list[Gate]:
    rows = session.exec(select(Gate).where(Gate.renewal_id == about.renewal_id, Gate.kind == "credit")).all()
    mine = [row for row in rows if row.key.startswith(about.prefix)]
    return sorted(mine, key=number_of)


def _candidates(session: Session, now: datetime) -> list[Renewal]:
    """The present renewal of every contract with a ticket of the last two months on one of its circuits."""
    touched = (
        select(records.ServiceOrder.contract_id)
        .join(records.Ticket, col(records.Ticket.circuit_id) == col(records.ServiceOrder.circuit_id))
        .where(
            col(records.Ticket.superseded_at).is_(None),
            col(records.ServiceOrder.superseded_at).is_(None),
            records.Ticket.opened_at >= now - LOOK_BACK,
        )
        .distinct()
    )
    rows = session.exec(
        select(Renewal).where(col(Renewal.contract_id).in_(touched)).order_by(col(Renewal.contract_id), col(Renewal.sequence))
    )
    return list({row.contract_id: row for row in rows}.values())


def _open_credits(session: Session, row: Renewal, now: datetime, rules: cases.Rules, least: Decimal) -> Iterable[_Found]:
    service = cases.overview(session, row, now, rules).service
    for credit in service.credits if service else ():
        if credit.state is CreditState.OPEN and credit.amount.amount >= least:
            yield _Found(row, credit)


def _owner(session: Session, row: Renewal, rules: cases.Rules) -> str:
    found = people.person(session, row.owner_id)
    return found.person_id if found and found.active else rules.contract_ops(session)[0]


def _post(database: Database, person: str, ones: list[_Found], now: datetime, rules: cases.Rules) -> None:
    """One card each, or one list with the cards in its thread."""
    wall = wall_now()
    with database.write() as session:
        listed = None
        if len(ones) > MOST_SINGLE:
            listed = f"credits/{person}/{now.isoformat()}"
            _add(session, NewCard(listed, "credit_list", person, args=_all(ones)), ones[0].renewal, now, wall, rules)
        for one in ones:
            card = NewCard(one.key, "credit", person, thread=listed or _thread(session, one, person), args=one.args)
            _add(session, card, one.renewal, now, wall, rules)


def _thread(session: Session, one: _Found, person: str) -> str | None:
    """The thread of the term, when it has begun."""
    root = session.get(Card, f"{one.renewal.id}/root")
    return root.key if root is not None and root.ts is not None and root.person_id == person else None


def _line_for_team(database: Database, ones: list[_Found], now: datetime, rules: cases.Rules) -> None:
    channel = rules.channel("credits")
    with database.write() as session:
        card = NewCard(f"credits/{channel}/{now.isoformat()}", "credit_list", channel, args=_all(ones))
        _add(session, card, ones[0].renewal, now, wall_now(), rules)


def _all(ones: list[_Found]) -> dict[str, Any]:
    return {"credits": [{"renewal": one.renewal.id, **one.args} for one in ones]}


def _add(session: Session, card: NewCard, row: Renewal, now: datetime, wall: datetime, rules: cases.Rules) -> None:
    when, counted = agenda.posting_time(session, card, row.id, now, rules)
    cards.add(session, card, renewal_id=row.id, version=row.version, gate_key=None, now=now, wall=wall, post_at=when, counted=counted)
