"""The one function that moves a renewal, and the small writes that do not.

Rule 1: ``move`` is the only writer of ``renewal.stage``. One transaction: compare-and-set on (id, stage, version), the new gate,
the effects, the audit row.
Rule 2: a lost compare-and-set is a ``Conflict``: read again, route again.
Rule 3: entering a stage that closes the term opens the next term in the same transaction (``opens``).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from contractops.graphs.lifecycle import FINAL, TRANSITIONS, Stage, step
from contractops.graphs.steps import NewGate, Position, Step
from contractops.operator.store import audit, gates, ledger
from contractops.operator.store.tables import Gate, Renewal
from contractops.tools.errors import Conflict

MACHINE = gates.MACHINE


def move(session: Session, position: Position, planned: Step, *, now: datetime, wall: datetime) -> Stage:
    """Move the renewal from ``position`` by ``planned.event``; returns the new stage.

    Raises ``Conflict`` CO-REN-001 when it is no longer there, ``InvariantError`` for an event that the stage does not know.
    ``now`` is business time, ``wall`` wall time.
    """
    target = step(position.stage, planned.event)
    version = position.version + 1
    table = Renewal.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    result = session.connection().execute(
        update(table)
        .where(table.c.id == position.renewal_id, table.c.stage == position.stage, table.c.version == position.version)
        .values(stage=target, version=version, **planned.values)
    )
    if result.rowcount != 1:
        raise Conflict("CO-REN-001", f"{position.renewal_id} is no longer in {position.stage} at version {position.version}")
    if target not in FINAL and TRANSITIONS[target] and planned.gate is not None:
        _open_gate(session, position.renewal_id, version, planned.gate, now)
    for effect in planned.effects:
        ledger.intend(session, effect, renewal_id=position.renewal_id, version=version, at=wall)
    audit.append(
        session,
        position.renewal_id,
        version=version,
        event=planned.event,
        old=position.stage,
        new=target,
        by=planned.by,
        at=now,
        data=planned.data,
        moved=True,
    )
    session.flush()
    return target


def _open_gate(session: Session, renewal_id: str, version: int, gate: NewGate, now: datetime) -> None:
    session.add(
        Gate(
            key=gates.key_of(renewal_id, version),
            renewal_id=renewal_id,
            version=version,
            kind=gate.kind,
            payload_hash=gate.payload_hash,
            allowed=list(gate.allowed),
            draft_number=gate.draft_number,
            opened_at=now,
            expires_at=gate.expires_at,
        )
    )
