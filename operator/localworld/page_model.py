"""What the page shows of the workspace to one person: conversations, unread counts, messages with their threads.

Rules of this module:

1. It reads; what a person did is written by `slack_people` and the read marks by `mark_read`.
2. A broadcast reply stands in its thread; in the conversation it is one line that leads there, so that
   each button exists once on the screen.
3. Times are shown in the zone of the person who acts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from contractops.operator.localworld.seed import BOT_USER
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

HUES: Final = (262, 152, 24, 200, 330, 88, 290, 45)
"""Colours of the act-as bar, by position of the person in the seed."""

LONGEST: Final = 80
"""Lines of a conversation on one page: more than a screen, and still quick after a year of the virtual clock."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the reader can act as; `hue` in degrees, `role` a word for guests and outsiders."""

    id: str
    name: str
    initials: str
    hue: int
    zone: str
    role: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line of the left column."""

    id: str
    title: str
    direct: bool
    unread: int
    bot_listens: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the page shows it. `replies` only on roots; `pointer` marks a broadcast reply's line."""

    message: Document
    author: str
    initials: str
    hue: int
    is_bot: bool
    time: str
    day: str
    replies: tuple["Shown", ...] = ()
    pointer: bool = False


def people(workspace: Workspace) -> list[Person]:
    """Everybody who can be acted as: all but bots and those who left."""
    active = [u for u in workspace.people() if not (u.get("deleted") or u.get("is_bot"))]
    return [_person(user, HUES[n % len(HUES)]) for n, user in enumerate(active)]


def _person(user: Document, hue: int) -> Person:
    name = user.get("real_name") or user.get("name") or user["id"]
    role = "other company" if user.get("is_stranger") else "guest" if user.get("is_restricted") else ""
    return Person(user["id"], name, initials(name), hue, user.get("tz", "America/Chicago"), role)


def initials(name: str) -> str:
    """First letters of the first and the last word: Maria Ortiz becomes MO."""
    words = name.split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


def conversations(workspace: Workspace, person: Person) -> list[Conversation]:
    """The bot's direct conversation first, then every channel the person is in."""
    own = workspace.direct(person.id)
    channels = [c for c in workspace.channels() if not c.get("is_im") and person.id in c["members"]]
    return [_conversation(workspace, person, channel) for channel in [own, *channels]]


def _conversation(workspace: Workspace, person: Person, channel: Document) -> Conversation:
    mark = read_mark(workspace, person.id, channel["id"])
    unread = sum(m["ts"] > mark and m["user"] != person.id for m in workspace.messages(channel["id"]))
    title = workspace.name_of(BOT_USER) if channel.get("is_im") else channel["name"]
    return Conversation(channel["id"], title, bool(channel.get("is_im")), unread, BOT_USER in channel["members"])


def read_mark(workspace: Workspace, user_id: str, channel_id: str) -> str:
    """The ts up to which a person has read a conversation; "" when never opened."""
    return str((workspace.world.get("page_read", f"{user_id}:{channel_id}") or {}).get("ts", ""))


def first_unread(workspace: Workspace, person: Person, channel_id: str) -> str:
    """The ts of the first message or thread with something unread; "" when all is read."""
    mark = read_mark(workspace, person.id, channel_id)
    for message in workspace.messages(channel_id):
        if message["ts"] > mark and message["user"] != person.id:
            return str(message["ts"])
    return ""


def mark_read(workspace: Workspace, user_id: str, channel_id: str) -> None:
    """Count everything in the conversation as read by the person."""
    messages = workspace.messages(channel_id)
    if messages and messages[-1]["ts"] > read_mark(workspace, user_id, channel_id):
        workspace.world.put("page_read", f"{user_id}:{channel_id}", {"ts": messages[-1]["ts"], "channel": channel_id})
        workspace.world.changed("read")


def timeline(workspace: Workspace, person: Person, channel_id: str) -> list[Shown]:
    """The last `LONGEST` lines of the conversation as the person sees it, oldest first, threads folded into their roots."""
    zone = ZoneInfo(person.zone)
    stored = [*workspace.messages(channel_id), *workspace.whispers(channel_id, person.id)]
    roots = {m["ts"] for m in stored if not m.get("thread_ts")}
    hues = {p.id: p.hue for p in people(workspace)}

    def shown(message: Document, replies: Iterable[Shown] = (), *, pointer: bool = False) -> Shown:
        author = workspace.name_of(message["user"])
        when = moment(message["ts"]).astimezone(zone)
        is_bot = message["user"] == BOT_USER
        hue = hues.get(message["user"], 230)
        return Shown(message, author, initials(author), hue, is_bot, clock(when), day(when), tuple(replies), pointer)

    lines = []
    for message in sorted(stored, key=lambda m: str(m["ts"])):
        root = message.get("thread_ts")
        if not root or root not in roots:
            replies = [m for m in stored if m.get("thread_ts") == message["ts"]]
            lines.append(shown(message, [shown(m) for m in sorted(replies, key=lambda m: str(m["ts"]))]))
        elif message.get("subtype") == "thread_broadcast":
            lines.append(shown(message, pointer=True))
    return lines[-LONGEST:]


def moment(ts: str) -> datetime:
    """The time of a message, aware."""
    return datetime.fromtimestamp(int(ts.split(".", maxsplit=1)[0]), UTC)


def day(when: datetime) -> str:
    """Mon 7 Dec 2026."""
    return f"{when:%a} {when.day} {when:%b %Y}"


def clock(when: datetime) -> str:
    """09:00."""
    return f"{when:%H:%M}"


def full(when: datetime, zone: str) -> str:
    """Mon 7 Dec 2026, 09:00 CST, in `zone`."""
    local = when.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {clock(local)} {local:%Z}"


def parsed(iso: str) -> datetime:
    """An aware time from ISO text."""
    return datetime.fromisoformat(iso)
