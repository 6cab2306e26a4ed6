"""Cards of the other endings: missed, not renewing, let renew. View-model in, message out; pure."""

from __future__ import annotations

from contractops.operator import wording
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import (
    Block,
    Body,
    Bold,
    confirm,
    facts,
    field,
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
from contractops.operator.slack.views import Ends, Renews
from contractops.operator.slack.views_outcome import (
    LetRenewCard,
    MissedCard,
    NoticeNews,
    NoticeSignature,
    NotRenewingCard,
    TheirNotice,
)

_FILE_NAME = 150


def missed(card: MissedCard) -> Body:
    """The window closed, or is past the safe date only; no blame, and what still helps."""
    name = phrases.name(card.account)
    late = card.contract_last_day is not None
    title, after = (f"Safe date passed: {name}" if late else f"Window closed: {name}"), ""
    if card.contract_last_day is not None:
        last = wording.day(card.contract_last_day)
        said = f"The safe date has passed. The contract's own last day is {last}; ask legal before relying on it."
        after = f"\nIf nobody acts: {_what_follows(card)}"
    else:
        said = f"The window for {name} closed on {wording.day(card.closed_on)}. {_what_follows(card)}"
    order = (Action.MISSED_PREPARE, Action.LEGAL_ASK, Action.MISSED_REASON)
    if not late:
        order = (Action.MISSED_OFFER, Action.LEGAL_ASK, Action.MISSED_REASON)
    says = {Action.MISSED_OFFER: f"Offer new terms anyway for {card.account}", Action.MISSED_PREPARE: f"Prepare now for {card.account}"}
    return message(
        phone(f"{title}, safe date {wording.day(card.closed_on)}.", f"{title}."),
        header(title),
        section("lead", Bold(said), after),
        _missed_facts(card),
        *_reason(card),
        *row(card.buttons, order, primary=order[0], says=says, confirms={Action.MISSED_OFFER: _offer_confirm(card)}),
        *([foot(f"Told: {wording.listing(card.told)}.")] if card.told else []),
    )


def _offer_confirm(card: MissedCard) -> Block:
    text = f"The window has closed. {_what_follows(card)} Terms are prepared for you to approve; nothing goes to the customer before that."
    return confirm(f"Offer new terms to {phrases.name(card.account)}?", text, "Prepare terms")


def _what_follows(card: MissedCard) -> str:
    match card.otherwise:
        case Renews():
            until = f" to {wording.day(card.until)}" if card.until else ""
            return f"It will renew itself on {wording.day(card.otherwise.on)}{until} at {wording.monthly(card.monthly)}."
        case Ends():
            return f"It ends on {wording.day(card.otherwise.on)}; it is worth {wording.monthly(card.monthly)}."
        case _:
            return f"It goes on from month to month at {wording.monthly(card.monthly)}."


def _missed_facts(card: MissedCard) -> Block:
    last = f", last {wording.day(card.last_alert)}" if card.last_alert else ""
    fields = [field("What we sent", f"{wording.plural(card.alerts, 'alert')}{last}")]
    following = "unknown" if card.next_decide_by is None else wording.day(card.next_decide_by)
    fields.append(field("Next decide-by date", following))
    return facts(*fields)


def _reason(card: MissedCard) -> list[Block]:
    if card.reason is None:
        return []
    what, act = card.reason
    return [section("state", Bold("Reason recorded:"), f" {what}. {act.by}, {wording.moment(act.at, card.zone)}.")]


def not_renewing(card: NotRenewingCard) -> Body:
    """A notice of non-renewal: ready, or served with evidence."""
    name = phrases.name(card.account)
    by = wording.moment(card.received_by, card.zone)
    decided = f"Decided by {card.decided.by}, {wording.moment(card.decided.at, card.zone)}."
    if card.evidence is not None:
        proof = card.evidence
        said = f"Notice served by {proof.method} on {wording.day(proof.served_on)}, reference {proof.reference}."
        if proof.is_theirs:
            where = f", reference {proof.reference}" if proof.reference else ""
            said = f"The customer gave notice, received on {wording.day(proof.served_on)}{where}."
        tail = f"Recorded by {proof.act.by}, {wording.moment(proof.act.at, card.zone)}. The alerts have ended."
        return message(
            phone(f"Not renewing: {name}. Notice served {wording.day(proof.served_on)}.", f"Not renewing: {name}."),
            header(f"Not renewing: {name}"),
            section("lead", Bold(said), f"\n{tail}"),
            *_theirs(card.theirs),
            *row(card.buttons, (Action.NOTICE_THEIRS, Action.NOTICE_SEE)),
            foot(decided),
        )
    clause = f" ({card.clause})" if card.clause else ""
    where = f" at {card.address}{clause}" if card.address else clause
    return message(
        phone(f"Not renewing: {name}. Notice must be received by {by}.", f"Not renewing: {name}."),
        header(f"Not renewing: {name}"),
        section(
            "lead",
            Bold("Notice of non-renewal is ready."),
            f" It must be received by {by}{where}.\nThe alerts go on until a proof of delivery is recorded.",
        ),
        *_theirs(card.theirs),
        *_signing(card.signature),
        *_notice_row(card, card.signature),
        foot(decided),
    )


def _theirs(notice: TheirNotice | None) -> list[Block]:
    """The customer's own notice; its name when the file is here."""
    if notice is None:
        return []
    received = f"received {wording.day(notice.received_on)}"
    if notice.name is not None:
        return [lines("theirs", [f"Their notice: {notice.name[:_FILE_NAME]}, {received}."])]
    state = "file could not be fetched" if notice.stopped else "file not fetched yet"
    return [section("theirs", f"Their notice: {state}, {received}.")]


def _signing(signature: NoticeSignature | None) -> list[Block]:
    """Where the signature of the notice stands, with a person's words."""
    if signature is None:
        return []
    words = [quote("words", f"{signature.signer} wrote: ", signature.words)] if signature.words.strip() else []
    return [section("signing", signature.said), *words]


def _notice_row(card: NotRenewingCard | NoticeNews, signature: NoticeSignature | None) -> list[Block]:
    """First the signature, then the proof of delivery."""
    signed = signature is not None and (signature.is_signed or signature.is_open)
    signer = signature.signer if signature else ""
    back = f"{signer} can no longer sign the notice. You can send it again until {wording.local_day(card.received_by, card.zone)}."
    return row(
        card.buttons,
        NOTICE_ROW,
        primary=Action.NOTICE_EVIDENCE if signed else Action.NOTICE_SEND,
        danger=Action.ENVELOPE_VOID,
        says={
            Action.NOTICE_EVIDENCE: f"Record proof of delivery for {card.account}",
            Action.NOTICE_SEND: f"Send the notice to {card.account} for signature",
            Action.ENVELOPE_VOID: f"Take back the notice to {card.account}",
        },
        confirms={
            Action.ENVELOPE_RESEND: resend_confirm(signer, "the notice"),
            Action.ENVELOPE_VOID: confirm("Void the envelope?", back, "Take back", danger=True),
        },
    )


NOTICE_ROW = (
    Action.NOTICE_SEND,
    Action.NOTICE_EVIDENCE,
    Action.NOTICE_THEIRS,
    Action.NOTICE_SEE,
    Action.ENVELOPE_RESEND,
    Action.ENVELOPE_VOID,
)
"""Buttons about a notice that is not served."""


def notice_news(card: NoticeNews) -> Body:
    """The notice is signed, or came back unsigned; what is left to do."""
    name, by = phrases.name(card.account), wording.moment(card.received_by, card.zone)
    where = f" at {card.address}" if card.address else ""
    left = f"{phrases.days(card.days_left)} left."
    rest = f"Deliver it, so that it is received by {by}{where}, and record the proof." if card.signature.is_signed else ""
    return message(
        phone(f"{name}: {card.signature.said} {left}", f"{name}: news about the notice. {left}"),
        section("lead", Bold(card.signature.said), f" {rest} {left}" if rest else f" {left}"),
        *([quote("words", f"{card.signature.signer} wrote: ", card.signature.words)] if card.signature.words.strip() else []),
        *_notice_row(card, card.signature),
    )


def let_renew(card: LetRenewCard) -> Body:
    """Let it renew as it is."""
    length = "from month to month" if card.months is None else f"for {phrases.months(card.months)}"
    said = f"Renews on {wording.day(card.on)} {length} at {wording.monthly(card.monthly)}. I watch it and tell you when it has."
    return message(
        phone(f"Renews as it is: {phrases.name(card.account)}, {wording.day(card.on)}.", f"Renews as it is: {phrases.name(card.account)}."),
        section("lead", said),
        *row(card.buttons, (Action.RENEWAL_PREPARE,), says={Action.RENEWAL_PREPARE: f"Prepare terms for {card.account}"}),
        foot(f"Decided by {card.decided.by}, {wording.moment(card.decided.at, card.zone)}."),
    )
