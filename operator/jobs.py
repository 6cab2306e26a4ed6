"""Jobs: the short pieces of work that the engine runs. Each may run twice, late, or on two workers at once.

Rule 1: arguments are ids; a job reads the truth and does what is still to be done.
Rule 2: a job that fails with a known error puts its row off; an unknown error is a fault of ours, is logged with an id, and the row
is found again by ``recover``.
Rule 3: ``recover`` asks the database what is ready and rings for it; nothing is remembered elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import String, cast, text
from sqlmodel import Session, col, or_, select

from contractops.graphs import renewal as graph
from contractops.graphs.lifecycle import ACTS
from contractops.operator import digests, hygiene, restore_watch, unreached, vitals
from contractops.operator.attend import attend
from contractops.operator.clock import wall_now
from contractops.operator.engine import Doorbell, Job, Queue
from contractops.operator.failpoints import passing
from contractops.operator.logs import about
from contractops.operator.performers import Performer, Receipt, apply_envelope
from contractops.operator.store import cards, gates, heartbeat, inbox, ledger, workers
from contractops.operator.store.db import Database
from contractops.operator.store.due import MOST_TRIES, left_aside
from contractops.operator.store.tables import Due, Effect, Envelope, Gate, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.errors import Conflict, InputError, InvariantError, NotFound, OutcomeUnknown, Refused, Unreachable, VendorError
from contractops.tools.ports import Clock, Signer

BATCH: Final = 500
BACK_OFF: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60, 300, 900))
GIVE_UP_AFTER: Final = 50  # attempts; with the back-off above about half a day
LOST_RING: Final = timedelta(seconds=5)
CARD_BUSY: Final = timedelta(milliseconds=200)
LEFT_BEHIND: Final = "the operator stopped while it was doing this; nobody can tell whether it happened"

log = structlog.get_logger("contractops.jobs")


class Jobs:
    """Every job over one database. ``inbound`` handles an inbox row by its key."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bell: Doorbell,
        workbench: Workbench,
        performers: Mapping[str, Performer],
        signer: Signer | None,
        *,
        poll_seconds: float,
        worker: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._workbench = workbench
        self._performers = performers
        self._signer = signer
        self._poll = timedelta(seconds=poll_seconds)
        self._worker = worker
        workbench.after_each_commit(self.ring_effects)

    def table(self) -> dict[str, Job]:
        """Job by name."""
        return {
            "advance": self.advance,
            "perform": self.perform,
            "sweep": self.sweep,
            "news": self.news,
            "batch": self.batch,
            "poll": self.poll,
            "recover": self.recover,
        }

    # Moving

    def advance(self, renewal_id: str) -> None:
        """Carry one renewal as far as its answers allow; each step rings for its effects."""
        with about(thread=renewal_id):
            graph.advance(self._workbench, renewal_id)
            self.ring_effects(renewal_id)

    def ring_effects(self, renewal_id: str, *, queue: Queue = "now") -> None:
        """Ring for every effect of the renewal that can be done now."""
        with self._database.read() as session:
            due = ledger.to_do(session, at=wall_now(), renewal_id=renewal_id)
            attempts = [session.get_one(Effect, key).attempts for key in due]
        for key, attempt in zip(due, attempts, strict=True):
            self._bell.enqueue(f"perform:{key}:{attempt}", "perform", [key], queue=queue)

    def ring(self, renewal_id: str) -> None:
        """Ask for ``advance`` soon, after an answer was stored."""
        self._bell.enqueue(f"advance:{renewal_id}:{uuid.uuid4().hex}", "advance", [renewal_id])

    # Effects

    def perform(self, key: str) -> None:
        """Do one effect, once."""
        with self._database.write(about=ledger.renewal_of(key)) as session:
            busy = ledger.is_card_busy(session, key, at=wall_now())
            unknown = ledger.left_behind(session, key)
            effect = None if busy else ledger.claim(session, key, worker=self._worker, at=wall_now())
        if busy:
            self._bell.enqueue(f"perform:{key}:{uuid.uuid4().hex}", "perform", [key], delay=CARD_BUSY.total_seconds())
        if effect is not None:
            with about(thread=effect.renewal_id, gate=gates.key_of(effect.renewal_id, effect.version), effect=key):
                self._perform(effect, unknown=unknown)

    def _perform(self, effect: Effect, *, unknown: bool) -> None:
        if unknown and ledger.KINDS[effect.kind] is ledger.Prevention.PERSON:
            self._park(effect, LEFT_BEHIND, unknown=True)
            return
        if effect.attempts > GIVE_UP_AFTER:
            self._park(effect, effect.last_error or "it was tried too often", unknown=True)
            return
        performer = self._performers.get(effect.kind)
        if performer is None:
            self._postpone(effect, "not configured", timedelta(minutes=1))
            return
        try:
            passing(effect.kind, "before_call")
            receipt = performer(effect)
            passing(effect.kind, "after_call")
        except OutcomeUnknown as problem:
            vitals.count(effect.kind, problem)
            self._unknown(effect, problem)
        except (VendorError, NotFound, Conflict) as problem:
            vitals.count(effect.kind, problem)
            self._failed(effect, problem)
        except (InputError, InvariantError, Refused) as problem:  # no repetition heals it: a signed file that cannot be read, say
            self._park(effect, str(problem), unknown=False)
        else:
            self._received(effect, receipt)

    def _received(self, effect: Effect, receipt: Receipt) -> None:
        """Store the receipt with everything that follows from it, then ring."""
        passing(effect.kind, "before_receipt")
        now, wall = self._clock.now(), wall_now()
        # The receipt of a card changes that card only; any other may rewrite lists that tell of several renewals.
        alone = None if effect.kind != "slack.card" else effect.renewal_id
        with self._database.write(about=alone) as session:
            counted = ledger.done(session, effect, remote_id=receipt.remote_id, receipt=receipt.data, at=wall)
            if counted and receipt.follow is not None:
                receipt.follow(session, effect, now)
            if counted and effect.kind != "slack.card":
                self._workbench.refresh_cards(session, effect.renewal_id)
        passing(effect.kind, "after_receipt")
        log.info("effect done", attempts=effect.attempts, counted=counted)
        if counted and effect.kind != "slack.card":
            self.ring_effects(effect.renewal_id)
            self.ring(effect.renewal_id)

    def _unknown(self, effect: Effect, problem: OutcomeUnknown) -> None:
        if ledger.KINDS[effect.kind] is ledger.Prevention.PERSON:
            self._park(effect, str(problem), unknown=True)
        else:
            self._postpone(effect, str(problem), _wait(effect, problem))

    def _failed(self, effect: Effect, problem: VendorError | NotFound | Conflict) -> None:
        """A refusal that a repetition cannot heal stops; everything else is put off, as long as there is hope.

        A ``Conflict`` at the CRM means that others were writing; at the signature vendor that the envelope is closed, for good.
        """
        hopeless = isinstance(problem, Conflict) and effect.kind.startswith("docusign.")
        hopeless = hopeless or isinstance(problem, NotFound) or (isinstance(problem, VendorError) and problem.permanent)
        if hopeless or effect.attempts >= GIVE_UP_AFTER:
            self._park(effect, str(problem), unknown=False, unreachable=isinstance(problem, Unreachable))
            return
        self._postpone(effect, str(problem), _wait(effect, problem))

    def _postpone(self, effect: Effect, error: str, wait: timedelta) -> None:
        """Give the attempt back and ring again when the wait is over; a ring that is lost is found by the sweep of the next minute."""
        log.warning("effect put off", error=error, seconds=wait.total_seconds())
        with self._database.write() as session:
            counted = ledger.postpone(session, effect, error, until=wall_now() + wait)
            told = counted and effect.kind != "slack.card" and effect.attempts == 1
            if told:
                self._workbench.refresh_cards(session, effect.renewal_id)
        if counted:
            self._bell.enqueue(f"perform:{effect.key}:{effect.attempts}", "perform", [effect.key], delay=wait.total_seconds())
        if told:
            self.ring_effects(effect.renewal_id)

    def _park(self, effect: Effect, error: str, *, unknown: bool, unreachable: bool = False) -> None:
        """Stop it and tell people; a message to somebody whom Slack does not reach goes to the next in line."""
        log.error("effect needs a person", error=error)
        with self._database.write() as session:
            parked = ledger.park(session, effect, error)
            if parked and effect.kind != "slack.card":
                self._workbench.tell_parked(session, effect, error, unknown=unknown)
            elif parked and unreachable:
                unreached.pass_on(session, effect, error, self._clock.now(), self._workbench.rules)
        if parked:
            self._ring_all_effects(wall_now())

    # The clock

    def sweep(self) -> None:
        """Mark what is due, hand it to the engine in batches, most urgent first; send the cards whose time has come."""
        now, wall = self._clock.now(), wall_now()
        self._ring_all_effects(wall)
        with self._database.write() as session:
            mark_due(session, now)
            batches = cut_batches(session, now)
            released = cards.release(session, now=now, wall=wall)
            heartbeat.beat(session, heartbeat.SWEEP, at=wall)
        for batch in batches:
            self._bell.enqueue(f"batch:{batch}", "batch", [batch], queue="bulk")
        if released:
            self._ring_all_effects(wall)

    def news(self) -> None:
        """Tell of faults that will miss their restore target, and send the digests and measures whose hour has come."""
        now, rules = self._clock.now(), self._workbench.rules
        told = restore_watch.tell(self._database, now, rules) + digests.tell(self._database, now, rules)
        if told + hygiene.tell(self._database, now, rules):
            self._ring_all_effects(wall_now())

    def batch(self, batch: str) -> None:
        """Attend to every renewal of the batch, most urgent first; a marker goes away with its work.

        A marker is counted before it is worked on: one that kills its job is left aside after ``MOST_TRIES``, and the others go on.
        """
        with self._database.read() as session:
            rows = session.exec(
                select(Due).where(Due.batch == batch, Due.tries < MOST_TRIES).order_by(col(Due.tries), col(Due.urgency))
            ).all()
        for row in rows:
            with self._database.write(about=row.renewal_id) as session:
                stored = session.get(Due, (row.renewal_id, row.version, row.action_at), populate_existing=True)
                if stored is None:
                    continue
                stored.tries += 1
                session.add(stored)
            self.attend(row.renewal_id)
            with self._database.write(about=row.renewal_id) as session:
                stored = session.get(Due, (row.renewal_id, row.version, row.action_at))
                if stored is not None:
                    session.delete(stored)

    def attend(self, renewal_id: str) -> None:
        """Do what the clock asks of one renewal."""
        with about(thread=renewal_id):
            answered = attend(self._database, renewal_id, self._clock.now(), self._workbench.rules)
            if answered:
                graph.advance(self._workbench, renewal_id)
            self.ring_effects(renewal_id)

    def poll(self) -> None:
        """Look at every open envelope whose last look is older than the interval (wall time)."""
        if self._signer is None:
            return
        wall = wall_now()
        with self._database.read() as session:
            rows = session.exec(
                select(Envelope).where(Envelope.open, or_(col(Envelope.read_at).is_(None), col(Envelope.read_at) <= wall - self._poll))
            ).all()
        for row in rows:
            self.read_envelope(row.envelope_id)

    def read_envelope(self, envelope_id: str) -> None:
        """Read the envelope afresh at the vendor and take over what it says. An id that is not ours is ignored."""
        if self._signer is None:
            return
        with self._database.read() as session:
            known = session.get(Envelope, envelope_id)
        if known is None:
            log.warning("web hook for an envelope that is not ours", envelope=envelope_id)
            return
        try:
            state = self._signer.state(envelope_id).model_dump(mode="json")
        except VendorError as problem:
            vitals.count("docusign.read", problem)
            log.warning("envelope not read", envelope=envelope_id, error=str(problem))
            return
        with self._database.write(about=known.renewal_id) as session:
            row = session.get_one(Envelope, envelope_id, populate_existing=True)
            changed = apply_envelope(session, row, state, now=self._clock.now(), wall=wall_now())
        if changed:
            self.attend(known.renewal_id)
            self.ring(known.renewal_id)
            self.ring_effects(known.renewal_id)

    # Recovery

    def recover(self) -> None:
        """Ring for everything that is ready: renewals to advance, effects to do, inbox rows and batches that were left."""
        wall = wall_now()
        with self._database.read() as session:
            for renewal_id in left_aside(session):
                log.error("a renewal could not be attended to", renewal=renewal_id, tries=MOST_TRIES)
            ready = ready_to_advance(session)
            left_over = select(Due.batch).where(col(Due.batch).is_not(None), Due.tries < MOST_TRIES)
            batches = session.exec(left_over.distinct().order_by(col(Due.batch))).all()
            left = inbox.waiting(session, at=wall, older_than=LOST_RING)
        for renewal_id in ready:
            self._bell.enqueue(f"advance:{renewal_id}:{uuid.uuid4().hex}", "advance", [renewal_id], once=f"advance:{renewal_id}")
        for batch in batches:
            self._bell.enqueue(f"batch:{batch}:{uuid.uuid4().hex}", "batch", [str(batch)], queue="bulk", once=f"batch:{batch}")
        for key, _kind in left:
            self._bell.enqueue(f"inbound:{uuid.uuid4().hex}", "inbound", [key], once=f"inbound:{key}"[:200])
        self._ring_all_effects(wall)

    def release_dead(self) -> set[str]:
        """What is held by workers that are no longer there is free again; returns the names of those who are."""
        with self._database.write() as session:
            living = workers.names(session)
            ledger.release(session, living)
        return living

    def hurry(self) -> None:
        """At a start: what waits for a vendor is tried at once."""
        with self._database.write() as session:
            ledger.hurry(session)

    def _ring_all_effects(self, wall: datetime) -> None:
        with self._database.read() as session:
            due = ledger.to_do(session, at=wall)
        for key in due:
            self._bell.enqueue(f"perform:{key}:{uuid.uuid4().hex}", "perform", [key], once=f"perform:{key}"[:200])


def _wait(effect: Effect, problem: VendorError | NotFound | Conflict) -> timedelta:
    """How long the effect is put off: our back-off, or longer when the vendor says so."""
    wait = BACK_OFF[min(effect.attempts - 1, len(BACK_OFF) - 1)]
    retry_at = problem.retry_at if isinstance(problem, VendorError) else None
    return max(wait, retry_at - wall_now()) if retry_at else wait


def mark_due(session: Session, now: datetime) -> int:
    """Mark every renewal whose next action has come; marking again marks nothing. Returns how many were marked."""
    marked = session.connection().execute(
        text(
            "INSERT INTO due (renewal_id, version, action_at, urgency, tries) "
            "SELECT id, version, next_action_at, decide_by, 0 FROM renewal WHERE next_action_at <= :now "
            "ON CONFLICT DO NOTHING"
        ).bindparams(now=now)
    )
    return marked.rowcount


def cut_batches(session: Session, now: datetime) -> list[str]:
    """Give every unbatched marker a batch of at most ``BATCH``, most urgent first; returns the batches in that order."""
    sweep = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"  # names of one sweep sort by urgency: recover keeps the order
    cut = session.connection().execute(
        text(
            "UPDATE due SET batch = CAST(:sweep AS TEXT) || '-' || substr(CAST(100000 + ranked.place / CAST(:size AS INTEGER) AS TEXT), 2) "
            "FROM (SELECT renewal_id, version, action_at, row_number() OVER (ORDER BY urgency IS NULL, urgency, renewal_id) - 1 AS place "
            "FROM due WHERE batch IS NULL) AS ranked "
            "WHERE due.renewal_id = ranked.renewal_id AND due.version = ranked.version AND due.action_at = ranked.action_at"
        ).bindparams(sweep=sweep, size=BATCH)
    )
    return [f"{sweep}-{index:05d}" for index in range(-(-cut.rowcount // BATCH))]


def ready_to_advance(session: Session) -> list[str]:
    """Renewals in a stage that code leaves by itself, or whose gate of this visit is decided."""
    decided = (
        select(Renewal.id)
        .join(Gate, col(Gate.key) == col(Renewal.id) + ":" + cast(col(Renewal.version), String))  # not its side questions
        .where(col(Gate.decision).is_not(None))
    )
    acting = select(Renewal.id).where(col(Renewal.stage).in_([str(stage) for stage in ACTS]))
    return [*session.exec(acting), *session.exec(decided)]
