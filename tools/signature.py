"""Signature router: who signs, in which order, under which authority. It plans; an effect sends.

Rule 1: a signer is a recorded contact or person, never free text.
Rule 2: authority is the matrix of the settings file (value x term x effective discount), evaluated at the click and again at the send.
Rule 3: limits are exact: 10.00 % is within 10.00 %, 10.005 % is not. Nothing is rounded before it is compared.
Rule 4: the second approval never comes from the person who prepared the draft, whatever his role.
Rule 5: a role of which several people must approve gives one step for each of them; the same person counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil

from pydantic import Field

from contractops.tools.calendars import moment, zone
from contractops.tools.errors import Refused
from contractops.tools.notice_window import DEFAULT_CUTOFF
from contractops.tools.people import Person
from contractops.tools.sla import plain
from contractops.tools.terms import Terms
from contractops.tools.values import Finding, Reason, Scalar, Severity, Value


class SignerPlan(Value):
    """One person who signs. ``order`` starts at 1; equal orders sign in parallel; ``anchor`` is the text the signature is placed at."""

    role: str
    name: str
    email: str
    title: str
    order: int
    anchor: str
    date_anchor: str


NOTICE = 0
"""In the place of a draft's number: the envelope holds a notice of ours, no order form."""


class EnvelopePlan(Value):
    """Everything an envelope needs. ``document_sha256`` is the hash that was approved; ``expires_at`` is business time (UTC).

    ``draft_number`` is ``NOTICE`` for a notice.
    """

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
    ``needed``: how many different people of the role must approve; from two on they are asked together, in the approvals channel.
    """

    role: str
    max_term_months: int | None = None
    max_discount_pct: Decimal | None = None
    max_total: dict[str, Decimal] | None = None
    may_sign: bool = False
    needed: int = Field(default=1, ge=1, le=9)


class AuthorityMatrix(Value):
    """The roles of the settings file, lowest first."""

    levels: tuple[RoleLimit, ...]


class ApprovalStep(Value):
    """One approval, in order. ``allowed`` are person ids (any one of them decides; empty = nobody can, see ``why``).

    ``group``: how many approvals of this role there are in all; from two on each comes from another person.
    """

    number: int
    role: str
    allowed: tuple[str, ...]
    why: tuple[Reason, ...]
    group: int = 1


CUSTOMER, SUPPLIER = "customer", "supplier"
"""The roles of a signer."""

_LATE_SIGNING = timedelta(days=14)
_ONE_DAY = timedelta(days=1)


def required_approvals(
    terms: Terms, owner: str, people: Iterable[Person], policy: AuthorityMatrix, *, prepared_by: str | None = None
) -> tuple[ApprovalStep, ...]:
    """The approvals that ``terms`` need, in order: the owner (person id), then the lowest role whose limits hold them, when the owner's do not.

    ``prepared_by`` is the person id of who made the draft (the owner, unless said otherwise); he is never among the second approvers.
    """
    staff = {person.person_id: person for person in people if person.active}
    own = staff.get(owner)
    role = own.role if own else ""
    nobody = () if own else (Reason(code="approval.owner_gone", values={"owner": owner}),)
    first = ApprovalStep(number=1, role=role, allowed=(owner,) if own else (), why=(Reason(code="approval.owner"), *nobody))
    limit = _limit(policy, role)
    over = (Reason(code="approval.no_authority", values={"role": role}),) if limit is None else over_limit(terms, limit)
    if not over:
        return (first,)
    excluded = {owner, prepared_by or owner}
    return (first, *_further_steps(terms, staff, policy, limit, over, excluded))


def unapprovable(steps: Iterable[ApprovalStep]) -> tuple[Finding, ...]:
    """A blocking finding when some step has nobody who could decide it (the owner has left, or no role may): it would wait for ever."""
    steps = tuple(steps)
    if all(step.allowed for step in steps):
        return ()
    return (Finding(code="approval.nobody" if steps[0].allowed else "approval.owner_gone", severity=Severity.BLOCKING, about="approvals"),)


def over_limit(terms: Terms, limit: RoleLimit) -> tuple[Reason, ...]:
    """What of ``terms`` is over the limits of one role; empty when the role may approve them alone."""
    over = []
    if limit.max_term_months is not None and terms.term_months > limit.max_term_months:
        over.append(Reason(code="approval.term_over", values={"term": terms.term_months, "limit": limit.max_term_months}))
    if limit.max_discount_pct is not None and terms.effective_discount_pct > limit.max_discount_pct:
        values: dict[str, Scalar] = {"discount_pct": str(terms.discount_pct), "effective_pct": plain(terms.effective_discount_pct)}
        over.append(Reason(code="approval.discount_over", values={**values, "limit": str(limit.max_discount_pct)}))
    if limit.max_total is not None:
        value = terms.total.amount
        highest = limit.max_total.get(terms.currency)
        if highest is None:
            over.append(Reason(code="approval.currency_not_covered", values={"currency": terms.currency}))
        elif value > highest:
            values = {"total": str(value), "limit": str(highest), "currency": terms.currency}
            over.append(Reason(code="approval.total_over", values=values))
    return tuple(over)


def plan_signers(terms: Terms, people: Iterable[Person], matrix: AuthorityMatrix) -> tuple[SignerPlan, ...]:
    """The customer's signer, then ours: the lowest role that may sign and whose limits hold the terms.

    Raises ``Refused``: CO-SIG-001 without a customer's signer of record, CO-SIG-002 when nobody on our side may sign these terms.
    """
    customer = terms.signer
    if customer is None or not customer.may_sign:
        raise Refused(
            "CO-SIG-001", f"{terms.contract_id}: no contact with signing right is recorded", advice="Choose the signer in the CRM."
        )
    for level in matrix.levels:
        if level.may_sign and not over_limit(terms, level):
            ours = sorted((one for one in people if one.active and one.role == level.role), key=lambda one: one.person_id)
            if ours:
                return (
                    signer_of(CUSTOMER, 1, customer.name, customer.email, customer.title),
                    signer_of(SUPPLIER, 2, ours[0].name, ours[0].email, ours[0].title),
                )
    raise Refused("CO-SIG-002", f"{terms.contract_id}: nobody on the staff may sign these terms", advice="Check the authority matrix.")


def plan_envelope(
    terms: Terms,
    *,
    renewal_id: str,
    document_sha256: str,
    people: Iterable[Person],
    matrix: AuthorityMatrix,
    now: datetime,
    signing_days: int = 7,
) -> EnvelopePlan:
    """The envelope for ``terms``. Raises as ``plan_signers`` does."""
    signers = plan_signers(terms, people, matrix)
    expires_at = signing_closes(terms, now, signing_days)
    return EnvelopePlan(
        renewal_id=renewal_id,
        contract_id=terms.contract_id,
        account_name=terms.account_name,
        draft_number=terms.draft_number,
        subject=f"{terms.account_name}: renewal order form {terms.contract_id}"[:100],
        message=(
            f"Please review and sign the renewal order form for {terms.contract_id}, {terms.term_months} months from "
            f"{terms.start:%a} {terms.start.day} {terms.start:%b %Y}."
        ),
        document_name=f"{terms.contract_id} renewal order form, draft {terms.draft_number}.pdf",
        document_sha256=document_sha256,
        signers=signers,
        expires_at=expires_at,
        expire_after_days=max(1, ceil((expires_at - now.astimezone(UTC)) / _ONE_DAY)),
    )


def signing_closes(terms: Terms, now: datetime, signing_days: int = 7) -> datetime:
    """When the envelope expires, in UTC: ``signing_days`` before the deadline at the same hour there.

    With less than a day until then it is the deadline itself; when that has passed, 14 days from now or the last hour of the running term.
    """
    tz = zone(terms.zone)
    deadline = terms.decide_by.astimezone(tz)
    early = moment(deadline.date() - timedelta(days=signing_days), deadline.time(), tz)
    if early - now >= _ONE_DAY:
        return early.astimezone(UTC)
    if deadline > now:
        return deadline.astimezone(UTC)
    last_hour = moment(terms.renews_on - _ONE_DAY, DEFAULT_CUTOFF, tz)
    return (min(last_hour, now + _LATE_SIGNING) if last_hour > now else now + _LATE_SIGNING).astimezone(UTC)


def _further_steps(
    terms: Terms,
    staff: dict[str, Person],
    policy: AuthorityMatrix,
    owner_limit: RoleLimit | None,
    over: tuple[Reason, ...],
    excluded: set[str],
) -> tuple[ApprovalStep, ...]:
    """The lowest role above the owner's that holds the terms and has enough people to ask; without them the step says so."""
    rank = -1 if owner_limit is None else policy.levels.index(owner_limit)
    fitting = [level for level in policy.levels[rank + 1 :] if not over_limit(terms, level)]
    for level in fitting:
        allowed = tuple(sorted(key for key, one in staff.items() if one.role == level.role and key not in excluded))
        if len(allowed) >= level.needed:
            steps = range(level.needed)
            return tuple(
                ApprovalStep(number=2 + one, role=level.role, allowed=allowed, why=() if one else over, group=level.needed) for one in steps
            )
    code = "approval.nobody_in_role" if fitting else "approval.above_every_role"
    role = fitting[0].role if fitting else policy.levels[-1].role if policy.levels else ""
    return (ApprovalStep(number=2, role=role, allowed=(), why=(*over, Reason(code=code, values={"role": role}))),)


def _limit(policy: AuthorityMatrix, role: str) -> RoleLimit | None:
    return next((level for level in policy.levels if level.role == role), None)


def signer_of(role: str, order: int, name: str, email: str, title: str) -> SignerPlan:
    """A signer with his anchors: text of the document that no other place of it holds."""
    return SignerPlan(
        role=role, name=name, email=email, title=title, order=order, anchor=f"/sign-{role}-1/", date_anchor=f"/date-{role}-1/"
    )
