"""A real Bolt app over Socket Mode against the local world: envelopes, retries, forms, faults."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from contractops.tests.localworld.worlds import RunningWorld

Body = dict[str, Any]

BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "t1"}
CARD: list[Body] = [
    {"type": "header", "text": {"type": "plain_text", "text": "Decide"}},
    {"type": "actions", "block_id": "act", "elements": [BUTTON]},
]
FORM: Body = {
    "type": "modal",
    "callback_id": "edit",
    "private_metadata": "token",
    "title": {"type": "plain_text", "text": "Edit"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "discount",
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Discount"},
            "element": {
                "type": "number_input",
                "action_id": "v",
                "is_decimal_allowed": True,
                "initial_value": "3.00",
                "max_value": "14.75",
            },
        },
        {
            "type": "input",
            "block_id": "orders",
            "optional": True,
            "label": {"type": "plain_text", "text": "Orders"},
            "element": {
                "type": "checkboxes",
                "action_id": "v",
                "options": [
                    {"text": {"type": "plain_text", "text": "One"}, "value": "one"},
                    {"text": {"type": "plain_text", "text": "Two"}, "value": "two"},
                ],
            },
        },
    ],
}


class Desk:
    """A small app: it notes what it got, and answers as a test told it to."""

    def __init__(self, world: RunningWorld) -> None:
        self.world = world
        self.got: list[Body] = []
        self.retries: list[tuple[list[str], list[str]]] = []
        slow = AsyncWebClient("xoxb-local", base_url=f"{world.url}/slack/api/")
        self.app = AsyncApp(client=slow, token="xoxb-local", logger=_quiet())
        self.client = slow

    async def note(self, body: Body) -> None:
        """Keep a payload."""
        self.got.append(body)

    async def post(self, path: str, body: Body) -> Any:
        """A control route, without blocking the app's event loop."""
        return await asyncio.to_thread(self.world.post, path, body)

    async def card(self) -> Body:
        """Post the card to Maria; answers {"channel", "ts"}."""
        channel = (await self.client.conversations_open(users="U0MARIA"))["channel"]["id"]
        posted = await self.client.chat_postMessage(channel=channel, text="Decide", blocks=CARD)
        return {"channel": channel, "ts": posted["ts"]}


def _quiet() -> logging.Logger:
    logger = logging.getLogger("tests.localworld.desk")
    logger.setLevel(logging.CRITICAL)
    return logger


def played(world: RunningWorld, scene: Callable[[Desk], Awaitable[None]], prepare: Callable[[Desk], None]) -> Desk:
    """Connect a Desk that `prepare` gave its listeners, play `scene`, disconnect; answers the Desk."""
    desk = Desk(world)

    async def run() -> None:
        prepare(desk)
        handler = AsyncSocketModeHandler(desk.app, "xapp-local", logger=_quiet(), ping_interval=1)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        try:
            await scene(desk)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
            await _close(desk)

    asyncio.run(run())
    return desk


async def _close(desk: Desk) -> None:
    if desk.client.session is not None:
        await desk.client.session.close()
    await asyncio.sleep(0.05)


def on_go(desk: Desk) -> None:
    """Acknowledge and note every click on "go"."""

    @desk.app.action("go")
    async def go(ack: Any, body: Body) -> None:
        await ack()
        await desk.note(body)


def test_click_arrives_as_a_real_envelope(world: RunningWorld) -> None:
    """A click carries person, value, message and a trigger; the answer says that it was acknowledged."""

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        answer = await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place})
        assert (answer["acked"], answer["attempts"]) == (True, 1)
        clicked = desk.got[0]
        assert clicked["user"]["id"] == "U0MARIA"
        assert clicked["actions"][0]["value"] == "t1"
        assert clicked["message"]["ts"] == clicked["container"]["message_ts"] == place["ts"]

    assert len(played(world, scene, on_go).got) == 1


def test_screen_refuses_what_it_does_not_show(world: RunningWorld) -> None:
    """A removed button is 409; `force` sends the old value all the same; another person's DM is not visible."""

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        click = {"user": "U0MARIA", "action_id": "go", **place}
        stranger = await asyncio.to_thread(world.refused, "/_world/slack/act", click | {"user": "U0DANA"})
        assert stranger == (409, "not_visible")
        await desk.client.chat_update(**place, text="Decided", blocks=CARD[:1])
        gone = await asyncio.to_thread(world.refused, "/_world/slack/act", click)
        assert gone == (409, "button_gone")
        assert desk.got == []
        await desk.post("/_world/slack/act", click | {"force": True, "value": "old"})
        assert [body["actions"][0]["value"] for body in desk.got] == ["old"]

    played(world, scene, on_go)


def test_repeat_is_several_clicks(world: RunningWorld) -> None:
    """`repeat` sends the same action n times, each in an envelope of its own."""

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", "repeat": 3, **place})

    assert len(played(world, scene, on_go).got) == 3


def test_unacknowledged_envelope_is_sent_again(world: RunningWorld) -> None:
    """No ack within three seconds: the same event comes again with its retry number and reason."""

    def prepare(desk: Desk) -> None:
        @desk.app.middleware
        async def first_fails(req: Any, next: Callable[[], Awaitable[Any]]) -> None:  # noqa: A002 - Bolt's name
            number = req.headers.get("x-slack-retry-num", [])
            desk.retries.append((number, req.headers.get("x-slack-retry-reason", [])))
            if number != ["1"]:
                message = "the inbox is not there"
                raise OSError(message)
            await next()

        @desk.app.event("message")
        async def message(body: Body) -> None:
            await desk.note(body)

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        said = await desk.post("/_world/slack/say", {"user": "U0MARIA", "channel": place["channel"], "text": "hello"})
        assert (said["acked"], said["attempts"]) == (True, 2)

    desk = played(world, scene, prepare)
    assert desk.retries[1] == (["1"], ["timeout"])
    assert [body["event"]["text"] for body in desk.got] == ["hello"]


@pytest.mark.parametrize(("kind", "copies"), [("duplicate", 2), ("disconnect", 1), ("reorder", 1)])
def test_delivery_faults(world: RunningWorld, kind: str, copies: int) -> None:
    """A duplicate arrives twice; a dropped socket and a reordered envelope still arrive once."""
    world.fault(kind, "socket")

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        answer = await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place})
        assert answer["acked"]
        await asyncio.sleep(0.2)

    assert len(played(world, scene, on_go).got) == copies


def test_envelope_waits_for_a_socket(world: RunningWorld) -> None:
    """Clicked while nobody is connected, delivered when somebody is."""

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        handler = AsyncSocketModeHandler(desk.app, "xapp-local", logger=_quiet())
        click = asyncio.create_task(desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place}))
        await asyncio.sleep(0.3)
        assert desk.got == []
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        assert (await click)["acked"]
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped

    async def unconnected() -> None:
        desk = Desk(world)
        on_go(desk)
        await scene(desk)
        assert len(desk.got) == 1
        await _close(desk)

    asyncio.run(unconnected())


def test_two_sockets_share_the_envelopes(world: RunningWorld) -> None:
    """With two live sockets each envelope goes to one of them, in turn."""

    async def scene(desk: Desk) -> None:
        second = AsyncSocketModeHandler(desk.app, "xapp-local", logger=_quiet())
        await second.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        assert world.get("/_world/slack/state")["sockets"] == 2
        place = await desk.card()
        for _ in range(4):
            await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place})
        await second.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped

    assert len(played(world, scene, on_go).got) == 4


def on_form(desk: Desk) -> None:
    """Open the form on a click; refuse 14, take everything else; recompute on change."""

    @desk.app.action("go")
    async def go(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)
        with pytest.raises(SlackApiError, match="invalid_trigger_id"):
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @desk.app.action("v")
    async def changed(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await desk.note(body)
        view = FORM | {"title": {"type": "plain_text", "text": "Edit, previewed"}}
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)
        with pytest.raises(SlackApiError, match="hash_conflict"):
            await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @desk.app.view("edit")
    async def submitted(ack: Any, body: Body) -> None:
        value = body["view"]["state"]["values"]["discount"]["v"]["value"]
        if value == "14":
            await ack(response_action="errors", errors={"discount": "At most 12."})
            return
        await ack()
        await desk.note(body)


async def opened(desk: Desk) -> str:
    """Click the card and wait for the form; answers its view id."""
    place = await desk.card()
    await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place})
    for _ in range(100):
        views = (await asyncio.to_thread(desk.world.get, "/_world/slack/state"))["views"]
        if views:
            return str(views[0]["view"]["id"])
        await asyncio.sleep(0.02)
    message = "the form did not open"
    raise AssertionError(message)


def test_form_errors_then_success(world: RunningWorld) -> None:
    """Slack's own check, the app's inline error, then success: the form stays open until the last."""

    async def scene(desk: Desk) -> None:
        form = {"user": "U0MARIA", "view_id": await opened(desk)}
        over = await desk.post("/_world/slack/submit", form | {"values": {"discount": "20"}})
        assert over["errors"] == {"discount": "Must be 14.75 or less."}
        assert not over["acked"]
        refused = await desk.post("/_world/slack/submit", form | {"values": {"discount": "14"}})
        assert (refused["errors"], refused["open"]) == ({"discount": "At most 12."}, True)
        taken = await desk.post("/_world/slack/submit", form | {"values": {"discount": "12.00", "orders": ["two"]}})
        assert (taken["acked"], taken["open"]) == (True, False)
        values = desk.got[0]["view"]["state"]["values"]
        assert values["discount"]["v"] == {"type": "number_input", "value": "12.00"}
        assert [option["value"] for option in values["orders"]["v"]["selected_options"]] == ["two"]
        again = await asyncio.to_thread(world.refused, "/_world/slack/submit", form | {"values": {}})
        assert again == (409, "form_gone")

    played(world, scene, on_form)


def test_form_preview_updates_by_hash(world: RunningWorld) -> None:
    """A dispatched change carries the other fields; an update with a stale hash is refused."""

    async def scene(desk: Desk) -> None:
        view_id = await opened(desk)
        change = {"user": "U0MARIA", "view_id": view_id, "block_id": "discount", "action_id": "v", "value": "9"}
        await desk.post("/_world/slack/act", change | {"values": {"orders": ["one"]}})
        await asyncio.sleep(0.3)
        values = desk.got[0]["view"]["state"]["values"]
        assert values["discount"]["v"]["value"] == "9"
        assert values["orders"]["v"]["selected_options"][0]["value"] == "one"
        view = world.get("/_world/slack/state")["views"][0]["view"]
        assert view["title"]["text"] == "Edit, previewed"

    played(world, scene, on_form)


def test_trigger_expires_after_three_seconds(world: RunningWorld) -> None:
    """A form that is opened too late is refused with expired_trigger_id."""
    found: list[str] = []

    def prepare(desk: Desk) -> None:
        @desk.app.action("go")
        async def late(ack: Any, body: Body, client: AsyncWebClient) -> None:
            await ack()
            await asyncio.sleep(3.1)
            with pytest.raises(SlackApiError) as refused:
                await client.views_open(trigger_id=body["trigger_id"], view=FORM)
            found.append(refused.value.response["error"])

    async def scene(desk: Desk) -> None:
        place = await desk.card()
        await desk.post("/_world/slack/act", {"user": "U0MARIA", "action_id": "go", **place})
        await asyncio.sleep(3.4)

    played(world, scene, prepare)
    assert found == ["expired_trigger_id"]


def test_slash_command_and_response_url(world: RunningWorld) -> None:
    """The acknowledgement's text and a later response reach the person alone."""

    def prepare(desk: Desk) -> None:
        @desk.app.command("/contracts")
        async def contracts(ack: Any, respond: Any, body: Body) -> None:
            await ack(f"Looking for {body['text']}")
            await respond("4 decisions")

    async def scene(desk: Desk) -> None:
        typed = {"user": "U0MARIA", "command": "/contracts", "text": "due", "channel": "C0REN"}
        assert (await desk.post("/_world/slack/slash", typed))["acked"]
        await asyncio.sleep(0.2)
        whispers = world.get("/_world/slack/state")["ephemeral"]
        assert {m["text"] for m in whispers} == {"Looking for due", "4 decisions"}
        assert {m["only_for"] for m in whispers} == {"U0MARIA"}

    played(world, scene, prepare)


def test_app_home_and_mention(world: RunningWorld) -> None:
    """Opening Home is an event that can publish a view; a mention in a channel is message and app_mention."""
    kinds: list[str] = []

    def prepare(desk: Desk) -> None:
        @desk.app.event("app_home_opened")
        async def home(event: Body, client: AsyncWebClient) -> None:
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})

        @desk.app.event("message")
        async def message(event: Body) -> None:
            kinds.append(event["channel_type"])

        @desk.app.event("app_mention")
        async def mention(event: Body) -> None:
            kinds.append(event["type"])

        on_go(desk)

    async def scene(desk: Desk) -> None:
        assert world.get("/_world/slack/state")["homes"] == {}
        await desk.post("/_world/slack/home", {"user": "U0MARIA"})
        await asyncio.sleep(0.3)
        view = world.get("/_world/slack/state")["homes"]["U0MARIA"]
        await desk.post("/_world/slack/act", {"user": "U0MARIA", "view_id": view["id"], "action_id": "go", "value": "t1"})
        assert desk.got[0]["container"] == {"type": "view", "view_id": view["id"]}
        said = {"user": "U0MARIA", "channel": "C0REN", "text": "<@U0DESK> due?"}
        await desk.post("/_world/slack/say", said)

    played(world, scene, prepare)
    assert kinds == ["group", "app_mention"]
