"""Claims about contractops import: what it shows, what it refuses, and that Ctrl-C leaves nothing."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.operator.cli.conftest import COMMAND, SAMPLE, Ran, environment, run
from tests.postgres import databases

WAIT_SECONDS = 40.0


def test_the_sample_is_imported_with_two_rows_reported(imported: tuple[Path, Ran]) -> None:
    """Data on standard output, the bad rows on standard error with file, line, column and what to do, and exit status 1."""
    _db, said = imported
    assert said.status == 1
    lines = said.out.splitlines()
    assert re.split(r" {2,}", lines[0]) == ["FILE", "READ", "NEW", "CHANGED", "UNCHANGED", "REJECTED"]
    assert len({len(line) for line in lines[:-2]}) == 1, "numbers are right-aligned"
    assert lines[-2] == "758 rows = 756 new + 0 changed + 0 unchanged + 2 rejected"
    assert lines[-1] == "31 terms newly watched, 0 dates moved, 2 owners welcomed."
    assert said.err.splitlines() == [
        'error CO-IMP-019  contacts.csv line 7, column email: "kirsty.bell(at)brightway.example" is not an e-mail address.',
        "                  Write name@example.com, one address only. Row skipped; 19 of 20 rows imported.",
        "error CO-IMP-036  tickets.csv line 302, column restored_at: 2026-10-20T22:30:00+00:00 lies before opened_at, 2026-10-21T14:00:00+00:00.",
        "                  Correct one of the two. Row skipped; 412 of 413 rows imported.",
    ]


def test_the_same_again_changes_nothing(own_copy: Path) -> None:
    document = run("import", str(SAMPLE), "--json", db=own_copy).json
    assert set(document) == {"folder", "files", "problems", "armed", "error"}
    assert sum(each["new"] + each["changed"] for each in document["files"]) == 0
    assert document["armed"] == {"new": 0, "moved": 0, "welcomed": 0}
    assert {(each["code"], each["file"], each["line"], each["column"]) for each in document["problems"]} == {
        ("CO-IMP-019", "contacts.csv", 7, "email"),
        ("CO-IMP-036", "tickets.csv", 302, "restored_at"),
    }


@pytest.mark.parametrize(("folder", "code"), [("absent", "CO-IMP-001"), ("empty", "CO-IMP-002")])
def test_a_folder_that_cannot_be_used_ends_with_3(tmp_path: Path, folder: str, code: str) -> None:
    (tmp_path / "empty").mkdir()
    found = run("import", str(tmp_path / folder), db=tmp_path / "new.db")
    assert (found.status, found.out) == (3, "")
    assert found.err.startswith(f"error {code}  ")
    assert "Nothing was written." in found.err


def test_records_without_contract_ops_are_stored_but_need_a_person(tmp_path: Path) -> None:
    """Arming needs somebody who answers for what nobody owns; what was read stays, and the same command arms it later."""
    folder, db = tmp_path / "data", tmp_path / "new.db"
    small_portfolio(folder, contracts=3, role="account_owner")
    found = run("import", str(folder), db=db)
    assert found.status == 1
    assert "error CO-PPL-001  nobody has the role contract_ops" in found.err
    small_portfolio(folder, contracts=3, role="contract_ops")
    assert run("import", str(folder), "--json", db=db).json["armed"]["new"] == 3


def test_the_template_describes_what_the_import_reads(tmp_path: Path) -> None:
    """The template is written, an import of it reads empty files, and a second one is refused."""
    folder = tmp_path / "template"
    made = run("import", "--template", str(folder))
    assert made.status == 0
    assert str(folder / "contracts.csv") in made.out.splitlines()
    assert "notice_length" in (folder / "COLUMNS.md").read_text(encoding="utf-8")
    again = run("import", "--template", str(folder))
    assert again.status == 3
    assert "CO-IMP-008" in again.err


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    """An import that is stopped while its progress shows ends with 130 and has stored no record."""
    folder, db = tmp_path / "data", tmp_path / "new.db"
    small_portfolio(folder, contracts=60_000, role="contract_ops")
    shown, ours = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "import", str(folder), "--db", databases.url_of(db)], stdout=subprocess.PIPE, stderr=ours, env=environment(TERM="xterm")
    )
    os.close(ours)
    seen = read_until(shown, b"Importing contracts")
    process.send_signal(signal.SIGINT)
    seen += read_until(shown, None)
    assert process.wait(timeout=WAIT_SECONDS) == 130
    out = process.stdout.read() if process.stdout else b""
    if process.stdout:
        process.stdout.close()
    os.close(shown)
    text = seen.decode().replace("\r\n", "\n")
    assert out == b""
    assert re.search(r"Importing contracts  \d+ %  [\d,]+ of [\d,]+  \d+ s left", text)
    assert text.rstrip().endswith("Stopped. Nothing half written. Run the same command again to go on.")
    with databases.sql(db) as execute:
        counts = [execute(f"SELECT count(*) FROM {name}").scalar_one() for name in ("person", "account", "contract", "renewal")]  # noqa: S608
    assert counts == [0, 0, 0, 0]


def read_until(terminal: int, mark: bytes | None) -> bytes:
    """What a process shows on its terminal, up to `mark`, or to its end."""
    seen, end = b"", time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other side has closed
            return seen
        seen += part
        if not part or (mark is not None and mark in seen):
            return seen
    message = f"not shown within {WAIT_SECONDS} s: {mark!r}, but {seen!r}"
    raise AssertionError(message)


def small_portfolio(folder: Path, *, contracts: int, role: str) -> None:
    """A portfolio of one person, one account and `contracts` plain contracts."""
    folder.mkdir(exist_ok=True)
    (folder / "people.csv").write_text(f"id,name,email,role,zone\nlena,Lena Fischer,lena@example.com,{role},America/Chicago\n")
    (folder / "accounts.csv").write_text("id,name,zone,owner_id\nacme,Acme,America/Chicago,lena\n")
    rows = "".join(f"C-{number:06d},msa,acme,2026-01-01,12,months,successive,12,months,60,days,USD,100.00\n" for number in range(contracts))
    header = (
        "id,kind,account_id,start_on,initial_length,initial_unit,renewal_kind,renewal_length,renewal_unit,"
        "notice_length,notice_unit,currency,monthly_price\n"
    )
    (folder / "contracts.csv").write_text(header + rows)
