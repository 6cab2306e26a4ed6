"""Claims about the tools as questions and answers in JSON."""

import pytest

from contractops.tools.catalogue import (
    TOOLS,
    CrmQuestion,
    NoticeWindowQuestion,
    PricingQuestion,
    SignatureQuestion,
    SlaQuestion,
)
from contractops.tools.crm import SignedFacts
from contractops.tools.deal import PriceRequest
from contractops.tools.sla import Month
from tests.tools.northwind import (
    CHANGE_ORDERS,
    DALLAS,
    LINES,
    MATRIX,
    NOW,
    OUTAGES,
    PRICE_BOOK,
    STAFF,
    UPLIFT,
    crm_record,
    facts,
    terms,
)

SIGNED = SignedFacts(signed_on=NOW.date(), signer_name="Priya Nair", document_sha256="ab" * 32, renewal_key="R-1:2")
QUESTIONS = {
    "notice_window": lambda: NoticeWindowQuestion(facts=facts(), as_of=NOW),
    "sla": lambda: SlaQuestion(commitment=DALLAS, month=Month(year=2026, month=11), outages=OUTAGES, as_of=NOW),
    "pricing": lambda: PricingQuestion(
        lines=LINES,
        change_orders=CHANGE_ORDERS,
        price_book=PRICE_BOOK,
        uplift=UPLIFT,
        request=PriceRequest(term_months=36, start=terms().start, uplift_pct="3.00", discount_pct="12.00"),
    ),
    "signature": lambda: SignatureQuestion(
        terms=terms(), owner="maria", people=STAFF, matrix=MATRIX, renewal_id="R-1", document_sha256="ab" * 32, as_of=NOW
    ),
    "crm": lambda: CrmQuestion(terms=terms(), signed=SIGNED, seen=crm_record()),
}
FIGURES = {"notice_window": "2027-02-05", "sla": "1435.00", "pricing": "602030.88", "signature": "Priya Nair", "crm": "2030-04-07"}


@pytest.mark.parametrize("name", TOOLS)
def test_a_question_through_json_has_the_same_answer(name):
    """Written as JSON and read back, the question gives the answer of the worked example, and the answer survives JSON too."""
    tool, asked = TOOLS[name], QUESTIONS[name]()
    answer = tool.run(tool.question.model_validate_json(asked.model_dump_json()))
    assert answer.model_dump_json() == tool.run(asked).model_dump_json()
    assert FIGURES[name] in answer.model_dump_json()
    assert tool.answer.model_validate_json(answer.model_dump_json()).model_dump_json() == answer.model_dump_json()


@pytest.mark.parametrize("name", TOOLS)
def test_both_schemas_can_be_printed(name):
    tool = TOOLS[name]
    assert tool.question.model_json_schema()["type"] == tool.answer.model_json_schema()["type"] == "object"
