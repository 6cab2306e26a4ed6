"""The weekly digest: one message a person and week, with what waits for him, what was done, and the credits that get no card.

Rule 1: day and hour are the person's (``alerts.digest_times``); after a gap only the latest one is told.
Rule 2: nothing is sent when nothing is new: what stands in a digest is compared with the one before, also with one that was not sent.
Rule 3: who was welcomed after his digest, or in the day before it, hears nothing more in that week.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlmodel import Session, col, or_, select

from contractops.graphs.lifecycle import FINAL, Stage
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, cases, people
from contractops.operator.clock import wall_now
from contractops.operator.credits import Found, found_credits, is_free, touched
from contractops.operator.store import cards, gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Digest, Draft, ExecutedTerm, Renewal
from contractops.tools.alerts import digest_times
from contractops.tools.people import Person
from contractops.tools.sla_credit import CreditState
from contractops.tools.terms import Terms
from contractops.tools.values import Money

ASKS: Final = frozenset({Stage.FLAGGED, Stage.IN_REVIEW, Stage.NEEDS_PERSON, Stage.NOT_RENEWING})
"""Stages in which the owner is asked, unless an approver is."""
TICKETS_SINCE: Final = timedelta(days=200)
LAPSED_SINCE: Final = timedelta(days=62)
A_WEEK: Final = timedelta(days=7)
A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """What one person's digest holds. ``small`` and ``lapsed`` get no card; ``lapsed`` were in no digest before."""

    decisions: tuple[Renewal, ...]
    signatures: tuple[Renewal, ...]
    unknown: tuple[str, ...]
    renewed: tuple[tuple[str, Terms], ...]
    missed: tuple[str, ...]
    open_credits: tuple[Found, ...]
    small: tuple[Found, ...]
    lapsed: tuple[Found, ...]
    lapsed_before: tuple[str, ...]

    @property
    def facts(self) -> list[str]:
        """What stands in it, in a form that two weeks can be compared by."""
        return [
            *(f"decision:{row.id}:{row.stage}:{row.draft_number}" for row in self.decisions),
            *(f"signature:{row.id}:{row.draft_number}" for row in self.signatures),
            *(f"unknown:{one}" for one in self.unknown),
            *(f"renewed:{one}" for one, _terms in self.renewed),
            *(f"missed:{one}" for one in self.missed),
            *(f"open:{one.key}" for one in self.open_credits),
            *(_lapsed_fact(one) for one in self.lapsed),
            *self.lapsed_before,
        ]

    @property
    def prices(self) -> list[tuple[Money, Money]]:
        """(before, now) of what was renewed: one sum a currency."""
        found: dict[str, tuple[Money, Money]] = {}
        for _id, terms in self.renewed:
            old, new = found.get(terms.monthly.currency, (Money.zero(terms.monthly.currency), Money.zero(terms.monthly.currency)))
            found[terms.monthly.currency] = (old + terms.current, new + terms.monthly)
        return [found[currency] for currency in sorted(found)]

    @property
    def owed(self) -> list[Money]:
        """The open credits: one sum a currency."""
        found: dict[str, Money] = {}
        for one in self.open_credits:
            amount = one.credit.amount
            found[amount.currency] = found.get(amount.currency, Money.zero(amount.currency)) + amount
        return [found[currency] for currency in sorted(found)]


def tell(database: Database, now: datetime, rules: cases.Rules) -> int:
    """Send every digest whose hour has come, and remember those with nothing new; returns how many were sent. ``now`` is business time."""
    with database.read() as session:
        due = list(_due(session, now))
    return sum(_send(database, person, week, now, rules) for person, week in due)


def ahead(session: Session, now: datetime, to: datetime) -> list[tuple[datetime, int]]:
    """(instant, people): the next digest of every owner that comes after ``now`` up to ``to``."""
    found: dict[datetime, int] = {}
    for person in _owners(session):
        at = digest_times(person.working_time, now)[1].astimezone(UTC)
        if at <= to:
            found[at] = found.get(at, 0) + 1
    return sorted(found.items())


def week_of(session: Session, person_id: str, week: date, now: datetime, rules: cases.Rules) -> Week:
    """The digest of the week as of ``now``."""
    before = _before(session, person_id, week)
    since = before.at if before else now - A_WEEK
    waits = or_(col(Renewal.stage).in_([str(one) for one in (*ASKS, Stage.OUT_FOR_SIGNATURE)]), Renewal.window_status == "unknown")
    mine = select(Renewal).where(Renewal.owner_id == person_id, col(Renewal.stage).not_in([str(one) for one in FINAL]), waits)
    rows = session.exec(mine.order_by(col(Renewal.id))).all()
    asked = [row for row in rows if row.stage in ASKS and row.served_at is None and not _with_an_approver(session, row)]
    found = [
        one
        for row in touched(session, now - TICKETS_SINCE, person_id)
        for one in found_credits(session, row, now, rules)
        if is_free(session, one)
    ]
    owed = [one for one in found if one.credit.state is CreditState.OPEN]
    told = [one for one in (before.facts if before else ()) if one.startswith("lapsed:")]
    lapsed = [one for one in found if one.credit.state is CreditState.LAPSED and _just_lapsed(one, now)]
    return Week(
        decisions=tuple(sorted(asked, key=_urgency)),
        signatures=tuple(sorted((row for row in rows if row.stage == Stage.OUT_FOR_SIGNATURE), key=_urgency)),
        unknown=tuple(row.id for row in rows if row.window_status == "unknown"),
        renewed=tuple(_renewed(session, person_id, since, now)),
        missed=tuple(_missed(session, person_id, since, now)),
        open_credits=tuple(owed),
        small=tuple(one for one in owed if one.credit.amount.amount < rules.credit_card_from),
        lapsed=tuple(one for one in lapsed if _lapsed_fact(one) not in told),
        lapsed_before=tuple(_lapsed_fact(one) for one in lapsed if _lapsed_fact(one) in told),
    )


def _due(session: Session, now: datetime) -> Iterator[tuple[Person, date]]:
    """(person, week): whose digest has come and was not looked at."""
    for person in people.everybody(session):
        at = digest_times(person.working_time, now)[0]
        if not person.active or session.get(Digest, (person.person_id, at.date())) is not None:
            continue
        welcome = session.get(Card, f"welcome/{person.person_id}")
        if welcome is None or welcome.created_at <= at - A_DAY:
            yield person, at.date()


def _send(database: Database, person: Person, week: date, now: datetime, rules: cases.Rules) -> bool:
    who = person.person_id
    with database.write() as session:
        if session.get(Digest, (who, week), populate_existing=True) is not None:
            return False  # another sweep was first
        before = _before(session, who, week)
        owns = session.exec(select(Renewal).where(Renewal.owner_id == who).limit(1)).first()
        found = week_of(session, who, week, now, rules) if owns else None
        facts = found.facts if found else []
        session.add(Digest(person_id=who, week=week, at=now, facts=facts))
        if owns is None or not set(facts) - set(before.facts if before else ()):
            return False
        card = NewCard(f"digest/{who}/{week}", "digest", who, args={"week": week.isoformat(), "renewal": owns.id})
        when, counted = addressing.posting_time(session, card, None, now, rules)
        cards.add(session, card, renewal_id=None, version=0, gate_key=None, now=now, wall=wall_now(), post_at=when, counted=counted)
        return True


def _owners(session: Session) -> Iterator[Person]:
    for person in people.everybody(session):
        owns = select(Renewal.id).where(Renewal.owner_id == person.person_id).limit(1)
        if person.active and session.exec(owns).first() is not None:
            yield person


def _before(session: Session, person_id: str, week: date) -> Digest | None:
    query = select(Digest).where(Digest.person_id == person_id, Digest.week < week)
    return session.exec(query.order_by(col(Digest.week).desc()).limit(1)).first()


def _with_an_approver(session: Session, row: Renewal) -> bool:
    gate = gates.open_of(session, row.id, row.version)
    return gate is not None and gate.kind == "approver"


def _renewed(session: Session, person_id: str, since: datetime, now: datetime) -> Iterator[tuple[str, Terms]]:
    """What was renewed since, with the terms that were signed."""
    query = (
        select(Renewal, Draft)
        .join(ExecutedTerm, (col(ExecutedTerm.unit_id) == Renewal.unit_id) & (col(ExecutedTerm.from_renewal) == Renewal.id))
        .join(Draft, (col(Draft.renewal_id) == Renewal.id) & (col(Draft.number) == Renewal.draft_number))
        .where(
            Renewal.owner_id == person_id, ExecutedTerm.how == "renewed", ExecutedTerm.recorded_at > since, ExecutedTerm.recorded_at <= now
        )
        .order_by(col(Renewal.id))
    )
    for row, draft in session.exec(query):
        yield row.id, Terms.model_validate(draft.terms)


def _missed(session: Session, person_id: str, since: datetime, now: datetime) -> Iterable[str]:
    missed = col(Renewal.missed_at)
    return session.exec(select(Renewal.id).where(Renewal.owner_id == person_id, missed > since, missed <= now).order_by(col(Renewal.id)))


def _urgency(row: Renewal) -> tuple[bool, datetime, str]:
    return row.decide_by is None, row.decide_by or datetime.max.replace(tzinfo=UTC), row.id


def _just_lapsed(one: Found, now: datetime) -> bool:
    claim_by = one.credit.claim_by
    return claim_by is not None and claim_by >= (now - LAPSED_SINCE).date()


def _lapsed_fact(one: Found) -> str:
    return f"lapsed:{one.key}"
