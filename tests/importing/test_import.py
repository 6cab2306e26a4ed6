"""An import is strict, complete or absent, and leaves every former version readable."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import Session

from contractops.operator.store import portfolio, records
from contractops.tools.errors import InputError
from tests.importing.big import write
from tests.importing.support import LATER, NOW, read_csv, rows_of, run, total_rows
from tests.postgres import databases


def test_the_same_import_again_changes_nothing(folder: Path, engine: Engine):
    assert run(folder, engine).written == 5
    before = total_rows(engine)
    again = run(folder, engine, LATER)
    assert (again.written, sum(each.unchanged for each in again.files)) == (0, 5)
    assert total_rows(engine) == before


def test_a_changed_row_makes_a_new_version_and_ends_the_one_before(folder: Path, engine: Engine):
    run(folder, engine)
    path = folder / "contracts.csv"
    path.write_text(path.read_text().replace("60,days", "90,days"))
    report = run(folder, engine, LATER)
    assert [(each.entity, each.changed) for each in report.files if each.changed] == [("contracts", 1)]
    first, second = [each for each in rows_of(engine, records.Contract) if each.id == "C-1"]
    assert (first.version, first.notice_length, first.superseded_at) == (1, 60, LATER)
    assert (second.version, second.notice_length, second.superseded_at) == (2, 90, None)
    assert second.source == "contracts.csv:2"


def test_what_was_known_at_a_moment_can_be_asked(folder: Path, engine: Engine):
    run(folder, engine)
    path = folder / "contracts.csv"
    path.write_text(path.read_text().replace("60,days", "90,days"))
    run(folder, engine, LATER)
    with Session(engine) as session:
        then = portfolio.contract_bundle(session, "C-1", NOW, known_at=NOW)
        now = portfolio.contract_bundle(session, "C-1", NOW)
        assert (then.facts.notice.length, now.facts.notice.length) == (60, 90)
        assert [each.id for each in portfolio.contracts(session, known_at=NOW)] == ["C-1", "C-2"]
        assert not portfolio.contracts(session, known_at=datetime.fromisoformat("2026-12-07T14:59:59+00:00"))


def test_a_record_left_out_later_stays(folder: Path, engine: Engine):
    run(folder, engine)
    lines = (folder / "contracts.csv").read_text().splitlines()
    (folder / "contracts.csv").write_text("\n".join(lines[:2]) + "\n")
    assert run(folder, engine, LATER).written == 0
    assert all(each.superseded_at is None for each in rows_of(engine, records.Contract))


def test_money_keeps_every_digit(folder: Path, engine: Engine):
    path = folder / "service_orders.csv"
    path.write_text(path.read_text().replace("18450.00", "999999999999.999999"))
    run(folder, engine)
    assert rows_of(engine, records.ServiceOrder)[0].monthly_price == Decimal("999999999999.999999")


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line", "column"),
    [
        ("contracts.csv", "60,days", "60d,", "CO-IMP-014", 2, "notice_length"),
        ("contracts.csv", "60,days", "99999,days", "CO-IMP-036", 2, "notice_length"),
        ("contracts.csv", "24,months", "999999999,months", "CO-IMP-036", 3, "initial_length"),
        ("contracts.csv", "24,months", "9999999999,months", "CO-IMP-014", 3, "initial_length"),
        ("contracts.csv", "2026-02-01", "02/01/2026", "CO-IMP-011", 3, "start_on"),
        ("contracts.csv", "2026-02-01", "2026-02-30", "CO-IMP-011", 3, "start_on"),
        ("contracts.csv", "24,months", "24,", "CO-IMP-036", 3, "initial_unit"),
        ("contracts.csv", "C-2,msa", "C-2,deal", "CO-IMP-015", 3, "kind"),
        ("contracts.csv", "C-2,msa", "C-2,amendment", "CO-IMP-036", 3, "amends_id"),
        ("contracts.csv", "C-2,msa,acme", "C-2,msa,nobody", "CO-IMP-031", 3, "account_id"),
        ("contracts.csv", "C-2,", "C-1,", "CO-IMP-030", 3, "id"),
        ("contracts.csv", "C-2,", ",", "CO-IMP-010", 3, "id"),
        ("contracts.csv", "C-2,", "../x,", "CO-IMP-020", 3, "id"),
        ("contracts.csv", "C-2,msa", "C-2,msa,more,cells", "CO-IMP-034", 3, None),
        ("service_orders.csv", "18450.00", "-1.00", "CO-IMP-012", 2, "monthly_price"),
        ("service_orders.csv", "18450.00", "99999999999999", "CO-IMP-012", 2, "monthly_price"),
        ("service_orders.csv", "18450.00", "NaN", "CO-IMP-012", 2, "monthly_price"),
        ("service_orders.csv", "18450.00", "1e9", "CO-IMP-012", 2, "monthly_price"),
        ("service_orders.csv", "18450.00", '"18,450.00"', "CO-IMP-012", 2, "monthly_price"),
        ("service_orders.csv", "USD", "$", "CO-IMP-016", 2, "currency"),
        ("people.csv", "ann@example.com", "ann(at)example.com", "CO-IMP-019", 2, "email"),
        ("people.csv", "America/Chicago", "CST", "CO-IMP-017", 2, "zone"),
        ("people.csv", "Ann Lee", "Ann\u202eeeL", "CO-IMP-021", 2, "name"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_column(folder: Path, engine: Engine, file, old, new, code, line, column):
    path = folder / file
    text = path.read_text()
    assert old in text
    head, _, rest = text.partition("\n")
    place = rest.rfind(old)
    path.write_text(head + "\n" + rest[:place] + new + rest[place + len(old) :])
    report = run(folder, engine)
    assert (code, file, line, column) in [(each.code, each.file, each.line, each.column) for each in report.problems]
    assert report.rejected >= 1
    assert report.exit_status == 1


def test_a_bad_row_stops_nothing_else(folder: Path, engine: Engine):
    path = folder / "contracts.csv"
    path.write_text(path.read_text().replace("60,days", "60d,"))
    report = run(folder, engine)
    problem = report.problems[0]
    assert problem.lines() == (
        'error CO-IMP-014  contracts.csv line 2, column notice_length: "60d" is not a whole number of days.',
        "                  Write 60, or put the unit into notice_unit (days, months). Row skipped.",
    )
    assert [each.id for each in rows_of(engine, records.Contract)] == ["C-2"]
    assert [each.code for each in report.problems] == ["CO-IMP-014", "CO-IMP-031"], "the order of the lost contract is told too"


def test_the_counts_of_every_file_add_up(folder: Path, engine: Engine):
    path = folder / "contracts.csv"
    path.write_text(path.read_text().replace("60,days", "60d,"))
    for each in run(folder, engine).files:
        assert each.read == each.new + each.changed + each.unchanged + each.rejected


def test_a_rejected_change_leaves_the_former_version_current(folder: Path, engine: Engine):
    run(folder, engine)
    path = folder / "contracts.csv"
    path.write_text(path.read_text().replace("60,days", "60d,"))
    run(folder, engine, LATER)
    assert [(each.version, each.superseded_at) for each in rows_of(engine, records.Contract) if each.id == "C-1"] == [(1, None)]


def test_a_file_of_bad_rows_is_counted_whole_and_listed_in_part(folder: Path, engine: Engine):
    (folder / "nps.csv").write_text("account_id,answered_on,score\n" + "acme,never,11\n" * 1500)
    report = run(folder, engine)
    assert (report.rejected, len(report.problems), report.problems[-1].code) == (1500, 1001, "CO-IMP-037")
    assert report.problems[-1].reason == "500 more problems are not listed."


def test_an_owner_who_is_not_there_loses_no_contract(folder: Path, engine: Engine):
    path = folder / "accounts.csv"
    path.write_text(path.read_text().replace("acme,Acme,ann", "acme,Acme,gone"))
    report = run(folder, engine)
    assert [(each.code, each.kept) for each in report.problems] == [("CO-IMP-032", True)]
    assert report.rejected == 0


def test_an_unknown_column_is_reported_and_the_rest_is_read(folder: Path, engine: Engine):
    path = folder / "accounts.csv"
    path.write_text("id,name,owner_id,zone,colour\nacme,Acme,ann,America/Chicago,red\n")
    report = run(folder, engine)
    assert [(each.code, each.column, each.kept) for each in report.problems] == [("CO-IMP-033", "colour", True)]
    assert report.imported("accounts") == 1


@pytest.mark.parametrize(("written", "advice"), [("ownr_id", "Did you mean owner_id? See COLUMNS.md."), ("colour", "See COLUMNS.md.")])
def test_a_misspelt_column_is_told_its_name(folder: Path, engine: Engine, written: str, advice: str):
    """The nearest column that is missing is named; a column like none of ours is not guessed at."""
    path = folder / "accounts.csv"
    path.write_text(f"id,name,{written},zone\nacme,Acme,ann,America/Chicago\n")
    assert [each.advice for each in run(folder, engine).problems] == [advice]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_is_read_with_each_separator_and_mark(folder: Path, engine: Engine, delimiter: str, encoding: str):
    path = folder / "accounts.csv"
    path.write_text(
        delimiter.join(("id", "name", "zone")) + "\n" + delimiter.join(("acme", "Αιγαίο", "Europe/Athens")) + "\n", encoding=encoding
    )
    assert not run(folder, engine).problems
    assert rows_of(engine, records.Account)[0].name == "Αιγαίο"


def test_csv_xlsx_and_json_say_the_same(folder: Path, engine: Engine):
    """The same rows in another format are unchanged: the hash is over values."""
    run(folder, engine)
    orders = read_csv(folder / "service_orders.csv")
    contracts = read_csv(folder / "contracts.csv")
    for name in ("service_orders.csv", "contracts.csv"):
        (folder / name).unlink()
    book = Workbook()
    book.active.append(list(contracts[0]))
    for row in contracts:
        typed = {"start_on": datetime.fromisoformat(row["start_on"]), "notice_length": int(row["notice_length"])}
        book.active.append(list((row | typed).values()))
    book.save(folder / "contracts.xlsx")
    book.close()
    (folder / "service_orders.json").write_text(json.dumps([row | {"monthly_price": 18450} for row in orders]))
    report = run(folder, engine, LATER)
    assert (report.written, report.problems) == (0, [])
    (folder / "service_orders.json").unlink()
    (folder / "service_orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in orders))
    assert run(folder, engine, LATER).written == 0


def test_a_formula_in_a_workbook_is_refused_and_one_in_a_csv_is_text(folder: Path, engine: Engine):
    (folder / "accounts.csv").write_text('id,name,zone\nacme,"=HYPERLINK(""http://evil.example"")",America/Chicago\n')
    book = Workbook()
    for row in (("id", "account_id", "name", "email"), ("c1", "acme", "=1+1", "a@example.com")):
        book.active.append(row)
    book.save(folder / "contacts.xlsx")
    book.close()
    report = run(folder, engine)
    assert [(each.code, each.file, each.line, each.column) for each in report.problems] == [("CO-IMP-035", "contacts.xlsx", 2, "name")]
    assert rows_of(engine, records.Account)[0].name.startswith("=HYPERLINK")


def _no_files(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


UNUSABLE = {
    "CO-IMP-002": _no_files,
    "CO-IMP-003": lambda folder: (folder / "service_orders.csv").write_bytes(
        "id,contract_id,product,currency\nO-1,C-1,Straße,EUR\n".encode("latin-1")
    ),
    "CO-IMP-004": lambda folder: (folder / "tickets.xlsx").write_bytes(b"not a workbook"),
    "CO-IMP-005": lambda folder: (folder / "service_orders.csv").write_text("id,product\nO-1,Line\n"),
    "CO-IMP-006": lambda folder: (folder / "contracts.json").write_text("[]"),
}


@pytest.mark.parametrize("code", sorted(UNUSABLE))
def test_an_unusable_file_writes_nothing(folder: Path, engine: Engine, code: str):
    UNUSABLE[code](folder)
    with pytest.raises(InputError) as raised:
        run(folder, engine)
    assert raised.value.code == code
    assert "Nothing was written." in raised.value.advice
    assert total_rows(engine) == 0


@pytest.mark.parametrize("content", ["{", "[1]", '[{"id": NaN}]', "[" * 100_000, '{"id": "x"}\nnope'])
def test_broken_json_is_unusable(folder: Path, engine: Engine, content: str):
    (folder / "tickets.json").write_text(content)
    with pytest.raises(InputError, match="CO-IMP-00"):
        run(folder, engine)
    assert total_rows(engine) == 0


def test_a_number_with_a_huge_exponent_is_refused_at_once(folder: Path, engine: Engine):
    """A million digits that one short JSON number would write are never written; the row is refused, and so is one inside a structure."""
    (folder / "service_orders.csv").unlink()
    order = '{"id": "O-1", "contract_id": "C-1", "product": "Line", "currency": "USD", "monthly_price": 1e99999999}'
    other = '{"id": "O-2", "contract_id": "C-1", "product": "Line", "currency": "USD", "monthly_price": 1e2}'
    (folder / "service_orders.json").write_text(f"[{order}, {other}]")
    tier = '{"from_minutes": 1e99999999, "to_minutes": null, "percent": "5"}'
    (folder / "sla_commitments.json").write_text(f'[{{"id": "S-1", "order_id": "O-2", "target_percent": "99.9", "tiers": [{tier}]}}]')
    problems = {each.file: each for each in run(folder, engine).problems}
    assert problems["service_orders.json"].reason == '"1E+99999999" is not a plain number.'
    assert (problems["sla_commitments.json"].code, problems["sla_commitments.json"].column) == ("CO-IMP-036", "tiers")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("accounts.csv", "id,name,zone\nacme,Acme,America/Chicago\nb,Stra\xdfe,Europe/Berlin\n", "line 3 is not UTF-8."),
        ("tickets.jsonl", '{"id": "T-1"}\n\n{bad\n', "line 3 is not JSON: Expecting property name enclosed in double quotes."),
    ],
)
def test_an_unusable_file_names_the_line(folder: Path, engine: Engine, file: str, content: str, said: str):
    """Also where the decoder has read ahead, or the parser counts from the line's own begin."""
    (folder / file).write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError) as raised:
        run(folder, engine)
    assert raised.value.message == f"{file}: {said}"


def test_an_archive_that_is_no_workbook_says_so(folder: Path, engine: Engine):
    """A ZIP file with another ending inside is not mistaken for one that cannot be opened."""
    with zipfile.ZipFile(folder / "tickets.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(InputError, match="it is not an XLSX workbook"):
        run(folder, engine)


def test_a_missing_file_is_told_as_one(folder: Path, engine: Engine):
    """Rows that name accounts in a folder without any say that the file is missing, not that each id is wrong."""
    (folder / "accounts.csv").unlink()
    first = run(folder, engine).problems[0]
    assert (first.code, first.file, first.column) == ("CO-IMP-031", "contracts.csv", "account_id")
    assert first.advice == "None of accounts is known: this folder has no such file with rows, and none was imported before. Add the file."


def test_a_file_is_not_a_folder(folder: Path, engine: Engine):
    with pytest.raises(InputError, match="CO-IMP-001"):
        run(folder / "people.csv", engine)


KILLED = """
    import os, signal, sys
    from datetime import datetime, UTC
    from pathlib import Path
    from sqlmodel import create_engine
    from contractops.operator.importing.folder import import_folder

    def progress(what, done, total):
        if what == sys.argv[3] and done >= 3000:
            os.kill(os.getpid(), getattr(signal, sys.argv[4]))

    import_folder(Path(sys.argv[1]), create_engine(sys.argv[2]), datetime(2026, 12, 7, 15, tzinfo=UTC), progress)
"""


@pytest.mark.kill
@pytest.mark.parametrize(("stop", "status"), [("SIGKILL", -9), ("SIGINT", -2)])
def test_stopped_midway_nothing_is_half_written_and_the_same_command_goes_on(tmp_path: Path, engine: Engine, stop: str, status: int):
    """Killed while orders are being written, after thousands of contracts were: the database is as before, and a second import is whole."""
    folder = tmp_path / "big"
    write(folder, 3000)
    engine.dispose()
    command = [sys.executable, "-c", dedent(KILLED), str(folder), databases.url_of(tmp_path / "app.db"), "service_orders", stop]
    assert subprocess.run(command, check=False, capture_output=True).returncode == status
    assert total_rows(engine) == 0
    assert run(folder, engine).imported("service_orders") == 6000
