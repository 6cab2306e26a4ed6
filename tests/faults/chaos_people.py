"""People who answer every open question of the bench's renewals, in a process of their own: `python -m tests.faults.chaos_people SIDE FOLDER WORLD`.

Rules of this module:

1. ``approve`` clicks as a front process of the product takes a click: the payload is committed to the inbox, then a worker is rung.
2. ``reject`` decides the same gates directly, by the function of the product, in a transaction of its own.
3. Each asks every gate once more when the database went away; neither knows what the other did. The process ends when it is told to.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from contractops.graphs.lifecycle import Event
from contractops.operator.clock import wall_now
from contractops.operator.core import Core
from contractops.operator.engine import Client
from contractops.operator.slack import commands
from contractops.operator.slack.actions import Action
from contractops.operator.store import gates, inbox
from contractops.operator.store.tables import Button, Card, Gate
from scripts import bench_portfolio
from tests.faults.children import settings_of
from tests.slack import payloads

APPROVE: Final = (Action.RENEWAL_PREPARE, Action.DRAFT_APPROVE)
HESITATION: Final = 0.5
"""Seconds that the rejecting side thinks at most, for each gate: a click on the other side has its way through the inbox before it."""


def main(side: str, folder: Path, world: str) -> None:
    """Answer until ``stop`` exists in the folder; what was tried is written there."""
    core = Core(settings_of(folder, world))
    bell = Client(core.database.url)
    tried: set[str] = set()
    while not (folder / "stop").exists():
        try:
            for gate, button, card in _asked(core, tried):
                if side == "approve":
                    _click(core, bell, gate, button, card)
                else:
                    time.sleep(random.uniform(0, HESITATION))
                    _decide(core, bell, gate)
                tried.add(gate.key)
        except DBAPIError:
            time.sleep(0.1)
        time.sleep(0.05)
    (folder / f"{side}.json").write_text(json.dumps(sorted(tried)))
    bell.close()
    core.close()


def _asked(core: Core, tried: set[str]) -> list[tuple[Gate, Button, Card]]:
    """Every gate of an owner whose card stands in Slack, decided or not, that was not tried yet."""
    with core.database.read() as session:
        query = (
            select(Gate, Button, Card)
            .join(Button, col(Button.gate_key) == col(Gate.key))
            .join(Card, col(Card.key) == col(Button.card_key))
            .where(Gate.kind == "owner", col(Gate.key).like("BENCH-%#1:%"), col(Button.action).in_(APPROVE), col(Card.ts).is_not(None))
        )
        found = {gate.key: (gate, button, card) for gate, button, card in session.exec(query) if gate.key not in tried}
    shuffled = list(found.values())
    random.shuffle(shuffled)
    return shuffled


def _click(core: Core, bell: Client, gate: Gate, button: Button, card: Card) -> None:
    pressed = {"action_id": button.action, "block_id": "act", "value": button.token, "type": "button", "action_ts": gate.key}
    container = {"type": "message", "message_ts": card.ts, "channel_id": card.channel}
    user = bench_portfolio.slack_id(int(gate.renewal_id[6:9]))
    payload = payloads.click(button.action, user=user, actions=[pressed], container=container)
    command = commands.parse(payload, "A0LOCAL")
    assert command is not None
    key = commands.inbox_key(command)
    with core.database.write(about=key) as session:
        inbox.commit(session, key, commands.kind(command), payload, at=wall_now())
    bell.enqueue(f"inbound:{key}", "inbound", [key])


def _decide(core: Core, bell: Client, gate: Gate) -> None:
    with core.database.write() as session:
        gates.decide(session, gate.key, gate.payload_hash, Event.LET_RENEW, by=gate.allowed[0], at=core.clock.now())
    bell.enqueue(f"advance:{gate.key}:reject", "advance", [gate.renewal_id])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
