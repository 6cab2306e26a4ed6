"""``contractops coverage``: every contract with its state, and the sum.

Rule 1: a report reads, in one view of the database, and writes nothing.
Rule 2: every contract is listed once; the counts of the last line add up to the portfolio.
Rule 3: when the terminal is narrow, OWNER is left out first, then STAGE; then the account's name is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.operator import tables_out, wording
from contractops.operator.core import opened
from contractops.operator.sentences import sentence
from contractops.operator.standing import Standing, Terms, urgency
from contractops.operator.store import portfolio, records
from contractops.operator.tables_out import Column, Row
from contractops.tools.coverage import Coverage, CoverageTotals, totals
from contractops.tools.values import Reason

NEEDS_PERSON: Final = 1

_COLUMNS: Final = (
    Column("ACCOUNT", text=True),
    Column("ID"),
    Column("STATE"),
    Column("DECIDE BY"),
    Column("DAYS", number=True),
    Column("STAGE", leave_out=2),
    Column("OWNER", text=True, leave_out=1),
)


@dataclass(frozen=True, slots=True)
class Covered:
    """One contract of the report, by its most urgent unit. ``owner_id`` None: nobody owns it; ``stage`` None: nothing is armed.

    Only what is shown is kept: a portfolio has 100,000 of them.
    """

    contract_id: str
    account_name: str
    owner_id: str | None
    unit_id: str
    zone: str
    safe_on: date | None
    stage: str | None
    coverage: Coverage


def coverage(db: str | None, as_of: datetime | None, *, as_json: bool, strict: bool) -> int:
    """Print the state of every contract; returns 0, or 1 when ``strict`` and a contract has no provable date."""
    with opened(db) as core, core.database.read() as session:
        moment = as_of or core.clock.now()
        found = covered(session, moment)
        names = _names(session)
    counts = totals(one.coverage for one in found)
    if as_json:
        tables_out.document(_document(found, counts, moment))
    else:
        tables_out.table(_COLUMNS, [_row(one, names) for one in found])
        tables_out.say(sum_line(counts))
    if not found:
        tables_out.tell(tables_out.NOTHING_IMPORTED)
    return NEEDS_PERSON if strict and counts.unknown else 0


def covered(session: Session, as_of: datetime) -> list[Covered]:
    """Every contract with the standing of its most urgent unit, most urgent first."""
    terms = Terms(session, as_of)
    found = [_covered(entry, terms.most_urgent(entry)) for entry in portfolio.iter_contract_facts(session, as_of)]
    return sorted(found, key=lambda one: (*urgency(one.coverage), one.account_name, one.contract_id))


def _covered(entry: portfolio.Entry, one: Standing) -> Covered:
    stage = one.renewal.stage if one.renewal else None
    window = one.window
    return Covered(entry.contract_id, entry.account_name, entry.owner_id, window.unit_id, window.zone, window.safe_on, stage, one.coverage)


def sum_line(counts: CoverageTotals) -> str:
    """``31 contracts = 24 safe + 3 due + 1 missed + 3 unknown``."""
    parts = [(counts.safe, "safe"), (counts.due, "due"), (counts.missed, "missed"), (counts.unknown, "unknown")]
    return tables_out.counted(wording.plural(counts.total, "contract"), parts)


def reason_data(reason: Reason, zone: str) -> dict[str, Any]:
    """A reason as JSON data, with its sentence. ``zone`` is for instants in the sentence."""
    return {**reason.model_dump(mode="json"), "sentence": sentence(reason, zone)}


def _row(one: Covered, names: dict[str, str]) -> Row:
    found = one.coverage
    first = (one.account_name, one.contract_id, found.state.value)
    if found.decide_by is None or found.days_left is None:
        said = sentence(found.reason.model_copy(update={"clause": None}), one.zone)
        return Row(first, said.removeprefix("Unknown: ").removesuffix("."))
    stage = one.stage.replace("_", " ") if one.stage else "not armed"
    owner = names.get(one.owner_id or "", one.owner_id or "nobody")
    return Row((*first, wording.local_day(found.decide_by, one.zone), f"{found.days_left:,}", stage, owner))


def _document(found: list[Covered], counts: CoverageTotals, as_of: datetime) -> dict[str, Any]:
    return {"as_of": as_of.isoformat(), "contracts": [_data(one) for one in found], "totals": counts.model_dump(mode="json")}


def _data(one: Covered) -> dict[str, Any]:
    found = one.coverage
    return {
        "contract_id": one.contract_id,
        "account": one.account_name,
        "unit_id": one.unit_id,
        "state": found.state.value,
        "decide_by": found.decide_by.isoformat() if found.decide_by else None,
        "safe_on": one.safe_on.isoformat() if one.safe_on else None,
        "days_left": found.days_left,
        "reason": reason_data(found.reason, one.zone),
        "stage": one.stage,
        "owner": one.owner_id,
    }


def _names(session: Session) -> dict[str, str]:
    """Names of the staff by id."""
    query = select(records.Person.id, records.Person.name).where(col(records.Person.superseded_at).is_(None))
    return dict(session.exec(query).all())
