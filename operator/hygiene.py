"""The measures of our own messages: read from the stored rows, and told to contract-ops once a week.

Rule 1: what counts is defined in ``tools.hygiene``; a message is a card that reached a person, so put-off cards count when they come.
Rule 2: the weekly card comes on Monday at 09:00 where contract-ops works, about the week before, with the figures of that moment; after a
gap only the latest week is told. A week in which nothing was sent has no card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func, select

from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, cases, people
from contractops.operator.clock import wall_now
from contractops.operator.store import cards, gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Alert, Audit, Card, Gate, Renewal
from contractops.tools.alerts import digest_times
from contractops.tools.calendars import zone
from contractops.tools.hygiene import Hygiene, Press, Sent, Term
from contractops.tools.hygiene import hygiene as measured

CARD: Final = "hygiene"
REMINDERS: Final = frozenset({"reminder", "told", "approver_reminder", "silent"})
"""Kinds of cards that remind of something."""
NO_NEWS: Final = ("moved_on", CARD)
"""Kinds that count as no message: the trace of a card that is elsewhere now, and the measures themselves."""
LOOK_BACK: Final = timedelta(days=200)
"""No reminder waits longer for its judgement: the first alert comes 120 days before the safe date."""
_MONDAY, _AT = 0, time(9, 0)


def read(session: Session, since: datetime, until: datetime) -> Hygiene:
    """The figures of ``since`` (included) to ``until`` (excluded), both aware; business time."""
    begin = since - LOOK_BACK
    snoozes = select(func.count()).select_from(Gate).where(Gate.decision == Event.SNOOZE, *_within(col(Gate.decided_at), since, until))
    return measured(
        _sent(session, begin, until),
        _presses(session, begin, until),
        _terms(session, begin, until),
        session.exec(snoozes).one(),
        since,
        until,
    )


def tell(database: Database, now: datetime, rules: cases.Rules) -> int:
    """Post the card of the week whose Monday has come, once; returns how many. ``now`` is business time."""
    with database.read() as session:
        to = next(iter(rules.with_role(session, people.CONTRACT_OPS)), None)
        if to is None:
            return 0  # nothing is imported yet
        working = cases.working_time(session, to, rules)
        until = digest_times(working.model_copy(update={"digest_weekday": _MONDAY, "digest_at": _AT}), now)[0]
        since = until - timedelta(days=7)
        key = f"{CARD}/{until.date()}"
        sent = select(Card.key).where(_reached(since, until)).limit(1)  # asked each minute only after a week in which nothing was sent
        if session.get(Card, key) is not None or session.exec(sent).first() is None:
            return 0
        found = read(session, since, until)
    card = NewCard(key, CARD, to, args={"measured": found.model_dump(mode="json"), "zone": working.zone})
    with database.write() as session:
        if session.get(Card, key, populate_existing=True) is not None:
            return 0  # another process was first
        when, counted = addressing.posting_time(session, card, None, now, rules)
        cards.add(session, card, renewal_id=None, version=0, gate_key=None, now=now, wall=wall_now(), post_at=when, counted=counted)
    return 1


def _within(column: Mapped[datetime] | Mapped[datetime | None], since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return column >= since, column < until


def _reached(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Cards that reached a person in the time."""
    return and_(col(Card.person_id).is_not(None), col(Card.kind).not_in(NO_NEWS), *_within(col(Card.posted_at), since, until))


def _sent(session: Session, since: datetime, until: datetime) -> Iterator[Sent]:
    places = {one.person_id: zone(one.working_time.zone) for one in people.everybody(session)}
    for card in session.exec(select(Card).where(_reached(since, until))):
        if card.person_id in places and card.posted_at is not None:
            day = card.posted_at.astimezone(places[card.person_id]).date()
            yield Sent(card.person_id, card.posted_at, day, card.renewal_id, _reminder(card), card.args.get("lead"))


def _reminder(card: Card) -> str | None:
    """The kind of reminder that a card is: its own kind; of the plain reminders ``reminder``, ``wake`` or ``short``, as their keys say."""
    if card.kind != "reminder":
        return card.kind if card.kind in REMINDERS else None
    return card.key.removeprefix(f"{card.renewal_id}/").partition("/")[0]


def _presses(session: Session, since: datetime, until: datetime) -> Iterator[Press]:
    """Every recorded button: answers of people, and what they wrote into the chain of a renewal."""
    answers = select(Gate.renewal_id, Gate.decided_by, Gate.decided_at).where(
        col(Gate.decided_by).is_not(None), Gate.decided_by != gates.MACHINE, *_within(col(Gate.decided_at), since, until)
    )
    lines = select(Audit.renewal_id, Audit.by, Audit.at).where(Audit.by != gates.MACHINE, *_within(col(Audit.at), since, until))
    for renewal, person, at in [*session.exec(answers), *session.exec(lines)]:
        if person is not None and at is not None:
            yield Press(renewal, person, at)


def _terms(session: Session, since: datetime, until: datetime) -> Iterator[Term]:
    """Every term that was alerted in the time, whatever safe date the alerts were for; an alert that came with the welcome list is none."""
    begun = _within(col(Alert.at), since, until)
    alerts: dict[str, list[datetime]] = defaultdict(list)
    for renewal, at in session.exec(select(Alert.renewal_id, Alert.at).where(Alert.status == "sent", *begun).order_by(col(Alert.at))):
        alerts[renewal].append(at)
    for renewal, decide_by in session.exec(
        select(Renewal.id, Renewal.decide_by).where(col(Renewal.id).in_(select(Alert.renewal_id).where(*begun)))
    ):
        yield Term(renewal, tuple(alerts[renewal]), decide_by)
