"""Rows written by hand: the sample portfolio imported once, and a renewal of Northwind Logistics set into any state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, SQLModel

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.prepare import payload_hash
from contractops.operator import cases, people
from contractops.operator.importing.folder import import_folder
from contractops.operator.settings import load
from contractops.operator.store import audit
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Approval, Card, Draft, Effect, Envelope, Gate, Renewal
from contractops.tools.signature import plan_envelope
from contractops.tools.terms import Terms, TermsChoices, assemble, default_choices, terms_hash

SAMPLE = Path(__file__).parents[2] / "sample" / "portfolio"
CHICAGO = ZoneInfo("America/Chicago")
SECRET = b"a secret of the tests"


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    """An instant told in Chicago, kept in UTC as the product does."""
    return datetime(year, month, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


NOW = at(12, 7, 11)
DUE = at(2, 5, 17, year=2027)
RENEWAL = "ENT-3391#1"


def portfolio(url: str) -> Database:
    """A database with the sample portfolio, known since Mon 7 Dec 2026, 09:00."""
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    import_folder(SAMPLE, database.engine, at(12, 7, 9))
    return database


@dataclass
class World:
    """One session over one renewal, and what the rows need to stay consistent."""

    session: Session
    rules: cases.Rules = field(default_factory=lambda: cases.rules_of(load().rules, SECRET))
    numbers: Any = field(default_factory=lambda: count(1))

    def renewal(self, stage: Stage = Stage.FLAGGED, version: int = 1, **values: Any) -> Renewal:
        """The renewal of ENT-3391, whose safe date is Fri 5 Feb 2027."""
        row = Renewal(
            id=RENEWAL,
            unit_id="ENT-3391",
            sequence=1,
            contract_id="ENT-3391",
            account_id="northwind",
            owner_id="maria.ortiz",
            stage=stage,
            version=version,
            zone="America/Chicago",
            window_status="known",
            term_start=date(2026, 4, 8),
            term_end=date(2027, 4, 7),
            renews_on=date(2027, 4, 8),
            safe_on=date(2027, 2, 5),
            decide_by=DUE,
            **values,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def move(self, row: Renewal, stage: Stage, **values: Any) -> Renewal:
        """The renewal at its next visit."""
        row.stage, row.version = stage, row.version + 1
        for name, value in values.items():
            setattr(row, name, value)
        self.session.add(row)
        self.session.flush()
        return row

    def gate(self, row: Renewal, kind: str = "owner", allowed: tuple[str, ...] = ("maria.ortiz",), draft: Draft | None = None) -> Gate:
        """The open question of the present visit."""
        gate = Gate(
            key=f"{row.id}:{row.version}",
            renewal_id=row.id,
            version=row.version,
            kind=kind,
            payload_hash=draft.payload_hash if draft else "",
            allowed=list(allowed),
            draft_number=draft.number if draft else 0,
            opened_at=NOW,
        )
        self.session.add(gate)
        self.session.flush()
        return gate

    def decide(self, gate: Gate, event: Event | str, by: str = "maria.ortiz", when: datetime = NOW, **answer: Any) -> Gate:
        """The same question, answered."""
        gate.decision, gate.decided_by, gate.decided_at, gate.answer = str(event), by, when, answer
        self.session.add(gate)
        self.session.flush()
        return gate

    def card(self, key: str, kind: str, gate: Gate | None = None, person: str = "maria.ortiz", **args: Any) -> Card:
        """A card that was asked for."""
        card = Card(
            key=f"{RENEWAL}/{key}",
            renewal_id=RENEWAL,
            kind=kind,
            person_id=person,
            gate_key=gate.key if gate else None,
            args=args,
            created_at=NOW,
        )
        self.session.add(card)
        self.session.flush()
        return card

    def draft(self, row: Renewal, number: int = 1, by: str = "maria.ortiz", when: datetime = NOW, **choices: Any) -> Draft:
        """A stored draft, made from the facts by the tools themselves."""
        source = cases.overview(self.session, row, NOW, self.rules).source
        chosen = TermsChoices.model_validate({**default_choices(source).model_dump(), **choices})
        terms = assemble(source, chosen, draft_number=number).terms
        assert terms is not None
        facts_hash = terms_hash(terms)
        document = f"order form {number}".encode()
        stored = Draft(
            renewal_id=row.id,
            number=number,
            choices=chosen.model_dump(mode="json"),
            terms=terms.model_dump(mode="json"),
            terms_hash=facts_hash,
            document_sha256="7f3a91c2" + f"{number:056d}",
            payload_hash=payload_hash(facts_hash, document),
            note=chosen.note,
            created_by=by,
            created_at=when,
        )
        row.draft_number = max(row.draft_number, number)
        self.session.add_all([stored, row])
        self.session.flush()
        return stored

    def approved(self, draft: Draft, person: str, step: int, when: datetime, turn: int = 0) -> Approval:
        """A recorded approval."""
        row = Approval(
            renewal_id=draft.renewal_id,
            draft_number=draft.number,
            round=turn,
            step=step,
            role="account_owner" if step == 1 else "vp_sales",
            person_id=person,
            payload_hash=draft.payload_hash,
            at=when,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def sending(self, row: Renewal, draft: Draft, status: str = "todo", **values: Any) -> Effect:
        """The effect that sends ``draft``; with ``status`` done its envelope is out since NOW."""
        plan = plan_envelope(
            Terms.model_validate(draft.terms),
            renewal_id=row.id,
            document_sha256=draft.document_sha256,
            people=people.everybody(self.session),
            matrix=self.rules.matrix,
            now=NOW,
            signing_days=self.rules.signing_days,
        )
        effect = self.effect(row, "docusign.send", {"plan": plan.model_dump(mode="json")}, status, **values)
        if status == "done":
            effect.remote_id = "env-1"
            state = envelope_state("sent", [(one.name, one.email, "sent", NOW, None) for one in plan.signers])
            self.session.add(
                Envelope(
                    envelope_id="env-1",
                    renewal_id=row.id,
                    draft_number=draft.number,
                    status="sent",
                    state=state,
                    expires_at=plan.expires_at,
                    sent_at=NOW,
                )
            )
            self.session.flush()
        return effect

    def effect(self, row: Renewal, kind: str, payload: dict[str, Any], status: str = "todo", **values: Any) -> Effect:
        """Something to happen outside."""
        effect = Effect(
            key=f"{kind}:{row.id}:{row.version}:{next(self.numbers)}",
            kind=kind,
            renewal_id=row.id,
            version=row.version,
            payload=payload,
            payload_hash="",
            status=status,
            created_at=NOW,
            **values,
        )
        self.session.add(effect)
        self.session.flush()
        return effect

    def envelope(self, status: str, recipients: list[tuple[str, str, str, datetime, str | None]], *, open_: bool = True) -> Envelope:
        """The envelope as the vendor says it is now."""
        row = self.session.get_one(Envelope, "env-1")
        row.status, row.state, row.open = status, envelope_state(status, recipients), open_
        self.session.add(row)
        self.session.flush()
        return row

    def chain(self, row: Renewal, event: str, by: str, data: dict[str, Any], *, moved: bool = True, when: datetime = NOW) -> None:
        """A line of the chain."""
        audit.append(
            self.session, row.id, version=row.version, event=event, old=row.stage, new=row.stage, by=by, at=when, data=data, moved=moved
        )
        self.session.flush()


def envelope_state(status: str, recipients: list[tuple[str, str, str, datetime, str | None]]) -> dict[str, Any]:
    """The vendor's words; recipients are (name, e-mail, status, moment, reason)."""
    return {
        "envelope_id": "env-1",
        "status": status,
        "changed_at": max(one[3] for one in recipients).isoformat(),
        "recipients": [
            {"name": one[0], "email": one[1], "status": one[2], "at": one[3].isoformat(), "reason": one[4]} for one in recipients
        ],
    }
