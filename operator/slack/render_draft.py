"""Cards of the terms: draft, offers, second approval. View-model in, message out; pure."""

from __future__ import annotations

from contractops.operator import wording
from contractops.operator.sentences import finding_sentence
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action, Button
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
    row,
    section,
)
from contractops.operator.slack.views import (
    Added,
    Blocked,
    Closed,
    DeclinedBy,
    DraftCard,
    DraftChange,
    DraftState,
    OffersCard,
    OwnerApproved,
    PercentChange,
    Removed,
    Replaced,
    TermChange,
    TextChange,
)
from contractops.tools.terms import CreditHandling

_OPEN = (Action.DRAFT_APPROVE, Action.DRAFT_EDIT, Action.DRAFT_CHANGES, Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT)
_SHOWN = (Action.DRAFT_OPEN, Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT)

DRAFT_ROWS: dict[type, tuple[Action, ...]] = {
    type(None): _OPEN,
    Blocked: (Action.FINDING_PRICE, Action.FINDING_LEAVE_OUT, *_OPEN[1:]),
    OwnerApproved: (Action.DRAFT_TAKE_BACK, Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT),
    Replaced: (Action.DRAFT_OPEN,),
    DeclinedBy: (Action.DRAFT_EDIT, *_SHOWN),
    Closed: (),
}
"""Buttons a draft card may carry, by its state."""


def draft(card: DraftCard) -> Body:
    """Terms for the owner: approve, edit, or see why not."""
    title = f"Draft {card.number}: {phrases.name(card.account)}, {phrases.months(card.months)}"
    blocks = [header(title), _lead(card), *_changes(card), _facts(card), _approvals(card), *_row(card), _foot(card)]
    return message(_first(card), *blocks)


def _first(card: DraftCard) -> str:
    what = f"{phrases.name(card.account)}, {phrases.months(card.months)} at {wording.monthly(card.monthly)}"
    match card.state:
        case None:
            return phone(
                f"Draft {card.number} is ready: {what}. Approve or edit.",
                f"Draft {card.number} is ready: {what}.",
                f"Draft {card.number} is ready: {phrases.name(card.account)}.",
            )
        case Blocked():
            return phone(f"Draft {card.number} can't be approved yet: {what}.", f"Draft {card.number} can't be approved yet.")
        case _:
            return phone(f"Draft {card.number}: {what}.", f"Draft {card.number}: {phrases.name(card.account)}.")


def _lead(card: DraftCard) -> Block:
    return section(
        "lead",
        Bold(wording.monthly(card.monthly)),
        f", today {wording.money(card.today)} ({wording.signed_percent(card.change)})\n",
        Bold(f"{wording.money(card.total)} in total"),
        f", {wording.day(card.start)} to {wording.day(card.end)}\nMust be signed by ",
        Bold(wording.deadline(card.sign_by, card.zone)),
        f", else {phrases.else_what(card.otherwise)}.",
    )


def _changes(card: DraftCard) -> list[Block]:
    if not card.changes:
        return []
    said = ", ".join(change_words(change) for change in card.changes)
    return [section("diff", Bold(f"Changed since draft {card.number - 1}:"), f" {said}.")]


def change_words(change: DraftChange) -> str:
    """``term from 12 to 36 months``, ``discount from 0.00 % to 12.00 %``, ``exit right after month 24 added``."""
    match change:
        case TermChange():
            return f"term from {change.old} to {phrases.months(change.new)}"
        case PercentChange():
            return f"{change.what} from {wording.percent(change.old)} to {wording.percent(change.new)}"
        case TextChange():
            return f"{change.what} from {change.old} to {change.new}"
        case Added():
            return f"{change.what} added"
        case Removed():
            return f"{change.what} removed"


def _facts(card: DraftCard) -> Block:
    build = card.price
    ground = f" ({build.ground})" if build.ground else ""
    steps = [f"{wording.money(build.base)} + {wording.percent(build.uplift)}{ground} = {wording.amount(build.listed)}"]
    if build.discount:
        steps.append(f"less {wording.percent(build.discount)} = {wording.amount(build.result)}")
    effect = [f"ARR {wording.signed_money(card.arr_change)}"]
    if card.floor is not None:
        effect.append(f"Floor {wording.money(card.floor)}: {'kept' if card.floor_kept else 'broken'}")
    fields = [
        field("How the price is built", *steps),
        field("Effect on the year", *effect),
        field("Service and credits", *_service(card)),
    ]
    orders = _orders(card)
    return facts(*fields, field("Change orders", *orders)) if orders else facts(*fields)


def _service(card: DraftCard) -> list[str]:
    said = [phrases.below_target(card.service)]
    credit = card.service.credit if card.service else None
    if credit is not None and credit.amount > 0:
        use = {
            CreditHandling.FIRST_INVOICE: "credited on the first invoice",
            CreditHandling.SEPARATE: "by separate credit note",
            CreditHandling.LEAVE_OPEN: "left open",
        }[card.credit_use]
        said.append(f"{wording.money(credit)} {use}")
    return said


def _orders(card: DraftCard) -> list[str]:
    said = []
    if card.orders_in:
        said.append(f"{wording.listing(card.orders_in)} included")
    if card.orders_out:
        said.append(f"{wording.listing(card.orders_out)} left out")
    return [*said, "CRM is repaired after signature"] if card.orders_in else said


def _approvals(card: DraftCard) -> Block:
    """Who must approve, or what became of it; warnings stand below."""
    warnings = "".join(f"\n{finding_sentence(finding)}" for finding in card.warnings[:3])
    if card.state is not None:
        return _state(card.state, card, warnings)
    then = "".join(f", then {person.role or person.name}" for person in card.approvals)
    why = f" ({phrases.over_limits(card.over, 'your', '; ')})" if card.over else ""
    return section("approvals", Bold("Approvals:"), f" you{then}{why}.{warnings}")


def _state(state: DraftState, card: DraftCard, warnings: str) -> Block:
    match state:
        case Blocked():
            count = wording.plural(len(state.findings), "finding")
            said = [finding_sentence(finding) for finding in state.findings[:3]]
            return lines("state", [f"Can't be approved yet: {count}", *said])
        case Replaced():
            return section("state", Bold(f"Replaced by draft {state.by_number} on {wording.moment(state.at, card.zone)}."))
        case OwnerApproved():
            next_step = f"Waiting for {state.waiting_for}." if state.waiting_for else f"Sending to {card.signer} for signature…"
            act = f"Approved by {state.act.by}, {wording.moment(state.act.at, card.zone)}."
            return section("state", Bold(act), f" {next_step}{warnings}")
        case DeclinedBy():
            when = wording.moment(state.act.at, card.zone)
            return lines("state", [f"Declined by {state.act.by}, {when}. Reason: {wording.quoted(state.reason)}"])
        case Closed():
            return section("state", Bold(f"{state.why}."))


def _row(card: DraftCard) -> list[Block]:
    about = {Action.DRAFT_APPROVE: str(card.number)}
    if isinstance(card.state, Replaced):
        about[Action.DRAFT_OPEN] = str(card.state.by_number)
    primary = {type(None): Action.DRAFT_APPROVE, DeclinedBy: Action.DRAFT_EDIT}.get(type(card.state))
    return row(
        card.buttons,
        DRAFT_ROWS[type(card.state)],
        primary=primary,
        about=about,
        says={Action.DRAFT_APPROVE: f"Approve draft {card.number} for {card.account}"},
        confirms={Action.DRAFT_APPROVE: _confirm(card)},
    )


def _confirm(card: DraftCard) -> Block:
    what = (
        f"{phrases.months(card.months)} at {wording.monthly(card.monthly)}, {wording.money(card.total)} in total, "
        f"from {wording.day(card.start)}."
    )
    if card.approvals:
        person = card.approvals[0]
        who = f"{person.role} {person.name}".strip()
        what += f" Next, {who} must approve. Nothing goes to the customer before that."
    else:
        what += f" It goes to {card.signer} for signature at once."
    label = f"Approve draft {card.number}"
    return confirm(f"{label}?", what, label)


def _foot(card: DraftCard) -> Block:
    cpi = f", CPI {card.cpi}" if card.cpi else ""
    return foot(
        f"Draft {card.number} by {card.author.by}, {wording.moment(card.author.at, card.zone)}.",
        f"Document fingerprint {wording.fingerprint(card.fingerprint)}.",
        f"Price book {card.price_book}{cpi}.",
    )


def offers(card: OffersCard) -> Body:
    """Lengths to choose from, one line each."""
    said = [
        f"{phrases.months(offer.months)} {wording.money(offer.monthly)} ({wording.signed_percent(offer.change)})" for offer in card.offers
    ]
    buttons = [
        Button(action=Action.OFFER_USE, token=offer.token, about=str(offer.months)) for offer in card.offers if offer.token is not None
    ]
    return message(
        phone(f"Other lengths for {phrases.name(card.account)}: {wording.plural(len(said), 'offer')}."),
        section("lead", Bold(f"Lengths for draft {card.number}, a month, against today's price:"), "\n" + "\n".join(said)),
        *row(buttons, (Action.OFFER_USE,)),
    )
