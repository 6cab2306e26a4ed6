"""Files that people hand over in a form: kept when they are chosen, named by the form when it is sent, read by `files.info`.

Rules of this module:

1. A file belongs to the person who chose it; nobody else's form can name it.
2. The form carries what Slack says of a file, never its bytes: those are behind its private address.
"""

import base64
from collections.abc import Mapping
from typing import Final

from contractops.operator.localworld.seed import TEAM
from contractops.operator.localworld.slack_arguments import Arguments, SlackError
from contractops.operator.localworld.slack_forms import FILES
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

MEDIA: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "png": "image/png",
    "jpg": "image/jpeg",
    "eml": "message/rfc822",
}


def keep(workspace: Workspace, user_id: str, name: str, content: bytes) -> Document:
    """Store a file of a person; answers it as Slack shows it."""
    file_id = workspace.world.next_id("F")
    stored = {"id": file_id, "name": name, "size": len(content), "user": user_id, "created": int(workspace.world.now().timestamp())}
    workspace.world.put("slack_file", file_id, stored | {"content": base64.b64encode(content).decode()})
    return shown(workspace, stored)


def shown(workspace: Workspace, file: Document) -> Document:
    """A stored file as Slack shows it, without its bytes."""
    own = (workspace.world.get("address", "own") or {"url": ""})["url"]
    kind = file["name"].rpartition(".")[2].lower()
    address = f"{own}/slack/files-pri/{file['id']}/download/{file['name']}"
    return {
        "id": file["id"],
        "name": file["name"],
        "title": file["name"],
        "size": file["size"],
        "user": file["user"],
        "user_team": TEAM,
        "created": file["created"],
        "timestamp": file["created"],
        "filetype": kind,
        "mimetype": MEDIA.get(kind, "application/octet-stream"),
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "url_private": address,
        "url_private_download": address,
    }


def info(workspace: Workspace, arguments: Arguments) -> Document:
    """files.info of a file that a person handed over."""
    file = workspace.world.get("slack_file", arguments.text("file"))
    if file is None or "user" not in file:
        raise SlackError("file_not_found")
    return {"file": shown(workspace, file)}


def with_files(workspace: Workspace, user_id: str, values: Mapping[str, Document]) -> dict[str, Document]:
    """The values of a form with its files as Slack shows them. Raises ValueError for a file that is not this person's."""
    return {block: {name: _filled(workspace, user_id, entry) for name, entry in entries.items()} for block, entries in values.items()}


def _filled(workspace: Workspace, user_id: str, entry: Document) -> Document:
    if entry["type"] != FILES:
        return entry
    found = [workspace.world.get("slack_file", one["id"]) for one in entry["files"]]
    if any(file is None or file.get("user") != user_id for file in found):
        message = "no such file"
        raise ValueError(message)
    return entry | {"files": [shown(workspace, file) for file in found if file is not None]}
