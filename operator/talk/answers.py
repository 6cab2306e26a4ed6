"""From a reading to an answer: facts computed now, what is not done said plainly, and what is open asked back.

Rule 1: every figure comes from the tools at this moment; no word of a model is in an answer.
Rule 2: the contract and the period that came from the thread are shown, so that a wrong memory is seen.
Rule 3: a refusal says what instead: the card where the person can act, or what can be asked.
"""

from __future__ import annotations

from sqlmodel import col, select

from contractops.graphs.conversation import Turn
from contractops.graphs.intents import (
    Abstain,
    AnyIntent,
    Ask,
    AskAbout,
    Choice,
    Credits,
    Draft,
    Due,
    Help,
    IfNothing,
    Read,
    RefusalKind,
    Refuse,
    Sla,
    Status,
    Waiting,
    WhoSigns,
    WhyDate,
)
from contractops.graphs.lifecycle import Stage
from contractops.operator import people
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_chat import ChatReply
from contractops.operator.store.tables import Card, Renewal
from contractops.operator.talk import about_renewal, about_service, about_time
from contractops.operator.talk.asked import CARD, TALK, Asked

MISSES_BEFORE_PEOPLE = 2
_ABOUT_INTENT = frozenset({AskAbout.INTENT, AskAbout.MEANT})
_REFUSED = {
    RefusalKind.SEND: "no_send",
    RefusalKind.OTHERS: "no_others",
    RefusalKind.RECORDS: "no_records",
    RefusalKind.LEGAL: "no_legal",
    RefusalKind.INSTRUCTIONS: "no_instructions",
    RefusalKind.OFF_TOPIC: "off_topic",
}


def answer(asked: Asked, turn: Turn, about: str | None = None) -> ChatReply:
    """The answer to a turn. ``about``: the contract of the thread, for a refusal that names none."""
    reading = turn.read.reading
    match reading:
        case Ask():
            return _ask(asked, reading)
        case Refuse():
            return _refuse(asked, reading, about)
        case Abstain():
            return _not_understood(asked, reading, turn.misses)
        case _:
            return _shown_choice(asked, answer_intent(asked, reading), reading, turn.read)


def answer_intent(asked: Asked, intent: AnyIntent) -> ChatReply:
    """The facts that an intent asks for."""
    match intent:
        case Due():
            return about_time.due(asked, intent)
        case Waiting():
            return about_time.waiting(asked)
        case Credits():
            return about_service.credit_list(asked, intent.contract)
        case Help():
            return ChatReply(lines=(asked.say("help"), asked.say("try")))
        case _:
            return _about_one(asked, intent)


def _about_one(asked: Asked, intent: WhyDate | IfNothing | Sla | Draft | WhoSigns | Status) -> ChatReply:
    row = asked.row(intent.contract)
    if row is None:
        return ChatReply(lines=(asked.say("not_watched", contract=intent.contract),))
    if isinstance(intent, Sla):
        return about_service.sla(asked, row, intent.period)
    if isinstance(intent, Draft):
        return about_renewal.draft(asked, row, intent)
    by_name = {
        "why_date": about_time.why_date,
        "if_nothing": about_time.if_nothing,
        "who_signs": about_renewal.who_signs,
        "status": about_renewal.status,
    }
    return by_name[intent.name](asked, row)


def _shown_choice(asked: Asked, reply: ChatReply, intent: AnyIntent, read: Read) -> ChatReply:
    """``for ENT-3391, as before``: what came from the thread and not from the message; and what else an account's name might mean."""
    contract = getattr(intent, "contract", None)
    if contract is None or not (read.remembered or read.besides):
        return reply
    if read.besides:
        said = asked.say("and_others", contract=contract, rows=asked.listing(list(read.besides), "and"))
    else:
        period = getattr(intent, "period", None) if "period" in read.remembered else None
        said = asked.say("as_before", contract=contract, period=f", {_period(asked, period)}" if period else "")
    return reply.model_copy(update={"lines": (f"{reply.lines[0]} ({said})", *reply.lines[1:])})


def _period(asked: Asked, period: str) -> str:
    return period if period[:1].isdigit() else asked.say(f"period.{period}")


def _ask(asked: Asked, ask: Ask) -> ChatReply:
    choices = list(ask.choices)
    rows = asked.listing([_label(asked, ask, one) for one in choices], "or")
    if ask.about is AskAbout.ACCOUNT:
        said = asked.say("ask_account", rows=rows) if choices else asked.say("ask_account_open")
    elif ask.about is AskAbout.UNIT and choices:
        said = asked.say("ask_unit", rows=rows)
    elif ask.about is AskAbout.PERIOD:
        said = asked.say("ask_period")
    elif ask.about in _ABOUT_INTENT and choices:
        said = asked.say("ask_intent" if ask.about is AskAbout.INTENT else "ask_meant", rows=rows)
    else:
        said = asked.say("ask_horizon" if ask.found == "due" else "ask_term" if ask.found == "draft" else "not_understood")
    return ChatReply(lines=(said,), buttons=tuple(_choice(asked, _label(asked, ask, one), one) for one in choices))


def _label(asked: Asked, ask: Ask, choice: Choice) -> str:
    return asked.say(f"label.{choice.label}") if ask.about in _ABOUT_INTENT else choice.label


def _choice(asked: Asked, label: str, choice: Choice) -> Button:
    """A button that stands for one reading of the message."""
    args = {"about": label, TALK: True, "intent": choice.intent.model_dump(mode="json"), "lang": asked.lang}
    token = remember(asked.session, asked.rules.token_secret, f"{CARD}{asked.key}", Action.TALK_CHOOSE, None, args)
    return Button(action=Action.TALK_CHOOSE, token=token, about=label[:70])


def _refuse(asked: Asked, refuse: Refuse, about: str | None) -> ChatReply:
    if refuse.kind is not RefusalKind.DECIDE:
        return ChatReply(lines=(asked.say(_REFUSED[refuse.kind]),))
    row = _waiting_row(asked, refuse.contract or about)
    buttons = about_renewal.card_button(asked, row) if row is not None else ()
    lines = [asked.say("no_decide")]
    if row is not None and buttons:
        is_draft = buttons[0].action is Action.DRAFT_OPEN
        what = asked.say("draft_n", n=row.draft_number) if is_draft else asked.say("card_of", contract=row.contract_id)
        lines[0] += f" {asked.say('waits_here', what=what)}"
    else:
        lines[0] += f" {asked.say('use_buttons')}"
    return ChatReply(lines=tuple(lines), buttons=buttons)


def _waiting_row(asked: Asked, contract: str | None) -> Renewal | None:
    """The renewal that is meant: the one named, else the only one of the asker's own that waits for an approval."""
    if contract is not None:
        return asked.row(contract)
    mine = asked.visible().where(Renewal.owner_id == asked.who.person_id, Renewal.stage == Stage.IN_REVIEW)
    rows = asked.session.exec(mine.limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def _not_understood(asked: Asked, reading: Abstain, misses: int) -> ChatReply:
    lines = [asked.say("too_long" if reading.why == "long" else "not_understood"), asked.say("try")]
    if misses >= MISSES_BEFORE_PEOPLE:
        names = [found.name for found in (people.person(asked.session, one) for one in asked.rules.contract_ops(asked.session)) if found]
        lines.append(asked.say("ask_people", rows=asked.listing(names, "or")))
    return ChatReply(lines=tuple(lines))


def contract_of_card(asked: Asked, channel: str, ts: str | None) -> str | None:
    """The contract of the card under which a thread stands; None under any other message."""
    if ts is None:
        return None
    card = asked.session.exec(select(Card).where(col(Card.channel) == channel, col(Card.ts) == ts)).first()
    row = asked.session.get(Renewal, card.renewal_id) if card and card.renewal_id else None
    return row.contract_id if row else None
