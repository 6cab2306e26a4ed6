"""Slack's chat.* methods: post, update, whisper, delete, link.

Rules of this module:

1. A message is stored or refused as a whole; nothing of a refused one remains.
2. A `client_msg_id` that was seen in the conversation answers with the message that stands there already.
3. Only the bot's own messages can be changed or deleted by the bot.
"""

from collections.abc import Callable, Mapping
from typing import Final

from contractops.operator.localworld.block_limits import message_findings
from contractops.operator.localworld.seed import APP, BOT_ID, BOT_NAME, BOT_USER, TEAM
from contractops.operator.localworld.slack_arguments import Arguments, SlackError
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

LONGEST_TEXT: Final = 40_000


def reachable(workspace: Workspace, name: str) -> Document:
    """The conversation `name` (id, #name or user id), which the bot can post to and read.

    Raises SlackError `channel_not_found` (also for private ones without the bot), `not_in_channel`, `is_archived`.
    """
    channel = workspace.find_channel(name)
    if channel is None:
        raise SlackError("channel_not_found")
    if BOT_USER not in channel["members"]:
        raise SlackError("channel_not_found" if channel.get("is_private") else "not_in_channel")
    partner = workspace.user(channel["user"]) if channel.get("is_im") else None
    if channel.get("is_archived") or (partner or {}).get("deleted"):
        raise SlackError("is_archived")
    return channel


def post_message(workspace: Workspace, arguments: Arguments) -> Document:
    """chat.postMessage."""
    channel = reachable(workspace, arguments.text("channel"))
    known = _already_posted(workspace, channel["id"], arguments.text("client_msg_id"))
    message = known or _post(workspace, channel["id"], arguments)
    return {"channel": channel["id"], "ts": message["ts"], "message": message}


def _already_posted(workspace: Workspace, channel_id: str, client_msg_id: str) -> Document | None:
    if not client_msg_id:
        return None
    posted = workspace.world.get("slack_client_msg", f"{channel_id}:{client_msg_id}")
    return workspace.message(channel_id, posted["ts"]) if posted else None


def _post(workspace: Workspace, channel_id: str, arguments: Arguments) -> Document:
    content = message_content(arguments)
    thread = _thread(workspace, channel_id, arguments)
    ts = workspace.next_ts()
    message = workspace.store(channel_id, {**bot_message(ts), **content, **thread})
    client_msg_id = arguments.text("client_msg_id")
    if client_msg_id:
        workspace.world.put("slack_client_msg", f"{channel_id}:{client_msg_id}", {"ts": ts})
    return message


def bot_message(ts: str) -> Document:
    """The keys that every message of the bot carries."""
    profile = {"id": BOT_ID, "app_id": APP, "name": BOT_NAME, "deleted": False, "team_id": TEAM}
    own = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": APP, "team": TEAM, "bot_profile": profile}
    return own | {"ts": ts}


def message_content(arguments: Arguments) -> Document:
    """Text, blocks and metadata of a call. Raises SlackError `no_text`, `msg_too_long`, `invalid_blocks` and the like."""
    text = arguments.text("text")
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if not text and not blocks and not arguments.has("attachments"):
        raise SlackError("no_text")
    if len(text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    refuse_blocks(message_findings(blocks) if blocks is not None else [])
    if metadata is not None and not _is_metadata(metadata):
        raise SlackError("invalid_metadata_schema")
    content: Document = {"text": text}
    if blocks:
        content["blocks"] = blocks
    if metadata is not None:
        content["metadata"] = metadata
    return content


def refuse_blocks(findings: list[str]) -> None:
    """Raise SlackError `invalid_blocks` with the findings, when there are any."""
    if findings:
        raise SlackError("invalid_blocks", errors=findings, response_metadata={"messages": findings})


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("event_type"), str) and "event_payload" in value


def _thread(workspace: Workspace, channel_id: str, arguments: Arguments) -> Document:
    """The keys of a reply. Raises SlackError `thread_not_found`; a reply to a reply goes to the root."""
    thread_ts = arguments.text("thread_ts")
    if not thread_ts:
        return {}
    root = workspace.message(channel_id, thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    keys = {"thread_ts": root.get("thread_ts", root["ts"]), "parent_user_id": root.get("user", "")}
    return keys | ({"subtype": "thread_broadcast"} if arguments.flag("reply_broadcast") else {})


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Document:
    """chat.postEphemeral."""
    channel = reachable(workspace, arguments.text("channel"))
    user_id = arguments.text("user")
    if user_id not in channel["members"]:
        raise SlackError("user_not_in_channel")
    content = message_content(arguments)
    ts = workspace.next_ts()
    place = {"channel": channel["id"], "only_for": user_id, "thread_ts": arguments.text("thread_ts")}
    workspace.whisper({**bot_message(ts), **content, **place})
    return {"message_ts": ts}


def update(workspace: Workspace, arguments: Arguments) -> Document:
    """chat.update: replaces text and blocks; absent blocks of a given text remove the old ones."""
    channel = reachable(workspace, arguments.text("channel"))
    message = _own_message(workspace, channel["id"], arguments.text("ts"), "cant_update_message")
    content = message_content(arguments)
    kept = {key: value for key, value in message.items() if key not in {"text", "blocks"}}
    edited = {"user": BOT_USER, "ts": workspace.next_ts()}
    stored = workspace.store(channel["id"], {**kept, **content, "edited": edited})
    # Slack's answer carries `ts` beside the message, and does not say where a reply stands.
    shown = {key: value for key, value in stored.items() if key not in {"ts", "thread_ts", "parent_user_id", "subtype"}}
    return {"channel": channel["id"], "ts": stored["ts"], "text": stored["text"], "message": shown}


def _own_message(workspace: Workspace, channel_id: str, ts: str, foreign: str) -> Document:
    message = workspace.message(channel_id, ts)
    if message is None:
        raise SlackError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise SlackError(foreign)
    return message


def delete(workspace: Workspace, arguments: Arguments) -> Document:
    """chat.delete."""
    channel = reachable(workspace, arguments.text("channel"))
    message = _own_message(workspace, channel["id"], arguments.text("ts"), "cant_delete_message")
    workspace.remove(channel["id"], message["ts"])
    return {"channel": channel["id"], "ts": message["ts"]}


def permalink(workspace: Workspace, arguments: Arguments) -> Document:
    """chat.getPermalink: a link that opens the message on the page of the local world."""
    channel = reachable(workspace, arguments.text("channel"))
    message = workspace.message(channel["id"], arguments.text("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    own = (workspace.world.get("address", "own") or {"url": ""})["url"]
    place = f"{own}/archives/{channel['id']}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts")
    return {"channel": channel["id"], "permalink": f"{place}?thread_ts={thread}&cid={channel['id']}" if thread else place}


CHAT: Final[Mapping[str, Callable[[Workspace, Arguments], Document]]] = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
}
"""Needs scope chat:write, but for chat.getPermalink."""
