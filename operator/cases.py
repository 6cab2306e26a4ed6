"""Cases: the facts of one renewal, read in one view of the database and handed on as values.

Rule 1: facts are those in force at the moment asked: imported records, amendments folded in, and the renewals signed since.
Rule 2: the window of a renewal is computed for the term it stands for, never for another one.
Rule 3: nothing is cached across calls: what changed since is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import Case, NewApproval, StoredDraft
from contractops.operator import people
from contractops.operator.store import crm_history, gates, portfolio
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Approval, Draft, Effect, Envelope, ExecutedTerm, Gate, Renewal
from contractops.tools.calendars import zone
from contractops.tools.crm import CrmRecord, SignedFacts
from contractops.tools.errors import InputError, InvariantError
from contractops.tools.facts import ContractFacts, renewed
from contractops.tools.notice_window import NoticeWindow, moment, notice_window
from contractops.tools.people import Person, WorkingTime
from contractops.tools.ports import Crm, EnvelopeState
from contractops.tools.pricing import ChangeOrder, OrderLine
from contractops.tools.signature import NOTICE, AuthorityMatrix, RoleLimit
from contractops.tools.sla import month_of, sla_months
from contractops.tools.sla_credit import SlaSummary, month_credit, summarise
from contractops.tools.terms import Party, Terms, TermsChoices, TermsSource, default_choices, offered
from contractops.tools.values import Money

NOON = time(12, 0)


@dataclass(frozen=True)
class Rules:
    """The policies of the settings file as values. ``token_secret`` makes the tokens of buttons; it never leaves the database.

    A credit below ``credit_card_from`` (in its own currency) stands in the weekly digest only; a restore target that will be missed is told
    ``breach_warning`` before.
    ``away_statuses``: names of the emoji of a Slack status that means away.
    ``mails``: whether a mail server is configured; without one nothing is to be mailed.
    """

    matrix: AuthorityMatrix
    supplier: Party
    signing_days: int
    terms_offered: tuple[int, ...]
    channels: dict[str, str]
    credit_card_from: Decimal
    breach_warning: timedelta
    token_secret: bytes
    mails: bool = False
    away_statuses: frozenset[str] = frozenset()

    def channel(self, name: str) -> str:
        """The Slack channel of a role: ``renewals``, ``approvals``, ``credits``; ``ops`` only where the policy names one."""
        return self.channels[name]

    def contract_ops(self, session: Session) -> tuple[str, ...]:
        """Ids of contract-ops. Raises ``InputError`` CO-PPL-001 when there is nobody: somebody must own what nobody owns."""
        found = people.with_role(session, people.CONTRACT_OPS)
        if not found:
            raise InputError(
                "CO-PPL-001", "nobody has the role contract_ops", advice="Give the role to a person in people.csv and import it."
            )
        return found

    def with_role(self, session: Session, role: str) -> tuple[str, ...]:
        """Ids of the active people with ``role``."""
        return people.with_role(session, role)


def rules_of(policy: dict[str, Any], token_secret: bytes, *, mails: bool = False) -> Rules:
    """The values of a policy file. Raises ``InputError`` CO-SET-004 naming what is missing or wrong."""
    try:
        company, slack, renewal = policy["company"], policy["slack"], policy["renewal"]
        return Rules(
            matrix=AuthorityMatrix(levels=tuple(RoleLimit.model_validate(level) for level in policy["authority"])),
            supplier=Party(name=company["name"], address=tuple(company["address"]), country=company["country"]),
            signing_days=int(renewal["signing_closes_days_before"]),
            terms_offered=tuple(int(months) for months in renewal["terms_offered"]),
            channels={name: str(slack[name]) for name in ("renewals", "approvals", "credits", *(["ops"] if "ops" in slack else []))},
            credit_card_from=Decimal(str(renewal["credit_card_from"])),
            breach_warning=timedelta(minutes=int(renewal["breach_warning_minutes"])),
            token_secret=token_secret,
            mails=mails,
            away_statuses=frozenset(str(one).strip(":") for one in policy.get("away", {}).get("statuses", ())),
        )
    except (KeyError, ValueError, ArithmeticError) as problem:
        raise InputError("CO-SET-004", f"policy file: {problem}", advice="Compare it with the default policy.toml.") from None


@dataclass(frozen=True)
class Overview:
    """What cards, lists and reports need of one renewal. ``monthly`` is today's price, None when it is not known."""

    renewal: Renewal
    account_name: str
    contract_id: str
    zone: str
    window: NoticeWindow
    source: TermsSource
    owner: Person | None
    monthly: Money | None
    service: SlaSummary | None
    target_pct: Decimal | None
    missing_change_orders: tuple[ChangeOrder, ...]
    renewals_so_far: int | None
    data_checked: datetime
    notice_address: str | None
    crm: CrmRecord | None


def overview(session: Session, row: Renewal, now: datetime, rules: Rules, without: tuple[str, str] | None = None) -> Overview:
    """Everything a card of ``row`` may say, as of ``now`` (business time); ``without`` leaves a person's answer out (``settled.answers``)."""
    bundle = portfolio.contract_bundle(session, row.contract_id, now, without=without)
    signed = _signed_term(session, row)
    facts = _facts(bundle.entry, row, signed)
    window = notice_window(facts, inside(row.term_start, row.term_end, facts.zone, now))
    service = service_of_term(bundle, window, now)
    return Overview(
        renewal=row,
        account_name=bundle.entry.account_name,
        contract_id=row.contract_id,
        zone=facts.zone,
        window=window,
        source=_source(bundle, row, signed, facts, window, service, rules),
        owner=people.person(session, row.owner_id),
        monthly=_monthly(bundle, signed),
        service=service,
        target_pct=min((one.target_pct for one in bundle.commitments), default=None),
        missing_change_orders=tuple(one for one in bundle.change_orders if one.in_crm is False),
        renewals_so_far=bundle.renewals_so_far,
        data_checked=now,
        notice_address=bundle.notice_address,
        crm=bundle.crm,
    )


def window_of(session: Session, row: Renewal, now: datetime) -> NoticeWindow:
    """The window of the term that ``row`` stands for."""
    facts = _facts(portfolio.contract_entry(session, row.contract_id, now), row, _signed_term(session, row))
    return notice_window(facts, inside(row.term_start, row.term_end, facts.zone, now))


def service_of_term(bundle: portfolio.Bundle, window: NoticeWindow, now: datetime) -> SlaSummary | None:
    """Service and credits since the start of the running term; None without a commitment or a known term."""
    if not bundle.commitments or window.term_start is None:
        return None
    months, credits_found = [], []
    for promise in bundle.commitments:
        outages = [one for one in bundle.outages if one.service_id == promise.service_id]
        works = [one for one in bundle.maintenance if one.service_id == promise.service_id]
        for measured in sla_months(promise, month_of(window.term_start), outages, works, now):
            months.append(measured)
            claim = next((one for one in bundle.claims if (one.service_id, one.month) == (measured.service_id, measured.month)), None)
            credit = month_credit(promise, measured, claim, now).credit
            if credit is not None:
                credits_found.append(credit)
    return summarise(bundle.entry.contract_id, months, credits_found)


def load(session: Session, renewal_id: str, now: datetime, rules: Rules) -> Case:
    """Every fact that planning a step of the renewal may need."""
    row = session.get_one(Renewal, renewal_id, populate_existing=True)
    found = overview(session, row, now, rules)
    gate = session.get(Gate, gates.key_of(row.id, row.version), populate_existing=True)
    envelope = session.exec(
        select(Envelope).where(Envelope.renewal_id == row.id, Envelope.draft_number > NOTICE).order_by(col(Envelope.sent_at).desc())
    ).first()
    draft = session.get(Draft, (row.id, row.draft_number), populate_existing=True)
    choices, asked_by = _wanted(session, row, draft)
    return Case(
        renewal_id=row.id,
        contract_id=row.contract_id,
        now=now,
        owner=found.owner,
        people=people.everybody(session),
        matrix=rules.matrix,
        watchers=rules.contract_ops(session),
        source=found.source,
        asked_by=asked_by,
        choices=choices,
        draft_number=row.draft_number,
        draft=_stored(draft) if draft else None,
        approvals=_approvals(session, row),
        round=row.round,
        gate_kind=gate.kind if gate else "",
        gate_allowed=tuple(gate.allowed) if gate else (),
        snoozes=row.snoozes,
        envelope_id=envelope.envelope_id if envelope else None,
        signing_days=rules.signing_days,
        crm_seen=CrmRecord.model_validate(draft.crm_seen) if draft and draft.crm_seen else None,
        signed=_signed(session, row, found.zone),
        stand_in=people.stand_in(session, found.owner, now) if found.owner else None,
    )


def offer_discount(session: Session, row: Renewal, months: int, now: datetime, rules: Rules) -> Decimal:
    """The price book's own discount for another length."""
    source = overview(session, row, now, rules).source
    found = next((one for one in offered(source, default_choices(source)) if one.term_months == months), None)
    return found.discount_pct if found else Decimal("0.00")


def crm_record(session: Session, renewal_id: str) -> dict[str, Any] | None:
    """The CRM's record of the renewal's contract as last read, in JSON form."""
    row = session.get_one(Renewal, renewal_id)
    record = crm_history.known(session, row.contract_id)
    return record.model_dump(mode="json") if record else None


def sync_crm(database: Database, crm: Crm, now: datetime) -> int:
    """Read the records of the contracts on the way and store what changed as new versions; returns how many changed."""
    on_the_way = ("flagged", "preparing", "in_review", "approved", "out_for_signature", "needs_person")
    with database.read() as session:
        contracts = set(session.exec(select(Renewal.contract_id).where(col(Renewal.stage).in_(on_the_way))))
    changed = 0
    for contract_id in sorted(contracts):
        record = crm.read(contract_id)
        if record is not None:
            with database.write() as session:
                changed += crm_history.remember(session, record, now)
    return changed


def working_time(session: Session, person_id: str | None, rules: Rules) -> WorkingTime:
    """When the person works; for nobody, when contract-ops do."""
    found = people.person(session, person_id) or people.person(session, rules.contract_ops(session)[0])
    if found is None:
        raise InvariantError("CO-PPL-002", "contract-ops has no working time")
    return found.working_time


def manager_of(session: Session, person_id: str | None) -> str | None:
    """The manager's id, if there is one."""
    found = people.person(session, person_id)
    return found.manager_id if found else None


def _facts(entry: portfolio.Entry, row: Renewal, signed: ExecutedTerm | None) -> ContractFacts:
    """The unit's facts, with the last signed renewal up to this term laid over them."""
    units = {unit.unit_id: unit for unit in entry.units}
    facts = units.get(row.unit_id, entry.units[0])
    return renewed(facts, signed.start, signed.months) if signed and signed.months else facts


_SIGNED: Final = (
    select(ExecutedTerm)
    .where(ExecutedTerm.unit_id == bindparam("unit"), ExecutedTerm.how == "renewed", ExecutedTerm.sequence <= bindparam("sequence"))
    .order_by(col(ExecutedTerm.sequence).desc())
)


def _signed_term(session: Session, row: Renewal) -> ExecutedTerm | None:
    return session.exec(_SIGNED, params={"unit": row.unit_id, "sequence": row.sequence}).first()


def inside(first: date | None, last: date | None, zone_name: str, now: datetime) -> datetime:
    """``now``, moved to noon of the nearest day between ``first`` and ``last`` when it lies outside."""
    tz = zone(zone_name)
    today = now.astimezone(tz).date()
    if first is not None and today < first:
        return moment(first, NOON, tz)
    if last is not None and today > last:
        return moment(last, NOON, tz)
    return now


def _source(
    bundle: portfolio.Bundle,
    row: Renewal,
    signed: ExecutedTerm | None,
    facts: ContractFacts,
    window: NoticeWindow,
    service: SlaSummary | None,
    rules: Rules,
) -> TermsSource:
    lines = tuple(_as_signed(line, signed) for line in bundle.lines)
    ours = [line for line in lines if facts.unit_id in {row.contract_id, line.order_id}]
    since = signed.recorded_at.date() if signed else date.min
    return TermsSource(
        contract_id=row.contract_id,
        account_id=row.account_id,
        account_name=bundle.entry.account_name,
        supplier=rules.supplier,
        customer=bundle.customer,
        facts=facts,
        window=window,
        lines=tuple(ours),
        change_orders=tuple(one for one in bundle.change_orders if one.effective_on > since),
        price_book=bundle.price_book,
        uplift=bundle.uplift,
        service=service,
        contacts=bundle.contacts,
        billing_contact=bundle.billing_contact,
        findings=bundle.entry.findings,
        terms_offered=rules.terms_offered,
    )


def _as_signed(line: OrderLine, signed: ExecutedTerm | None) -> OrderLine:
    """The line at the price of the last signed renewal, which replaces every price for an earlier day."""
    new = next((one["new"] for one in signed.lines if one["line_id"] == line.line_id), None) if signed else None
    if signed is None or new is None:
        return line
    update: dict[str, Any] = {"monthly": Money.model_validate(new)}
    if line.priced_until is not None and line.priced_until < signed.start:
        update["priced_until"] = None
    if line.later is not None and line.later.effective_on <= signed.start:
        update["later"] = None
    return line.model_copy(update=update)


def _monthly(bundle: portfolio.Bundle, signed: ExecutedTerm | None) -> Money | None:
    if signed is not None and signed.monthly is not None and signed.currency is not None:
        return Money(amount=Decimal(signed.monthly), currency=signed.currency)
    return bundle.monthly


def _wanted(session: Session, row: Renewal, draft: Draft | None) -> tuple[TermsChoices | None, str]:
    """What was chosen for the next draft and by whom: the answer that led here, else the draft before, else nothing."""
    query = select(Gate).where(Gate.renewal_id == row.id, Gate.version == row.version - 1, col(Gate.decision).is_not(None))
    gate = session.exec(query).first()
    by = gate.decided_by if gate and gate.decided_by and gate.decided_by != gates.MACHINE else row.owner_id or gates.MACHINE
    chosen = (gate.answer or {}).get("choices") if gate else None
    if chosen is not None:
        return TermsChoices.model_validate(chosen), by
    if draft is None:
        return None, by
    # An approver whose click met moved facts did not make the next draft: it stays its author's.
    asked = gate is not None and gate.decision in {Event.PREPARE, Event.OFFER}
    return TermsChoices.model_validate(draft.choices), by if asked else draft.created_by


def _stored(draft: Draft) -> StoredDraft:
    return StoredDraft(
        number=draft.number,
        choices=TermsChoices.model_validate(draft.choices),
        terms=Terms.model_validate(draft.terms),
        terms_hash=draft.terms_hash,
        document_sha256=draft.document_sha256,
        payload_hash=draft.payload_hash,
        created_by=draft.created_by,
    )


def _approvals(session: Session, row: Renewal) -> tuple[NewApproval, ...]:
    rows = session.exec(
        select(Approval)
        .where(Approval.renewal_id == row.id, Approval.draft_number == row.draft_number, Approval.round == row.round)
        .order_by(col(Approval.step))
    )
    return tuple(
        NewApproval(
            draft_number=one.draft_number,
            step=one.step,
            role=one.role,
            person_id=one.person_id,
            payload_hash=one.payload_hash,
            round=one.round,
            comment=one.comment,
        )
        for one in rows
    )


def _signed(session: Session, row: Renewal, zone_name: str) -> SignedFacts | None:
    """What the fetched document and its certificate say, once they were fetched."""
    query = select(Effect).where(Effect.renewal_id == row.id, Effect.kind == "docusign.fetch", Effect.status == "done")
    found = [one for one in session.exec(query.order_by(col(Effect.version).desc())) if one.payload["draft"] != NOTICE]
    effect = found[0] if found else None
    if effect is None or effect.receipt is None:
        return None
    state = EnvelopeState.model_validate(effect.receipt["state"])
    last = max(((one.at or state.changed_at) for one in state.recipients), default=state.changed_at)
    return SignedFacts(
        signed_on=last.astimezone(zone(zone_name)).date(),
        signer_name=state.recipients[0].name if state.recipients else "",
        document_sha256=str(effect.receipt["signed_sha256"]),
        renewal_key=f"{row.id}:{row.draft_number}",
    )
