"""The sample portfolio is what its README says, and its documents hold the words its clauses quote."""

from __future__ import annotations

import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import docx
import pypdfium2
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, create_engine

from contractops.operator.store import portfolio
from contractops.tools.coverage import coverage, totals
from contractops.tools.notice_window import notice_window
from contractops.tools.pricing import PriceRequest, price_renewal
from contractops.tools.sla import Month, sla_month
from contractops.tools.sla_credit import month_credit
from tests.importing.support import NOW, SAMPLE, read_csv, run


@pytest.fixture(scope="module")
def loaded():
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    report = run(SAMPLE, engine)
    yield engine, report
    engine.dispose()


@pytest.fixture
def session(loaded):
    with Session(loaded[0]) as opened:
        yield opened


def test_the_import_reads_what_the_readme_promises(loaded):
    report = loaded[1]
    assert (report.imported("accounts"), report.imported("tickets"), report.imported("documents")) == (14, 412, 9)
    assert [(each.code, each.place) for each in report.problems] == [
        ("CO-IMP-019", "contacts.csv line 7, column email"),
        ("CO-IMP-036", "tickets.csv line 302, column restored_at"),
    ]
    assert {Path(each.file).suffix for each in report.files} == {".csv", ".xlsx", ".json", ""}


def test_coverage_adds_up_to_the_portfolio(session):
    found = {
        each.contract_id: [coverage(notice_window(unit, NOW), None, NOW) for unit in each.units]
        for each in portfolio.iter_contract_facts(session, NOW)
    }
    assert all(len(each) == 1 for each in found.values())
    sums = totals(each[0] for each in found.values())
    assert (sums.safe, sums.due, sums.missed, sums.unknown, sums.total) == (24, 3, 1, 3, 31)
    state = {contract: each[0].state.value for contract, each in found.items()}
    assert [contract for contract in state if state[contract] == "due"] == ["ENT-1042", "ENT-2917", "ENT-3391"]
    assert [contract for contract in state if state[contract] == "missed"] == ["ENT-2208"]
    assert [contract for contract in state if state[contract] == "unknown"] == ["ENT-4410", "ENT-5120", "ENT-5307"]


@pytest.mark.parametrize(
    ("contract", "decide_by"),
    [
        ("ENT-3391", "2027-02-05T17:00:00-06:00"),
        ("ENT-1042", "2026-12-11T23:59:00+00:00"),
        ("ENT-2917", "2027-01-07T17:00:00+01:00"),
        ("ENT-2208", "2026-12-04T17:00:00-06:00"),
        ("ENT-2290", "2027-03-01T17:00:00-06:00"),
        ("ENT-2755", "2027-07-02T17:00:00-04:00"),  # 15 business days back would be Mon 5 Jul, a holiday in New York
        ("ENT-3105", "2027-04-01T17:00:00-05:00"),  # 90 days by the amendment; 60 would be 1 May
        ("ENT-2644", "2028-09-29T17:00:00-05:00"),  # the order's own end, after that of the agreement
        ("ENT-1877", "2027-06-02T17:00:00-04:00"),
    ],
)
def test_the_decide_by_moment_of_each_hard_case(session, contract: str, decide_by: str):
    window = notice_window(portfolio.contract_bundle(session, contract, NOW).facts, NOW)
    assert window.decide_by.isoformat() == decide_by


def test_the_term_that_was_renewed_three_times(session):
    assert notice_window(portfolio.contract_bundle(session, "ENT-1877", NOW).facts, NOW).term_number == 4


def test_an_order_that_outlives_its_agreement_is_told(session):
    findings = portfolio.contract_bundle(session, "ENT-2644", NOW).entry.findings
    assert [each.code for each in findings] == ["facts.order_outlives_agreement"]


def test_the_story_of_northwind(session):
    bundle = portfolio.contract_bundle(session, "ENT-3391", NOW)
    assert (bundle.monthly.amount, bundle.monthly.currency) == (Decimal("18450.00"), "USD")
    assert bundle.crm.fields["monthly_price"] == "17720.00"
    assert [(each.order_id, each.monthly_change.amount, each.in_crm) for each in bundle.change_orders] == [
        ("CO-118", Decimal("1150.00"), False),
        ("CO-131", Decimal("-420.00"), False),
    ]
    assert [each.name for each in bundle.contacts if each.may_sign] == [
        "Priya Nair",
        "Mark Ellis",
    ]  # whose right was verified last comes first
    assert (bundle.billing_contact, bundle.renewals_so_far) == ("Ana Duarte", 3)


@pytest.mark.parametrize(
    ("months", "discount", "monthly", "total"),
    [(12, "0.00", "19003.50", "228042.00"), (24, "6.00", "17863.29", "428718.96"), (36, "12.00", "16723.08", "602030.88")],
)
def test_the_offers_to_northwind(session, months: int, discount: str, monthly: str, total: str):
    bundle = portfolio.contract_bundle(session, "ENT-3391", NOW)
    start = notice_window(bundle.facts, NOW).renews_on
    request = PriceRequest(term_months=months, start=start, uplift_pct=Decimal("3.00"), discount_pct=Decimal(discount))
    found = price_renewal(bundle.lines, bundle.change_orders, bundle.price_book, bundle.uplift, request)
    assert found.findings == ()
    assert (found.price.monthly.amount, found.price.total.amount) == (Decimal(monthly), Decimal(total))
    assert (found.price.floor.amount, found.price.max_discount_pct) == (Decimal("16200.00"), Decimal("14.75"))


def test_the_only_credits_of_the_year_are_those_of_the_story(session):
    found = []
    for contract in portfolio.contracts(session):
        bundle = portfolio.contract_bundle(session, contract.id, NOW)
        for promise in bundle.commitments:
            outages = [each for each in bundle.outages if each.service_id == promise.service_id]
            windows = [each for each in bundle.maintenance if each.service_id == promise.service_id]
            for month in range(1, 12):
                measured = sla_month(promise, Month(year=2026, month=month), outages, windows, NOW)
                credit = month_credit(promise, measured, None, NOW).credit if not measured.met else None
                if credit:
                    found.append(
                        (
                            contract.id,
                            str(credit.month),
                            f"{credit.amount.currency} {credit.amount.amount}",
                            credit.state.value,
                            str(credit.claim_by),
                        )
                    )
    assert found == [
        ("ENT-2917", "2026-11", "EUR 310.00", "open", "2026-12-18"),
        ("ENT-3391", "2026-11", "USD 1435.00", "open", "2026-12-30"),
        ("ENT-3391", "2026-09", "USD 160.00", "lapsed", "2026-10-30"),
    ]


def test_currencies_and_zones(session):
    entries = list(portfolio.iter_contract_facts(session, NOW))
    assert set(Counter(each.currency for each in entries)) == {"USD", "EUR", "GBP"}
    assert len({unit.zone for each in entries for unit in each.units}) >= 4
    assert any(not each.account_name.isascii() for each in entries)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _text(path: Path, page: int | None) -> str:
    if path.suffix == ".docx":
        return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    document = pypdfium2.PdfDocument(path)
    try:
        return document[page - 1].get_textpage().get_text_range()
    finally:
        document.close()


@pytest.mark.parametrize("row", read_csv(SAMPLE / "clauses.csv"), ids=lambda row: f"{row['subject_id']}-{row['topic']}")
def test_every_quote_stands_on_the_page_it_names(row):
    text = _words(_text(SAMPLE / "documents" / row["document"], int(row["page"]) if row["page"] else None))
    assert row["quote"] in text
    if row["document"].endswith(".pdf"):
        assert f"{row['clause']} " in text


def test_the_documents_are_those_the_script_makes(monkeypatch: pytest.MonkeyPatch, engine: Engine):
    monkeypatch.syspath_prepend(str(SAMPLE.parent))
    import make_documents

    made = make_documents.documents()
    monkeypatch.delitem(sys.modules, "make_documents")
    monkeypatch.delitem(sys.modules, "agreement_text")
    assert {name: content == (SAMPLE / "documents" / name).read_bytes() for name, content in made.items()} == dict.fromkeys(made, True)
    assert len(made) == 9
