"""What a notice of non-renewal says: a notice as the data of its template. Pure.

Rule 1: the words are the approved form and stand in the template's data only here; every name and date is one of the notice's facts.
Rule 2: no date of writing: the signature dates it.
"""

from __future__ import annotations

from typing import Any

from contractops.operator.documents.order_form import LETTER_COUNTRIES, Brand
from contractops.operator.wording import day
from contractops.tools.notice import Notice
from contractops.tools.signature import SignerPlan


def notice_data(notice: Notice, signer: SignerPlan, brand: Brand) -> dict[str, Any]:
    """The template's data: JSON values only."""
    under = f" under clause {notice.clause.clause}" if notice.clause and notice.clause.clause else ""
    return {
        "paper": "us-letter" if notice.customer.country in LETTER_COUNTRIES else "a4",
        "accent": brand.accent,
        "logo": brand.logo_svg,
        "title": "Notice of non-renewal",
        "footer": f"{notice.account_name}, {notice.contract_id}, notice of non-renewal",
        "contract": notice.contract_id,
        "account": notice.account_name,
        "supplier": {"name": notice.supplier.name, "address": list(notice.supplier.address)},
        "customer": {"name": notice.customer.name, "address": [notice.address] if notice.address else list(notice.customer.address)},
        "paragraphs": [
            f"{notice.supplier.name} gives notice{under} that agreement {notice.contract_id} will not be renewed.",
            f"The agreement ends at the end of its present term, on {day(notice.ends_on)}.",
            "Rights and duties that by their nature go on after the end of the agreement are not affected.",
        ],
        "signer": {
            "for": notice.supplier.name,
            "name": signer.name,
            "title": signer.title,
            "anchor": signer.anchor,
            "date_anchor": signer.date_anchor,
        },
    }
