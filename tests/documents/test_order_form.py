"""The order form: what it must hold, that it is the same bytes everywhere, and that no value can be a command."""

import hashlib
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest

from contractops.operator.documents.order_form import Brand
from contractops.operator.documents.write import render
from contractops.operator.wording import amount, day, money
from contractops.tools.errors import InputError
from contractops.tools.terms import CreditHandling, Options, Party, terms_hash
from tests.documents.examples import line, signers, terms, usd

OTHER_SCRIPTS = ["Ελληνικά Δίκτυα", "ООО «Северный порт»", "東京物流株式会社", "Škoda Überland Łódź Çelik"]  # noqa: RUF001 - that is the point


def pages(document: bytes) -> list[str]:
    pdf = pypdfium2.PdfDocument(document)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in pdf]
    finally:
        pdf.close()


def text(document: bytes) -> str:
    return " ".join(pages(document))


def size(document: bytes) -> tuple[int, int]:
    pdf = pypdfium2.PdfDocument(document)
    try:
        width, height = pdf[0].get_size()
        return round(width), round(height)
    finally:
        pdf.close()


def test_the_same_facts_are_the_same_bytes_in_two_processes() -> None:
    """A fresh interpreter with another hash seed and zone makes the very document whose hash was approved."""
    program = (
        "import hashlib\nfrom tests.documents.examples import signers, terms\n"
        "from contractops.operator.documents.write import render\nprint(hashlib.sha256(render(terms(), signers())).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": "/usr/bin:/bin"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Chicago"))
    }
    assert digests == {hashlib.sha256(render(terms(), signers())).hexdigest()}


def test_another_fact_is_another_document() -> None:
    """One cent more is another hash."""
    assert render(terms(), signers()) != render(terms(monthly=usd("16723.09")), signers())


def test_every_figure_date_and_name_of_the_terms_is_in_the_document() -> None:
    """Parties, term, prices of each line, totals, change orders, credit, options and the next notice date can be read in it."""
    agreed = terms()
    shown = text(render(agreed, signers()))
    wanted = [
        agreed.contract_id, agreed.supplier.name, agreed.customer.name, *agreed.customer.address, "36 months", day(agreed.start), day(agreed.end),
        money(agreed.monthly), money(agreed.total), "Wed 6 Feb 2030", "+3.00 % (clause 4.2)", "12.00 %", "-9.36 %",
        "CO-118", "CO-131", "+USD 480.00", "+USD 250.00", "USD 1,435.00", "end of month 24", "True-up", "Ana Duarte", "MSA, clause 14.1",
        "Priya Nair", "COO", "Dana Whitfield", "VP Sales",
    ]  # fmt: skip
    wanted += [figure for each in agreed.lines for figure in (amount(each.now), amount(each.new), each.description)]
    assert [each for each in wanted if each not in shown] == []


def test_the_eight_sections_stand_in_order() -> None:
    """Summary first, signatures last."""
    shown = text(render(terms(), signers()))
    titles = (
        "1 Summary", "2 Services and prices", "3 What changes against today", "4 Change orders taken in", "5 Service levels and credits",
        "6 Options", "7 Legal terms", "8 Signatures",
    )  # fmt: skip
    places = [shown.index(title) for title in titles]
    assert all(first < second for first, second in pairwise(places))


def test_each_anchor_stands_exactly_once() -> None:
    """A signing service places a signature at every place of the anchor: there must be one."""
    shown = text(render(terms(), signers()))
    for signer in signers():
        assert shown.count(signer.anchor) == 1
        assert shown.count(signer.date_anchor) == 1


def test_the_footer_names_the_draft_on_every_page() -> None:
    """Account, contract, draft, hash of the terms and "page n of m"."""
    agreed = terms(lines=tuple(line(n, "100.00", "95.00") for n in range(60)))
    found = pages(render(agreed, signers()))
    digest = terms_hash(agreed)
    for number, page in enumerate(found, start=1):
        footer = f"Northwind Logistics, ENT-3391, order form draft 2, {digest[:4]} {digest[4:8]} page {number} of {len(found)}"
        assert page.endswith(footer)


def test_a_long_table_repeats_its_head() -> None:
    """Each page with lines of services says what the columns are."""
    found = pages(render(terms(lines=tuple(line(n, "100.00", "95.00") for n in range(60))), signers()))
    with_lines = [page for page in found if "Dedicated Internet" in page]
    assert len(with_lines) >= 2
    assert all("Order Service and site Quantity Now New Change" in page for page in with_lines)


@pytest.mark.parametrize("count", range(1, 30))
def test_no_signature_page_stands_alone(count: int) -> None:
    """Whatever the length, the page with the signatures also has the last clause."""
    last = pages(render(terms(lines=tuple(line(n, "100.00", "95.00") for n in range(count))), signers()))[-1]
    assert "8 Signatures" in last
    assert "Entire form." in last


def test_paper_follows_the_customers_country() -> None:
    """Letter in the United States, A4 in Germany."""
    german = Party(name="Hafen Logistik GmbH", address=("Am Kai 1", "20457 Hamburg"), country="DE")
    assert size(render(terms(), signers())) == (612, 792)
    assert size(render(terms(customer=german), signers())) == (595, 842)


def test_the_pdf_is_tagged_and_says_its_title_and_language() -> None:
    """A screen reader finds structure, title and language."""
    document = render(terms(), signers())
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang"):
        assert mark in document
    pdf = pypdfium2.PdfDocument(document)
    assert pdf.get_metadata_dict()["Title"] == "Renewal order form: Northwind Logistics, ENT-3391"
    assert pdf.get_metadata_dict()["CreationDate"] == ""
    pdf.close()


@pytest.mark.parametrize(
    "hostile", ['#panic("x")', "$x^2$ *bold* _it_", "{{7*7}}", '"]) #read("/etc/passwd")', "\\u{1F600}", "<script>", "=1+1"]
)
def test_values_are_never_compiled(hostile: str) -> None:
    """Markup of the typesetter or of any template language stays the text that it is."""
    customer = Party(name=hostile, address=(), country="US")
    shown = text(render(terms(customer=customer, account_name=hostile), signers(hostile)))
    assert shown.count(hostile) >= 4


@pytest.mark.parametrize("name", OTHER_SCRIPTS)
def test_names_in_other_scripts_are_shown(name: str) -> None:
    """Greek, Cyrillic, Japanese and accented Latin can be read back."""
    assert name in text(render(terms(customer=Party(name=name, country="JP"), account_name=name), signers(name)))


@pytest.mark.parametrize("name", ["شركة الشحن", "ש", "Cargo \N{PACKAGE}", "null\x00byte"])
def test_a_character_without_a_glyph_is_an_error_that_names_it(name: str) -> None:
    """A contract with empty boxes is not made."""
    with pytest.raises(InputError) as failed:
        render(terms(account_name=name), signers())
    assert failed.value.code == "CO-DOC-001"
    assert "U+" in failed.value.message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"change_orders": ()}, "4 Change orders taken in None."),
        ({"options": Options()}, "6 Options None."),
        ({"credit_amount": None}, "No service credit is open."),
        ({"credit": CreditHandling.LEAVE_OPEN}, "Open service credits of USD 1,435.00 are not part of this order form and stay open."),
        ({"credit": CreditHandling.SEPARATE}, "settled by a separate credit note"),
        ({"free_months": 2}, "The first 2 months of the new term are free of charge."),
        ({"monthly": usd("18450.00")}, "The price a month stays at USD 18,450.00."),
        ({"discount_pct": Decimal(0)}, "Price adjustment of +3.00 %"),
    ],
)
def test_each_choice_is_said_in_words(changes: dict[str, Any], said: str) -> None:
    """Nothing chosen is "None.", never a gap."""
    assert said in text(render(terms(**changes), signers()))


def test_the_look_can_be_ours() -> None:
    """Accent and logo change the document; a colour that is none, or a logo that is no SVG, is refused."""
    logo = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10"><rect width="40" height="10" fill="#123456"/></svg>'
    assert render(terms(), signers(), Brand(accent="#7A1F5C", logo_svg=logo)) != render(terms(), signers())
    with pytest.raises(ValueError, match="no colour"):
        render(terms(), signers(), Brand(accent='red") #panic("'))
    with pytest.raises(InputError):
        render(terms(), signers(), Brand(logo_svg="no picture"))
