"""The Slack workspace of the local world: people, conversations, messages, views.

Rules of this module:

1. Time stamps (`ts`) are unique in the workspace, grow, and carry the virtual clock in their seconds.
2. A block without `block_id` and an element without `action_id` get one when they are stored, as Slack does.
3. A trigger opens one view within three real seconds: that limit is Slack's, and it is about people's patience.
"""

import secrets
import time
from collections.abc import Iterable
from typing import Any, Final

from contractops.operator.localworld.seed import APP, BOT_ID, BOT_NAME, BOT_USER, TEAM
from contractops.operator.localworld.world import Document, World

TRIGGER_SECONDS: Final = 3.0
RESPONSE_URL_USES: Final = 5
GRANTED_SCOPES: Final = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "users:read",
    "users:read.email",
)
"""Scopes of the bot token when the seed says nothing else ({"slack": {"scopes": [...]}})."""


class Workspace:
    """Reads and writes the Slack part of a `World`; one per process, because triggers live in memory."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._triggers: dict[str, tuple[float, str]] = {}

    # People

    def scopes(self) -> tuple[str, ...]:
        """The scopes granted to the bot token."""
        return tuple((self.world.get("seed", "slack") or {}).get("scopes", GRANTED_SCOPES))

    def user(self, user_id: str) -> Document | None:
        """The stored user, the bot included, or None."""
        if user_id == BOT_USER:
            return {"id": BOT_USER, "name": "renewal_desk", "real_name": BOT_NAME, "is_bot": True, "tz": "Etc/UTC", "team_id": TEAM}
        return self.world.get("slack_user", user_id)

    def people(self) -> list[Document]:
        """Every stored person, in the order of the seed."""
        return self.world.all("slack_user")

    def name_of(self, user_id: str) -> str:
        """The name a reader sees; the id when the person is unknown."""
        user = self.user(user_id) or {}
        return str(user.get("real_name") or user.get("name") or user_id)

    # Conversations

    def channel(self, channel_id: str) -> Document | None:
        """A channel or an opened direct conversation by its id, or None."""
        return self.world.get("slack_channel", channel_id)

    def channels(self) -> list[Document]:
        """Every conversation, first made first."""
        return self.world.all("slack_channel")

    def find_channel(self, name: str) -> Document | None:
        """A conversation by id, by name with or without "#", or a person's direct conversation by user id."""
        found = self.channel(name)
        if found is None and self.world.get("slack_user", name) is not None:
            return self.direct(name)
        wanted = name.removeprefix("#")
        return found or next((c for c in self.channels() if c.get("name") == wanted), None)

    def direct(self, user_id: str) -> Document:
        """The bot's direct conversation with `user_id`, made when it is the first time."""
        key = f"D{user_id[1:]}"
        found = self.channel(key)
        if found is not None:
            return found
        made = {"id": key, "is_im": True, "is_private": True, "user": user_id, "members": [user_id, BOT_USER]}
        self.world.put("slack_channel", key, made)
        return made

    def may_see(self, user_id: str, channel: Document) -> bool:
        """Whether a person sees a conversation: members do, and for public channels everybody of the team."""
        return user_id in channel["members"] or not channel.get("is_private", False)

    # Messages

    def next_ts(self) -> str:
        """A new time stamp "seconds.micros"."""
        return f"{int(self.world.now().timestamp())}.{self.world.next_number('slack_ts'):06d}"

    def messages(self, channel_id: str) -> list[Document]:
        """Every message of a conversation, replies included, oldest first."""
        return self.world.all(_messages(channel_id))

    def message(self, channel_id: str, ts: str) -> Document | None:
        """One message, or None when it was never there or was deleted."""
        return self.world.get(_messages(channel_id), ts)

    def store(self, channel_id: str, message: Document) -> Document:
        """Write a message (new or changed) under its `ts`; answers it with ids filled in."""
        stored = message | {"blocks": self._with_ids(message["blocks"])} if message.get("blocks") else message
        self.world.put(_messages(channel_id), stored["ts"], stored)
        self.world.changed("messages")
        return stored

    def remove(self, channel_id: str, ts: str) -> None:
        """Delete a message."""
        self.world.delete(_messages(channel_id), ts)
        self.world.changed("messages")

    def whisper(self, message: Document) -> Document:
        """Store a message that only `message["only_for"]` sees, in `message["channel"]`."""
        stored = message | {"blocks": self._with_ids(message.get("blocks") or [])}
        self.world.put("slack_ephemeral", stored["ts"], stored)
        self.world.changed("messages")
        return stored

    def whispers(self, channel_id: str, user_id: str) -> list[Document]:
        """The ephemeral messages that a person sees in a conversation."""
        stored = self.world.all("slack_ephemeral")
        return [m for m in stored if m["channel"] == channel_id and m["only_for"] == user_id]

    # Views

    def view(self, view_id: str) -> Document | None:
        """The stored view {"view", "user", "state": "open"|"closed"|"home"}, or None."""
        return self.world.get("slack_view", view_id)

    def open_view(self, user_id: str) -> Document | None:
        """The modal on top of a person's screen, or None."""
        mine = [v for v in self.world.all("slack_view") if v["user"] == user_id and v["state"] == "open"]
        return mine[-1] if mine else None

    def home(self, user_id: str) -> Document | None:
        """The published App Home of a person, or None when nothing was published."""
        key = self.world.get("slack_home", user_id)
        return self.view(key["view_id"]) if key else None

    def store_view(self, given: Document, user_id: str, state: str, view_id: str = "") -> Document:
        """Write a view with a new hash; a new `view_id` is made when none is given. Answers the wire view."""
        key = view_id or self.world.next_id("V")
        hash_ = f"{int(self.world.now().timestamp())}.{secrets.token_hex(4)}"
        view = _wire_view(given, key, hash_) | {"blocks": self._with_ids(given.get("blocks", []))}
        self.world.put("slack_view", key, {"view": view, "user": user_id, "state": state})
        if state == "home":
            self.world.put("slack_home", user_id, {"view_id": key})
        self.world.changed("views")
        return view

    def close_view(self, view_id: str) -> None:
        """Take a modal from the screen; it stays readable."""
        stored = self.view(view_id)
        if stored is not None:
            self.world.put("slack_view", view_id, stored | {"state": "closed"})
            self.world.changed("views")

    # Triggers and response URLs

    def trigger(self, user_id: str) -> str:
        """A new trigger_id for `user_id`, good once within `TRIGGER_SECONDS`."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = (time.monotonic() + TRIGGER_SECONDS, user_id)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> tuple[str, str]:
        """(user, "") when the trigger holds; ("", Slack's error) when it is unknown, used or too old."""
        until, user_id = self._triggers.pop(trigger_id, (None, ""))
        if until is None:
            return "", "invalid_trigger_id"
        return (user_id, "") if time.monotonic() <= until else ("", "expired_trigger_id")

    def response_url(self, user_id: str, channel_id: str, ts: str = "", thread_ts: str = "") -> str:
        """A URL that posts into `channel_id` or rewrites message `ts`, good for `RESPONSE_URL_USES` posts."""
        token = secrets.token_urlsafe(18)
        body = {"user": user_id, "channel": channel_id, "ts": ts, "thread_ts": thread_ts, "left": RESPONSE_URL_USES}
        self.world.put("slack_response_url", token, body)
        own = self.world.get("address", "own") or {"url": ""}
        return f"{own['url']}/slack/response/{token}"

    def _with_ids(self, blocks: Iterable[Document]) -> list[Document]:
        return [self._block_with_ids(block) for block in blocks]

    def _block_with_ids(self, block: Document) -> Document:
        named: dict[str, Any] = {"block_id": block.get("block_id") or self.world.next_id("b")} | block
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                named[key] = self._element_with_id(block[key])
        if isinstance(block.get("elements"), list):
            named["elements"] = [self._element_with_id(element) for element in block["elements"]]
        return named

    def _element_with_id(self, element: Document) -> Document:
        if element.get("type") in {"image", "plain_text", "mrkdwn"}:
            return element
        return {"action_id": element.get("action_id") or self.world.next_id("a")} | element


def _messages(channel_id: str) -> str:
    return f"slack_message:{channel_id}"


def _wire_view(given: Document, view_id: str, hash_: str) -> Document:
    """The view as Slack sends it: every key present, the app's own filled in."""
    empty: Document = {
        "title": None,
        "submit": None,
        "close": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit_disabled": False,
    }
    own: Document = {
        "id": view_id,
        "team_id": TEAM,
        "state": {"values": {}},
        "hash": hash_,
        "root_view_id": view_id,
        "previous_view_id": None,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
    }
    return {**empty, **given, **own}
