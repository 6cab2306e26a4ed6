"""The house rules of a card, over every card of the samples: sizes, plain words, dates, amounts, and what a label promises."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contractops.operator.desk import clicks, mail, settings, talking
from contractops.operator.slack.actions import Action
from contractops.operator.slack.blocks import PHONE
from contractops.operator.slack.labels import LABELS
from contractops.operator.slack.render import render
from tests.slack.samples import CARDS

VISIBLE = 1000
"""Characters; the fullest card of the design, a draft with changes and two approvals, has a few less."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
FORBIDDEN = {
    "a date in digits": re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"),
    "a day without its weekday": re.compile(rf"{''.join(f'(?<!{day} )' for day in WEEKDAYS)}\b\d{{1,2}} {MONTH} \d{{4}}"),
    "a sign for a currency": re.compile(r"[$€£]"),
    "an amount without two decimals": re.compile(r"\b(?:USD|EUR|GBP) -?[\d,]+(?!\.\d\d)(?![\d,.])"),
    "a term of the trade": re.compile(r"\b(?:MRC|ETL|MARC|TCV|ACV)\b"),
    "a Slack date, which moves for a reader abroad": re.compile(r"<!date"),
    "a call to everybody": re.compile(r"<!(?:here|channel|everyone)"),
}
HANDLERS = {**clicks.CLICKS, **settings.OWN_CLICKS, **talking.TALK_CLICKS}
OPENS = frozenset({clicks.open_form, clicks.send_notice, mail.open_draft, settings.open_form})
"""Handlers that open a form."""
SHOWS = frozenset({clicks.see_notice, clicks.why_dates})
"""Handlers that only show a text: whoever reads it acts himself."""


def visible(node: object) -> list[str]:
    """Every text that stands on the card: neither the confirm dialogs nor the ids."""
    if isinstance(node, dict):
        if node.get("type") in {"plain_text", "mrkdwn"}:
            return [node["text"]]
        return [text for key, value in node.items() if key != "confirm" for text in visible(value)]
    return [text for member in node for text in visible(member)] if isinstance(node, list) else []


def buttons(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a card."""
    return [element for block in body["blocks"] if block["type"] == "actions" for element in block["elements"]]


@pytest.mark.parametrize("name", CARDS)
def test_card_fits_a_phone_screen(name: str) -> None:
    """A card is read at a glance, and its first sentence fits a notification."""
    body = render(CARDS[name])
    assert len(" ".join(visible(body["blocks"]))) <= VISIBLE
    assert len(re.split(r"(?<=[.!?])\s", body["text"])[0]) <= PHONE


@pytest.mark.parametrize("name", CARDS)
def test_card_speaks_plainly(name: str) -> None:
    """Days have their weekday and a month in letters, amounts their code and decimals; nothing calls everybody or moves a deadline."""
    shown = " ".join(visible(render(CARDS[name])["blocks"]))
    assert {what: found[0] for what, pattern in FORBIDDEN.items() if (found := pattern.search(shown))} == {}


@pytest.mark.parametrize("name", CARDS)
def test_every_action_is_told_to_whoever_only_hears_the_card(name: str) -> None:
    """The text ends with the actions, each by the words of its button."""
    body = render(CARDS[name])
    told = body["text"].partition("Actions: ")[2]
    assert [button["text"]["text"] for button in buttons(body) if button["text"]["text"].rstrip("…?") not in told] == []


@pytest.mark.parametrize("name", CARDS)
def test_three_dots_mean_that_nothing_happens_yet(name: str) -> None:
    """A label with "…" opens a form, asks first or shows a text; without it, no form opens."""
    for button in buttons(render(CARDS[name])):
        action = Action.named(button["action_id"])
        handler = HANDLERS[action]
        if button["text"]["text"].endswith("…"):
            assert handler in OPENS | SHOWS or "confirm" in button, action
        else:
            assert handler not in OPENS, action


def test_labels_are_verb_and_object() -> None:
    """No button says only yes."""
    assert [label for label in LABELS.values() if label.strip("…").lower() in {"ok", "yes", "no", "submit", "confirm"}] == []
