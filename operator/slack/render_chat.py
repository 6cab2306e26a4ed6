"""Answers of a conversation. View-model in, message out; pure."""

from __future__ import annotations

from contractops.operator.sentences import sentence
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import Body, message, phone, row, section
from contractops.operator.slack.render_lists import paragraphs
from contractops.operator.slack.views_chat import ChatReply

_ANY = tuple(Action)


def reply(answer: ChatReply) -> Body:
    """The answer first, then the steps, then the buttons."""
    steps = [f"{number}. {sentence(reason, answer.zone)}" for number, reason in enumerate(answer.reasons, 1)]
    if answer.tail:
        steps.append(answer.tail)
    return message(
        phone(answer.lines[0].split(". ")[0]),
        section("lead", "\n".join(answer.lines)),
        *paragraphs(steps),
        *row(answer.buttons, _ANY),
    )
