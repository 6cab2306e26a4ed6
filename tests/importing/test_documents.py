"""Documents are attached by id, stored by hash, and their names are never trusted."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from contractops.operator.store import records
from tests.importing.support import LATER, rows_of, run

PDF = b"%PDF-1.7\nsample"


@pytest.fixture
def documents(folder: Path) -> Path:
    made = folder / "documents"
    made.mkdir()
    return made


def test_a_document_belongs_to_the_contract_its_name_begins_with(documents: Path, engine: Engine):
    (documents / "C-1 master agreement.pdf").write_bytes(PDF)
    assert not run(documents.parent, engine).problems
    found = rows_of(engine, records.Document)[0]
    assert (found.contract_id, found.size, found.media_type) == ("C-1", len(PDF), "application/pdf")
    with Session(engine) as session:
        assert session.get(records.Blob, sha256(PDF).hexdigest()).content == PDF
    assert run(documents.parent, engine, LATER).written == 0


def test_a_list_may_name_the_contract(documents: Path, engine: Engine):
    (documents / "agreement.pdf").write_bytes(PDF)
    (documents / "documents.csv").write_text("file_name,contract_id\nagreement.pdf,C-2\n")
    assert not run(documents.parent, engine).problems
    assert rows_of(engine, records.Document)[0].contract_id == "C-2"


@pytest.mark.parametrize("name", ["../people.csv", "..\\x.pdf", "/etc/passwd", "CON", "a" * 300, "C-1\u202efdp.exe", "x/../C-1.pdf"])
def test_a_list_cannot_name_a_place_outside_the_folder(documents: Path, engine: Engine, name: str):
    (documents / "documents.csv").write_text(f"file_name,contract_id\n{name},C-1\n", encoding="utf-8")
    report = run(documents.parent, engine)
    assert {each.code for each in report.problems} & {"CO-IMP-040", "CO-IMP-021"}
    assert rows_of(engine, records.Document) == []


def test_what_cannot_be_attached_is_told_and_the_rest_is(documents: Path, engine: Engine):
    (documents / "C-1.pdf").write_bytes(PDF)
    (documents / "C-1 page.pdf").write_bytes(b"<html>")
    (documents / "C-1 old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (documents / "X-9.pdf").write_bytes(PDF)
    (documents / "C-1 link.pdf").symlink_to("/etc/passwd")
    report = run(documents.parent, engine)
    assert sorted((each.code, each.file) for each in report.problems) == [
        ("CO-IMP-040", "documents/C-1 link.pdf"),
        ("CO-IMP-041", "documents/X-9.pdf"),
        ("CO-IMP-042", "documents/C-1 old.doc"),
        ("CO-IMP-042", "documents/C-1 page.pdf"),
    ]
    assert [each.file_name for each in rows_of(engine, records.Document)] == ["C-1.pdf"]


def test_an_amendments_document_belongs_to_the_amendment(documents: Path, engine: Engine):
    path = documents.parent / "contracts.csv"
    path.write_text(
        path.read_text().replace("account_id,start_on", "account_id,amends_id,agreement_date,start_on").replace(",acme,", ",acme,,,")
    )
    with path.open("a") as stream:
        stream.write("C-1-A1,amendment,acme,C-1,2026-03-03,,,,,,\n")
    (documents / "C-1-A1 signed.pdf").write_bytes(PDF)
    assert not run(documents.parent, engine).problems
    assert rows_of(engine, records.Document)[0].contract_id == "C-1-A1"
