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
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.clock import wall_now
from contractops.operator.core import Core
from contractops.operator.engine import Client
from contractops.operator.slack import commands
from contractops.operator.slack.actions import Action
from contractops.operator.store import gates, inbox
from contractops.operator.store.tables import Button, Card, Gate, Renewal
from tests.faults.children import settings_of
from tests.slack import payloads

APPROVE: Final = {Stage.FLAGGED: Action.RENEWAL_PREPARE, Stage.IN_REVIEW: Action.DRAFT_APPROVE}
REJECT: Final = {Stage.FLAGGED: Event.LET_RENEW, Stage.IN_REVIEW: Event.LET_RENEW}
SLOWER: Final = 0.15
"""Seconds by which the rejecting side lets the other one begin, on the average: else few renewals would see their later gates."""


def main(side: str, folder: Path, world: str) -> None:
    """Answer until ``stop`` exists in the folder; what was tried is written there."""
    core = Core(settings_of(folder, world))
    bell = Client(core.database.url)
    tried: set[str] = set()
    while not (folder / "stop").exists():
        try:
            for gate, stage in _open(core, tried):
                if side == "approve":
                    _click(core, bell, gate, stage, tried)
                else:
                    time.sleep(random.uniform(0, 2 * SLOWER))
                    _decide(core, bell, gate, stage, tried)
        except DBAPIError:
            time.sleep(0.1)
        time.sleep(0.05)
    (folder / f"{side}.json").write_text(json.dumps(sorted(tried)))
    bell.close()
    core.close()


def _open(core: Core, tried: set[str]) -> list[tuple[Gate, Stage]]:
    with core.database.read() as session:
        query = (
            select(Gate, Renewal.stage)
            .join(Renewal, (col(Renewal.id) == col(Gate.renewal_id)) & (col(Renewal.version) == col(Gate.version)))
            .where(Gate.kind == "owner", col(Gate.decision).is_(None), col(Gate.key).like("BENCH-%"), col(Renewal.stage).in_(list(APPROVE)))
        )
        found = [(gate, Stage(stage)) for gate, stage in session.exec(query) if gate.key not in tried]
    random.shuffle(found)
    return found


def _click(core: Core, bell: Client, gate: Gate, stage: Stage, tried: set[str]) -> None:
    with core.database.read() as session:
        found = _button(session, gate, APPROVE[stage])
    if found is None:
        return  # its card is not there yet
    button, card = found
    pressed = {"action_id": str(APPROVE[stage]), "block_id": "act", "value": button.token, "type": "button", "action_ts": gate.key}
    container = {"type": "message", "message_ts": card.ts, "channel_id": card.channel}
    user = f"U0BENCH{gate.renewal_id[6:9]}"
    payload = payloads.click(str(APPROVE[stage]), user=user, actions=[pressed], container=container)
    command = commands.parse(payload, "A0LOCAL")
    assert command is not None
    key = commands.inbox_key(command)
    with core.database.write(about=key) as session:
        inbox.commit(session, key, commands.kind(command), payload, at=wall_now())
    tried.add(gate.key)
    bell.enqueue(f"inbound:{key}", "inbound", [key])


def _decide(core: Core, bell: Client, gate: Gate, stage: Stage, tried: set[str]) -> None:
    with core.database.write() as session:
        gates.decide(session, gate.key, gate.payload_hash, REJECT[stage], by=gate.allowed[0], at=core.clock.now())
    tried.add(gate.key)
    bell.enqueue(f"advance:{gate.key}:reject", "advance", [gate.renewal_id])


def _button(session: Session, gate: Gate, action: Action) -> tuple[Button, Card] | None:
    query = select(Button, Card).join(Card, col(Card.key) == Button.card_key).where(Button.action == action, Button.gate_key == gate.key)
    return session.exec(query.where(col(Card.ts).is_not(None)).limit(1)).first()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
