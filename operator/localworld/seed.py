"""Fills the local world from one JSON body: the clock, people, channels, CRM records and vendor keys.

Rules of this module:

1. A seed adds or replaces by id and deletes nothing.
2. Each vendor's part is stored as it came, under kind "seed", for the vendor's own module to read.
"""

from datetime import datetime
from typing import Final

from contractops.operator.localworld.world import Document, World

TEAM: Final = "T0LOCAL"
TEAM_DOMAIN: Final = "local-workspace"
APP: Final = "A0LOCAL"
BOT_USER: Final = "U0DESK"
BOT_ID: Final = "B0DESK"
BOT_NAME: Final = "Renewal Desk"

PARTS: Final = frozenset({"now", "users", "channels", "salesforce", "docusign", "slack"})


def apply_seed(world: World, body: Document) -> None:
    """Store `body`; see the control route `/_world/seed` for its keys. Raises ValueError naming an unknown part."""
    unknown = set(body) - PARTS
    if unknown:
        message = f"unknown parts of a seed: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    if "now" in body:
        world.set_now(datetime.fromisoformat(body["now"]))
        world.put("clock", "start", {"at": world.now().isoformat()})
    for user in body.get("users", ()):
        world.put("slack_user", user["id"], {"tz": "America/Chicago", "team_id": TEAM} | user)
    for channel in body.get("channels", ()):
        world.put("slack_channel", channel["id"], _channel(channel))
    for part in ("salesforce", "docusign", "slack"):
        if part in body:
            world.put("seed", part, (world.get("seed", part) or {}) | body[part])
    world.changed("seed")


def _channel(given: Document) -> Document:
    """A channel with the bot invited, unless the seed says {"bot_is_member": false}."""
    members = list(given.get("members", ()))
    if given.get("bot_is_member", True) and BOT_USER not in members:
        members.append(BOT_USER)
    return {"is_private": False} | given | {"members": members}
