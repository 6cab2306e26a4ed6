"""Signature router: who signs, in which order, under which authority. It plans; an effect sends.

Rule 1: a signer is a recorded contact or person, never free text.
Rule 2: authority is the matrix of the settings file (value x term x effective discount), evaluated at the click and again at the send.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from contractops.tools.values import Reason, Value


class SignerPlan(Value):
    """One person who signs. ``order`` starts at 1; equal orders sign in parallel; ``anchor`` is the text the signature is placed at."""

    role: str
    name: str
    email: str
    title: str
    order: int
    anchor: str
    date_anchor: str


class EnvelopePlan(Value):
    """Everything an envelope needs. ``document_sha256`` is the hash that was approved; ``expires_at`` is business time (UTC)."""

    renewal_id: str
    contract_id: str
    account_name: str
    draft_number: int
    subject: str
    message: str
    document_name: str
    document_sha256: str
    signers: tuple[SignerPlan, ...]
    expires_at: datetime
    expire_after_days: int


class RoleLimit(Value):
    """What a role may approve alone; None = without limit.

    ``max_total`` by currency: a currency that is not named is not within the role's limit
    (unless ``max_total`` is None). ``may_sign``: the role signs contracts for us.
    """

    role: str
    max_term_months: int | None = None
    max_discount_pct: Decimal | None = None
    max_total: dict[str, Decimal] | None = None
    may_sign: bool = False


class AuthorityMatrix(Value):
    """The roles of the settings file, lowest first."""

    levels: tuple[RoleLimit, ...]


class ApprovalStep(Value):
    """One approval, in order. ``allowed`` are person ids (any one of them decides; empty = nobody can, see ``why``)."""

    number: int
    role: str
    allowed: tuple[str, ...]
    why: tuple[Reason, ...]
