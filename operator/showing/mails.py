"""Mails for a customer: plain text about one case, for a person to send. We send none.

Rule 1: at most ``MOST_WORDS`` words, the subject says it, one ask.
Rule 2: every figure stands in the facts of the case; a mail carries the texts that its figures may come from.
Rule 3: what is not known is left out, never guessed; the addressee is a contact of the CRM.

A new mail is one function ``(asked) -> Mail | None`` in ``MAILS``; form, check and answer follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from sqlmodel import Session

from contractops.operator import cases, people, service_case, wording
from contractops.operator.signers import envelope_out
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.forms import Choice, MailForm, MailSubmission
from contractops.operator.slack.views_service import MailDraft
from contractops.operator.store.tables import Card, Renewal
from contractops.tools.mail_figures import Foreign, foreign_figure
from contractops.tools.people import Contact
from contractops.tools.ports import EnvelopeState

MOST_WORDS: Final = 150
LINK_CHARACTERS: Final = 1900
"""What mail programs and Slack surely take as one address."""
CAUSES: Final = {
    "fibre_cut": "a cut fibre",
    "network": "a fault in our network",
    "equipment": "faulty equipment",
    "power": "a power failure",
}
"""Causes that a customer is told; of any other one nothing is said."""


@dataclass(frozen=True)
class Asked:
    """What a mail is about: a card of a renewal, at ``now`` (business time)."""

    session: Session
    renewal: Renewal
    args: Mapping[str, Any]
    now: datetime
    rules: cases.Rules

    @property
    def facts(self) -> cases.Overview:
        """The facts of the renewal now."""
        return cases.overview(self.session, self.renewal, self.now, self.rules)


@dataclass(frozen=True)
class Mail:
    """A mail before a person changes it. ``contacts``: who can get it, the proposed one first; ``given``: texts whose figures may stand in it."""

    contacts: tuple[Contact, ...]
    subject: str
    body: str
    given: tuple[str, ...] = ()

    def foreign(self, text: str) -> Foreign | None:
        """The first figure of ``text`` that is none of the case."""
        return foreign_figure(text, (self.subject, self.body, *self.given))


def mail_of(session: Session, action: Action, renewal: Renewal, card: Card, now: datetime, rules: cases.Rules) -> Mail | None:
    """The mail behind a button; None when its case is over."""
    return MAILS[action](Asked(session, renewal, card.args, now, rules))


def form_of(mail: Mail, base: Mapping[str, Any], action: Action) -> MailForm:
    """The form that the button opens."""
    contacts = tuple(
        Choice(value=one.contact_id, label=f"{one.name}, {one.email}", detail=one.title, chosen=one is mail.contacts[0])
        for one in mail.contacts
    )
    return MailForm(**base, callback=Callback(action.value), contacts=contacts, subject=mail.subject, body=mail.body)


def draft_of(mail: Mail, said: MailSubmission) -> MailDraft:
    """The mail as the person left it, ready to copy or to open."""
    to = next((one for one in mail.contacts if one.contact_id == said.contact_id), None)
    address = f"mailto:{quote(to.email, safe='@') if to else ''}?subject={quote(said.subject)}"
    link = f"{address}&body={quote(said.body)}"
    fits = len(link) <= LINK_CHARACTERS
    return MailDraft(
        to=(to.name, to.email) if to else None,
        subject=said.subject,
        body=said.body,
        link=link if fits else address,
        link_has_text=fits,
    )


def _credit(asked: Asked) -> Mail | None:
    """What happened, for how long, what the customer gets, by when, whom to call."""
    found = service_case.credit_case(asked.session, asked.renewal, asked.args, asked.now)
    if found is None:
        return None
    credit, measured, zone = found.credit, found.measured, found.promise.zone
    month, amount = wording.long_month(credit.month.first_day), wording.money(credit.amount)
    days = service_case.days_of(found)
    on = wording.long_day(days[0]) if len(days) == 1 else month
    times = [_times(one.start, one.end, zone) for one in found.outages if one.end is not None]
    span = times[0] if len(days) == 1 and len(found.outages) == 1 and times else ""
    causes = {CAUSES.get(one.cause, "") for one in found.outages}
    cause = f" The cause was {next(iter(causes))}." if len(causes) == 1 and "" not in causes else ""
    service = f" ({found.service})" if found.service else ""
    limit = wording.plain(measured.allowed_minutes)
    ask = f"Please confirm by {wording.long_day(credit.claim_by)} that you claim it." if credit.claim_by else "You need not claim it."
    body = _body(
        asked,
        f"On {on} your circuit {credit.service_id}{service} was down for {wording.plain(credit.down_minutes)} minutes{span}.{cause}"
        if len(days) == 1
        else f"In {month} your circuit {credit.service_id}{service} was down for {wording.plain(credit.down_minutes)} minutes.{cause}",
        f"Your agreement {asked.renewal.contract_id} allows {limit} minutes a month. For {month} it gives you "
        f"{wording.plain(credit.percent)} % of {wording.money(found.promise.monthly_price)}, that is {amount}.",
        f"{ask} We then credit it on your next invoice.",
    )
    given = tuple(one.ticket_id for one in found.outages) + tuple(times)
    return Mail(_contacts(asked, billing=True), f"Credit of {amount} for {credit.service_id}, {on}", body, given)


def _restore(asked: Asked) -> Mail | None:
    """A fault that lasts longer than promised: since when, until when it was promised, whom to call."""
    found = service_case.fault(asked.session, asked.renewal.contract_id, str(asked.args["ticket"]), asked.now)
    if found is None:
        return None
    zone, target = found.zone, found.target
    since, until = wording.long_moment(found.outage.start, zone), wording.long_moment(target.at, zone)
    service = f"{target.service_id} ({found.service})" if found.service else target.service_id
    if found.restored is not None:
        subject = f"{target.service_id} is restored (ticket {target.ticket_id})"
        what = f"Your service {service} was down from {since} to {wording.long_moment(found.restored, zone)}. It works again."
        promised = f"We had promised to restore it by {until}."
        ask = "Please tell us if you still see a fault."
    else:
        late = asked.now >= target.at
        subject = f"{target.service_id} will be restored later than promised (ticket {target.ticket_id})"
        what = f"Your service {service} is down since {since}. Our ticket is {target.ticket_id}."
        promised = f"We promised to restore it by {until} and {'missed that' if late else 'expect to miss that'}. We go on working on it."
        ask = "Please tell us whom we may call at your side until it works again."
    return Mail(_contacts(asked), subject, _body(asked, what, promised, ask))


def _nudge(asked: Asked) -> Mail | None:
    """Two sentences to the signer whose turn it is."""
    envelope = envelope_out(asked.session, asked.renewal.id)
    if envelope is None:
        return None
    state = EnvelopeState.model_validate(envelope.state)
    waiting = next((one for one in state.recipients if one.status != "completed"), None)
    everybody = _contacts(asked)
    contacts = tuple(sorted(everybody, key=lambda one: waiting is None or one.email != waiting.email))
    zone = asked.renewal.zone or "UTC"
    contract = asked.renewal.contract_id
    body = _body(
        asked,
        f"the renewal order form for {contract} has been waiting for your signature since {wording.long_day(wording.local_date(envelope.sent_at, zone))}. "
        f"Could you sign it by {wording.long_day(wording.local_date(envelope.expires_at, zone))}, or tell me what is unclear?",
        hello=f"Hello {waiting.name.split(' ', 1)[0]}," if waiting else "Hello,",
        call=False,
    )
    return Mail(contacts, f"Your signature for {contract}", body)


MAILS: Final[dict[Action, Callable[[Asked], Mail | None]]] = {
    Action.CREDIT_MAIL: _credit,
    Action.RESTORE_MAIL: _restore,
    Action.ENVELOPE_NUDGE: _nudge,
}
"""The mail behind each button; the form of each has the name of its action."""


def _body(asked: Asked, *paragraphs: str, hello: str = "Good day,", call: bool = True) -> str:
    """The mail from the account owner, who is also the one to call."""
    owner = people.person(asked.session, asked.renewal.owner_id)
    company = asked.rules.supplier.name
    phone = f"call {owner.name}, {owner.phone}, or write to {owner.email}" if owner and owner.phone else ""
    contact = [f"If anything is unclear, {phone or f'write to {owner.name}, {owner.email}'}."] if owner and call else []
    return "\n\n".join([hello, *paragraphs, *contact, "\n".join([*([owner.name] if owner else []), company])])


def _contacts(asked: Asked, *, billing: bool = False) -> tuple[Contact, ...]:
    """The account's contacts with an address; for money the billing contact first."""
    source = asked.facts.source
    reachable = [one for one in source.contacts if one.email]
    return tuple(sorted(reachable, key=lambda one: billing and one.name != source.billing_contact))


def _times(start: datetime, end: datetime | None, zone: str) -> str:
    """``, from 08:15 to 11:22 CST``."""
    return "" if end is None else f", from {wording.hour(start, zone).split(' ', 1)[0]} to {wording.hour(end, zone)}"
