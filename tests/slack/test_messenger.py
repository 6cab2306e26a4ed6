"""The messenger against a server that speaks Slack's protocol: posted once, found again, refused in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contractops.operator.slack.download import MOST, download
from contractops.operator.slack.messenger import Pacer, SlackMessenger
from contractops.operator.slack.modals import render_form
from contractops.operator.slack.render import render, render_home
from contractops.tools.errors import NotFound, OutcomeUnknown, Refused, VendorError
from contractops.tools.ports import Files, Interaction, Messenger, Posted
from tests.localworld.worlds import RunningWorld
from tests.slack.samples import ALERT, CARDS
from tests.slack.test_forms import FORM_SAMPLES

MANIFEST = Path(__file__).parents[2] / "operator" / "slack" / "manifest.yaml"
LONG_AGO = datetime(2026, 12, 1, tzinfo=UTC)
BODY = {"text": "Hello", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Hello"}}]}


class Wall:
    """Time that a test moves: ``sleep`` only adds up."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 12, 7, 15, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def messenger(world: RunningWorld, wall: Wall | None = None, timeout: int = 5) -> SlackMessenger:
    wall = wall or Wall()
    return SlackMessenger("xoxb-local", f"{world.url}/slack/api/", timeout, pacer=Pacer(wall.monotonic, wall.sleep), wall_now=wall.now)


def calls(world: RunningWorld, operation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/_world/journal", surface="slack", operation=operation)
    return found


def count(world: RunningWorld, channel: str, text: str) -> int:
    return sum(message["text"] == text for message in world.messages(channel))


def test_it_fills_its_ports(world: RunningWorld) -> None:
    """The type checker and these lines agree: one object is messenger, interaction and files."""
    files: Files = messenger(world)
    assert files
    posts: Messenger = messenger(world)
    answers: Interaction = messenger(world)
    assert posts
    assert answers


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_taken_by_the_server(world: RunningWorld, name: str) -> None:
    """No card is refused as invalid blocks, and no card had to be posted in its plain form."""
    before = len(calls(world, "chat.postMessage"))
    place = messenger(world).post("C0REN", render(CARDS[name]), f"card:{name}")
    assert place.channel == "C0REN"
    assert len(calls(world, "chat.postMessage")) == before + 1


def test_post_carries_its_key_and_is_found_by_it(world: RunningWorld) -> None:
    """A message is found by key in a channel, in a thread and in a direct channel; another key is not."""
    desk = messenger(world)
    root = desk.post("U0MARIA", render(ALERT), "card:1")
    reply = desk.post("U0MARIA", BODY, "card:2", thread_ts=root.ts, broadcast=True)
    assert desk.find("U0MARIA", "card:1", since=LONG_AGO) == root
    assert desk.find("U0MARIA", "card:2", since=LONG_AGO, thread_ts=root.ts) == reply
    assert desk.find("U0MARIA", "card:3", since=LONG_AGO) is None
    assert root.channel.startswith("D")


def test_found_behind_many_messages(world: RunningWorld) -> None:
    """The look-up reads all pages, not only the newest."""
    desk = messenger(world)
    first = desk.post("C0GENERAL", BODY, "card:first")
    for number in range(205):
        desk.post("C0GENERAL", BODY, f"card:more{number}")
    assert desk.find("C0GENERAL", "card:first", since=LONG_AGO) == first


def test_lost_answer_posts_once_and_is_found(world: RunningWorld) -> None:
    """The server took the message and dropped the line: one message, ``OutcomeUnknown``, and the look-up finds it."""
    world.fault("drop_after_commit", "chat.postMessage")
    desk = messenger(world)
    with pytest.raises(OutcomeUnknown) as caught:
        desk.post("C0REN", BODY | {"text": "lost once"}, "card:lost")
    assert caught.value.code == "CO-SLK-024"
    assert count(world, "C0REN", "lost once") == 1
    assert desk.find("C0REN", "card:lost", since=LONG_AGO) is not None


def test_server_fault_on_a_post_is_unknown(world: RunningWorld) -> None:
    """A 500 does not prove that nothing was posted: it is looked up, never repeated here."""
    world.fault("status", "chat.postMessage", status=500)
    with pytest.raises(OutcomeUnknown):
        messenger(world).post("C0REN", BODY, "card:500")


def test_server_fault_on_a_rewrite_may_be_repeated(world: RunningWorld) -> None:
    """A rewrite is idempotent: a 503 says when to try again."""
    desk = messenger(world)
    place = desk.post("C0REN", BODY, "card:503")
    world.fault("status", "chat.update", status=503)
    with pytest.raises(VendorError) as caught:
        desk.update(place, BODY)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.retry_at is not None
    desk.update(place, BODY | {"text": "rewritten"})
    assert count(world, "C0REN", "rewritten") == 1


def test_short_rate_limit_is_waited_for(world: RunningWorld) -> None:
    """Two 429 with Retry-After are sat out; the message is posted once."""
    world.fault("status", "chat.postMessage", status=429, retry_after=0, times=2)
    messenger(world).post("C0REN", BODY | {"text": "after two"}, "card:429")
    assert count(world, "C0REN", "after two") == 1


def test_lasting_rate_limit_says_when_to_come_back(world: RunningWorld) -> None:
    """More 429 than that become an error with the time Slack named."""
    world.fault("status", "users.info", status=429, retry_after=1, times=3)
    wall = Wall()
    with pytest.raises(VendorError) as caught:
        messenger(world, wall).user("U0SAM")
    assert caught.value.code == "CO-SLK-021"
    assert caught.value.retry_at == wall.now() + timedelta(seconds=1)


def test_refused_blocks_are_posted_once_more_in_plain_form(world: RunningWorld) -> None:
    """A workspace that does not take a block still gets the words and the message is there once."""
    body = {
        "text": "Odd",
        "blocks": [{"type": "section", "block_id": "a", "fields": [{"type": "mrkdwn", "text": f"f{n}"} for n in range(11)]}],
    }
    desk = messenger(world)
    place = desk.post("C0REN", body, "card:odd")
    assert count(world, "C0REN", "Odd") == 1
    desk.update(place, body | {"text": "Odd again"})
    assert count(world, "C0REN", "Odd again") == 1


def test_permanent_refusal_names_what_to_do(world: RunningWorld) -> None:
    """A channel that is not there never heals by repeating; the advice says what does."""
    with pytest.raises(VendorError) as caught:
        messenger(world).post("C0NOWHERE", BODY, "card:nowhere")
    assert caught.value.permanent
    assert "channel id" in caught.value.advice


def test_rewrite_of_a_deleted_message_is_not_found(world: RunningWorld) -> None:
    """A message that is gone is told as such."""
    with pytest.raises(NotFound):
        messenger(world).update(Posted(channel="C0REN", ts="1.000001"), BODY)


def test_nobody_listens_is_not_unknown() -> None:
    """A refused connection never left: it may simply be repeated."""
    desk = SlackMessenger("xoxb-local", "http://127.0.0.1:9/api/", 2)
    with pytest.raises(VendorError) as caught:
        desk.post("C0REN", BODY, "card:off")
    assert caught.value.code == "CO-SLK-020"
    assert not isinstance(caught.value, OutcomeUnknown)


def test_one_message_a_second_and_channel() -> None:
    """The third message of a moment waits two seconds; another channel does not wait."""
    wall = Wall()
    pacer = Pacer(wall.monotonic, wall.sleep)
    pacer.wait("C1")
    pacer.wait("C1")
    pacer.wait("C2")
    pacer.wait("C1")
    assert wall.slept == [1.0, 1.0]


def test_the_pace_is_a_setting() -> None:
    """A workspace that hides nothing, such as the local one, is not waited for a second at a time."""
    wall = Wall()
    pacer = Pacer(wall.monotonic, wall.sleep, seconds=0.02)
    pacer.wait("C1")
    pacer.wait("C1")
    assert wall.slept == [0.02]


def test_person_is_read_afresh_after_a_minute(world: RunningWorld) -> None:
    """60 s are cached, 61 s are not: a person who left is seen within a minute."""
    wall = Wall()
    desk = messenger(world, wall)
    before = len(calls(world, "users.info"))
    person = desk.user("U0MARIA")
    assert (person.team_id, person.email, person.deleted, person.is_bot) == ("T0LOCAL", "maria@example.com", False, False)
    wall.seconds += 60
    desk.user("U0MARIA")
    assert len(calls(world, "users.info")) == before + 1
    wall.seconds += 1
    desk.user("U0MARIA")
    assert len(calls(world, "users.info")) == before + 2
    assert desk.user("U0GONE").deleted


def test_person_cannot_be_read_is_an_error_never_a_guess(world: RunningWorld) -> None:
    """When Slack does not answer and nothing fresh is known, the answer is an error (fail closed)."""
    wall = Wall()
    desk = messenger(world, wall)
    desk.user("U0DANA")
    wall.seconds += 61
    world.fault("drop_before", "users.info")
    with pytest.raises(VendorError):
        desk.user("U0DANA")
    with pytest.raises(NotFound):
        desk.user("U0NOBODY")


@pytest.mark.parametrize(
    ("shown", "until", "read"),
    [
        (":palm_tree:", None, ("palm_tree", None)),
        (":woman-surfing::skin-tone-2:", None, ("woman-surfing", None)),
        (":airplane:", "2026-12-24T17:00:00+00:00", ("airplane", datetime(2026, 12, 24, 17, tzinfo=UTC))),
        (":airplane:", "2020-01-01T00:00:00+00:00", (None, None)),
        ("", None, (None, None)),
    ],
)
def test_status_of_a_person(world: RunningWorld, shown: str, until: str | None, read: tuple[str | None, datetime | None]) -> None:
    """The name of the emoji without colons and skin tone, and when it ends; a status that is over is none."""
    world.post("/_world/slack/status", {"user": "U0SAM", "emoji": shown, "text": "Away", "until": until})
    found = messenger(world).user("U0SAM")
    assert (found.status, found.status_until) == read


def test_lookup_by_email(world: RunningWorld) -> None:
    """A person of the staff list is found by mail address; an unknown one is None."""
    desk = messenger(world)
    assert desk.lookup("sam@example.com") == "U0SAM"
    assert desk.lookup("nobody@example.com") is None


def test_permalink_leads_to_the_message(world: RunningWorld) -> None:
    """ "Open card" is a link to the stored place."""
    desk = messenger(world)
    place = desk.post("C0REN", BODY, "card:link")
    assert place.channel in desk.permalink(place)


def test_whisper_reaches_one_person(world: RunningWorld) -> None:
    """In a channel it is ephemeral; for somebody who is not in the channel it becomes a direct message."""
    desk = messenger(world)
    desk.whisper("C0REN", "U0DANA", BODY)
    desk.whisper("C0CREDITS", "U0DANA", BODY | {"text": "not a member"})
    direct = desk.post("U0DANA", BODY, "card:dana")
    assert calls(world, "chat.postEphemeral")
    assert count(world, direct.channel, "not a member") == 1
    assert count(world, "C0CREDITS", "not a member") == 0


def test_home_is_published(world: RunningWorld) -> None:
    """The App Home view is one that Slack takes."""
    messenger(world).publish_home("U0MARIA", render_home())
    published = calls(world, "views.publish")
    assert published
    assert all(one["answer"]["ok"] for one in published)


@pytest.mark.parametrize("name", FORM_SAMPLES)
def test_every_form_is_taken_by_the_server(world: RunningWorld, name: str) -> None:
    """No form is refused as an invalid view: only the trigger is missing here."""
    with pytest.raises(VendorError) as caught:
        messenger(world).open_view("1.2.none", render_form(FORM_SAMPLES[name]))
    assert "trigger" in caught.value.message


def handed_over(world: RunningWorld, content: bytes, name: str = "notice.pdf") -> str:
    """A file that Maria put into a form; its id."""
    url = f"{world.url}/_world/slack/upload"
    return str(httpx.post(url, params={"user": "U0MARIA", "name": name}, content=content, trust_env=False, timeout=10).json()["id"])


def test_a_file_is_read_with_its_name(world: RunningWorld) -> None:
    """The bytes as they were handed over, whatever the name."""
    found = messenger(world).fetch(handed_over(world, b"%PDF-1.4 they end it", "Kündigung 7 & 8.pdf"))
    assert (found.name, found.content) == ("Kündigung 7 & 8.pdf", b"%PDF-1.4 they end it")


def test_a_file_that_is_gone_or_too_large(world: RunningWorld) -> None:
    """Neither heals by repeating: one is not found, the other is refused with its limit."""
    with pytest.raises(NotFound):
        messenger(world).fetch("F0NOWHERE")
    with pytest.raises(Refused, match="larger than 25 MB"):
        messenger(world).fetch(handed_over(world, b"x" * (MOST + 1)))


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "status", "status": 429}, {"kind": "drop_before"}])
def test_a_file_that_does_not_come_is_asked_for_again(world: RunningWorld, fault: dict[str, Any]) -> None:
    """A read may be repeated: the error says when."""
    file_id = handed_over(world, b"%PDF-1.4")
    world.fault(operation="files.download", **fault)
    with pytest.raises(VendorError) as caught:
        messenger(world).fetch(file_id)
    assert caught.value.retry_at is not None
    assert not caught.value.permanent


def test_a_sign_in_page_is_no_file(world: RunningWorld) -> None:
    """A token that may not read files is led to a sign-in: told as such, and never stored as the file."""
    api, later = f"{world.url}/slack/api/", datetime(2026, 12, 7, tzinfo=UTC)
    address = f"{world.url}/slack/files-pri/{handed_over(world, b'%PDF-1.4')}/download/notice.pdf"
    with pytest.raises(VendorError) as caught:
        download(address, "xoxb-other", api, 5, later=later)
    assert caught.value.permanent
    assert "files:read" in caught.value.advice


@pytest.mark.parametrize(
    "address",
    [
        "https://files.example.com/x",
        "http://files.slack.com/x",
        "https://files.slack.com.example.com/x",
        "https://notslack.com/x",
        "https://files.slack.com:8443/x",
        "",
    ],
)
def test_the_token_goes_to_slack_only(address: str) -> None:
    """Whatever address a file claims to have, nothing but Slack's own hosts, over TLS, gets the token."""
    with pytest.raises(VendorError, match="outside Slack") as caught:
        download(address, "xoxb-local", "https://slack.com/api/", 1, later=datetime(2026, 12, 7, tzinfo=UTC))
    assert caught.value.permanent


SCOPES = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.getPermalink": set(),
    "conversations.info": {"channels:read", "groups:read", "im:read"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "conversations.history": {"im:history", "groups:history"},
    "conversations.replies": {"im:history", "groups:history"},
    "files.completeUploadExternal": {"files:write"},
    "files.info": {"files:read"},
    "users.info": {"users:read"},
    "users.lookupByEmail": {"users:read.email"},
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "views.open": set(),
    "views.update": set(),
    "views.publish": set(),
}


def test_manifest_grants_what_the_calls_need() -> None:
    """Every method that the messenger names stands in the table above, and the manifest asks for its scopes; nothing is asked for twice."""
    yaml = pytest.importorskip("yaml", reason="no YAML reader is installed")
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    source = (MANIFEST.parent / "messenger.py").read_text(encoding="utf-8")
    named = set(re.findall(r'"((?:assistant\.threads|chat|conversations|files|users|views)\.[A-Za-z]+)"', source))
    granted = manifest["oauth_config"]["scopes"]["bot"]
    assert named == set(SCOPES)
    assert set().union(*SCOPES.values()) | {"commands"} <= set(granted)
    assert len(granted) == len(set(granted))
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["features"]["slash_commands"][0]["command"] == "/renewals"
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == {"app_home_opened", "app_mention", "message.im"}
    assert manifest["display_information"]["description"] == ("Automated. Watches contract dates, prepares terms, never sends without you.")
