"""The shape of a declared file, and the rules that look at several cells of one row.

Rule 1: a rule looks at one row and raises ``BadRow`` naming the column to correct.
Rule 2: what can be told from one cell is the cell's type, not a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from contractops.operator.importing.cells import BadCell, moment, shown
from contractops.operator.store.delivery import FORM, delivery_methods
from contractops.operator.store.records import Versioned
from contractops.tools.values import LONGEST, Unit

_TIER: Final = {"from_minutes", "to_minutes", "percent"}
_RESTORE: Final = {"priority", "minutes"}
_PRIORITIES: Final = (None, "1", "2", "3", "4")

Row: TypeAlias = dict[str, Any]
"""Parsed values of one row by column name; None is absent."""


class BadRow(Exception):
    """Cells that are right alone and wrong together."""

    def __init__(self, column: str, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.code = "CO-IMP-036"
        self.column = column
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True)
class Column:
    """One column. ``type`` is a name of ``cells.PARSERS``; ``refers_to`` a file whose ids it names; ``default`` what an empty cell means."""

    name: str
    type: str
    words: str
    required: bool = False
    unit: str = ""
    unit_column: str | None = None
    allowed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    default: str | None = None
    refers_to: str | None = None
    or_refers_to: tuple[str, ...] = ()
    soft: bool = False
    example: str = ""


@dataclass(frozen=True)
class FileKind:
    """One file: its name without ending, the record it fills, its columns, the columns that make its id, and the rule of a row."""

    stem: str
    record: type[Versioned]
    words: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)
    rule: Callable[[Row], None] | None = None


def _in_order(row: Row, first: str, last: str) -> None:
    if row[first] is not None and row[last] is not None and row[last] < row[first]:
        raise BadRow(last, f"{row[last].isoformat()} lies before {first}, {row[first].isoformat()}.", "Correct one of the two.")


def _with_unit(row: Row, length: str, unit: str) -> None:
    if row[length] is not None and row[unit] is None:
        raise BadRow(unit, f"{length} is {row[length]} without a unit.", "Write the unit (days, months): 60 days is not 2 months.")
    if row[length] is not None and row[length] > LONGEST[Unit(row[unit])]:
        raise BadRow(length, f"{row[length]:,} {row[unit]} is longer than a hundred years.", "Correct the length or its unit.")


def contract_rule(row: Row) -> None:
    """Lengths have units, amounts a currency, an amendment names what it amends."""
    if row["notice_unit"] is None and row["notice_length"] is not None:
        row["notice_unit"] = "days"
    _with_unit(row, "notice_length", "notice_unit")
    _with_unit(row, "initial_length", "initial_unit")
    _with_unit(row, "renewal_length", "renewal_unit")
    _with_unit(row, "notice_opens_length", "notice_opens_unit")
    _in_order(row, "start_on", "end_on")
    _methods(row)
    if row["monthly_price"] is not None and row["currency"] is None:
        raise BadRow("currency", "monthly_price stands without a currency.", "Write its ISO code, for example USD.")
    if row["kind"] == "amendment" and row["amends_id"] is None:
        raise BadRow("amends_id", "an amendment must name the contract it changes.", "Write the id of the contract.")
    if row["kind"] == "amendment" and row["agreement_date"] is None:
        raise BadRow("agreement_date", "an amendment must say when it was agreed.", "Write the day it was signed.")
    if row["kind"] == "msa" and row["amends_id"] is not None:
        raise BadRow("amends_id", "an msa amends nothing.", "Write amendment in kind, or empty this cell.")


def _methods(row: Row) -> None:
    try:
        delivery_methods(row["notice_methods"])
    except ValueError as error:
        raise BadRow("notice_methods", f"{error}.", f"Write for example: {FORM}.") from error


def order_rule(row: Row) -> None:
    """A term has its unit; the price does not end before the service starts."""
    if row["notice_unit"] is None and row["notice_length"] is not None:
        row["notice_unit"] = "days"
    _with_unit(row, "notice_length", "notice_unit")
    _with_unit(row, "initial_length", "initial_unit")
    _with_unit(row, "renewal_length", "renewal_unit")
    _in_order(row, "start_on", "price_valid_to")
    if row["quantity"] == 0:
        raise BadRow("quantity", "the quantity is 0.", "Write at least 1, or leave the order out.")


def deputy_rule(row: Row) -> None:
    """The days of standing in run forward; a value limit has its currency."""
    _in_order(row, "deputy_from", "deputy_to")
    if row["limit_value"] is not None and row["limit_currency"] is None:
        raise BadRow("limit_currency", "limit_value stands without a currency.", "Write its ISO code, for example USD.")


def ticket_rule(row: Row) -> None:
    """A fault ends after it began; each pause is a stretch of time."""
    _in_order(row, "opened_at", "restored_at")
    _in_order(row, "opened_at", "closed_at")
    for pause in row["pauses"] or ():
        try:
            start, end = moment(pause["from"]), moment(pause["to"])
        except (KeyError, TypeError, BadCell) as error:
            raise BadRow(
                "pauses", "a pause lacks a readable from or to.", 'Write {"from": moment, "to": moment, "reason": word}.'
            ) from error
        if end < start:
            raise BadRow("pauses", f"a pause ends at {pause['to']}, before it begins.", "Correct one of the two.")


def maintenance_rule(row: Row) -> None:
    """A window ends after it began."""
    _in_order(row, "starts_at", "ends_at")


def invoice_rule(row: Row) -> None:
    """The billed period and the due day run forward."""
    _in_order(row, "period_start", "period_end")
    _in_order(row, "issued_on", "due_on")


def price_rule(row: Row) -> None:
    """The floor is not above the list price."""
    _in_order(row, "valid_from", "valid_to")
    if row["term_months"] == 0:
        raise BadRow("term_months", "the term is 0 months.", "Write at least 1.")
    if row["list_price"] is not None and row["floor_price"] is not None and row["floor_price"] > row["list_price"]:
        raise BadRow(
            "floor_price", f"the floor {row['floor_price']} is above the list price {row['list_price']}.", "Correct one of the two."
        )


def score_rule(row: Row) -> None:
    """A score is 0 to 10."""
    if row["score"] > 10:  # noqa: PLR2004 (the scale)
        raise BadRow("score", f"{row['score']} is above 10.", "Write 0 to 10.")


def commitment_rule(row: Row) -> None:
    """A commitment states its target; each tier its bounds and its credit, each time to restore its priority and minutes, as plain numbers."""
    if row["target_percent"] is None:
        raise BadRow("target_percent", "the commitment has no target.", "Write the promised availability, for example 99.95.")
    if (row["claim_days"] or 0) > LONGEST[Unit.DAYS]:
        raise BadRow("claim_days", f"{row['claim_days']:,} days is longer than a hundred years.", "Correct the number.")
    for tier in row["tiers"] or ():
        if not isinstance(tier, dict) or set(tier) != _TIER or not all(map(_is_number, tier.values())) or tier["percent"] is None:
            advice = 'Write {"from_minutes": "5", "to_minutes": "60", "percent": "5"}; to_minutes may be null.'
            raise BadRow("tiers", f"{shown(str(tier))} is not a tier.", advice)

    for each in row["restore_targets"] or ():
        if not isinstance(each, dict) or set(each) != _RESTORE or each["priority"] not in _PRIORITIES or not _is_count(each["minutes"]):
            advice = 'Write {"priority": "1", "minutes": "240"}; priority may be null for every other.'
            raise BadRow("restore_targets", f"{shown(str(each))} is not a time to restore.", advice)


def _is_count(value: object) -> bool:
    return isinstance(value, (str, int)) and str(value).isdecimal() and int(value) > 0


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (str, int)) and str(value).replace(".", "", 1).isdecimal())
