"""Forms: which one an action opens, filled with what is known.

Rule 1: a form opens only while its question is open; what it shows is allowed is checked again when it is sent (``checks``).
Rule 2: the form carries the token of the button that opened it, so that the same question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from contractops.operator import cases, clauses, notices, people, prices, sentences, wording
from contractops.operator.showing import mails
from contractops.operator.showing.checks import check
from contractops.operator.showing.edit_form import edit_form, signers
from contractops.operator.showing.explain import notice_text
from contractops.operator.showing.scene import terms_of
from contractops.operator.showing.tokens import remember
from contractops.operator.signers import customers_signer, envelope_out
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import FieldValue
from contractops.operator.slack.forms import (
    Choice,
    ClauseForm,
    DeclineForm,
    EvidenceForm,
    Form,
    HandoverForm,
    NoticeForm,
    PriceForm,
    ReviewForm,
    SignerForm,
    SnoozeForm,
    StopForm,
    TextForm,
)
from contractops.operator.slack.modals import TEXTS, render_form
from contractops.operator.store import gates
from contractops.operator.store.tables import Approval, Button, Card, Draft, Envelope, Gate, Renewal
from contractops.tools.alerts import snooze_limit
from contractops.tools.terms import Terms

__all__ = ["check", "form", "preview"]

_NO_HAND_OVER = frozenset({people.FINANCE})


@dataclass(frozen=True)
class _Asked:
    """What a form is built from."""

    session: Session
    action: Action
    renewal: Renewal
    card: Card
    button: Button
    now: datetime
    rules: cases.Rules

    @property
    def base(self) -> dict[str, Any]:
        """What every form carries."""
        return {"token": self.button.token, "account": self.facts.account_name, "contract_id": self.renewal.contract_id}

    @property
    def facts(self) -> cases.Overview:
        """The facts of the renewal now."""
        return cases.overview(self.session, self.renewal, self.now, self.rules)

    @property
    def is_open(self) -> bool:
        """Whether the question of the button is still open."""
        gate = gates.open_of(self.session, self.renewal.id, self.renewal.version)
        shown = self.session.get(Gate, self.button.gate_key) if gate is not None and self.button.gate_key else None
        return gate is not None and shown is not None and gates.asked_now(self.session, shown).key == gate.key

    @property
    def envelope(self) -> Envelope | None:
        """The envelope that is out, if any."""
        return envelope_out(self.session, self.renewal.id)

    @property
    def draft(self) -> Draft | None:
        """The current draft."""
        return self.session.get(Draft, (self.renewal.id, self.renewal.draft_number))


def form(
    session: Session, action: Action, renewal: Renewal, card: Card, button: Button, now: datetime, rules: cases.Rules
) -> dict[str, Any] | None:
    """The view that ``action`` opens, or None when there is nothing to ask any more. ``now`` is business time."""
    asked = _Asked(session, action, renewal, card, button, now, rules)
    builder = FORMS.get(action, _text if action.value in {one.value for one in TEXTS} else None)
    built = builder(asked) if builder else None
    return render_form(built) if built else None


def preview(
    session: Session,
    callback: Callback,
    renewal: Renewal,
    card: Card,
    button: Button,
    values: Mapping[str, FieldValue],
    now: datetime,
    rules: cases.Rules,
) -> dict[str, Any] | None:
    """The open form with its figures recomputed from what is typed; None for a form without a preview."""
    del card
    if callback is not Callback.DRAFT_EDIT:
        return None
    built = edit_form(session, renewal, button, now, rules, values)
    return render_form(built) if built else None


def _edit(asked: _Asked) -> Form | None:
    return edit_form(asked.session, asked.renewal, asked.button, asked.now, asked.rules) if asked.is_open else None


def _review(asked: _Asked) -> Form | None:
    """Every figure of the card again."""
    stored = asked.draft
    if stored is None or not asked.is_open:
        return None
    terms = terms_of(stored)
    return ReviewForm(**asked.base, number=stored.number, facts=_figures(terms), approvals=_so_far(asked, stored))


def _figures(terms: Terms) -> tuple[tuple[str, str], ...]:
    """Every figure that the approval counts for, as (label, words)."""
    options = []
    if terms.options.exit_after_month is not None:
        options.append(f"Exit right after month {terms.options.exit_after_month}")
    if terms.options.true_up:
        options.append("Yearly true-up of usage")
    orders = wording.listing([one.order_id for one in terms.change_orders]) or "none"
    shown = [
        ("Term", f"{wording.plural(terms.term_months, 'month')}, {wording.day(terms.start)} to {wording.day(terms.end)}"),
        ("A month", f"{wording.money(terms.monthly)}, today {wording.money(terms.current)} ({wording.signed_percent(terms.change_pct)})"),
        ("In total", wording.money(terms.total)),
        ("Price rise", wording.percent(terms.uplift_pct)),
        ("Discount", f"{wording.percent(terms.discount_pct)}, {wording.money(terms.given)} over the term"),
        ("Floor", f"{wording.monthly(terms.floor)}: {'kept' if terms.floor_kept else 'broken'}"),
        ("Effect on the year", f"ARR {wording.signed_money(terms.arr_effect)}"),
        ("Change orders", orders),
        ("Options", wording.listing(options) or "none"),
        ("Signs for the customer", f"{terms.signer.name}, {terms.signer.title}" if terms.signer else "nobody yet"),
        ("Must be signed by", wording.deadline(terms.decide_by, terms.zone)),
    ]
    if terms.free_months:
        shown.append(("Free months", str(terms.free_months)))
    if terms.credit_amount is not None:
        shown.append(("Open credit", f"{wording.money(terms.credit_amount)}, {terms.credit.value.replace('_', ' ')}"))
    return tuple(shown)


def _so_far(asked: _Asked, stored: Draft) -> tuple[str, ...]:
    query = select(Approval).where(
        Approval.renewal_id == asked.renewal.id, Approval.draft_number == stored.number, Approval.round == asked.renewal.round
    )
    zone = asked.renewal.zone or "UTC"
    return tuple(
        f"{_name(asked, one.person_id)}, {wording.moment(one.at, zone)}" for one in asked.session.exec(query.order_by(col(Approval.step)))
    )


def _name(asked: _Asked, person_id: str | None) -> str:
    found = people.person(asked.session, person_id)
    return found.name if found else "contract-ops"


def _decline(asked: _Asked) -> Form | None:
    return DeclineForm(**asked.base, number=asked.renewal.draft_number) if asked.is_open else None


def _snooze(asked: _Asked) -> Form | None:
    """The days that may be chosen; none when a snooze is no longer possible."""
    working = cases.working_time(asked.session, asked.renewal.owner_id, asked.rules)
    limit = snooze_limit(asked.facts.window, working, asked.renewal.snoozes, asked.now)
    if limit.latest is None or asked.renewal.safe_on is None or not asked.is_open:
        return None
    today = wording.local_date(asked.now, working.zone)
    return SnoozeForm(**asked.base, today=today, choices=limit.choices, latest=limit.latest, deadline=asked.renewal.safe_on)


def _stop(asked: _Asked) -> Form | None:
    end = asked.renewal.term_end
    return StopForm(**asked.base, term_end=end) if end is not None and asked.is_open else None


def _hand_over(asked: _Asked) -> Form | None:
    staff = [one for one in people.everybody(asked.session) if one.active and one.role not in _NO_HAND_OVER]
    others = [one for one in staff if one.person_id != asked.renewal.owner_id]
    choices = tuple(Choice(value=one.person_id, label=f"{one.name}, {one.title}") for one in others)
    return HandoverForm(**asked.base, people=choices) if choices else None


def _signer(asked: _Asked) -> Form | None:
    """Everybody with signing right but the one whom the envelope has now; the same person counts with another address."""
    stored, envelope = asked.draft, asked.envelope
    if stored is None or envelope is None:
        return None
    now = customers_signer(asked.session, envelope)
    source = asked.facts.source
    emails = {one.contact_id: one.email.casefold() for one in source.contacts}
    others = tuple(one for one in signers(source, None) if now is None or emails[one.value] != now.email.casefold())
    return SignerForm(**asked.base, number=stored.number, signers=others) if others else None


def _evidence(asked: _Asked) -> Form | None:
    due = asked.renewal.decide_by
    if due is None or not asked.is_open:
        return None
    names = [one.name for one in asked.facts.source.facts.methods]
    methods = tuple(Choice(value=name, label=wording.sentence_case(name.replace("_", " "))) for name in (*names, "other"))
    return EvidenceForm(**asked.base, methods=methods, received_by=due, zone=asked.renewal.zone or "UTC", signed=_signed_notice(asked))


def _notice(asked: _Asked) -> Form | None:
    """The notice as it would be sent now. Its bytes are stored, and the form's token stands for exactly them."""
    due, session = asked.renewal.decide_by, asked.session
    sent = notices.latest(session, asked.renewal)
    if due is None or not _waits_for_evidence(asked) or (sent is not None and not sent.is_over):
        return None
    prepared = notices.prepare(session, asked.renewal, asked.now, asked.rules)
    if prepared is None:
        return None
    notices.keep(session, prepared)
    args = {"about": f"{prepared.sha256} {len(notices.sendings(session, asked.renewal))}", "document": prepared.sha256}
    args["renewal"] = asked.renewal.id
    token = remember(session, asked.rules.token_secret, asked.card.key, Action.NOTICE_SEND, None, args)
    return NoticeForm(
        **asked.base | {"token": token},
        lines=tuple(notice_text(asked.facts).split("\n")),
        signer=prepared.signer.name,
        fingerprint=prepared.sha256,
        received_by=due,
        zone=asked.renewal.zone or "UTC",
    )


def _waits_for_evidence(asked: _Asked) -> bool:
    """Whether the notice is still to be served."""
    gate = gates.open_of(asked.session, asked.renewal.id, asked.renewal.version)
    return gate is not None and gate.kind == "evidence"


def _signed_notice(asked: _Asked) -> str:
    """About the notice that we signed: it stands beside the proof of its delivery, and is none itself."""
    sent = notices.latest(asked.session, asked.renewal)
    if sent is None or sent.envelope is None or sent.fetched is None:
        return ""
    return f"The notice signed by {sent.plan.signers[0].name} (envelope {sent.envelope.envelope_id}) is attached. It proves no delivery."


def _price(asked: _Asked) -> Form | None:
    """The price that is missing, filled with what was proposed; None when it is no longer missing."""
    args = asked.button.args
    found = prices.missing_of(asked.session, asked.facts, args.get("question"))
    if found is None:
        return None
    given = {name: str(args.get(name) or "") for name in ("price", "said")}
    return PriceForm(**asked.base, order_id=found.order_id, currency=found.currency, since=found.effective_on, **given)


def _clause(asked: _Asked) -> Form | None:
    """The question of the button, filled with what was proposed or answered; None when it is settled."""
    question = clauses.asked_by(asked.session, asked.renewal, asked.button.args, asked.now, asked.rules)
    if question is None:
        return None
    given = {name: str(asked.button.args.get(name) or "") for name in ("value", "ground", "said")}
    readings = tuple(Choice(value=value, label=label) for value, label in question.readings.items())
    units = (
        tuple(Choice(value=unit, label=label) for unit, label in clauses.UNITS.items()) if question.answer is clauses.Answer.LENGTH else ()
    )
    asks = question.answer.value
    where = sentences.source(question.ref.model_copy(update={"quote": None})) if question.ref else ""
    return ClauseForm(**asked.base, ask=question.ask, asks=asks, quote=question.quote, where=where, readings=readings, units=units, **given)


def _text(asked: _Asked) -> Form | None:
    """One question; who is asked stands in its title."""
    whom = _name(asked, asked.renewal.owner_id) if asked.action is Action.SECOND_ASK else ""
    return TextForm(**asked.base, callback=Callback(asked.action.value), whom=whom, number=asked.renewal.draft_number)


def _mail(asked: _Asked) -> Form | None:
    """A mail that the clicker sends himself."""
    found = mails.mail_of(asked.session, asked.action, asked.renewal, asked.card, asked.now, asked.rules)
    return mails.form_of(found, asked.base, asked.action) if found else None


FORMS: dict[Action, Callable[[_Asked], Form | None]] = {
    Action.DRAFT_EDIT: _edit,
    Action.SECOND_APPROVE: _review,
    Action.SECOND_DECLINE: _decline,
    Action.RENEWAL_SNOOZE: _snooze,
    Action.RENEWAL_STOP: _stop,
    Action.RENEWAL_HANDOVER: _hand_over,
    Action.ENVELOPE_SIGNER: _signer,
    Action.NOTICE_SEND: _notice,
    Action.NOTICE_EVIDENCE: _evidence,
    Action.FINDING_PRICE: _price,
    Action.CLAUSE_SETTLE: _clause,
    **dict.fromkeys(mails.MAILS, _mail),
}
"""The form of each action; an action of ``TEXTS`` asks for one text."""
