"""People as the operator knows them: staff, roles, who stands in for whom.

Rule 1: the identity is the person id of the staff list; a Slack account or an e-mail address only leads to it.
Rule 2: what a person chose for himself (quiet hours, digest, absence) stands beside the staff list. About an absence the later word counts.
Rule 3: who has left decides nothing; who is away is stood in for by his deputy. Whether somebody is away is asked here alone (``away_now``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from contractops.operator.store import versions
from contractops.operator.store.records import Person as Row
from contractops.operator.store.tables import PersonSettings, SlackAway, Unreached
from contractops.tools.calendars import zone
from contractops.tools.people import Person, WorkingTime

STATUS_AGE = timedelta(days=1)
"""So long what was read of a person's Slack status counts."""
_LAST_MINUTE = timedelta(minutes=1)
"""Slack ends "today" and "this week" at 23:59 of the last day: he is there on the day after."""
CONTRACT_OPS = "contract_ops"
VP_SALES = "vp_sales"
FINANCE = "finance"

TITLES = {
    "account_owner": "account owner",
    "manager": "manager",
    CONTRACT_OPS: "contract-ops",
    FINANCE: "finance",
    VP_SALES: "VP Sales",
    "ceo": "CEO",
}
"""Roles in the words of a card."""
_CHOSEN: Final = (
    select(PersonSettings).where(PersonSettings.person_id == bindparam("person")).order_by(col(PersonSettings.number).desc()).limit(1)
)


def everybody(session: Session) -> tuple[Person, ...]:
    """The whole staff list as it stands."""
    chosen = {one.person_id: one for one in session.exec(select(PersonSettings).order_by(col(PersonSettings.number)))}
    return tuple(value_of(row, chosen.get(row.id)) for row in session.exec(_current().order_by(col(Row.id))))


def person(session: Session, person_id: str | None) -> Person | None:
    """One person by id, or None."""
    row = _row(session, person_id)
    return value_of(row, chosen_by(session, row.id)) if row else None


def _row(session: Session, person_id: str | None) -> Row | None:
    return next(iter(versions.by(session, Row, "id", [person_id])), None) if person_id else None


def chosen_by(session: Session, person_id: str) -> PersonSettings | None:
    """What the person chose for himself, in its newest version; None when he never did."""
    return session.exec(_CHOSEN, params={"person": person_id}).first()


def wants_mail(session: Session, person_id: str) -> bool:
    """Whether an alert that stays unanswered in Slack may go to the person by e-mail; yes until he says no."""
    chosen = chosen_by(session, person_id)
    return chosen is None or chosen.mail_fallback


def with_role(session: Session, role: str) -> tuple[str, ...]:
    """Ids of the active people with ``role``."""
    return tuple(row.id for row in session.exec(_current().where(Row.role == role, Row.active).order_by(col(Row.id))))


def by_slack(session: Session, slack_id: str, email: str | None) -> Person | None:
    """The person behind a Slack account: by its id, else by its e-mail address."""
    row = session.exec(_current().where(Row.slack_id == slack_id)).first()
    if row is None and email:
        row = session.exec(_current().where(col(Row.slack_id).is_(None), func.lower(Row.email) == email.strip().lower())).first()
    return value_of(row, chosen_by(session, row.id)) if row else None


def slack_address(session: Session, person_id: str) -> tuple[str | None, str | None]:
    """(Slack id, e-mail) of a person; both None for nobody."""
    row = _row(session, person_id)
    return (row.slack_id, row.email) if row else (None, None)


@dataclass(frozen=True)
class Absence:
    """Whom the person named as his deputy, and when he is away; without a first day he is there."""

    deputy_id: str | None
    first: date | None
    last: date | None

    def covers(self, day: date) -> bool:
        """Whether the person is away on ``day``, and somebody stands in."""
        return self.overlaps(day, day)

    def overlaps(self, first: date, last: date | None) -> bool:
        """Whether the person is away on a day from ``first`` to ``last`` (None: no end)."""
        if not self.deputy_id or not self.first:
            return False
        return (last is None or self.first <= last) and (self.last is None or first <= self.last)

    @property
    def back_on(self) -> date | None:
        """The first day on which the person is there again; None for an open end."""
        return self.last + timedelta(days=1) if self.last else None


def absence(session: Session, person_id: str) -> Absence:
    """When the person is away, by the later word: the staff list's or his own."""
    row = _row(session, person_id)
    return _absence(row, chosen_by(session, row.id)) if row else Absence(None, None, None)


def status_away(session: Session, person_id: str, now: datetime) -> bool:
    """Whether the person's Slack status says that he is away at ``now``; what was read more than a day ago says nothing."""
    said = session.get(SlackAway, person_id, populate_existing=True)
    return said is not None and now - said.read_at <= STATUS_AGE and (said.until is None or now < said.until)


def is_unreached(session: Session, person_id: str) -> bool:
    """Whether Slack delivers nothing to the person, and his row of the staff list is as old as that."""
    mark = session.get(Unreached, person_id, populate_existing=True)
    row = _row(session, person_id) if mark else None
    return mark is not None and row is not None and row.recorded_at <= mark.since


@dataclass(frozen=True)
class Away:
    """Somebody is away now. ``back_on``: the first day on which he is there again, None: nobody knows; ``stand_in``: who answers for him."""

    back_on: date | None
    stand_in: Person | None


def away_now(session: Session, who: Person, now: datetime) -> Away | None:
    """Whether ``who`` is away at ``now`` (business time), by the days of his deputy or by his Slack status, and who stands in.

    None when he is there. Nobody stands in when he has no deputy, or the deputy has left or is away himself.
    """
    if not _is_away(session, who, now):
        return None
    deputy = person(session, who.deputy_id)
    there = deputy is not None and deputy.active and not _is_away(session, deputy, now)
    return Away(_back_on(session, who, now), deputy if there else None)


def stand_in(session: Session, who: Person, now: datetime) -> Person | None:
    """The deputy of ``who`` while he is away at ``now``; None when he is there, or nobody stands in."""
    away = away_now(session, who, now)
    return away.stand_in if away else None


def _is_away(session: Session, who: Person, now: datetime) -> bool:
    today = now.astimezone(zone(who.working_time.zone)).date()
    return absence(session, who.person_id).covers(today) or status_away(session, who.person_id, now)


def _back_on(session: Session, who: Person, now: datetime) -> date | None:
    """The first day on which somebody who is away is there again: by his days, else by the end of his status."""
    tz = zone(who.working_time.zone)
    named = absence(session, who.person_id)
    if named.covers(now.astimezone(tz).date()):
        return named.back_on
    said = session.get(SlackAway, who.person_id)
    return None if said is None or said.until is None else (said.until + _LAST_MINUTE).astimezone(tz).date()


def next_in_line(session: Session, asked: Iterable[str]) -> tuple[str, ...]:
    """Who answers when those asked do not: their deputies, else their managers; nobody who was asked already."""
    asked = list(asked)
    found: list[str] = []
    for one in asked:
        somebody = person(session, one)
        for candidate in (somebody.deputy_id, somebody.manager_id) if somebody else ():
            if candidate and candidate not in asked and candidate not in found:
                found.append(candidate)
                break
    return tuple(found)


def value_of(row: Row, chosen: PersonSettings | None) -> Person:
    """The tools' value of a staff row with what the person ``chosen``; without a calendar he works on every weekday."""
    hours = {} if chosen is None else _hours(chosen)
    return Person(
        person_id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        title=row.title or TITLES.get(row.role, row.role),
        role=row.role,
        working_time=WorkingTime(zone=row.zone, holiday_calendar=row.holiday_calendar or "none", **hours),
        manager_id=row.manager_id,
        deputy_id=_absence(row, chosen).deputy_id,
        active=row.active,
    )


def _hours(chosen: PersonSettings) -> dict[str, Any]:
    return {
        "day_starts": time.fromisoformat(chosen.quiet_until),
        "day_ends": time.fromisoformat(chosen.quiet_from),
        "digest_weekday": chosen.digest_weekday,
        "digest_at": time.fromisoformat(chosen.digest_at),
    }


def _absence(row: Row, chosen: PersonSettings | None) -> Absence:
    if chosen is None or chosen.changed_at < row.recorded_at:
        return Absence(row.deputy_id, row.deputy_from, row.deputy_to)
    return Absence(chosen.deputy_id or row.deputy_id, chosen.deputy_from, chosen.deputy_to)


def _current() -> SelectOfScalar[Row]:
    return select(Row).where(col(Row.superseded_at).is_(None))
