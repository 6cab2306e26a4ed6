# noqa: INP001
"""The words of the sample agreements: fifteen articles, written for this project, with the facts of each deal filled in.

Rule 1: every figure of a deal stands in ``Deal`` and reaches the text from there; the words around it are the same for all.
Rule 2: clause numbers are stable: 4.2 prices at renewal, 8.1 to 8.5 service levels, 9.1 term, 9.2 renewal and notice, 11.3 early end, 14.1 notices.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deal:
    """The facts of one agreement, as words of the document."""

    contract_id: str
    customer: str
    address: str
    signed: str
    start: str
    term: str
    renewal_and_notice: str
    receipt: str
    price_rule: str
    law: str


SUPPLIER = "Prairie Carrier Networks, Inc."

SERVICE_LEVELS = (
    "Each Service is available at least 99.95 per cent of each calendar month. A month counts as 43,200 minutes.",
    (
        "A Service is unavailable from the moment the fault is recorded in a ticket until it carries traffic again. Minutes in which Supplier "
        "waits for Customer, announced maintenance, and faults caused by Customer or by force majeure are not counted."
    ),
    (
        "For a month below the level of 8.1 Customer receives a credit on the monthly price of the affected Service: 5 per cent from 5 minutes, "
        "15 per cent from 60 minutes, 35 per cent from 180 minutes and 50 per cent from 360 minutes of unavailability."
    ),
    "The credits of a month never exceed the monthly price of the affected Service.",
    "Customer claims a credit in writing within thirty (30) days after the end of the month. A credit not claimed by then lapses.",
)


def articles(deal: Deal) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Fifteen articles as (title, clauses); clause j of article i has the number i.j."""
    return (
        (
            "Definitions",
            (
                (
                    '"Service" means a connection or function that Supplier provides under an Order. "Order" means a signed order form that names '
                    "the Service, its site, its monthly price and its term."
                ),
                (
                    '"Acceptance" is the day on which Customer confirms that a Service passed its test, or the fifth day after the test report when '
                    "Customer stays silent."
                ),
                '"Business Day" means a day on which banks are open at the place named in 14.1.',
            ),
        ),
        (
            "Services and Orders",
            (
                "Supplier provides the Services named in the Orders. An Order binds once both parties have signed it.",
                "Where an Order and this Agreement differ, the Order holds for the Service it names, and this Agreement for all else.",
            ),
        ),
        (
            "Delivery and Acceptance",
            (
                "Supplier tells Customer the planned day of delivery at least ten days ahead and tests the Service before handing it over.",
                "Prices are due from Acceptance. A delay that Supplier causes moves the first invoice by the same number of days.",
            ),
        ),
        (
            "Prices",
            (
                "Customer pays the monthly price of each Order. Prices are without taxes.",
                deal.price_rule,
                "No other price rise applies during a term.",
            ),
        ),
        (
            "Invoices and Payment",
            (
                "Supplier invoices each month in advance. Invoices are due thirty days after they are received.",
                "Customer may hold back an amount it disputes in good faith, if it says why before the due day.",
            ),
        ),
        (
            "Changes",
            (
                "Moves, additions, changes and disconnections are agreed in a change order that names its effect on the monthly price.",
                "A change order takes effect on the day it names. It ends together with the Service it changes.",
            ),
        ),
        (
            "Maintenance",
            (
                "Supplier announces planned maintenance at least ten days ahead and does it between midnight and six in the morning.",
                "Emergency work may be done at any time; Supplier tells Customer as early as it can.",
            ),
        ),
        ("Service Levels and Credits", SERVICE_LEVELS),
        (
            "Term and Renewal",
            (deal.term, deal.renewal_and_notice, "An Order may state a term of its own; then its own term holds for its Service."),
        ),
        (
            "Suspension",
            (
                "Supplier may suspend a Service when an undisputed invoice is sixty days late and ten days have passed since a written reminder.",
            ),
        ),
        (
            "End of the Agreement",
            (
                "Either party may end this Agreement for a material breach that is not healed within thirty days of a written request.",
                "Customer may end a Service that missed the level of 8.1 in three months of any six in a row.",
                "When Customer ends a Service early without cause, it owes the monthly prices of the months left in the running term.",
            ),
        ),
        (
            "Liability",
            (
                "Each party is liable for the damage it causes by intent or gross neglect. Otherwise liability for a year ends at the prices of that year.",
            ),
        ),
        (
            "Confidentiality",
            ("Each party keeps the other's business facts secret during this Agreement and for three years after it.",),
        ),
        ("Notices", (deal.receipt, "Messages about faults and invoices need no form.")),
        (
            "General",
            (
                f"The law of {deal.law} governs this Agreement.",
                "A change of this Agreement needs a paper signed by both parties. Should one clause fail, the others stand.",
            ),
        ),
    )
