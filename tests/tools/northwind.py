"""The worked example: Northwind Logistics, contract ENT-3391, on Mon 7 Dec 2026, 09:00 in Chicago."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from contractops.tools.crm import CrmRecord
from contractops.tools.facts import ContractFacts, DeliveryMethod, NoticeBasis, RenewalKind, StartEvent
from contractops.tools.notice_window import notice_window
from contractops.tools.people import Contact, Person, WorkingTime
from contractops.tools.pricing import ChangeOrder, OrderLine, PriceBookEntry, UpliftKind, UpliftRule
from contractops.tools.signature import AuthorityMatrix, RoleLimit
from contractops.tools.sla import CreditTier, Month, Outage, SlaCommitment, sla_months
from contractops.tools.sla_credit import month_credit, summarise
from contractops.tools.terms import Options, Party, Terms, TermsChoices, TermsSource, assemble
from contractops.tools.values import ClauseRef, Money, Period, Unit

NOW = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
CHICAGO = WorkingTime(zone="America/Chicago", holiday_calendar="US-IL")


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def msa(clause: str, page: int | None = None) -> ClauseRef:
    return ClauseRef(document="MSA", clause=clause, page=page)


def days(length: int) -> Period:
    return Period(length=length, unit=Unit.DAYS)


def business_days(length: int) -> Period:
    return Period(length=length, unit=Unit.BUSINESS_DAYS)


def months(length: int) -> Period:
    return Period(length=length, unit=Unit.MONTHS)


def facts(**changes: Any) -> ContractFacts:
    stated: dict[str, Any] = {
        "unit_id": "ENT-3391",
        "contract_id": "ENT-3391",
        "zone": "America/Chicago",
        "holiday_calendar": "US-IL",
        "start": date(2026, 4, 8),
        "start_event": StartEvent.ACCEPTANCE,
        "initial_term": months(12),
        "renewal": RenewalKind.SUCCESSIVE,
        "renewal_term": months(12),
        "notice": days(60),
        "basis": NoticeBasis.RECEIPT,
        "cutoff": time(17, 0),
        "methods": (DeliveryMethod(name="registered post", transit=business_days(3)), DeliveryMethod(name="e-mail")),
        "term_ref": ClauseRef(document="SO-7", page=3, quote="twelve (12) months from acceptance"),
        "renewal_ref": msa("9.1", 11),
        "notice_ref": msa("9.2", 11),
        "receipt_ref": msa("14.1", 15),
    }
    return ContractFacts.model_validate(stated | changes)


LINES = (
    OrderLine(
        line_id="SO-7-1",
        order_id="SO-7",
        product="Dedicated Internet",
        description="Chicago 500 Mbps",
        region="US",
        monthly=usd("9820.00"),
        circuit_id="CHI-DAL-01",
    ),
    OrderLine(
        line_id="SO-8-1",
        order_id="SO-8",
        product="Ethernet Private Line",
        description="Chicago to Dallas",
        region="US",
        monthly=usd("7900.00"),
        circuit_id="CHI-DAL-02",
    ),
)
CHANGE_ORDERS = (
    ChangeOrder(
        order_id="CO-118",
        service_order="SO-7",
        description="Chicago to 1 Gbps",
        monthly_change=usd("1150.00"),
        effective_on=date(2026, 6, 1),
    ),
    ChangeOrder(
        order_id="CO-131",
        service_order="SO-8",
        description="Second router returned",
        monthly_change=usd("-420.00"),
        effective_on=date(2026, 8, 15),
    ),
)
UPLIFT = UpliftRule(kind=UpliftKind.UP_TO, percent=Decimal("3.00"), ref=msa("4.2"))
PRICE_BOOK = tuple(
    PriceBookEntry(
        product=product,
        region="US",
        term_months=term,
        list_price=usd("12000.00"),
        floor=usd(floor),
        term_discount_pct=Decimal(discount),
        version="2026-11",
    )
    for product, floor in (("Dedicated Internet", "9600.00"), ("Ethernet Private Line", "6600.00"))
    for term, discount in ((12, 0), (24, 6), (36, 12))
)
PRIYA = Contact(contact_id="C-1", name="Priya Nair", email="priya.nair@northwind.example", title="COO", may_sign=True)
ANA = Contact(contact_id="C-2", name="Ana Duarte", email="ana.duarte@northwind.example", title="Billing", may_sign=False)


def person(person_id: str, name: str, role: str, **changes: Any) -> Person:
    email = f"{person_id}@provider.example"
    return Person(person_id=person_id, name=name, email=email, title=role, role=role, working_time=CHICAGO, **changes)


MARIA = person("maria", "Maria Ortiz", "account_owner", manager_id="sam")
SAM = person("sam", "Sam Okafor", "manager")
DANA = person("dana", "Dana Whitfield", "vp_sales")
STAFF = (MARIA, SAM, DANA)
MATRIX = AuthorityMatrix(
    levels=(
        RoleLimit(role="account_owner", max_term_months=24, max_discount_pct=Decimal("10.00"), max_total={"USD": Decimal("1000000.00")}),
        RoleLimit(role="vp_sales", max_term_months=60, max_discount_pct=Decimal("20.00"), may_sign=True),
        RoleLimit(role="ceo", may_sign=True),
    )
)

TIERS = tuple(
    CreditTier(from_minutes=Decimal(low), to_minutes=None if high is None else Decimal(high), percent=Decimal(percent))
    for low, high, percent in ((5, 60, 5), (60, 180, 15), (180, 360, 35), (360, None, 50))
)


def commitment(service_id: str, monthly: str, **changes: Any) -> SlaCommitment:
    stated: dict[str, Any] = {
        "service_id": service_id,
        "contract_id": "ENT-3391",
        "zone": "America/Chicago",
        "target_pct": Decimal("99.95"),
        "fixed_minutes": 43200,
        "monthly_price": usd(monthly),
        "tiers": TIERS,
        "cap_pct": Decimal(100),
        "claim_days": 30,
        "target_ref": ClauseRef(document="SLA", clause="3"),
    }
    return SlaCommitment.model_validate(stated | changes)


DALLAS = commitment("CHI-DAL-02", "4100.00")
MILWAUKEE = commitment("CHI-MKE-01", "3200.00")
OUTAGES = (
    Outage(
        ticket_id="TT-90017",
        service_id="CHI-DAL-02",
        start=datetime(2026, 11, 10, 9, 2, tzinfo=UTC),
        end=datetime(2026, 11, 10, 12, 9, tzinfo=UTC),
    ),
    Outage(
        ticket_id="TT-88120",
        service_id="CHI-MKE-01",
        start=datetime(2026, 9, 16, 20, 0, tzinfo=UTC),
        end=datetime(2026, 9, 16, 20, 52, tzinfo=UTC),
    ),
)
APRIL = Month(year=2026, month=4)


def service() -> Any:
    measured = [month for one in (DALLAS, MILWAUKEE) for month in sla_months(one, APRIL, OUTAGES, (), NOW)]
    by_id = {one.service_id: one for one in (DALLAS, MILWAUKEE)}
    credits_found = [month_credit(by_id[one.service_id], one, None, NOW).credit for one in measured]
    return summarise("ENT-3391", measured, [one for one in credits_found if one is not None])


def source(**changes: Any) -> TermsSource:
    stated: dict[str, Any] = {
        "contract_id": "ENT-3391",
        "account_id": "A-1",
        "account_name": "Northwind Logistics",
        "supplier": Party(name="Lakeside Fiber"),
        "customer": Party(name="Northwind Logistics, LLC"),
        "facts": facts(),
        "window": notice_window(facts(), NOW),
        "lines": LINES,
        "change_orders": CHANGE_ORDERS,
        "price_book": PRICE_BOOK,
        "uplift": UPLIFT,
        "service": service(),
        "contacts": (PRIYA, ANA),
        "billing_contact": "Ana Duarte",
    }
    return TermsSource.model_validate(stated | changes)


DRAFT_2 = TermsChoices(
    term_months=36,
    uplift_pct=Decimal("3.00"),
    discount_pct=Decimal("12.00"),
    change_orders=("CO-118", "CO-131"),
    options=Options(exit_after_month=24),
    signer_contact_id="C-1",
)


def terms(choices: TermsChoices = DRAFT_2, number: int = 2, **changes: Any) -> Terms:
    made = assemble(source(**changes), choices, number).terms
    assert made is not None
    return made


def crm_record(**changes: Any) -> CrmRecord:
    stated: dict[str, Any] = {
        "contract_id": "ENT-3391",
        "fields": {
            "monthly_price": "17720.00",
            "currency": "USD",
            "term_start": "2026-04-08",
            "term_end": "2027-04-07",
            "billing_contact": "Tom Reyes",
        },
        "change_orders": (),
        "modified_at": datetime(2026, 11, 2, tzinfo=UTC),
    }
    return CrmRecord.model_validate(stated | changes)
