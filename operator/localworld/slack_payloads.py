"""The payloads that Slack sends: events, clicks, submitted forms, slash commands.

Rules of this module:

1. Key names are Slack's; nothing of the local world shows in a payload.
2. An ephemeral message's click carries no `message`: Slack does not keep it.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from contractops.operator.localworld.seed import APP, BOT_USER, TEAM, TEAM_DOMAIN
from contractops.operator.localworld.slack_forms import ONE_OF, PLAIN, SEVERAL_OF
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

TOKEN: Final = "local-verification-token"  # noqa: S105 - nobody checks it in Socket Mode


def event(workspace: Workspace, body: Document) -> Document:
    """The callback around an event."""
    bot = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": body,
        "type": "event_callback",
        "event_id": workspace.world.next_id("Ev"),
        "event_time": int(workspace.world.now().timestamp()),
        "authorizations": [bot],
        "is_ext_shared_channel": False,
    }


def message_event(message: Document, channel: Document, kind: str = "message") -> Document:
    """The event of a person's message; `kind` is "message" or "app_mention"."""
    own = {"type": kind, "channel": channel["id"], "event_ts": message["ts"]}
    channel_type = "im" if channel.get("is_im") else "group" if channel.get("is_private") else "channel"
    return {**message, **own, **({"channel_type": channel_type} if kind == "message" else {})}


def home_event(workspace: Workspace, user_id: str, tab: str) -> Document:
    """app_home_opened, with the published view when there is one. `tab` is "home" or "messages"."""
    body: Document = {"type": "app_home_opened", "user": user_id, "channel": workspace.direct(user_id)["id"], "tab": tab}
    home = workspace.home(user_id)
    return body | {"event_ts": workspace.next_ts()} | ({"view": home["view"]} if home else {})


def message_click(workspace: Workspace, user_id: str, message: Document, channel: Document, action: Document, values: Document) -> Document:
    """block_actions on a message."""
    hidden = "only_for" in message
    thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel["id"],
        "is_ephemeral": hidden,
        **thread,
    }
    url = workspace.response_url(user_id, channel["id"], message["ts"], message.get("thread_ts", ""))
    payload = _interaction(workspace, user_id, "block_actions") | {
        "container": container,
        "channel": {"id": channel["id"], "name": channel.get("name", "directmessage")},
        "state": {"values": values},
        "response_url": url,
        "actions": [action],
    }
    return payload if hidden else payload | {"message": message}


def view_click(workspace: Workspace, user_id: str, view: Document, action: Document, values: Document) -> Document:
    """block_actions on a modal or App Home."""
    shown = view | {"state": {"values": values}}
    return _interaction(workspace, user_id, "block_actions") | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": shown,
        "actions": [action],
    }


def submission(workspace: Workspace, user_id: str, view: Document, values: Document) -> Document:
    """view_submission."""
    shown = view | {"state": {"values": values}}
    return _interaction(workspace, user_id, "view_submission") | {"view": shown, "response_urls": []}


def closed(workspace: Workspace, user_id: str, view: Document) -> Document:
    """view_closed; it carries no trigger."""
    payload = _interaction(workspace, user_id, "view_closed") | {"view": view, "is_cleared": False}
    del payload["trigger_id"]
    return payload


def slash(workspace: Workspace, user_id: str, command: str, text: str, channel: Document) -> Document:
    """A slash command."""
    user = workspace.user(user_id) or {}
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel["id"],
        "channel_name": channel.get("name", "directmessage"),
        "user_id": user_id,
        "user_name": user.get("name", user_id),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": workspace.response_url(user_id, channel["id"]),
        "trigger_id": workspace.trigger(user_id),
    }


def action_of(workspace: Workspace, block_id: str, element: Mapping[str, Any], entry: Document, value: str) -> Document:
    """One entry of `actions`: what was clicked, chosen or typed."""
    kind = element["type"]
    action: Document = {"action_id": element["action_id"], "block_id": block_id, "type": kind}
    action["action_ts"] = f"{int(workspace.world.now().timestamp())}.{secrets.randbelow(10**6):06d}"
    if kind in ONE_OF or kind in SEVERAL_OF or kind in PLAIN:
        return action | entry
    shown = {key: element[key] for key in ("text", "style", "confirm", "url") if key in element}
    return action | shown | ({"value": value} if value else {})


def _interaction(workspace: Workspace, user_id: str, kind: str) -> Document:
    user = workspace.user(user_id) or {}
    name = user.get("name", user_id)
    return {
        "type": kind,
        "team": {"id": user.get("team_id", TEAM), "domain": TEAM_DOMAIN},
        "user": {"id": user_id, "username": name, "name": name, "team_id": user.get("team_id", TEAM)},
        "api_app_id": APP,
        "token": TOKEN,
        "trigger_id": workspace.trigger(user_id),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def person_message(workspace: Workspace, user_id: str, text: str, thread_ts: str) -> Document:
    """A message as a person writes it, not stored yet."""
    message: Document = {"type": "message", "user": user_id, "text": text, "ts": workspace.next_ts(), "team": TEAM}
    message["client_msg_id"] = secrets.token_hex(16)
    return message | ({"thread_ts": thread_ts, "parent_user_id": BOT_USER} if thread_ts else {})
