"""Arming: after an import, every unit of term has a renewal row that the sweep finds in time.

Rule 1: a contract whose dates cannot be proven is armed as unknown, never left out.
Rule 2: the first import sends one welcome list an owner, and cards only where few days are left or a lead time falls on that day.
Rule 3: a date that moved is not written here: the renewal is put in front of the sweep, which tells people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy import select as sql_select
from sqlmodel import Session, select

from contractops.graphs.lifecycle import CLOSES_TERM, Stage
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, cases, people
from contractops.operator.clock import wall_now
from contractops.operator.store import cards, portfolio
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Alert, Card, ExecutedTerm, Renewal
from contractops.tools.alerts import due_alerts, first_import_alerts, moment_of, next_alert
from contractops.tools.facts import ContractFacts
from contractops.tools.notice_window import NoticeWindow, notice_window
from contractops.tools.people import WorkingTime

BATCH = 2000


@dataclass(frozen=True)
class Armed:
    """What arming did: new renewals, renewals whose date moved, owners welcomed."""

    new: int
    moved: int
    welcomed: int


@dataclass(frozen=True)
class _Known:
    """The newest renewal of a unit."""

    id: str
    stage: str
    owner_id: str | None
    safe_on: date | None
    term_start: date | None
    term_end: date | None


def arm(database: Database, now: datetime, rules: cases.Rules) -> Armed:
    """Give every unit of term its renewal row; ``now`` is business time."""
    with database.read() as session:
        known = _known(session)
        first = not _was_welcomed(session)  # also when a first arming was cut off half-way
        signed = set(session.exec(select(ExecutedTerm.unit_id).distinct()))
        calendars = {one.person_id: one.working_time for one in people.everybody(session)}
        fallback = cases.working_time(session, None, rules)
        found = _missing_or_moved(session, known, signed, now)
        new = moved = 0
        while chunk := list(islice(found, BATCH)):
            with database.write() as writing:
                fresh = [one for one in chunk if one[2] is None]
                _insert(writing, fresh, calendars, fallback, now, first=first)
                changed = [(before, entry.owner_id) for entry, _facts, before in chunk if before is not None]
                for before, owner_id in changed:
                    _put_forward(writing, before, owner_id, now)
            new += len(fresh)
            moved += len(changed)
    welcomed = _welcome(database, now, rules) if new and first else 0
    return Armed(new=new, moved=moved, welcomed=welcomed)


def _was_welcomed(session: Session) -> bool:
    return session.exec(select(Card.key).where(Card.kind == "welcome").limit(1)).first() is not None


_Found = tuple[portfolio.Entry, ContractFacts, _Known | None]


def _known(session: Session) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    table = Renewal.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    wanted = (table.c.unit_id, table.c.id, table.c.stage, table.c.owner_id, table.c.safe_on, table.c.term_start, table.c.term_end)
    for unit_id, *rest in session.connection().execute(sql_select(*wanted).order_by(table.c.unit_id, table.c.sequence)):
        found[unit_id] = _Known(*rest)
    return found


def _missing_or_moved(session: Session, known: dict[str, _Known], signed: set[str], now: datetime) -> Iterator[_Found]:
    """Units without a renewal, and units whose open renewal has another date or owner than the facts say."""
    for entry in portfolio.iter_contract_facts(session, now):
        for facts in entry.units:
            before = known.get(facts.unit_id)
            if before is None:
                yield entry, facts, None
            elif before.stage not in CLOSES_TERM:
                safe_on = _safe_date(session, facts, before, signed, now)
                if safe_on != before.safe_on or entry.owner_id != before.owner_id:
                    yield entry, facts, before


def _safe_date(session: Session, facts: ContractFacts, before: _Known, signed: set[str], now: datetime) -> date | None:
    """The safe date of the open renewal; a unit that was renewed by signature has other facts than its files say."""
    if facts.unit_id in signed:
        return cases.window_of(session, session.get_one(Renewal, before.id), now).safe_on
    return notice_window(facts, cases.inside(before.term_start, before.term_end, facts.zone, now)).safe_on


def _put_forward(session: Session, before: _Known, owner_id: str | None, now: datetime) -> None:
    row = session.get_one(Renewal, before.id, populate_existing=True)
    if row.handover is None:
        row.owner_id = owner_id
    row.next_action_at = now
    session.add(row)


def _insert(
    session: Session,
    found: list[_Found],
    calendars: dict[str, WorkingTime],
    fallback: WorkingTime,
    now: datetime,
    *,
    first: bool,
) -> None:
    rows: list[dict[str, Any]] = []
    alerts: list[dict[str, Any]] = []
    for entry, facts, _before in found:
        window = notice_window(facts, now)
        working = calendars.get(entry.owner_id or "") or fallback
        row = _row(entry, facts, window)
        row["next_action_at"], told = _first_action(window, working, now, first=first)
        rows.append(row)
        if told:  # the most urgent one stands for the calmer ones
            alerts.append({"renewal_id": row["id"], "safe_on": window.safe_on, "lead": min(told), "status": "welcome", "at": now})
    if rows:
        session.connection().execute(insert(Renewal), rows)
    if alerts:
        session.connection().execute(insert(Alert), alerts)


def _row(entry: portfolio.Entry, facts: ContractFacts, window: NoticeWindow) -> dict[str, Any]:
    return {
        "id": f"{facts.unit_id}#1",
        "unit_id": facts.unit_id,
        "sequence": 1,
        "contract_id": entry.contract_id,
        "account_id": entry.account_id,
        "owner_id": entry.owner_id,
        "stage": Stage.WATCHING,
        "version": 0,
        "zone": facts.zone,
        "window_status": str(window.status),
        "term_start": window.term_start,
        "term_end": window.term_end,
        "renews_on": window.renews_on,
        "safe_on": window.safe_on,
        "decide_by": window.decide_by.astimezone(UTC) if window.decide_by else None,
        "draft_number": 0,
        "round": 0,
        "snoozes": 0,
    }


def _first_action(window: NoticeWindow, working: WorkingTime, now: datetime, *, first: bool) -> tuple[datetime | None, tuple[int, ...]]:
    """(first moment to attend, lead times that count as told)."""
    if window.decide_by is None:
        return None, ()
    if window.missed:
        return now, ()
    found = first_import_alerts(window, working, now) if first else due_alerts(window, working, (), now)
    if found.due is not None:
        return now, found.overtaken if first else ()
    ahead = next_alert(window, working, found.overtaken, now)
    if ahead is None or window.safe_on is None:
        return window.decide_by.astimezone(UTC), found.overtaken
    return min(moment_of(ahead, window.safe_on, working, now), window.decide_by).astimezone(UTC), found.overtaken


def _welcome(database: Database, now: datetime, rules: cases.Rules) -> int:
    """One list an owner; without an owner contract-ops hear of it by the coverage report."""
    wall = wall_now()
    with database.write() as session:
        owners = [owner for owner in session.exec(select(Renewal.owner_id).distinct()) if owner]
        known = {one.person_id for one in people.everybody(session) if one.active}
        for owner in sorted(set(owners) & known):
            card = NewCard(f"welcome/{owner}", "welcome", owner)
            when, _counted = addressing.posting_time(session, card, None, now, rules)
            cards.add(session, card, renewal_id=None, version=0, gate_key=None, now=now, wall=wall, post_at=when)
    return len(set(owners) & known)
