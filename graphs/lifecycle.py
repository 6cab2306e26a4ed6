"""The lifecycle of a renewal, as one literal table.

Rule 1: ``TRANSITIONS`` is the machine. An event that does not stand under a stage raises and changes nothing.
Rule 2: the names of stages are stored; renaming one is a migration.
Rule 3: a stage in ``ACTS`` is left by code alone; every other stage waits for the answer to one gate.
"""

from __future__ import annotations

from enum import StrEnum

from contractops.tools.errors import InvariantError


class Stage(StrEnum):
    """Where a renewal stands."""

    WATCHING = "watching"
    FLAGGED = "flagged"
    SNOOZED = "snoozed"
    PREPARING = "preparing"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    OUT_FOR_SIGNATURE = "out_for_signature"
    SIGNED = "signed"
    UPDATING_CRM = "updating_crm"
    RENEWED = "renewed"
    NOT_RENEWING = "not_renewing"
    LET_RENEW = "let_renew"
    MISSED = "missed"
    NEEDS_PERSON = "needs_person"


class Event(StrEnum):
    """What happened to it."""

    FLAG = "flag"  # a lead time was reached
    PREPARE = "prepare"  # somebody asked for terms
    SNOOZE = "snooze"
    WAKE = "wake"
    REARM = "rearm"  # a date moved: the alerts start anew
    STOP = "stop"  # decided: we end it, or the customer has given notice
    LET_RENEW = "let_renew"  # decided: it renews as it is
    LAPSE = "lapse"  # the safe date passed without a decision
    DRAFTED = "drafted"
    STUCK = "stuck"  # code cannot go on: a person must look
    EDIT = "edit"
    APPROVE = "approve"  # the last approval that was needed
    ESCALATE = "escalate"  # an approval, and one more is needed
    DECLINE = "decline"  # an approver declined
    TAKE_BACK = "take_back"
    REASSIGN = "reassign"  # an approver did not answer in time
    SEND = "send"
    STALE = "stale"  # what was approved is no longer what would be sent
    COMPLETE = "complete"  # every signer has signed
    REFUSE = "refuse"  # a signer declined
    VOID = "void"
    EXPIRE = "expire"  # the envelope ran out
    MATCH = "match"  # the signed document is the approved one
    DIFFER = "differ"
    ACCEPT = "accept"  # a person accepted a signed difference
    DISPUTE = "dispute"
    WRITTEN = "written"
    OFFER = "offer"  # new terms although the window has closed
    SERVED = "served"  # evidence of the notice was recorded
    WITHDRAW = "withdraw"  # the decision not to renew was taken back


S, E = Stage, Event

TRANSITIONS: dict[Stage, dict[Event, Stage]] = {
    S.WATCHING: {E.FLAG: S.FLAGGED, E.LAPSE: S.MISSED, E.REARM: S.WATCHING},
    S.FLAGGED: {
        E.PREPARE: S.PREPARING,
        E.SNOOZE: S.SNOOZED,
        E.STOP: S.NOT_RENEWING,
        E.LET_RENEW: S.LET_RENEW,
        E.LAPSE: S.MISSED,
        E.REARM: S.WATCHING,
    },
    S.SNOOZED: {
        E.WAKE: S.FLAGGED,
        E.PREPARE: S.PREPARING,
        E.STOP: S.NOT_RENEWING,
        E.LET_RENEW: S.LET_RENEW,
        E.LAPSE: S.MISSED,
        E.REARM: S.WATCHING,
    },
    S.PREPARING: {E.DRAFTED: S.IN_REVIEW, E.STUCK: S.NEEDS_PERSON},
    S.IN_REVIEW: {
        E.EDIT: S.PREPARING,
        E.APPROVE: S.APPROVED,
        E.ESCALATE: S.IN_REVIEW,
        E.DECLINE: S.IN_REVIEW,
        E.TAKE_BACK: S.IN_REVIEW,
        E.REASSIGN: S.IN_REVIEW,
        E.STALE: S.PREPARING,
        E.STOP: S.NOT_RENEWING,
        E.LET_RENEW: S.LET_RENEW,
        E.LAPSE: S.MISSED,
    },
    S.APPROVED: {E.SEND: S.OUT_FOR_SIGNATURE, E.STALE: S.PREPARING},
    S.OUT_FOR_SIGNATURE: {
        E.COMPLETE: S.SIGNED,
        E.REFUSE: S.IN_REVIEW,
        E.VOID: S.IN_REVIEW,
        E.EXPIRE: S.IN_REVIEW,
        E.STUCK: S.NEEDS_PERSON,
    },
    S.SIGNED: {E.MATCH: S.UPDATING_CRM, E.DIFFER: S.NEEDS_PERSON, E.STUCK: S.NEEDS_PERSON},
    S.UPDATING_CRM: {E.WRITTEN: S.RENEWED, E.STUCK: S.NEEDS_PERSON},
    S.NEEDS_PERSON: {
        E.PREPARE: S.PREPARING,
        E.ACCEPT: S.UPDATING_CRM,
        E.DISPUTE: S.IN_REVIEW,
        E.STOP: S.NOT_RENEWING,
        E.LET_RENEW: S.LET_RENEW,
        E.LAPSE: S.MISSED,
    },
    S.NOT_RENEWING: {E.SERVED: S.NOT_RENEWING, E.WITHDRAW: S.FLAGGED, E.LAPSE: S.MISSED},
    S.MISSED: {E.OFFER: S.PREPARING},
    S.LET_RENEW: {},
    S.RENEWED: {},
}

ACTS = frozenset({S.PREPARING, S.APPROVED})
"""Stages that code leaves by itself."""

FINAL = frozenset({S.RENEWED, S.LET_RENEW})
"""Stages that are never left."""

CLOSES_TERM = frozenset({S.RENEWED, S.LET_RENEW, S.MISSED})
"""Stages whose entry opens the next term."""


def step(stage: Stage, event: Event) -> Stage:
    """The stage after ``event`` in ``stage``. Raises ``InvariantError`` CO-LIF-001 for a pair that does not stand in the table."""
    try:
        return TRANSITIONS[stage][event]
    except KeyError:
        message = f"{event!r} cannot happen in {stage!r}; the renewal was not changed"
        raise InvariantError("CO-LIF-001", message) from None


def mermaid() -> str:
    """The table as a Mermaid state diagram, one line a stage pair; the README carries exactly this text."""
    lines = ["stateDiagram-v2", "    [*] --> watching"]
    for stage, events in TRANSITIONS.items():
        targets: dict[Stage, list[Event]] = {}
        for event, target in events.items():
            targets.setdefault(target, []).append(event)
        lines += [f"    {stage} --> {target}: {', '.join(names)}" for target, names in targets.items()]
        if not events:
            lines.append(f"    {stage} --> [*]")
    return "\n".join(lines)
