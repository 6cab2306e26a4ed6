"""What the cards from the signature on say: sent, signed, ended, missed, and what needs a person.

The rules of ``views`` hold here.
"""

from __future__ import annotations

from datetime import date, datetime

from contractops.operator.slack.actions import Button
from contractops.operator.slack.views import Act, Card, Otherwise
from contractops.tools.values import Finding, Money, Reason, Value

# Out for signature


class Silent(Value):
    """No signature of the card's signer yet; no ``looks``: he has not even opened it. ``why``: our sentence about the day of the question."""

    looks: tuple[datetime, ...]
    why: str = ""


class SignerDeclined(Value):
    """The signer declined; ``words`` is the person's text."""

    by: str
    at: datetime
    words: str


class Bounced(Value):
    """The invitation came back from ``email``; ``words`` is what the mail system said."""

    email: str
    words: str = ""


class Voided(Value):
    """We took the envelope back."""

    act: Act


class Expired(Value):
    """The envelope closed unsigned at ``at``."""

    at: datetime


class Completed(Value):
    """Everybody signed, the last one at ``at``."""

    at: datetime


SentState = Silent | SignerDeclined | Bounced | Voided | Expired | Completed


class SentReply(Card):
    """The envelope is out. ``signer`` with title; ``countersigner`` signs for us. ``days_left`` to the safe date ``deadline``."""

    number: int
    signer: str
    signer_title: str
    countersigner: str | None
    closes: datetime
    deadline: date
    days_left: int
    state: SentState | None = None


# Signed


class CrmChange(Value):
    """One CRM field: what it was, what it is; ``since`` when it holds from a later day. Texts, dates or amounts."""

    label: str
    old: str | date | Money | None
    new: str | date | Money | None
    since: date | None = None


class CrmConflict(Value):
    """A field that a person changed after we read it; nothing was overwritten. ``settled`` says which value stands now."""

    label: str
    signed: str | date | Money | None
    crm: str | date | Money | None
    changed_by: str | None
    changed_at: datetime
    settled: tuple[str, Act] | None = None


class SignedCard(Card):
    """Signed and written to the CRM: ``written`` of ``fields`` fields hold the signed value; ``orders_added`` were missing.

    ``next_alert`` is the first alert of the new term: its day, the days before, the safe date. ``written`` None: not written yet.
    ``undecided``: fields that a person must settle; ``conflict`` is the first of them, or the last one settled.
    """

    number: int
    months: int
    until: date
    monthly: Money
    signed_by: str
    signed_title: str
    signed_at: datetime
    days_before: int
    written: int | None
    fields: int
    changes: tuple[CrmChange, ...]
    orders_added: tuple[str, ...]
    conflict: CrmConflict | None
    undecided: int = 0
    fingerprint: str  # as in the footer of the document
    next_alert: tuple[date, int, date] | None


class DocumentDiffers(Card):
    """The signed document is not the approved one. ``places``: what differs, from the documents (shown as plain text)."""

    number: int
    places: tuple[str, ...]
    settled: tuple[str, Act] | None = None


# Missed, ended, let renew


class MissedCard(Card):
    """The window closed. ``alerts`` sent, the last on ``last_alert``; ``until``: last day of the term that follows.

    ``contract_last_day`` is set between the safe date and the contract's own last day, when acting may still help. ``told``: who has this card.
    """

    closed_on: date
    otherwise: Otherwise
    until: date | None
    monthly: Money
    alerts: int
    last_alert: date | None
    next_decide_by: date | None
    told: tuple[str, ...] = ()
    contract_last_day: date | None = None
    reason: tuple[str, Act] | None = None


class Evidence(Value):
    """Proof that a notice was served: how, on which day, which reference, recorded by whom. ``is_theirs``: the customer gave it, not we."""

    is_theirs: bool = False
    method: str
    served_on: date
    reference: str
    act: Act


class NoticeSignature(Value):
    """The signature of a notice by ``signer`` of us. ``said`` is our sentence about where it stands, ``words`` a person's text.

    ``is_open``: it is out; ``is_signed``: it can be delivered.
    """

    signer: str
    said: str
    words: str = ""
    is_open: bool = False
    is_signed: bool = False


class NoticeNews(Card):
    """The notice is signed and can be delivered, or came back unsigned; it must be received by ``received_by``. ``address``: where."""

    signature: NoticeSignature
    received_by: datetime
    address: str | None
    days_left: int


class TheirNotice(Value):
    """A customer's notice that was handed over as a file. ``name`` None: it is not fetched yet; ``stopped``: it was given up."""

    received_on: date
    name: str | None = None
    stopped: bool = False


class NotRenewingCard(Card):
    """A notice of non-renewal: where it must be received, and by when. ``clause`` as in "MSA 14.1". ``evidence`` None: still to be served.

    ``signature`` None: it was not sent for signature; ``theirs`` None: no file of the customer was handed over.
    """

    decided: Act
    received_by: datetime
    address: str | None
    clause: str | None
    evidence: Evidence | None = None
    signature: NoticeSignature | None = None
    theirs: TheirNotice | None = None


class LetRenewCard(Card):
    """A recorded decision to let it renew as it is."""

    decided: Act
    on: date
    months: int | None
    monthly: Money


class SnoozedLine(Card):
    """The alert is quiet until ``until``."""

    until: datetime


class HandoverNotice(Card):
    """To the one who handed over, and to the new owner: who has it now. ``accepted`` None: not yet accepted, both are told."""

    by: str
    to: str
    note: str = ""
    accepted: Act | None = None
    returned: Act | None = None


# What needs a person


class NeedsPersonCard(Card):
    """An effect that stopped. ``effect``: what we tried ("the envelope for draft 2"); ``vendor``; ``unknown``: it may have happened.

    ``detail`` is the vendor's text. ``settled``: what was done about it, by whom.
    """

    effect: str
    vendor: str
    unknown: bool
    attempts: int
    last_tried: datetime
    detail: str
    settled: tuple[str, Act] | None = None


# Lines and lists


class TeamLine(Value):
    """One line in the team channel, without a price. ``state``: ``decide`` (days left), ``out``, ``renewed``, ``notice`` (to be proven), ``ended``, ``renews``, ``missed``, ``unknown``."""

    account: str
    state: str
    day: date | None
    days_left: int | None = None
    owner: str | None = None


class ListLine(Value):
    """One contract of a list. ``decide_by`` None: unknown, and ``unknown`` says why, in our words. ``step`` names the next step."""

    account: str
    contract_id: str
    zone: str
    decide_by: datetime | None
    days_left: int | None
    monthly: Money | None
    step: str = ""
    unknown: str = ""
    button: Button | None = None


class WelcomeList(Value):
    """After the first import, once per owner: ``owned`` contracts, ``soon`` of them within 30 days; the lines, most urgent first."""

    owned: int
    soon: int
    unknown: int
    lines: tuple[ListLine, ...]
    settings: Button | None = None


class RenewalsList(Value):
    """Answer to ``/renewals``: what is due until ``until``; ``unknown`` counts contracts without a provable date, ``undated`` names the first."""

    until: date
    lines: tuple[ListLine, ...]
    unknown: int
    undated: tuple[ListLine, ...] = ()
    next_account: str | None = None
    next_day: date | None = None


class ReasonsReply(Value):
    """The arithmetic, one step a line. ``headline`` is our sentence; ``zone`` for instants; ``tail`` for a last remark of ours."""

    headline: str
    zone: str
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()
    tail: str = ""
    buttons: tuple[Button, ...] = ()


class TextReply(Value):
    """A plain answer of ours (chat, progress). ``buttons`` are optional."""

    text: str
    buttons: tuple[Button, ...] = ()
    account: str = ""


class PersonsText(Value):
    """A person's text in a thread (a question of an approver, a wish for changes): ``who`` ``did`` ("asks", "wrote"): ``text``."""

    who: str
    did: str
    text: str
    account: str = ""
    buttons: tuple[Button, ...] = ()


class HomeNothing(Value):
    """The App Home before anything is published there."""
