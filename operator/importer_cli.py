"""``contractops import``: shows what an import did and arms what it brought.

Rule 1: the import itself is all or nothing; arming follows and may be repeated: the same command goes on where it stopped.
Rule 2: every bad row is told with file, line, column, reason and what to do; a flood of them is cut, the whole list stands in ``--json``.
Rule 3: a worker that runs already is rung; one that does not sweeps at its start.
"""

from __future__ import annotations

import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from contractops.operator import arming, tables_out
from contractops.operator.core import Core, opened
from contractops.operator.importing.folder import import_folder
from contractops.operator.importing.report import ImportReport, Problem
from contractops.operator.importing.template import write_template
from contractops.operator.ringing import bell
from contractops.operator.tables_out import Column, Progress, Row
from contractops.operator.wording import plural
from contractops.tools.errors import InputError

PROBLEMS_SHOWN: Final = 50

_COLUMNS: Final = (
    Column("FILE", text=True),
    Column("READ", number=True),
    Column("NEW", number=True),
    Column("CHANGED", number=True),
    Column("UNCHANGED", number=True),
    Column("REJECTED", number=True),
)


def template(folder: Path) -> int:
    """Write empty files with every column described into ``folder``; returns the exit status."""
    written = write_template(folder)
    for path in written:
        tables_out.say(str(path))
    tables_out.tell(f"{plural(len(written), 'file')} written. COLUMNS.md describes every column; every file is optional.")
    return 0


def run(folder: Path, db: str | None, *, as_json: bool) -> int:
    """Import ``folder``; returns 0, or 1 when something needs a person. Raises ``InputError`` when nothing could be read."""
    with opened(db) as core, closing(Progress("Importing")) as progress:
        report = import_folder(folder, core.database.engine, core.clock.now(), progress.update)
        progress.note("Working out dates")
        armed, refusal = _arm(core)
    if as_json:
        tables_out.document(report.as_data() | {"armed": _data(armed), "error": _refusal(refusal)})
    else:
        _show(report)
        _show_armed(armed)
    _tell_problems(report.problems, report, limit=PROBLEMS_SHOWN)
    if refusal is not None:
        head = f"error {refusal.code}  "
        tables_out.tell(f"{head}{refusal.message}\n{' ' * len(head)}{refusal.advice} The records are stored; no date is watched yet.")
    return 1 if refusal is not None else report.exit_status


def _arm(core: Core) -> tuple[arming.Armed | None, InputError | None]:
    """Arm what was imported. Records that cannot be armed yet (nobody is contract-ops) are stored all the same."""
    try:
        armed = arming.arm(core.database, core.clock.now(), core.rules)
    except InputError as problem:
        return None, problem
    rung = bell(core.settings.database_url)
    if rung is not None:
        rung.enqueue(f"sweep:{uuid.uuid4().hex}", "sweep", [])
        rung.close()
    return armed, None


def _show(report: ImportReport) -> None:
    rows = [
        Row((each.file, f"{each.read:,}", f"{each.new:,}", f"{each.changed:,}", f"{each.unchanged:,}", f"{each.rejected:,}"))
        for each in report.files
    ]
    tables_out.table(_COLUMNS, rows)
    sums = {name: sum(getattr(each, name) for each in report.files) for name in ("read", "new", "changed", "unchanged", "rejected")}
    parts = [(sums[name], name) for name in ("new", "changed", "unchanged", "rejected")]
    tables_out.say(tables_out.counted(plural(sums["read"], "row"), parts))


def _show_armed(armed: arming.Armed | None) -> None:
    if armed is None:
        return
    said = f"{plural(armed.new, 'term')} newly watched, {plural(armed.moved, 'date')} moved"
    welcomed = f", {plural(armed.welcomed, 'owner')} welcomed" if armed.welcomed else ""
    tables_out.say(f"{said}{welcomed}.")


def _tell_problems(problems: list[Problem], report: ImportReport, *, limit: int) -> None:
    """Each problem in two lines; the outcome of a skipped row says how many of its file stand."""
    files = {each.file: each for each in report.files}
    for problem in problems[:limit]:
        first, second = problem.lines()
        counts = files.get(problem.file)
        if counts is not None and second.endswith("Row skipped."):
            second = f"{second.removesuffix('.')}; {counts.imported:,} of {counts.read:,} rows imported."
        tables_out.tell(f"{first}\n{second}")
    if len(problems) > limit:
        left = Counter(problem.code for problem in problems[limit:])
        kinds = ", ".join(f"{count:,} x {code}" for code, count in left.most_common())
        tables_out.tell(f"... and {len(problems) - limit:,} more ({kinds}). --json lists them all.")


def _data(armed: arming.Armed | None) -> dict[str, Any] | None:
    return None if armed is None else {"new": armed.new, "moved": armed.moved, "welcomed": armed.welcomed}


def _refusal(problem: InputError | None) -> dict[str, Any] | None:
    return None if problem is None else {"code": problem.code, "message": problem.message, "advice": problem.advice}
