"""Carries one renewal of the sample portfolio through the real graph, one move at a time, over a real SQLite file.

Rules of this module:

1. Answers are stored in gates as the desk, the clock and the receipts store them; moves are made by the graph alone.
2. A state that several tests need is made once and copied as a file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from contractops.graphs import renewal as graph
from contractops.graphs.lifecycle import ACTS, Event, Stage
from contractops.graphs.steps import Position, Step
from contractops.operator import arming, attend, cases, settings
from contractops.operator.clock import wall_now
from contractops.operator.demo import SAMPLE
from contractops.operator.documents.write import render
from contractops.operator.importing.folder import import_folder
from contractops.operator.store import gates, ledger, schema
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Audit, Draft, Effect, Gate, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.ports import EnvelopeState, RecipientState
from tests.compiled import compiled_once
from tests.postgres import databases

RENEWAL, NEXT = "ENT-3391#1", "ENT-3391#2"
NOW = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
OWNER, VP = "maria.ortiz", "dana.whitfield"
RULES = cases.rules_of(settings.load().rules, b"a secret of the tests")


class Halted(Exception):
    """The move that was asked for is made."""


class Clock:
    """Business time that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class OneMove(Workbench):
    """The product's workbench, which stops the graph after one committed move."""

    def commit(self, position: Position, step: Step) -> Stage:
        super().commit(position, step)
        raise Halted


class Walk:
    """One database file and what a test does with it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.database = compiled_once(Database(databases.url_of(file)))
        self.clock = Clock()

    def close(self) -> None:
        self.database.dispose()

    def bench(self, kind: type[Workbench] = Workbench) -> Workbench:
        return kind(self.database, self.clock, RULES, render)

    def row(self, renewal_id: str = RENEWAL) -> Renewal:
        with self.database.read() as session:
            return session.get_one(Renewal, renewal_id)

    def audit(self) -> list[Audit]:
        with self.database.read() as session:
            return list(session.exec(select(Audit).where(Audit.renewal_id == RENEWAL).order_by(col(Audit.number))))

    def sql(self, statement: str, **values: Any) -> None:
        with self.database.engine.begin() as connection:
            assert connection.execute(text(statement), values).rowcount > 0, statement

    def answer(self, event: Event, by: str = OWNER, answer: dict[str, Any] | None = None) -> None:
        """Store the answer to the open question; nothing moves yet."""
        row = self.row()
        with self.database.write() as session:
            if row.stage == Stage.WATCHING:
                stored = session.get_one(Renewal, RENEWAL)
                assert attend._answer(session, stored, event, self.clock.now())
                return
            gate = session.get_one(Gate, gates.key_of(row.id, row.version))
            verdict = gates.decide(session, gate.key, gate.payload_hash, event, by=by, at=self.clock.now(), answer=answer)
        assert verdict.won, verdict

    def advance(self) -> Stage:
        return graph.advance(self.bench(), RENEWAL)

    def one_move(self) -> None:
        """Let the graph make exactly one move."""
        try:
            graph.advance(self.bench(OneMove), RENEWAL)
        except Halted:
            return
        message = f"nothing moved in {self.row().stage}"
        raise AssertionError(message)

    def take(self, event: Event) -> None:
        """Make the one move ``event`` from the present stage."""
        stage = Stage(self.row().stage)
        if event in ARRANGED:
            ARRANGED[event](self)
        if stage not in ACTS:
            self.answer(ASKED.get((stage, event), event), *self.said(event))
        self.one_move()

    def said(self, event: Event) -> tuple[str, dict[str, Any]]:
        """Who answers with ``event``, and the typed extras of his form."""
        extras: dict[Event, dict[str, Any]] = {
            Event.SNOOZE: {"until": "2026-12-14T15:00:00+00:00"},
            Event.REASSIGN: {"people": ["sam.okafor"]},
            Event.WRITTEN: {"receipt": {}},
        }
        if event is Event.EDIT:
            with self.database.read() as session:
                draft = session.get_one(Draft, (RENEWAL, self.row().draft_number))
            # Longer and cheaper than the owner may approve alone.
            extras[event] = {"choices": {**draft.choices, "term_months": 36, "discount_pct": "12.00"}}
        return (gates.MACHINE if event in BY_MACHINE else self.asked()), extras.get(event, {})

    def asked(self) -> str:
        """The first person who may answer now."""
        row = self.row()
        with self.database.read() as session:
            gate = session.get(Gate, gates.key_of(row.id, row.version))
        return gate.allowed[0] if gate and gate.allowed else OWNER


BY_MACHINE = frozenset(
    {Event.FLAG, Event.WAKE, Event.REARM, Event.LAPSE, Event.REASSIGN, Event.COMPLETE, Event.REFUSE, Event.VOID, Event.EXPIRE}
    | {Event.MATCH, Event.DIFFER, Event.WRITTEN, Event.STUCK}
)

ASKED = {(Stage.IN_REVIEW, Event.ESCALATE): Event.APPROVE, (Stage.IN_REVIEW, Event.STALE): Event.APPROVE}
"""What a person answers where the graph finds the event."""


def raise_prices(walk: Walk) -> None:
    """A new price book."""
    walk.sql("UPDATE price_book_entry SET list_price = '99999.00', floor_price = '99990.00'")


def lose_prices(walk: Walk) -> None:
    """No price of the contract is known: no terms can be made. Nothing to lose where the vendor is the one who is stuck."""
    if walk.row().stage == Stage.PREPARING:
        walk.sql("UPDATE service_order SET monthly_price = NULL WHERE contract_id = 'ENT-3391'")


def fetch(walk: Walk) -> None:
    """The signed document was fetched: its receipt is stored."""
    state = EnvelopeState(
        envelope_id="envelope",
        status="completed",
        changed_at=NOW,
        recipients=(RecipientState(name="Priya Nair", email="priya.nair@northwind.example", status="completed", at=NOW),),
    )
    receipt = {"state": state.model_dump(mode="json"), "signed_sha256": "0" * 64, "differences": []}
    with walk.database.write() as session:
        effect = session.exec(select(Effect).where(Effect.kind == "docusign.fetch", Effect.status == "todo")).one()
        claimed = ledger.claim(session, effect.key, worker="test", at=wall_now())
        assert claimed is not None
        assert ledger.done(session, claimed, remote_id="envelope", receipt=receipt, at=wall_now())


ARRANGED = {Event.STALE: raise_prices, Event.STUCK: lose_prices, Event.MATCH: fetch, Event.DIFFER: fetch}
"""What happens outside before an event."""

_REVIEWED = (Event.FLAG, Event.PREPARE, Event.DRAFTED)
_OUT = (*_REVIEWED, Event.APPROVE, Event.SEND)
_LONGER = (*_REVIEWED, Event.EDIT, Event.DRAFTED)

PATHS: dict[Stage, tuple[Event, ...]] = {
    Stage.WATCHING: (),
    Stage.FLAGGED: (Event.FLAG,),
    Stage.SNOOZED: (Event.FLAG, Event.SNOOZE),
    Stage.PREPARING: (Event.FLAG, Event.PREPARE),
    Stage.IN_REVIEW: _REVIEWED,
    Stage.APPROVED: (*_REVIEWED, Event.APPROVE),
    Stage.OUT_FOR_SIGNATURE: _OUT,
    Stage.SIGNED: (*_OUT, Event.COMPLETE),
    Stage.UPDATING_CRM: (*_OUT, Event.COMPLETE, Event.MATCH),
    Stage.RENEWED: (*_OUT, Event.COMPLETE, Event.MATCH, Event.WRITTEN),
    Stage.NEEDS_PERSON: (*_OUT, Event.COMPLETE, Event.DIFFER),
    Stage.NOT_RENEWING: (Event.FLAG, Event.STOP),
    Stage.LET_RENEW: (Event.FLAG, Event.LET_RENEW),
    Stage.MISSED: (Event.FLAG, Event.LAPSE),
}
"""The events that lead to a stage."""

PATHS_TO_PAIRS: dict[tuple[Stage, Event], tuple[Event, ...]] = {
    (Stage.IN_REVIEW, Event.ESCALATE): _LONGER,
    (Stage.IN_REVIEW, Event.REASSIGN): (*_LONGER, Event.ESCALATE),
}
"""Where an event needs more than its stage: a draft that one approval does not cover."""


class Shelf:
    """Database files after each path, made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[Event, ...], Path] = {}

    def at(self, path: tuple[Event, ...]) -> Path:
        """A file in which the renewal has taken ``path``; to be copied, not opened."""
        if path not in self._made:
            before = self.at(path[:-1]) if path else None
            file = self._folder / f"{len(self._made)}.db"
            if before is not None:
                databases.copy(before, file)
                walk = Walk(file)
                walk.take(path[-1])
            else:
                walk = Walk(file)
                schema.ensure(walk.database)
                import_folder(SAMPLE, walk.database.engine, NOW)
                arming.arm(walk.database, NOW, RULES)
            walk.close()
            self._made[path] = file
        return self._made[path]
