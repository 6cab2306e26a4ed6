"""Claims about assembling, editing, comparing and hashing terms."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.notice_window import notice_window
from contractops.tools.pricing import UpliftKind, UpliftRule
from contractops.tools.terms import (
    CreditHandling,
    Options,
    Terms,
    assemble,
    can_be_approved,
    canonical_json,
    default_choices,
    difference,
    offered,
    terms_hash,
)
from contractops.tools.terms_edit import edit, preview
from contractops.tools.values import Finding, Severity
from tests.tools.northwind import DRAFT_2, LINES, NOW, PRICE_BOOK, facts, msa, source, terms, usd

SOURCE = source()
DRAFT_1 = default_choices(SOURCE)


def errors(changes, choices=DRAFT_2, of=SOURCE):
    return {one.field: (one.code, one.values) for one in edit(of, choices, changes, 3).errors}


def test_draft_2_of_the_worked_example():
    """36 months at USD 16,723.08, Thu 8 Apr 2027 to Sun 7 Apr 2030, USD 1,435.00 credited, next notice Wed 6 Feb 2030."""
    draft = terms()
    assert (draft.start, draft.end, draft.monthly, draft.total) == (date(2027, 4, 8), date(2030, 4, 7), usd("16723.08"), usd("602030.88"))
    assert (draft.credit, draft.credit_amount) == (CreditHandling.FIRST_INVOICE, usd("1435.00"))
    assert (draft.next_notice_on, draft.safe_on, draft.renews_to) == (date(2030, 2, 6), date(2027, 2, 5), date(2028, 4, 7))
    assert (draft.signer.name, len(draft.service.missed), draft.service.months) == ("Priya Nair", 2, 8)
    assert can_be_approved(draft)


def test_draft_1_keeps_the_contracts_term_with_the_price_rise():
    """12 months, USD 19,003.50, no discount; the offers stand beside it."""
    draft = terms(DRAFT_1, 1)
    assert (draft.term_months, draft.monthly, str(draft.discount_pct)) == (12, usd("19003.50"), "0.00")
    assert [one.monthly.amount for one in offered(SOURCE, DRAFT_1)] == [Decimal("19003.50"), Decimal("17863.29"), Decimal("16723.08")]


def test_the_difference_is_told_choices_first():
    """Term from 12 to 36 months, discount from 0.00 % to 12.00 %, exit right after month 24 added."""
    found = difference(terms(DRAFT_1, 1), terms())
    assert [(one.field, one.old, one.new) for one in found[:3]] == [
        ("term_months", 12, 36),
        ("discount_pct", "0.00", "12.00"),
        ("exit_after_month", None, 24),
    ]
    assert {one.field for one in found} == {"term_months", "discount_pct", "exit_after_month", "monthly", "total", "end"}
    assert difference(terms(), terms()) == ()


def test_the_hash_is_stable_and_survives_storage():
    """The same facts give the same bytes, also after a round trip through JSON, and however a per cent was written."""
    draft = terms()
    stored = Terms.model_validate_json(draft.model_dump_json())
    assert terms_hash(stored) == terms_hash(draft) == terms_hash(terms())
    assert terms_hash(terms(DRAFT_2.model_copy(update={"discount_pct": Decimal(12)}))) == terms_hash(draft)
    assert "reasons" not in canonical_json(draft).decode()
    assert json.loads(canonical_json(draft))["monthly"] == {"amount": "16723.08", "currency": "USD"}


@pytest.mark.parametrize(
    "changes",
    [
        {"price_book": tuple(one.model_copy(update={"version": "2026-12"}) for one in PRICE_BOOK)},
        {"service": None},
        {"billing_contact": "Tom Reyes"},
        {"window": notice_window(facts(start=date(2026, 4, 9)), NOW)},
        {"findings": (Finding(code="x", severity=Severity.WARNING, about="y"),)},
        {"lines": (LINES[0].model_copy(update={"description": "Chicago 1 Gbps"}), LINES[1])},
    ],
)
def test_a_changed_input_changes_the_hash(changes):
    """An approval binds to inputs too: a new price book version undoes it even when the price is the same."""
    assert terms_hash(terms(**changes)) != terms_hash(terms())


def test_time_alone_does_not_change_the_hash():
    later = notice_window(facts(), datetime(2026, 12, 9, tzinfo=UTC))
    assert terms_hash(terms(window=later)) == terms_hash(terms())


def test_no_window_no_terms():
    found = assemble(source(window=notice_window(facts(notice=None), NOW)), DRAFT_2, 1)
    assert (found.terms, found.findings[-1].code) == (None, "terms.no_window")


@pytest.mark.parametrize(("contact", "code"), [(None, "terms.no_signer"), ("C-9", "terms.no_signer"), ("C-2", "terms.signer_may_not_sign")])
def test_a_draft_without_a_lawful_signer_cannot_be_approved(contact, code):
    draft = terms(DRAFT_2.model_copy(update={"signer_contact_id": contact}))
    assert (can_be_approved(draft), draft.findings[-1].code) == (False, code)


def test_an_order_left_out_is_in_neither_price():
    draft = terms(DRAFT_2.model_copy(update={"left_out_orders": ("SO-8",), "change_orders": ("CO-118",)}))
    assert (draft.current, [line.order_id for line in draft.lines]) == (usd("10970.00"), ["SO-7"])


def test_an_edit_gives_new_choices_and_terms():
    """From draft 1 to draft 2 by the form's text."""
    changes = {"term_months": "36", "discount_pct": "12.00", "exit_after_month": "24"}
    found = edit(SOURCE, DRAFT_1, changes, 2)
    assert (found.errors, found.choices) == ((), DRAFT_2)
    assert terms_hash(found.result.terms) == terms_hash(terms())
    assert preview(SOURCE, DRAFT_1, changes, 2).terms.monthly == usd("16723.08")
    assert preview(SOURCE, DRAFT_1, {"term_months": "3x"}, 2) is None


@pytest.mark.parametrize(
    ("changes", "field", "code", "values"),
    [
        ({"uplift_pct": "3.01"}, "uplift_pct", "edit.uplift_cap", {"max": "3.00", "clause": "4.2"}),
        ({"discount_pct": "12.345"}, "discount_pct", "edit.two_decimals", {"example": "12.50"}),
        ({"discount_pct": "12,50"}, "discount_pct", "edit.not_a_number", {"example": "12.50"}),
        ({"discount_pct": "NaN"}, "discount_pct", "edit.not_a_number", {"example": "12.50"}),
        ({"discount_pct": "1e1"}, "discount_pct", "edit.not_a_number", {"example": "12.50"}),
        ({"discount_pct": "-1"}, "discount_pct", "edit.not_negative", {}),
        ({"discount_pct": "101"}, "discount_pct", "edit.discount_range", {"asked": "101.00"}),
        ({"term_months": "12.5"}, "term_months", "edit.whole_months", {}),
        ({"term_months": "0"}, "term_months", "edit.whole_months", {}),
        ({"term_months": "60"}, "term_months", "edit.no_price_book", {"product": "Dedicated Internet", "term": 60, "longest": 36}),
        ({"free_months": "36"}, "free_months", "edit.free_months", {"term": 36, "asked": 36}),
        ({"credit": "cash"}, "credit", "edit.choice", {"allowed": "first_invoice, separate, leave_open"}),
        ({"change_orders": ("CO-999",)}, "change_orders", "edit.unknown_change_order", {"order": "CO-999"}),
        ({"left_out_orders": ("SO-7", "SO-8")}, "left_out_orders", "edit.no_lines", {}),
        ({"exit_after_month": "36"}, "exit_after_month", "edit.exit_month", {"max": 35}),
        ({"exit_after_month": "0"}, "exit_after_month", "edit.whole_months", {}),
        ({"signer_contact_id": "C-2"}, "signer_contact_id", "edit.signer", {"contact": "Ana Duarte"}),
        ({"note": "x" * 501}, "note", "edit.note_too_long", {"max": 500}),
        ({"price": "1.00"}, "price", "edit.unknown_field", {}),
        ({"discount_pct": "12.00", "change_orders": ("CO-131", "CO-118")}, "", "edit.nothing_changed", {}),
    ],
)
def test_an_edit_is_refused_by_field_with_what_is_allowed(changes, field, code, values):
    assert errors(changes)[field] == (code, values)


def test_a_broken_floor_names_the_floor_and_the_highest_discount():
    """14.80 % goes below the floor of USD 16,200.00; highest is 14.75 %."""
    code, values = errors({"discount_pct": "14.80"})["discount_pct"]
    assert (code, values) == ("edit.floor", {"discount_pct": "14.80", "floor": "16200.00", "currency": "USD", "max": "14.75"})


def test_a_fixed_price_rise_cannot_be_edited():
    fixed = source(uplift=UpliftRule(kind=UpliftKind.FIXED, percent=Decimal("2.5"), ref=msa("4.2")))
    assert errors({"uplift_pct": "2.00"}, default_choices(fixed), fixed)["uplift_pct"][0] == "edit.uplift_fixed"


def test_several_errors_come_together():
    assert set(errors({"uplift_pct": "9", "discount_pct": "x", "note": "n" * 600})) == {"uplift_pct", "discount_pct", "note"}


def test_a_finding_from_before_does_not_refuse_an_edit():
    """The draft stays unapprovable; saving it is not the way to hide that."""
    doubtful = source(findings=(Finding(code="facts.x", severity=Severity.BLOCKING, about="y"),))
    found = edit(doubtful, DRAFT_1, {"term_months": "24"}, 2)
    assert found.errors == ()
    assert not can_be_approved(found.result.terms)


def test_an_exit_right_can_be_taken_away():
    assert edit(SOURCE, DRAFT_2, {"exit_after_month": ""}, 3).choices.options == Options()


@given(text=st.text(max_size=12), field=st.sampled_from(["term_months", "uplift_pct", "discount_pct", "free_months", "exit_after_month"]))
def test_no_text_ever_raises(text, field):
    """Whatever is typed, the answer is choices or errors."""
    found = edit(SOURCE, DRAFT_2, {field: text}, 3)
    assert (found.choices is None) == bool(found.errors)
