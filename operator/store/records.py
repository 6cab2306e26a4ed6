"""What the company knows: imported records, each kept in every version it ever had.

Rule 1: a record is never overwritten. A changed row is a new version; the version before it gets ``superseded_at``. So the question
"what did we know at that moment" has an answer: ``recorded_at <= known_at < superseded_at`` (open end: ``superseded_at`` is NULL).
Rule 2: *recorded* is not *effective*. When we learned something stands in ``recorded_at``; when it holds in business stands in the
record's own dates (``effective_on``, ``start_on``, ``valid_to``). An amendment is a contract record of its own; it is folded into its
agreement when facts are read, never when they are stored.
Rule 3: absent is NULL, never zero and never a guess.
Rule 4: money is an exact decimal beside its currency; a period is a whole number beside its unit.
Rule 5: these tables hold what files and the CRM said. What the operator does about it stands in ``tables``.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Index, Table, text
from sqlmodel import Field, SQLModel

from contractops.operator.store.types import ExactDecimal, JsonText, StoredRow


def exact() -> Any:
    """An optional exact number."""
    return Field(default=None, sa_type=ExactDecimal)


def structure() -> Any:
    """An optional JSON structure."""
    return Field(default=None, sa_type=JsonText)


class Versioned(StoredRow):
    """One version of a record. ``source`` is ``file:line``; ``row_hash`` is the hash of its values and tells whether a row changed."""

    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    recorded_at: datetime
    superseded_at: datetime | None = None
    row_hash: str
    source: str


class Person(Versioned, table=True):
    """Staff. Limits bind what the person may approve alone: term in months, discount in per cent, contract value in ``limit_currency``."""

    __tablename__ = "person"

    name: str
    email: str
    phone: str | None = None
    role: str
    title: str | None = None
    manager_id: str | None = None
    region: str | None = None
    zone: str
    holiday_calendar: str | None = None
    slack_id: str | None = None
    deputy_id: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None
    limit_term_months: int | None = None
    limit_discount_percent: Decimal | None = exact()
    limit_value: Decimal | None = exact()
    limit_currency: str | None = None
    active: bool = True


class Account(Versioned, table=True):
    """A customer. ``address`` is lines joined by ``;``. ``owner_id`` is the person who answers for it; NULL means nobody owns it, which is reported."""

    __tablename__ = "account"

    name: str
    owner_id: str | None = Field(default=None, index=True)
    region: str | None = None
    country: str | None = None
    address: str | None = None
    zone: str
    locale: str | None = None
    segment: str | None = None


class Contact(Versioned, table=True):
    """A person at a customer. ``signing_right`` counts only with ``checked_on``, the day somebody verified it."""

    __tablename__ = "contact"

    account_id: str = Field(index=True)
    name: str
    title: str | None = None
    email: str
    signing_right: bool = False
    checked_on: date | None = None
    billing: bool = False


class Contract(Versioned, table=True):
    """An agreement (``kind`` msa) or an amendment of one (``amends_id``). An amendment's NULL means "unchanged".

    Words are those of ``tools.facts`` (``renewal_kind``, ``start_event``, ``notice_basis``, ``notice_roll``, ``window_right``) and of
    ``tools.pricing`` (``uplift_kind``). ``notice_cutoff``: hour ``17:00`` in ``zone``. ``notice_methods``: see ``delivery``.
    ``uplift_percent``: the fixed rise, or the most it may be (up_to). ``term_unit``: whether the term is the contract's own or that of
    its orders. ``monthly_price`` is NULL when the price is the sum of the orders. ``renewals_so_far`` counts terms of earlier papers.
    """

    __tablename__ = "contract"

    kind: str
    account_id: str = Field(index=True)
    title: str | None = None
    amends_id: str | None = Field(default=None, index=True)
    owner_id: str | None = None
    agreement_date: date | None = None
    effective_on: date | None = None
    start_on: date | None = None
    start_event: str | None = None
    end_on: date | None = None
    initial_length: int | None = None
    initial_unit: str | None = None
    renewal_kind: str | None = None
    renewal_length: int | None = None
    renewal_unit: str | None = None
    renewal_max: int | None = None
    renewals_so_far: int | None = None
    notice_length: int | None = None
    notice_unit: str | None = None
    notice_opens_length: int | None = None
    notice_opens_unit: str | None = None
    notice_basis: str | None = None
    notice_cutoff: str | None = None
    notice_roll: str | None = None
    notice_methods: str | None = None
    notice_address: str | None = None
    window_right: str | None = None
    zone: str | None = None
    holiday_calendar: str | None = None
    uplift_kind: str | None = None
    uplift_percent: Decimal | None = exact()
    currency: str | None = None
    monthly_price: Decimal | None = exact()
    term_unit: str | None = None


class Clause(Versioned, table=True):
    """Where a fact stands. ``subject_id`` is a contract, an order or an SLA commitment; ``topic`` the fact (term, notice, ...)."""

    __tablename__ = "clause"

    subject_id: str = Field(index=True)
    topic: str
    document: str
    clause: str | None = None
    page: int | None = None
    quote: str | None = None


class ServiceOrder(Versioned, table=True):
    """A service in a contract. ``monthly_price`` is the whole line (all of ``quantity``) a month as signed, before change orders.

    Own term fields only where the order states them; the others are the contract's. ``co_terminous``: it ends with the contract.
    """

    __tablename__ = "service_order"

    contract_id: str = Field(index=True)
    product: str
    description: str | None = None
    site: str | None = None
    circuit_id: str | None = None
    quantity: int = 1
    monthly_price: Decimal | None = exact()
    currency: str
    start_on: date | None = None
    start_event: str | None = None
    end_on: date | None = None
    initial_length: int | None = None
    initial_unit: str | None = None
    renewal_kind: str | None = None
    renewal_length: int | None = None
    renewal_unit: str | None = None
    renewal_max: int | None = None
    notice_length: int | None = None
    notice_unit: str | None = None
    co_terminous: bool = False
    price_valid_to: date | None = None


class SlaCommitment(Versioned, table=True):
    """The availability a service order promises, in per cent.

    ``fixed_minutes`` is the length of a month, NULL = its actual minutes. ``tiers`` is a list of {"from_minutes", "to_minutes" (null = no
    end), "percent"} as text. ``excluded_causes`` are ticket causes joined by ``;``. ``restore_targets`` is a list of {"priority" (null = every
    other), "minutes"}. Its clauses are ``clause`` rows of its id.
    """

    __tablename__ = "sla_commitment"

    order_id: str = Field(index=True)
    target_percent: Decimal | None = exact()
    fixed_minutes: int | None = None
    tiers: Any | None = structure()
    cap_percent: Decimal | None = exact()
    claim_days: int | None = None
    claim_from: str | None = None
    excluded_causes: str | None = None
    restore_targets: Any | None = structure()


_OPEN: Final = text("restored_at IS NULL AND superseded_at IS NULL AND service_affecting")


class Ticket(Versioned, table=True):
    """A trouble ticket. ``pauses`` is a list of {"from", "to", "reason"} with UTC moments: time that does not count against us, if the contract says so."""

    __tablename__ = "ticket"
    __table_args__ = (Index("ix_ticket_open", "opened_at", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    circuit_id: str = Field(index=True)
    opened_at: datetime
    reported_at: datetime | None = None
    restored_at: datetime | None = None
    closed_at: datetime | None = None
    priority: str | None = None
    cause: str | None = None
    service_affecting: bool = True
    pauses: Any | None = structure()
    status: str
    subject: str | None = None


class Maintenance(Versioned, table=True):
    """A maintenance window on a circuit. Only an announced one can be counted out."""

    __tablename__ = "maintenance"

    circuit_id: str = Field(index=True)
    starts_at: datetime
    ends_at: datetime
    announced_at: datetime | None = None
    kind: str
    description: str | None = None


class PriceBookEntry(Versioned, table=True):
    """List price, floor and term discount of a product in one version of the price book. Prices are a month and a unit."""

    __tablename__ = "price_book_entry"

    book: str = Field(index=True)
    product: str
    region: str | None = None
    term_months: int
    list_price: Decimal | None = exact()
    floor_price: Decimal | None = exact()
    term_discount_percent: Decimal | None = exact()
    currency: str
    valid_from: date
    valid_to: date | None = None


class ChangeOrder(Versioned, table=True):
    """A change to a service (add, change, move, disconnect). ``monthly_change`` is signed; an order's own price never holds it."""

    __tablename__ = "change_order"

    contract_id: str = Field(index=True)
    order_id: str | None = None
    kind: str
    description: str
    monthly_change: Decimal | None = exact()
    currency: str
    effective_on: date
    billed: bool = False


class Usage(Versioned, table=True):
    """Measured use of an account in one month. ``month`` is its first day; ``percent_of_committed`` is NULL when nothing is committed."""

    __tablename__ = "usage"

    account_id: str = Field(index=True)
    circuit_id: str | None = None
    month: date
    metric: str
    quantity: Decimal | None = exact()
    unit: str
    percent_of_committed: Decimal | None = exact()


class NpsAnswer(Versioned, table=True):
    """One answer to "would you recommend us", 0 to 10."""

    __tablename__ = "nps_answer"

    account_id: str = Field(index=True)
    contact_id: str | None = None
    answered_on: date
    score: int
    comment: str | None = None


class Invoice(Versioned, table=True):
    """An invoice of a contract for one month (``period_start`` to ``period_end``, both included)."""

    __tablename__ = "invoice"

    contract_id: str = Field(index=True)
    issued_on: date
    due_on: date
    period_start: date
    period_end: date
    amount: Decimal | None = exact()
    currency: str


class Payment(Versioned, table=True):
    """Money received for an invoice."""

    __tablename__ = "payment"

    invoice_id: str = Field(index=True)
    paid_on: date
    amount: Decimal | None = exact()
    currency: str


class SlaClaim(Versioned, table=True):
    """A credit that a customer claimed for a circuit and a month (its first day); ``paid_on`` when it was booked."""

    __tablename__ = "sla_claim"

    circuit_id: str = Field(index=True)
    month: date
    claimed_on: date | None = None
    paid_on: date | None = None


class CrmState(Versioned, table=True):
    """What the CRM held for a contract when it was exported: ``fields`` by canonical name, ``change_orders`` the ids it knows."""

    __tablename__ = "crm_state"

    contract_id: str = Field(index=True)
    fields: Any = Field(sa_type=JsonText)
    change_orders: Any = Field(sa_type=JsonText)
    modified_at: datetime
    modified_by: str | None = None


class Document(Versioned, table=True):
    """A file that belongs to a contract. ``id`` is ``contract:file name``; the bytes are the blob of ``sha256``."""

    __tablename__ = "document"

    contract_id: str = Field(index=True)
    file_name: str
    sha256: str = Field(index=True)
    size: int
    media_type: str


class Blob(StoredRow, table=True):
    """Bytes under their own hash. Never changed, shared by all records that name it."""

    __tablename__ = "blob"

    sha256: str = Field(primary_key=True)
    content: bytes


class ImportRun(StoredRow, table=True):
    """One finished import. ``report`` is the table that was shown, as JSON; ``recorded_at`` equals that of the versions it wrote."""

    __tablename__ = "import_run"

    id: int | None = Field(default=None, primary_key=True)
    recorded_at: datetime
    folder: str
    report: Any = Field(sa_type=JsonText)


VERSIONED: Final[tuple[type[Versioned], ...]] = (
    Person,
    Account,
    Contact,
    Contract,
    Clause,
    ServiceOrder,
    SlaCommitment,
    Ticket,
    Maintenance,
    PriceBookEntry,
    ChangeOrder,
    Usage,
    NpsAnswer,
    Invoice,
    Payment,
    SlaClaim,
    CrmState,
    Document,
)
"""Every table whose rows are versions."""


def table_of(record: type[SQLModel]) -> Table:
    """The SQL table of a record class."""
    table: Table = record.__table__  # type: ignore[attr-defined]
    return table


def _one_current_version() -> None:
    """Let the database refuse two current versions of one record."""
    for record in VERSIONED:
        table = table_of(record)
        current = table.c.superseded_at.is_(None)
        Index(f"uq_{table.name}_current", table.c.id, unique=True, sqlite_where=current, postgresql_where=current)


_one_current_version()
