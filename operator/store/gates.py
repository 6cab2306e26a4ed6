"""Gates: every wait of a renewal is one row, decided once.

Rule 1: a decision is one conditional update: still undecided, the hash that was shown, not expired. The loser is told who decided.
Rule 2: who may answer is checked by the caller on the day of the click; the machine's gates are answered by receipts and the clock.
Rule 3: the key is ``{renewal}:{version}``, so a question asked again is a new gate, whatever its payload.
Rule 4: what several people must approve is one question over several gates: an answer to an earlier one is an answer to the present one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from contractops.graphs.lifecycle import Event
from contractops.operator.store.tables import Gate

MACHINE = "machine"


@dataclass(frozen=True)
class Verdict:
    """What a decision came to. ``won`` is False when it changed nothing; ``gate`` is the row as it stands now."""

    won: bool
    gate: Gate | None
    why: str = ""  # decided | replaced | expired | unknown


def key_of(renewal_id: str, version: int) -> str:
    """Key of the gate that a move to ``version`` opens."""
    return f"{renewal_id}:{version}"


def decide(
    session: Session,
    key: str,
    payload_hash: str,
    decision: str,
    *,
    by: str,
    at: datetime,
    answer: dict[str, Any] | None = None,
) -> Verdict:
    """Decide gate ``key`` if it is open, unexpired at ``at`` (business time) and still asks about ``payload_hash``."""
    table = Gate.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    result = session.connection().execute(
        update(table)
        .where(
            table.c.key == key,
            table.c.payload_hash == payload_hash,
            table.c.decision.is_(None),
            (table.c.expires_at.is_(None)) | (table.c.expires_at > at),
        )
        .values(decision=decision, decided_by=by, decided_at=at, answer=answer or {})
    )
    gate = session.get(Gate, key, populate_existing=True)
    if result.rowcount == 1:
        return Verdict(won=True, gate=gate)
    if gate is None:
        return Verdict(won=False, gate=None, why="unknown")
    if gate.decision is not None:
        return Verdict(won=False, gate=gate, why="decided")
    if gate.payload_hash != payload_hash:
        return Verdict(won=False, gate=gate, why="replaced")
    return Verdict(won=False, gate=gate, why="expired")


def asked_now(session: Session, gate: Gate) -> Gate:
    """The gate at which the question of ``gate`` stands now.

    An approval that was given, or passed on, is asked again over the same payload by the next gate, until nobody is missing. What was
    declined, taken back or replaced is not the same question any more.
    """
    while goes_on(gate):
        following = session.get(Gate, key_of(gate.renewal_id, gate.version + 1), populate_existing=True)
        if following is None or (following.kind, following.payload_hash) != (gate.kind, gate.payload_hash):
            break
        gate = following
    return gate


def goes_on(gate: Gate) -> bool:
    """Whether the answer to an approver's gate may leave the question open for others: one of a group approved, or it was passed on."""
    return gate.kind == "approver" and gate.decision in {Event.APPROVE, Event.REASSIGN}


def proposal_key(renewal_id: str, card_key: str) -> str:
    """Key of the gate beside the stage that holds whether the proposal on a card was rejected."""
    return f"{renewal_id}:proposal:{card_key}"


def decided(session: Session, renewal_id: str, version: int) -> Gate | None:
    """The decided gate of this visit, or None while it waits."""
    gate = session.get(Gate, key_of(renewal_id, version), populate_existing=True)
    return gate if gate is not None and gate.decision is not None else None


def open_of(session: Session, renewal_id: str, version: int) -> Gate | None:
    """The undecided gate of this visit, or None."""
    gate = session.get(Gate, key_of(renewal_id, version), populate_existing=True)
    return gate if gate is not None and gate.decision is None else None
