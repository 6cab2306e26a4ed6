"""Posts to a `response_url`, and the text of an acknowledged slash command.

Rules of this module:

1. A response goes to the clicker alone unless it says `response_type: in_channel`.
2. `replace_original` and `delete_original` act on the message that carried the click; a URL is good five times.
"""

from contractops.operator.localworld.slack_arguments import Arguments, SlackError
from contractops.operator.localworld.slack_chat import bot_message, message_content
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document


def respond(workspace: Workspace, token: str, body: Document) -> None:
    """Carry out one post. Raises SlackError `used_url`, or what a refused message answers."""
    place = workspace.world.get("slack_response_url", token)
    if place is None or place["left"] == 0:
        raise SlackError("used_url")
    workspace.world.put("slack_response_url", token, place | {"left": place["left"] - 1})
    if body.get("delete_original"):
        _delete(workspace, place)
    elif body.get("replace_original") and place["ts"]:
        _replace(workspace, place, body)
    else:
        answer_clicker(workspace, place, body)


def answer_clicker(workspace: Workspace, place: Document, body: Document) -> None:
    """Post `body` for the person of `place`, or for all with `response_type: in_channel`."""
    message = {**bot_message(workspace.next_ts()), **message_content(Arguments(body))}
    thread_ts = str(body.get("thread_ts") or place.get("thread_ts") or "")
    if body.get("response_type") == "in_channel":
        workspace.store(place["channel"], message | ({"thread_ts": thread_ts} if thread_ts else {}))
        return
    workspace.whisper(message | {"channel": place["channel"], "only_for": place["user"], "thread_ts": thread_ts})


def _delete(workspace: Workspace, place: Document) -> None:
    workspace.world.delete("slack_ephemeral", place["ts"])
    workspace.remove(place["channel"], place["ts"])


def _replace(workspace: Workspace, place: Document, body: Document) -> None:
    content = message_content(Arguments(body))
    whisper = workspace.world.get("slack_ephemeral", place["ts"])
    message = whisper or workspace.message(place["channel"], place["ts"])
    if message is None:
        raise SlackError("message_not_found")
    kept = {key: value for key, value in message.items() if key not in {"text", "blocks"}}
    if whisper:
        workspace.whisper({**kept, **content})
    else:
        workspace.store(place["channel"], {**kept, **content})
