"""Claims about the CRM patch and about drift."""

from datetime import date

from contractops.tools.crm import CRM_FIELDS, CrmReceipt, FieldConflict, SignedFacts, plan_patch, tally
from contractops.tools.drift import ContractView, DriftKind, TicketView, drift
from tests.tools.northwind import CHANGE_ORDERS, NOW, crm_record, terms, usd

SIGNED = SignedFacts(signed_on=date(2026, 12, 14), signer_name="Priya Nair", document_sha256="ab" * 32, renewal_key="R-1:2")
CONTRACT = ContractView(
    contract_id="ENT-3391",
    monthly=usd("18450.00"),
    term_start=date(2026, 4, 8),
    term_end=date(2027, 4, 7),
    circuits=("CHI-DAL-01", "CHI-DAL-02"),
)


def receipt(patch, conflicts=(), added=("CO-118", "CO-131")):
    apart = {one.field for one in conflicts}
    return CrmReceipt(
        contract_id=patch.contract_id,
        renewal_key=patch.renewal_key,
        written=tuple(one.field for one in patch.changes if one.field not in apart),
        conflicts=conflicts,
        change_orders_added=added,
    )


def test_the_patch_of_the_worked_example():
    """Monthly price was USD 17,720.00, now 16,723.08; term end was 7 Apr 2027, now 7 Apr 2030; two change orders were missing."""
    patch = plan_patch(terms(), SIGNED, crm_record())
    assert {one.field: (one.old, one.new) for one in patch.changes} == {
        "monthly_price": ("17720.00", "16723.08"),
        "currency": ("USD", "USD"),
        "term_start": ("2026-04-08", "2027-04-08"),
        "term_end": ("2027-04-07", "2030-04-07"),
        "term_months": (None, "36"),
        "discount_pct": (None, "12.00"),
        "notice_by": (None, "2030-02-06"),
        "billing_contact": ("Tom Reyes", "Ana Duarte"),
        "signed_on": (None, "2026-12-14"),
    }
    assert [(one.order_id, one.monthly_change, one.effective_on) for one in patch.add_change_orders] == [
        ("CO-118", "1150.00", "2026-06-01"),
        ("CO-131", "-420.00", "2026-08-15"),
    ]
    assert (*tuple(one.field for one in patch.changes), "change_orders") == CRM_FIELDS


def test_nine_of_ten():
    """One conflict leaves 9 of 10 written; a change order that did not arrive leaves 8."""
    patch = plan_patch(terms(), SIGNED, crm_record())
    conflict = FieldConflict(field="billing_contact", signed="Ana Duarte", crm="Tom Reyes", changed_by="J. Kim", changed_at=NOW)
    found = tally(patch, receipt(patch, (conflict,)))
    assert (found.written, found.total) == (9, 10)
    assert tally(patch, receipt(patch, (conflict,), ("CO-118",))).written == 8


def test_a_change_order_the_crm_knows_is_not_added_again():
    patch = plan_patch(terms(), SIGNED, crm_record(change_orders=("CO-118",)))
    assert [one.order_id for one in patch.add_change_orders] == ["CO-131"]


def test_a_field_the_form_does_not_state_is_left_alone():
    patch = plan_patch(terms(billing_contact=None), SIGNED, None)
    assert "billing_contact" not in {one.field for one in patch.changes}
    assert {one.old for one in patch.changes} == {None}


def test_the_drift_of_the_worked_example():
    """3 differences: price (CRM USD 17,720.00, contract USD 18,450.00), CO-118, CO-131; net +USD 730.00 a month."""
    found = drift(CONTRACT, CHANGE_ORDERS, crm_record(), ())
    assert [(one.kind, one.left, one.right) for one in found] == [
        (DriftKind.PRICE, "18450.00", "17720.00"),
        (DriftKind.CHANGE_ORDER_MISSING, "CO-118", None),
        (DriftKind.CHANGE_ORDER_MISSING, "CO-131", None),
    ]
    assert sum(one.monthly_effect.amount for one in found[1:]) == 730
    assert {(one.left_source, one.right_source) for one in found} == {("contract", "crm")}


def test_drift_of_dates_currency_and_unknown_orders():
    fields = {"monthly_price": "18450", "currency": "EUR", "term_start": None, "term_end": "2027-04-30"}
    found = drift(CONTRACT, (), crm_record(fields=fields, change_orders=("CO-9",)), ())
    assert [(one.kind, one.right) for one in found] == [
        (DriftKind.CURRENCY, "EUR"),
        (DriftKind.TERM_START, None),
        (DriftKind.TERM_END, "2027-04-30"),
        (DriftKind.CHANGE_ORDER_UNKNOWN, "CO-9"),
    ]


def test_text_that_is_no_price_is_a_difference():
    fields = {**crm_record().fields, "monthly_price": "about 18k"}
    assert [one.kind for one in drift(CONTRACT, (), crm_record(fields=fields), ())] == [DriftKind.PRICE]


def test_a_ticket_on_a_circuit_we_do_not_have():
    """Once a circuit, with the first ticket as the source."""
    tickets = (
        TicketView(ticket_id="TT-2", circuit_id="X-1"),
        TicketView(ticket_id="TT-1", circuit_id="X-1"),
        TicketView(ticket_id="TT-3", circuit_id="CHI-DAL-02"),
    )
    found = [one for one in drift(CONTRACT, CHANGE_ORDERS, None, tickets) if one.kind is DriftKind.CIRCUIT_UNKNOWN]
    assert [(one.right, one.right_source) for one in found] == [("X-1", "ticket TT-1")]


def test_a_contract_the_crm_lacks_is_one_difference():
    assert [one.kind for one in drift(CONTRACT, CHANGE_ORDERS, None, ())] == [DriftKind.NOT_IN_CRM]


def test_an_unknown_date_of_ours_is_no_drift():
    unknown = CONTRACT.model_copy(update={"term_start": None, "term_end": None})
    assert all(one.kind is not DriftKind.TERM_END for one in drift(unknown, CHANGE_ORDERS, crm_record(), ()))
