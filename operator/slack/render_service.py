"""Cards about service: credits, restore targets, mails to send, the weekly digest. View-model in, message out; pure."""

from __future__ import annotations

from collections.abc import Sequence

from contractops.operator import wording
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import (
    Block,
    Body,
    Bold,
    MailTo,
    confirm,
    facts,
    field,
    foot,
    header,
    lines,
    message,
    phone,
    row,
    section,
)
from contractops.operator.slack.render_lists import list_line
from contractops.operator.slack.render_outcome import settled
from contractops.operator.slack.views_service import CreditDueCard, CreditLine, DigestCard, FinanceCard, MailDraft, RestoreCard

_HEADS = {"claimed": "Credit claimed", "paid": "Credit paid", "lapsed": "Credit lapsed"}
_CLAIMS = {"claimed": "The customer has claimed it.", "paid": "It was paid.", "lapsed": "The customer did not claim."}
_TICKETS = 3
_SHOWN = 3


def credit_due(card: CreditDueCard) -> Body:
    """A credit that the customer has not claimed, or what became of it."""
    name, amount = phrases.name(card.account), wording.money(card.amount)
    title = f"{_HEADS.get(card.state, 'Credit due')}: {name}, {amount}"
    closes = wording.day(card.claim_closes) if card.claim_closes else ""
    verb = "closed" if card.state == "lapsed" else "closes"
    on = f"on {wording.day(card.day)}" if card.day else f"in {wording.month(card.month)}, on several days"
    claim = (f" The claim {verb} ", Bold(closes), ".") if closes else (" No claim is needed.",)
    returned = ("Returned to the owner", card.returned) if card.returned else None
    return message(
        phone(f"{title}. Claim {verb} {closes}." if closes else f"{title}.", f"{title}."),
        header(title),
        section(
            "lead",
            Bold(f"{card.service} was down {wording.plain(card.minutes)} minutes {on}."),
            f" The contract allows {wording.plain(card.allowed)} minutes a month.\n{_CLAIMS.get(card.state, 'The customer has not claimed.')}",
            *claim,
        ),
        _credit_facts(card),
        *settled(card.settled or returned, card.zone),
        *row(
            card.buttons,
            () if card.settled else (Action.CREDIT_MAIL, Action.CREDIT_FINANCE, Action.CREDIT_REASONS, Action.CREDIT_DISPUTE),
            primary=Action.CREDIT_MAIL,
            says={Action.CREDIT_MAIL: f"Tell the customer {card.account}"},
        ),
        foot("No e-mail leaves before you send it.", f"Data checked {wording.moment(card.data_checked, card.zone)}."),
    )


def _credit_facts(card: CreditDueCard) -> Block:
    reached = "reached" if card.cap_reached else "not reached"
    out = [f"{wording.plain(card.maintenance)} minutes maintenance", f"{wording.plain(card.waiting)} minutes waiting for the customer"]
    if card.excluded:
        out.append(f"{wording.plain(card.excluded)} minutes by a cause that does not count")
    agree = "agree" if card.clocks_agree else "differ: outages of several tickets overlap"
    return facts(
        field(
            f"Availability, {wording.month(card.month)}",
            f"{wording.plain(card.availability)} %, target {wording.plain(card.target)} %",
            f"{card.counted:,} minutes counted",
        ),
        field(
            "Credit",
            f"{wording.plain(card.percent)} % of {wording.money(card.base)}",
            f"= {wording.money(card.amount)} (cap {wording.money(card.cap)}: {reached})",
        ),
        field("Counted out", *out),
        field("Ticket" if len(card.tickets) == 1 else "Tickets", _tickets(card), f"Our clock and the ticket system {agree}"),
    )


def _tickets(card: CreditDueCard) -> str:
    """``TT-88412, priority 1``; at most three by name."""
    shown = [f"{one.id}, priority {one.priority}" if one.priority else one.id for one in card.tickets[:_TICKETS]]
    more = [f"{len(card.tickets) - _TICKETS} more"] if len(card.tickets) > _TICKETS else []
    return "; ".join([*shown, *more]) or "unknown"


def finance(card: FinanceCard) -> Body:
    """The credit as finance books it."""
    name, amount, on = phrases.name(card.account), wording.money(card.amount), wording.month(card.month)
    title = f"Credit to book: {name}, {amount}"
    return message(
        phone(f"{title}, {on}.", f"{title}."),
        header(title),
        facts(
            field("Account", f"{name}, {card.contract_id}"),
            field("Invoice month", on),
            field("Clause", card.clause),
            field("Arithmetic", f"{wording.plain(card.percent)} % of {wording.money(card.base)}", f"= {amount}"),
        ),
        *settled(card.settled, card.zone),
        *row(
            card.buttons,
            () if card.settled else (Action.FINANCE_BOOK, Action.FINANCE_RETURN, Action.CREDIT_REASONS),
            primary=Action.FINANCE_BOOK,
            confirms={Action.FINANCE_BOOK: confirm("Book the credit?", f"Book {amount} for {name}, {on}?", "Book credit")},
            says={Action.FINANCE_BOOK: f"Book credit for {card.account}"},
        ),
        foot(f"Sent by {card.sent.by}, {wording.moment(card.sent.at, card.zone)}."),
    )


def restore(card: RestoreCard) -> Body:
    """A restore target that will be missed; later, whether it was."""
    said = _restore_state(card)
    what = f"Priority {card.priority} is" if card.priority else "It is"
    down = "is down since" if card.restored is None else "was down from"
    return message(
        phone(said),
        section(
            "lead",
            Bold(said),
            f"\n{phrases.name(card.account)}, {card.contract_id}: {card.service} {down} {wording.moment(card.since, card.zone)}.",
            f" {what} to be restored within {wording.stretch(card.minutes)}.",
        ),
        *row(
            card.buttons,
            (Action.RESTORE_MAIL, Action.RESTORE_WHY),
            primary=Action.RESTORE_MAIL,
            says={Action.RESTORE_MAIL: f"Text for the customer {card.account}"},
        ),
        foot("No e-mail leaves before you send it."),
    )


def _restore_state(card: RestoreCard) -> str:
    known = card.restored or card.now
    same_day = wording.local_date(known, card.zone) == wording.local_date(card.target, card.zone)
    at = wording.hour(card.target, card.zone) if same_day else wording.moment(card.target, card.zone)
    apart = wording.stretch(int(abs((card.target - known).total_seconds()) // 60))
    if card.restored is None and card.now < card.target:
        return f"{card.ticket} will miss its restore target at {at} ({apart} left)."
    if card.restored is None:
        return f"{card.ticket} missed its restore target at {at}, {apart} ago."
    restored = wording.hour(card.restored, card.zone)
    if card.restored <= card.target:
        return f"{card.ticket} was restored at {restored}, in time for its target at {at}."
    return f"{card.ticket} was restored at {restored}, {apart} after its target at {at}."


def mail(card: MailDraft) -> Body:
    """The text as it was left in the form, to copy, and a link that opens it in the mail program."""
    to = f"{card.to[0]}, {card.to[1]}" if card.to else "unknown: the CRM has no contact with an e-mail address"
    short = "" if card.link_has_text else " The text is too long for a link: copy it from here."
    return message(
        phone("Your mail is ready. You send it; I don't."),
        section("lead", Bold("Your mail is ready. You send it; I don't.")),
        lines("head", [f"To: {to}", f"Subject: {card.subject}"]),
        lines("body", card.body.split("\n")),
        section("link", MailTo(card.link), short),
    )


def digest(card: DigestCard) -> Body:
    """A person's week in one message."""
    title = f"Your week: {_counts(card)}"
    rows = [list_line(one) for one in card.lines]
    if card.more:
        rows.append(f"and {card.more} more")
    tail = [
        f"{card.stand_in} stands in for you: what waits went there." if card.stand_in else "",
        _done(card),
        f"Unknown dates: {card.unknown}" if card.unknown else "",
        *_credit_lines(card.small, "small credit, {closes}"),
        *_credit_lines(card.lapsed, "lapsed unclaimed on {on}."),
    ]
    said = "\n".join(filter(None, tail))
    return message(
        phone(f"{title}."),
        header(title),
        *([section("rows", "\n".join(rows))] if rows else []),
        *([section("tail", said)] if said else []),
        *row(card.buttons, (Action.DESK_OPEN,), primary=Action.DESK_OPEN),
    )


def _counts(card: DigestCard) -> str:
    """``2 decisions, 1 signature, USD 1,435.00 of credits``; what is none is left out."""
    counts = [
        wording.plural(card.decisions, "decision") if card.decisions else "",
        wording.plural(card.signatures, "signature") if card.signatures else "",
        f"{wording.listing([wording.money(one) for one in card.credits])} of credits" if card.credits else "",
    ]
    return ", ".join(filter(None, counts)) or "nothing waits for you"


def _done(card: DigestCard) -> str:
    if not card.renewed and not card.missed:
        return ""
    prices = wording.listing([f"from {wording.money(old)} to {wording.monthly(new)}" for old, new in card.renewed_prices])
    return f"Done last week: {card.renewed} renewed{f' ({prices})' if prices else ''}, {card.missed} missed"


def _credit_lines(ones: Sequence[CreditLine], form: str) -> list[str]:
    """A line a credit, at most three; the others are counted."""
    said = []
    for one in ones[:_SHOWN]:
        on = wording.day(one.on) if one.on else ""
        words = form.format(on=on, closes=f"claim closes {on}." if on else "no claim is needed.")
        joint = " " if form.startswith("lapsed") else ": "
        said.append(f"{phrases.name(one.account)}: {wording.money(one.amount)} ({wording.month(one.month)}){joint}{words}")
    return [*said, *([f"and {len(ones) - _SHOWN} more of these"] if len(ones) > _SHOWN else [])]
