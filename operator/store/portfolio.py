"""Reading the portfolio: contracts with everything that bears on them, as values of the tools.

Rule 1: reads only. ``known_at`` asks what we knew at that moment (None: what we know now); ``as_of`` is the day whose facts are in force.
Rule 2: every contract is listed; one whose facts are incomplete comes with what is known, and the tools say what is missing.
Rule 3: an amendment is never listed: it is part of the contract it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Select, and_, bindparam, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from contractops.operator.store import crm_history, records, service_of, versions
from contractops.operator.store.facts_of import TERM_OF_ORDERS, Units, refs_of, units_of, uplift_of
from contractops.operator.store.settled import answers
from contractops.tools.calendars import zone
from contractops.tools.crm import CrmRecord
from contractops.tools.drift import TicketView
from contractops.tools.errors import NotFound
from contractops.tools.facts import ContractFacts
from contractops.tools.people import Contact
from contractops.tools.pricing import ChangeOrder, OrderLine, PriceBookEntry, UpliftRule
from contractops.tools.sla import Maintenance, Outage, SlaCommitment
from contractops.tools.sla_credit import CreditClaim
from contractops.tools.terms import Party
from contractops.tools.values import ClauseRef, Finding, Money

MSA = "msa"

R = TypeVar("R", bound=records.Versioned)


@dataclass(frozen=True)
class Entry:
    """One contract of the portfolio. ``units`` are its units of term, never empty; ``owner_id`` None means nobody owns it."""

    contract_id: str
    account_id: str
    account_name: str
    region: str | None
    owner_id: str | None
    currency: str | None
    units: tuple[ContractFacts, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class AttachedDocument:
    """A document of a contract or its amendments; the bytes are the blob of ``sha256``."""

    contract_id: str
    file_name: str
    sha256: str
    media_type: str


@dataclass(frozen=True)
class Bundle:
    """Everything about one contract. ``monthly`` is today's price: the orders and the change orders in effect on the day asked.

    ``monthly`` is None when the contract has no price, an order lacks one, or its orders and change orders have more than one currency.
    ``price_book`` holds the newest version in force, in the contract's currency. ``outages`` and ``maintenance`` are those of its circuits;
    ``tickets`` too, whether they were outages or not.
    """

    entry: Entry
    title: str
    customer: Party
    locale: str | None
    agreement_date: date | None
    notice_address: str | None
    renewals_so_far: int
    monthly: Money | None
    lines: tuple[OrderLine, ...]
    change_orders: tuple[ChangeOrder, ...]
    uplift: UpliftRule
    early_end_ref: ClauseRef | None
    price_book: tuple[PriceBookEntry, ...]
    contacts: tuple[Contact, ...]
    billing_contact: str | None
    commitments: tuple[SlaCommitment, ...]
    outages: tuple[Outage, ...]
    maintenance: tuple[Maintenance, ...]
    claims: tuple[CreditClaim, ...]
    tickets: tuple[TicketView, ...]
    crm: CrmRecord | None
    documents: tuple[AttachedDocument, ...]

    @property
    def facts(self) -> ContractFacts:
        """The facts of the first unit of term: the contract's own, where its term is not that of several orders."""
        return self.entry.units[0]

    @property
    def circuits(self) -> tuple[str, ...]:
        """Circuits of the services, in order."""
        return tuple(line.circuit_id for line in self.lines if line.circuit_id)


def contracts(session: Session, known_at: datetime | None = None) -> tuple[records.Contract, ...]:
    """Every contract, by id; amendments are not contracts."""
    query = _known(records.Contract, known_at).where(records.Contract.kind == MSA).order_by(col(records.Contract.id))
    return tuple(session.exec(query))


def iter_contract_facts(
    session: Session, as_of: datetime, *, known_at: datetime | None = None, batch: int = 1000, after: str = ""
) -> Iterator[Entry]:
    """Every contract by id, streamed; begins after the id ``after``. Memory holds one batch, the accounts and the amendments."""
    accounts = {each.id: each for each in session.exec(_known(records.Account, known_at))}
    amendments = _amendments(session, known_at)
    while True:
        query = _known(records.Contract, known_at).where(records.Contract.kind == MSA, col(records.Contract.id) > after)
        rows = session.exec(query.order_by(col(records.Contract.id)).limit(batch)).all()
        if not rows:
            return
        yield from _entries(session, rows, accounts, amendments, as_of, known_at)
        after = rows[-1].id


def contract_entry(session: Session, contract_id: str, as_of: datetime, known_at: datetime | None = None) -> Entry:
    """The contract with the facts of its units, and nothing else of it. Raises ``NotFound`` as ``contract_bundle`` does."""
    contract = _contract(session, contract_id, known_at)
    (account,) = versions.by(session, records.Account, "id", [contract.account_id], known_at)
    changes = versions.by(session, records.Contract, "amends_id", [contract_id], known_at)
    return next(_entries(session, [contract], {account.id: account}, {contract_id: changes}, as_of, known_at))


def contract_bundle(
    session: Session, contract_id: str, as_of: datetime, known_at: datetime | None = None, without: tuple[str, str] | None = None
) -> Bundle:
    """Everything about one contract; ``without`` leaves a person's answer out (``settled.answers``). Raises ``NotFound`` (CO-PRT-001) for an id that is no contract, also for that of an amendment."""
    return _BundleReader(session, _contract(session, contract_id, known_at), as_of, known_at, without).read()


def _contract(session: Session, contract_id: str, known_at: datetime | None) -> records.Contract:
    found = versions.by(session, records.Contract, "id", [contract_id], known_at)
    if not found or found[0].kind != MSA:
        raise NotFound("CO-PRT-001", f"{contract_id} is no contract of the portfolio.", advice="contractops coverage lists them all.")
    return found[0]


def contract_of_circuit(session: Session, circuit_id: str, known_at: datetime | None = None) -> str | None:
    """The contract a circuit belongs to, or None."""
    order = session.exec(_known(records.ServiceOrder, known_at).where(records.ServiceOrder.circuit_id == circuit_id)).first()
    return order.contract_id if order else None


class _BundleReader:
    """Collects one bundle."""

    def __init__(
        self,
        session: Session,
        contract: records.Contract,
        as_of: datetime,
        known_at: datetime | None,
        without: tuple[str, str] | None,
    ) -> None:
        self._session = session
        self._contract = contract
        self._as_of = as_of
        self._known_at = known_at
        self._account = self._rows(records.Account, "id", contract.account_id)[0]
        self._amendments = self._rows(records.Contract, "amends_id", contract.id)
        self._orders = self._rows(records.ServiceOrder, "contract_id", contract.id)
        self._promises = self._rows(records.SlaCommitment, "order_id", *(each.id for each in self._orders))
        subjects = [contract.id, *(each.id for each in (*self._amendments, *self._orders, *self._promises))]
        self._refs = refs_of(self._rows(records.Clause, "subject_id", *subjects))
        self._settled = answers(session, subjects, known_at, without)
        self._circuits = [service_of.service_id(each) for each in self._orders]

    def read(self) -> Bundle:
        units = units_of(self._contract, self._account.zone, self._amendments, self._orders, self._refs, self._as_of, self._settled)
        own_refs = self._refs.get(self._contract.id, {})
        crm = self._crm()
        changes = self._change_orders(crm)
        contacts = sorted(self._rows(records.Contact, "account_id", self._account.id), key=_newest_check_first)
        tickets = self._rows(records.Ticket, "circuit_id", *self._circuits)
        counted = [each for each in tickets if each.service_affecting and each.status != "cancelled"]
        return Bundle(
            entry=_entry(self._contract, self._account, units),
            title=self._contract.title or self._contract.id,
            customer=Party(name=self._account.name, address=_lines(self._account.address), country=self._account.country or "US"),
            locale=self._account.locale,
            agreement_date=self._contract.agreement_date,
            notice_address=self._contract.notice_address,
            renewals_so_far=self._contract.renewals_so_far or 0,
            monthly=self._monthly(changes, units),
            lines=tuple(service_of.order_line(each, self._account.region, self._settled) for each in self._orders),
            change_orders=changes,
            uplift=uplift_of(self._contract, self._amendments, units.applied, own_refs),
            early_end_ref=own_refs.get("early_end"),
            price_book=self._price_book(units),
            contacts=tuple(_contact(each) for each in contacts),
            billing_contact=next((each.name for each in contacts if each.billing), None),
            commitments=self._commitments(units),
            outages=tuple(service_of.outage(each) for each in counted),
            maintenance=tuple(service_of.maintenance(each) for each in self._rows(records.Maintenance, "circuit_id", *self._circuits)),
            claims=tuple(service_of.claim(each) for each in self._rows(records.SlaClaim, "circuit_id", *self._circuits)),
            tickets=tuple(TicketView(ticket_id=each.id, circuit_id=each.circuit_id) for each in tickets),
            crm=crm,
            documents=self._documents(),
        )

    def _rows(self, record: type[R], column: str, *keys: str) -> list[R]:
        return versions.by(self._session, record, column, keys, self._known_at)

    def _crm(self) -> CrmRecord | None:
        return crm_history.known(self._session, self._contract.id)

    def _change_orders(self, crm: CrmRecord | None) -> tuple[ChangeOrder, ...]:
        found = self._rows(records.ChangeOrder, "contract_id", self._contract.id)
        return tuple(service_of.change_order(each, crm.change_orders if crm else None) for each in found)

    def _monthly(self, changes: Sequence[ChangeOrder], units: Units) -> Money | None:
        today = self._as_of.astimezone(zone(units.units[0].zone)).date()
        if self._contract.monthly_price is not None and self._contract.currency is not None:
            base = [Money(amount=self._contract.monthly_price, currency=self._contract.currency)]
        else:
            lines = [service_of.order_line(each, None, self._settled) for each in self._orders]
            # Where nobody names a new price, the last one known is what is billed.
            prices = [line.price_on(today) or line.monthly for line in lines]
            base = [price for price in prices if price is not None]
            if not base or len(base) < len(lines):
                return None
        parts = [*base, *(each.monthly_change for each in changes if each.effective_on <= today)]
        if len({part.currency for part in parts}) > 1:
            return None
        return sum(parts[1:], start=parts[0])

    def _commitments(self, units: Units) -> tuple[SlaCommitment, ...]:
        by_id = {each.id: each for each in self._orders}
        place = units.units[0].zone
        found = (service_of.commitment(each, by_id[each.order_id], place, self._refs.get(each.id, {})) for each in self._promises)
        return tuple(each for each in found if each is not None)

    def _price_book(self, units: Units) -> tuple[PriceBookEntry, ...]:
        """Entries of the newest book in force, in the currency of the contract."""
        today = self._as_of.astimezone(zone(units.units[0].zone)).date()
        currencies = {self._contract.currency, *(each.currency for each in self._orders)} - {None}
        asked = _book_of_the_day(many=len(currencies) > 1, past=self._known_at is not None)
        rows = versions.ask(self._session, asked, currencies, self._known_at, today=today) if currencies else []
        newest = max(((each.valid_from, each.book) for each in rows), default=None)
        return tuple(service_of.price_entry(each) for each in rows if (each.valid_from, each.book) == newest)

    def _documents(self) -> tuple[AttachedDocument, ...]:
        ids = [self._contract.id, *(each.id for each in self._amendments)]
        found = self._rows(records.Document, "contract_id", *ids)
        return tuple(AttachedDocument(each.contract_id, each.file_name, each.sha256, each.media_type) for each in found)


@cache
def _book_of_the_day(*, many: bool, past: bool) -> Select[Any]:
    table = records.table_of(records.PriceBookEntry)
    today: BindParameter[date] = bindparam("today")
    in_force = and_(table.c.valid_from <= today, or_(table.c.valid_to.is_(None), table.c.valid_to >= today))
    return versions.question(records.PriceBookEntry, "currency", many=many, past=past).where(in_force)


def _known(record: type[R], known_at: datetime | None) -> SelectOfScalar[R]:
    """Rows that were current at ``known_at`` (None: now)."""
    if known_at is None:
        return select(record).where(col(record.superseded_at).is_(None))
    still = or_(col(record.superseded_at).is_(None), col(record.superseded_at) > known_at)
    return select(record).where(and_(col(record.recorded_at) <= known_at, still))


def _amendments(session: Session, known_at: datetime | None) -> dict[str, list[records.Contract]]:
    """Amendments by the contract they change."""
    found: dict[str, list[records.Contract]] = {}
    for each in session.exec(_known(records.Contract, known_at).where(col(records.Contract.amends_id).is_not(None))):
        found.setdefault(each.amends_id or "", []).append(each)
    return found


def _entries(
    session: Session,
    rows: Sequence[records.Contract],
    accounts: dict[str, records.Account],
    amendments: dict[str, list[records.Contract]],
    as_of: datetime,
    known_at: datetime | None,
) -> Iterator[Entry]:
    by_order = [row.id for row in rows if row.term_unit == TERM_OF_ORDERS]
    orders: dict[str, list[records.ServiceOrder]] = {}
    if by_order:
        query = _known(records.ServiceOrder, known_at).where(col(records.ServiceOrder.contract_id).in_(by_order))
        for order in session.exec(query.order_by(col(records.ServiceOrder.id))):
            orders.setdefault(order.contract_id, []).append(order)
    subjects = [row.id for row in rows]
    subjects += [each.id for row in rows for each in amendments.get(row.id, ())]
    subjects += [each.id for found in orders.values() for each in found]
    refs = refs_of(session.exec(_known(records.Clause, known_at).where(col(records.Clause.subject_id).in_(subjects))))
    settled = answers(session, subjects, known_at)
    for row in rows:
        account = accounts[row.account_id]
        yield _entry(row, account, units_of(row, account.zone, amendments.get(row.id, ()), orders.get(row.id, ()), refs, as_of, settled))


def _entry(contract: records.Contract, account: records.Account, units: Units) -> Entry:
    return Entry(
        contract_id=contract.id,
        account_id=account.id,
        account_name=account.name,
        region=account.region,
        owner_id=contract.owner_id or account.owner_id,
        currency=contract.currency,
        units=units.units,
        findings=units.findings,
    )


def _contact(record: records.Contact) -> Contact:
    """A contact; a signing right that nobody ever checked does not count."""
    may_sign = record.signing_right and record.checked_on is not None
    return Contact(contact_id=record.id, name=record.name, email=record.email, title=record.title or "", may_sign=may_sign)


def _newest_check_first(record: records.Contact) -> tuple[int, str]:
    """Order of the contacts: whose signing right was verified last comes first, so he is the one proposed."""
    return (-record.checked_on.toordinal() if record.checked_on else 0, record.id)


def _lines(address: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (address or "").split(";") if part.strip())
