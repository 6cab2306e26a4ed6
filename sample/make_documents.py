# noqa: INP001
"""Makes the contract documents of the sample portfolio: ``python sample/make_documents.py [FOLDER]``, by default ``sample/portfolio/documents``.

Rule 1: the same script gives the same bytes: no date, no random id, only the fonts inside typst, zip entries with a fixed date.
Rule 2: in a PDF each article begins a new page, after a title page and a page of contents: article n stands on page n + 2.
Rule 3: a DOCX has no fixed pages; its clauses are named by number alone.
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import docx
import typst
from agreement_text import SUPPLIER, Deal, articles

FIXED = datetime(2026, 1, 1)  # noqa: DTZ001 (python-docx takes naive UTC)

UP_TO_THREE = "At each renewal Supplier may raise the monthly prices by at most three per cent (3.00 %)."
BUSINESS_ADDRESS = "Prairie Carrier Networks, Inc., 1 Canal Plaza, Chicago, Illinois 60606"

NORTHWIND = Deal(
    contract_id="ENT-3391",
    customer="Northwind Logistics",
    address="200 Lake St, Chicago, Illinois 60601",
    signed="20 March 2026",
    start="8 April 2026",
    term="This Agreement runs for the term of Order SO-7 and takes effect on 8 April 2026.",
    renewal_and_notice="At the end of each term this Agreement renews for twelve (12) months at the prices then paid, unless a party gives the "
    "other notice of non-renewal not less than sixty (60) days before the end of the term.",
    receipt="A notice is given when it is received at the address on the first page, until 17:00 in Chicago; what arrives later is received on "
    "the next day. It is sent by courier, which counts as received the day after, or by registered post, which counts as received on "
    "the third Business Day after posting.",
    price_rule=UP_TO_THREE,
    law="the State of Illinois",
)
AGREEMENTS = (
    NORTHWIND,
    Deal(
        contract_id="ENT-1042",
        customer="Brightway Retail",
        address="40 Bishopsgate, London EC2N 4AJ",
        signed="16 December 2024",
        start="11 January 2025",
        term="The first term is twenty-four (24) months and begins on 11 January 2025.",
        renewal_and_notice="It then renews for successive terms of twelve (12) months, unless either party sends notice at least thirty (30) days "
        "before the end of the running term.",
        receipt="A notice is given on the day it is sent by e-mail or courier, until midnight in London.",
        price_rule="At each renewal the monthly prices rise by two and a half per cent (2.50 %).",
        law="England and Wales",
    ),
    Deal(
        contract_id="ENT-2208",
        customer="Harbor Clinics",
        address="77 Wharf Road, Milwaukee, Wisconsin 53202",
        signed="12 February 2024",
        start="5 March 2024",
        term="The first term is thirty-six (36) months and begins on 5 March 2024.",
        renewal_and_notice="It renews for successive terms of twelve (12) months, unless notice is received no later than ninety (90) days before "
        "the last day of the term.",
        receipt="A notice is given when it is received at the address on the first page, until 17:00 in Chicago.",
        price_rule="Prices stay as they are at renewal.",
        law="the State of Wisconsin",
    ),
    Deal(
        contract_id="ENT-4410",
        customer="Copperleaf Media",
        address="9 Foundry Row, Denver, Colorado 80202",
        signed="20 February 2023",
        start="1 March 2023",
        term="The first term is thirty-six (36) months and begins on 1 March 2023.",
        renewal_and_notice="It renews for successive terms of twelve (12) months, unless notice is received sixty (60) days before the end of the term.",
        receipt="A notice is given when it is received at the address on the first page.",
        price_rule="Prices stay as they are at renewal.",
        law="the State of Colorado",
    ),
)
WORD_AGREEMENTS = (
    Deal(
        contract_id="ENT-2917",
        customer="Alpen Bank",
        address="Kohlmarkt 8, 1010 Wien",
        signed="18 March 2024",
        start="8 April 2024",
        term="The first term is thirty-six (36) months and begins on 8 April 2024.",
        renewal_and_notice="It renews for successive terms of twelve (12) months, unless notice is received three (3) months before the end of the term.",
        receipt="A notice is given when it is received at the address on the first page, until 17:00 in Vienna.",
        price_rule=UP_TO_THREE,
        law="Austria",
    ),
    Deal(
        contract_id="ENT-2755",
        customer="Kestrel Insurance",
        address="55 Water Street, New York, New York 10041",
        signed="30 June 2025",
        start="27 July 2025",
        term="The first term is twenty-four (24) months and begins on 27 July 2025.",
        renewal_and_notice="It renews for successive terms of twelve (12) months, unless notice is received at least fifteen (15) Business Days "
        "before the last day of the term.",
        receipt="A notice is given upon receipt, until 17:00 in New York; what arrives on a day that is no Business Day is received on the next one.",
        price_rule="Prices stay as they are at renewal.",
        law="the State of New York",
    ),
)
ORDER_PAGES = (
    ("Order SO-7", ("Order form under the Master Services Agreement ENT-3391", f"between {SUPPLIER} and Northwind Logistics")),
    (
        "1 Services",
        (
            "1.1 Ethernet Line 10G, Chicago, 200 Lake St to Dallas, 1800 Young St, circuit CHI-DAL-02, USD 4,100.00 a month.",
            "1.2 The service level and the credits are those of article 8 of the Agreement.",
        ),
    ),
    (
        "2 Term",
        (
            "2.1 The term of this Order is twelve (12) months from acceptance. Acceptance was confirmed on 8 April 2026.",
            "2.2 Renewal and notice are those of clause 9.2 of the Agreement.",
        ),
    ),
)
BEACON_AMENDMENT_PAGES = (
    (
        "Amendment 1",
        (
            "to the Master Services Agreement ENT-3105",
            f"between {SUPPLIER} and Beacon University",
            "1 In clause 9.2 the words sixty (60) days are replaced by ninety (90) days.",
            "2 This amendment takes effect on 1 May 2026. All else stays as it is.",
            "Signed on 14 April 2026.",
        ),
    ),
)
COPPERLEAF_AMENDMENT = (
    "Amendment 1 to the Master Services Agreement ENT-4410",
    f"between {SUPPLIER} and Copperleaf Media",
    "1 The term is replaced by a new term of twelve (12) months, which begins with the first invoice under this amendment.",
    "2 Renewal and notice stay as they are.",
    "Signed on 3 March 2026.",
)

PAGE_STYLE = """#set document(title: "{title}", date: none)
#set page(paper: "{paper}", margin: 25mm, footer: context [#text(size: 9pt)[{title}, page #counter(page).display()]])
#set text(font: "Libertinus Serif", size: 11pt, hyphenate: false, ligatures: false)
#set par(justify: false, leading: 0.8em, spacing: 1.4em)
"""


def _escaped(words: str) -> str:
    """Typst markup that shows ``words`` and nothing else."""
    return f"#{_string(words)}"


def _string(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pdf(title: str, pages: list[tuple[str, tuple[str, ...]]], paper: str) -> bytes:
    """A PDF of pages (heading, paragraphs)."""
    parts = [PAGE_STYLE.format(title=title, paper=paper)]
    for number, (heading, paragraphs) in enumerate(pages):
        parts.append("#pagebreak()\n" if number else "")
        parts.append(f"#heading(level: 1, outlined: false)[{_escaped(heading)}]\n\n")
        parts.extend(f"{_escaped(paragraph)}\n\n" for paragraph in paragraphs)
    return typst.compile("".join(parts).encode(), ignore_system_fonts=True, timestamp=0)


def agreement_pages(deal: Deal) -> list[tuple[str, tuple[str, ...]]]:
    """Title page, contents, and one page an article."""
    made = articles(deal)
    title = (
        f"number {deal.contract_id}, signed on {deal.signed}, effective {deal.start}",
        f"between {BUSINESS_ADDRESS} (Supplier)",
        f"and {deal.customer}, {deal.address} (Customer)",
    )
    contents = tuple(f"Article {number}  {heading}" for number, (heading, _) in enumerate(made, start=1))
    return [("Master Services Agreement", title), ("Contents", contents), *_numbered(made)]


def _numbered(made: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (f"{number} {heading}", tuple(f"{number}.{part} {clause}" for part, clause in enumerate(clauses, start=1)))
        for number, (heading, clauses) in enumerate(made, start=1)
    ]


def word(title: str, sections: list[tuple[str, tuple[str, ...]]]) -> bytes:
    """A DOCX of sections (heading, paragraphs)."""
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author, properties.created, properties.modified = title, SUPPLIER, FIXED, FIXED
    for heading, paragraphs in sections:
        document.add_heading(heading, level=1)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
    made = io.BytesIO()
    document.save(made)
    return _with_fixed_dates(made)


def _with_fixed_dates(archive: io.BytesIO) -> bytes:
    fixed = io.BytesIO()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, FIXED.timetuple()[:6]), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def documents() -> dict[str, bytes]:
    """Every document of the sample by file name."""
    made = {}
    for deal in AGREEMENTS:
        paper = "a4" if deal.law == "England and Wales" else "us-letter"
        made[f"{deal.contract_id}-msa.pdf"] = pdf(f"Agreement {deal.contract_id}", agreement_pages(deal), paper)
    for deal in WORD_AGREEMENTS:
        made[f"{deal.contract_id}-msa.docx"] = word(f"Agreement {deal.contract_id}", agreement_pages(deal))
    made["ENT-3391-order-SO-7.pdf"] = pdf("Order SO-7", list(ORDER_PAGES), "us-letter")
    made["ENT-3105-A1-amendment.pdf"] = pdf("Amendment 1 to ENT-3105", list(BEACON_AMENDMENT_PAGES), "us-letter")
    made["ENT-4410-A1-amendment.docx"] = word("Amendment 1 to ENT-4410", [(COPPERLEAF_AMENDMENT[0], COPPERLEAF_AMENDMENT[1:])])
    return made


def main(folder: Path) -> None:
    """Write every document into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "portfolio" / "documents")
