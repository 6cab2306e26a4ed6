"""The command line. It translates words into calls and results into tables or JSON; it computes nothing.

Rule 1: data on standard output, progress and messages on standard error; ``--json`` gives one document with stable keys.
Rule 2: exit status: 0 done, 1 done but a person is needed, 2 wrong use, 3 input unusable, 4 not found, 5 vendor or network,
6 refused by a rule, 70 our fault, 130 stopped by Ctrl-C.
Rule 3: everything heavy is imported inside the command that needs it: ``--help`` is for people in a hurry.
"""

from __future__ import annotations

import gc
import sys
import traceback
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contractops.tools.errors import ContractOpsError

app = typer.Typer(
    name="contractops",
    help="Watches contract dates, prepares renewal terms, routes them for signature. It never sends without you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
STOPPED = 130
"""Exit status of a command that Ctrl-C ended."""

db_app = typer.Typer(help="The database: bring its schema up to date.", no_args_is_help=True)
app.add_typer(db_app, name="db")


def _examples(*commands: str) -> str:
    """The end of a command's help: one example a line, as it is typed."""
    return "\b\nExamples:\n" + "\n".join(f"  contractops {command}" for command in commands)


_YEARS = range(1950, 2201)
"""As in an import: terms are counted on from the moment that is asked about, and the calendar ends."""


def _instant(text: str) -> datetime:
    """A day (its noon, UTC: that day everywhere) or an instant, UTC where no offset stands. Raises ``typer.BadParameter`` for other words."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise typer.BadParameter(
            f"{text!r} is no day (2027-01-04) and no instant (2027-01-04T09:00-06:00) of the years {_YEARS[0]} to {_YEARS[-1]}."
        )
    if len(text) == len("2027-01-04"):
        found = found.replace(hour=12)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", parser=_instant, metavar="DAY", help="Answer as of this day or instant (ISO); default: now."),
]
Db = Annotated[str | None, typer.Option("--db", help="Database URL; default: CONTRACTOPS_DATABASE_URL.")]


_GARBAGE_EVERY = 50_000
"""Objects between two searches for garbage: loading libraries makes none, and with Python's own 700 a fifth of a short command is searching."""


class _State:
    debug = False


def _version(asked: bool) -> None:  # noqa: FBT001 - the library hands it so
    """Print the version and end, when it was asked for."""
    if asked:
        from importlib.metadata import version

        typer.echo(f"contractops {version('contractops')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (also: NO_COLOR).")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: ARG001
) -> None:
    """Options of every command."""
    _State.debug = debug
    if no_color:
        from contractops.operator import tables_out

        tables_out.without_colour()


@app.command(epilog=_examples("run", "run --pid-file /run/contractops.pid"))
def run(pid_file: Annotated[Path | None, typer.Option(help="Write the process id into this file.")] = None) -> None:
    """Run the operator: worker, Slack, web hooks, in one process."""
    import os

    from contractops.operator import logs, serving, settings

    logs.configure(level="debug" if _State.debug else "info")
    if pid_file is not None:
        pid_file.write_text(str(os.getpid()), encoding="utf-8")
    serving.run(settings.load())


@app.command(epilog=_examples("worker", "worker --pid-file /run/contractops-worker.pid"))
def worker(pid_file: Annotated[Path | None, typer.Option(help="Write the process id into this file.")] = None) -> None:
    """Add a worker beside `run`. It opens neither Slack nor a web server."""
    import os

    from contractops.operator import logs, serving, settings

    logs.configure()
    if pid_file is not None:
        pid_file.write_text(str(os.getpid()), encoding="utf-8")
    serving.run(settings.load(), doors=False)


@app.command(epilog=_examples("demo", "demo --script"))
def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the demo; made anew.")] = Path(".demo"),
    script: Annotated[bool, typer.Option("--script", help="Play the whole journey and check it.")] = False,
    port: Annotated[int, typer.Option(help="Port of the local world; 0: any free one.")] = 0,
    model: Annotated[bool, typer.Option("--model", help="Let the shell's model settings in.")] = False,
) -> None:
    """Start a local world with a sample portfolio, and the operator. The page to open in a browser is printed."""
    from contractops.operator.demo import demo as start

    raise typer.Exit(start(folder, script=script or not sys.stdout.isatty(), port=port, model=model))


@app.command("import", epilog=_examples("import data/", "import --template data/"))
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with CSV, XLSX or JSON files.")],
    template: Annotated[bool, typer.Option("--template", help="Write empty files with every column described into FOLDER.")] = False,
    json: Json = False,
    db: Db = None,
) -> None:
    """Read a portfolio from a folder of CSV, XLSX or JSON files. The same again changes nothing."""
    from contractops.operator import importer_cli

    raise typer.Exit(importer_cli.template(folder) if template else importer_cli.run(folder, db, as_json=json))


@app.command(epilog=_examples("coverage", "coverage --json --as-of 2027-01-04"))
def coverage(
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when a contract has no provable date.")] = False,
    json: Json = False,
    as_of: AsOf = None,
    db: Db = None,
) -> None:
    """List every contract with its state: missed, due, unknown, safe. The counts add up to the portfolio."""
    from contractops.operator import reports

    raise typer.Exit(reports.coverage(db, as_of, as_json=json, strict=strict))


@app.command(epilog=_examples("why ENT-3391", "why ENT-3391 --json"))
def why(
    contract: Annotated[str, typer.Argument(help="Contract id, for example ENT-3391.")],
    json: Json = False,
    as_of: AsOf = None,
    db: Db = None,
) -> None:
    """Print the arithmetic and the clause behind each date."""
    from contractops.operator import reports_why

    raise typer.Exit(reports_why.why(contract, db, as_of, as_json=json))


@app.command(epilog=_examples("drift", "drift ENT-3391"))
def drift(
    contract: Annotated[str | None, typer.Argument(help="Contract id; default: all.")] = None,
    json: Json = False,
    as_of: AsOf = None,
    db: Db = None,
) -> None:
    """List where contract, CRM and tickets say different things."""
    from contractops.operator import reports_drift

    raise typer.Exit(reports_drift.drift(contract, db, as_of, as_json=json))


@app.command(epilog=_examples("hygiene", "hygiene --weeks 4 --as-of 2027-01-04"))
def hygiene(
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="So many weeks up to the moment.")] = 1,
    json: Json = False,
    as_of: AsOf = None,
    db: Db = None,
) -> None:
    """Measure the messages: cards a day, answers, ignored reminders."""
    from contractops.operator import reports_hygiene

    raise typer.Exit(reports_hygiene.hygiene(weeks, db, as_of, as_json=json))


@app.command(epilog=_examples("tool notice_window --schema", "tool sla < cases.jsonl"))
def tool(
    name: Annotated[str | None, typer.Argument(help="notice_window, sla, pricing, signature or crm.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print both schemas instead.")] = False,
) -> None:
    """Call one deterministic tool: JSON lines in, JSON lines out."""
    from contractops.operator import tool_cli

    raise typer.Exit(tool_cli.run(name, schema=schema))


@app.command(epilog=_examples("doctor", "doctor --json"))
def doctor(json: Json = False, db: Db = None) -> None:
    """Check settings, credentials, database, scopes and clock. Says what to do."""
    from contractops.operator import doctor as checks

    raise typer.Exit(checks.run(db, as_json=json))


@app.command("eval", epilog=_examples("eval conversation", "eval conversation --folder mine/ --json"))
def eval_(
    suite: Annotated[str, typer.Argument(help="Name of the suite: conversation.")],
    folder: Annotated[Path | None, typer.Option(help="Read the sets of this folder instead of those that are shipped.")] = None,
    json: Json = False,
) -> None:
    """Print how many messages are read right, with n and a 95 % bound."""
    from importlib.metadata import entry_points

    found = list(entry_points(group="contractops.commands", name="eval"))  # evals stand above the operator: they are not imported here
    if not found:
        raise typer.BadParameter("this installation has no evals")
    raise typer.Exit(found[0].load()(suite, folder, as_json=json))


@app.command(epilog=_examples("recover", "recover --json"))
def recover(json: Json = False, db: Db = None) -> None:
    """Ring for everything that is ready; safe at any time. That is renewals to advance and effects to do."""
    from contractops.operator import recover_cli

    raise typer.Exit(recover_cli.run(db, as_json=json))


@app.command(epilog=_examples("backup contractops.backup", "backup /srv/backups/monday.backup --json"))
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; never written over.")],
    json: Json = False,
    db: Db = None,
) -> None:
    """Write everything into one file, while the operator runs. SQLite only."""
    from contractops.operator import backup_cli

    raise typer.Exit(backup_cli.make(file, db, as_json=json))


@app.command(epilog=_examples("restore contractops.backup", "restore /srv/backups/monday.backup --json"))
def restore(
    file: Annotated[Path, typer.Argument(help="A file that contractops backup wrote.")],
    json: Json = False,
    db: Db = None,
) -> None:
    """Take a backup back and compare it with the vendors. Stop the operator first."""
    from contractops.operator import backup_cli

    raise typer.Exit(backup_cli.take_back(file, db, as_json=json))


@app.command(epilog=_examples("erase maria.ortiz", "erase maria.ortiz --dry-run"))
def erase(
    person: Annotated[str, typer.Argument(help="Id of a person of staff or of a contact.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say where the person stands.")] = False,
    json: Json = False,
    db: Db = None,
) -> None:
    """Take a person's name, addresses and ids out of the database. Stop the operator first."""
    from contractops.operator import erase_cli

    raise typer.Exit(erase_cli.run(person, db, dry_run=dry_run, as_json=json))


@db_app.command("upgrade", epilog=_examples("db upgrade", "db upgrade --db sqlite:///old.db"))
def db_upgrade(json: Json = False, db: Db = None) -> None:
    """Bring the database to the schema of this version."""
    from contractops.operator import settings, tables_out
    from contractops.operator.sole import sole
    from contractops.operator.store import schema
    from contractops.operator.store.db import Database

    url = db or settings.load().database_url
    database = Database(url)  # first: it says what is wrong with an address
    with sole(url):
        version = schema.upgrade(database)
        database.dispose()
    if json:
        tables_out.document({"schema": version})
    else:
        tables_out.say(f"The database has schema {version}, that of this version.")


@db_app.command(
    "move", epilog=_examples("db move --to postgresql+psycopg://desk@db.internal/desk", "db move --to URL --db sqlite:///old.db")
)
def db_move(to: Annotated[str, typer.Option("--to", help="URL of the empty database.")], json: Json = False, db: Db = None) -> None:
    """Copy everything into an empty database, in one transaction."""
    from contractops.operator import move_cli

    raise typer.Exit(move_cli.run(to, db, as_json=json))


def main() -> None:
    """Entry point: turns errors into one clear message and the right exit status."""
    gc.set_threshold(_GARBAGE_EVERY)
    try:
        status: Any = app(standalone_mode=False)  # the status of ``typer.Exit``; the library turns Ctrl-C into 130
    except ContractOpsError as problem:
        status = _tell(problem)
    except (KeyboardInterrupt, typer.Abort):
        status = STOPPED
    except Exception as problem:  # noqa: BLE001  # the outermost handler: no traceback reaches a person unasked
        status = _usage(problem) or _fault(problem)
    if status == STOPPED:
        typer.echo("Stopped. Nothing half written. Run the same command again to go on.", err=True)
    gc.freeze()  # else the interpreter searches all that was loaded once more before it ends, a third of the time of a short command
    sys.exit(status if isinstance(status, int) else 0)


def _tell(problem: ContractOpsError) -> int:
    head = f"error {problem.code}  "
    _say(f"{head}{problem.message}")
    for line in problem.advice.splitlines():
        _say(f"{' ' * len(head)}{line}")
    if _State.debug:
        _say(traceback.format_exc())
    return problem.exit_status


def _say(text: str) -> None:
    """Onto standard error, without secrets."""
    from contractops.operator.redaction import redacted

    typer.echo(redacted(text), err=True)


def _usage(problem: Exception) -> int:
    """Wrong use, as the command line library words it; 0 when it is something else."""
    show = getattr(problem, "show", None)
    if show is None:
        return 0
    show()
    return 2


def _fault(problem: Exception) -> int:
    """Our fault: an id that also stands in the log."""
    from contractops.operator import logs

    fault = uuid.uuid4().hex[:8]
    where = logs.keep_fault(fault, problem)
    typer.echo(f"error CO-SYS-001  Something went wrong on our side ({fault}). Details: {where}", err=True)
    if _State.debug:
        _say(traceback.format_exc())
    return 70


if __name__ == "__main__":
    main()
