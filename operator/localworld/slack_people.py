"""What people do in Slack: click, choose, submit, close, command, write, open App Home.

Rules of this module:

1. A person can use only what is on the screen now: `Refused` says what is not there (any more).
2. `force` sends a click that the screen does not offer, with the value given: a stale or forged one.
3. Each act is one real envelope; it ends when the app acknowledged it or Slack gave up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contractops.operator.localworld import slack_payloads as payloads
from contractops.operator.localworld.block_limits import interactive_elements
from contractops.operator.localworld.seed import BOT_USER
from contractops.operator.localworld.slack_arguments import SlackError
from contractops.operator.localworld.slack_files import keep, with_files
from contractops.operator.localworld.slack_forms import MISSING, ONE_OF, PLAIN, SEVERAL_OF, entry_of, field_errors, state_values
from contractops.operator.localworld.slack_respond import answer_clicker
from contractops.operator.localworld.slack_socket import Delivery, SocketHub
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.slack_surfaces import checked_view
from contractops.operator.localworld.world import Document


class Refused(Exception):
    """The screen does not offer this: `error` is a word, the message a sentence."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


@dataclass(frozen=True, slots=True)
class Click:
    """One use of a control. Either `channel` and `ts` name a message, or `view_id` a modal or App Home.

    `value` is the option or text for controls that hold one (a list for several), the button's value when `force`;
    `values` are the other fields of the form as they stand, by block id.
    """

    user: str
    action_id: str
    channel: str = ""
    ts: str = ""
    view_id: str = ""
    block_id: str = ""
    value: object = MISSING
    values: Mapping[str, Any] | None = None
    force: bool = False


class People:
    """Everybody but the app. `hub` carries their envelopes."""

    def __init__(self, workspace: Workspace, hub: SocketHub) -> None:
        self._workspace = workspace
        self._hub = hub

    async def click(self, click: Click) -> Delivery:
        """Use a control. Raises Refused: no_user, not_visible, button_gone, bad_value."""
        self._known(click.user)
        if click.view_id:
            return await self._hub.deliver("interactive", self._view_click(click))
        return await self._hub.deliver("interactive", self._message_click(click))

    def _message_click(self, click: Click) -> Document:
        workspace = self._workspace
        channel = workspace.channel(click.channel)
        if channel is None or not (workspace.may_see(click.user, channel) or click.force):
            raise Refused("not_visible", "This person does not see that conversation.")
        message = workspace.message(click.channel, click.ts) or workspace.world.get("slack_ephemeral", click.ts)
        if message is None or (message.get("only_for", click.user) != click.user and not click.force):
            raise Refused("button_gone", "That message is gone.")
        blocks = message.get("blocks") or []
        block_id, element = self._control(blocks, click)
        entry, value = _used(element, click)
        values = _filled(blocks, click)
        _set(values, block_id, element, entry)
        action = payloads.action_of(workspace, block_id, element, entry, value)
        return payloads.message_click(workspace, click.user, message, channel, action, values)

    def _view_click(self, click: Click) -> Document:
        stored = self._workspace.view(click.view_id)
        if stored is None or (not click.force and (stored["user"] != click.user or stored["state"] == "closed")):
            raise Refused("button_gone", "That form is not open.")
        blocks = stored["view"]["blocks"]
        block_id, element = self._control(blocks, click)
        values = _filled(blocks, click)
        entry, value = _used(element, click)
        _set(values, block_id, element, entry)
        action = payloads.action_of(self._workspace, block_id, element, entry, value)
        return payloads.view_click(self._workspace, click.user, stored["view"], action, values)

    @staticmethod
    def _control(blocks: list[Document], click: Click) -> tuple[str, Document]:
        """The control on the screen, or a made-up button of the same name for a forced click."""
        for block_id, element in interactive_elements(blocks):
            if element["action_id"] == click.action_id and click.block_id in {"", block_id} and _fits(element, click):
                return block_id, element
        if not click.force:
            raise Refused("button_gone", f"There is no {click.action_id} on it as it stands now.")
        text = {"type": "plain_text", "text": click.action_id}
        return click.block_id or "act", {"type": "button", "action_id": click.action_id, "text": text}

    async def submit(self, user_id: str, view_id: str, values: Mapping[str, Any], *, force: bool = False) -> Document:
        """Send a form. Answers {"acked", "response_action", "errors", "open"}: errors by block id, from Slack or the app.

        Raises Refused: no_user, form_gone, bad_value.
        """
        self._known(user_id)
        stored = self._workspace.view(view_id)
        if stored is None or (not force and (stored["user"] != user_id or stored["state"] != "open")):
            raise Refused("form_gone", "That form is not open.")
        view = stored["view"]
        try:
            state = with_files(self._workspace, user_id, state_values(view["blocks"], values))
        except ValueError as error:
            raise Refused("bad_value", str(error)) from error
        errors = {} if force else field_errors(view["blocks"], state)
        if errors:
            return {"acked": False, "response_action": "errors", "errors": errors, "open": True}
        delivery = await self._hub.deliver("interactive", payloads.submission(self._workspace, user_id, view, state))
        return self._submitted(user_id, view_id, delivery)

    def _submitted(self, user_id: str, view_id: str, delivery: Delivery) -> Document:
        """Carry out what the app answered to a form."""
        action = delivery.payload.get("response_action", "")
        answer = {"acked": delivery.acked, "response_action": action, "errors": {}, "open": not delivery.acked}
        if action == "errors":
            return answer | {"errors": delivery.payload.get("errors", {}), "open": True}
        if action in {"update", "push"}:
            try:
                view = checked_view(delivery.payload.get("view"), "modal")
            except SlackError as error:
                return answer | {"error": error.answer, "open": True}
            self._workspace.store_view(view, user_id, "open", view_id if action == "update" else "")
            return answer | {"open": True}
        if action == "clear":
            self._close_all(user_id)
        elif delivery.acked:
            self._workspace.close_view(view_id)
        return answer

    def _close_all(self, user_id: str) -> None:
        while (top := self._workspace.open_view(user_id)) is not None:
            self._workspace.close_view(top["view"]["id"])

    def set_status(self, user_id: str, emoji: str, text: str, until: datetime | None) -> Document:
        """Show a status beside the name, `emoji` as in ":palm_tree:"; "" takes it away. Raises Refused `no_user`."""
        self._known(user_id)
        user = self._workspace.user(user_id) or {}
        ends = int(until.timestamp()) if until else 0
        status = {"status_emoji": emoji, "status_text": text, "status_expiration": ends}
        self._workspace.world.put("slack_user", user_id, user | status)
        return status

    def hand_over(self, user_id: str, name: str, content: bytes) -> Document:
        """Put a file into a form that is open; it goes out when the form is sent. Raises Refused `no_user`, `no_file`."""
        self._known(user_id)
        if not name or not content:
            raise Refused("no_file", "An empty file, or one without a name, is not taken.")
        return keep(self._workspace, user_id, name, content)

    async def close(self, user_id: str, view_id: str) -> None:
        """Close a form by its Cancel button or Escape; the app hears of it when it asked to. Raises Refused."""
        stored = self._workspace.view(view_id)
        if stored is None or stored["user"] != user_id or stored["state"] != "open":
            raise Refused("form_gone", "That form is not open.")
        self._workspace.close_view(view_id)
        if stored["view"]["notify_on_close"]:
            await self._hub.deliver("interactive", payloads.closed(self._workspace, user_id, stored["view"]))

    async def command(self, user_id: str, command: str, text: str, channel_id: str) -> Delivery:
        """Type a slash command; the text of its acknowledgement is shown to the person. Raises Refused."""
        channel = self._place(user_id, channel_id)
        payload = payloads.slash(self._workspace, user_id, command, text, channel)
        delivery = await self._hub.deliver("slash_commands", payload)
        if delivery.payload.get("text") or delivery.payload.get("blocks"):
            answer_clicker(self._workspace, {"channel": channel["id"], "user": user_id}, delivery.payload)
        return delivery

    async def say(self, user_id: str, channel_id: str, text: str, thread_ts: str = "") -> tuple[str, Delivery | None]:
        """Write a message; answers its ts, and the delivery when the app hears of it. Raises Refused."""
        channel = self._place(user_id, channel_id)
        if not text.strip():
            raise Refused("no_text", "An empty message is not sent.")
        message = payloads.person_message(self._workspace, user_id, text, thread_ts)
        stored = self._workspace.store(channel["id"], message)
        if BOT_USER not in channel["members"]:
            return stored["ts"], None
        delivery = await self._event(payloads.message_event(stored, channel))
        if f"<@{BOT_USER}>" in text and not channel.get("is_im"):
            delivery = await self._event(payloads.message_event(stored, channel, "app_mention"))
        return stored["ts"], delivery

    async def open_home(self, user_id: str, tab: str = "home") -> Delivery:
        """Open the app's Home or Messages tab. Raises Refused."""
        self._known(user_id)
        return await self._event(payloads.home_event(self._workspace, user_id, tab))

    async def _event(self, body: Document) -> Delivery:
        return await self._hub.deliver("events_api", payloads.event(self._workspace, body))

    def _known(self, user_id: str) -> None:
        user = self._workspace.world.get("slack_user", user_id)
        if user is None:
            raise Refused("no_user", f"There is no person {user_id}.")

    def _place(self, user_id: str, channel_id: str) -> Document:
        self._known(user_id)
        channel = self._workspace.find_channel(channel_id or user_id)
        if channel is None or not self._workspace.may_see(user_id, channel):
            raise Refused("not_visible", "This person does not see that conversation.")
        return channel


def _fits(element: Document, click: Click) -> bool:
    """For buttons that share an action_id (rows of App Home), the value given says which one."""
    if element["type"] != "button" or click.force or click.value is MISSING or click.value is None:
        return True
    return bool(element.get("value", "") == click.value)


def _filled(blocks: list[Document], click: Click) -> dict[str, Document]:
    """The other fields as the person left them. Raises Refused `bad_value`."""
    try:
        return state_values(blocks, click.values or {})
    except ValueError as error:
        raise Refused("bad_value", str(error)) from error


def _used(element: Document, click: Click) -> tuple[Document, str]:
    """The state entry and the button value of a use. Raises Refused `bad_value`."""
    kind = element["type"]
    if kind in ONE_OF or kind in SEVERAL_OF or kind in PLAIN:
        try:
            return entry_of(element, click.value), ""
        except ValueError as error:
            raise Refused("bad_value", str(error)) from error
    forced = click.force and click.value is not MISSING and click.value is not None
    return {}, str(click.value) if forced else str(element.get("value", ""))


def _set(values: dict[str, Document], block_id: str, element: Document, entry: Document) -> None:
    if entry and element["action_id"] in values.get(block_id, {}):
        values[block_id][element["action_id"]] = entry
