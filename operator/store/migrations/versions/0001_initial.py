"""The first schema: imported records in all their versions, and the tables of the process.

Rule 1: a migration is history. It spells its tables out and imports no class of the product but the column types, so that it makes
the same tables whatever the classes become.
Rule 2: the classes and the migrations make the same schema; ``tests/operator/test_schema.py`` compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from contractops.operator.store.types import ExactDecimal, JsonText

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _staff_and_customers()
    _agreements()
    _clauses_and_orders()
    _service()
    _prices_and_money()
    _outside_and_files()
    _renewals()
    _terms()
    _effects()
    _cards()
    _decisions()
    _people()
    _installation()


def _columns(kind: type[sa.types.TypeEngine[Any]], names: tuple[str, ...], *, null: bool) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind(), nullable=null) for name in names)


def _text(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(AutoString, names, null=null)


def _moment(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(UTCDateTime, names, null=null)


def _day(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(sa.Date, names, null=null)


def _number(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(sa.Integer, names, null=null)


def _flag(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(sa.Boolean, names, null=null)


def _exact(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(ExactDecimal, names, null=null)


def _structure(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(JsonText, names, null=null)


def _json(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(sa.JSON, names, null=null)


def _content(*names: str, null: bool = False) -> Iterator[sa.Column[Any]]:
    return _columns(sa.LargeBinary, names, null=null)


def _versioned(table: str, *columns: sa.Column[Any]) -> None:
    """A table of records that are kept in every version; the database refuses two current versions of one."""
    op.create_table(
        table,
        *_text("id"),
        *_number("version"),
        *_moment("recorded_at"),
        *_moment("superseded_at", null=True),
        *_text("row_hash", "source"),
        *columns,
        sa.PrimaryKeyConstraint("id", "version"),
    )
    current = sa.text("superseded_at IS NULL")
    op.create_index(f"uq_{table}_current", table, ["id"], unique=True, sqlite_where=current, postgresql_where=current)


def _staff_and_customers() -> None:
    """Staff, customers and the people there."""
    _versioned(
        "person",
        *_text("name", "email", "role"),
        *_text("title", "manager_id", "region", null=True),
        *_text("zone"),
        *_text("holiday_calendar", "slack_id", "deputy_id", null=True),
        *_day("deputy_from", "deputy_to", null=True),
        *_number("limit_term_months", null=True),
        *_exact("limit_discount_percent", "limit_value", null=True),
        *_text("limit_currency", null=True),
        *_flag("active"),
    )
    _versioned(
        "account",
        *_text("name"),
        *_text("owner_id", "region", "country", "address", null=True),
        *_text("zone"),
        *_text("locale", "segment", null=True),
    )
    op.create_index("ix_account_owner_id", "account", ["owner_id"])
    _versioned(
        "contact",
        *_text("account_id", "name"),
        *_text("title", null=True),
        *_text("email"),
        *_flag("signing_right"),
        *_day("checked_on", null=True),
        *_flag("billing"),
    )
    op.create_index("ix_contact_account_id", "contact", ["account_id"])


def _agreements() -> None:
    """Agreements and their amendments."""
    _versioned(
        "contract",
        *_text("kind", "account_id"),
        *_text("title", "amends_id", "owner_id", null=True),
        *_day("agreement_date", "effective_on", "start_on", null=True),
        *_text("start_event", null=True),
        *_day("end_on", null=True),
        *_number("initial_length", null=True),
        *_text("initial_unit", "renewal_kind", null=True),
        *_number("renewal_length", null=True),
        *_text("renewal_unit", null=True),
        *_number("renewal_max", "renewals_so_far", "notice_length", null=True),
        *_text("notice_unit", null=True),
        *_number("notice_opens_length", null=True),
        *_text(
            "notice_opens_unit",
            "notice_basis",
            "notice_cutoff",
            "notice_roll",
            "notice_methods",
            "notice_address",
            "window_right",
            "zone",
            "holiday_calendar",
            "uplift_kind",
            null=True,
        ),
        *_exact("uplift_percent", null=True),
        *_text("currency", null=True),
        *_exact("monthly_price", null=True),
        *_text("term_unit", null=True),
    )
    op.create_index("ix_contract_account_id", "contract", ["account_id"])
    op.create_index("ix_contract_amends_id", "contract", ["amends_id"])


def _clauses_and_orders() -> None:
    """The clauses behind facts, and service orders."""
    _versioned(
        "clause",
        *_text("subject_id", "topic", "document"),
        *_text("clause", null=True),
        *_number("page", null=True),
        *_text("quote", null=True),
    )
    op.create_index("ix_clause_subject_id", "clause", ["subject_id"])
    _versioned(
        "service_order",
        *_text("contract_id", "product"),
        *_text("description", "site", "circuit_id", null=True),
        *_number("quantity"),
        *_exact("monthly_price", null=True),
        *_text("currency"),
        *_day("start_on", null=True),
        *_text("start_event", null=True),
        *_day("end_on", null=True),
        *_number("initial_length", null=True),
        *_text("initial_unit", "renewal_kind", null=True),
        *_number("renewal_length", null=True),
        *_text("renewal_unit", null=True),
        *_number("renewal_max", "notice_length", null=True),
        *_text("notice_unit", null=True),
        *_flag("co_terminous"),
        *_day("price_valid_to", null=True),
    )
    op.create_index("ix_service_order_contract_id", "service_order", ["contract_id"])


def _service() -> None:
    """What was promised and what happened."""
    _versioned(
        "sla_commitment",
        *_text("order_id"),
        *_exact("target_percent", null=True),
        *_number("fixed_minutes", null=True),
        *_structure("tiers", null=True),
        *_exact("cap_percent", null=True),
        *_number("claim_days", null=True),
        *_text("claim_from", "excluded_causes", null=True),
        *_structure("restore_targets", null=True),
    )
    op.create_index("ix_sla_commitment_order_id", "sla_commitment", ["order_id"])
    _versioned(
        "ticket",
        *_text("circuit_id"),
        *_moment("opened_at"),
        *_moment("reported_at", "restored_at", "closed_at", null=True),
        *_text("priority", "cause", null=True),
        *_flag("service_affecting"),
        *_structure("pauses", null=True),
        *_text("status"),
        *_text("subject", null=True),
    )
    op.create_index("ix_ticket_circuit_id", "ticket", ["circuit_id"])
    is_open = sa.text("restored_at IS NULL AND superseded_at IS NULL AND service_affecting")
    op.create_index("ix_ticket_open", "ticket", ["opened_at"], sqlite_where=is_open, postgresql_where=is_open)
    _versioned(
        "maintenance",
        *_text("circuit_id"),
        *_moment("starts_at", "ends_at"),
        *_moment("announced_at", null=True),
        *_text("kind"),
        *_text("description", null=True),
    )
    op.create_index("ix_maintenance_circuit_id", "maintenance", ["circuit_id"])
    _versioned("sla_claim", *_text("circuit_id"), *_day("month"), *_day("claimed_on", "paid_on", null=True))
    op.create_index("ix_sla_claim_circuit_id", "sla_claim", ["circuit_id"])
    _versioned(
        "usage",
        *_text("account_id"),
        *_text("circuit_id", null=True),
        *_day("month"),
        *_text("metric"),
        *_exact("quantity", null=True),
        *_text("unit"),
        *_exact("percent_of_committed", null=True),
    )
    op.create_index("ix_usage_account_id", "usage", ["account_id"])
    _versioned(
        "nps_answer",
        *_text("account_id"),
        *_text("contact_id", null=True),
        *_day("answered_on"),
        *_number("score"),
        *_text("comment", null=True),
    )
    op.create_index("ix_nps_answer_account_id", "nps_answer", ["account_id"])


def _prices_and_money() -> None:
    """Price book, changes, invoices and payments."""
    _versioned(
        "price_book_entry",
        *_text("book", "product"),
        *_text("region", null=True),
        *_number("term_months"),
        *_exact("list_price", "floor_price", "term_discount_percent", null=True),
        *_text("currency"),
        *_day("valid_from"),
        *_day("valid_to", null=True),
    )
    op.create_index("ix_price_book_entry_book", "price_book_entry", ["book"])
    _versioned(
        "change_order",
        *_text("contract_id"),
        *_text("order_id", null=True),
        *_text("kind", "description"),
        *_exact("monthly_change", null=True),
        *_text("currency"),
        *_day("effective_on"),
        *_flag("billed"),
    )
    op.create_index("ix_change_order_contract_id", "change_order", ["contract_id"])
    _versioned(
        "invoice",
        *_text("contract_id"),
        *_day("issued_on", "due_on", "period_start", "period_end"),
        *_exact("amount", null=True),
        *_text("currency"),
    )
    op.create_index("ix_invoice_contract_id", "invoice", ["contract_id"])
    _versioned("payment", *_text("invoice_id"), *_day("paid_on"), *_exact("amount", null=True), *_text("currency"))
    op.create_index("ix_payment_invoice_id", "payment", ["invoice_id"])


def _outside_and_files() -> None:
    """The CRM as it was read, documents, and the imports themselves."""
    _versioned(
        "crm_state",
        *_text("contract_id"),
        *_structure("fields", "change_orders"),
        *_moment("modified_at"),
        *_text("modified_by", null=True),
    )
    op.create_index("ix_crm_state_contract_id", "crm_state", ["contract_id"])
    _versioned("document", *_text("contract_id", "file_name", "sha256"), *_number("size"), *_text("media_type"))
    op.create_index("ix_document_contract_id", "document", ["contract_id"])
    op.create_index("ix_document_sha256", "document", ["sha256"])
    op.create_table("blob", *_text("sha256"), *_content("content"), sa.PrimaryKeyConstraint("sha256"))
    op.create_table(
        "import_run", *_number("id"), *_moment("recorded_at"), *_text("folder"), *_structure("report"), sa.PrimaryKeyConstraint("id")
    )
    op.create_table(
        "crm_record",
        *_text("contract_id"),
        *_structure("fields", "change_orders"),
        *_moment("modified_at"),
        *_text("modified_by"),
        *_text("renewal_key", null=True),
        *_number("imported_version"),
        sa.PrimaryKeyConstraint("contract_id"),
    )
    op.create_table("crm_reading", *_text("contract_id"), *_json("record"), *_moment("read_at"), sa.PrimaryKeyConstraint("contract_id"))


def _renewals() -> None:
    """Renewals and the waits of people."""
    op.create_table(
        "renewal",
        *_text("id", "unit_id"),
        *_number("sequence"),
        *_text("contract_id", "account_id"),
        *_text("owner_id", null=True),
        *_text("stage"),
        *_number("version"),
        *_text("zone", null=True),
        *_text("window_status"),
        *_day("term_start", "term_end", "renews_on", "safe_on", null=True),
        *_moment("decide_by", "next_action_at", null=True),
        *_number("draft_number", "round"),
        *_moment("answered_at", "snoozed_until", null=True),
        *_number("snoozes"),
        *_moment("missed_at", "served_at", null=True),
        *_json("handover", "trouble", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unit_id", "sequence"),
    )
    op.create_index("ix_renewal_contract_id", "renewal", ["contract_id"])
    op.create_index("ix_renewal_next", "renewal", ["next_action_at"])
    op.create_index("ix_renewal_owner_id", "renewal", ["owner_id"])
    op.create_table(
        "gate",
        *_text("key", "renewal_id"),
        *_number("version"),
        *_text("kind", "payload_hash"),
        *_json("allowed"),
        *_number("draft_number"),
        *_text("decision", null=True),
        *_json("answer", null=True),
        *_text("decided_by", null=True),
        *_moment("decided_at", null=True),
        *_moment("opened_at"),
        *_moment("expires_at", null=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_gate_renewal_id", "gate", ["renewal_id"])


def _terms() -> None:
    """What the sweep marks, and what closes and opens terms."""
    op.create_table(
        "due",
        *_text("renewal_id"),
        *_number("version"),
        *_moment("action_at"),
        *_text("batch", null=True),
        *_number("tries"),
        *_moment("urgency", null=True),
        sa.PrimaryKeyConstraint("renewal_id", "version", "action_at"),
    )
    op.create_index("ix_due_batch", "due", ["batch"])
    op.create_table(
        "executed_term",
        *_text("unit_id"),
        *_number("sequence"),
        *_text("how"),
        *_day("start", "end"),
        *_number("months", null=True),
        *_text("monthly", "currency", null=True),
        *_text("from_renewal"),
        *_json("lines"),
        *_moment("recorded_at"),
        sa.PrimaryKeyConstraint("unit_id", "sequence"),
    )
    op.create_table(
        "notice_evidence",
        *_text("renewal_id", "method"),
        *_day("received_on"),
        *_text("reference", "served_by"),
        *_text("notice_envelope", null=True),
        *_text("recorded_by"),
        *_moment("recorded_at"),
        sa.PrimaryKeyConstraint("renewal_id"),
    )
    op.create_table(
        "alert",
        *_text("renewal_id"),
        *_day("safe_on"),
        *_number("lead"),
        *_text("status"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("renewal_id", "safe_on", "lead"),
    )


def _effects() -> None:
    """What is to happen outside and what came in."""
    op.create_table(
        "effect",
        *_text("key", "kind", "renewal_id"),
        *_number("version"),
        *_json("payload"),
        *_text("payload_hash", "status"),
        *_text("remote_id", null=True),
        *_json("receipt", null=True),
        *_number("attempts"),
        *_moment("not_before", "claimed_until", null=True),
        *_text("claimed_by", "last_error", null=True),
        *_moment("created_at"),
        *_moment("done_at", null=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_effect_open", "effect", ["status", "not_before"])
    op.create_index("ix_effect_renewal_id", "effect", ["renewal_id"])
    op.create_table(
        "inbox",
        *_text("key", "kind"),
        *_json("payload"),
        *_moment("received_at"),
        *_moment("handled_at", null=True),
        *_number("tries"),
        *_text("outcome", null=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_inbox_open", "inbox", ["handled_at"])
    op.create_table(
        "envelope",
        *_text("envelope_id", "renewal_id"),
        *_number("draft_number"),
        *_text("status"),
        *_json("state"),
        *_moment("expires_at", "sent_at"),
        *_moment("read_at", null=True),
        *_flag("open"),
        sa.PrimaryKeyConstraint("envelope_id"),
    )
    op.create_index("ix_envelope_renewal_id", "envelope", ["renewal_id"])


def _cards() -> None:
    """Messages and the buttons on them."""
    op.create_table(
        "card",
        *_text("key"),
        *_text("renewal_id", null=True),
        *_text("kind"),
        *_text("person_id", "channel", "ts", "thread", null=True),
        *_flag("broadcast"),
        *_text("gate_key", null=True),
        *_json("args"),
        *_number("revision", "shown"),
        *_flag("counted"),
        *_moment("created_at"),
        *_moment("post_at", "posted_at", null=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_card_gate_key", "card", ["gate_key"])
    op.create_index("ix_card_person_id", "card", ["person_id"])
    op.create_index("ix_card_renewal_id", "card", ["renewal_id"])
    op.create_index("ix_card_waiting", "card", ["post_at"])
    op.create_table(
        "button",
        *_text("token", "card_key", "action"),
        *_text("gate_key", "payload_hash", null=True),
        *_json("args"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_button_card_key", "button", ["card_key"])
    op.create_table(
        "digest",
        *_text("person_id"),
        *_day("week"),
        *_moment("at"),
        *_json("facts"),
        sa.PrimaryKeyConstraint("person_id", "week"),
    )


def _decisions() -> None:
    """Drafts, approvals and the chain of events."""
    op.create_table(
        "draft",
        *_text("renewal_id"),
        *_number("number"),
        *_json("choices", "terms"),
        *_text("terms_hash", "document_sha256", "payload_hash"),
        *_json("crm_seen", null=True),
        *_text("note", "created_by"),
        *_moment("created_at"),
        sa.PrimaryKeyConstraint("renewal_id", "number"),
    )
    op.create_table(
        "approval",
        *_text("renewal_id"),
        *_number("draft_number", "round", "step"),
        *_text("role", "person_id", "payload_hash", "comment"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("renewal_id", "draft_number", "round", "step"),
    )
    op.create_table(
        "audit",
        *_number("id"),
        *_text("renewal_id"),
        *_number("number", "version"),
        *_flag("moved"),
        *_text("event", "old_stage", "new_stage", "by"),
        *_moment("at"),
        *_json("data"),
        *_text("previous", "hash"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("renewal_id", "number"),
    )
    op.create_index(
        "ix_audit_move", "audit", ["renewal_id", "version"], unique=True, sqlite_where=sa.text("moved"), postgresql_where=sa.text("moved")
    )
    op.create_index("ix_audit_renewal_id", "audit", ["renewal_id"])


def _people() -> None:
    """What people answered and chose for themselves, and whom Slack does not reach."""
    op.create_table(
        "settled",
        *_text("subject_id", "field"),
        *_number("number"),
        *_text("value", "ground", "said", "source", "by"),
        *_day("effective_on", null=True),
        *_moment("recorded_at"),
        sa.PrimaryKeyConstraint("subject_id", "field", "number"),
    )
    op.create_table(
        "person_settings",
        *_text("person_id"),
        *_number("number", "digest_weekday"),
        *_text("digest_at", "quiet_from", "quiet_until"),
        *_flag("mail_fallback"),
        *_text("deputy_id", null=True),
        *_day("deputy_from", "deputy_to", null=True),
        *_moment("changed_at"),
        sa.PrimaryKeyConstraint("person_id", "number"),
    )
    op.create_table(
        "slack_away",
        *_text("person_id", "status"),
        *_moment("until", null=True),
        *_moment("read_at"),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table("unreached", *_text("person_id"), *_moment("since"), *_text("error"), sa.PrimaryKeyConstraint("person_id"))


def _installation() -> None:
    """The one-row tables."""
    op.create_table("installation", *_number("id"), *_text("token_secret"), sa.PrimaryKeyConstraint("id"))
    op.create_table("business_clock", *_number("id"), *_text("now"), sa.PrimaryKeyConstraint("id"))
