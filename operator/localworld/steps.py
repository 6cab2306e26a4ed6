"""The steps panel "Your first renewal": what was done is read from the world, never from the page's memory.

Rules of this module:

1. A step counts when its trace stands: a read mark, an acknowledged click, a signed envelope, a look at the CRM, the clock.
   Whoever asked for terms has read the alert.
2. Clicks are known by the words on the button, because those are what the panel tells the reader to press.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from contractops.operator.localworld.salesforce_records import INTEGRATION_USER
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import FIRST_DAY, Document, World

LONG_JUMP: Final = timedelta(days=59)
_DAYS_LEFT: Final = re.compile(r"(\d+) days? to decide")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the panel; `link` and `link_text` lead to where it is done ("" when it is done right here), `jump_hours` moves the clock.

    `afterwards`: the link leads to what the step has brought, so it stands there once the step is done.
    """

    number: int
    text: str
    done: bool
    link: str = ""
    link_text: str = ""
    jump_hours: int = 0
    afterwards: bool = False


def first_renewal(workspace: Workspace) -> list[Step]:
    """The seven steps with what is done, in order."""
    world = workspace.world
    clicks = list(_clicks(world))
    alert = story_alert(workspace)
    approver = _second_approver(workspace)
    envelopes = world.all("envelope")
    prepared = _clicked(clicks, "Prepare ")
    missed = _missed_card(workspace, clicks)
    signed = any(envelope["status"] == "completed" for envelope in envelopes)
    return [
        Step(1, "Read the alert", prepared or _alert_read(workspace)),
        Step(2, "Prepare terms", prepared, *((alert.address, "Go to the alert") if alert else ())),
        Step(3, "Choose 36 months, approve the draft", _clicked(clicks, "Approve draft")),
        Step(
            4,
            f"Become {approver[1]} and approve" if approver else "Become the second approver and approve",
            _second_approved(clicks),
            f"/?as={approver[0]}" if approver else "",
            f"Switch to {approver[1].split()[0]}" if approver else "",
        ),
        Step(5, _signing_words(envelopes), signed, *_signing_page(envelopes)),
        Step(6, "See the CRM before and after", world.get("page_seen", "crm") is not None, *_crm_page(world)),
        Step(
            7,
            "Jump 59 days on another one: see what a miss looks like",
            _jumped(world),
            link=missed[0],
            link_text=missed[1],
            jump_hours=LONG_JUMP.days * 24,
            afterwards=True,
        ),
    ]


def _alert_read(workspace: Workspace) -> bool:
    for mark in workspace.world.all("page_read"):
        cards = (m for m in workspace.messages(mark["channel"]) if m.get("bot_id"))
        if any(card["ts"] <= mark["ts"] for card in cards):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Alert:
    """The alert that the story begins with: whose it is, and where it stands."""

    user: str
    channel: str
    ts: str

    @property
    def address(self) -> str:
        """Where the page shows it."""
        return f"/?as={self.user}&open={self.channel}#m-{self.ts}"


def story_alert(workspace: Workspace) -> Alert | None:
    """The alert that still offers to prepare terms and leaves the most days: the calm one. None when there is none."""
    found: list[tuple[int, Alert]] = []
    for channel in workspace.channels():
        for message in workspace.messages(channel["id"]) if channel.get("is_im") else ():
            days = _DAYS_LEFT.match(message.get("text") or "")
            if days and not message.get("thread_ts") and _offers(message, "Prepare terms"):
                found.append((int(days[1]), Alert(channel["user"], channel["id"], message["ts"])))
    return max(found, key=lambda each: each[0])[1] if found else None


def _clicks(world: World) -> Iterator[tuple[str, str]]:
    """(person, words on the button) of every acknowledged click and submitted form, oldest first."""
    for entry in world.journal("slack", "socket.interactive"):
        payload = entry["request"]["payload"]
        if entry["status"] != 200:  # noqa: PLR2004 - the journal's "acknowledged"
            continue
        if payload["type"] == "view_submission":
            yield payload["user"]["id"], str((payload["view"].get("submit") or {}).get("text", ""))
        for action in payload.get("actions", ()):
            yield payload["user"]["id"], str((action.get("text") or {}).get("text", ""))


def _clicked(clicks: list[tuple[str, str]], words: str) -> bool:
    return any(label.startswith(words) for _, label in clicks)


def _second_approved(clicks: list[tuple[str, str]]) -> bool:
    """Two people pressed an approval; "Review and approve…" only opens the form and does not count."""
    return len({person for person, label in clicks if label.startswith("Approve ")}) > 1


def _second_approver(workspace: Workspace) -> tuple[str, str] | None:
    """(user id, name) of the person whose direct conversation asks for a second approval."""
    for channel in workspace.channels():
        if channel.get("is_im") and any(_offers(m, "Review and approve") for m in workspace.messages(channel["id"])):
            return channel["user"], workspace.name_of(channel["user"])
    return None


def _offers(message: Document, words: str) -> bool:
    """Whether the message has a button that begins with `words`."""
    elements = (e for block in message.get("blocks", ()) for e in block.get("elements", ()))
    return any(str((e.get("text") or {}).get("text", "")).startswith(words) for e in elements if e["type"] == "button")


def _signing_page(envelopes: list[Document]) -> tuple[str, str]:
    """Address and words of the next signature that is waited for."""
    for envelope in envelopes:
        if envelope["status"] in {"sent", "delivered"}:
            for signer in envelope["recipients"].get("signers", ()):
                if signer["status"] in {"sent", "delivered"}:
                    page = f"/docusign/sign/{envelope['envelopeId']}/{signer['recipientId']}"
                    return page, f"Sign as {signer['name'].split()[0]}"
    return "", ""


def _signing_words(envelopes: list[Document]) -> str:
    """Who signs, in their order, as the newest envelope names them."""
    if not envelopes:
        return "Sign for the customer, then for us"
    signers = sorted(envelopes[-1]["recipients"].get("signers", ()), key=lambda each: int(each["routingOrder"]))
    return "Sign as " + ", then as ".join(each["name"] for each in signers)


def _crm_page(world: World) -> tuple[str, str] | tuple[()]:
    """Address and words of the record that Renewal Desk wrote last; empty while it has written none."""
    written = [e["external_id"] for e in world.all("crm_history") if e["by"] == INTEGRATION_USER and e["object"] == "Contract"]
    return (f"/crm/{quote(written[-1])}", f"Open {written[-1]} in the CRM") if written else ()


def _missed_card(workspace: Workspace, clicks: list[tuple[str, str]]) -> tuple[str, str]:
    """Address and words of the newest card that says that a window has closed, with whoever asked for terms before; "" while there is none."""
    reader = next((person for person, label in clicks if label.startswith("Prepare ")), "")
    found = [
        (channel["user"] == reader, message["ts"], f"/?as={channel['user']}&open={channel['id']}#m-{message['ts']}")
        for channel in workspace.channels()
        for message in (workspace.messages(channel["id"]) if channel.get("is_im") else ())
        if (message.get("text") or "").startswith("Window closed: ")
    ]
    return (max(found)[2], "Go to the closed window") if found else ("", "")


def _jumped(world: World) -> bool:
    stored = world.get("clock", "start")
    start = datetime.fromisoformat(stored["at"]) if stored else FIRST_DAY
    return world.now() - start >= LONG_JUMP
