"""Cards of the second approval: one decision, or the list when more than three wait. View-model in, message out; pure."""

from __future__ import annotations

from contractops.operator import wording
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import (
    Block,
    Body,
    Bold,
    facts,
    field,
    foot,
    header,
    lines,
    message,
    phone,
    quote,
    row,
    section,
)
from contractops.operator.slack.views import (
    ApprovalsList,
    ApprovalState,
    Closed,
    DeclinedBy,
    PassedOn,
    Replaced,
    SecondApprovalCard,
    SecondApproved,
    TakenBack,
)

SECOND_OPEN = (Action.SECOND_APPROVE, Action.SECOND_DECLINE, Action.SECOND_ASK, Action.DRAFT_DOCUMENT)
_LIST = 8


def second_approval(card: SecondApprovalCard) -> Body:
    """What the approver gives and gets, and what a no means."""
    name = phrases.name(card.account)
    due = wording.deadline(card.answer_by, card.zone)
    why = phrases.over_limits(card.over, f"{card.asker.possessive} limit of", ", and ")
    reason = f"\nWhy {'you' if card.group == 1 else card.role}: {why}." if why else ""
    whom = "you" if card.group == 1 else f"{card.group} of {card.role}"
    told = [quote("note", f"{_first_name(card)} wrote: ", card.note)] if card.note.strip() else []
    return message(
        _first(card, name),
        header(f"{_title(card)}: {name}, {phrases.months(card.months)}"),
        section("lead", Bold(f"{card.asker.name} asks {whom} to decide by {due}."), *_so_far(card), reason),
        _facts(card),
        *told,
        *([] if card.state is None else [_state(card.state, card.zone)]),
        *_row(card),
        _foot(card),
    )


def _title(card: SecondApprovalCard) -> str:
    return "Your approval" if card.group == 1 else f"{card.group} approvals"


def _so_far(card: SecondApprovalCard) -> list[str]:
    """Of a group: how many have approved."""
    return [] if card.group == 1 else ["\n", Bold(f"{min(len(card.approved) - 1, card.group)} of {card.group} have approved.")]


def _first(card: SecondApprovalCard, name: str) -> str:
    if card.state is not None:
        return phone(f"Approval closed: {name}, {wording.money(card.total)}, draft {card.number}.", f"Approval closed: {name}.")
    by = wording.local_day(card.answer_by, card.zone)
    return phone(
        f"{_title(card)} by {by}: {name}, {wording.money(card.total)}, {wording.percent(card.discount)} discount.",
        f"{_title(card)} by {by}: {name}, {wording.money(card.total)}.",
        f"{_title(card)} by {by}: {name}.",
    )


def _facts(card: SecondApprovalCard) -> Block:
    span = phrases.months(card.months)
    first = _first_name(card)
    decline = f"{first} can send new terms until {wording.day(card.retry_until)}. {phrases.then_what(card.otherwise)}"
    return facts(
        field("You give", f"{wording.percent(card.discount)} off, {wording.money(card.given)} over {span}", *card.conditions),
        field("You get", f"{wording.money(card.total)} over {span}", f"Fixed to {wording.day(card.end)}"),
        field("If you decline", decline),
        field("The account", " ".join(_account(card))),
    )


def _account(card: SecondApprovalCard) -> list[str]:
    said = []
    if card.renewed_times is not None:
        said.append(f"Renewed {wording.plural(card.renewed_times, 'time')}." if card.renewed_times else "Never renewed yet.")
    said.append(f"{phrases.below_target(card.service).replace('Below target', 'Below SLA target')}.")
    credit = card.service.credit if card.service else None
    if credit is not None and credit.amount > 0:
        said.append(f"Credit open: {wording.money(credit)}.")
    return said


def _state(state: ApprovalState, zone: str) -> Block:
    match state:
        case SecondApproved():
            return section("state", Bold(f"Approved by {state.act.by}, {wording.moment(state.act.at, zone)}."), f" {state.next_step}")
        case DeclinedBy():
            when = wording.moment(state.act.at, zone)
            return lines("state", [f"Declined by {state.act.by}, {when}. Reason: {wording.quoted(state.reason)}"])
        case TakenBack():
            return section("state", Bold(f"Taken back by {state.act.by}, {wording.moment(state.act.at, zone)}."))
        case PassedOn():
            return section("state", Bold(f"Passed on to {state.to}, {wording.moment(state.at, zone)}."), " There was no answer in time.")
        case Replaced():
            return section("state", Bold(f"Replaced by draft {state.by_number} on {wording.moment(state.at, zone)}."))
        case Closed():
            return section("state", Bold(f"{state.why}."))


def _row(card: SecondApprovalCard) -> list[Block]:
    open_card = card.state is None
    return row(
        card.buttons,
        SECOND_OPEN if open_card else (),
        primary=Action.SECOND_APPROVE,
        about={Action.SECOND_ASK: _first_name(card)},
        says={Action.SECOND_APPROVE: f"Review and approve the {card.account} renewal"},
    )


def _foot(card: SecondApprovalCard) -> Block:
    done = [f"{act.by} approved {wording.moment(act.at, card.zone)}." for act in card.approved]
    floor = ""
    if card.floor is not None:
        floor = f"Floor {wording.monthly(card.floor)}: {'kept' if card.floor_kept else 'broken'}."
    return foot(
        f"Approval {card.position} of {card.positions}." if card.group == 1 else "",
        *done,
        f"Draft {card.number}, document fingerprint {wording.fingerprint(card.fingerprint)}.",
        floor,
    )


def _first_name(card: SecondApprovalCard) -> str:
    return card.asker.name.split(" ", 1)[0]


def approvals_list(card: ApprovalsList) -> Body:
    """More than three waiting approvals as one list, most urgent first."""
    title = f"{wording.plural(len(card.lines), 'approval')} wait"
    said = [
        f"{line.account}, {phrases.months(line.months)}, {wording.money(line.total)}: by {wording.deadline(line.answer_by, line.zone)}"
        for line in card.lines[:_LIST]
    ]
    more = len(card.lines) - len(said)
    if more:
        said.append(f"{more} more after these")
    buttons = [line.button.model_copy(update={"about": phrases.name(line.account)}) for line in card.lines[:_LIST]]
    return message(
        phone(f"{title}. First: {phrases.name(card.lines[0].account)}." if card.lines else f"{title}."),
        header(title),
        section("lead", "\n".join(said)),
        *row(buttons, (Action.CARD_OPEN,)),
    )
