"""Answers to clicks that cannot count, one type a case, and their wording. Only the person who clicked sees them.

Rule 1: each says what is true and that nothing was changed; a stranger is told no figure.
Rule 2: no blame, no code, no internal name.
"""

from __future__ import annotations

from datetime import datetime

from contractops.operator import wording
from contractops.operator.slack.actions import Button
from contractops.tools.values import Money, Value


class Whisper(Value):
    """Base of the answers. ``button`` leads on, where there is a way on. ``zone``: the contract's, for hours."""

    zone: str = "UTC"
    button: Button | None = None


class AlreadyYours(Whisper):
    """The same person again."""

    at: datetime


class SomebodyFirst(Whisper):
    """Somebody else decided. ``did``: approved, declined, took back, snoozed and so on."""

    by: str
    did: str
    at: datetime


class OldVersion(Whisper):
    """The card shows a draft that was replaced."""

    number: int
    new_number: int
    months: int
    monthly: Money
    at: datetime


class InputsChanged(Whisper):
    """What the draft was computed from changed. ``what``: "The price book"."""

    what: str
    new_number: int


class NoAuthority(Whisper):
    """Not allowed. ``needs``: "12.00 % needs VP Sales"; ``waits_for``: who may."""

    needs: str
    waits_for: str


class OwnDraft(Whisper):
    """The second approval of one's own draft."""

    waits_for: str


class NotStaff(Whisper):
    """Guest, other company, bot, or nobody we know."""


class NotYours(Whisper):
    """Staff, but not the one who may act here. ``owner`` may."""

    owner: str


class CopiedCard(Whisper):
    """A copied or forwarded card."""


class TooLate(Whisper):
    """The question closed. ``because``: "when the notice window ended"."""

    at: datetime
    because: str


class AlreadyClosed(Whisper):
    """The question is no longer open, and nobody's decision closed it."""


class RightsUnknown(Whisper):
    """The role cannot be checked now."""

    days_left: int | None = None


class VendorDown(Whisper):
    """Stored, and the vendor does not answer."""

    vendor: str


class UseButton(Whisper):
    """A yes in words or by emoji decides nothing."""

    number: int


class NotAvailable(Whisper):
    """A button or form this version does not know."""


class NotStored(Whisper):
    """Our side failed; ``code`` helps to find it in the log."""

    code: str


class Simple(Whisper):
    """Any other short answer of ours."""

    text: str


def say(answer: Whisper) -> str:  # noqa: C901, PLR0911, PLR0912 - one case an answer
    """The words of ``answer``, without its button."""
    match answer:
        case AlreadyYours():
            return f"You approved this on {wording.moment(answer.at, answer.zone)}. Nothing more to do."
        case SomebodyFirst():
            return f"{answer.by} {answer.did} this at {wording.hour(answer.at, answer.zone)}. Your click changed nothing."
        case OldVersion():
            return (
                f"This is draft {answer.number}. Draft {answer.new_number} ({wording.plural(answer.months, 'month')}, "
                f"{wording.monthly(answer.monthly)}) replaced it at {wording.hour(answer.at, answer.zone)}."
            )
        case InputsChanged():
            return f"{answer.what} changed since you saw this. Draft {answer.new_number} is being prepared; nothing was approved."
        case NoAuthority():
            return f"You can't approve this: {answer.needs}. It waits for {answer.waits_for}. Nothing was changed."
        case OwnDraft():
            return f"You prepared this draft, so the second approval must come from somebody else. It waits for {answer.waits_for}."
        case TooLate():
            return f"This question closed on {wording.moment(answer.at, answer.zone)}, {answer.because}."
        case RightsUnknown():
            return _rights_unknown(answer)
        case VendorDown():
            return (
                f"Approved and stored. {answer.vendor} does not answer; I keep trying and tell you when it is out. "
                "You need not click again."
            )
        case NotYours():
            return f"This one is {answer.owner}'s to decide. Nothing was changed."
        case UseButton():
            return f"To approve, use the button on draft {answer.number}."
        case NotStored():
            return f"That did not work on my side. Nothing was changed. Try again; if it stays so, name {answer.code} to contract-ops."
        case Simple():
            return answer.text
    return _FIXED[type(answer)]


_FIXED: dict[type[Whisper], str] = {
    NotStaff: "Only staff with a role in Renewal Desk can act here. Nothing was changed.",
    CopiedCard: "This is a copy. Please use the original.",
    AlreadyClosed: "This question is closed. Your click changed nothing.",
    NotAvailable: "I don't know this button any more. Nothing was changed. Please use the newest card.",
}


def _rights_unknown(answer: RightsUnknown) -> str:
    left = "" if answer.days_left is None else f"; {wording.plural(answer.days_left, 'day')} are left"
    return f"I can't check your role right now (Slack does not answer). Nothing was changed. Try again in a few minutes{left}."
