"""The signer whom an envelope of order forms waits for: who it is, since when, and when the owner is asked about his silence.

Rule 1: only what the signing service says counts; where its history cannot tell how often he looked, the first look is all that is known.
Rule 2: a question is remembered by its card: once for each envelope, address and kind of silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import cases
from contractops.operator.store.tables import Card, Effect, Envelope, Renewal
from contractops.tools.ports import EnvelopeState, RecipientState
from contractops.tools.signature import NOTICE, SUPPLIER, EnvelopePlan
from contractops.tools.silence import Silence, SilenceStep, silence_step

OPENED, CAME_BACK = "delivered", "autoresponded"
_HIS_TURN = frozenset({"sent", OPENED, CAME_BACK})


@dataclass(frozen=True)
class Waiting:
    """The signer whose turn it is. ``is_ours``: he signs for us. ``opened_at`` None: he has not looked yet."""

    envelope: Envelope
    signer: RecipientState
    is_ours: bool

    @property
    def opened_at(self) -> datetime | None:
        """When he first looked, as the signing service knows it."""
        return self.signer.at if self.signer.status == OPENED else None

    @property
    def looks(self) -> tuple[datetime, ...]:
        """When he looked, oldest first; empty while he has not."""
        first = self.opened_at
        return () if first is None else self.signer.looks or (first,)

    @property
    def came_back(self) -> bool:
        """Whether the invitation could not be delivered."""
        return self.signer.status == CAME_BACK

    def key(self, kind: str) -> str:
        """Beginning of the keys of the cards of ``kind`` about him."""
        return f"{self.envelope.renewal_id}/{kind}/{self.envelope.envelope_id}/{self.signer.email.casefold()}"


def envelope_out(session: Session, renewal_id: str) -> Envelope | None:
    """The open envelope of the renewal's terms; one of a notice does not count."""
    query = select(Envelope).where(Envelope.renewal_id == renewal_id, Envelope.open, Envelope.draft_number > NOTICE)
    return session.exec(query.order_by(col(Envelope.sent_at).desc())).first()


def waiting_for(session: Session, row: Renewal) -> Waiting | None:
    """Whose turn it is in the open envelope of ``row``; None when nothing is out for signature."""
    if row.stage != Stage.OUT_FOR_SIGNATURE:
        return None
    envelope = envelope_out(session, row.id)
    if envelope is None:
        return None
    found = EnvelopeState.model_validate(envelope.state).recipients
    signer = next((one for one in found if one.status in _HIS_TURN), None)
    return Waiting(envelope, signer, signer.email.casefold() in _ours(session, envelope)) if signer else None


def next_question(session: Session, row: Renewal, rules: cases.Rules) -> tuple[Waiting, SilenceStep] | None:
    """The next question about the signer's silence, due or to come; None when there is none of its own."""
    waiting = waiting_for(session, row)
    if waiting is None or waiting.came_back:
        return None
    began = max(waiting.signer.at or waiting.envelope.sent_at, waiting.envelope.sent_at)
    owner = cases.working_time(session, row.owner_id, rules)
    step = silence_step(began, waiting.opened_at, _asked(session, waiting), row.safe_on, owner)
    return (waiting, step) if step else None


def to_be_told(session: Session, row: Renewal) -> Waiting | None:
    """The signer whose invitation came back, as long as nobody was told."""
    waiting = waiting_for(session, row)
    return waiting if waiting and waiting.came_back and session.get(Card, waiting.key("bounced")) is None else None


def customers_signer(session: Session, envelope: Envelope) -> RecipientState | None:
    """Who signs ``envelope`` for the customer, as it stands at the vendor: the planned one, or who replaced him."""
    ours = _ours(session, envelope)
    found = EnvelopeState.model_validate(envelope.state).recipients
    return next((one for one in found if one.email.casefold() not in ours), None)


def _asked(session: Session, waiting: Waiting) -> frozenset[Silence]:
    """The questions that were asked about this signer of this envelope."""
    return frozenset(one for one in Silence if session.get(Card, f"{waiting.key('silent')}/{one}") is not None)


def _ours(session: Session, envelope: Envelope) -> frozenset[str]:
    """Addresses of those who sign for us."""
    query = select(Effect).where(Effect.kind == "docusign.send", Effect.remote_id == envelope.envelope_id)
    effect = session.exec(query).first()
    plan = EnvelopePlan.model_validate(effect.payload["plan"]) if effect else None
    return frozenset(one.email.casefold() for one in plan.signers if one.role == SUPPLIER) if plan else frozenset()
