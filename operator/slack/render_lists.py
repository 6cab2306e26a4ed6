"""Lists, lines and short replies: welcome, ``/renewals``, team line, reasons, answers. View-model in, message out; pure."""

from __future__ import annotations

from collections.abc import Sequence

from contractops.operator import wording
from contractops.operator.sentences import finding_sentence, sentence
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.answers import Whisper, say
from contractops.operator.slack.blocks import Block, Body, Bold, escape, foot, header, lines, message, phone, quote, row, section
from contractops.operator.slack.render_alert import days_to
from contractops.operator.slack.views import Goal
from contractops.operator.slack.views_outcome import (
    HomeNothing,
    ListLine,
    PersonsText,
    ReasonsReply,
    RenewalsList,
    TeamLine,
    TextReply,
    WelcomeList,
)

_ROWS = 10
_BUTTONS = 8
_STEP_BLOCK = 2500
_ANY = tuple(Action)


def welcome(card: WelcomeList) -> Body:
    """Once, after the first import: what one person owns."""
    soon = f"{card.soon} {'needs' if card.soon == 1 else 'need'} a decision within 30 days"
    title = f"You own {wording.plural(card.owned, 'contract')}; {soon}."
    unknown = f"{wording.plural(card.unknown, 'contract')} with unknown dates." if card.unknown else ""
    return message(
        phone(title),
        header("Your contracts"),
        section("lead", Bold(title), f"\n{unknown}" if unknown else ""),
        *_rows(card.lines, (card.settings,) if card.settings else ()),
        foot("Cards follow only for what is near. The others stand in this list and count as told."),
    )


def renewals(card: RenewalsList) -> Body:
    """Answer to ``/renewals``."""
    until = wording.day(card.until)
    count = f"{wording.plural(len(card.lines), 'decision')} by {until}."
    if not card.lines:
        count = f"Nothing needs you until {until}."
        if card.next_account is not None and card.next_day is not None:
            count += f" Next decision: {phrases.name(card.next_account)}, {wording.day(card.next_day)}."
    unknown = f"{card.unknown} more {'has' if card.unknown == 1 else 'have'} unknown dates." if card.unknown else "All dates are known."
    return message(phone(count), section("lead", Bold(count)), *_rows((*card.lines, *card.undated)), foot(unknown))


def _rows(rows: Sequence[ListLine], more: Sequence[Button] = ()) -> list[Block]:
    """The lines as one paragraph, their buttons and ``more`` as one row."""
    said = [list_line(line) for line in rows[:_ROWS]]
    if len(rows) > _ROWS:
        said.append(f"{len(rows) - _ROWS} more after these")
    buttons = [
        line.button.model_copy(update={"about": line.button.about or phrases.name(line.account)})
        for line in rows[:_ROWS]
        if line.button is not None
    ][:_BUTTONS]
    return [*([section("rows", "\n".join(said))] if said else []), *row([*buttons, *more], _ANY)]


def list_line(line: ListLine) -> str:
    """One contract: the deadline, the days left, the amount, the next step."""
    worth = f", {wording.monthly(line.monthly)}" if line.monthly is not None else ""
    step = f". {line.step}" if line.step else ""
    if line.decide_by is None:
        return f"{line.account}, {line.contract_id}: unknown: {line.unknown}{worth}{step}"
    left = f", {days_to(Goal.DECIDE, line.days_left)}" if line.days_left is not None else ""
    return f"{line.account}, {line.contract_id}: {wording.deadline(line.decide_by, line.zone)}{left}{worth}{step}"


def team_line(card: TeamLine) -> Body:
    """One line in the team channel, without a price."""
    name = card.account
    day = wording.day(card.day) if card.day else "an unknown day"
    owner = f" ({card.owner})" if card.owner else ""
    said = {
        "decide": f"{name}{owner}: {days_to(Goal.DECIDE, card.days_left or 0)}, by {day}.",
        "out": f"{name}{owner}: out for signature since {day}.",
        "renewed": f"{name} renewed to {day}.",
        "notice": f"{name}{owner}: not renewing; no proof of notice yet, due by {day}.",
        "ended": f"{name} ends on {day}.",
        "renews": f"{name} renews as it is on {day}.",
        "missed": f"{name}: the window closed on {day}.",
        "unknown": f"{name}{owner}: date unknown.",
    }[card.state]
    return _only_text(said)


def _only_text(said: str) -> Body:
    """A message whose text and only paragraph are the same words."""
    return {"text": escape(said), "blocks": [section("lead", said)]}


def reasons(card: ReasonsReply) -> Body:
    """The arithmetic, one step a line; clauses are quoted as plain text."""
    steps = [f"{number}. {sentence(reason, card.zone)}" for number, reason in enumerate(card.reasons, 1)]
    steps += [finding_sentence(finding) for finding in card.findings]
    if card.tail:
        steps.append(card.tail)
    return message(phone(card.headline), section("lead", Bold(card.headline)), *paragraphs(steps), *row(card.buttons[:_BUTTONS], _ANY))


def paragraphs(steps: Sequence[str]) -> list[Block]:
    """Steps in as few blocks as hold them (Slack: 3,000 characters each); at most five, the last one says that more follow."""
    chunks: list[list[str]] = [[]]
    for step in steps:
        if sum(len(each) + 1 for each in chunks[-1]) + len(step) > _STEP_BLOCK:
            chunks.append([])
        chunks[-1].append(step)
    kept = chunks[:5]
    if len(chunks) > len(kept):
        kept[-1].append("More steps stand in the audit trail.")
    return [lines(f"steps_{number}", chunk) for number, chunk in enumerate(kept, 1) if chunk]


def text_reply(card: TextReply) -> Body:
    """A plain answer of ours."""
    if not card.buttons:
        return _only_text(card.text)
    return message(phone(card.text.split("\n", 1)[0]), section("lead", card.text), *row(card.buttons, _ANY))


def persons_text(card: PersonsText) -> Body:
    """What a person wrote to another through us."""
    about = f" ({phrases.name(card.account)})" if card.account else ""
    return message(
        phone(f"{card.who} {card.did}{about}."),
        quote("note", f"{card.who} {card.did}{about}: ", card.text),
        *row(card.buttons, tuple(dict.fromkeys(button.action for button in card.buttons)), primary=Action.DRAFT_EDIT),
    )


def answer(whisper: Whisper) -> Body:
    """An answer that only the person who clicked sees."""
    said = say(whisper)
    if whisper.button is None:
        return _only_text(said)
    return message(phone(said), section("lead", said), *row(_about(whisper.button), _ANY))


def _about(button: Button) -> tuple[Button, ...]:
    return (button,)


def home(_: HomeNothing) -> Body:
    """The App Home view (not a message) before anything is published there."""
    return {
        "type": "home",
        "callback_id": "home",
        "blocks": [
            header("Your renewal desk"),
            section("lead", "Nothing published yet. Cards come as messages; /renewals lists what is due."),
        ],
    }
