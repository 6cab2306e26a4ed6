"""Cards: the worked example to the letter, one snapshot a state, and the promises every card keeps."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from contractops.operator.slack import render as rendering
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.limits import check_message
from contractops.operator.slack.render import MAX_BLOCKS, RENDERERS, plainer, render
from contractops.operator.slack.views import Card
from contractops.tools.errors import InvariantError
from contractops.tools.values import Value
from tests.slack.samples import ALERT, CARDS, CREDIT, DRAFT, SECOND, SIGNED

SNAPSHOTS = Path(__file__).parent / "snapshots"
GIVEN = Path(os.environ.get("DESIGN_CARDS", "design-cards"))
DECIDED = [
    name
    for name, card in CARDS.items()
    if isinstance(card, Card) and (getattr(card, "state", None) is not None or getattr(card, "settled", None) is not None)
]
FIGURE = re.compile(r"\d[\d.,]*\d|\d")

WORKED = {
    "1-alert": ALERT,
    "2-draft": DRAFT,
    "3-second-approval": SECOND,
    "4-signed": SIGNED,
    "5-credit-due": CREDIT,
}


@pytest.mark.parametrize("name", CARDS)
def test_card_equals_its_snapshot(name: str) -> None:
    """A card changes only when somebody changes its snapshot too. ``UPDATE_SNAPSHOTS=1`` writes them afresh."""
    path = SNAPSHOTS / f"{name}.json"
    shown = json.dumps(render(CARDS[name]), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    """Every snapshot file belongs to a card."""
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(CARDS)


def test_every_view_model_has_a_sample() -> None:
    """A new view-model without a snapshot fails here."""
    assert {type(card) for card in CARDS.values()} == set(RENDERERS)


@pytest.mark.parametrize("name", WORKED)
def test_worked_example_reads_as_designed(name: str) -> None:
    """The cards of the worked story equal the designed ones in structure and words; tokens and spoken names differ.

    A designed spoken name does not contain the button's visible words; ours do, see ``test_spoken_name_contains_the_label``.
    """
    given = GIVEN / f"{name}.json"
    if not given.is_file():
        pytest.skip(f"not run: no designed cards at {GIVEN} (set DESIGN_CARDS)")
    assert _without_tokens(render(WORKED[name])) == _without_tokens(json.loads(given.read_text(encoding="utf-8")))


def _without_tokens(body: dict[str, Any]) -> dict[str, Any]:
    for block in body["blocks"]:
        for element in block.get("elements", []):
            element.pop("value", None)
            element.pop("accessibility_label", None)
    return body


@pytest.mark.parametrize("name", CARDS)
def test_spoken_name_contains_the_label(name: str) -> None:
    """Who clicks by voice says what he sees: a spoken name holds the visible words, in order, and is at most 75 characters."""
    buttons = [one for block in render(CARDS[name])["blocks"] for one in block.get("elements", []) if "accessibility_label" in one]
    for button in buttons:
        seen = button["text"]["text"].removesuffix("…").split()
        said = iter(button["accessibility_label"].split())
        assert all(word in said for word in seen), button
        assert len(button["accessibility_label"]) <= 75


@pytest.mark.parametrize("name", CARDS)
def test_text_holds_every_figure_and_date_of_the_blocks(name: str) -> None:
    """A screen reader, which gets only ``text``, hears each figure that the card shows."""
    body = render(CARDS[name])
    heard = set(FIGURE.findall(body["text"]))
    assert set(FIGURE.findall(" ".join(_visible(body["blocks"])))) <= heard


def _visible(node: object) -> list[str]:
    """Every text that a person sees without clicking: confirm dialogs and tokens are left out."""
    if isinstance(node, dict):
        if node.get("type") in {"plain_text", "mrkdwn"}:
            return [re.sub(r"<[^|>]*\|", "", node["text"])]  # the address of a link is not seen
        return [text for key, value in node.items() if key != "confirm" for text in _visible(value)]
    if isinstance(node, list):
        return [text for member in node for text in _visible(member)]
    return []


@pytest.mark.parametrize("name", CARDS)
def test_card_keeps_the_house_sizes(name: str) -> None:
    """At most 7 blocks, within Slack's sizes, a first sentence for the phone, and at most one primary button."""
    body = render(CARDS[name])
    assert check_message(body) == []
    assert len(body["blocks"]) <= MAX_BLOCKS
    assert len(_buttons(body)) == len({json.dumps(button) for button in _buttons(body)})
    assert sum(button.get("style") == "primary" for button in _buttons(body)) <= 1


def _buttons(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [element for block in body["blocks"] if block["type"] == "actions" for element in block["elements"]]


@pytest.mark.parametrize("name", CARDS)
def test_every_button_that_is_shown_reaches_the_desk_by_name(name: str) -> None:
    """A card shows only actions of the vocabulary, each with the token the caller gave."""
    for button in _buttons(render(CARDS[name])):
        assert Action.named(button["action_id"]) in Action
        assert button["value"].startswith("g1.")
        assert button["text"]["text"].strip()


@pytest.mark.parametrize("name", DECIDED)
def test_decided_card_refuses_a_button_that_decides(name: str) -> None:
    """A decided card with an approval button is a fault of ours, not a card."""
    card = CARDS[name]
    live = (Button(action=Action.DRAFT_APPROVE, token="g1.x"), Button(action=Action.SECOND_APPROVE, token="g1.y"))
    for button in live:
        with pytest.raises(InvariantError, match="CO-SLK-010"):
            render(card.model_copy(update={"buttons": (button,)}))


HOSTILE = "*Evil* <!channel> <!here> <@U0DANA> <http://evil.test|docs> &lt;b&gt; `x` ~y~ " + "z" * 3000


@pytest.mark.parametrize("name", ["alert", "draft", "second", "signed", "missed", "not_renewing", "needs_person"])
def test_hostile_names_and_notes_cannot_ping_link_or_format(name: str) -> None:
    """Control characters of Slack arrive escaped in every mrkdwn text and in ``text``; long words are cut."""
    card: Value = CARDS[name]
    changes: dict[str, object] = {"account": HOSTILE[:200]}
    for field in ("note", "detail"):
        if field in type(card).model_fields:
            changes[field] = HOSTILE
    body = render(card.model_copy(update=changes))
    marked = [*_mrkdwn(body["blocks"]), body["text"]]
    assert not any(re.search(r"<[!@#h]", text) for text in marked)
    assert not any(re.search(r"&(?!amp;|lt;|gt;)", text) for text in marked)


def _mrkdwn(node: object) -> list[str]:
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            return [node["text"]]
        return [text for value in node.values() for text in _mrkdwn(value)]
    if isinstance(node, list):
        return [text for member in node for text in _mrkdwn(member)]
    return []


def test_long_user_text_is_cut_and_says_so() -> None:
    """A note of 3,000 characters shows 500 and names where the rest is."""
    body = render(SECOND.model_copy(update={"note": "n" * 3000}))
    note = next(block for block in body["blocks"] if block["block_id"] == "note")
    assert note["text"]["type"] == "plain_text"
    assert note["text"]["text"] == "Maria wrote: " + "n" * 500 + "… (more in the document)"


@pytest.mark.parametrize("name", CARDS)
def test_plainer_form_keeps_words_and_buttons(name: str) -> None:
    """What a workspace gets that refuses our blocks has the same text and the same tokens."""
    body = render(CARDS[name])
    simple = plainer(body)
    assert check_message(simple) == []
    assert simple["text"] == body["text"]
    assert [button["value"] for button in _buttons(simple)] == [button["value"] for button in _buttons(body)]


def test_unknown_view_model_is_refused() -> None:
    """A value without a renderer raises and shows nothing."""
    with pytest.raises(InvariantError, match="CO-SLK-012"):
        render(Button(action=Action.CARD_OPEN, token="t"))


def test_home_says_that_nothing_is_published() -> None:
    """The App Home of this version is honest about being empty."""
    assert "Nothing published yet" in json.dumps(rendering.render_home())
