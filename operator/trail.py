"""The newest rows of the audit chain, for whoever stands beside a local world.

Rule 1: it only reads; names of people are those of today.
Rule 2: what happened is told in words of a reader; a row says no more than what its move did: that something is to be sent is not that it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.store.records import Person
from contractops.operator.store.tables import Audit, Renewal

LIMIT: Final = 200

WHAT: Final[Mapping[Event, str]] = MappingProxyType(
    {
        Event.FLAG: "alert due, owner asked",
        Event.PREPARE: "terms asked for",
        Event.SNOOZE: "alert snoozed",
        Event.WAKE: "snooze ended",
        Event.REARM: "dates changed, alerts start anew",
        Event.STOP: "decided: not renewed",
        Event.LET_RENEW: "decided: renews as it is",
        Event.LAPSE: "window closed without a decision",
        Event.DRAFTED: "draft ready",
        Event.STUCK: "stopped for a person",
        Event.EDIT: "terms changed",
        Event.APPROVE: "last approval given",
        Event.ESCALATE: "approved, one more approval needed",
        Event.DECLINE: "approval declined",
        Event.TAKE_BACK: "approval taken back",
        Event.REASSIGN: "no answer in time, asked the next approver",
        Event.SEND: "to be sent for signature",
        Event.STALE: "facts changed, new draft needed",
        Event.COMPLETE: "signed by everybody",
        Event.REFUSE: "signer declined",
        Event.VOID: "envelope voided",
        Event.EXPIRE: "envelope expired",
        Event.MATCH: "signed document matches",
        Event.DIFFER: "signed document differs",
        Event.ACCEPT: "difference accepted",
        Event.DISPUTE: "difference disputed",
        Event.WRITTEN: "CRM written and read back",
        Event.OFFER: "new terms offered after the window",
        Event.SERVED: "notice served, evidence recorded",
        Event.WITHDRAW: "decision not to renew withdrawn",
    }
)
"""What a row of the chain says, by the event that moved the renewal."""


def newest(session: Session) -> list[dict[str, str]]:
    """The last ``LIMIT`` rows, newest first: {"at" (ISO), "contract", "event", "stage", "by"} in words."""
    rows = session.exec(
        select(Audit, Renewal.contract_id)
        .join(Renewal, col(Renewal.id) == col(Audit.renewal_id))
        .order_by(col(Audit.id).desc())
        .limit(LIMIT)
    ).all()
    names = dict(session.exec(select(Person.id, Person.name).where(col(Person.superseded_at).is_(None))).all())
    return [
        {
            "at": row.at.isoformat(),
            "contract": contract,
            "event": WHAT[Event(row.event)],
            "stage": _stage(row.new_stage) if row.old_stage == row.new_stage else f"{_stage(row.old_stage)} to {_stage(row.new_stage)}",
            "by": names.get(row.by, "Renewal Desk"),
        }
        for row, contract in rows
    ]


def _stage(name: str) -> str:
    return Stage(name).value.replace("_", " ").replace("crm", "CRM")
