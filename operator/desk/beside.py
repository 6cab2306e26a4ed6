"""Beside the stage of a renewal: questions that a click opens and decides at once, and texts of people."""

from __future__ import annotations

from typing import Any

from contractops.graphs.steps import NewCard
from contractops.operator.clock import wall_now
from contractops.operator.desk.call import Call
from contractops.operator.store import cards
from contractops.operator.store.tables import Gate


def side_gate(call: Call, name: str, kind: str, payload_hash: str = "") -> Gate:
    """A question beside the stage of the renewal, opened when it is first answered; ``payload_hash`` is what it is about."""
    key = f"{call.renewal.id}:{name}"
    gate = call.session.get(Gate, key, populate_existing=True)
    if gate is None:
        gate = Gate(
            key=key,
            renewal_id=call.renewal.id,
            version=call.renewal.version,
            kind=kind,
            payload_hash=payload_hash,
            allowed=[],
            opened_at=call.now,
        )
        call.session.add(gate)
        call.session.flush()
    return gate


def post_text(call: Call, key: str, kind: str, to: str, *, thread: str | None, args: dict[str, Any]) -> None:
    """Put a person's text into a thread."""
    cards.add(
        call.session,
        NewCard(key, kind, to, thread=thread, args=args),
        renewal_id=call.renewal.id,
        version=call.renewal.version,
        gate_key=None,
        now=call.now,
        wall=wall_now(),
    )
