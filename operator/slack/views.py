"""What the cards before a signature say: alert, reminder, draft, offers, second approval.

Rule 1: a view-model holds values, never words of a card; ``render`` words it. Texts that a person or a document wrote are marked
as such and are shown as plain text.
Rule 2: ``zone`` is the IANA zone of the contract; every instant is aware and is shown in that zone.
Rule 3: a card that is decided has no buttons; ``render`` refuses one that has.
Rule 4: ``None`` is "unknown" where the field says so, and is written out as that word.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from contractops.operator.slack.actions import Button
from contractops.tools.terms import CreditHandling
from contractops.tools.values import Finding, Money, Value


class Card(Value):
    """What every card of a contract carries."""

    account: str
    contract_id: str
    zone: str
    buttons: tuple[Button, ...] = ()


class Person(Value):
    """A person by name, with the role shown before it (``VP Sales``). ``possessive`` is used in "over her limit"."""

    name: str
    role: str = ""
    possessive: str = "their"


class Act(Value):
    """Who did something, and when."""

    by: str
    at: datetime


# Facts that several cards share


class Service(Value):
    """Service in the present term: ``missed`` of ``months`` below ``target`` per cent, and the credit nobody claimed."""

    missed: int
    months: int
    target: Decimal | None = None
    credit: Money | None = None
    claim_closes: date | None = None


class CrmBehind(Value):
    """Change orders that the CRM lacks and their net effect on a month."""

    missing: int
    net: Money | None = None


class Renews(Value):
    """What happens when nobody acts: a new term of ``months`` from ``on``; at ``monthly``, or today's price when None."""

    on: date
    months: int
    monthly: Money | None = None


class Ends(Value):
    """What happens when nobody acts: the contract ends on ``on``."""

    on: date


class RollsOn(Value):
    """What happens when nobody acts: it goes on from month to month after ``on``."""

    on: date


Otherwise = Renews | Ends | RollsOn


class OverLimit(Value):
    """A value above the authority of one person: months of term, per cent of discount, or an amount."""

    value: int | Decimal | Money
    limit: int | Decimal | Money


# Alert


class TwoReadings(Value):
    """A clause with two readings; we use the earlier."""

    earlier: date
    later: date
    clause: str


class Duty(Value):
    """A duty of ours to remind the customer, between two days; ``law`` as in "New York law"."""

    law: str
    opens: date
    closes: date


class Handover(Value):
    """A renewal that came from somebody else. ``waiting`` is our sentence of what waits; ``note`` is the person's text."""

    by: str
    waiting: str
    note: str = ""


class Preparing(Value):
    """Terms are being prepared since ``at`` at the wish of ``by``."""

    by: str
    at: datetime


class Progressing(Value):
    """While terms are prepared: the steps done so far, in our words (``prices done``)."""

    steps: tuple[str, ...]


class InReview(Value):
    """Draft ``number`` waits in the thread for its owner. ``whose``: "your", or the owner's name in the genitive for another reader."""

    number: int
    whose: str = "your"


class WaitingForApproval(Value):
    """Draft ``number`` is approved by its owner of then (``by``: his name, or "you") and waits for ``whom``."""

    number: int
    whom: str
    by: str = "you"


class OutForSignature(Value):
    """The envelope is out since ``since``; ``opened`` and ``signed`` are the days on which that happened. ``came_back``: the invitation did."""

    since: date
    came_back: bool = False
    opened: date | None = None
    signed: date | None = None


class Snoozed(Value):
    """Quiet until ``until``."""

    until: datetime


class NotRenewing(Value):
    """A recorded decision not to renew; ``served`` when evidence of the notice is recorded."""

    act: Act
    served: bool = False


class LettingRenew(Value):
    """A recorded decision to let it renew as it is."""

    act: Act


class Renewed(Value):
    """Renewed to ``until``."""

    until: date


class WindowClosed(Value):
    """The window closed on ``on`` without a decision."""

    on: date


class NeedsPerson(Value):
    """Something stands still until a person acts; ``what`` is our sentence."""

    what: str


AlertState = (
    Preparing
    | Progressing
    | InReview
    | WaitingForApproval
    | OutForSignature
    | Snoozed
    | NotRenewing
    | LettingRenew
    | Renewed
    | WindowClosed
    | NeedsPerson
)


class ByMail(StrEnum):
    """What became of the e-mail that repeats an alert."""

    WAITS = "waits"
    SENT = "sent"
    NOT_NEEDED = "not_needed"  # answered before it went
    NEEDS_PERSON = "needs_person"
    NOT_CONFIGURED = "not_configured"


class AlertCard(Card):
    """The root of the owner's thread. ``state`` None: open. ``by_mail`` None: no e-mail belongs to it. ``days_left`` counts to the safe date; ``next_told`` is who hears of silence, when; ``stands_for``: the owner, when the reader is another."""

    days_left: int
    decide_by: datetime
    otherwise: Otherwise
    monthly: Money
    yearly: Money
    term_months: int | None
    term_ends: date
    service: Service | None
    crm: CrmBehind | None
    data_checked: datetime
    next_told: tuple[str, date] | None = None
    stands_for: str | None = None
    readings: TwoReadings | None = None
    duty: Duty | None = None
    handover: Handover | None = None
    state: AlertState | None = None
    by_mail: ByMail | None = None


class Goal(StrEnum):
    """What has to be done before the deadline: decide, have it signed, or serve the notice."""

    DECIDE = "decide"
    SIGN = "sign"
    NOTICE = "give notice"


class ReminderReply(Card):
    """A reply in the owner's thread at a later lead time. ``changed`` says what is new since the last one, in our words; ``mention`` is a Slack id.

    ``signer`` and ``asks``: whose signature is missing, and our question about him, in the last days of an envelope that is out.
    """

    days_left: int
    decide_by: datetime
    otherwise: Otherwise
    monthly: Money
    told: tuple[str, ...] = ()
    changed: str = ""
    goal: Goal = Goal.DECIDE
    signer: str = ""
    asks: str = ""
    mention: str | None = None
    answered: Act | None = None
    by_mail: ByMail | None = None


class MovedDate(Card):
    """The decide-by date moved. ``because`` is our sentence ("amendment 3 changed 60 to 90 days")."""

    old: date
    new: date
    because: str


# Draft


class TermChange(Value):
    """The term changed, in months."""

    old: int
    new: int


class PercentChange(Value):
    """``what`` (discount, price rise) changed, in per cent."""

    what: str
    old: Decimal
    new: Decimal


class TextChange(Value):
    """``what`` changed from one name to another."""

    what: str
    old: str
    new: str


class Added(Value):
    """``what`` was added."""

    what: str


class Removed(Value):
    """``what`` was removed."""

    what: str


DraftChange = TermChange | PercentChange | TextChange | Added | Removed


class PriceBuild(Value):
    """How a price is built: ``base`` + ``uplift`` % = ``listed``, less ``discount`` % = ``result``. ``ground`` as in "cap, clause 4.2"."""

    base: Money
    uplift: Decimal
    ground: str
    listed: Money
    discount: Decimal
    result: Money


class Replaced(Value):
    """Draft ``by_number`` replaced this one at ``at``."""

    by_number: int
    at: datetime


class OwnerApproved(Value):
    """Approved by the owner; waits for ``waiting_for`` (buttons: Take back), or is on its way to the signer when None."""

    act: Act
    waiting_for: str | None = None


class Blocked(Value):
    """Cannot be approved: the findings, most important first."""

    findings: tuple[Finding, ...]


class Closed(Value):
    """No longer open for another reason; ``why`` is our sentence."""

    why: str


class DeclinedBy(Value):
    """Declined by an approver; ``reason`` is the person's text."""

    act: Act
    reason: str


DraftState = Replaced | OwnerApproved | Blocked | Closed | DeclinedBy


class DraftCard(Card):
    """Terms for the owner to approve. ``change``: per cent against ``today``; ``approvals``: who must approve after the owner, in order."""

    number: int
    months: int
    monthly: Money
    today: Money
    change: Decimal
    total: Money
    start: date
    end: date
    sign_by: datetime
    otherwise: Otherwise
    changes: tuple[DraftChange, ...]
    price: PriceBuild
    arr_change: Money
    floor: Money | None
    floor_kept: bool
    service: Service | None
    credit_use: CreditHandling
    orders_in: tuple[str, ...]
    orders_out: tuple[str, ...]
    approvals: tuple[Person, ...]
    over: tuple[OverLimit, ...]
    signer: str
    author: Act
    fingerprint: str  # of the terms, as the footer of the document shows it: a document cannot hold its own hash
    price_book: str
    cpi: str | None = None
    warnings: tuple[Finding, ...] = ()
    state: DraftState | None = None


class Offer(Value):
    """One length on offer; ``change`` in per cent against today's price. ``token`` belongs to "Use … months" (none: not on offer any more)."""

    months: int
    monthly: Money
    change: Decimal
    token: str | None = None


class OffersCard(Card):
    """Lengths to choose from, beside draft ``number``."""

    number: int
    offers: tuple[Offer, ...]


# Second approval


class SecondApproved(Value):
    """Approved; ``next_step`` is our sentence of what follows."""

    act: Act
    next_step: str


class TakenBack(Value):
    """The owner took the draft back."""

    act: Act


class PassedOn(Value):
    """Nobody answered in time; ``to`` has the card now."""

    to: str
    at: datetime


ApprovalState = SecondApproved | DeclinedBy | TakenBack | PassedOn | Replaced | Closed


class SecondApprovalCard(Card):
    """The card of an approver. ``given`` is the total given away over the term; ``conditions``: extra rights, in our words; ``note``: the asker's text.

    ``approved``: everybody who approved so far; this is approval ``position`` of ``positions``. ``group``: of the role ``role`` so many must
    approve, in their channel (1: one person is asked, by himself).
    """

    number: int
    months: int
    asker: Person
    answer_by: datetime
    over: tuple[OverLimit, ...]
    discount: Decimal
    given: Money
    conditions: tuple[str, ...]
    total: Money
    end: date
    retry_until: date
    otherwise: Otherwise
    renewed_times: int | None
    service: Service | None
    note: str
    position: int
    positions: int
    approved: tuple[Act, ...]
    fingerprint: str  # as in the footer of the document
    floor: Money | None
    floor_kept: bool
    group: int = 1
    role: str = ""
    state: ApprovalState | None = None


class ApprovalLine(Value):
    """One waiting approval of the list card."""

    account: str
    months: int
    total: Money
    answer_by: datetime
    zone: str
    button: Button


class ApprovalsList(Value):
    """More than three waiting approvals, most urgent first."""

    lines: tuple[ApprovalLine, ...]
