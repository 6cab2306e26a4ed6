"""Claims about moving from SQLite to PostgreSQL: everything arrives as it was, or nothing does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlmodel import SQLModel, select

from contractops.operator import arming, moving
from contractops.operator.importing.folder import import_folder
from contractops.operator.store import audit, installation, schema, workers
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Audit, Effect, Inbox, Renewal, Worker
from contractops.tools.errors import InputError, InvariantError
from tests.graphs.walking import RULES
from tests.operator.cli.conftest import run
from tests.postgres import databases
from tests.showing.factory import SAMPLE

AT = datetime(2026, 12, 7, 15, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Database]:
    """A SQLite installation with the sample, some history, and values that are easily bent on the way."""
    made = Database(f"sqlite:///{tmp_path / 'source.db'}")
    schema.ensure(made)
    import_folder(SAMPLE, made.engine, AT)
    installation.token_secret(made)
    arming.arm(made, AT, RULES)
    with made.write() as session:
        for number in range(3):
            audit.append(
                session, "R", version=number, event="noted", old="a", new="a", by="machine", at=AT, data={"n": number}, moved=False
            )
            session.flush()
        session.add(Inbox(key="k", kind="click", payload={"text": 'Zürich \u2028 "x" \\ 1e400', "big": 10**30, "f": 0.1}, received_at=AT))
        session.add(
            Renewal(id="R", unit_id="R", sequence=1, contract_id="R", account_id="a", stage="watching", version=0, window_status="none")
        )
    yield made
    made.dispose()


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv(databases.VARIABLE, "postgres")
    made = Database(databases.url_of(tmp_path / "target.db"))
    yield made
    made.dispose()
    databases.forget_below(tmp_path)


def everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table but the workers', typed as the product reads it."""
    with database.read() as session:
        return {
            one.name: sorted(repr(tuple(row)) for row in session.connection().execute(one.select()))
            for one in SQLModel.metadata.sorted_tables
            if one.name != "worker"
        }


def test_everything_arrives_as_it_was(source: Database, target: Database) -> None:
    """Every row of every table reads the same, the chains hold, and numbers go on after the last one."""
    before = everything(source)
    moved = moving.move(source, target)
    assert everything(target) == before == everything(source)
    assert {one.table: one.rows for one in moved} == {name: len(rows) for name, rows in before.items()}
    assert sum(one.rows for one in moved) > 100
    assert schema.ensure(target) == schema.HEAD
    with target.write() as session:
        assert audit.verify(session, "R") is None
        last = max(session.exec(select(Audit.id)))
        audit.append(session, "R", version=3, event="noted", old="a", new="a", by="machine", at=AT, data={}, moved=False)
        session.flush()
        assert max(session.exec(select(Audit.id))) == last + 1
        assert audit.verify(session, "R") is None


def test_json_arrives_byte_for_byte(source: Database, target: Database) -> None:
    """Spaces and digits too: nothing reads and writes it anew on the way."""
    odd = '{ "b":1.10,"a" : [ ] }'
    with source.write() as session:
        session.connection().execute(text("UPDATE inbox SET payload = :odd"), {"odd": odd})
    moving.move(source, target)
    with target.read() as session:
        assert session.connection().execute(text("SELECT payload::text FROM inbox")).scalar_one() == odd


def test_a_target_that_holds_something_is_refused(source: Database, target: Database) -> None:
    """And stays as it is."""
    schema.ensure(target)
    with target.write() as session:
        session.add(Inbox(key="mine", kind="click", payload={}, received_at=AT))
    with pytest.raises(InputError) as refused:
        moving.move(source, target)
    assert (refused.value.code, "inbox" in refused.value.message) == ("CO-MOV-001", True)
    with target.read() as session:
        assert session.exec(select(Inbox.key)).all() == ["mine"]
        assert session.exec(select(Renewal.id)).all() == []


def test_a_source_that_somebody_works_on_is_refused(source: Database, target: Database) -> None:
    """A worker elsewhere may live; one of this machine whose process has ended does not count."""
    with source.write() as session:
        session.add(Worker(name="dead", place=workers.here(), pid=os.getpid(), beats=1, started_at=AT, beat_at=AT))
    with source.write() as session:
        session.add(Worker(name="far", place="elsewhere", pid=1, beats=1, started_at=AT, beat_at=AT))
    with pytest.raises(InputError) as refused:
        moving.move(source, target)
    assert refused.value.code == "CO-MOV-002"
    assert refused.value.message.endswith(": far")
    with source.write() as session:
        workers.leave(session, "far")
    assert moving.move(source, target)


def test_what_arrives_otherwise_takes_everything_back(source: Database, target: Database) -> None:
    """A row that the target changes is noticed at the end of its table, and not even the tables stay."""
    schema.ensure(target)
    with target.engine.begin() as connection:
        for statement in (
            "CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := NEW.version + 1; RETURN NEW; END $$",
            "CREATE TRIGGER bend BEFORE INSERT ON renewal FOR EACH ROW EXECUTE FUNCTION bend()",
        ):
            connection.execute(text(statement))
    with pytest.raises(InvariantError) as noticed:
        moving.move(source, target)
    assert noticed.value.code == "CO-MOV-010"
    assert "renewal" in noticed.value.message
    assert {rows for name, rows in everything(target).items() for rows in [len(rows)]} == {0}


def test_a_move_that_fails_leaves_no_table(source: Database, target: Database) -> None:
    """PostgreSQL stores no NUL in a text: the move says in which table it stands."""
    with source.write() as session:
        session.add(Effect(key="x", kind="k", renewal_id="R", version=1, payload={}, payload_hash="", last_error="a\x00b", created_at=AT))
    with pytest.raises(InputError) as refused:
        moving.move(source, target)
    assert refused.value.code == "CO-MOV-003"
    assert "effect" in refused.value.message
    assert inspect(target.engine).get_table_names() == []


def test_the_command_moves_and_says_what_to_do_next(source: Database, target: Database) -> None:
    moved = run("db", "move", "--to", target.url, "--db", source.url)
    assert moved.status == 0, moved.err
    assert re.search(r"^renewal +\d+  [0-9a-f]{16}$", moved.out, re.MULTILINE)
    assert "Now set CONTRACTOPS_DATABASE_URL to postgresql+psycopg://" in moved.out
    again = run("db", "move", "--to", target.url, "--db", source.url)
    assert (again.status, again.err.startswith("error CO-MOV-001")) == (3, True)
