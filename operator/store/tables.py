"""Tables of the process: renewals, gates, effects, inbox, cards, drafts, envelopes, alerts, audit.

Rule 1: these rows are the only truth about what happens to a renewal; nothing lives in a checkpoint or in the engine's tables.
Rule 2: instants are aware UTC; business or wall time stands in each column's comment. Dates are calendar dates in the contract's zone.
Rule 3: ``renewal.version`` grows by one at each move, so that a stage that is visited again is not taken for the earlier visit.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from contractops.operator.store.types import JsonText, StoredRow


class Renewal(StoredRow, table=True):
    """One term of one unit (a contract, or a service order with a term of its own) and what becomes of it."""

    __tablename__ = "renewal"
    __table_args__ = (Index("ix_renewal_next", "next_action_at"), UniqueConstraint("unit_id", "sequence"))

    id: str = Field(primary_key=True)  # "{unit_id}#{sequence}"
    unit_id: str
    sequence: int
    contract_id: str = Field(index=True)
    account_id: str
    owner_id: str | None = Field(default=None, index=True)
    stage: str
    version: int
    zone: str | None = None  # IANA zone of the contract
    window_status: str  # known | rolling | none | unknown
    term_start: date | None = None
    term_end: date | None = None
    renews_on: date | None = None
    safe_on: date | None = None
    decide_by: datetime | None = None  # business time
    next_action_at: datetime | None = None  # business time; the sweep's only question
    draft_number: int = 0
    round: int = 0  # approvals of an earlier round no longer count
    answered_at: datetime | None = None  # business time of the last button of a person
    snoozed_until: datetime | None = None  # business time
    snoozes: int = 0
    missed_at: datetime | None = None  # business time
    served_at: datetime | None = None  # business time: evidence of a notice was recorded
    handover: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    trouble: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class Gate(StoredRow, table=True):
    """One wait. Decided once, by one conditional update."""

    __tablename__ = "gate"

    key: str = Field(primary_key=True)  # "{renewal}:{version}", or with a suffix for a side question that moves no stage
    renewal_id: str = Field(index=True)
    version: int
    kind: str
    payload_hash: str
    allowed: list[str] = Field(sa_column=Column(JSON, nullable=False))  # person ids; empty: only the machine answers
    draft_number: int = 0
    decision: str | None = None
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    decided_by: str | None = None
    decided_at: datetime | None = None  # business time
    opened_at: datetime  # business time
    expires_at: datetime | None = None  # business time


class Effect(StoredRow, table=True):
    """Something that is to happen outside, said before it happens. Performed once by its key."""

    __tablename__ = "effect"
    __table_args__ = (Index("ix_effect_open", "status", "not_before"),)

    key: str = Field(primary_key=True)  # "{kind}:{renewal}:{version}:{hash}"
    kind: str
    renewal_id: str = Field(index=True)
    version: int
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    payload_hash: str
    status: str = "todo"  # todo | done | needs_person | cancelled
    remote_id: str | None = None
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    attempts: int = 0
    not_before: datetime | None = None  # wall time: back-off
    claimed_until: datetime | None = None  # wall time: lease of the worker that performs it
    claimed_by: str | None = None  # name of that worker
    last_error: str | None = None
    created_at: datetime  # wall time
    done_at: datetime | None = None  # wall time


class Inbox(StoredRow, table=True):
    """An inbound Slack envelope or web hook, committed before it is acknowledged."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_open", "handled_at"),)

    key: str = Field(primary_key=True)
    kind: str
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    received_at: datetime  # wall time
    handled_at: datetime | None = None  # wall time
    tries: int = 0  # by recovery; a poison message is left for a person
    outcome: str | None = None


class Card(StoredRow, table=True):
    """A Slack message that we keep current. ``revision`` is wanted, ``shown`` is what Slack has confirmed."""

    __tablename__ = "card"
    __table_args__ = (Index("ix_card_waiting", "post_at"),)

    key: str = Field(primary_key=True)
    renewal_id: str | None = Field(default=None, index=True)
    kind: str
    person_id: str | None = Field(default=None, index=True)  # whose direct message it is
    channel: str | None = None  # Slack channel id once known, or "#name" of a team channel
    ts: str | None = None
    thread: str | None = None  # key of the card whose thread it stands in
    broadcast: bool = False
    gate_key: str | None = Field(default=None, index=True)
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    revision: int = 1
    shown: int = 0
    counted: bool = False  # counts toward the person's cap of new cards a day
    created_at: datetime  # business time
    post_at: datetime | None = None  # business time: quiet hours and the daily cap may put it off
    posted_at: datetime | None = None  # business time


class Button(StoredRow, table=True):
    """What an opaque button token stands for."""

    __tablename__ = "button"

    token: str = Field(primary_key=True)
    card_key: str = Field(index=True)
    action: str
    gate_key: str | None = None
    payload_hash: str | None = None
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Digest(StoredRow, table=True):
    """What stood in a person's digest of one week, also when it was not sent since nothing was new."""

    __tablename__ = "digest"

    person_id: str = Field(primary_key=True)
    week: date = Field(primary_key=True)  # the day on which it was due, at the person's place
    at: datetime  # business time
    facts: list[str] = Field(sa_column=Column(JSON, nullable=False))


class Draft(StoredRow, table=True):
    """One numbered draft of the terms, with the hash of its facts and of its document."""

    __tablename__ = "draft"

    renewal_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    choices: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    terms: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    terms_hash: str
    document_sha256: str
    payload_hash: str
    crm_seen: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    note: str = ""
    created_by: str
    created_at: datetime  # business time


class Approval(StoredRow, table=True):
    """A recorded human decision over exactly one draft."""

    __tablename__ = "approval"

    renewal_id: str = Field(primary_key=True)
    draft_number: int = Field(primary_key=True)
    round: int = Field(primary_key=True)
    step: int = Field(primary_key=True)
    role: str
    person_id: str
    payload_hash: str
    comment: str = ""
    at: datetime  # business time


class Envelope(StoredRow, table=True):
    """An envelope at the signature vendor, as last read."""

    __tablename__ = "envelope"

    envelope_id: str = Field(primary_key=True)
    renewal_id: str = Field(index=True)
    draft_number: int
    status: str
    state: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    expires_at: datetime  # business time
    sent_at: datetime  # business time
    read_at: datetime | None = None  # wall time of the last look
    open: bool = True


class Alert(StoredRow, table=True):
    """A lead time that was sent or overtaken, once for each safe date."""

    __tablename__ = "alert"

    renewal_id: str = Field(primary_key=True)
    safe_on: date = Field(primary_key=True)
    lead: int = Field(primary_key=True)  # days before the safe date
    status: str  # held | sent | overtaken | welcome
    at: datetime  # business time


class NoticeEvidence(StoredRow, table=True):
    """Proof that a notice of non-renewal was served (or that the customer served one)."""

    __tablename__ = "notice_evidence"

    renewal_id: str = Field(primary_key=True)
    method: str
    received_on: date
    reference: str
    served_by: str
    notice_envelope: str | None = None  # the envelope in which we signed the notice, when it was signed here
    recorded_by: str
    recorded_at: datetime  # business time


class Settled(StoredRow, table=True):
    """A person's answer to what the files leave open about one record: ``value`` of the column ``field``. The highest ``number`` counts."""

    __tablename__ = "settled"

    subject_id: str = Field(primary_key=True)  # id of a contract, an amendment or a service order
    field: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    value: str
    effective_on: date | None = None  # first day on which a price counts; None: the answer counts as long as the record
    ground: str  # text: it stands in the recorded clause | quoted | outside: agreed outside the contract
    said: str  # the person's own words: the place he quotes, or what was agreed
    source: str  # who, when and on what ground, in words
    by: str
    recorded_at: datetime  # business time


class Unreached(StoredRow, table=True):
    """A person to whom Slack delivers nothing. It ends with a sign of life, or when his row of the staff list changes."""

    __tablename__ = "unreached"

    person_id: str = Field(primary_key=True)
    since: datetime  # business time
    error: str


class SlackAway(StoredRow, table=True):
    """A person whose Slack status says that he is away, as it was last read. Deleted when it no longer says so."""

    __tablename__ = "slack_away"

    person_id: str = Field(primary_key=True)
    status: str  # name of the emoji
    until: datetime | None = None  # business time; None: until he takes it away
    read_at: datetime  # business time


class PersonSettings(StoredRow, table=True):
    """What a person chose for himself, in every version; the highest ``number`` counts. Hours are ``HH:MM`` at his place."""

    __tablename__ = "person_settings"

    person_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    digest_weekday: int  # 0 is Monday
    digest_at: str
    quiet_from: str
    quiet_until: str
    mail_fallback: bool
    deputy_id: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None
    changed_at: datetime  # business time


class Audit(StoredRow, table=True):
    """One line of the chain of a renewal: each row carries the hash of the row before."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("renewal_id", "number"),
        Index("ix_audit_move", "renewal_id", "version", unique=True, sqlite_where=text("moved"), postgresql_where=text("moved")),
    )

    id: int | None = Field(default=None, primary_key=True)
    renewal_id: str = Field(index=True)
    number: int
    version: int
    moved: bool
    event: str
    old_stage: str
    new_stage: str
    by: str
    at: datetime  # business time
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    previous: str
    hash: str


class Due(StoredRow, table=True):
    """Marker of the sweep: this visit of this renewal wants attention. Deleted when it was attended to."""

    __tablename__ = "due"
    __table_args__ = (Index("ix_due_batch", "batch"),)

    renewal_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    action_at: datetime = Field(primary_key=True)
    batch: str | None = None
    tries: int = 0  # a marker that failed too often is left for a person, so that the others go on
    urgency: datetime | None = None  # decide_by: most urgent first


class ExecutedTerm(StoredRow, table=True):
    """A term that follows a closed one: signed (``renewed``), decided (``let_renew``) or by default (``missed``)."""

    __tablename__ = "executed_term"

    unit_id: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    how: str
    start: date
    end: date
    months: int | None = None
    monthly: str | None = None  # exact decimal
    currency: str | None = None
    from_renewal: str
    lines: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    recorded_at: datetime  # business time


class CrmReading(StoredRow, table=True):
    """What we last read in the CRM for one contract. Imported records stand apart, so that an import never meets our readings."""

    __tablename__ = "crm_reading"

    contract_id: str = Field(primary_key=True)
    record: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    read_at: datetime  # business time


class Installation(StoredRow, table=True):
    """The one row of what belongs to this installation: the secret that button tokens are made with."""

    __tablename__ = "installation"

    id: int = Field(primary_key=True)
    token_secret: str


class Worker(StoredRow, table=True):
    """A process that works. Its row goes when it stops, or when the others find it dead."""

    __tablename__ = "worker"

    name: str = Field(primary_key=True)  # made anew at each start
    place: str  # the machine, and which process numbers it sees
    pid: int
    beats: int = 0  # grows while it lives
    started_at: datetime  # wall time
    beat_at: datetime  # wall time of the last beat; for people only, since the clocks of machines differ


class Heartbeat(StoredRow, table=True):
    """When a regular piece of work was last done."""

    __tablename__ = "heartbeat"

    name: str = Field(primary_key=True)  # sweep | retention
    at: datetime  # wall time


class Restoring(StoredRow, table=True):
    """One restoring of a backup. What happened outside between ``made_at`` and ``restored_at`` is not known to the rows of this database."""

    __tablename__ = "restoring"

    id: int | None = Field(default=None, primary_key=True)
    made_at: datetime  # wall time of the backup
    restored_at: datetime  # wall time
    reconciled_at: datetime | None = None  # wall time: the vendors were asked; nothing is performed before


class BusinessClock(StoredRow, table=True):
    """The one row of business time when a local world moves it; ISO text so that every reader gets the same instant."""

    __tablename__ = "business_clock"

    id: int = Field(primary_key=True)
    now: str


class EmbeddedCrmRecord(StoredRow, table=True):
    """What we wrote for one contract into our own CRM. ``imported_version`` is the version of the imported record it was written over (0 = none)."""

    __tablename__ = "crm_record"

    contract_id: str = Field(primary_key=True)
    fields: Any = Field(sa_type=JsonText)
    change_orders: Any = Field(sa_type=JsonText)
    modified_at: datetime
    modified_by: str
    renewal_key: str | None = None
    imported_version: int
