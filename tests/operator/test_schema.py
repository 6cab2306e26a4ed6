"""Claims about the schema: the migrations, the classes and the literal of the newest revision agree."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, text
from sqlmodel import SQLModel

from contractops.operator.store import schema
from contractops.operator.store.db import Database
from contractops.tools.errors import InputError
from tests.postgres import databases


def described(engine: Engine) -> dict[str, str]:
    """One line for each column, key, index and uniqueness of a database."""
    seen = inspect(engine)
    lines: dict[str, str] = {}
    for table in seen.get_table_names():
        if table == "alembic_version":
            continue
        for column in seen.get_columns(table):
            lines[f"{table}.{column['name']}"] = (
                f"{column['type']} {'NULL' if column['nullable'] else 'NOT NULL'} default {column['default']}"
            )
        lines[f"{table} primary key"] = str(seen.get_pk_constraint(table)["constrained_columns"])
        for number, unique in enumerate(sorted(str(each["column_names"]) for each in seen.get_unique_constraints(table))):
            lines[f"{table} unique {number}"] = unique
        for index in seen.get_indexes(table):
            where = index.get("dialect_options", {}).get(f"{engine.dialect.name}_where")
            lines[f"index {index['name']}"] = f"{table} {index['column_names']} unique={bool(index['unique'])} where={where}"
        lines[f"{table} foreign keys"] = str(sorted(str(each) for each in seen.get_foreign_keys(table)))
    return lines


def test_an_upgraded_empty_database_is_what_the_classes_say(tmp_path: Path) -> None:
    """Every column, key and index (partial ones with their condition) made by the migrations equals that made from the classes."""
    database = Database(databases.url_of(tmp_path / "upgraded.db"))
    schema.ensure(database)
    direct = create_engine(databases.url_of(tmp_path / "direct.db"))
    SQLModel.metadata.create_all(direct)
    upgraded, wanted = described(database.engine), described(direct)
    database.dispose()
    direct.dispose()
    differing = [
        f"{name}: the migrations make {upgraded.get(name, 'nothing')}, the classes say {wanted.get(name, 'nothing')}"
        for name in sorted(upgraded.keys() | wanted.keys())
        if upgraded.get(name) != wanted.get(name)
    ]
    assert not differing, "Add a migration:\n" + "\n".join(differing)


def test_the_literal_head_is_the_last_migration() -> None:
    """The start-up check compares with the newest revision without loading the migrations."""
    assert ScriptDirectory.from_config(schema._config()).get_current_head() == schema.HEAD


def test_the_first_opening_makes_the_schema_and_the_second_leaves_it(tmp_path: Path) -> None:
    database = Database(databases.url_of(tmp_path / "new.db"))
    assert schema.ensure(database) == schema.HEAD
    with database.write() as session:
        session.connection().execute(text("INSERT INTO business_clock (id, now) VALUES (1, 'kept')"))
    assert schema.ensure(database) == schema.HEAD
    with database.read() as session:
        assert session.connection().execute(text("SELECT now FROM business_clock")).scalar_one() == "kept"
    database.dispose()


def test_a_database_of_the_first_schema_is_upgraded_with_what_it_holds(tmp_path: Path) -> None:
    """It is refused until it is upgraded; then its staff is there, without the number that nobody has given yet."""
    database = Database(databases.url_of(tmp_path / "first.db"))
    config = schema._config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        person = Table("person", MetaData(), autoload_with=connection)
        some = {int: 1, bool: True, datetime: datetime(2026, 12, 7, tzinfo=UTC)}
        values = {one.name: some.get(one.type.python_type, "2026-12-07") for one in person.columns if not one.nullable}
        connection.execute(person.insert().values(values))
    with pytest.raises(InputError):
        schema.ensure(database)
    assert schema.upgrade(database) == schema.HEAD
    with database.read() as session:
        assert session.connection().execute(text("SELECT name, phone FROM person")).one() == ("2026-12-07", None)
    database.dispose()


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ("CREATE TABLE renewal (id TEXT)", "CO-DB-001"),
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')", "CO-DB-002"),
    ],
)
def test_another_schema_is_refused_with_what_to_do(tmp_path: Path, made: str, code: str) -> None:
    """A database that is older or newer than the code is not touched."""
    database = Database(databases.url_of(tmp_path / "other.db"))
    with database.engine.begin() as connection:
        for statement in made.split("; "):
            connection.execute(text(statement))
    with pytest.raises(InputError) as refused:
        schema.ensure(database)
    database.dispose()
    assert refused.value.code == code
    assert refused.value.advice


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, only text that is long enough to be read as a header")
    database = Database(f"sqlite:///{path}")
    with pytest.raises(InputError) as refused:
        schema.ensure(database)
    database.dispose()
    assert refused.value.code == "CO-DB-003"
    assert "notes.txt" in refused.value.message
    assert path.read_text().startswith("not a database")
