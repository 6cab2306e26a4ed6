"""From the cells of a row to a record's values, by the declaration of its file.

Rule 1: a plan is made once a file: which cell goes to which column, and how it is read. Rows then cost only their cells.
Rule 2: all problems of a row are found, not just the first; a row with one is rejected.
Rule 3: the hash of a row covers its values, not their spelling: 18450.00 in a CSV and 18450 in a spreadsheet are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from hashlib import blake2b
from typing import Any, Final

from contractops.operator.importing.cells import PARSERS, BadCell, shown
from contractops.operator.importing.readers import Cells, is_formula
from contractops.operator.importing.report import Problem
from contractops.operator.importing.rows import BadRow, Column, FileKind, Row
from contractops.tools.errors import InputError

_KEY_JOINT: Final = ":"


@dataclass(frozen=True)
class _Slot:
    """One declared column in the file at hand: ``index`` is its cell (None: not in the file), ``title`` its name in the header."""

    column: Column
    index: int | None
    title: str
    parse: Callable[[Any], Any]
    default: Any


class Plan:
    """How the rows of one file are read. Raises ``InputError`` when the header lacks a required column or names one twice."""

    def __init__(self, kind: FileKind, file: str, header: list[str]) -> None:
        self.kind = kind
        self.file = file
        names = [str(each).strip().lower() for each in header]
        self._width = len(names)
        self._slots = tuple(self._slot(column, names) for column in kind.columns)
        self.problems = tuple(self._unknown(names))
        self._has_id = kind.key == ("id",)

    def _slot(self, column: Column, names: list[str]) -> _Slot:
        places = [place for place, name in enumerate(names) if name == column.name or name in column.aliases]
        if len(places) > 1 or (column.required and not places):
            fault = "stands in the header twice" if places else "is missing"
            first = "Every object" if self.file.endswith((".json", ".jsonl")) else "The first line"
            advice = f"{first} must name the columns of COLUMNS.md, {column.name} among them. Nothing was written."
            raise InputError("CO-IMP-005", f"{self.file}: column {column.name} {fault}.", advice=advice)
        parse = PARSERS[column.type]
        default = None if column.default is None else parse(column.default)
        return _Slot(column, places[0] if places else None, names[places[0]] if places else column.name, parse, default)

    def _unknown(self, names: list[str]) -> list[Problem]:
        used = {slot.index for slot in self._slots}
        absent = [slot.column.name for slot in self._slots if slot.index is None]
        reason = "the column is not known and was not read."
        return [
            Problem("CO-IMP-033", self.file, 1, name, reason, _meant(name, absent), kept=True)
            for place, name in enumerate(names)
            if place not in used and name
        ]

    def row(self, line: int, cells: Cells) -> tuple[Row | None, list[Problem]]:
        """The values of one row, with its ``id``; or None and every problem found."""
        problems: list[Problem] = []
        row: Row = {}
        count = len(cells)
        for slot in self._slots:
            cell = cells[slot.index] if slot.index is not None and slot.index < count else ""
            if cell.__class__ is str:
                cell = cell.strip()
            if cell == "":
                row[slot.column.name] = slot.default
                if slot.column.required:
                    problems.append(self._missing(line, slot))
                continue
            try:
                row[slot.column.name] = self._value(slot, cell)
            except BadCell as bad:
                problems.append(Problem(bad.code, self.file, line, slot.title, bad.reason, bad.advice))
        if count > self._width and any(cells[self._width :]):
            problems.append(
                Problem(
                    "CO-IMP-034", self.file, line, None, "the row has more cells than the header.", "Quote cells that hold the separator."
                )
            )
        if not problems:
            self._finish(line, row, problems)
        return (None if problems else row), problems

    def _value(self, slot: _Slot, cell: Any) -> Any:
        column = slot.column
        if is_formula(cell):
            raise BadCell("CO-IMP-035", "the cell holds a formula.", "Paste its value.")
        if column.type != "json" and cell.__class__ is not str:
            raise BadCell("CO-IMP-022", f"{shown(str(cell))} is a structure.", "Write a plain value.")
        try:
            value = slot.parse(cell)
        except BadCell as bad:
            raise _in_words(bad, column, cell) from bad
        if column.allowed and value not in column.allowed:
            raise BadCell("CO-IMP-015", f"{shown(cell)} is not one of its values.", f"Write one of: {', '.join(column.allowed)}.")
        return value

    def _missing(self, line: int, slot: _Slot) -> Problem:
        example = f" For example {slot.column.example}." if slot.column.example else ""
        return Problem("CO-IMP-010", self.file, line, slot.title, "the cell is empty and must not be.", f"Write a value.{example}")

    def _finish(self, line: int, row: Row, problems: list[Problem]) -> None:
        """Apply the rule of the row and give it its id."""
        try:
            if self.kind.rule is not None:
                self.kind.rule(row)
        except BadRow as bad:
            problems.append(Problem(bad.code, self.file, line, bad.column, bad.reason, bad.advice))
            return
        if not self._has_id:
            row["id"] = _KEY_JOINT.join("" if row[part] is None else str(row[part]) for part in self.kind.key)


def _in_words(bad: BadCell, column: Column, cell: str) -> BadCell:
    """A length written together with its unit gets the advice that helps: ``60d`` -> 60, and the unit in its own column."""
    digits = "".join(each for each in cell if each.isascii() and each.isdigit())
    if bad.code != "CO-IMP-014" or column.unit_column is None or not digits or digits == cell or not cell.startswith(digits):
        return bad
    reason = bad.reason.replace("whole number.", "whole number of days." if column.name.startswith("notice") else "whole number.")
    return BadCell(bad.code, reason, f"Write {digits}, or put the unit into {column.unit_column} (days, months).")


def row_hash(kind: FileKind, row: Row) -> str:
    """32 hexadecimal digits over the values of the declared columns, in their order."""
    joined = "\x1f".join([_canonical(row[column.name]) for column in kind.columns])
    return blake2b(joined.encode(), digest_size=16).hexdigest()


def _canonical(value: Any) -> str:
    kind = value.__class__
    if value is None:
        return ""
    if kind is str:
        return str(value)
    if kind is Decimal:
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _meant(name: str, absent: list[str]) -> str:
    """What to do about a column that is not known: the nearest of those that are missing, if one is near."""
    near = get_close_matches(name, absent, n=1, cutoff=0.75)
    return f"Did you mean {near[0]}? See COLUMNS.md." if near else "See COLUMNS.md."
