"""A portfolio lived through in business time, without vendors: real import, database, jobs, graph; what each person would have seen.

Rules of this module:

1. Time goes from event to event (the earliest ``next_action_at`` or put-off card); at each the product's own sweep runs to its end.
2. A card is "posted" by taking its effect from the ledger, after everything of the moment was decided; what is posted is the person's day.
3. After a sweep nothing is due any more: otherwise the sweep would run hot, and the simulation fails.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func
from sqlmodel import Session, SQLModel, col, select

from contractops.graphs import renewal as graph
from contractops.graphs.lifecycle import Event
from contractops.operator import arming, cases
from contractops.operator.importing.folder import import_folder
from contractops.operator.importing.report import Problem
from contractops.operator.jobs import Jobs
from contractops.operator.settings import load
from contractops.operator.store import gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Alert, Card, Effect, Gate, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.alerts import days_left
from contractops.tools.calendars import add_months, zone
from tests.compiled import compiled_once
from tests.postgres import databases

MOST_ROUNDS = 20_000
CONTRACT = {
    "kind": "msa",
    "initial_length": 12,
    "initial_unit": "months",
    "renewal_kind": "successive",
    "renewal_length": 12,
    "renewal_unit": "months",
    "notice_length": 60,
    "notice_unit": "days",
    "notice_basis": "receipt",
    "notice_cutoff": "17:00",
    "window_right": "both",
    "zone": "America/Chicago",
    "holiday_calendar": "US-IL",
    "currency": "USD",
    "monthly_price": "1000.00",
}
PEOPLE = (
    {"id": "maria", "role": "account_owner", "manager_id": "sam", "zone": "America/Chicago", "holiday_calendar": "US-IL"},
    {"id": "jo", "role": "account_owner", "manager_id": "sam", "zone": "Europe/London", "holiday_calendar": "GB-ENG"},
    {"id": "ken", "role": "account_owner", "manager_id": "sam", "zone": "Asia/Tokyo", "holiday_calendar": "JP"},
    {"id": "sam", "role": "manager", "manager_id": "dana", "zone": "America/Chicago", "holiday_calendar": "US-IL"},
    {"id": "dana", "role": "vp_sales", "zone": "America/New_York", "holiday_calendar": "US-NY"},
    {"id": "lena", "role": "contract_ops", "manager_id": "dana", "zone": "America/Chicago", "holiday_calendar": "US-IL"},
)


@dataclass(frozen=True)
class Seen:
    """One new message of a person (or ``#channel``): when (business time), and the renewal's days left at that moment."""

    at: datetime
    to: str
    kind: str
    key: str
    renewal: str | None
    left: int | None
    args: dict[str, Any]


class Clock:
    """Business time that the simulation moves."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time


class Bell:
    """A doorbell that is answered at once, in order."""

    def __init__(self) -> None:
        self.rung: deque[tuple[str, list[str]]] = deque()
        self.table: dict[str, Callable[..., None]] = {}

    def enqueue(self, key: str, job: str, args: Sequence[str], **_options: Any) -> None:
        self.rung.append((job, list(args)))

    def answer(self) -> None:
        while self.rung:
            job, args = self.rung.popleft()
            self.table[job](*args)


class Simulation:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path, start: datetime, *, mails: bool = False) -> None:
        self.folder = folder
        self.clock = Clock(start)
        self.database = compiled_once(Database(databases.url_of(folder / "contractops.db")))
        if databases.kind() == "sqlite":
            event.listen(self.database.engine, "connect", _no_sync)
        SQLModel.metadata.create_all(self.database.engine)
        self.rules = cases.rules_of(load().rules, b"a secret of the tests", mails=mails)
        self.bell = Bell()
        self.workbench = Workbench(self.database, self.clock, self.rules, lambda _terms, _signers: b"%PDF")
        self.jobs = Jobs(self.database, self.clock, self.bell, self.workbench, {}, None, poll_seconds=1, worker="simulation")
        self.bell.table = {"advance": self.jobs.advance, "perform": lambda _key: None, "batch": self.jobs.batch}
        self.seen: list[Seen] = []
        self.mails: list[tuple[datetime, str, str]] = []  # (when, to whom, card)
        self.people: dict[str, dict[str, Any]] = {}

    # The portfolio

    def load(self, contracts: Iterable[dict[str, Any]], people: Iterable[dict[str, Any]] = PEOPLE) -> arming.Armed:
        """Import the portfolio (one account ``ACME`` a contract) as it is now, and arm it."""
        rows, staff = list(contracts), list(people)
        self.people = {one["id"]: one for one in staff}
        files = self.folder / "files"
        files.mkdir(exist_ok=True)
        _write(files / "people.csv", [{"name": one["id"].title(), "email": f"{one['id']}@example.com", **one} for one in staff])
        accounts = [{"id": f"A-{one['id']}", "name": f"Customer {one['id']}", "zone": one.get("zone", CONTRACT["zone"])} for one in rows]
        _write(files / "accounts.csv", accounts)
        _write(files / "contracts.csv", [{**CONTRACT, "account_id": f"A-{one['id']}", **one} for one in rows])
        armed, problems = self.load_files(files)
        assert not problems, problems
        return armed

    def load_files(self, files: Path) -> tuple[arming.Armed, list[Problem]]:
        """Import a folder of files as it is now, and arm it; with the bad rows that were found."""
        report = import_folder(files, self.database.engine, self.clock.now())
        return arming.arm(self.database, self.clock.now(), self.rules), report.problems

    # Time

    def sweep(self) -> None:
        """What cron does at this moment, to its end."""
        for _time in range(2):  # a moved date is taken over first, and alerted by the next sweep
            self.jobs.sweep()
            self.bell.answer()
            self.jobs.news()
            self._show_all()
            due = self._due()
            if not due:
                return
        raise AssertionError(f"still due after the sweep of {self.clock.now()}: {due[:3]}")

    def next_event(self) -> datetime | None:
        with self.database.read() as session:
            action = session.exec(select(func.min(Renewal.next_action_at))).one()
            posts = session.exec(select(func.min(Card.post_at)).where(col(Card.posted_at).is_(None))).one()
        return min((at for at in (action, posts) if at is not None), default=None)

    def run_until(self, end: datetime) -> None:
        """Live from event to event; ends at ``end``."""
        self.sweep()
        for _round in range(MOST_ROUNDS):
            at = self.next_event()
            if at is None or at > end:
                self.clock.time = max(end, self.clock.time)
                return
            self.clock.time = max(at, self.clock.time)
            self.sweep()
        raise AssertionError("time did not get on")

    def sleep_until(self, at: datetime) -> None:
        """The operator is down until ``at``."""
        self.clock.time = at

    # People

    def decide(self, renewal_id: str, decision: Event, by: str, answer: dict[str, Any] | None = None) -> None:
        """A person answers the open question of the renewal now."""
        now = self.clock.now()
        with self.database.write() as session:
            row = session.get_one(Renewal, renewal_id)
            key = gates.key_of(renewal_id, row.version)
            gate = session.get_one(Gate, key)
            assert gates.decide(session, key, gate.payload_hash, decision, by=by, at=now, answer=answer).won
        graph.advance(self.workbench, renewal_id)
        self.sweep()

    def renewal(self, renewal_id: str) -> Renewal:
        with self.database.read() as session:
            return session.get_one(Renewal, renewal_id)

    def change(self, renewal_id: str, **values: Any) -> None:
        """Write columns of the row, where only a long story would make them."""
        with self.database.write() as session:
            row = session.get_one(Renewal, renewal_id)
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    def alerts(self, renewal_id: str) -> dict[int, str]:
        """Lead time -> what became of it, for the present safe date."""
        with self.database.read() as session:
            row = session.get_one(Renewal, renewal_id)
            rows = session.exec(select(Alert).where(Alert.renewal_id == renewal_id, Alert.safe_on == row.safe_on)).all()
        return {one.lead: one.status for one in rows}

    # What was seen

    def to(self, person: str, *kinds: str) -> list[Seen]:
        return [one for one in self.seen if one.to == person and (not kinds or one.kind in kinds)]

    def days(self, person: str, *kinds: str) -> list[date]:
        """The local days of the person's messages, in order."""
        return [self.local(one).date() for one in self.to(person, *kinds)]

    def local(self, one: Seen) -> datetime:
        return one.at.astimezone(zone(self.people[one.to]["zone"]))

    def a_day(self, *kinds: str) -> dict[str, Counter[date]]:
        """Messages of a kind by person and local day."""
        found: dict[str, Counter[date]] = defaultdict(Counter)
        for one in self.seen:
            if one.kind in kinds and one.to in self.people:
                found[one.to][self.local(one).date()] += 1
        return found

    def _due(self) -> list[str]:
        with self.database.read() as session:
            return list(session.exec(select(Renewal.id).where(col(Renewal.next_action_at) <= self.clock.now())).all())

    def _show_all(self) -> None:
        """Every message that was intended: posted, or rewritten when it is there already."""
        with self.database.write() as session:
            for effect in session.exec(
                select(Effect)
                .where(Effect.status == "todo", col(Effect.kind).in_(("slack.card", "mail.send")))
                .order_by(col(Effect.created_at), col(Effect.key))
            ).all():
                card = session.get_one(Card, str(effect.payload["card"]))
                if effect.kind == "mail.send":
                    self.mails.append((self.clock.now(), str(effect.payload["to"]), card.key))
                    effect.status, effect.remote_id = "done", f"<{len(self.mails)}@example.com>"
                    session.add(effect)
                    continue
                if card.ts is None:
                    self.seen.append(self._seen(session, card))
                    card.posted_at = self.clock.now()
                    card.ts, card.channel = f"{len(self.seen)}", card.channel or f"D-{card.person_id}"
                card.shown = card.revision
                effect.status = "done"
                session.add_all((card, effect))

    def _seen(self, session: Session, card: Card) -> Seen:
        row = session.get(Renewal, card.renewal_id) if card.renewal_id else None
        left = days_left(row.safe_on, row.zone, self.clock.now()) if row and row.safe_on and row.zone else None
        to = card.person_id or card.channel or ""
        return Seen(self.clock.now(), to, card.kind, card.key, card.renewal_id, left, dict(card.args))


def instant(day: date, hour: int, minute: int = 0, place: str = "America/Chicago") -> datetime:
    """An hour of a day at a place, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone(place)).astimezone(UTC)


def due_in(days: int, today: date) -> dict[str, Any]:
    """Start of a 12-month term whose safe date (60 days' notice, weekday allowing) is ``days`` after ``today``."""
    return {"start_on": add_months(today + timedelta(days=days + 61), -12)}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream, closing(stream):
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def _no_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
