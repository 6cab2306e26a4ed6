"""Slack's views.* and files.* methods: modals, App Home, uploads.

Rules of this module:

1. A modal opens only on a trigger that is fresh, unused and of a person.
2. `views.update` with a stale `hash` changes nothing and answers `hash_conflict`.
3. An uploaded file is shared by one message in each conversation that was named.
"""

import base64

from contractops.operator.localworld.block_limits import view_findings
from contractops.operator.localworld.seed import BOT_USER, TEAM
from contractops.operator.localworld.slack_arguments import Arguments, SlackError
from contractops.operator.localworld.slack_chat import bot_message, reachable
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document


def checked_view(given: object, *kinds: str) -> Document:
    """`given` as a view of one of `kinds`. Raises SlackError `invalid_arguments` with Slack's messages."""
    findings = view_findings(given)
    if not isinstance(given, dict) or findings:
        raise SlackError("invalid_arguments", response_metadata={"messages": findings or ["[ERROR] view is no object"]})
    if given["type"] not in kinds:
        messages = [f"[ERROR] unsupported type: {given['type']} [json-pointer:/view/type]"]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    return given


def open_view(workspace: Workspace, arguments: Arguments) -> Document:
    """views.open."""
    view = checked_view(arguments.structure("view", "invalid_arguments"), "modal")
    user_id, error = workspace.use_trigger(arguments.text("trigger_id"))
    if error:
        raise SlackError(error)
    return {"view": workspace.store_view(view, user_id, "open")}


def update_view(workspace: Workspace, arguments: Arguments) -> Document:
    """views.update."""
    stored = _find(workspace, arguments)
    if arguments.has("hash") and arguments.text("hash") != stored["view"]["hash"]:
        raise SlackError("hash_conflict")
    view = checked_view(arguments.structure("view", "invalid_arguments"), stored["view"]["type"])
    return {"view": workspace.store_view(view, stored["user"], stored["state"], stored["view"]["id"])}


def _find(workspace: Workspace, arguments: Arguments) -> Document:
    stored = workspace.view(arguments.text("view_id"))
    if stored is None and arguments.has("external_id"):
        wanted = arguments.text("external_id")
        every = workspace.world.all("slack_view")
        stored = next((v for v in reversed(every) if v["view"]["external_id"] == wanted), None)
    if stored is None or stored["state"] == "closed":
        raise SlackError("not_found")
    return stored


def publish_view(workspace: Workspace, arguments: Arguments) -> Document:
    """views.publish: a person's App Home."""
    view = checked_view(arguments.structure("view", "invalid_arguments"), "home")
    user_id = arguments.text("user_id")
    if workspace.world.get("slack_user", user_id) is None:
        raise SlackError("user_not_found")
    old = workspace.home(user_id)
    if old and arguments.has("hash") and arguments.text("hash") != old["view"]["hash"]:
        raise SlackError("hash_conflict")
    return {"view": workspace.store_view(view, user_id, "home", old["view"]["id"] if old else "")}


def upload_url(workspace: Workspace, arguments: Arguments) -> Document:
    """files.getUploadURLExternal."""
    length = arguments.number("length", 0)
    if not arguments.has("filename") or length <= 0:
        raise SlackError("invalid_arguments")
    file_id = workspace.world.next_id("F")
    workspace.world.put("slack_file", file_id, {"id": file_id, "name": arguments.text("filename"), "size": length})
    own = (workspace.world.get("address", "own") or {"url": ""})["url"]
    return {"upload_url": f"{own}/slack/upload/{file_id}", "file_id": file_id}


def store_upload(workspace: Workspace, file_id: str, content: bytes) -> bool:
    """Take the bytes of an announced file; False when it was not announced or has another size."""
    file = workspace.world.get("slack_file", file_id)
    if file is None or file["size"] != len(content):
        return False
    workspace.world.put("slack_file", file_id, file | {"content": base64.b64encode(content).decode()})
    return True


def complete_upload(workspace: Workspace, arguments: Arguments) -> Document:
    """files.completeUploadExternal: shares the uploaded files in a conversation, when one is named."""
    wanted = arguments.structure("files", "invalid_arguments") or []
    files = [_uploaded(workspace, entry) for entry in wanted]
    place = arguments.text("channel_id") or arguments.text("channels").split(",")[0]
    if place:
        channel = reachable(workspace, place)
        thread = {"thread_ts": arguments.text("thread_ts")} if arguments.has("thread_ts") else {}
        message = {**bot_message(workspace.next_ts()), "text": arguments.text("initial_comment"), "files": files, **thread}
        workspace.store(channel["id"], message)
    return {"files": files}


def _uploaded(workspace: Workspace, entry: Document) -> Document:
    file = workspace.world.get("slack_file", entry["id"])
    if file is None or "content" not in file:
        raise SlackError("file_not_found")
    own = (workspace.world.get("address", "own") or {"url": ""})["url"]
    shown = {key: value for key, value in file.items() if key != "content"}
    link = f"{own}/slack/files/{file['id']}/{file['name']}"
    return shown | {"title": entry.get("title", file["name"]), "url_private": link, "user": BOT_USER, "user_team": TEAM}
