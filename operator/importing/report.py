"""What an import says about itself.

Rule 1: every problem names the file, the line, the column, what is wrong, what to do and a stable code.
Rule 2: the counts of a file add up: rows read = new + changed + unchanged + rejected.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One finding about the input. ``line`` counts from 1 (the record number in a JSON list); ``kept`` tells whether the row was stored all the same."""

    code: str
    file: str
    line: int | None
    column: str | None
    reason: str
    advice: str
    kept: bool = False

    @property
    def place(self) -> str:
        """``contracts.csv line 212, column notice_length``."""
        words = self.file
        if self.line is not None:
            words += f" line {self.line}"
        if self.column is not None:
            words += f", column {self.column}"
        return words

    def lines(self) -> tuple[str, str]:
        """The two lines of an error message: what and where, then what to do."""
        outcome = "Row kept." if self.kept else "Row skipped."
        if self.line is None:
            outcome = "" if self.kept else "Nothing of it was used."
        head = f"{'warn ' if self.kept else 'error'} {self.code}  "
        return f"{head}{self.place}: {self.reason}", " " * len(head) + f"{self.advice} {outcome}".strip()


@dataclass
class FileReport:
    """Counts of one file. ``entity`` is the kind of record (contracts); ``file`` its name in the folder.

    ``listed`` and ``unlisted`` count its problems: those in the report, and those beyond what a report holds.
    """

    entity: str
    file: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    listed: int = 0
    unlisted: int = 0

    @property
    def imported(self) -> int:
        """Rows that stand in the database after this import."""
        return self.new + self.changed + self.unchanged


@dataclass
class ImportReport:
    """The whole import, in the order of reading. Empty ``problems`` means: nothing needs a person."""

    folder: str
    files: list[FileReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Number of rows that were not stored."""
        return sum(each.rejected for each in self.files)

    @property
    def written(self) -> int:
        """Number of new versions."""
        return sum(each.new + each.changed for each in self.files)

    @property
    def exit_status(self) -> int:
        """0 when all is well, 1 when something needs a person."""
        return 1 if self.problems else 0

    def imported(self, entity: str) -> int:
        """Rows of one kind that stand in the database after this import."""
        return sum(each.imported for each in self.files if each.entity == entity)

    def as_data(self) -> dict[str, Any]:
        """The report as JSON data with stable keys."""
        return {
            "folder": self.folder,
            "files": [asdict(each) for each in self.files],
            "problems": [asdict(each) for each in self.problems],
        }
