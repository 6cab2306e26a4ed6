"""Slack's conversations.*, users.* and assistant.threads.* methods.

Rules of this module:

1. A conversation is shown as its kind: public, private or direct; each kind needs its own scope.
2. Metadata of messages is left out unless `include_all_metadata` asks for it.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from contractops.operator.localworld.seed import BOT_ID, BOT_USER, TEAM
from contractops.operator.localworld.slack_arguments import Arguments, SlackError, one_page
from contractops.operator.localworld.slack_chat import reachable
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document


def kind_scope(channel: Document | None, right: str) -> str:
    """The scope that reading `channel` needs; `right` is "read" or "history"."""
    if channel is None or channel.get("is_im"):
        return f"im:{right}"
    return f"groups:{right}" if channel.get("is_private") else f"channels:{right}"


def conversation_scope(workspace: Workspace, arguments: Arguments, right: str) -> str:
    """The scope that a call about the conversation in `channel` needs."""
    return kind_scope(workspace.find_channel(arguments.text("channel")), right)


def open_direct(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.open for one person."""
    users = [user for user in arguments.text("users").split(",") if user]
    if len(users) != 1:
        raise SlackError("users_list_not_supplied" if not users else "method_not_supported_for_channel_type")
    user = workspace.user(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.get("deleted"):
        raise SlackError("user_disabled")
    known = workspace.channel(f"D{users[0][1:]}") is not None
    channel = workspace.direct(users[0])
    return {"channel": {"id": channel["id"]}, "no_op": known, "already_open": known}


def list_conversations(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.list, by `types` (default public_channel)."""
    types = set((arguments.text("types") or "public_channel").split(","))
    shown = [c for c in workspace.channels() if _type_of(c) in types and _visible_to_bot(c)]
    page, cursor = one_page([_conversation(workspace, c) for c in shown], arguments)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def _type_of(channel: Document) -> str:
    if channel.get("is_im"):
        return "im"
    return "private_channel" if channel.get("is_private") else "public_channel"


def _visible_to_bot(channel: Document) -> bool:
    return BOT_USER in channel["members"] or not channel.get("is_private")


def conversation_info(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.info."""
    return {"channel": _conversation(workspace, _visible(workspace, arguments))}


def members(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.members."""
    page, cursor = one_page(_visible(workspace, arguments)["members"], arguments)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def _visible(workspace: Workspace, arguments: Arguments) -> Document:
    channel = workspace.channel(arguments.text("channel"))
    if channel is None or not _visible_to_bot(channel):
        raise SlackError("channel_not_found")
    return channel


def _conversation(workspace: Workspace, channel: Document) -> Document:
    direct = bool(channel.get("is_im"))
    shown: Document = {
        "id": channel["id"],
        "created": int(workspace.world.now().timestamp()),
        "is_archived": bool(channel.get("is_archived")),
        "is_im": direct,
        "is_mpim": False,
        "is_channel": _type_of(channel) == "public_channel",
        "is_group": _type_of(channel) == "private_channel",
        "is_private": bool(channel.get("is_private")),
        "is_shared": bool(channel.get("is_ext_shared")),
        "is_ext_shared": bool(channel.get("is_ext_shared")),
        "is_org_shared": False,
        "context_team_id": TEAM,
    }
    if direct:
        return shown | {"user": channel["user"]}
    name = channel["name"]
    member = BOT_USER in channel["members"]
    return shown | {"name": name, "name_normalized": name, "is_member": member, "num_members": len(channel["members"])}


def history(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.history: newest first, roots and broadcast replies."""
    channel = reachable(workspace, arguments.text("channel"))
    stored = workspace.messages(channel["id"])
    top = [m for m in stored if is_top_level(m)]
    wanted = [m for m in reversed(top) if _within(m["ts"], arguments)]
    page, cursor = one_page(wanted, arguments)
    shown = [_message(stored, m, arguments) for m in page]
    return {"messages": shown, "has_more": bool(cursor), "pin_count": 0, "response_metadata": {"next_cursor": cursor}}


def replies(workspace: Workspace, arguments: Arguments) -> Document:
    """conversations.replies: the root, then its replies, oldest first."""
    channel = reachable(workspace, arguments.text("channel"))
    asked = workspace.message(channel["id"], arguments.text("ts"))
    if asked is None:
        raise SlackError("thread_not_found")
    root = asked.get("thread_ts", asked["ts"])
    stored = workspace.messages(channel["id"])
    thread = [m for m in stored if root in {m["ts"], m.get("thread_ts")}]
    wanted = [m for m in thread if m["ts"] == root or _within(m["ts"], arguments)]
    page, cursor = one_page(wanted, arguments)
    # A thread's answer does not say which replies were broadcast.
    shown = [{key: value for key, value in _message(stored, m, arguments).items() if key != "subtype"} for m in page]
    return {"messages": shown, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def is_top_level(message: Document) -> bool:
    """Whether a message stands in the conversation itself: a root, or a reply that was broadcast."""
    return "thread_ts" not in message or message.get("subtype") == "thread_broadcast"


def _within(ts: str, arguments: Arguments) -> bool:
    oldest, latest = arguments.text("oldest", "0") or "0", arguments.text("latest")
    inclusive = arguments.flag("inclusive")
    after = _moment(ts) > _moment(oldest) or (inclusive and _moment(ts) == _moment(oldest))
    before = not latest or _moment(ts) < _moment(latest) or (inclusive and _moment(ts) == _moment(latest))
    return after and before


def _moment(ts: str) -> tuple[int, int]:
    """A time stamp that compares exactly; "1796655600" counts as "1796655600.000000"."""
    seconds, _, micros = ts.partition(".")
    if not seconds.isdigit() or (micros and not micros.isdigit()):
        raise SlackError("invalid_ts_latest")
    return int(seconds), int(micros.ljust(6, "0")[:6] or "0")


def _message(stored: list[Document], message: Document, arguments: Arguments) -> Document:
    """A message of the conversation `stored` as Slack shows it, with the counts of its thread."""
    shown = dict(message)
    if not arguments.flag("include_all_metadata"):
        shown.pop("metadata", None)
    thread = [m for m in stored if m.get("thread_ts") == message["ts"]]
    if not thread:
        return shown
    writers = sorted({m["user"] for m in thread})
    counts = {"reply_count": len(thread), "reply_users_count": len(writers), "reply_users": writers}
    return shown | counts | {"thread_ts": message["ts"], "latest_reply": thread[-1]["ts"]}


def user_info(workspace: Workspace, arguments: Arguments) -> Document:
    """users.info."""
    user = workspace.user(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    # Slack says so only of people from elsewhere.
    elsewhere = {"is_stranger": True} if user.get("is_stranger") else {}
    return {"user": _user(workspace, user) | elsewhere}


def lookup_by_email(workspace: Workspace, arguments: Arguments) -> Document:
    """users.lookupByEmail; a person who left is not found, as in Slack."""
    email = arguments.text("email").casefold()
    known = (u for u in workspace.people() if u.get("email", "").casefold() == email and not u.get("deleted"))
    user = next(known, None)
    if user is None or not email:
        raise SlackError("users_not_found")
    return {"user": _user(workspace, user)}


def list_users(workspace: Workspace, arguments: Arguments) -> Document:
    """users.list."""
    bot = workspace.user(BOT_USER)
    everybody = [*workspace.people(), *([bot] if bot else [])]
    page, cursor = one_page([_user(workspace, user) for user in everybody], arguments)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def _user(workspace: Workspace, user: Document) -> Document:
    zone = user.get("tz", "America/Chicago")
    offset = workspace.world.now().astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    real_name = user.get("real_name") or user.get("name", "")
    profile = {"real_name": real_name, "display_name": user.get("name", ""), "title": user.get("title", ""), "team": TEAM}
    profile |= _status(workspace, user)
    if "users:read.email" in workspace.scopes() and user.get("email"):
        profile["email"] = user["email"]
    if user["id"] == BOT_USER:
        profile["bot_id"] = BOT_ID
    return {
        "id": user["id"],
        "team_id": user.get("team_id", TEAM),
        "name": user.get("name", ""),
        "real_name": real_name,
        "deleted": bool(user.get("deleted")),
        "tz": zone,
        "tz_offset": int(offset.total_seconds()),
        "profile": profile,
        "is_bot": bool(user.get("is_bot")),
        "is_app_user": False,
        "is_admin": bool(user.get("is_admin")),
        "is_restricted": bool(user.get("is_restricted")),
        "is_ultra_restricted": bool(user.get("is_ultra_restricted")),
        "updated": 0,
    }


def _status(workspace: Workspace, user: Document) -> Document:
    """The status of a person, empty without one and when its time is over; 0 is a status without an end."""
    ends = int(user.get("status_expiration", 0))
    over = ends and ends <= workspace.world.now().timestamp()
    kept = {} if over else user
    return {
        "status_text": kept.get("status_text", ""),
        "status_emoji": kept.get("status_emoji", ""),
        "status_expiration": int(kept.get("status_expiration", 0)),
    }


def set_status(workspace: Workspace, arguments: Arguments) -> Document:
    """assistant.threads.setStatus: the "is thinking" line of a conversation; "" clears it."""
    return _assistant(workspace, arguments, {"status": arguments.text("status")})


def set_prompts(workspace: Workspace, arguments: Arguments) -> Document:
    """assistant.threads.setSuggestedPrompts: at most four prompts a person can click."""
    prompts = arguments.structure("prompts", "invalid_arguments") or []
    return _assistant(workspace, arguments, {"prompts": [{"title": p["title"], "message": p["message"]} for p in prompts]})


def set_title(workspace: Workspace, arguments: Arguments) -> Document:
    """assistant.threads.setTitle."""
    return _assistant(workspace, arguments, {"title": arguments.text("title")})


def _assistant(workspace: Workspace, arguments: Arguments, change: Document) -> Document:
    channel = reachable(workspace, arguments.text("channel_id"))
    workspace.world.put("slack_assistant", channel["id"], (workspace.world.get("slack_assistant", channel["id"]) or {}) | change)
    workspace.world.changed("messages")
    return {}
