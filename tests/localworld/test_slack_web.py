"""The real slack_sdk client against the Web API of the local world."""

import asyncio
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from contractops.tests.localworld.worlds import RunningWorld, start_world

BOT = "xoxb-local"
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "60 days to decide"}}
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "t1"}
ROW = {"type": "actions", "block_id": "act", "elements": [BUTTON]}


def client(world: RunningWorld, token: str = BOT, **more: Any) -> WebClient:
    """The SDK's client, pointed at the world."""
    return WebClient(token, base_url=f"{world.url}/slack/api/", **more)


def error_of(call: Any, **arguments: Any) -> str:
    """Slack's error word for a call that must be refused."""
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def test_tokens_are_told_apart(world: RunningWorld) -> None:
    """The bot token works, a foreign one is invalid, the app token is of the wrong type."""
    assert client(world).auth_test()["user_id"] == "U0DESK"
    assert error_of(client(world, "xoxb-real").auth_test) == "invalid_auth"
    assert error_of(client(world, "xapp-local").auth_test) == "not_allowed_token_type"


def test_unknown_method_is_refused(world: RunningWorld) -> None:
    """A method that the world does not know is not answered with an empty success."""
    assert error_of(client(world).api_call, api_method="chat.invent") == "unknown_method"


@pytest.mark.parametrize(("body", "word"), [("{", "invalid_json"), ("[]", "json_not_object")])
def test_a_broken_body_is_refused(world: RunningWorld, body: str, word: str) -> None:
    """What is not a JSON object is answered in Slack's words."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {BOT}"}
    answer = httpx.post(f"{world.url}/slack/api/auth.test", content=body, headers=headers, trust_env=False)
    assert answer.json() == {"ok": False, "error": word}


def test_post_update_thread_history(world: RunningWorld) -> None:
    """A card is posted, updated, answered in a thread and read back with its metadata."""
    slack = client(world)
    channel = slack.conversations_open(users="U0MARIA")["channel"]["id"]
    metadata = {"event_type": "outbox", "event_payload": {"outbox_id": "o1"}}
    root = slack.chat_postMessage(channel=channel, text="card", blocks=[HEADER, ROW], metadata=metadata)["ts"]
    slack.chat_postMessage(channel=channel, text="reply", thread_ts=root)
    loud = slack.chat_postMessage(channel=channel, text="reminder", thread_ts=root, reply_broadcast=True)["ts"]
    slack.chat_update(channel=channel, ts=root, text="card, decided", blocks=[HEADER])
    top = slack.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert [m["text"] for m in top] == ["reminder", "card, decided"]
    assert top[1]["metadata"] == metadata
    assert (top[1]["reply_count"], top[1]["latest_reply"]) == (2, loud)
    thread = slack.conversations_replies(channel=channel, ts=root)["messages"]
    assert [m["text"] for m in thread] == ["card, decided", "reply", "reminder"]
    assert ("subtype" in top[0], any("subtype" in m for m in thread)) == (True, False), "only the conversation's history tells it"
    assert "metadata" not in slack.conversations_history(channel=channel)["messages"][1]


def test_history_pages_and_oldest(world: RunningWorld) -> None:
    """`oldest` is exclusive, `limit` pages, and the cursor leads to the rest."""
    slack = client(world)
    stamps = [slack.chat_postMessage(channel="C0GENERAL", text=str(n))["ts"] for n in range(5)]
    after = slack.conversations_history(channel="C0GENERAL", oldest=stamps[1])["messages"]
    assert [m["text"] for m in after] == ["4", "3", "2"]
    first = slack.conversations_history(channel="C0GENERAL", limit=2)
    rest = slack.conversations_history(channel="C0GENERAL", limit=5, cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in [*first["messages"], *rest["messages"]]] == ["4", "3", "2", "1", "0"]


def test_same_client_msg_id_is_one_message(world: RunningWorld) -> None:
    """A second post with the same client_msg_id answers the first message."""
    slack = client(world)
    posts = [slack.chat_postMessage(channel="C0REN", text="once", client_msg_id="m-1")["ts"] for _ in range(2)]
    assert posts[0] == posts[1]
    assert len(world.messages("C0REN")) == 1


def test_conversations_refuse(world: RunningWorld) -> None:
    """Unknown, private without the bot, somebody who left: each has Slack's own word."""
    slack = client(world)
    assert error_of(slack.chat_postMessage, channel="C0NONE", text="x") == "channel_not_found"
    assert error_of(slack.chat_postMessage, channel="C0CLOSED", text="x") == "channel_not_found"
    assert error_of(slack.conversations_open, users="U0GONE") == "user_disabled"
    assert error_of(slack.chat_update, channel="C0REN", ts="1.000001", text="x") == "message_not_found"
    assert error_of(slack.users_lookupByEmail, email="gone@example.com") == "users_not_found"
    assert error_of(slack.chat_postEphemeral, channel="C0CREDITS", user="U0MARIA", text="x") == "user_not_in_channel"


def test_people_and_members(world: RunningWorld) -> None:
    """Users carry zone and e-mail; members include the bot."""
    slack = client(world)
    maria = slack.users_lookupByEmail(email="MARIA@example.com")["user"]
    assert (maria["id"], maria["tz"], maria["tz_offset"]) == ("U0MARIA", "America/Chicago", -21600)
    assert slack.users_info(user="U0GONE")["user"]["deleted"] is True
    assert "U0DESK" in slack.conversations_members(channel="C0REN")["members"]
    assert {u["id"] for u in slack.users_list()["members"]} >= {"U0MARIA", "U0DESK"}
    private = slack.conversations_list(types="private_channel")["channels"]
    assert [c["name"] for c in private] == ["renewals", "credits"]


@pytest.mark.parametrize(
    ("blocks", "word"),
    [
        ([{"type": "hologram"}], "unsupported type: hologram"),
        ([{"type": "header"}], "missing required field: text"),
        ([HEADER | {"colour": "red"}], "additional property: colour"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "less than 3001"),
        ([{"type": "actions", "elements": [BUTTON | {"value": "v" * 2001}]}], "less than 2001"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "action_id already exists"),
        ([ROW, ROW], "block_id already exists"),
        ([HEADER] * 51, "no more than 50"),
        ([{"type": "input", "label": {"type": "plain_text", "text": "L"}, "element": BUTTON}], "unsupported type: button"),
    ],
)
def test_bad_blocks_are_refused_with_their_place(world: RunningWorld, blocks: list[Any], word: str) -> None:
    """invalid_blocks names the rule and the place, and nothing is posted."""
    with pytest.raises(SlackApiError) as refused:
        client(world).chat_postMessage(channel="C0REN", text="x", blocks=blocks)
    assert refused.value.response["error"] == "invalid_blocks"
    assert any(word in line and "json-pointer" in line for line in refused.value.response["response_metadata"]["messages"])
    assert world.messages("C0REN") == []


def test_missing_scope_says_which(world: RunningWorld) -> None:
    """Without users:read.email the lookup says what it needs and what was granted."""
    world.post("/_world/seed", {"slack": {"scopes": ["chat:write", "users:read"]}})
    with pytest.raises(SlackApiError) as refused:
        client(world).users_lookupByEmail(email="maria@example.com")
    answer = refused.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "users:read.email",
        "chat:write,users:read",
    )
    assert client(world).auth_test().headers["x-oauth-scopes"] == "chat:write,users:read"


def test_rate_limit_is_waited_for(world: RunningWorld) -> None:
    """A 429 carries Retry-After; the SDK's handler waits and posts once."""
    world.fault("status", "chat.postMessage", status=429, retry_after=1)
    slack = client(world, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)])
    assert slack.chat_postMessage(channel="C0REN", text="x")["ok"]
    assert len(world.messages("C0REN")) == 1


def test_server_error_posts_nothing(world: RunningWorld) -> None:
    """A 500 comes before the commit."""
    world.fault("status", "chat.postMessage", status=500)
    with pytest.raises(SlackApiError):
        client(world, retry_handlers=[]).chat_postMessage(channel="C0REN", text="x")
    assert world.messages("C0REN") == []


def test_drop_after_commit_loses_only_the_answer(world: RunningWorld) -> None:
    """The connection closes without an answer, and the message stands."""
    world.fault("drop_after_commit", "chat.postMessage")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(
            f"{world.url}/slack/api/chat.postMessage",
            json={"channel": "C0REN", "text": "x"},
            headers={"Authorization": "Bearer xoxb-local"},
            trust_env=False,
        )
    assert len(world.messages("C0REN")) == 1
    assert world.get("/_world/journal", operation="chat.postMessage")[-1]["status"] == 0


def test_lost_answer_makes_default_clients_post_twice(world: RunningWorld) -> None:
    """The danger the product must handle is real here: the async client's default handler re-posts."""
    world.fault("drop_after_commit", "chat.postMessage")

    async def post() -> None:
        await AsyncWebClient("xoxb-local", base_url=f"{world.url}/slack/api/").chat_postMessage(channel="C0REN", text="x")

    asyncio.run(post())
    assert len(world.messages("C0REN")) == 2


def test_upload_is_shared_and_readable(world: RunningWorld) -> None:
    """files_upload_v2 stores the bytes and shares them in the thread's channel."""
    slack = client(world)
    slack.files_upload_v2(channel="C0REN", filename="draft.pdf", content=b"%PDF-1.7 draft", initial_comment="Draft 2")
    file = world.messages("C0REN")[-1]["files"][0]
    assert httpx.get(file["url_private"], trust_env=False).content == b"%PDF-1.7 draft"


def test_permalink_opens_on_the_page(world: RunningWorld) -> None:
    """A permalink is an address of the world itself."""
    slack = client(world)
    ts = slack.chat_postMessage(channel="C0REN", text="here")["ts"]
    link = slack.chat_getPermalink(channel="C0REN", message_ts=ts)["permalink"]
    assert link == f"{world.url}/archives/C0REN/p{ts.replace('.', '')}"


def test_state_survives_a_restart(tmp_path: Any) -> None:
    """Messages, people and the clock are there again after the process ended."""
    with start_world(tmp_path) as first:
        client(first).chat_postMessage(channel="C0REN", text="kept")
        first.post("/_world/clock", {"by_hours": 5})
        then = first.get("/_world/clock")
    with start_world(tmp_path, seed={}) as second:
        assert [m["text"] for m in second.messages("C0REN")] == ["kept"]
        assert second.get("/_world/clock") == then
