"""The signed document against the approved one: what a signing service adds is allowed, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contractops.operator.documents.extract import Limits, page_texts
from contractops.operator.documents.read import Difference, compare, normal, text_differences
from contractops.operator.documents.write import render
from contractops.operator.localworld.vendor_pdf import alter_one_figure, join, text_pdf
from contractops.tools.errors import InputError
from contractops.tools.ports import EnvelopeState, RecipientState
from tests.documents.examples import line, signers, terms, usd

ENVELOPE = "0c2f7a52-6d8e-4c57-9f0b-1f5f6a1f0b11"
CERTIFICATE = text_pdf(("Certificate of Completion", f"Envelope Id: {ENVELOPE}", "Signed by: Priya Nair"))
NOW = datetime(2026, 12, 14, 21, 20, tzinfo=UTC)
STAMP = f"Docusign Envelope ID: {ENVELOPE.upper()}"
APPROVED = (
    "1 Summary Price a month USD 16,723.08 Discount of 12.00 % Term 36 months",
    "8 Signatures For Northwind Signature /sign-customer-1/ Name Priya Nair Date /date-customer-1/ page 2 of 2",
)


def recipient(name: str, email: str, status: str = "completed") -> RecipientState:
    return RecipientState(name=name, email=email, status=status, at=NOW)


def state(*people: RecipientState, status: str = "completed") -> EnvelopeState:
    signed = people or tuple(recipient(each.name, each.email) for each in signers())
    return EnvelopeState(envelope_id=ENVELOPE, status=status, changed_at=NOW, recipients=signed)


@pytest.fixture(scope="module")
def approved() -> bytes:
    return render(terms(), signers())


def found(first: str, second: str, *more: str) -> list[tuple[int, str, str]]:
    """Differences of two pages of text, as (page, approved, signed)."""
    return [(each.page, each.approved, each.signed) for each in text_differences(APPROVED, (first, second, *more), signers(), ENVELOPE)]


def test_the_approved_document_with_its_certificate_matches(approved: bytes) -> None:
    """What was sent, signed by the planned people, with the certificate behind it: no difference."""
    assert compare(approved, join([approved, CERTIFICATE]), signers(), state()).matches


def test_without_certificate_the_document_alone_matches(approved: bytes) -> None:
    """An account may leave the certificate out of the combined document."""
    assert compare(approved, approved, signers(), state()).matches


def test_one_figure_altered_is_shown_with_its_page(approved: bytes) -> None:
    """The signing service hands out another figure: the difference names both."""
    result = compare(approved, alter_one_figure(approved), signers(), state())
    assert not result.matches
    assert all(each.page >= 1 and each.approved != each.signed for each in result.differences)


@pytest.mark.parametrize("cents", ["16723.09", "16732.08"])
def test_a_document_with_other_terms_is_told_apart(approved: bytes, cents: str) -> None:
    """One cent, or two swapped digits: the amounts are shown with their currency."""
    other = render(terms(monthly=usd(cents)), signers())
    shown = [(each.approved, each.signed) for each in compare(approved, other, signers(), state()).differences]
    assert ("USD 16,723.08", f"USD {float(cents):,.2f}") in shown


def test_the_difference_is_minimal_and_has_its_unit() -> None:
    """12.00 % -> 15.00 %, 36 months -> 60 months: those words and no others."""
    assert found(APPROVED[0].replace("12.00", "15.00"), APPROVED[1]) == [(1, "12.00 %", "15.00 %")]
    assert found(APPROVED[0].replace("36", "60"), APPROVED[1]) == [(1, "36 months", "60 months")]


def test_stamps_marks_names_and_dates_on_the_signature_page_are_allowed() -> None:
    """What a signing service writes when somebody signs, and its stamp on every page."""
    signed = APPROVED[1].replace("/sign-customer-1/", "/sign-customer-1/ DocuSigned by: Priya Nair 5A3B19C0D2E44F1...")
    signed = signed.replace("/date-customer-1/", "/date-customer-1/ 12/14/2026 | 3:20 PM CST").replace(" | ", " ")
    assert found(f"{STAMP} {APPROVED[0]}", f"{STAMP} {signed}") == []


@pytest.mark.parametrize(
    "added",
    [
        "Customer may leave at any time.",
        "void",
        "not",
        "USD 1.00",
        "0 %",
        "24 months",
        "free",
        "12/14/2026 or later",
        "Priya Nair may leave",
    ],
)
def test_any_other_addition_to_a_signature_page_is_a_difference(added: str) -> None:
    """A sentence, a short word, an amount: the signature page allows marks, not terms."""
    changed = APPROVED[1].replace("/sign-customer-1/", f"/sign-customer-1/ {added}")
    assert [each[0] for each in found(APPROVED[0], changed)] == [2]


@pytest.mark.parametrize("added", ["12/14/2026", "Priya Nair", "DocuSigned by:", "3:20 PM"])
def test_a_page_without_a_signature_place_allows_no_mark(added: str) -> None:
    """A date beside a price is a new term, not a mark."""
    assert len(found(f"{APPROVED[0]} {added}", APPROVED[1])) == 1


def test_missing_words_missing_pages_and_moved_pages_are_differences() -> None:
    """Less is as different as more."""
    assert found(APPROVED[0].replace("Discount of 12.00 % ", ""), APPROVED[1]) != []
    assert text_differences(APPROVED, (APPROVED[0],), signers(), ENVELOPE) != []
    assert found(APPROVED[1], APPROVED[0]) != []


def test_a_foreign_page_at_the_end_is_a_difference() -> None:
    """Only this envelope's certificate may follow."""
    other = "Certificate of Completion Envelope Id: 11111111-2222-3333-4444-555555555555"
    assert found(*APPROVED, "Annex: the price is USD 1.00") == [(3, "", "Annex: the price is USD 1.00")]
    assert [each[0] for each in found(*APPROVED, other)] == [3]
    assert found(*APPROVED, f"Certificate Of Completion Envelope Id: {ENVELOPE.upper()}", "Record tracking") == []


def test_a_page_stuffed_with_words_is_a_difference_at_once() -> None:
    """A hostile page costs no minutes of comparing."""
    assert found(f"{APPROVED[0]} " + "a b " * 20_000, APPROVED[1]) == [(1, "14 words", "40,014 words, not compared one by one")]


def test_invisible_and_disguised_characters_do_not_hide_a_difference() -> None:
    """Soft hyphens and widths are no difference; a look-alike letter is one."""
    assert normal("Dis\u00adcount \u200b12.00\u00a0%") == "Discount 12.00 %"
    assert found(APPROVED[0].replace("Summary", "S\u00adummary"), APPROVED[1]) == []
    assert len(found(APPROVED[0].replace("Price", "Pri\u0441e"), APPROVED[1])) == 1


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ((recipient("Priya Nair", "priya.nair@northwind.example"),), "one of two"),
        (
            (
                recipient("Priya Nair", "priya.nair@northwind.example"),
                recipient("Dana Whitfield", "dana.whitfield@operator.example", "delivered"),
            ),
            "not completed",
        ),
        (
            (recipient("Alex Stranger", "priya.nair@northwind.example"), recipient("Dana Whitfield", "dana.whitfield@operator.example")),
            "name",
        ),
        ((recipient("Priya Nair", "alex@elsewhere.example"), recipient("Dana Whitfield", "dana.whitfield@operator.example")), "address"),
        (
            (
                recipient("Priya Nair", "priya.nair@northwind.example"),
                recipient("Dana Whitfield", "dana.whitfield@operator.example"),
                recipient("Alex Stranger", "alex@elsewhere.example"),
            ),
            "one too many",
        ),
    ],
)
def test_other_signers_than_planned_are_differences(approved: bytes, people: tuple[RecipientState, ...], why: str) -> None:
    """Missing, unfinished, renamed, from another address, or additional: not executed."""
    result = compare(approved, approved, signers(), state(*people))
    assert not result.matches, why
    assert {each.page for each in result.differences} == {0}


def test_an_e_mail_is_compared_without_case(approved: bytes) -> None:
    """Priya.Nair@Northwind.example is the same mailbox."""
    people = tuple(recipient(each.name.upper(), each.email.upper()) for each in signers())
    assert compare(approved, approved, signers(), state(*people)).matches


@pytest.mark.parametrize("status", ["voided", "declined", "delivered"])
def test_an_envelope_that_is_not_completed_is_a_difference(approved: bytes, status: str) -> None:
    """Voided after the last signature, or not finished: not executed."""
    differences = compare(approved, approved, signers(), state(status=status)).differences
    assert Difference(page=0, approved="envelope completed", signed=f"envelope {status}") in differences


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 garbage", b"<html>", b"%PDF-1.7\n" + b"\x00" * 10_000])
def test_what_is_no_pdf_is_an_input_error(content: bytes) -> None:
    """Damage ends in a clear error, never in an empty text that would compare."""
    with pytest.raises(InputError):
        page_texts(content)


def test_size_pages_and_time_are_limited(approved: bytes) -> None:
    """Each limit has its own refusal."""
    many: dict[str, Any] = {"CO-DOC-010": Limits(size=10), "CO-DOC-012": Limits(pages=1)}
    for code, limits in many.items():
        with pytest.raises(InputError) as refused:
            page_texts(render(terms(lines=tuple(line(n, "1.00", "1.00") for n in range(50))), signers()), limits)
        assert refused.value.code == code


def test_a_document_that_eats_memory_ends_its_reader_and_not_us(approved: bytes) -> None:
    """With too little memory the child dies; we get an error."""
    with pytest.raises(InputError):
        page_texts(approved, Limits(memory=30_000_000))
