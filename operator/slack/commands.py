"""Slack payloads as commands: what arrived, from whom, about which message; nothing is decided here.

Rule 1: the actor is (team, user id) of the payload, never a name.
Rule 2: a payload of another app, or one that lacks a field, is an ``InputError``; what is not meant for us is ``None``.
Rule 3: ``inbox_key`` is the same for each delivery of one click, and differs between clicks.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

from contractops.operator.slack.actions import Action, Callback
from contractops.tools.errors import InputError
from contractops.tools.values import Value

Payload: TypeAlias = dict[str, Any]
"""A Slack payload as Bolt hands it over: the inner payload of the envelope, parsed from JSON."""

FieldValue: TypeAlias = str | tuple[str, ...] | None
"""What one input holds: text, the value of an option, the values of several, the ids of files, or nothing."""

COMMAND = "/renewals"


class Actor(Value):
    """Who acts: ``team_id`` is the person's own team (Slack Connect: not ours), ``enterprise_id`` on a grid."""

    team_id: str
    user_id: str
    enterprise_id: str | None = None


class Click(Value):
    """A button, or an input of an open form (``Action.FORM_CHANGED``, ``values`` by block id)."""

    actor: Actor
    action: Action
    token: str
    channel: str | None
    message_ts: str | None
    thread_ts: str | None
    trigger_id: str | None
    action_ts: str
    view_id: str | None
    view_hash: str | None
    callback: Callback | None
    values: dict[str, FieldValue]


class Submit(Value):
    """A form sent. ``token`` is its ``private_metadata``; ``values`` by block id."""

    actor: Actor
    callback: Callback
    token: str
    view_id: str
    view_hash: str
    trigger_id: str | None
    values: dict[str, FieldValue]


class Slash(Value):
    """``/renewals`` with the words after it."""

    actor: Actor
    text: str
    channel: str
    trigger_id: str


class HomeOpened(Value):
    """Somebody opened the App Home, or the messages tab beside it (``tab``)."""

    actor: Actor
    tab: str
    event_id: str


class Said(Value):
    """A direct message to the bot, or one that mentions it in a channel."""

    actor: Actor
    text: str
    channel: str
    ts: str
    thread_ts: str | None
    event_id: str


Command: TypeAlias = Click | Submit | Slash | HomeOpened | Said


class UnknownName(InputError):
    """A button, form or slash command outside our vocabulary; ``actor`` and ``channel`` tell whom to answer."""

    def __init__(self, name: str, actor: Actor, channel: str | None) -> None:
        super().__init__("CO-SLK-003", f"unknown name in a Slack payload: {name[:80]!r}")
        self.actor = actor
        self.channel = channel


def parse(payload: Payload, app_id: str) -> Command | None:
    """The command in ``payload``, or None for what asks nothing of us (own and edited messages, closed forms).

    Raises ``InputError``: ``CO-SLK-001`` a field is missing or has another type, ``CO-SLK-002`` the payload belongs to another
    app than ``app_id``; ``UnknownName`` for a name that is not in our vocabulary.
    """
    form = "slash" if "command" in payload else _text(payload, "type")
    if _text(payload, "api_app_id") != app_id:
        raise InputError("CO-SLK-002", "a Slack payload of another app was refused")
    match form:
        case "slash":
            return _slash(payload)
        case "block_actions":
            return _click(payload)
        case "view_submission":
            return _submit(payload)
        case "event_callback":
            return _event(payload)
        case _:
            return None


def inbox_key(command: Command) -> str:
    """Unique key of one inbound command; a repeated delivery has the same. At most 255 characters.

    Events by event id; clicks by person, action, action time and message or view with its hash; forms by view, hash and person; slash
    commands by trigger id.
    """
    match command:
        case HomeOpened() | Said():
            return f"event:{command.event_id}"
        case Slash():
            return f"slash:{command.trigger_id}"
        case Submit():
            who = command.actor
            return f"submit:{who.team_id}:{who.user_id}:{command.view_id}:{command.view_hash}"
        case Click():
            who = command.actor
            place = command.message_ts or f"{command.view_id}:{command.view_hash}"
            token = hashlib.sha256(command.token.encode()).hexdigest()[:16]
            return f"click:{who.team_id}:{who.user_id}:{command.action.value}:{token}:{command.action_ts}:{place}"


def kind(command: Command) -> str:
    """Name of the kind of ``command``, for the inbox row: click, submit, slash, homeopened, said."""
    return type(command).__name__.lower()


def _click(payload: Payload) -> Click:
    actor = _actor(payload, _dict(payload, "user"))
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], dict):
        raise _broken("actions")
    action: Payload = actions[0]
    container = _dict(payload, "container")
    channel = container.get("channel_id")
    try:
        name = Action.named(_text(action, "action_id"))
    except ValueError:
        raise UnknownName(_text(action, "action_id"), actor, channel) from None
    view: Payload = payload["view"] if isinstance(payload.get("view"), dict) else {}
    token = view.get("private_metadata") if name is Action.FORM_CHANGED else action.get("value")
    return Click(
        actor=actor,
        action=name,
        token=_string(token or "", "value"),
        channel=_optional(channel, "channel_id"),
        message_ts=_optional(container.get("message_ts"), "message_ts"),
        thread_ts=_optional(container.get("thread_ts"), "thread_ts"),
        trigger_id=_optional(payload.get("trigger_id"), "trigger_id"),
        action_ts=_text(action, "action_ts"),
        view_id=_optional(view.get("id"), "view.id"),
        view_hash=_optional(view.get("hash"), "view.hash"),
        callback=_callback(view, actor) if view.get("type") == "modal" else None,
        values=_values(view.get("state")),
    )


def _submit(payload: Payload) -> Submit:
    actor = _actor(payload, _dict(payload, "user"))
    view = _dict(payload, "view")
    return Submit(
        actor=actor,
        callback=_callback(view, actor),
        token=_text(view, "private_metadata"),
        view_id=_text(view, "id"),
        view_hash=_text(view, "hash"),
        trigger_id=_optional(payload.get("trigger_id"), "trigger_id"),
        values=_values(view.get("state")),
    )


def _slash(payload: Payload) -> Slash:
    actor = Actor(
        team_id=_text(payload, "team_id"),
        user_id=_text(payload, "user_id"),
        enterprise_id=_optional(payload.get("enterprise_id"), "enterprise_id"),
    )
    channel = _text(payload, "channel_id")
    if _text(payload, "command") != COMMAND:
        raise UnknownName(_text(payload, "command"), actor, channel)
    text = _string(payload.get("text", ""), "text")
    return Slash(actor=actor, text=text.strip(), channel=channel, trigger_id=_text(payload, "trigger_id"))


def _event(payload: Payload) -> HomeOpened | Said | None:
    event = _dict(payload, "event")
    event_id = _text(payload, "event_id")
    match _text(event, "type"):
        case "app_home_opened":
            tab = _string(event.get("tab", "home"), "tab")
            return HomeOpened(actor=_event_actor(payload, event), tab=tab, event_id=event_id)
        case ("message" | "app_mention") as kind if _is_speech(event, kind):
            return Said(
                actor=_event_actor(payload, event),
                text=_string(event.get("text", ""), "text"),
                channel=_text(event, "channel"),
                ts=_text(event, "ts"),
                thread_ts=_optional(event.get("thread_ts"), "thread_ts"),
                event_id=event_id,
            )
        case _:
            return None


def _is_speech(event: Payload, kind: str) -> bool:
    """A person's new message in a direct channel, or a mention in another one: no edit, no deletion, no bot."""
    if kind == "message" and event.get("channel_type") != "im":
        return False  # Slack tells of a mention in a channel by an event of its own
    return not event.get("subtype") and not event.get("bot_id") and "user" in event


def _event_actor(payload: Payload, event: Payload) -> Actor:
    team = event.get("user_team") or event.get("team") or payload.get("team_id")
    return Actor(team_id=_string(team, "team_id"), user_id=_text(event, "user"))


def _actor(payload: Payload, user: Payload) -> Actor:
    team: Payload = payload["team"] if isinstance(payload.get("team"), dict) else {}
    enterprise: Payload = payload["enterprise"] if isinstance(payload.get("enterprise"), dict) else {}
    return Actor(
        team_id=_string(user.get("team_id") or team.get("id"), "team.id"),
        user_id=_text(user, "id"),
        enterprise_id=_optional(enterprise.get("id"), "enterprise.id"),
    )


def _callback(view: Payload, actor: Actor) -> Callback:
    try:
        return Callback(_text(view, "callback_id"))
    except ValueError:
        raise UnknownName(_text(view, "callback_id"), actor, None) from None


def _values(state: object) -> dict[str, FieldValue]:
    """Values of the inputs by block id. An input without a value is None."""
    if not isinstance(state, dict):
        return {}
    values = state.get("values", {})
    if not isinstance(values, dict):
        raise _broken("state.values")
    read: dict[str, FieldValue] = {}
    for block_id, elements in values.items():
        if not isinstance(elements, dict):
            raise _broken(f"state.values.{block_id}")
        for element in elements.values():
            read[block_id] = _element_value(element, block_id)
    return read


def _element_value(element: object, block_id: str) -> FieldValue:
    if not isinstance(element, dict):
        raise _broken(f"state.values.{block_id}")
    if "files" in element:
        return tuple(_text(file, "id") for file in element["files"] or ())
    if "selected_options" in element:
        return tuple(_text(option, "value") for option in element["selected_options"] or ())
    if "selected_option" in element:
        chosen = element["selected_option"]
        return None if chosen is None else _text(chosen, "value")
    for name in ("selected_date", "selected_user", "value"):
        if name in element:
            return _optional(element[name], f"state.values.{block_id}")
    return None


def _dict(payload: Payload, name: str) -> Payload:
    value = payload.get(name)
    if not isinstance(value, dict):
        raise _broken(name)
    return value


def _text(payload: object, name: str) -> str:
    if not isinstance(payload, dict):
        raise _broken(name)
    return _string(payload.get(name), name)


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _broken(name)
    return value


def _optional(value: object, name: str) -> str | None:
    return None if value is None else _string(value, name)


def _broken(name: str) -> InputError:
    return InputError("CO-SLK-001", f"a Slack payload has no usable field {name}")
