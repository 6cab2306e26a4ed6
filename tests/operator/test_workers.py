"""Claims about workers: names of their own, who is found dead and when, and that only the dead lose what they hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contractops.operator import presence
from contractops.operator.clock import wall_now
from contractops.operator.presence import Presence
from contractops.operator.store import ledger, schema, workers
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Effect, Worker
from tests.postgres import databases

AT = datetime(2026, 12, 7, 15, tzinfo=UTC)
SILENT = 20.0


class Ear:
    """The monotonic clock of whoever looks, moved by the test."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(databases.url_of(tmp_path / "workers.db"))
    schema.ensure(made)
    yield made
    made.dispose()


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    made = Ear()
    monkeypatch.setattr(presence, "monotonic", made)
    return made


def elsewhere(database: Database, name: str, beats: int = 1) -> None:
    """A worker of another machine beats."""
    with database.write() as session:
        row = session.get(Worker, name) or Worker(name=name, place="elsewhere", pid=1, started_at=AT, beat_at=AT)
        row.beats = beats
        session.add(row)


def here(database: Database, name: str, pid: int) -> None:
    with database.write() as session:
        session.add(Worker(name=name, place=workers.here(), pid=pid, beats=1, started_at=AT, beat_at=AT))


def names(database: Database) -> set[str]:
    with database.read() as session:
        return workers.names(session)


def held(database: Database, key: str, by: str) -> None:
    """An effect that ``by`` performs now."""
    with database.write() as session:
        values = {"renewal_id": "R", "version": 1, "payload": {"card": "R/root"}, "payload_hash": "", "created_at": AT}
        session.add(Effect(key=key, kind="docusign.send", **values))
        session.flush()
        assert ledger.claim(session, key, worker=by, at=wall_now()) is not None


def test_a_worker_that_beats_is_never_taken_for_dead(database: Database, ear: Ear) -> None:
    """However long one looks, and whatever its machine's clock says."""
    gone: list[int] = []
    me = Presence(database, "me", lambda: gone.append(1), silent_seconds=SILENT)
    for beats in range(1, 10):
        elsewhere(database, "other", beats)
        me.look()
        ear.seconds += SILENT
    assert (names(database), gone) == ({"me", "other"}, [])


def test_a_silent_worker_is_taken_over_from_after_the_time_and_not_before(database: Database, ear: Ear) -> None:
    gone: list[int] = []
    me = Presence(database, "me", lambda: gone.append(1), silent_seconds=SILENT)
    elsewhere(database, "other")
    me.look()
    ear.seconds += SILENT
    me.look()
    assert (names(database), gone) == ({"me", "other"}, [])
    ear.seconds += 0.1
    me.look()
    assert (names(database), gone) == ({"me"}, [1])
    me.look()
    assert gone == [1]


def test_nobody_is_silent_while_the_database_is_away(database: Database, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it comes back everybody gets his whole time to beat again: else the first to beat would rob the others."""
    gone: list[int] = []
    me = Presence(database, "me", lambda: gone.append(1), silent_seconds=SILENT)
    elsewhere(database, "other")
    me.look()
    url = database.url
    with monkeypatch.context() as away:
        away.setattr(me, "_database", Database("sqlite:////nowhere/at/all.db"))
        ear.seconds += SILENT + 1
        me.look()
    assert me._database.url == url
    me.look()
    assert (names(database), gone) == ({"me", "other"}, [])


def test_a_process_that_ended_here_is_found_at_the_first_look(database: Database, ear: Ear) -> None:
    """A killed `run` that is started again does not wait: its former self is certainly gone, and so is one with its own number."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    here(database, "ended", ended.pid)
    here(database, "running", running.pid)
    elsewhere(database, "far", 1)
    gone: list[int] = []
    Presence(database, "me", lambda: gone.append(1), silent_seconds=SILENT).look()
    running.communicate(b"\n")
    assert (names(database), gone) == ({"me", "running", "far"}, [1])


def test_only_one_of_two_lookers_strikes_a_dead_worker(database: Database, ear: Ear) -> None:
    elsewhere(database, "other")
    with database.read() as session:
        (seen,) = workers.everybody(session)
    with database.write() as session:
        assert [workers.strike(session, seen), workers.strike(session, seen)] == [True, False]


def test_a_beat_in_the_last_moment_saves_the_worker(database: Database) -> None:
    elsewhere(database, "other", 1)
    with database.read() as session:
        (seen,) = workers.everybody(session)
    elsewhere(database, "other", 2)
    with database.write() as session:
        assert not workers.strike(session, seen)
    assert names(database) == {"other"}


def test_who_was_struck_by_mistake_enters_again_with_its_next_beat(database: Database, ear: Ear) -> None:
    """A frozen worker that wakes goes on under its name; what it held before no longer counts, see the ledger."""
    me = Presence(database, "me", lambda: None, silent_seconds=SILENT)
    me.look()
    with database.write() as session:
        workers.leave(session, "me")
    me.look()
    assert names(database) == {"me"}


def test_the_start_of_a_worker_takes_nothing_from_a_living_one(database: Database) -> None:
    """Two processes over one database: the second one's start leaves the first one's work alone, and takes that of the dead."""
    elsewhere(database, "living")
    held(database, "docusign.send:R:1:a", "living")
    held(database, "docusign.send:R:1:b", "dead")
    with database.write() as session:
        ledger.release(session, workers.names(session))
    with database.write() as session:
        assert ledger.claim(session, "docusign.send:R:1:a", worker="second", at=wall_now()) is None
        assert ledger.left_behind(session, "docusign.send:R:1:b")
        taken = ledger.claim(session, "docusign.send:R:1:b", worker="second", at=wall_now())
    assert taken is not None
    assert (taken.claimed_by, taken.attempts) == ("second", 2)


def test_two_workers_never_have_one_name() -> None:
    assert len({workers.new_name() for _one in range(100)}) == 100


def test_a_card_has_one_writer(database: Database) -> None:
    """While one revision of a card is under way, another waits; one of another card does not."""
    with database.write() as session:
        for key, card in (("slack.card:R:1:a", "R/root"), ("slack.card:R:2:b", "R/root"), ("slack.card:R:2:c", "R/team")):
            payload = {"card": card, "revision": 1}
            session.add(Effect(key=key, kind="slack.card", renewal_id="R", version=1, payload=payload, payload_hash="", created_at=AT))
        session.flush()
        now = wall_now()
        assert ledger.claim(session, "slack.card:R:1:a", worker="me", at=now) is not None
        assert ledger.is_card_busy(session, "slack.card:R:2:b", at=now)
        assert not ledger.is_card_busy(session, "slack.card:R:2:c", at=now)
        assert not ledger.is_card_busy(session, "slack.card:R:2:b", at=now + ledger.LEASE)
