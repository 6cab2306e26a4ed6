"""Claims about commands beside a running worker, and about what a command loads."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contractops.operator.store.schema import HEAD
from tests.localworld.worlds import start_world, until
from tests.operator.cli.conftest import AS_OF, COMMAND, SAMPLE, environment, run
from tests.postgres import databases

LIGHT = """
import sys
sys.argv = ["contractops", *{arguments!r}]
from contractops.operator.cli import app
app(standalone_mode=False)
heavy = ("alembic", "langgraph", "dbos", "slack_sdk", "slack_bolt", "docusign_esign", "openai", "httpx", "typst", "openpyxl", "starlette")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["coverage"], ["why", "ENT-3391"], ["drift"], ["hygiene"]])
def test_a_report_loads_no_vendor_and_no_engine(portfolio: Path, arguments: list[str]) -> None:
    """What is not needed is not loaded: a report is there in less than a second."""
    code = LIGHT.format(arguments=arguments)
    variables = environment(CONTRACTOPS_DATABASE_URL=databases.url_of(portfolio))
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=True, text=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_an_import_rings_the_worker_that_runs(tmp_path: Path) -> None:
    """Contracts that are due are flagged without waiting for the next sweep, and recover rings the same worker.

    Business time is a working morning: at night and on Sundays alerts wait.
    """
    db = tmp_path / "new.db"
    world = start_world(tmp_path / "world", seed={"now": AS_OF})
    clock = f"{world.url}/_world/clock"
    variables = environment(CONTRACTOPS_DATABASE_URL=databases.url_of(db), CONTRACTOPS_CLOCK_URL=clock)
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen([*COMMAND, "run"], env=variables, stdout=log, stderr=log)
    try:
        until(lambda: "operator is running" in (tmp_path / "log").read_text(), 40.0)
        assert run("import", str(SAMPLE), db=db, CONTRACTOPS_CLOCK_URL=clock).status == 1

        def flagged() -> bool:
            found = run("coverage", "--json", db=db, CONTRACTOPS_CLOCK_URL=clock).json["contracts"]
            return any(each["stage"] != "watching" for each in found)

        until(flagged, 90.0)  # generous: it waits for the claim, not for a time
        rung = run("recover", "--json", db=db)
        assert rung.status == 0
        assert json.loads(rung.out)["worker_seen"] is True
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) is not None
        world.stop()


COMMANDS = (
    "run",
    "worker",
    "demo",
    "import",
    "coverage",
    "why",
    "drift",
    "hygiene",
    "tool",
    "doctor",
    "recover",
    "backup",
    "restore",
    "erase",
    "db upgrade",
    "db move",
    "eval conversation",
)


def test_every_command_has_a_purpose_of_one_line_and_two_examples() -> None:
    """At 80 columns no purpose is cut, and an example is a line that can be copied."""
    listed = run("--help", COLUMNS="80").out
    assert "..." not in listed.split("Commands:")[1]
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} " in listed
        said = run(*command.split(), "-h", COLUMNS="80").out
        _, examples = said.split("\n  Examples:\n")
        lines = [line.strip() for line in examples.strip().splitlines()]
        assert len(lines) == 2
        assert all(line.startswith(f"contractops {command}") for line in lines)


def test_upgrading_a_database_says_its_schema(tmp_path: Path) -> None:
    """In words, and as one document."""
    assert run("db", "upgrade", db=tmp_path / "new.db").out == f"The database has schema {HEAD}, that of this version.\n"
    assert run("db", "upgrade", "--json", db=tmp_path / "new.db").json == {"schema": HEAD}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("db", "upgrade", "--db", "sqlite:///{file}"), "CO-DB-003"),
        (("coverage", "--db", "sqlite:///{file}"), "CO-DB-003"),
        (("coverage", "--db", "{file}"), "CO-SET-001"),
        (("coverage", "--db", "mysql://host/name"), "CO-SET-001"),
        (("import", "--template", "{file}/below"), "CO-IMP-051"),
    ],
)
def test_a_place_that_cannot_be_used_ends_with_3_and_says_what_to_do(arguments: tuple[str, ...], code: str, tmp_path: Path) -> None:
    """A file that is no database, words that are no URL, a folder that cannot be made: never our fault, never a traceback."""
    file = tmp_path / "notes.txt"
    file.write_text("no database\n" * 2000)
    refused = run(*(each.format(file=file) for each in arguments))
    assert (refused.status, refused.out) == (3, "")
    first, advice = refused.err.splitlines()
    assert first.startswith(f"error {code}  ")
    assert advice.startswith(" " * len(f"error {code}  "))


def test_a_newer_database_is_not_upgraded(tmp_path: Path) -> None:
    """It belongs to a version that knows more."""
    file = tmp_path / "newer.db"
    run("db", "upgrade", db=file)
    with databases.sql(file) as execute:
        execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run("db", "upgrade", db=file)
    assert (refused.status, refused.out) == (3, "")
    assert refused.err.startswith("error CO-DB-002")
