"""A small Bolt app for the page's tests, run as a process: it posts two cards and answers their clicks.

Its one argument is the address of the world.
"""

import asyncio
import logging
import re
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

Body = dict[str, Any]


def plain(text: str) -> Body:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str, **more: Any) -> Body:
    """A button whose value is its action id."""
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": action_id, **more}


CONFIRM = {
    "title": plain("Approve draft 1?"),
    "text": plain("Nothing goes to the customer before that."),
    "confirm": plain("Approve it"),
    "deny": plain("Go back"),
}
CARD: list[Body] = [
    {"type": "header", "text": plain("60 days to decide: Acme")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Decide by Fri 5 Feb 2027.* <b>not bold</b> <@U0SAM>"}},
    {
        "type": "actions",
        "block_id": "act",
        "elements": [
            button("prepare", "Prepare terms", style="primary"),
            button("approve", "Approve draft 1", confirm=CONFIRM),
            button("edit", "Edit terms…"),
            button("whisper", "Why?"),
        ],
    },
]
FORM: Body = {
    "type": "modal",
    "callback_id": "edit",
    "title": plain("Edit draft 1"),
    "submit": plain("Save as draft 2"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "term",
            "dispatch_action": True,
            "label": plain("Term"),
            "element": {
                "type": "static_select",
                "action_id": "v",
                "options": [{"text": plain(f"{n} months"), "value": str(n)} for n in (12, 36, 60)],
                "initial_option": {"text": plain("12 months"), "value": "12"},
            },
        },
        {"type": "section", "block_id": "preview", "text": {"type": "mrkdwn", "text": "*Result:* 100.00"}},
        {
            "type": "input",
            "block_id": "discount",
            "label": plain("Discount, in %"),
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
            "block_id": "note",
            "optional": True,
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "v", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "letter",
            "optional": True,
            "label": plain("Letter"),
            "element": {"type": "file_input", "action_id": "v", "filetypes": ["pdf"], "max_files": 1},
        },
    ],
}


def home_view(shown: str) -> Body:
    """App Home with a filter that stands on `shown`."""
    options = [{"text": plain(words), "value": words} for words in ("30 days", "120 days")]
    initial = next(option for option in options if option["value"] == shown)
    select = {"type": "static_select", "action_id": "home_when", "placeholder": plain("When"), "options": options}
    row = [select | {"initial_option": initial}, button("refresh", "Refresh")]
    blocks = [
        {"type": "header", "text": plain("Your renewal desk")},
        {"type": "section", "text": plain(f"The next {shown}")},
        {"type": "actions", "block_id": "filter", "elements": row},
    ]
    return {"type": "home", "blocks": blocks}


def answer_buttons(app: AsyncApp) -> None:
    """Listeners of the card's buttons."""

    @app.action("prepare")
    async def prepare(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**place, text="Preparing", blocks=[*CARD[:2], {"type": "context", "elements": [plain("Preparing…")]}])
        await client.chat_postMessage(channel=place["channel"], thread_ts=place["ts"], text="Draft 1 is ready", reply_broadcast=True)

    @app.action("approve")
    async def approve(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        text = f"Approved by <@{body['user']['id']}>"
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=text, blocks=[])

    @app.action("edit")
    async def edit(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.action("whisper")
    async def whisper(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Because of clause 9.2.", replace_original=False)


def answer_form(app: AsyncApp) -> None:
    """Listeners of the form: preview, refusal, success."""

    @app.action("v")
    async def change(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        preview = FORM["blocks"][1] | {"text": {"type": "mrkdwn", "text": "*Result:* 90.00"}}
        view = FORM | {"blocks": [FORM["blocks"][0], preview, *FORM["blocks"][2:]]}
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @app.view("edit")
    async def save(ack: Any, body: Body, client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        if values["term"]["v"]["selected_option"]["value"] == "60":
            await ack(response_action="errors", errors={"term": "Choose up to 36."})
            return
        await ack()
        channel = (await client.conversations_open(users=body["user"]["id"]))["channel"]["id"]
        await client.chat_postMessage(channel=channel, text=f"Draft 2: {values['note']['v']['value']}")
        for file in values["letter"]["v"]["files"]:
            about = (await client.files_info(file=file["id"]))["file"]
            await client.chat_postMessage(channel=channel, text=f"With {about['name']} of {about['size']} bytes")


def answer_people(app: AsyncApp) -> None:
    """Listeners of App Home, messages and slash commands."""

    @app.event("app_home_opened")
    async def home(event: Body, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home_view("30 days"))

    @app.action("home_when")
    async def when(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        chosen = body["actions"][0]["selected_option"]["text"]["text"]
        await client.views_publish(user_id=body["user"]["id"], view=home_view(chosen))

    @app.event("message")
    async def message(event: Body, client: AsyncWebClient) -> None:
        await client.chat_postMessage(channel=event["channel"], text=f"You asked: {event['text']}")

    @app.command(re.compile("/.*"))
    async def command(ack: Any, body: Body) -> None:
        await ack(f"{body['command']} was heard")

    @app.action(re.compile(".*"))
    async def other(ack: Any) -> None:
        await ack()


async def main(url: str) -> None:
    """Connect, post the cards, say that it is ready, serve until stopped."""
    logging.disable(logging.CRITICAL)
    client = AsyncWebClient("xoxb-local", base_url=f"{url}/slack/api/")
    app = AsyncApp(client=client)
    answer_buttons(app)
    answer_form(app)
    answer_people(app)
    await AsyncSocketModeHandler(app, "xapp-local").connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
    for user in ("U0MARIA", "U0DANA"):
        channel = (await client.conversations_open(users=user))["channel"]["id"]
        await client.chat_postMessage(channel=channel, text=f"60 days to decide: Acme ({user})", blocks=CARD)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
