"""``contractops tool NAME``: one calculator, JSON lines in, JSON lines out.

Rule 1: line n of the output answers line n of the input; blank lines are passed over. A bad line is answered by an error that names
its field and stops nothing else.
Rule 2: the schemas are those of the values the calculator really takes and gives.
Rule 3: a calculator sees only its line: no database, no clock, no environment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import AwareDatetime, ValidationError

from contractops.operator import tables_out
from contractops.tools.crm import CrmPatch, CrmRecord, SignedFacts, plan_patch
from contractops.tools.errors import ContractOpsError
from contractops.tools.facts import ContractFacts
from contractops.tools.notice_window import NoticeWindow, notice_window
from contractops.tools.people import Person
from contractops.tools.pricing import (
    ChangeOrder,
    Offer,
    OrderLine,
    PriceBookEntry,
    PriceRequest,
    PriceResult,
    UpliftRule,
    offers,
    price_renewal,
)
from contractops.tools.signature import ApprovalStep, AuthorityMatrix, SignerPlan, plan_signers, required_approvals
from contractops.tools.sla import Maintenance, Month, Outage, SlaCommitment, SlaMonth, sla_month
from contractops.tools.sla_credit import CreditClaim, CreditResult, month_credit
from contractops.tools.terms import Terms
from contractops.tools.values import Value

BAD_LINES: Final = 1
WRONG_USE: Final = 2


class NoticeWindowInput(Value):
    """A unit of term and the moment asked."""

    facts: ContractFacts
    as_of: AwareDatetime


class SlaInput(Value):
    """One service in one month, with what happened to it and the customer's claim, if there is one."""

    commitment: SlaCommitment
    month: Month
    outages: tuple[Outage, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    claim: CreditClaim | None = None
    as_of: AwareDatetime


class SlaOutput(Value):
    """The month measured, and the credit it gives."""

    month: SlaMonth
    credit: CreditResult


class PricingInput(Value):
    """What is renewed and what is asked; ``offer_terms`` are other lengths, in months, to price by the book."""

    lines: tuple[OrderLine, ...]
    change_orders: tuple[ChangeOrder, ...] = ()
    price_book: tuple[PriceBookEntry, ...]
    uplift: UpliftRule
    request: PriceRequest
    offer_terms: tuple[int, ...] = ()


class PricingOutput(Value):
    """The price asked for, and the offers."""

    price: PriceResult
    offers: tuple[Offer, ...]


class SignatureInput(Value):
    """Terms, the staff and the authority matrix. ``owner`` and ``prepared_by`` are person ids."""

    terms: Terms
    people: tuple[Person, ...]
    matrix: AuthorityMatrix
    owner: str
    prepared_by: str | None = None


class SignatureOutput(Value):
    """Who approves, in order, and who signs, in order."""

    approvals: tuple[ApprovalStep, ...]
    signers: tuple[SignerPlan, ...]


class CrmInput(Value):
    """Signed terms and the record as it was last seen (null: the CRM has none)."""

    terms: Terms
    signed: SignedFacts
    seen: CrmRecord | None = None


@dataclass(frozen=True)
class _Tool:
    purpose: str
    takes: type[Value]
    gives: type[Value]
    call: Callable[[Any], Value]


def _sla(asked: SlaInput) -> SlaOutput:
    measured = sla_month(asked.commitment, asked.month, asked.outages, asked.maintenance, asked.as_of)
    return SlaOutput(month=measured, credit=month_credit(asked.commitment, measured, asked.claim, asked.as_of))


def _pricing(asked: PricingInput) -> PricingOutput:
    facts = (asked.lines, asked.change_orders, asked.price_book, asked.uplift, asked.request)
    return PricingOutput(price=price_renewal(*facts), offers=offers(*facts, asked.offer_terms))


def _signature(asked: SignatureInput) -> SignatureOutput:
    steps = required_approvals(asked.terms, asked.owner, asked.people, asked.matrix, prepared_by=asked.prepared_by)
    return SignatureOutput(approvals=steps, signers=plan_signers(asked.terms, asked.people, asked.matrix))


def _notice_window(asked: NoticeWindowInput) -> NoticeWindow:
    return notice_window(asked.facts, asked.as_of)


def _crm(asked: CrmInput) -> CrmPatch:
    return plan_patch(asked.terms, asked.signed, asked.seen)


TOOLS: Final = {
    "notice_window": _Tool("until when a notice counts, and by when we decide", NoticeWindowInput, NoticeWindow, _notice_window),
    "sla": _Tool("availability of a month, and the credit it gives", SlaInput, SlaOutput, _sla),
    "pricing": _Tool("the renewal price, with its arithmetic, and offers", PricingInput, PricingOutput, _pricing),
    "signature": _Tool("who approves and who signs, in order", SignatureInput, SignatureOutput, _signature),
    "crm": _Tool("the write that brings the CRM to what was signed", CrmInput, CrmPatch, _crm),
}


def run(name: str | None, *, schema: bool) -> int:
    """List the tools, print the schemas of one, or answer the lines of standard input; returns the exit status."""
    if name is None:
        for known, tool in TOOLS.items():
            tables_out.say(f"{known:<14} {tool.purpose}")
        return 0
    if name not in TOOLS:
        head = "error CO-TOL-003  "
        tables_out.tell(f'{head}there is no tool "{name}".\n{" " * len(head)}Known: {", ".join(TOOLS)}.')
        return WRONG_USE
    if schema:
        takes, gives = TOOLS[name].takes, TOOLS[name].gives
        tables_out.document({"input": takes.model_json_schema(), "output": gives.model_json_schema(mode="serialization")})
        return 0
    return _answer_lines(TOOLS[name])


def _answer_lines(tool: _Tool) -> int:
    status = 0
    if sys.stdin.isatty():
        tables_out.tell("Reading one JSON object a line from the keyboard; Ctrl-D ends. --schema prints what a line holds.")
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        answer, bad = _answer(tool, line, number)
        status = BAD_LINES if bad else status
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    return status


def _answer(tool: _Tool, line: bytes, number: int) -> tuple[str, bool]:
    """(one JSON line, whether it is an error)."""
    try:
        return tool.call(tool.takes.model_validate_json(line)).model_dump_json(), False
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        code = "CO-TOL-001" if first["type"] == "json_invalid" else "CO-TOL-002"
        return _error(code, f"{where}: {first['msg']}" if where else first["msg"], number), True
    except ContractOpsError as problem:
        return _error(problem.code, problem.message, number), True
    except (ValueError, ArithmeticError) as problem:  # a date beyond the calendar, a length no date can hold
        return _error("CO-TOL-004", f"out of range: {problem}", number), True


def _error(code: str, message: str, line: int) -> str:
    return json.dumps({"error": {"code": code, "message": message, "line": line}}, ensure_ascii=False)
