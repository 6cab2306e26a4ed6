"""The template, the parser and the tables are one declaration; what we write is safe to open."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from contractops.operator.importing.columns import FILES
from contractops.operator.importing.export import safe_text, write_csv, write_xlsx
from contractops.operator.importing.template import columns_page, write_template
from contractops.operator.store.records import table_of
from contractops.tools.errors import InputError
from tests.importing.support import read_csv, run

OWN = {"id", "version", "recorded_at", "superseded_at", "row_hash", "source"}


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.stem)
def test_every_column_of_a_table_can_be_imported(kind):
    table = {column.name for column in table_of(kind.record).c} - OWN
    assert {column.name for column in kind.columns} - {"id"} == table


def test_an_empty_template_imports_as_nothing(tmp_path: Path, engine: Engine):
    write_template(tmp_path / "t")
    report = run(tmp_path / "t", engine)
    assert (report.problems, report.written, len(report.files)) == ([], 0, len(FILES) + 1)


def test_a_template_filled_with_its_own_examples_imports(tmp_path: Path, engine: Engine):
    """Each described example is a value its column accepts."""
    folder = tmp_path / "t"
    write_template(folder)
    examples = {(row["file"], row["column"]): row["example"] for row in read_csv(folder / "columns.csv")}
    for kind in FILES:
        with (folder / f"{kind.stem}.csv").open("a", newline="") as stream:
            csv.writer(stream).writerow([examples[kind.stem, column.name] for column in kind.columns])
    report = run(folder, engine)
    assert [each for each in report.problems if not each.kept] == []
    assert report.written == len(FILES)


def test_every_column_is_described():
    page = columns_page()
    for kind in FILES:
        assert f"## {kind.stem}\n" in page
        for column in kind.columns:
            assert f"| {column.name} | {column.type} |" in page
            assert column.words.endswith((".", "?"))


def test_a_template_overwrites_nothing(folder: Path):
    before = (folder / "people.csv").read_bytes()
    with pytest.raises(InputError, match="CO-IMP-008"):
        write_template(folder)
    assert (folder / "people.csv").read_bytes() == before
    assert not (folder / "COLUMNS.md").exists()


DANGEROUS = ["=1+1", "+31 20 123", "-cmd", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"]


@pytest.mark.parametrize("value", DANGEROUS)
def test_no_exported_cell_runs_in_a_spreadsheet(tmp_path: Path, value: str):
    write_csv(tmp_path / "x.csv", ("name", "amount"), [(value, Decimal("-420.00"))])
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as stream:
        assert list(csv.reader(stream))[1] == [f"'{value}", "-420.00"]
    write_xlsx(tmp_path / "x.xlsx", ("name",), [(value,)])
    book = load_workbook(tmp_path / "x.xlsx")
    assert book.active["A2"].data_type == "s"
    book.close()


def test_harmless_text_is_exported_as_it_is():
    assert safe_text("Northwind = Logistics") == "Northwind = Logistics"
