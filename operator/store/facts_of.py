"""From records to contract facts: the words of the tables become the values of the tools. Pure.

Rule 1: nothing is filled in. Only the zone (the account's) and the calendar ("none") have a fallback, since a day needs both to exist.
Rule 2: an amendment says what its cells say; an empty cell changes nothing.
Rule 3: a contract whose term belongs to its orders has one unit of term an order; without orders it is its own unit, so that it is never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from contractops.operator.store.delivery import delivery_methods
from contractops.operator.store.records import Clause, Contract, ServiceOrder
from contractops.operator.store.settled import (
    EFFECTIVE_ON,
    INITIAL_LENGTH,
    NOTICE_LENGTH,
    NOTICE_ROLL,
    RENEWAL_KIND,
    RENEWAL_LENGTH,
    RENEWAL_MAX,
    START_ON,
    Answers,
)
from contractops.operator.store.tables import Settled
from contractops.tools.facts import (
    Amendment,
    ContractFacts,
    NoticeBasis,
    OrderTerm,
    RenewalKind,
    RollRule,
    StartEvent,
    Whose,
    in_force,
    order_facts,
)
from contractops.tools.pricing import UpliftKind, UpliftRule
from contractops.tools.values import ClauseRef, Finding, Period, Unit

TERM_OF_ORDERS: Final = "orders"
_PERIODS: Final = {
    "initial_term": ("initial_length", "initial_unit"),
    "renewal_term": ("renewal_length", "renewal_unit"),
    "notice": ("notice_length", "notice_unit"),
    "notice_opens": ("notice_opens_length", "notice_opens_unit"),
}
"""Field of the facts -> the two columns that hold it."""
_PLAIN: Final = {
    "start": "start_on",
    "start_event": "start_event",
    "end": "end_on",
    "renewal": "renewal_kind",
    "renewals_max": "renewal_max",
    "basis": "notice_basis",
    "cutoff": "notice_cutoff",
    "whose": "window_right",
    "roll": "notice_roll",
}
"""Field of the facts -> the column that holds it."""


@dataclass(frozen=True)
class Units:
    """The units of term of one contract, never empty, with what was found when amendments were folded in. ``applied`` are amendment ids."""

    units: tuple[ContractFacts, ...]
    findings: tuple[Finding, ...]
    applied: tuple[str, ...]


def units_of(
    contract: Contract,
    account_zone: str,
    amendments: Sequence[Contract],
    orders: Iterable[ServiceOrder],
    clauses: Mapping[str, Mapping[str, ClauseRef]],
    as_of: datetime,
    settled: Answers,
) -> Units:
    """The facts in force on ``as_of``. ``clauses`` are references by subject id and topic; ``settled`` what people answered."""
    base = _facts(contract, account_zone, clauses.get(contract.id, {}), settled)
    findings: tuple[Finding, ...] = ()
    applied: tuple[str, ...] = ()
    if amendments:
        folded = in_force(base, tuple(_amendment(each, clauses.get(each.id, {}), settled) for each in amendments), as_of)
        base, findings, applied = folded.facts, folded.findings, folded.applied
    if contract.term_unit != TERM_OF_ORDERS:
        return Units((base,), findings, applied)
    units = []
    for order in orders:
        facts, more = order_facts(base, _order_term(order, clauses.get(order.id, {}), settled))
        units.append(facts)
        findings += more
    return Units(tuple(units) or (base,), findings, applied)


def refs_of(clauses: Iterable[Clause]) -> dict[str, dict[str, ClauseRef]]:
    """Clause records as references by subject id and topic."""
    found: dict[str, dict[str, ClauseRef]] = {}
    for each in clauses:
        ref = ClauseRef(document=each.document, clause=each.clause, page=each.page, quote=each.quote)
        found.setdefault(each.subject_id, {})[each.topic] = ref
    return found


def uplift_of(contract: Contract, amendments: Iterable[Contract], applied: Sequence[str], refs: Mapping[str, ClauseRef]) -> UpliftRule:
    """The price rule at renewal: the contract's, or that of the last applied amendment that states one."""
    latest = contract
    for each in sorted((each for each in amendments if each.id in applied), key=lambda one: applied.index(one.id)):
        latest = each if each.uplift_kind is not None else latest
    if latest.uplift_kind is None:
        return UpliftRule(kind=UpliftKind.NONE)
    percent = latest.uplift_percent if latest.uplift_percent is not None else Decimal(0)
    return UpliftRule(kind=UpliftKind(latest.uplift_kind), percent=percent, ref=refs.get("uplift"))


def _facts(contract: Contract, account_zone: str, refs: Mapping[str, ClauseRef], settled: Answers) -> ContractFacts:
    return ContractFacts(
        unit_id=contract.id,
        contract_id=contract.id,
        zone=contract.zone or account_zone,
        holiday_calendar=contract.holiday_calendar or "none",
        start=_day(contract, START_ON, settled),
        start_event=StartEvent(contract.start_event or StartEvent.SIGNATURE),
        end=contract.end_on,
        initial_term=_length(contract, INITIAL_LENGTH, settled),
        renewal=RenewalKind(_said(contract, RENEWAL_KIND, settled) or RenewalKind.UNSTATED),
        renewal_term=_length(contract, RENEWAL_LENGTH, settled),
        renewals_max=_count(contract, settled),
        notice=_length(contract, NOTICE_LENGTH, settled),
        notice_opens=_period(contract.notice_opens_length, contract.notice_opens_unit),
        basis=NoticeBasis(contract.notice_basis or NoticeBasis.UNSTATED),
        cutoff=time.fromisoformat(contract.notice_cutoff) if contract.notice_cutoff else None,
        methods=delivery_methods(contract.notice_methods),
        whose=Whose(contract.window_right or Whose.BOTH),
        roll=RollRule(_said(contract, NOTICE_ROLL, settled) or RollRule.UNSTATED),
        term_ref=_answered(refs.get("term"), contract, INITIAL_LENGTH, settled),
        renewal_ref=_answered(refs.get("renewal"), contract, RENEWAL_KIND, settled),
        notice_ref=_answered(refs.get("notice"), contract, NOTICE_LENGTH, settled),
        receipt_ref=refs.get("receipt"),
    )


@lru_cache(maxsize=1024)
def _period(length: int | None, unit: str | None) -> Period | None:
    return None if length is None or unit is None else Period(length=length, unit=Unit(unit))


def _amendment(record: Contract, refs: Mapping[str, ClauseRef], settled: Answers) -> Amendment:
    changes: dict[str, Any] = {field: getattr(record, column) for field, column in _PLAIN.items()}
    changes |= {field: _period(getattr(record, length), getattr(record, unit)) for field, (length, unit) in _PERIODS.items()}
    changes["methods"] = delivery_methods(record.notice_methods) or None
    agreed = record.agreement_date or record.effective_on
    if agreed is None:
        message = f"amendment {record.id} has neither an agreement date nor an effective date"
        raise ValueError(message)
    return Amendment(
        amendment_id=record.id,
        agreement_date=agreed,
        effective_on=_day(record, EFFECTIVE_ON, settled),
        changes={field: _plain(value) for field, value in changes.items() if value is not None},
        ref=_settled_ref(refs.get("amendment") or ClauseRef(document=record.title or record.id), settled.get((record.id, EFFECTIVE_ON))),
    )


def _settled_ref(ref: ClauseRef, answer: Settled | None) -> ClauseRef:
    """The reference, with whose answer its start date is."""
    return ref if answer is None else ref.model_copy(update={"document": f"{ref.document}, start date: {answer.source}"})


def _answered(ref: ClauseRef | None, record: Contract | ServiceOrder, column: str, settled: Answers) -> ClauseRef | None:
    """The reference, with whose answer the fact is; the record's own when it states the fact."""
    answer = settled.get((record.id, column)) if getattr(record, column) is None else None
    if answer is None:
        return ref
    if ref is None:
        return ClauseRef(document=answer.source, quote=answer.said or None)
    return ref.model_copy(update={"document": f"{ref.document}, as read by {answer.source}"})


def _said(record: Contract | ServiceOrder, column: str, settled: Answers) -> str | None:
    """What the record says in ``column``, else what a person answered."""
    stated = getattr(record, column)
    answer = settled.get((record.id, column)) if stated is None else None
    return answer.value if answer else stated


def _day(record: Contract | ServiceOrder, column: str, settled: Answers) -> date | None:
    """A date of the record, else the one that a person answered."""
    stated: date | None = getattr(record, column)
    answer = settled.get((record.id, column)) if stated is None else None
    return date.fromisoformat(answer.value) if answer else stated


def _length(record: Contract | ServiceOrder, column: str, settled: Answers) -> Period | None:
    """A length of the record with its unit, else the one that a person answered."""
    stated = _period(getattr(record, column), getattr(record, column.replace("_length", "_unit")))
    answer = settled.get((record.id, column)) if stated is None else None
    return period_of(answer.value) if answer else stated


def _count(record: Contract | ServiceOrder, settled: Answers) -> int | None:
    """The most renewals of the record, else what a person answered."""
    answer = settled.get((record.id, RENEWAL_MAX)) if record.renewal_max is None else None
    return int(answer.value) if answer else record.renewal_max


def period_of(value: str) -> Period:
    """The length of an answer, "60 days". Raises ``ValueError`` for anything else."""
    length, unit = value.split(" ")
    return Period(length=int(length), unit=Unit(unit))


def _plain(value: Any) -> Any:
    """A change in JSON form, as amendments carry it."""
    if isinstance(value, Period):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [each.model_dump(mode="json") for each in value]
    return value if isinstance(value, (str, int)) else value.isoformat()


def _order_term(order: ServiceOrder, refs: Mapping[str, ClauseRef], settled: Answers) -> OrderTerm:
    return OrderTerm(
        unit_id=order.id,
        start=_day(order, START_ON, settled),
        start_event=StartEvent(order.start_event or StartEvent.ACTIVATION),
        end=order.end_on,
        initial_term=_length(order, INITIAL_LENGTH, settled),
        renewal=RenewalKind(order.renewal_kind) if order.renewal_kind else None,
        renewal_term=_length(order, RENEWAL_LENGTH, settled),
        renewals_max=_count(order, settled),
        notice=_period(order.notice_length, order.notice_unit),
        co_terminous=order.co_terminous,
        term_ref=_answered(refs.get("term"), order, INITIAL_LENGTH, settled),
    )
