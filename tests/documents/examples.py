"""Terms to typeset: one ordinary renewal, written out in full so that a test can say what the document must hold."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from contractops.tools.people import Contact
from contractops.tools.pricing import ChangeOrder, PricedLine, UpliftKind, UpliftRule
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import CreditHandling, Options, Party, Terms
from contractops.tools.values import ClauseRef, Money


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def line(number: int, now: str, new: str, description: str = "Dedicated Internet 1 Gbit/s", **more: Any) -> PricedLine:
    return PricedLine(
        line_id=f"SO-12-{number}", order_id="SO-12", product="dia", description=description, site=more.pop("site", "Chicago, 200 Lake St"),
        circuit_id=f"CHI-DAL-{number:02d}", quantity=1, now=usd(now), new=usd(new), **more,
    )  # fmt: skip


LINES = (
    line(1, "9450.00", "8565.48"),
    line(2, "6200.00", "5619.68", "Ethernet private line 500 Mbit/s", site="Dallas, 1950 Stemmons Fwy"),
    line(3, "2800.00", "2537.92", "Managed router, 4-hour exchange"),
)


def terms(**changes: Any) -> Terms:
    facts: dict[str, Any] = {
        "contract_id": "ENT-3391", "account_id": "A-1", "account_name": "Northwind Logistics",
        "supplier": Party(name="Lakeshore Networks, Inc.", address=("40 W Adams St", "Chicago, IL 60603"), country="US"),
        "customer": Party(name="Northwind Logistics, LLC", address=("200 Lake St", "Chicago, IL 60601"), country="US"),
        "draft_number": 2, "term_months": 36, "start": date(2027, 4, 8), "end": date(2030, 4, 7), "currency": "USD",
        "lines": LINES, "current": usd("18450.00"), "uplift_pct": Decimal("3.00"),
        "uplift": UpliftRule(kind=UpliftKind.UP_TO, percent=Decimal("3.00"), ref=ClauseRef(document="MSA", clause="4.2")),
        "uplifted": usd("19003.50"), "discount_pct": Decimal("12.00"), "effective_discount_pct": Decimal(12), "free_months": 0,
        "monthly": usd("16723.08"), "total": usd("602030.88"), "given": usd("82095.12"), "floor": usd("16200.00"), "floor_kept": True,
        "max_discount_pct": Decimal("14.75"), "change_pct": Decimal("-9.36"), "arr_effect": usd("-20723.04"),
        "change_orders": (
            ChangeOrder(order_id="CO-118", service_order="SO-12", description="Second path to Dallas", monthly_change=usd("480.00"),
                        effective_on=date(2026, 3, 1)),
            ChangeOrder(order_id="CO-131", service_order="SO-12", description="Router exchange within 4 hours", monthly_change=usd("250.00"),
                        effective_on=date(2026, 6, 15)),
        ),
        "credit": CreditHandling.FIRST_INVOICE, "credit_amount": usd("1435.00"), "options": Options(exit_after_month=24, true_up=True),
        "signer": Contact(contact_id="C-1", name="Priya Nair", email="priya.nair@northwind.example", title="COO", may_sign=True),
        "billing_contact": "Ana Duarte", "note": "", "decide_by": datetime(2027, 2, 5, 23, 0, tzinfo=UTC), "zone": "America/Chicago",
        "safe_on": date(2027, 2, 5), "renews_on": date(2027, 4, 8), "renews_to": date(2028, 4, 7), "next_notice_on": date(2030, 2, 6),
        "price_book_version": "2026-11", "cpi_label": None, "service": None,
        "notice_ref": ClauseRef(document="MSA", clause="14.1", page=7),
    }  # fmt: skip
    return Terms.model_validate(facts | changes)


def signers(customer: str = "Priya Nair") -> tuple[SignerPlan, ...]:
    return (
        SignerPlan(role="customer", name=customer, email="priya.nair@northwind.example", title="COO", order=1,
                   anchor="/sign-customer-1/", date_anchor="/date-customer-1/"),
        SignerPlan(role="supplier", name="Dana Whitfield", email="dana.whitfield@operator.example", title="VP Sales", order=2,
                   anchor="/sign-supplier-1/", date_anchor="/date-supplier-1/"),
    )  # fmt: skip
