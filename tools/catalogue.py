"""The five tools of the product as one question and one answer each, for callers that speak JSON.

Rule 1: a question is one value with everything the tool needs, ``as_of`` included; nothing is read from anywhere else.
Rule 2: the schemas are those of the values; nothing is renamed on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from contractops.tools.crm import CrmPatch, CrmRecord, SignedFacts, plan_patch
from contractops.tools.deal import ChangeOrder, OrderLine, PriceBookEntry, PriceRequest, UpliftRule
from contractops.tools.facts import Amendment, ContractFacts, in_force
from contractops.tools.notice_window import NoticeWindow, notice_window
from contractops.tools.people import Person
from contractops.tools.pricing import PriceResult, price_renewal
from contractops.tools.signature import ApprovalStep, AuthorityMatrix, EnvelopePlan, plan_envelope, required_approvals
from contractops.tools.sla import Maintenance, Month, Outage, SlaCommitment, SlaMonth, sla_month
from contractops.tools.sla_credit import CreditClaim, CreditResult, month_credit
from contractops.tools.terms import Terms
from contractops.tools.values import Value


class NoticeWindowQuestion(Value):
    """One unit of term with its amendments."""

    facts: ContractFacts
    amendments: tuple[Amendment, ...] = ()
    as_of: AwareDatetime


class SlaQuestion(Value):
    """One service in one month."""

    commitment: SlaCommitment
    month: Month
    outages: tuple[Outage, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    claim: CreditClaim | None = None
    as_of: AwareDatetime


class SlaAnswer(Value):
    """What was delivered, and the credit that follows."""

    measured: SlaMonth
    credit: CreditResult


class PricingQuestion(Value):
    """The deal and what is asked for."""

    lines: tuple[OrderLine, ...]
    change_orders: tuple[ChangeOrder, ...] = ()
    price_book: tuple[PriceBookEntry, ...]
    uplift: UpliftRule
    request: PriceRequest


class SignatureQuestion(Value):
    """Terms, the staff and the authority matrix. ``owner`` and ``prepared_by`` are person ids."""

    terms: Terms
    owner: str
    prepared_by: str | None = None
    people: tuple[Person, ...]
    matrix: AuthorityMatrix
    renewal_id: str
    document_sha256: str
    signing_days: int = 7
    as_of: AwareDatetime


class SignatureAnswer(Value):
    """Who must approve, and the envelope that would go out then."""

    approvals: tuple[ApprovalStep, ...]
    envelope: EnvelopePlan


class CrmQuestion(Value):
    """Signed terms and the record as it was read; None = the CRM has none."""

    terms: Terms
    signed: SignedFacts
    seen: CrmRecord | None = None


class Tool(NamedTuple):
    """A tool by name: ``run`` takes a value of ``question`` and gives one of ``answer``."""

    purpose: str
    question: type[Value]
    answer: type[Value]
    run: Callable[[Any], Value]


def _notice_window(asked: NoticeWindowQuestion) -> NoticeWindow:
    return notice_window(in_force(asked.facts, asked.amendments, asked.as_of).facts, asked.as_of)


def _sla(asked: SlaQuestion) -> SlaAnswer:
    measured = sla_month(asked.commitment, asked.month, asked.outages, asked.maintenance, asked.as_of)
    return SlaAnswer(measured=measured, credit=month_credit(asked.commitment, measured, asked.claim, asked.as_of))


def _pricing(asked: PricingQuestion) -> PriceResult:
    return price_renewal(asked.lines, asked.change_orders, asked.price_book, asked.uplift, asked.request)


def _signature(asked: SignatureQuestion) -> SignatureAnswer:
    approvals = required_approvals(asked.terms, asked.owner, asked.people, asked.matrix, prepared_by=asked.prepared_by)
    envelope = plan_envelope(
        asked.terms,
        renewal_id=asked.renewal_id,
        document_sha256=asked.document_sha256,
        people=asked.people,
        matrix=asked.matrix,
        now=asked.as_of,
        signing_days=asked.signing_days,
    )
    return SignatureAnswer(approvals=approvals, envelope=envelope)


def _crm(asked: CrmQuestion) -> CrmPatch:
    return plan_patch(asked.terms, asked.signed, asked.seen)


TOOLS: Mapping[str, Tool] = {
    "notice_window": Tool("Until when a notice of non-renewal counts", NoticeWindowQuestion, NoticeWindow, _notice_window),
    "sla": Tool("Availability of a service in a month, and its credit", SlaQuestion, SlaAnswer, _sla),
    "pricing": Tool("The renewal price of a deal", PricingQuestion, PriceResult, _pricing),
    "signature": Tool("Who approves and who signs, in which order", SignatureQuestion, SignatureAnswer, _signature),
    "crm": Tool("The field changes that a signed renewal asks of the CRM", CrmQuestion, CrmPatch, _crm),
}
"""The tools by the name a command line knows them by."""
