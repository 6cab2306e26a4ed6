"""What a node of the renewal graph decides: an event and everything that is committed with it.

Rule 1: a step is a value; the workbench commits it in one transaction or not at all.
Rule 2: a decision is what stands in the gate row, never what a resume carried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from contractops.graphs.lifecycle import Event, Stage
from contractops.tools.crm import CrmRecord, SignedFacts
from contractops.tools.errors import InvariantError
from contractops.tools.people import Person
from contractops.tools.signature import AuthorityMatrix, SignerPlan
from contractops.tools.terms import Terms, TermsChoices, TermsSource


@dataclass(frozen=True)
class Decision:
    """The answer in a gate row. ``by`` is a person id or ``machine``; ``answer`` holds the typed extras of the form."""

    event: Event
    by: str
    at: datetime
    answer: dict[str, Any]


@dataclass(frozen=True)
class NewGate:
    """The question that the new stage asks. ``expires_at`` is business time; no ``allowed`` person: the machine answers."""

    kind: str
    payload_hash: str = ""
    allowed: tuple[str, ...] = ()
    draft_number: int = 0
    expires_at: datetime | None = None

    def with_payload(self, payload_hash: str, draft_number: int) -> NewGate:
        """The same question over exactly one draft."""
        return replace(self, payload_hash=payload_hash, draft_number=draft_number)


@dataclass(frozen=True)
class NewEffect:
    """Something to happen outside. ``payload`` is JSON and everything the performer needs, by id."""

    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class NewCard:
    """A Slack message to come. ``to`` is a person id or a channel role (``#renewals``); ``thread`` the key of a root card.

    ``gated``: its buttons answer the gate that this step opens.
    """

    key: str
    kind: str
    to: str
    thread: str | None = None
    broadcast: bool = False
    gated: bool = False
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewDraft:
    """A numbered draft to be stored: the owner's choices, the terms and the document's bytes."""

    number: int
    choices: dict[str, Any]
    terms: dict[str, Any]
    terms_hash: str
    document: bytes
    created_by: str
    note: str = ""


@dataclass(frozen=True)
class NewApproval:
    """A recorded human decision over the draft whose gate carried ``payload_hash``."""

    draft_number: int
    step: int
    role: str
    person_id: str
    payload_hash: str
    round: int = 0  # a draft that came back from signature or was taken back starts a new round of approvals
    comment: str = ""


@dataclass(frozen=True)
class Step:
    """One move: what happened, and what goes with it. ``values`` are columns of the renewal row; ``data`` goes to the audit row."""

    event: Event
    by: str
    gate: NewGate | None = None
    values: dict[str, Any] = field(default_factory=dict)
    effects: tuple[NewEffect, ...] = ()
    cards: tuple[NewCard, ...] = ()
    draft: NewDraft | None = None
    approval: NewApproval | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredDraft:
    """The current draft as stored. ``payload_hash`` is what its gates bind to: the terms and the document's bytes."""

    number: int
    choices: TermsChoices
    terms: Terms
    terms_hash: str
    document_sha256: str
    payload_hash: str
    created_by: str


@dataclass(frozen=True)
class Case:
    """Every fact that planning a step may need, read in one view of the database. ``now`` is business time."""

    renewal_id: str
    contract_id: str
    now: datetime
    owner: Person | None
    people: tuple[Person, ...]
    matrix: AuthorityMatrix
    watchers: tuple[str, ...]  # contract-ops: who is told beside the owner
    source: TermsSource
    asked_by: str  # who asked for the terms that are being prepared
    choices: TermsChoices | None  # what was chosen for the next draft, None: the usual choices
    draft_number: int
    draft: StoredDraft | None
    approvals: tuple[NewApproval, ...]  # of the current draft in the current round
    round: int
    gate_kind: str
    gate_allowed: tuple[str, ...]  # who was asked in this visit
    snoozes: int
    envelope_id: str | None
    signing_days: int  # the envelope closes this many days before the deadline
    crm_seen: CrmRecord | None  # the CRM record as it was when the draft was made
    signed: SignedFacts | None
    stand_in: Person | None = None  # who answers for the owner while he is away

    def require_draft(self) -> StoredDraft:
        """The current draft. Raises ``InvariantError`` CO-GRA-005 when there is none: only stages with a draft ask."""
        if self.draft is None:
            raise InvariantError("CO-GRA-005", f"{self.renewal_id} has no draft")
        return self.draft


@dataclass(frozen=True)
class Position:
    """Where a renewal stands: its stage, its version and the decided answer to the gate of this visit, if any."""

    renewal_id: str
    stage: Stage
    version: int
    decision: Decision | None


class Workbench(Protocol):
    """What the renewal graph needs of the outside: read a position, read a case, commit a step."""

    def position(self, renewal_id: str) -> Position:
        """The stored position, read afresh."""
        ...

    def case(self, renewal_id: str) -> Case:
        """Every fact that planning a step may need."""
        ...

    def document(self, terms: Terms, signers: tuple[SignerPlan, ...]) -> bytes:
        """The order form of ``terms`` as PDF: the same terms and signers give the same bytes."""
        ...

    def commit(self, position: Position, step: Step) -> Stage:
        """Commit ``step`` from ``position``. Raises ``Conflict`` when the renewal has moved."""
        ...
