"""Payloads become commands: the actor is an id, a repetition has the same key, a broken payload is an error that names its field."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import Click, HomeOpened, Said, Slash, Submit, UnknownName, inbox_key, kind, parse
from contractops.tools.errors import InputError
from tests.slack import payloads
from tests.slack.payloads import APP

HOME = {"type": "app_home_opened", "user": "U0MARIA", "tab": "messages"}

EVERY_KIND = {
    "click": payloads.click(),
    "submit": payloads.form("draft_edit", {"term": payloads.option("24")}),
    "slash": payloads.slash(),
    "said": payloads.said(),
    "homeopened": payloads.event(HOME),
}


@pytest.mark.parametrize("name", EVERY_KIND)
def test_each_kind_of_payload_is_parsed_and_named(name: str) -> None:
    """Five kinds arrive; each has a name for its inbox row and a key that fits the column."""
    command = parse(EVERY_KIND[name], APP)
    assert command is not None
    assert kind(command) == name
    assert 0 < len(inbox_key(command)) <= 255


def test_click_carries_what_the_gate_needs() -> None:
    """Token, place of the card, trigger and times come from the payload."""
    command = parse(payloads.click(), APP)
    assert isinstance(command, Click)
    assert (command.action, command.token) == (Action.DRAFT_APPROVE, "g1.token")
    assert (command.channel, command.message_ts, command.thread_ts) == ("D0MARIA", "1796.000001", "1795.000001")
    assert (command.trigger_id, command.action_ts) == ("1.2.abc", "1796.500000")


def test_actor_is_team_and_user_id_whatever_the_name_says() -> None:
    """Somebody who calls himself Dana stays who he is; a guest of another company keeps his own team."""
    payload = payloads.click(user="U0EVIL", team="T0OTHER")
    payload["user"] |= {"username": "dana", "name": "Dana Whitfield"}
    command = parse(payload, APP)
    assert isinstance(command, Click)
    assert (command.actor.team_id, command.actor.user_id) == ("T0OTHER", "U0EVIL")


def test_second_button_of_a_kind_is_the_same_action() -> None:
    """``offer_use:2`` is "Use … months"; a suffix that is no number is unknown."""
    command = parse(payloads.click("offer_use:2"), APP)
    assert isinstance(command, Click)
    assert command.action is Action.OFFER_USE
    with pytest.raises(UnknownName):
        parse(payloads.click("offer_use:x"), APP)


def test_changed_input_of_a_form_has_the_token_of_the_form() -> None:
    """A preview is asked with the form's own token and all values typed so far."""
    command = parse(payloads.changed_input(), APP)
    assert isinstance(command, Click)
    assert (command.action, command.token, command.callback) == (Action.FORM_CHANGED, "g1.form", Callback.DRAFT_EDIT)
    assert command.values == {"term": "24"}
    assert (command.view_id, command.view_hash) == ("V1", "170.aaa")


def test_form_values_are_read_by_block() -> None:
    """Each kind of input gives text, an id, several ids, a day or nothing."""
    state = {
        "term": payloads.option("36"),
        "orders": payloads.options("co118", "co131"),
        "note": payloads.typed(None),
        "day": payloads.picked("2026-12-14"),
        "none": payloads.options(),
    }
    command = parse(payloads.form("draft_edit", state), APP)
    assert isinstance(command, Submit)
    assert command.values == {"term": "36", "orders": ("co118", "co131"), "note": None, "day": "2026-12-14", "none": ()}


def test_slash_home_and_speech() -> None:
    """The three other ways to speak to the desk."""
    slash, home, said = (parse(each, APP) for each in (payloads.slash(), payloads.event(HOME), payloads.said("what is due?")))
    assert isinstance(slash, Slash)
    assert slash.text == "90"
    assert isinstance(home, HomeOpened)
    assert home.tab == "messages"
    assert isinstance(said, Said)
    assert said.text == "what is due?"


@pytest.mark.parametrize(
    "payload",
    [
        payloads.said(bot_id="B1"),
        payloads.said(subtype="message_changed"),
        payloads.said(channel_type="channel"),
        payloads.event({"type": "reaction_added", "user": "U1"}),
        payloads.form("draft_edit", kind="view_closed"),
    ],
    ids=["bot", "edited", "channel", "reaction", "closed form"],
)
def test_what_asks_nothing_of_us_is_none(payload: dict[str, Any]) -> None:
    """Bots, edits, emoji and closed forms decide nothing and start nothing."""
    assert parse(payload, APP) is None


@pytest.mark.parametrize("name", EVERY_KIND)
def test_payload_of_another_app_is_refused(name: str) -> None:
    """A copied card of another app never reaches the desk."""
    with pytest.raises(InputError, match="another app") as caught:
        parse(EVERY_KIND[name] | {"api_app_id": "A0EVIL"}, APP)
    assert caught.value.code == "CO-SLK-002"


@pytest.mark.parametrize(
    "payload",
    [payloads.click("approve_everything"), payloads.form("nothing"), payloads.slash("/approve")],
    ids=["button", "form", "command"],
)
def test_unknown_name_tells_whom_to_answer(payload: dict[str, Any]) -> None:
    """A name outside the vocabulary carries the person, so that he gets an answer."""
    with pytest.raises(UnknownName) as caught:
        parse(payload, APP)
    assert caught.value.actor.user_id == "U0MARIA"


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [path, *(leaf for key, value in node.items() for leaf in _leaves(value, (*path, key)))]
    if isinstance(node, list):
        return [path, *(leaf for index, value in enumerate(node) for leaf in _leaves(value, (*path, index)))]
    return [path]


PLACES = [(name, path) for name, payload in EVERY_KIND.items() for path in _leaves(payload) if path]


@given(place=st.sampled_from(PLACES), junk=st.sampled_from([None, 7, "", [], {}, ["x"], {"x": 1}, True]), drop=st.booleans())
def test_broken_payload_is_an_error_never_a_crash(place: tuple[str, tuple[Any, ...]], junk: Any, *, drop: bool) -> None:
    """Whatever field is missing or has another type: a command, nothing, or our own error with a code."""
    name, path = place
    payload = copy.deepcopy(EVERY_KIND[name])
    parent: Any = payload
    for step in path[:-1]:
        parent = parent[step]
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = junk
    try:
        parse(payload, APP)
    except InputError as error:
        assert error.code.startswith("CO-SLK-")  # noqa: PT017 - a command or nothing is right too


@pytest.mark.parametrize("name", EVERY_KIND)
def test_repeated_delivery_has_the_same_key(name: str) -> None:
    """What Slack sends again is recognised."""
    first, second = parse(EVERY_KIND[name], APP), parse(copy.deepcopy(EVERY_KIND[name]), APP)
    assert first is not None
    assert second is not None
    assert inbox_key(first) == inbox_key(second)


def test_different_acts_have_different_keys() -> None:
    """Another person, button, token, time, message, form state, event or trigger is another act."""
    base = payloads.click()
    container = base["container"]
    action = base["actions"][0]
    acts = [
        base,
        payloads.click(user="U0DANA"),
        payloads.click(team="T0OTHER"),
        payloads.click("draft_edit"),
        base | {"actions": [action | {"value": "g1.other"}]},
        base | {"actions": [action | {"action_ts": "1796.6"}]},
        base | {"container": container | {"message_ts": "1797.0"}},
        payloads.form("draft_edit"),
        payloads.form("draft_edit", user={"id": "U0DANA", "team_id": "T0LOCAL"}),
        payloads.changed_input(),
        payloads.slash(),
        payloads.slash(trigger_id="9.9.other"),
        payloads.said(),
        payloads.event(HOME, "Ev2"),
    ]
    commands = [parse(each, APP) for each in acts]
    keys = {inbox_key(command) for command in commands if command is not None}
    assert len(keys) == len(acts)
