"""The files an import reads, column by column: one literal declaration from which template, parser, checks and description are derived.

Rule 1: a column that is not declared here is not read, and its presence is reported.
Rule 2: the order of ``FILES`` is the order of reading: a record is read after the records it refers to.
Rule 3: a row is the whole record. A column left out means "absent", not "as before".
Rule 4: a reference that does not hold rejects the row, except where ``soft``: there losing the row would hide more than it heals.
"""

from __future__ import annotations

from typing import Final

from contractops.operator.importing.rows import (
    Column,
    FileKind,
    commitment_rule,
    contract_rule,
    deputy_rule,
    invoice_rule,
    maintenance_rule,
    order_rule,
    price_rule,
    score_rule,
    ticket_rule,
)
from contractops.operator.store import records
from contractops.operator.store.delivery import FORM
from contractops.tools.facts import NoticeBasis, RenewalKind, StartEvent, Whose

_UNITS: Final = ("days", "business_days", "weeks", "months", "years")
_TERM_UNITS: Final = ("days", "weeks", "months", "years")
_RENEWALS: Final = tuple(RenewalKind)
_START_EVENTS: Final = tuple(StartEvent)
_TOPICS: Final = (
    "term",
    "renewal",
    "notice",
    "receipt",
    "uplift",
    "early_end",
    "amendment",
    "target",
    "credit",
    "exclusion",
    "claim",
    "restore",
)


def _id(what: str, example: str) -> Column:
    return Column("id", "id", f"Id of {what}; never reused.", required=True, example=example)


def _price(words: str) -> Column:
    return Column("monthly_price", "amount", words, unit="a month, in currency", example="4100.00")


def _currency(*, required: bool = True) -> Column:
    return Column("currency", "currency", "ISO 4217 code of every amount in this row.", required=required, example="USD")


FILES: Final[tuple[FileKind, ...]] = (
    FileKind(
        "people",
        records.Person,
        "Staff: who owns accounts, who may approve what, who stands in.",
        (
            _id("the person", "maria.ortiz"),
            Column("name", "text", "Full name.", required=True, example="Maria Ortiz"),
            Column(
                "email",
                "e-mail",
                "Work address; finds the Slack account when slack_id is empty.",
                required=True,
                example="maria@example.com",
            ),
            Column("phone", "text", "Number that a customer may call; stands in mail drafts.", example="+1 312 555 0100"),
            Column(
                "role",
                "text",
                "Role in the approval matrix.",
                required=True,
                allowed=("account_owner", "manager", "vp_sales", "ceo", "contract_ops", "finance", "legal"),
                example="account_owner",
            ),
            Column("title", "text", "Title as it stands under a signature.", example="Account Director"),
            Column("manager_id", "id", "Person who is told when this one is silent.", refers_to="people", soft=True, example="sam.okafor"),
            Column("region", "text", "Region whose accounts the person may see; empty: all.", example="US-Central"),
            Column("zone", "zone", "Zone of quiet hours and working days.", required=True, example="America/Chicago"),
            Column("holiday_calendar", "calendar", "Holidays of the person.", example="US-IL"),
            Column("slack_id", "id", "Slack member id.", example="U0MARIA"),
            Column("deputy_id", "id", "Person who stands in.", refers_to="people", soft=True, example="jo.lang"),
            Column("deputy_from", "date", "First day of standing in.", example="2026-12-21"),
            Column("deputy_to", "date", "Last day of standing in.", example="2027-01-03"),
            Column("limit_term_months", "whole", "Longest term approved alone.", unit="months", example="24"),
            Column("limit_discount_percent", "percent", "Highest discount approved alone.", unit="%", example="10.00"),
            Column("limit_value", "amount", "Highest total value approved alone.", unit="in limit_currency", example="500000.00"),
            Column("limit_currency", "currency", "Currency of limit_value.", example="USD"),
            Column("active", "yes/no", "no: has left; nothing is sent to the person.", default="yes", example="yes"),
        ),
        rule=deputy_rule,
    ),
    FileKind(
        "accounts",
        records.Account,
        "Customers.",
        (
            _id("the account", "northwind"),
            Column("name", "text", "Name in any script.", required=True, example="Northwind Logistics"),
            Column("owner_id", "id", "Person who answers for the account.", refers_to="people", soft=True, example="maria.ortiz"),
            Column("region", "text", "Sales region.", example="US-Central"),
            Column("country", "text", "ISO 3166 country code.", example="US"),
            Column("address", "text", "Lines of the address, joined by ; .", example="200 Lake St; Chicago, IL 60601"),
            Column("zone", "zone", "Zone of the customer.", required=True, example="America/Chicago"),
            Column("locale", "text", "Language of documents for the customer.", example="en-US"),
            Column("segment", "text", "Segment in your own words.", example="enterprise"),
        ),
    ),
    FileKind(
        "contacts",
        records.Contact,
        "People at customers. Only a contact with a checked signing right can be asked to sign.",
        (
            _id("the contact", "priya.nair"),
            Column("account_id", "id", "Account of the contact.", required=True, refers_to="accounts", example="northwind"),
            Column("name", "text", "Full name.", required=True, example="Priya Nair"),
            Column("title", "text", "Title.", example="COO"),
            Column("email", "e-mail", "Address envelopes go to.", required=True, example="priya.nair@example.com"),
            Column("signing_right", "yes/no", "May sign for the customer.", default="no", example="yes"),
            Column("checked_on", "date", "Day the signing right was verified.", example="2026-11-02"),
            Column("billing", "yes/no", "Receives invoices.", default="no", example="no"),
        ),
    ),
    FileKind(
        "contracts",
        records.Contract,
        "Agreements and their amendments. An amendment states only what it changes.",
        (
            _id("the contract", "ENT-3391"),
            Column("kind", "text", "msa, or amendment of one.", required=True, allowed=("msa", "amendment"), example="msa"),
            Column("account_id", "id", "Account.", required=True, refers_to="accounts", example="northwind"),
            Column("title", "text", "Title of the document.", example="Master Services Agreement"),
            Column("amends_id", "id", "For an amendment: the contract it changes.", refers_to="contracts", soft=True, example=""),
            Column("owner_id", "id", "Owner, where not the account's.", refers_to="people", soft=True, example=""),
            Column("agreement_date", "date", "Day it was signed; never taken for the start of the term.", example="2026-03-20"),
            Column("effective_on", "date", "Day it takes effect; an amendment without one leaves the dates unknown.", example="2026-04-08"),
            Column("start_on", "date", "First day of the term.", example="2026-04-08"),
            Column("start_event", "text", "Event that starts the term; empty: signature.", allowed=_START_EVENTS, example="acceptance"),
            Column("end_on", "date", "Last day of the term, where the paper states it.", example=""),
            Column(
                "initial_length", "whole", "Length of the first term.", unit="see initial_unit", unit_column="initial_unit", example="12"
            ),
            Column("initial_unit", "text", "Unit of initial_length.", allowed=_TERM_UNITS, example="months"),
            Column(
                "renewal_kind",
                "text",
                "What happens at the end when nobody acts; empty: no clause is known.",
                allowed=_RENEWALS,
                example="successive",
            ),
            Column("renewal_length", "whole", "Length of each renewal.", unit="see renewal_unit", unit_column="renewal_unit", example="12"),
            Column("renewal_unit", "text", "Unit of renewal_length.", allowed=_TERM_UNITS, example="months"),
            Column("renewal_max", "whole", "Most renewals, for counted.", example=""),
            Column("renewals_so_far", "whole", "Renewals of earlier papers.", default="0", example="3"),
            Column(
                "notice_length",
                "whole",
                "Notice before the end of the term; empty: no clause is known.",
                unit="see notice_unit",
                unit_column="notice_unit",
                aliases=("notice_days",),
                example="60",
            ),
            Column("notice_unit", "text", "Unit of notice_length; empty: days.", allowed=_UNITS, example="days"),
            Column(
                "notice_opens_length",
                "whole",
                "Earliest notice before the end of the term.",
                unit="see notice_opens_unit",
                unit_column="notice_opens_unit",
                example="",
            ),
            Column("notice_opens_unit", "text", "Unit of notice_opens_length.", allowed=_UNITS, example=""),
            Column("notice_basis", "text", "What must happen in time.", allowed=tuple(NoticeBasis), example="receipt"),
            Column("notice_cutoff", "hour", "Hour until which a notice counts on its day.", unit="in zone", example="17:00"),
            Column(
                "notice_roll",
                "text",
                "What the clause says of a last day that is no working day; empty: nothing.",
                allowed=("none", "forward"),
                example="none",
            ),
            Column("notice_methods", "text", "Ways of serving notice and when each counts as received.", example=FORM),
            Column("notice_address", "text", "Where notice is served.", example="200 Lake St, Chicago IL"),
            Column("window_right", "text", "Whose right the window is.", allowed=tuple(Whose), example="both"),
            Column("zone", "zone", "Zone of the contract's days.", example="America/Chicago"),
            Column("holiday_calendar", "calendar", "Calendar of the contract's business days.", example="US-IL"),
            Column(
                "uplift_kind", "text", "Rule of the price at renewal; empty: none.", allowed=("none", "fixed", "up_to"), example="up_to"
            ),
            Column("uplift_percent", "percent", "The fixed rise, or the highest.", unit="%", example="3.00"),
            _currency(required=False),
            _price("Price of the whole contract; empty: the sum of its orders."),
            Column("term_unit", "text", "What the term belongs to; empty: contract.", allowed=("contract", "orders"), example="contract"),
        ),
        rule=contract_rule,
    ),
    FileKind(
        "service_orders",
        records.ServiceOrder,
        "Services in a contract.",
        (
            _id("the order", "SO-7"),
            Column("contract_id", "id", "Contract.", required=True, refers_to="contracts", example="ENT-3391"),
            Column("product", "text", "Product as the price book names it.", required=True, example="Dedicated Internet 1 Gbps"),
            Column("description", "text", "Words for people.", example="Chicago to Dallas"),
            Column("site", "text", "Where it is delivered.", example="200 Lake St, Chicago IL"),
            Column("circuit_id", "id", "Circuit; tickets name it.", example="CHI-DAL-02"),
            Column("quantity", "whole", "How many.", default="1", example="1"),
            _price("Price of the whole line as signed, before change orders."),
            _currency(),
            Column("start_on", "date", "First day of service.", example="2026-04-08"),
            Column("start_event", "text", "Event that starts the order's own term; empty: activation.", allowed=_START_EVENTS, example=""),
            Column("end_on", "date", "Last day of the order, where the paper states it.", example=""),
            Column("initial_length", "whole", "Own first term.", unit="see initial_unit", unit_column="initial_unit", example=""),
            Column("initial_unit", "text", "Unit of initial_length.", allowed=_TERM_UNITS, example=""),
            Column("renewal_kind", "text", "Own renewal; empty: the contract's.", allowed=_RENEWALS, example=""),
            Column("renewal_length", "whole", "Length of its renewals.", unit="see renewal_unit", unit_column="renewal_unit", example=""),
            Column("renewal_unit", "text", "Unit of renewal_length.", allowed=_TERM_UNITS, example=""),
            Column("renewal_max", "whole", "Most renewals, for counted.", example=""),
            Column(
                "notice_length",
                "whole",
                "Own notice; empty: the contract's.",
                unit="see notice_unit",
                unit_column="notice_unit",
                example="",
            ),
            Column("notice_unit", "text", "Unit of notice_length; empty: days.", allowed=_UNITS, example=""),
            Column("co_terminous", "yes/no", "Ends with the contract.", default="no", example="no"),
            Column("price_valid_to", "date", "Last day of this price; empty: the term.", example=""),
        ),
        rule=order_rule,
    ),
    FileKind(
        "sla_commitments",
        records.SlaCommitment,
        "What an order promises and what a miss costs.",
        (
            _id("the commitment", "SLA-7"),
            Column("order_id", "id", "Order.", required=True, refers_to="service_orders", example="SO-7"),
            Column("target_percent", "percent", "Promised availability; empty: missing, which is reported.", unit="%", example="99.95"),
            Column("fixed_minutes", "whole", "Minutes a month counts; empty: its actual minutes.", unit="minutes", example="43200"),
            Column(
                "tiers",
                "json",
                'Credits by minutes down in the month: a list of {"from_minutes", "to_minutes" (null: no end), "percent"}.',
                example='[{"from_minutes": "5", "to_minutes": "60", "percent": "5"}]',
            ),
            Column(
                "cap_percent", "percent", "Most a month can cost, of the monthly price; empty: 100.", unit="%", default="100", example="100"
            ),
            Column("claim_days", "whole", "Days a customer has to claim; empty: no claim needed.", unit="calendar days", example="30"),
            Column(
                "claim_from",
                "text",
                "What claim_days count from.",
                allowed=("month_end", "ticket_close"),
                default="month_end",
                example="month_end",
            ),
            Column("excluded_causes", "text", "Ticket causes that do not count, joined by ; .", example="customer;force_majeure"),
            Column(
                "restore_targets",
                "json",
                'Time to restore by ticket priority: a list of {"priority" (null: every other), "minutes"}; empty: none is promised.',
                unit="minutes from the start of the fault",
                example='[{"priority": "1", "minutes": "240"}, {"priority": null, "minutes": "1440"}]',
            ),
        ),
        rule=commitment_rule,
    ),
    FileKind(
        "clauses",
        records.Clause,
        "Where each fact of a contract or order stands: document, clause, page, words.",
        (
            Column(
                "subject_id",
                "id",
                "Contract, order or SLA commitment.",
                required=True,
                refers_to="contracts",
                or_refers_to=("service_orders", "sla_commitments"),
                example="ENT-3391",
            ),
            Column("topic", "text", "The fact.", required=True, allowed=_TOPICS, example="notice"),
            Column("document", "text", "File name of the document.", required=True, example="ENT-3391-msa.pdf"),
            Column("clause", "text", "Number of the clause.", example="9.2"),
            Column("page", "whole", "Page, counted from 1.", example="11"),
            Column("quote", "text", "The words, verbatim.", example="not less than sixty (60) days before the end of the term"),
        ),
        key=("subject_id", "topic"),
    ),
    FileKind(
        "tickets",
        records.Ticket,
        "Trouble tickets.",
        (
            _id("the ticket", "TT-88412"),
            Column("circuit_id", "id", "Circuit.", required=True, example="CHI-DAL-02"),
            Column("opened_at", "moment", "Start of the fault.", required=True, example="2026-11-10T08:15:00-06:00"),
            Column("reported_at", "moment", "When the customer reported it; empty: our alarm.", example=""),
            Column("restored_at", "moment", "End of the fault; empty: not restored.", example="2026-11-10T11:22:00-06:00"),
            Column("closed_at", "moment", "When the ticket was closed.", example=""),
            Column("priority", "text", "Priority.", allowed=("1", "2", "3", "4"), example="1"),
            Column(
                "cause",
                "text",
                "Cause; decides what is counted out.",
                allowed=(
                    "network",
                    "equipment",
                    "fibre_cut",
                    "power",
                    "customer",
                    "no_fault_found",
                    "force_majeure",
                    "maintenance",
                    "request",
                ),
                example="fibre_cut",
            ),
            Column("service_affecting", "yes/no", "no: a question or a degradation that is not an outage.", default="yes", example="yes"),
            Column(
                "pauses",
                "json",
                'Time waiting, as a list of {"from": moment, "to": moment, "reason": "customer"}.',
                example="[]",
            ),
            Column(
                "status",
                "text",
                "State of the ticket.",
                required=True,
                allowed=("open", "restored", "closed", "cancelled"),
                example="closed",
            ),
            Column("subject", "text", "Subject line; shown, never computed with.", example="Circuit down"),
        ),
        rule=ticket_rule,
    ),
    FileKind(
        "maintenance",
        records.Maintenance,
        "Maintenance windows.",
        (
            _id("the window", "MW-12"),
            Column("circuit_id", "id", "Circuit.", required=True, example="CHI-DAL-02"),
            Column("starts_at", "moment", "Start.", required=True, example="2026-10-04T01:00:00-05:00"),
            Column("ends_at", "moment", "End.", required=True, example="2026-10-04T03:00:00-05:00"),
            Column("announced_at", "moment", "When the customer was told; empty: was not.", example="2026-09-24T09:00:00-05:00"),
            Column("kind", "text", "scheduled or emergency.", required=True, allowed=("scheduled", "emergency"), example="scheduled"),
            Column("description", "text", "Words for people.", example="Line card change"),
        ),
        rule=maintenance_rule,
    ),
    FileKind(
        "price_book",
        records.PriceBookEntry,
        "List prices, floors and term discounts.",
        (
            Column("book", "id", "Version of the price book.", required=True, example="2026-11"),
            Column("product", "text", "Product.", required=True, example="Dedicated Internet 1 Gbps"),
            Column("region", "text", "Region; empty: everywhere.", example="US-Central"),
            Column("term_months", "whole", "Term it holds for, at least 1.", required=True, unit="months", example="36"),
            Column("list_price", "amount", "List price.", required=True, unit="a month and unit, in currency", example="4300.00"),
            Column(
                "floor_price", "amount", "Lowest price allowed.", required=True, unit="a month and unit, in currency", example="3600.00"
            ),
            Column("term_discount_percent", "percent", "Discount offered for this term.", unit="%", example="12.00"),
            _currency(),
            Column("valid_from", "date", "First day.", required=True, example="2026-11-01"),
            Column("valid_to", "date", "Last day; empty: until further notice.", example=""),
        ),
        key=("book", "product", "region", "term_months", "currency"),
        rule=price_rule,
    ),
    FileKind(
        "change_orders",
        records.ChangeOrder,
        "Moves, adds, changes and disconnects after signature.",
        (
            _id("the change order", "CO-118"),
            Column("contract_id", "id", "Contract.", required=True, refers_to="contracts", example="ENT-3391"),
            Column("order_id", "id", "Order it changes.", refers_to="service_orders", soft=True, example="SO-7"),
            Column("kind", "text", "What it does.", required=True, allowed=("add", "change", "move", "disconnect"), example="change"),
            Column("description", "text", "Words for people.", required=True, example="Chicago to 1 Gbps"),
            Column(
                "monthly_change",
                "number",
                "Signed change of the monthly price.",
                required=True,
                unit="a month, in currency",
                example="1150.00",
            ),
            _currency(),
            Column("effective_on", "date", "First day.", required=True, example="2026-06-01"),
            Column("billed", "yes/no", "Already on invoices.", default="no", example="yes"),
        ),
    ),
    FileKind(
        "usage",
        records.Usage,
        "Measured use, a row a month.",
        (
            Column("account_id", "id", "Account.", required=True, refers_to="accounts", example="northwind"),
            Column("circuit_id", "id", "Circuit; empty: the whole account.", example="CHI-DAL-02"),
            Column("month", "date", "First day of the month.", required=True, example="2026-11-01"),
            Column("metric", "text", "What is measured.", required=True, example="traffic_95th"),
            Column("quantity", "amount", "How much.", required=True, unit="see unit", example="412.5"),
            Column("unit", "text", "Unit.", required=True, example="Mbit/s"),
            Column("percent_of_committed", "number", "Share of what is committed.", unit="%", example="82.5"),
        ),
        key=("account_id", "circuit_id", "month", "metric"),
    ),
    FileKind(
        "nps",
        records.NpsAnswer,
        "Answers to: would you recommend us?",
        (
            Column("account_id", "id", "Account.", required=True, refers_to="accounts", example="northwind"),
            Column("contact_id", "id", "Who answered.", refers_to="contacts", soft=True, example="priya.nair"),
            Column("answered_on", "date", "Day.", required=True, example="2026-10-14"),
            Column("score", "whole", "0 to 10.", required=True, example="9"),
            Column("comment", "text", "Words of the customer; shown, never computed with.", example=""),
        ),
        key=("account_id", "contact_id", "answered_on"),
        rule=score_rule,
    ),
    FileKind(
        "invoices",
        records.Invoice,
        "Invoices.",
        (
            _id("the invoice", "INV-2026-11-3391"),
            Column("contract_id", "id", "Contract.", required=True, refers_to="contracts", example="ENT-3391"),
            Column("issued_on", "date", "Day of issue.", required=True, example="2026-11-01"),
            Column("due_on", "date", "Day it is due.", required=True, example="2026-12-01"),
            Column("period_start", "date", "First day billed.", required=True, example="2026-11-01"),
            Column("period_end", "date", "Last day billed.", required=True, example="2026-11-30"),
            Column("amount", "amount", "Amount.", required=True, unit="in currency", example="18450.00"),
            _currency(),
        ),
        rule=invoice_rule,
    ),
    FileKind(
        "payments",
        records.Payment,
        "Payments.",
        (
            _id("the payment", "PAY-1"),
            Column("invoice_id", "id", "Invoice.", required=True, refers_to="invoices", example="INV-2026-11-3391"),
            Column("paid_on", "date", "Day.", required=True, example="2026-11-28"),
            Column("amount", "amount", "Amount.", required=True, unit="in currency", example="18450.00"),
            _currency(),
        ),
    ),
    FileKind(
        "sla_claims",
        records.SlaClaim,
        "Credits that customers claimed.",
        (
            Column("circuit_id", "id", "Circuit.", required=True, example="CHI-DAL-02"),
            Column("month", "date", "First day of the month claimed.", required=True, example="2026-08-01"),
            Column("claimed_on", "date", "Day the claim came in.", example="2026-09-12"),
            Column("paid_on", "date", "Day it was booked.", example="2026-09-20"),
        ),
        key=("circuit_id", "month"),
    ),
    FileKind(
        "crm_records",
        records.CrmState,
        "What the CRM holds now, for the embedded CRM.",
        (
            Column("contract_id", "id", "Contract.", required=True, refers_to="contracts", example="ENT-3391"),
            Column(
                "fields",
                "json",
                "Fields by name; values are text or null.",
                required=True,
                example='{"monthly_price": "17720.00", "term_end": "2027-04-07"}',
            ),
            Column("change_orders", "json", "Ids of the change orders it knows.", default="[]", example='["CO-101"]'),
            Column("modified_at", "moment", "Last change.", required=True, example="2026-11-30T16:20:00-06:00"),
            Column("modified_by", "text", "Who changed it.", example="J. Kim"),
        ),
        key=("contract_id",),
    ),
)

BY_STEM: Final = {kind.stem: kind for kind in FILES}
"""Declaration by file name without its ending."""
