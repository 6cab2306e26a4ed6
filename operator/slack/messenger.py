"""Slack, outbound: posts once, finds what it posted, rewrites, answers. Fills the ports ``Messenger``, ``Interaction`` and ``Files``.

Rule 1: a lost answer is never repeated here: the SDK's own retry on a broken connection posts twice, so it is not installed.
Rule 2: a post carries its key in the metadata; whoever is in doubt looks it up with ``find``.
Rule 3: what Slack says about a person is at most 60 s old; when Slack does not answer, the answer is an error, never a guess.
Rule 4: a direct message that Slack will not deliver is ``Unreachable``: the person left, or closed the conversation.
Rule 5: at most one new message a second and channel: Slack hides the surplus.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, TypeAlias
from urllib.error import URLError
from uuid import NAMESPACE_URL, uuid5

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.web import WebClient

from contractops.operator import clock
from contractops.operator.slack.download import download
from contractops.operator.slack.render import plainer
from contractops.tools.errors import NotFound, OutcomeUnknown, Unreachable, VendorError
from contractops.tools.ports import Posted, SentFile, SlackUser

Json: TypeAlias = dict[str, Any]

EVENT_TYPE = "contractops"
_USER_AGE = timedelta(seconds=60)
PACE_SECONDS = 1.0
_LATER = timedelta(seconds=30)
_PAGE = 200
_SERVER_FAULT = 500
_TOO_MANY = 429
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_UNREACHED = frozenset(
    {
        "cannot_dm_bot", "channel_not_found", "is_archived", "messages_tab_disabled", "restricted_action", "user_disabled",
        "user_not_found", "user_not_visible", "users_not_found",
    }
)  # fmt: skip
"""Slack's words for a person who gets no direct message. A word about our own token is none of them."""
_ABSENT = frozenset({"users_not_found", "user_not_found", "message_not_found", "thread_not_found", "file_not_found", "file_deleted"})
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format"})
_ADVICE = {
    "channel_not_found": "Check the channel id in the settings, and that Renewal Desk was invited to it.",
    "not_in_channel": "Invite Renewal Desk to the channel.",
    "missing_scope": "Add the scope under OAuth & Permissions and install the app again.",
    "invalid_auth": "Check the bot token in the settings.",
    "token_revoked": "Install the app again and put the new bot token into the settings.",
    "account_inactive": "Install the app again and put the new bot token into the settings.",
}


class Pacer:
    """Lets one message in ``seconds`` pass for each channel; ``monotonic`` in seconds, ``sleep`` waits so many."""

    def __init__(
        self,
        monotonic: Callable[[], float] = clock.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        seconds: float = PACE_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, channel: str) -> None:
        """Take the next free turn of ``channel``, and wait for it."""
        with self._lock:
            now = self._monotonic()
            turn = max(now, self._next.get(channel, now))
            self._next[channel] = turn + self._seconds
        if turn > now:
            self._sleep(turn - now)


class SlackMessenger:
    """The ports ``Messenger``, ``Interaction`` and ``Files`` over the Web API. Thread-safe; ``base_url`` ends with a slash, ``timeout`` in seconds."""

    def __init__(
        self,
        token: str,
        base_url: str = WebClient.BASE_URL,
        timeout: int = 10,
        *,
        pacer: Pacer | None = None,
        wall_now: Callable[[], datetime] = clock.wall_now,
    ) -> None:
        retries: list[RetryHandler] = [RateLimitErrorRetryHandler(max_retry_count=2)]
        self._client = WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=retries)
        self._pacer = pacer or Pacer()
        self._wall_now = wall_now
        self._directs: dict[str, str] = {}
        self._channels: dict[str, str] = {}
        self._users: dict[str, tuple[datetime, SlackUser]] = {}

    # Messenger

    def post(self, channel: str, body: Json, key: str, *, thread_ts: str | None = None, broadcast: bool = False) -> Posted:
        """See ``Messenger.post``. Blocks that the workspace refuses are posted once more in their plain form: the first was not taken."""
        place = self._conversation(channel)
        try:
            return self._post(place, body, key, thread_ts, broadcast=broadcast)
        except _Refusal as refusal:
            if refusal.error not in _BLOCKS_REFUSED:
                raise
        return self._post(place, plainer(body), key, thread_ts, broadcast=broadcast)

    def find(self, channel: str, key: str, *, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """See ``Messenger.find``. ``since`` is compared with Slack's own time of the message."""
        place = self._conversation(channel)
        query: Json = {
            "channel": place,
            "oldest": f"{since.timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        method = "conversations.history"
        if thread_ts is not None:
            method, query = "conversations.replies", query | {"ts": thread_ts}
        while True:
            page = self._call(method, query)
            for message in page.get("messages", []):
                if _key_of(message) == key:
                    return Posted(channel=place, ts=str(message["ts"]))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            query = query | {"cursor": cursor}

    def update(self, place: Posted, body: Json) -> None:
        """See ``Messenger.update``. Raises ``NotFound`` when the message was deleted."""
        arguments = {"channel": place.channel, "ts": place.ts, **body}
        try:
            self._call("chat.update", arguments)
        except _Refusal as refusal:
            if refusal.error not in _BLOCKS_REFUSED:
                raise
            self._call("chat.update", arguments | plainer(body))

    def user(self, user_id: str) -> SlackUser:
        """See ``Messenger.user``. Raises ``NotFound`` for an id that Slack does not know."""
        now = self._wall_now()
        kept = self._users.get(user_id)
        if kept is not None and timedelta(0) <= now - kept[0] <= _USER_AGE:
            return kept[1]
        found = _user(self._call("users.info", {"user": user_id})["user"])
        self._users[user_id] = (now, found)
        return found

    def lookup(self, email: str) -> str | None:
        """The user id of the account with ``email``, or None."""
        try:
            return str(self._call("users.lookupByEmail", {"email": email})["user"]["id"])
        except NotFound:
            return None

    def permalink(self, place: Posted) -> str:
        """Where "Open card" leads."""
        return str(self._call("chat.getPermalink", {"channel": place.channel, "message_ts": place.ts})["permalink"])

    def is_private(self, channel: str) -> bool:
        """See ``Messenger.is_private``."""
        found = self._call("conversations.info", {"channel": self._conversation(channel)})["channel"]
        shared = any(found.get(mark) for mark in ("is_shared", "is_ext_shared", "is_org_shared", "is_pending_ext_shared"))
        return bool(found.get("is_im") or found.get("is_private")) and not shared

    # Interaction

    def open_view(self, trigger_id: str, view: Json) -> None:
        """See ``Interaction.open_view``."""
        self._call("views.open", {"trigger_id": trigger_id, "view": view})

    def update_view(self, view_id: str, view: Json, view_hash: str | None = None) -> None:
        """See ``Interaction.update_view``. A form that changed meanwhile stays as it is: the newer one wins."""
        arguments: Json = {"view_id": view_id, "view": view}
        if view_hash is not None:
            arguments["hash"] = view_hash
        try:
            self._call("views.update", arguments)
        except _Refusal as refusal:
            if refusal.error != "hash_conflict":
                raise

    def whisper(self, channel: str, user_id: str, body: Json, *, thread_ts: str | None = None) -> None:
        """See ``Interaction.whisper``. In a direct channel, or where the person is not in the channel, it is a direct message."""
        arguments = {"channel": self._conversation(channel), "user": user_id, **body}
        if thread_ts is not None:
            arguments["thread_ts"] = thread_ts
        try:
            self._call("chat.postEphemeral", arguments)
        except _Refusal as refusal:
            if refusal.error not in {"user_not_in_channel", "channel_not_found", "not_in_channel"}:
                raise
            self._call("chat.postMessage", {"channel": self._conversation(user_id), **body, **_QUIET})

    def publish_home(self, user_id: str, view: Json) -> None:
        """See ``Interaction.publish_home``."""
        self._call("views.publish", {"user_id": user_id, "view": view})

    def suggest(self, user_id: str, prompts: Sequence[str]) -> None:
        """See ``Interaction.suggest``. Without a thread: an agent's prompts belong to the conversation."""
        offered = [{"title": words, "message": words} for words in prompts[:4]]
        self._call("assistant.threads.setSuggestedPrompts", {"channel_id": self._conversation(user_id), "prompts": offered})

    def upload(self, channel: str, name: str, content: bytes, *, thread_ts: str | None = None) -> None:
        """See ``Interaction.upload``."""
        try:
            self._client.files_upload_v2(
                channel=self._conversation(channel), filename=name, title=name, content=content, thread_ts=thread_ts
            )
        except SlackApiError as error:
            raise self._refused("files.completeUploadExternal", error, once=False) from error
        except (OSError, HTTPException) as error:
            raise self._later("CO-SLK-027", f"the file {name} was not taken by Slack") from error

    # Files

    def fetch(self, file_id: str) -> SentFile:
        """See ``Files.fetch``."""
        file = self._call("files.info", {"file": file_id})["file"]
        address = str(file.get("url_private_download") or file.get("url_private") or "")
        content = download(address, str(self._client.token), self._client.base_url, self._client.timeout, later=self._wall_now() + _LATER)
        return SentFile(name=str(file.get("name") or file_id), content=content)

    # Inside

    def _conversation(self, channel: str) -> str:
        """The channel id; for a user id the direct channel, opened once; for ``#name`` the channel of that name."""
        if channel.startswith("#"):
            return self._named(channel.removeprefix("#"))
        if channel[:1] not in {"U", "W"}:
            return channel
        if channel not in self._directs:
            try:
                self._directs[channel] = str(self._call("conversations.open", {"users": channel})["channel"]["id"])
            except NotFound as problem:
                raise _unreachable("user_not_found") from problem
            except _Refusal as refusal:
                if refusal.error not in _UNREACHED:
                    raise
                raise _unreachable(refusal.error) from refusal
        return self._directs[channel]

    def _named(self, name: str) -> str:
        """Id of the channel called ``name``, looked up once. Raises ``NotFound`` when we are in no such channel."""
        if name not in self._channels:
            cursor = ""
            while True:
                page = self._call("conversations.list", {"types": "public_channel,private_channel", "limit": 200, "cursor": cursor})
                self._channels |= {str(one["name"]): str(one["id"]) for one in page["channels"]}
                cursor = str(page.get("response_metadata", {}).get("next_cursor") or "")
                if name in self._channels or not cursor:
                    break
        if name not in self._channels:
            raise NotFound("CO-SLK-028", f"Slack has no channel #{name} that we are in", advice="Create it and invite the app.")
        return self._channels[name]

    def _post(self, channel: str, body: Json, key: str, thread_ts: str | None, *, broadcast: bool) -> Posted:
        arguments: Json = {
            "channel": channel,
            **body,
            **_QUIET,
            "client_msg_id": str(uuid5(NAMESPACE_URL, f"contractops:{key}")),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
        }
        if thread_ts is not None:
            arguments |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        self._pacer.wait(channel)
        try:
            answer = self._call("chat.postMessage", arguments, once=True)
        except _Refusal as refusal:
            if channel[:1] != "D" or refusal.error not in _UNREACHED:
                raise
            raise _unreachable(refusal.error) from refusal
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    def _call(self, method: str, arguments: Json, *, once: bool = False) -> Json:
        """One call of the Web API. ``once``: a repetition would show twice, so a lost answer is ``OutcomeUnknown``.

        Raises ``NotFound`` for an absent record and ``VendorError`` for everything else that Slack refuses.
        """
        try:
            if method in _READS:
                answer = self._client.api_call(method, http_verb="GET", params=_flat(arguments))
            else:
                answer = self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise self._refused(method, error, once=once) from error
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise self._later("CO-SLK-020", f"Slack cannot be reached ({method})") from error
            raise self._lost(method, once=once, silent=isinstance(error.reason, TimeoutError)) from error
        except (OSError, HTTPException) as error:
            raise self._lost(method, once=once, silent=isinstance(error, TimeoutError)) from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def _refused(self, method: str, error: SlackApiError, *, once: bool) -> VendorError | NotFound:
        """The error of our family for an answer that is not ok."""
        status, headers, word = _answer_of(error)
        if status == _TOO_MANY or word == "ratelimited":
            wait = headers.get("Retry-After") or headers.get("retry-after") or "30"
            pause = timedelta(seconds=int(wait)) if wait.isdigit() else _LATER
            return VendorError("CO-SLK-021", f"Slack asks to slow down ({method})", retry_at=self._wall_now() + pause)
        if status >= _SERVER_FAULT or word in _UNSURE:
            return self._lost(method, once=once) if once else self._later("CO-SLK-022", f"Slack failed with {word or status} ({method})")
        if word in _ABSENT:
            return NotFound("CO-SLK-023", f"Slack does not know what was asked for: {word} ({method})")
        return _Refusal(method, word)

    def _lost(self, method: str, *, once: bool, silent: bool = False) -> VendorError:
        """No answer came. When Slack was ``silent`` until the time-out it may act yet: nobody asks whether it did until that time is over again."""
        if once:
            at = self._wall_now() + timedelta(seconds=self._client.timeout if silent else 0)
            return OutcomeUnknown("CO-SLK-024", f"no answer from Slack ({method}): it may have been posted", retry_at=at)
        return self._later("CO-SLK-025", f"no answer from Slack ({method})")

    def _later(self, code: str, message: str) -> VendorError:
        return VendorError(code, message, retry_at=self._wall_now() + _LATER)


class _Refusal(VendorError):
    """A refusal that a repetition does not heal; ``error`` is Slack's word for it."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__("CO-SLK-026", f"Slack refused {method}: {error}", advice=_ADVICE.get(error, ""), permanent=True)
        self.error = error


def _unreachable(word: str) -> Unreachable:
    return Unreachable("CO-SLK-029", f"Slack delivers no direct message to this person: {word}")


_QUIET = {"unfurl_links": False, "unfurl_media": False}
_READS = frozenset(
    {
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.replies",
        "files.info",
        "users.info",
        "users.lookupByEmail",
    }
)


def _flat(arguments: Json) -> Json:
    """Arguments of a query string: booleans in Slack's form."""
    return {name: int(value) if isinstance(value, bool) else value for name, value in arguments.items()}


def _answer_of(error: SlackApiError) -> tuple[int, dict[str, str], str]:
    """(status, headers, Slack's word) of a refused call; an answer that is no JSON has no word."""
    response: Any = error.response
    if isinstance(response, dict):
        return int(response.get("status", 0)), dict(response.get("headers") or {}), ""
    data = response.data if isinstance(response.data, dict) else {}
    return int(response.status_code), dict(response.headers or {}), str(data.get("error", ""))


def _key_of(message: Json) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None


def _user(found: Json) -> SlackUser:
    profile = found.get("profile") or {}
    ends = int(profile.get("status_expiration") or 0)
    return SlackUser(
        user_id=str(found["id"]),
        team_id=str(found.get("team_id") or profile.get("team") or ""),
        email=profile.get("email"),
        tz=found.get("tz"),
        deleted=bool(found.get("deleted")),
        is_bot=bool(found.get("is_bot") or found.get("is_workflow_bot")),
        is_restricted=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
        is_stranger=bool(found.get("is_stranger")),
        status=str(profile.get("status_emoji") or "").strip(":").partition("::")[0] or None,  # the part after it is a skin tone
        status_until=datetime.fromtimestamp(ends, UTC) if ends else None,
    )
