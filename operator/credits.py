"""Service credits that nobody claimed: found once a day, told once ever, and settled step by step.

Rule 1: a credit is one service and one month of a contract; its card is posted once, whatever becomes of it.
Rule 2: an amount below the policy's ``credit_card_from`` gets no card, and one whose claim has lapsed neither.
Rule 3: who gets more than three at once gets one list; the cards then stand in its thread. The team channel sees a notice without buttons.
Rule 4: what became of a credit is a row of side gates ``{renewal}:credit:{service}:{month}:{step}``; ``FOLLOWS`` says what may come next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import addressing, alerting, cases
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
    """Every card of the credit, and the lists and notices in which it was told."""
    rows = session.exec(select(Card).where(Card.renewal_id == about.renewal_id, col(Card.kind).in_(KINDS)).order_by(col(Card.key)))
    own = [row for row in rows if About.of(about.renewal_id, row.args) == about]
    told = dict.fromkeys(row.args[name] for row in own for name in ("notice", "list") if row.args.get(name))
    return [*own, *session.exec(select(Card).where(col(Card.key).in_(told)).order_by(col(Card.key)))]


@dataclass(frozen=True)
class Found:
    """A credit of a contract's present renewal."""

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

    @property
    def about(self) -> About:
        """Its name."""
        return About.of(self.renewal.id, self.args)


def found_credits(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> list[Found]:
    """Every credit of the running term, whatever became of it."""
    service = cases.overview(session, row, now, rules).service
    return [Found(row, credit) for credit in service.credits] if service else []


def is_free(session: Session, one: Found) -> bool:
    """Whether nobody has done anything with the credit that still stands."""
    last = standing(session, one.about)
    return last is None or last.decision == RETURNED


def touched(session: Session, since: datetime, owner_id: str | None = None) -> list[Renewal]:
    """The present renewal of every contract (of one owner) with a ticket on one of its circuits that was opened after ``since``."""
    contracts = (
        select(records.ServiceOrder.contract_id)
        .join(records.Ticket, col(records.Ticket.circuit_id) == col(records.ServiceOrder.circuit_id))
        .where(
            col(records.Ticket.superseded_at).is_(None),
            col(records.ServiceOrder.superseded_at).is_(None),
            records.Ticket.opened_at >= since,
        )
        .distinct()
    )
    query = select(Renewal).where(col(Renewal.contract_id).in_(contracts))
    if owner_id is not None:
        query = query.where(Renewal.owner_id == owner_id)
    rows = session.exec(query.order_by(col(Renewal.contract_id), col(Renewal.sequence)))
    return list({row.contract_id: row for row in rows}.values())


def tell(database: Database, now: datetime, rules: cases.Rules, least: Decimal) -> int:
    """Post a card for every open credit of at least ``least`` that was never told; returns how many. ``now`` is business time."""
    with database.read() as session:
        rows = touched(session, now - LOOK_BACK)
    fresh: dict[str, list[Found]] = defaultdict(list)
    for row in rows:
        with database.read() as session:
            ones = [one for one in found_credits(session, row, now, rules) if _to_tell(session, one, least)]
            if ones:
                fresh[addressing.addressee(session, row.owner_id, now, rules)] += ones
    if fresh:
        notice = _notice(database, [one for ones in fresh.values() for one in ones], now, rules)
        for person, ones in sorted(fresh.items()):
            _post(database, person, ones, notice, now, rules)
    return sum(len(ones) for ones in fresh.values())


def _to_tell(session: Session, one: Found, least: Decimal) -> bool:
    credit = one.credit
    return credit.state is CreditState.OPEN and credit.amount.amount >= least and session.get(Card, one.key) is None


def _steps(session: Session, about: About) -> list[Gate]:
    rows = session.exec(select(Gate).where(Gate.renewal_id == about.renewal_id, Gate.kind == "credit")).all()
    mine = [row for row in rows if row.key.startswith(about.prefix)]
    return sorted(mine, key=number_of)


def _post(database: Database, person: str, ones: list[Found], notice: str, now: datetime, rules: cases.Rules) -> None:
    """One card each, or one list with the cards in its thread."""
    wall = wall_now()
    with database.write() as session:
        listed = None
        if len(ones) > MOST_SINGLE:
            listed = f"credits/{person}/{now.isoformat()}"
            _add(session, NewCard(listed, "credit_list", person, args=_all(ones)), ones[0].renewal, now, wall, rules)
        for one in ones:
            args = {**one.args, "notice": notice, "list": listed}
            card = NewCard(one.key, "credit", person, thread=listed or alerting.thread_of(session, one.renewal, person), args=args)
            _add(session, card, one.renewal, now, wall, rules)


def _notice(database: Database, ones: list[Found], now: datetime, rules: cases.Rules) -> str:
    """The first notice in the team's channel, without buttons: the card of one credit, or a list of several; returns its key."""
    channel = rules.channel("credits")
    key = f"credits/{channel}/{now.isoformat()}"
    card = NewCard(key, "credit_notice", channel, args=ones[0].args)
    if len(ones) > 1:
        card = NewCard(key, "credit_list", channel, args=_all(ones))
    with database.write() as session:
        _add(session, card, ones[0].renewal, now, wall_now(), rules)
    return key


def _all(ones: list[Found]) -> dict[str, Any]:
    return {"credits": [{"renewal": one.renewal.id, **one.args} for one in ones]}


def _add(session: Session, card: NewCard, row: Renewal, now: datetime, wall: datetime, rules: cases.Rules) -> None:
    when, counted = addressing.posting_time(session, card, row.id, now, rules)
    cards.add(session, card, renewal_id=row.id, version=row.version, gate_key=None, now=now, wall=wall, post_at=when, counted=counted)
