"""Cards from the signature on: sent, signed, document differs, needs a person. View-model in, message out; pure."""

from __future__ import annotations

from datetime import date

from contractops.operator import wording
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import (
    Block,
    Body,
    Bold,
    confirm,
    foot,
    header,
    lines,
    message,
    phone,
    quote,
    resend_confirm,
    row,
    section,
)
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import (
    Bounced,
    Completed,
    CrmChange,
    CrmConflict,
    DocumentDiffers,
    Expired,
    NeedsPersonCard,
    SentReply,
    SignedCard,
    SignerDeclined,
    Silent,
    Voided,
)
from contractops.tools.values import Money

_DIFFERENCES = 3
_AGAIN = (Action.DRAFT_EDIT, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER)

SENT_ROWS: dict[type, tuple[Action, ...]] = {
    type(None): (Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER, Action.ENVELOPE_VOID),
    Silent: (Action.ENVELOPE_NUDGE, Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER),
    Bounced: (Action.ENVELOPE_SIGNER,),
    SignerDeclined: _AGAIN,
    Voided: (Action.DRAFT_OPEN, *_AGAIN),
    Expired: (Action.DRAFT_OPEN, *_AGAIN),
    Completed: (),
}
"""Buttons of the reply about an envelope, by its state."""


def sent(card: SentReply) -> Body:
    """The envelope: out, silent, declined, bounced, taken back, expired or completed."""
    name = phrases.name(card.account)
    state = card.state
    left = f"{phrases.days(card.days_left)} left."
    note: list[Block] = []
    tail: list[Block] = []
    match state:
        case None:
            said = _out(card)
        case Silent():
            said = f"{phrases.silent(card.signer, state.looks, card.zone)} {left}"
            tail = [foot(state.why)] if state.why else []
        case SignerDeclined():
            said = f"{state.by} declined on {wording.moment(state.at, card.zone)}. {left}"
            note = [quote("note", f"{state.by} wrote: ", state.words)] if state.words.strip() else []
        case Bounced():
            said = f"The invitation to {card.signer}, {state.email}, came back. Is the address right? {left}"
            note = [quote("note", "The mail system said: ", state.words)] if state.words.strip() else []
        case Voided():
            said = f"Taken back by {state.act.by}, {wording.moment(state.act.at, card.zone)}. {card.signer} can no longer sign draft {card.number}. {left}"
        case Expired():
            said = f"Signing closed on {wording.moment(state.at, card.zone)} without a signature. {left}"
        case Completed():
            said = f"Signed by everybody on {wording.moment(state.at, card.zone)}."
    return message(
        phone(f"{name}, draft {card.number}: {said}", f"{name}: {said}", _short(card, name)),
        section("lead", said),
        *note,
        *row(
            card.buttons,
            SENT_ROWS[type(state)],
            primary=_primary(card),
            about={Action.DRAFT_OPEN: str(card.number)},
            danger=Action.ENVELOPE_VOID,
            confirms={Action.ENVELOPE_VOID: _void_confirm(card), Action.ENVELOPE_RESEND: _resend_confirm(card)},
            says={Action.ENVELOPE_VOID: f"Take back the envelope of {card.account}"},
        ),
        *tail,
    )


def _short(card: SentReply, name: str) -> str:
    """The news in a few words, where the sentence itself is too long for a phone."""
    if isinstance(card.state, Bounced):
        return f"{name}: the invitation to {card.signer} came back."
    return f"{name}, draft {card.number}: news about the signature."


def _primary(card: SentReply) -> Action | None:
    """What most want next: other terms after an end, a word to who has looked, another address where none was reached."""
    match card.state:
        case SignerDeclined():
            return Action.DRAFT_EDIT
        case Expired() | Voided():
            return Action.DRAFT_OPEN
        case Silent():
            return Action.ENVELOPE_NUDGE
        case Bounced():
            return Action.ENVELOPE_SIGNER
        case _:
            return None


def _out(card: SentReply) -> str:
    then = f", then {card.countersigner} for us" if card.countersigner else ""
    title = f" ({card.signer_title})" if card.signer_title else ""
    return f"Sent to {card.signer}{title}{then}. Signing closes {wording.moment(card.closes, card.zone)}, {_before(card)} the deadline."


def _before(card: SentReply) -> str:
    """``one week before``: from the day signing closes to the deadline."""
    apart = (card.deadline - wording.local_date(card.closes, card.zone)).days
    if apart <= 0:
        return "on the day of"
    return {7: "one week before", 14: "two weeks before"}.get(apart, f"{phrases.days(apart)} before")


def _resend_confirm(card: SentReply) -> Block:
    return resend_confirm(card.signer, f"draft {card.number}")


def _void_confirm(card: SentReply) -> Block:
    text = f"{card.signer} can no longer sign draft {card.number}. You can send again until {wording.day(card.deadline)}."
    return confirm("Void the envelope?", text, "Take back", danger=True)


# Signed


def signed(card: SignedCard) -> Body:
    """Signed, and what the CRM says now. Both choices of a conflict are equal: no primary button."""
    name, price = phrases.name(card.account), wording.monthly(card.monthly)
    what = f"Signed: {name}, {phrases.months(card.months)}"
    conflict = card.conflict
    is_open = conflict is not None and conflict.settled is None
    tail = f" {_needs_you(card.undecided, 'CRM field')}." if is_open else ""
    blocks = [
        header(what),
        section("lead", Bold(f"Renewed to {wording.day(card.until)} at {price}."), "\n" + _who_signed(card)),
        section("crm", Bold(_crm_count(card)), *[f"\n{_change(change)}" for change in card.changes[:_DIFFERENCES]], _orders(card)),
        *([] if conflict is None else [_conflict(conflict, card.undecided, card.zone)]),
        *_signed_row(card, is_open=is_open),
        foot(*_signed_foot(card)),
    ]
    return message(phone(f"{what} at {price}.{tail}", f"{what}.{tail}", f"Signed: {name}."), *blocks)


def _who_signed(card: SignedCard) -> str:
    title = f", {card.signed_title}" if card.signed_title else ""
    when = wording.moment(card.signed_at, card.zone)
    return f"Signed by {card.signed_by}{title}, {when}: {phrases.days(card.days_before)} before the deadline."


def _crm_count(card: SignedCard) -> str:
    if card.written is None:
        return "CRM: is being updated now."
    return f"CRM: {card.written} of {card.fields} fields updated and read back."


def _change(change: CrmChange) -> str:
    since = f" from {wording.day(change.since)}" if change.since else ""
    return f"{change.label}: was {shown(change.old)}, now {shown(change.new)}{since}"


def shown(value: str | date | Money | None) -> str:
    """A CRM value in our words; None is "not set"."""
    match value:
        case None:
            return "not set"
        case Money():
            return wording.money(value)
        case date():
            return wording.day(value)
        case _:
            return value


def _orders(card: SignedCard) -> str:
    if not card.orders_added:
        return ""
    noun = "Change order" if len(card.orders_added) == 1 else "Change orders"
    verb = "was" if len(card.orders_added) == 1 else "were"
    return f"\n{noun} {wording.listing(card.orders_added)}: {verb} missing, now added"


def _needs_you(count: int, what: str) -> str:
    return f"{wording.plural(count, what)} need{'s' if count == 1 else ''} you"


def _conflict(conflict: CrmConflict, undecided: int, zone: str) -> Block:
    signed_value, crm_value = shown(conflict.signed), shown(conflict.crm)
    if conflict.settled is not None:
        choice, act = conflict.settled
        said = f"\nSigned form: {signed_value}. CRM: {crm_value}. {choice}, {act.by}, {wording.moment(act.at, zone)}."
        return section("conflict", Bold(f"Settled: {conflict.label}."), said)
    by = f" by {conflict.changed_by}" if conflict.changed_by else ""
    said = f"\nSigned form: {signed_value}. CRM: {crm_value}, changed{by} on {wording.moment(conflict.changed_at, zone)}. Not overwritten."
    return section("conflict", Bold(f"{_needs_you(undecided, 'field')}: {conflict.label}."), said)


def _signed_row(card: SignedCard, *, is_open: bool) -> list[Block]:
    shows = (Action.CRM_FIELDS, Action.SIGNED_DOCUMENT)
    says = {}
    if card.conflict is not None:
        says = {
            Action.CRM_USE_SIGNED: f"Use signed value for {card.conflict.label}, {shown(card.conflict.signed)}",
            Action.CRM_KEEP: f"Keep CRM value for {card.conflict.label}, {shown(card.conflict.crm)}",
        }
    order = (Action.CRM_USE_SIGNED, Action.CRM_KEEP, *shows) if is_open else shows
    return row(card.buttons, order, about={Action.CRM_FIELDS: str(card.fields)}, says=says)


def _signed_foot(card: SignedCard) -> list[str]:
    said = [f"Signed document matches the approved draft {card.number} (fingerprint {wording.fingerprint(card.fingerprint)})."]
    if card.next_alert is not None:
        on, before, safe = card.next_alert
        said.append(f"Next alert: {wording.day(on)}, {phrases.days(before)} before {wording.day(safe)}.")
    return said


def document_differs(card: DocumentDiffers) -> Body:
    """The signed document is not the approved one; nothing was written."""
    count = wording.plural(len(card.places), "place")
    said = f"Signed document differs from draft {card.number} in {count}. Nothing was written."
    first = phone(f"{phrases.name(card.account)}: {said}", said)
    places = [lines("places", [wording.quoted(place) for place in card.places[:_DIFFERENCES]])] if card.places else []
    buttons = () if card.settled else (Action.DIFFERENCE_SEE, Action.DIFFERENCE_ACCEPT, Action.DIFFERENCE_DISPUTE)
    return message(
        first,
        header(f"Signed document differs: {phrases.name(card.account)}"),
        section("lead", Bold(said)),
        *places,
        *settled(card.settled, card.zone),
        *row(card.buttons, buttons),
    )


def settled(done: tuple[str, Act] | None, zone: str) -> list[Block]:
    """What was decided, by whom, when: it stands where the buttons stood."""
    if done is None:
        return []
    what, act = done
    return [section("state", Bold(f"{what}, {act.by}, {wording.moment(act.at, zone)}."))]


# Needs a person


def needs_person(card: NeedsPersonCard) -> Body:
    """An effect that stopped: what happened, what to do."""
    name = phrases.name(card.account)
    if card.unknown:
        said = f"{card.vendor} did not answer: {card.effect} may or may not have gone through, and no record of it can be found."
        advice = f"Look it up in {card.vendor}. If it is there, mark it as done. If it is not, retry."
    else:
        said = f"{card.vendor} refused {card.effect}."
        advice = "Put right what the message names, then retry. If it was done by hand, mark it as done."
    tried = f"Tried {wording.plural(card.attempts, 'time')}, last {wording.moment(card.last_tried, card.zone)}."
    detail = [quote("detail", f"{card.vendor} says: ", card.detail)] if card.detail.strip() else []
    return message(
        phone(f"Needs you: {name}, {card.effect}.", f"Needs you: {name}."),
        header(f"Needs you: {name}"),
        section("lead", Bold(said), f"\n{advice}"),
        *detail,
        *settled(card.settled, card.zone),
        *row(
            card.buttons,
            () if card.settled else (Action.EFFECT_RETRY, Action.EFFECT_DONE),
            says={Action.EFFECT_RETRY: f"Retry this step for {card.account}", Action.EFFECT_DONE: f"Mark as done for {card.account}"},
        ),
        foot(tried, "Nothing is repeated before you say so."),
    )
