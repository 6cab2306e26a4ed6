"""What the cards about service say: a credit due, the same for finance, a restore target that will be missed, a mail to send, the weekly digest.

The rules of ``views`` hold here.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from contractops.operator.slack.actions import Button
from contractops.operator.slack.views import Act, Card
from contractops.operator.slack.views_outcome import ListLine
from contractops.tools.values import Money, Value


class Ticket(Value):
    """A trouble ticket by id and priority ("" when it has none)."""

    id: str
    priority: str


class CreditDueCard(Card):
    """A service credit. ``minutes`` down of ``service``, on ``day`` or, when None, on several days of ``month``; ``allowed`` minutes a month.

    ``state``: open, claimed, paid or lapsed. ``claim_closes`` None: no claim is needed. Credit = ``percent`` % of ``base``, at most ``cap``.
    ``waiting``: minutes for the customer; ``excluded``: by a cause that does not count. ``settled`` ends it, ``returned`` gives it back.
    """

    amount: Money
    service: str
    minutes: Decimal
    day: date | None
    allowed: Decimal
    claim_closes: date | None
    month: date
    availability: Decimal
    target: Decimal
    counted: int
    percent: Decimal
    base: Money
    cap: Money
    cap_reached: bool
    maintenance: Decimal
    waiting: Decimal
    excluded: Decimal = Decimal(0)
    tickets: tuple[Ticket, ...]
    clocks_agree: bool
    data_checked: datetime
    state: str = "open"
    settled: tuple[str, Act] | None = None
    returned: Act | None = None


class FinanceCard(Card):
    """The same credit for finance, to book on the invoice of ``month``."""

    amount: Money
    month: date
    clause: str
    percent: Decimal
    base: Money
    sent: Act
    settled: tuple[str, Act] | None = None


class RestoreCard(Card):
    """A fault whose restore ``target`` will be missed, or was. ``now``: as of; ``restored`` None: still down; ``minutes`` were promised."""

    ticket: str
    service: str
    priority: str | None
    since: datetime
    target: datetime
    minutes: int
    now: datetime
    restored: datetime | None


class MailDraft(Value):
    """A mail for a person to send: ``to`` (name, address) None when no contact has one; ``link`` opens it in his mail program.

    ``link_has_text`` is false when the text is too long for a link.
    """

    to: tuple[str, str] | None
    subject: str
    body: str
    link: str
    link_has_text: bool


class CreditLine(Value):
    """A credit in one line; ``on``: when its claim closes or closed, None when no claim is needed."""

    account: str
    amount: Money
    month: date
    on: date | None


class DigestCard(Value):
    """A person's week: what waits (``lines`` first; ``more`` are not shown), what was done, what is unknown, credits that get no card.

    ``credits`` and the prices of ``renewed`` (before, now) hold one sum a currency. ``stand_in`` answers in the person's place for now.
    """

    decisions: int
    signatures: int
    credits: tuple[Money, ...]
    lines: tuple[ListLine, ...]
    more: int
    renewed: int
    renewed_prices: tuple[tuple[Money, Money], ...]
    missed: int
    unknown: int
    small: tuple[CreditLine, ...]
    lapsed: tuple[CreditLine, ...]
    stand_in: str | None = None
    buttons: tuple[Button, ...] = ()
