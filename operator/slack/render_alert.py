"""Cards of the watch: alert, reminder, moved date, snooze, hand-over. View-model in, message out; pure."""

from __future__ import annotations

from datetime import datetime

from contractops.operator import wording
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import (
    Block,
    Body,
    Bold,
    Mention,
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
from contractops.operator.slack.views import (
    AlertCard,
    AlertState,
    ByMail,
    Goal,
    InReview,
    LettingRenew,
    MovedDate,
    NeedsPerson,
    NotRenewing,
    OutForSignature,
    Preparing,
    Progressing,
    ReminderReply,
    Renewed,
    Snoozed,
    WaitingForApproval,
    WindowClosed,
)
from contractops.operator.slack.views_outcome import HandoverNotice, SnoozedLine

_OPEN = (
    Action.RENEWAL_PREPARE,
    Action.RENEWAL_WHY,
    Action.RENEWAL_SNOOZE,
    Action.RENEWAL_HANDOVER,
    Action.RENEWAL_STOP,
    Action.CLAUSE_READ,
    Action.CLAUSE_SETTLE,
    Action.RULE_OPEN,
    Action.HANDOVER_ACCEPT,
    Action.HANDOVER_RETURN,
)
_SHOWN = (Action.RENEWAL_WHY, Action.CARD_OPEN)
_UNDER_WAY = (
    Action.DRAFT_OPEN,
    Action.RENEWAL_WHY,
    Action.RENEWAL_HANDOVER,
    Action.RENEWAL_STOP,
    Action.HANDOVER_ACCEPT,
    Action.HANDOVER_RETURN,
)

ALERT_ROWS: dict[type, tuple[Action, ...]] = {
    type(None): _OPEN,
    Preparing: _SHOWN,
    Progressing: _SHOWN,
    InReview: _UNDER_WAY,
    WaitingForApproval: _UNDER_WAY,
    OutForSignature: (Action.RENEWAL_WHY, Action.RENEWAL_HANDOVER),
    Snoozed: (Action.RENEWAL_WAKE, Action.RENEWAL_PREPARE, Action.RENEWAL_WHY),
    NotRenewing: (Action.NOTICE_EVIDENCE, Action.RENEWAL_PREPARE, Action.RENEWAL_WHY),
    LettingRenew: (Action.RENEWAL_PREPARE, Action.RENEWAL_WHY),
    Renewed: _SHOWN,
    WindowClosed: _SHOWN,
    NeedsPerson: _SHOWN,
}
"""Buttons an alert card may carry, by its state. The card of a decided question has none that decides."""


def days_to(goal: Goal, days_left: int) -> str:
    """``60 days to decide``; on the last day ``Decide today``; after it how long ago."""
    if days_left > 0:
        return f"{phrases.days(days_left)} to {goal}"
    return f"{wording.sentence_case(goal)} today" if days_left == 0 else f"{phrases.days(-days_left)} past the safe date"


BY: dict[Goal, str] = {Goal.DECIDE: "Decide by", Goal.SIGN: "Must be signed by", Goal.NOTICE: "Notice must be received by"}
"""What has to happen until the deadline, in the words before it."""


def goal_of(state: AlertState | None) -> Goal:
    """What is still to be done before the deadline: after a decision it is not the decision."""
    match state:
        case OutForSignature():
            return Goal.SIGN
        case NotRenewing():
            return Goal.NOTICE
        case _:
            return Goal.DECIDE


def alert(card: AlertCard) -> Body:
    """The root card of a thread."""
    ended = _ended(card.state)
    if ended:
        return _ended_alert(card, ended)
    due = wording.deadline(card.decide_by, card.zone)
    goal = goal_of(card.state)
    title = f"{days_to(goal, card.days_left)}: {phrases.name(card.account)}"
    first = phone(f"{title}, {wording.yearly(card.yearly)}, by {due}.", f"{title}, by {due}.", f"{title}.")
    blocks = [
        header(title),
        section("lead", Bold(f"{BY[goal]} {due}."), "\n" + phrases.if_nobody_acts(card.contract_id, card.otherwise)),
        _facts(card),
        *_extras(card),
        *_state(card.state, card.zone),
        *_alert_row(card),
        foot(*_alert_foot(card)),
    ]
    return message(first, *blocks)


def _ended(state: AlertState | None) -> str:
    """The title of a question that is over; empty while something can still be decided."""
    match state:
        case Renewed():
            return "Renewed"
        case LettingRenew():
            return "Renews as it is"
        case WindowClosed():
            return "Window closed"
        case NotRenewing(served=True):
            return "Not renewing"
        case _:
            return ""


def _ended_alert(card: AlertCard, title: str) -> Body:
    """The root once the question is over: what became of it, and the facts of the term."""
    title = f"{title}: {phrases.name(card.account)}"
    said = "" if card.state is None else state_line(card.state, card.zone)
    was = f"Decide-by was {wording.deadline(card.decide_by, card.zone)}."
    return message(
        phone(f"{title}. {said}", f"{title}."),
        header(title),
        section("lead", Bold(said), f"\n{was}"),
        _facts(card),
        *_alert_row(card),
        foot(*_alert_foot(card)),
    )


def _facts(card: AlertCard) -> Block:
    term = "unknown" if card.term_months is None else phrases.months(card.term_months)
    fields = [
        field("Worth", wording.monthly(card.monthly), wording.yearly(card.yearly)),
        field("Term now", f"{term}, ends {wording.day(card.term_ends)}"),
        field("Service this term", *filter(None, [phrases.below_target(card.service), phrases.open_credit(card.service)])),
    ]
    if card.crm is not None and card.crm.missing:
        net = [] if card.crm.net is None else [f"Net {wording.signed_money(card.crm.net)} a month"]
        fields.append(field("CRM is behind", f"{wording.plural(card.crm.missing, 'change order')} missing", *net))
    return facts(*fields)


def _extras(card: AlertCard) -> list[Block]:
    """Two readings, a duty of ours and where it came from: one paragraph, so that the card stays on one screen."""
    said = []
    if card.readings is not None:
        earlier, later = wording.day(card.readings.earlier), wording.day(card.readings.later)
        said.append(f"Two readings of clause {card.readings.clause}: {earlier} or {later}. We use the earlier.")
    if card.duty is not None:
        opens, closes = wording.day(card.duty.opens), wording.day(card.duty.closes)
        said.append(f"{card.duty.law} may ask us to remind the customer between {opens} and {closes}. For counsel.")
    if card.handover is not None:
        said.append(f"Handed over by {card.handover.by}: {card.handover.waiting}.")
        if card.handover.note:
            said.append(f"The note: {wording.quoted(card.handover.note)}")
    return [lines("extra", said)] if said else []


def _alert_row(card: AlertCard) -> list[Block]:
    open_card = card.state is None
    primary = Action.RENEWAL_PREPARE if open_card else None
    about = {Action.CLAUSE_READ: card.readings.clause if card.readings else "", Action.CLAUSE_SETTLE: "this"}
    if isinstance(card.state, InReview | WaitingForApproval):
        about[Action.DRAFT_OPEN] = str(card.state.number)
    says = {Action.RENEWAL_PREPARE: f"Prepare terms for {card.account}"}
    return row(card.buttons, ALERT_ROWS[type(card.state)], primary=primary, about=about, says=says)


def _alert_foot(card: AlertCard) -> list[str]:
    whose = "You own this account." if card.stands_for is None else f"You answer here for {card.stands_for}."
    said = [whose, f"Data checked {wording.moment(card.data_checked, card.zone)}."]
    if card.next_told is not None and card.state is None:
        name, on = card.next_told
        said.append(f"If there is no answer, {name} is told on {wording.day(on)}.")
    return [*said, *_by_mail(card.by_mail)]


_BY_MAIL: dict[ByMail | None, str] = {
    ByMail.WAITS: "It is being sent by e-mail too.",
    ByMail.SENT: "Sent by e-mail too.",
    ByMail.NEEDS_PERSON: "The e-mail about it needs a person.",
    ByMail.NOT_CONFIGURED: "E-mail is not configured, so this stands in Slack only.",
}


def _by_mail(state: ByMail | None) -> list[str]:
    """What became of the e-mail, as far as it is worth a sentence."""
    return [_BY_MAIL[state]] if state in _BY_MAIL else []


def _state(state: AlertState | None, zone: str) -> list[Block]:
    return [] if state is None else [section("state", Bold(state_line(state, zone)))]


def state_line(state: AlertState, zone: str) -> str:  # noqa: C901, PLR0911 - one case a state
    """The line that stands where the buttons stood."""
    match state:
        case Preparing():
            return f"Preparing terms, started by {state.by}, {wording.hour(state.at, zone)}."
        case Progressing():
            return f"Terms: {', '.join(state.steps)}…"
        case InReview():
            return f"Draft {state.number} waits for {state.whose} decision{' in this thread' if state.whose == 'your' else ''}."
        case WaitingForApproval():
            return f"Draft {state.number} is approved by {state.by} and waits for {state.whom}."
        case OutForSignature():
            return _out(state)
        case Snoozed():
            return quiet(state.until, zone)
        case NotRenewing():
            served = "The notice is served." if state.served else "Alerts go on until proof of delivery is recorded."
            return f"Not renewing, decided by {state.act.by}, {wording.moment(state.act.at, zone)}. {served}"
        case LettingRenew():
            return f"Renews as it is, decided by {state.act.by}, {wording.moment(state.act.at, zone)}."
        case Renewed():
            return f"Renewed to {wording.day(state.until)}."
        case WindowClosed():
            return f"The window closed on {wording.day(state.on)}."
        case NeedsPerson():
            return f"Needs a person: {state.what}."


def _out(state: OutForSignature) -> str:
    opened = f" Opened {wording.day(state.opened)}." if state.opened else ""
    signed = f" Signed by the customer {wording.day(state.signed)}." if state.signed else ""
    back = " The invitation came back." if state.came_back else ""
    return f"Out for signature since {wording.day(state.since)}.{opened}{signed}{back}"


def quiet(until: datetime, zone: str) -> str:
    """What a snooze means."""
    return f"Quiet until {wording.moment(until, zone)}. A changed date, a credit or a customer notice still comes through."


REMINDER_ROW = (
    Action.RENEWAL_PREPARE,
    Action.DRAFT_OPEN,
    Action.NOTICE_EVIDENCE,
    Action.ENVELOPE_NUDGE,
    Action.ENVELOPE_RESEND,
    Action.ENVELOPE_SIGNER,
    Action.CARD_OPEN,
)
"""Buttons of a reminder, by what is missing."""


def reminder(card: ReminderReply) -> Body:
    """A reply at a later lead time; once answered it says by whom and has no button."""
    due = wording.deadline(card.decide_by, card.zone)
    title = f"{days_to(card.goal, card.days_left)}: {phrases.name(card.account)}"
    mention = [Mention(card.mention), " "] if card.mention and card.answered is None else []
    worth = f"Worth {wording.monthly(card.monthly)}."
    paragraph = f"\n{phrases.if_nobody_acts(card.contract_id, card.otherwise)}\n{worth}"
    changed = [section("changed", f"New since the last reminder: {card.changed}.")] if card.changed else []
    asks = [section("asks", card.asks)] if card.asks else []
    told = [f"Also told: {wording.listing(card.told)}."] if card.told else []
    if card.answered is not None:
        told.append(f"Answered by {card.answered.by}, {wording.moment(card.answered.at, card.zone)}.")
    told += _by_mail(card.by_mail)
    allowed = () if card.answered else REMINDER_ROW
    primary = next((button.action for button in card.buttons if button.action is not Action.CARD_OPEN), None)
    return message(
        phone(f"{title}, by {due}.", f"{title}."),
        section("lead", *mention, Bold(f"{title}. {BY[card.goal]} {due}."), paragraph),
        *changed,
        *asks,
        *row(
            card.buttons,
            allowed,
            primary=primary,
            says={Action.RENEWAL_PREPARE: f"Prepare terms for {card.account}"},
            confirms={Action.ENVELOPE_RESEND: resend_confirm(card.signer, "the order form")},
        ),
        *([foot(*told)] if told else []),
    )


def moved(card: MovedDate) -> Body:
    """The decide-by date moved."""
    old, new = wording.short_day(card.old), wording.day(card.new)
    said = f"Decide-by moved from {old if card.old.year == card.new.year else wording.day(card.old)} to {new}: {card.because}."
    return message(
        phone(f"{phrases.name(card.account)}: decide-by moved to {new}."),
        section("lead", said),
        *row(card.buttons, _SHOWN),
    )


def snoozed(card: SnoozedLine) -> Body:
    """The alert is quiet."""
    return message(
        phone(f"{phrases.name(card.account)}: quiet until {wording.moment(card.until, card.zone)}."),
        section("lead", quiet(card.until, card.zone)),
        *row(card.buttons, (Action.RENEWAL_WAKE,)),
    )


def handover(card: HandoverNotice) -> Body:
    """Who has the renewal now."""
    name = phrases.name(card.account)
    if card.accepted is not None:
        said = f"{card.to} accepted {name} ({card.contract_id}) on {wording.moment(card.accepted.at, card.zone)}."
    elif card.returned is not None:
        said = f"{card.to} gave {name} ({card.contract_id}) back to {card.by} on {wording.moment(card.returned.at, card.zone)}."
    else:
        said = f"{card.by} handed {name} ({card.contract_id}) over to {card.to}. Until it is accepted, both are told."
    note = [quote("note", f"{card.by} wrote: ", card.note)] if card.note else []
    allowed = () if card.accepted or card.returned else (Action.HANDOVER_ACCEPT, Action.HANDOVER_RETURN, Action.CARD_OPEN)
    return message(
        phone(f"{name}: handed over to {card.to}."),
        section("lead", said),
        *note,
        *row(card.buttons, allowed, primary=Action.HANDOVER_ACCEPT, says={Action.HANDOVER_ACCEPT: f"Accept {card.account}"}),
    )
