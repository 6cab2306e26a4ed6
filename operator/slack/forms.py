"""What the forms ask, and what comes back: view-models of modals, and typed submissions.

Rule 1: a form shows what is allowed; the decision is checked again when it is sent.
Rule 2: ``token`` is opaque (``private_metadata``). Options carry ids of records, never free text.
Rule 3: a submission is read strictly: what cannot be read is an error at its field, never a guess.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from contractops.operator.slack.actions import Callback
from contractops.tools.terms import CreditHandling
from contractops.tools.values import Money, Value


class AnyForm(Value):
    """What every form carries."""

    token: str


class Form(AnyForm):
    """A form about a contract."""

    account: str
    contract_id: str


class Choice(Value):
    """One option: the id of a record, its words, a second line, and whether it is chosen already."""

    value: str
    label: str
    detail: str = ""
    chosen: bool = False


class Preview(Value):
    """What the terms typed so far give; ``needs``: who must approve after the owner, in order."""

    monthly: Money
    total: Money
    needs: tuple[str, ...]


class EditForm(Form):
    """Edit draft ``number``.

    Per cents with two decimals. ``uplift_max`` from the contract (``clause``), ``alone_max`` is the owner's own limit,
    ``discount_max`` reaches the ``floor``. ``preview`` None: a field cannot be read. ``newer``: the draft that appeared meanwhile.
    """

    zone: str
    number: int
    sign_by: datetime
    terms: tuple[int, ...]
    term: int
    uplift: Decimal
    uplift_max: Decimal
    clause: str | None
    discount: Decimal
    discount_max: Decimal
    alone_max: Decimal | None
    floor: Money
    preview: Preview | None
    credit: Money | None
    credit_use: CreditHandling
    claim_closes: date | None
    orders: tuple[Choice, ...]
    exit_after_month: int | None
    exit_offered: int | None
    true_up: bool
    signers: tuple[Choice, ...]
    note: str = ""
    newer: int | None = None


class ReviewForm(Form):
    """Second approval of draft ``number``: every figure of the card as (label, words), approvals so far, a link to the document."""

    number: int
    facts: tuple[tuple[str, str], ...]
    approvals: tuple[str, ...]
    document_url: str | None = None


class DeclineForm(Form):
    """Decline draft ``number``."""

    number: int


class SnoozeForm(Form):
    """Snooze the alert until 09:00 of one of ``choices`` or another day up to ``latest``."""

    today: date
    choices: tuple[date, ...]
    latest: date
    deadline: date


class StopForm(Form):
    """No renewal terms: what should happen on ``term_end``."""

    term_end: date


class HandoverForm(Form):
    """Hand over to one of ``people`` (staff with a role)."""

    people: tuple[Choice, ...]


class SignerForm(Form):
    """Another signer for draft ``number``, from the CRM contacts with signing right."""

    number: int
    signers: tuple[Choice, ...]


class NoticeForm(Form):
    """Send exactly this notice for signature: its words in ``lines``, who signs for us, the fingerprint (SHA-256) of its bytes."""

    lines: tuple[str, ...]
    signer: str
    fingerprint: str
    received_by: datetime
    zone: str


class EvidenceForm(Form):
    """Proof that the notice was served; ``methods`` are those the contract allows (and "other"). ``signed``: our sentence about the signed notice."""

    methods: tuple[Choice, ...]
    received_by: datetime
    zone: str
    signed: str = ""


class ClauseForm(Form):
    """How a clause is to be read. ``ask``: our question; ``quote`` as recorded, ``where`` it stands.

    ``asks``: a date, a reading (one of ``readings``), a length (in one of ``units``) or a count. ``value``, ``ground`` and ``said`` are what somebody proposed.
    """

    ask: str
    quote: str
    where: str
    asks: str = "date"
    readings: tuple[Choice, ...] = ()
    units: tuple[Choice, ...] = ()
    value: str = ""
    ground: str = ""
    said: str = ""


class PriceForm(Form):
    """The monthly price that order ``order_id`` lacks from ``since`` on, in ``currency``. ``price`` and ``said`` are what somebody proposed."""

    order_id: str
    currency: str
    since: date
    price: str = ""
    said: str = ""


class TextForm(Form):
    """One question, answered in a text of 10 to 500 characters; the words come from ``callback``. ``whom``: the person asked; ``number``: the draft."""

    callback: Callback
    whom: str = ""
    number: int = 0


class MailForm(Form):
    """A mail for the person to send himself, opened by ``callback``: ``contacts`` are those of the CRM with an address."""

    callback: Callback
    contacts: tuple[Choice, ...]
    subject: str
    body: str


class SettingsForm(AnyForm):
    """A person's own settings. Hours are at his place (``zone``); ``role`` and ``limits`` are only shown; ``mails``: there is a mail server."""

    name: str
    role: str
    limits: tuple[str, ...]
    zone: str
    digest_weekday: int
    digest_at: time
    quiet_from: time
    quiet_until: time
    deputies: tuple[Choice, ...]
    away_from: date | None
    away_until: date | None
    by_mail: bool
    mails: bool


# What comes back


class EditSubmission(Value):
    """The fields of the edit form by the names of ``tools.terms_edit``, as typed."""

    changes: dict[str, str | bool | int | tuple[str, ...] | None]


class ReviewSubmission(Value):
    """Approved, or sent, as it was shown; with an optional comment."""

    comment: str


class DeclineSubmission(Value):
    """Declined: ``reason`` is price, term, risk or other."""

    reason: str
    text: str


class SnoozeSubmission(Value):
    """Quiet until 09:00 of this day."""

    until: date


class StopSubmission(Value):
    """``what``: ``end``, ``customer_notice`` (then ``received_on`` is set) or ``renew``; ``reason`` from the list; ``note`` free.

    ``file_id``: Slack's id of the customer's notice, when he handed one over.
    """

    what: str
    received_on: date | None
    reason: str
    note: str
    file_id: str | None = None


class HandoverSubmission(Value):
    """To ``person_id``; ``until`` None: for good."""

    person_id: str
    until: date | None
    note: str


class SignerSubmission(Value):
    """The new signer's CRM contact."""

    contact_id: str


class EvidenceSubmission(Value):
    """Notice served by ``method`` on ``served_on`` with ``reference`` by the person named ``served_by``."""

    method: str
    served_on: date
    reference: str
    served_by: str


class ClauseSubmission(Value):
    """``value``: a day (ISO), a reading, a length ("60 days") or a number; ``ground``: text, quoted or outside; ``said``: the place quoted, or what was agreed."""

    value: str
    ground: str
    said: str


class PriceSubmission(Value):
    """A monthly price; the currency is the order's. ``said``: where it stands, or who agreed it."""

    amount: Decimal
    said: str


class SettingsSubmission(Value):
    """A person's choices; ``deputy_id`` stands in from ``away_from`` to ``away_until`` (None: no end)."""

    digest_weekday: int
    digest_at: time
    quiet_from: time
    quiet_until: time
    deputy_id: str | None
    away_from: date | None
    away_until: date | None
    by_mail: bool


class TextSubmission(Value):
    """A text of 10 to 500 characters."""

    text: str


class MailSubmission(Value):
    """A mail as it was left: to the CRM's contact, None when there is none."""

    contact_id: str | None
    subject: str
    body: str


class FormErrors(Value):
    """What is wrong, by block id, in words."""

    errors: dict[str, str]


Submission = (
    EditSubmission
    | ReviewSubmission
    | DeclineSubmission
    | SnoozeSubmission
    | StopSubmission
    | HandoverSubmission
    | SignerSubmission
    | EvidenceSubmission
    | PriceSubmission
    | ClauseSubmission
    | SettingsSubmission
    | TextSubmission
    | MailSubmission
)
