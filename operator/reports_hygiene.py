"""``contractops hygiene``: what people did with the messages of the last weeks.

Rule 1: every figure comes with the count it rests on; what is not judged yet is neither answered nor ignored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from contractops.operator import hygiene as measures
from contractops.operator import tables_out
from contractops.operator.core import opened
from contractops.operator.reports import reason_data
from contractops.operator.sentences import sentence
from contractops.operator.sentences_table import reminder_words
from contractops.operator.tables_out import Column, Row
from contractops.tools.hygiene import ReminderKind

_COLUMNS: Final = (
    Column("REMINDER", text=True),
    Column("SENT", number=True),
    Column("JUDGED", number=True),
    Column("IGNORED", number=True),
    Column("%", number=True),
    Column("REMOVE"),
)
_IN_TABLE: Final = frozenset({"hygiene.reminder"})


def hygiene(weeks: int, db: str | None, as_of: datetime | None, *, as_json: bool) -> int:
    """Print the measures of the ``weeks`` before ``as_of``; returns 0."""
    with opened(db) as core, core.database.read() as session:
        until = as_of or core.clock.now()
        found = measures.read(session, until - timedelta(weeks=weeks), until)
    if as_json:
        data = found.model_dump(mode="json", exclude={"reasons"})
        tables_out.document({**data, "weeks": weeks, "reasons": [reason_data(one, "UTC") for one in found.reasons]})
        return 0
    if found.reminders:
        tables_out.table(_COLUMNS, [_row(one) for one in found.reminders])
    for reason in found.reasons:
        if reason.code not in _IN_TABLE:
            tables_out.say(sentence(reason), hang=2)
    return 0


def _row(one: ReminderKind) -> Row:
    percent = "" if one.ignored_pct is None else str(one.ignored_pct)
    name = reminder_words({"kind": one.kind, "lead": one.lead})
    return Row((name, f"{one.sent:,}", f"{one.judged:,}", f"{one.ignored:,}", percent, "yes" if one.removal else ""))
