"""Buttons with opaque tokens: what Slack sends back says nothing, what it stands for is a row here.

Rule 1: the token is a keyed hash of the card, the action and the question it answers: the same button gives the same token, so a card
that is rewritten twice is the same twice, and nobody outside can make one.
Rule 2: a button of an earlier question keeps its row: a late click is found, and answered with what is true now.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sqlmodel import Session

from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Button, Gate

PREFIX = "g1."

ANSWERS = frozenset(
    {
        Action.RENEWAL_PREPARE,
        Action.TALK_PREPARE,
        Action.RENEWAL_WAKE,
        Action.RENEWAL_SNOOZE,
        Action.RENEWAL_STOP,
        Action.DRAFT_APPROVE,
        Action.DRAFT_EDIT,
        Action.DRAFT_TAKE_BACK,
        Action.OFFER_USE,
        Action.FINDING_LEAVE_OUT,
        Action.SECOND_APPROVE,
        Action.SECOND_DECLINE,
        Action.MISSED_OFFER,
        Action.MISSED_PREPARE,
        Action.NOTICE_EVIDENCE,
        Action.DIFFERENCE_ACCEPT,
        Action.DIFFERENCE_DISPUTE,
    }
)
"""Buttons that answer the open question, at once or through their form; every other button is bound to its card alone."""
_DIGITS = 32


def token_of(secret: bytes, card_key: str, action: Action, about: str, gate: Gate | None) -> str:
    """``g1.`` and 32 hex digits of HMAC-SHA256 over card, action, object, gate and the payload that the gate asks about."""
    parts = (card_key, action.value, about, gate.key if gate else "", gate.payload_hash if gate else "")
    return PREFIX + hmac.new(secret, "|".join(parts).encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def remember(session: Session, secret: bytes, card_key: str, action: Action, gate: Gate | None, args: dict[str, Any]) -> str:
    """Store what the button stands for (``args["about"]`` names its object) and return its token. ``gate``: the open question."""
    gate = gate if action in ANSWERS else None
    token = token_of(secret, card_key, action, str(args.get("about", "")), gate)
    session.merge(
        Button(
            token=token,
            card_key=card_key,
            action=action.value,
            gate_key=gate.key if gate else None,
            payload_hash=gate.payload_hash if gate else None,
            args=args,
        )
    )
    return token
