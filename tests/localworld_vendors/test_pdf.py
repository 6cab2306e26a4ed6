"""PDF work of the signing service on a typeset document, as the product makes them."""

import pytest
import typst

from contractops.operator.localworld import vendor_pdf

SOURCE = b"""
= Amendment 3
Monthly price: *USD 16,723.08* for 36 months from 1 March 2027.
#table(columns: 2, [Circuit], [USD 1,000.00], [Term], [12])
#pagebreak()
Signature: /sig1/ #h(4em) Date: /date1/
"""


@pytest.fixture(scope="module")
def typeset(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("typst") / "amendment.typ"
    path.write_bytes(SOURCE)
    return bytes(typst.compile(str(path)))


def test_one_figure_is_altered_and_nothing_else(typeset: bytes) -> None:
    """With subset fonts too, exactly one character of the whole text differs, and it is a digit of money."""
    before, after = vendor_pdf.page_texts(typeset), vendor_pdf.page_texts(vendor_pdf.alter_one_figure(typeset))
    assert after == [before[0].replace("16,723.08", "26,723.08"), before[1]]
    assert after != before


def test_joined_pages_keep_their_text(typeset: bytes) -> None:
    """The certificate comes after the pages as they were sent; long text runs on to a second page."""
    joined = vendor_pdf.page_texts(vendor_pdf.join([typeset, vendor_pdf.text_pdf([f"line (no) {n} \\ ü" for n in range(50)])]))
    assert joined[:2] == vendor_pdf.page_texts(typeset)
    assert [line for page in joined[2:] for line in page.split("\r\n")] == [f"line (no) {n} \\ ü" for n in range(50)]


def test_what_is_no_pdf_and_what_has_no_figure() -> None:
    """Both are said, each by its own error."""
    with pytest.raises(vendor_pdf.NotAPdfError):
        vendor_pdf.page_texts(b"not a pdf")
    with pytest.raises(ValueError, match="no figure"):
        vendor_pdf.alter_one_figure(vendor_pdf.text_pdf(["words only"]))
