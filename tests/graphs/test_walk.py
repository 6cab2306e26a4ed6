"""Every move of the lifecycle table, made by the real graph over a real database, and what must go with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from contractops.graphs import renewal as graph
from contractops.graphs.lifecycle import CLOSES_TERM, TRANSITIONS, Event, Stage
from contractops.graphs.steps import Position, Step
from contractops.operator import arming, attend
from contractops.operator.store import audit
from contractops.operator.store.tables import Alert, Approval, ExecutedTerm, Gate, Renewal
from contractops.operator.workbench import Workbench
from tests.graphs.walking import NEXT, NOW, OWNER, PATHS, PATHS_TO_PAIRS, RENEWAL, RULES, VP, Shelf, Walk, raise_prices
from tests.postgres import databases

PAIRS = [(stage, event) for stage, events in TRANSITIONS.items() for event in events]
TO_CLOSE = {
    Stage.RENEWED: (PATHS[Stage.UPDATING_CRM], Event.WRITTEN),
    Stage.LET_RENEW: (PATHS[Stage.FLAGGED], Event.LET_RENEW),
    Stage.MISSED: (PATHS[Stage.FLAGGED], Event.LAPSE),
}
REFUSE = {
    "sqlite": ("CREATE TRIGGER refuse BEFORE INSERT ON executed_term BEGIN SELECT RAISE(ABORT, 'refused'); END",),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '23000'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON executed_term FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}
"""Statements that make the database refuse the next term."""

At = Callable[[tuple[Event, ...]], Walk]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Files of states, one portfolio."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def at(shelf: Shelf, tmp_path: Path) -> Iterator[At]:
    """`at(path)`: a database of the test's own in which the renewal has taken `path`."""
    opened: list[Walk] = []

    def get(path: tuple[Event, ...]) -> Walk:
        file = tmp_path / f"{len(opened)}.db"
        databases.copy(shelf.at(path), file)
        opened.append(Walk(file))
        return opened[-1]

    yield get
    for walk in opened:
        walk.close()


@pytest.mark.parametrize(("stage", "event"), PAIRS)
def test_each_pair_of_the_table_is_one_move(stage: Stage, event: Event, at: At) -> None:
    """The graph makes exactly the move of the table: its stage, one version more, one audit row that says so, its gate."""
    walk = at(PATHS_TO_PAIRS.get((stage, event), PATHS[stage]))
    before, rows = walk.row(), walk.audit()
    assert before.stage == stage
    walk.take(event)
    after = walk.row()
    target = TRANSITIONS[stage][event]
    assert (after.stage, after.version) == (target, before.version + 1)
    added = walk.audit()[len(rows) :]
    moved = [(one.event, one.old_stage, one.new_stage, one.version) for one in added if one.moved]
    assert moved == [(event, stage, target, after.version)]
    with walk.database.read() as session:
        assert audit.verify(session, RENEWAL) is None
        asked = session.get(Gate, f"{RENEWAL}:{after.version}")
    waits = bool(TRANSITIONS[target]) and target not in {Stage.PREPARING, Stage.APPROVED}
    assert (asked is not None and asked.decision is None) == waits


def test_the_vocabulary_of_stages_is_frozen() -> None:
    """Names of stages stand in databases: a change here needs a migration."""
    assert {str(stage) for stage in Stage} == {
        "watching", "flagged", "snoozed", "preparing", "in_review", "approved", "out_for_signature", "signed", "updating_crm", "renewed",
        "not_renewing", "let_renew", "missed", "needs_person",
    }  # fmt: skip


def test_a_lost_race_routes_again(at: At) -> None:
    """A worker that was overtaken between reading and committing changes nothing and goes on from where the renewal stands."""
    walk = at(PATHS[Stage.FLAGGED])
    walk.answer(Event.PREPARE)
    rivals = []

    class Overtaken(Workbench):
        def commit(self, position: Position, step: Step) -> Stage:
            if not rivals:
                rivals.append(position.stage)
                walk.one_move()
            return super().commit(position, step)

    assert graph.advance(walk.bench(Overtaken), RENEWAL) is Stage.IN_REVIEW
    assert rivals == [Stage.FLAGGED]
    assert [one.event for one in walk.audit()] == ["flag", "prepare", "drafted"]


def test_advancing_again_changes_nothing(at: At) -> None:
    """A renewal that waits for an answer stays as it is, however often it is advanced."""
    walk = at(PATHS[Stage.IN_REVIEW])
    before = walk.row()
    assert {walk.advance() for _again in range(3)} == {Stage.IN_REVIEW}
    assert walk.row() == before


@pytest.mark.parametrize("target", sorted(CLOSES_TERM))
def test_closing_a_term_opens_the_next(target: Stage, at: At) -> None:
    """Entering it writes the next term and arms its window; the term starts the day after the old one ends."""
    path, event = TO_CLOSE[target]
    walk = at(path)
    walk.take(event)
    old, new = walk.row(), walk.row(NEXT)
    with walk.database.read() as session:
        term = session.get_one(ExecutedTerm, ("ENT-3391", 2))
    assert (term.how, term.start, term.from_renewal) == (target, old.renews_on, RENEWAL)
    assert (new.stage, new.version, new.sequence) == (Stage.WATCHING, 0, 2)
    assert new.term_start == old.renews_on
    assert new.safe_on is not None
    assert new.safe_on > old.safe_on
    assert new.next_action_at is not None
    assert new.next_action_at > NOW


@pytest.mark.parametrize("target", sorted(CLOSES_TERM))
def test_the_next_term_is_written_in_the_same_transaction(target: Stage, at: At) -> None:
    """When the next term cannot be written, the old one does not close either."""
    path, event = TO_CLOSE[target]
    walk = at(path)
    with walk.database.engine.begin() as connection:
        for statement in REFUSE[connection.dialect.name]:
            connection.exec_driver_sql(statement)
    before, rows = walk.row(), len(walk.audit())
    with pytest.raises(IntegrityError, match="refused"):
        walk.take(event)
    assert walk.row() == before
    assert len(walk.audit()) == rows


def test_a_moved_date_arms_the_alerts_anew(at: At) -> None:
    """A longer notice moves the safe date; the renewal is watched again, with the new date, and is told of it at once."""
    walk = at(PATHS[Stage.FLAGGED])
    before = walk.row()
    walk.sql("UPDATE contract SET notice_length = 85 WHERE id = 'ENT-3391'")
    assert arming.arm(walk.database, NOW, RULES).moved == 1
    assert attend.attend(walk.database, RENEWAL, NOW, RULES)
    assert walk.advance() is Stage.WATCHING
    after = walk.row()
    assert after.safe_on is not None
    assert before.safe_on is not None
    assert (before.safe_on - after.safe_on).days in range(20, 31)
    assert after.answered_at is None
    assert after.next_action_at is not None
    walk.clock.time = max(after.next_action_at, NOW)
    assert attend.attend(walk.database, RENEWAL, walk.clock.time, RULES)
    assert walk.advance() is Stage.FLAGGED
    with walk.database.read() as session:
        dates = {one.safe_on for one in session.exec(select(Alert).where(Alert.renewal_id == RENEWAL))}
    assert after.safe_on in dates


def test_a_tampered_row_is_named(at: At) -> None:
    """The chain names the first row that was changed afterwards, not a later one."""
    walk = at(PATHS[Stage.OUT_FOR_SIGNATURE])
    walk.sql("UPDATE audit SET by = 'somebody.else' WHERE renewal_id = :id AND number = 3", id=RENEWAL)
    with walk.database.read() as session:
        assert audit.verify(session, RENEWAL) == 3


def test_a_removed_row_is_named(at: At) -> None:
    """The chain names the row after a gap."""
    walk = at(PATHS[Stage.OUT_FOR_SIGNATURE])
    walk.sql("DELETE FROM audit WHERE renewal_id = :id AND number = 2", id=RENEWAL)
    with walk.database.read() as session:
        assert audit.verify(session, RENEWAL) == 2


def test_approvals_of_an_earlier_round_do_not_count(at: At) -> None:
    """A draft that came back from signature needs every approval again, although the same people approved the same bytes."""
    walk = at((*PATHS[Stage.IN_REVIEW], Event.EDIT, Event.DRAFTED))
    walk.take(Event.ESCALATE)
    assert walk.asked() == VP
    walk.take(Event.APPROVE)
    walk.take(Event.SEND)
    walk.take(Event.VOID)
    assert (walk.row().stage, walk.row().round) == (Stage.IN_REVIEW, 1)
    walk.answer(Event.APPROVE, OWNER)
    walk.one_move()
    assert walk.row().stage == Stage.IN_REVIEW
    assert walk.asked() == VP
    with walk.database.read() as session:
        given = {(one.round, one.step, one.person_id) for one in session.exec(select(Approval))}
    assert given == {(0, 1, OWNER), (0, 2, VP), (1, 1, OWNER)}


def test_a_price_book_that_changes_between_approval_and_sending_makes_the_approval_stale(at: At) -> None:
    """Nothing is sent; a new draft is made from the facts of now and asks again."""
    walk = at(PATHS[Stage.IN_REVIEW])
    walk.answer(Event.APPROVE)

    class Meanwhile(Workbench):
        def commit(self, position: Position, step: Step) -> Stage:
            stage = super().commit(position, step)
            if step.event is Event.APPROVE:
                raise_prices(walk)
            return stage

    assert graph.advance(walk.bench(Meanwhile), RENEWAL) is Stage.IN_REVIEW
    assert [one.event for one in walk.audit()][-3:] == ["approve", "stale", "drafted"]
    assert walk.row().draft_number == 2
    with walk.database.read() as session:
        assert session.exec(select(Renewal).where(Renewal.id == RENEWAL)).one().stage == Stage.IN_REVIEW
