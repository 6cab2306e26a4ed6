"""The scene of one card: the card, its renewal, the facts, and what the process tables say about them at this moment.

Rule 1: everything is read from stored rows; which event led here is never asked.
Rule 2: a question is open when it is the gate of the renewal's present visit and undecided; only then does a card get buttons that decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import cases, people, wording
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.store import gates
from contractops.operator.store.tables import Approval, Audit, Card, Draft, Effect, Envelope, Gate, Renewal
from contractops.tools.people import Person
from contractops.tools.terms import Terms

US = "Renewal Desk"
"""Who did what no person did."""


@dataclass(frozen=True)
class Scene:
    """One card about one renewal at ``now`` (business time)."""

    session: Session
    card: Card
    row: Renewal
    now: datetime
    rules: cases.Rules

    @cached_property
    def facts(self) -> cases.Overview:
        """The facts of the renewal now."""
        return cases.overview(self.session, self.row, self.now, self.rules)

    @property
    def stage(self) -> Stage:
        """Where the renewal stands."""
        return Stage(self.row.stage)

    @property
    def zone(self) -> str:
        """IANA zone of the contract."""
        return self.row.zone or self.facts.zone

    @cached_property
    def base(self) -> dict[str, Any]:
        """What every card of a contract carries."""
        return {"account": self.facts.account_name, "contract_id": self.row.contract_id, "zone": self.zone}

    @cached_property
    def gate(self) -> Gate | None:
        """The open question of this visit, or None."""
        return gates.open_of(self.session, self.row.id, self.row.version)

    @cached_property
    def asked(self) -> Gate | None:
        """The question that this card was about, open or decided; None for a card that asks nothing."""
        return self.session.get(Gate, self.card.gate_key, populate_existing=True) if self.card.gate_key else None

    def is_open(self, *kinds: str) -> bool:
        """Whether this card's question is open, and of one of ``kinds``."""
        return self.gate is not None and self.gate.key == self.card.gate_key and self.gate.kind in kinds

    # People

    @cached_property
    def staff(self) -> tuple[Person, ...]:
        """The staff list as it stands."""
        return people.everybody(self.session)

    def name(self, person_id: str | None) -> str:
        """A person by name; the operator itself for the machine, and for nobody."""
        return next((one.name for one in self.staff if one.person_id == person_id), US)

    def names(self, person_ids: list[str]) -> str:
        """``Dana Whitfield or Jo Lang``; contract-ops when nobody is named."""
        return wording.listing([self.name(one) for one in person_ids], "or") or "contract-ops"

    def act_of(self, gate: Gate) -> Act:
        """Who decided ``gate``, and when."""
        return Act(by=self.name(gate.decided_by), at=gate.decided_at or gate.opened_at)

    # What happened

    def visit(self, version: int) -> Gate | None:
        """The gate of another visit."""
        return self.session.get(Gate, gates.key_of(self.row.id, version), populate_existing=True)

    def last_decision(self, *events: Event) -> Gate | None:
        """The latest gate of the renewal that was decided with one of ``events``."""
        query = select(Gate).where(Gate.renewal_id == self.row.id, col(Gate.decision).in_([str(each) for each in events]))
        return self.session.exec(query.order_by(col(Gate.version).desc())).first()

    def moved_to(self, version: int) -> Audit | None:
        """The line of the chain that tells of the move to ``version``."""
        return self.session.exec(select(Audit).where(Audit.renewal_id == self.row.id, Audit.version == version, col(Audit.moved))).first()

    def noted(self, event: str) -> list[Audit]:
        """Lines of the chain that moved no stage, latest first."""
        query = select(Audit).where(Audit.renewal_id == self.row.id, Audit.event == event)
        return list(self.session.exec(query.order_by(col(Audit.number).desc())))

    def draft(self, number: int) -> Draft | None:
        """A stored draft."""
        return self.session.get(Draft, (self.row.id, number))

    @cached_property
    def current(self) -> Draft | None:
        """The current draft."""
        return self.draft(self.row.draft_number)

    def approvals(self, number: int, turn: int) -> list[Approval]:
        """Approvals of draft ``number`` in the round ``turn``, in order."""
        query = select(Approval).where(Approval.renewal_id == self.row.id, Approval.draft_number == number, Approval.round == turn)
        return list(self.session.exec(query.order_by(col(Approval.step))))

    def effect(self, kind: str, version: int | None = None) -> Effect | None:
        """The latest effect of ``kind``, or the one that belongs to the move to ``version``."""
        query = select(Effect).where(Effect.renewal_id == self.row.id, Effect.kind == kind)
        if version is not None:
            query = query.where(Effect.version == version)
        return self.session.exec(query.order_by(col(Effect.version).desc(), col(Effect.created_at).desc())).first()

    def envelope(self, effect: Effect | None) -> Envelope | None:
        """The envelope that ``effect`` sent; None before its receipt is stored."""
        if effect is None or effect.status != "done" or effect.remote_id is None:
            return None
        return self.session.get(Envelope, effect.remote_id, populate_existing=True)

    # Buttons

    def button(
        self, action: Action, *, about: str = "", shown: str = "", draft: int | None = None, more: dict[str, Any] | None = None
    ) -> Button:
        """A button of this card over the open question. ``about`` and ``more`` go with the token, ``shown`` into the label."""
        args: dict[str, Any] = {**(more or {}), "about": about, "renewal": self.row.id}
        if draft is not None:
            args["draft"] = draft
        token = remember(self.session, self.rules.token_secret, self.card.key, action, self.gate, args)
        return Button(action=action, token=token, about=shown)

    def row_of(self, *actions: Action, draft: int | None = None) -> tuple[Button, ...]:
        """Several plain buttons."""
        return tuple(self.button(action, draft=draft) for action in actions)


def terms_of(draft: Draft) -> Terms:
    """The terms of a stored draft."""
    return Terms.model_validate(draft.terms)
