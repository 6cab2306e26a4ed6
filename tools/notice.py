"""Notice of non-renewal: what it says, and the envelope in which one of us signs it. Pure.

Rule 1: the notice holds facts of the contract only, and no date of its own: the signature dates it, so the same facts are the same bytes.
Rule 2: the lowest role that may sign contracts for us signs it; nobody outside is asked to sign, and signing it serves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Final

from contractops.tools.errors import Refused
from contractops.tools.people import Person
from contractops.tools.signature import NOTICE, SUPPLIER, AuthorityMatrix, EnvelopePlan, SignerPlan, signer_of
from contractops.tools.terms import Party, TermsSource
from contractops.tools.values import ClauseRef, Value

_ONE_DAY: Final = timedelta(days=1)


class Notice(Value):
    """A notice of ours. ``ends_on`` is the last day of the running term; ``clause`` gives the right to it, ``address`` is where it must go."""

    contract_id: str
    account_name: str
    supplier: Party
    customer: Party
    address: str | None
    ends_on: date
    clause: ClauseRef | None


def notice_of(source: TermsSource, address: str | None) -> Notice | None:
    """The notice for the running term of ``source``; None when its last day is not known."""
    if source.window.term_end is None:
        return None
    return Notice(
        contract_id=source.contract_id,
        account_name=source.account_name,
        supplier=source.supplier,
        customer=source.customer,
        address=address,
        ends_on=source.window.term_end,
        clause=source.facts.notice_ref,
    )


def notice_signer(contract_id: str, people: Iterable[Person], matrix: AuthorityMatrix) -> SignerPlan:
    """Who signs a notice for us. Raises ``Refused`` CO-SIG-003 when nobody on the staff may sign."""
    staff = sorted((one for one in people if one.active), key=lambda one: one.person_id)
    for level in matrix.levels:
        found = next((one for one in staff if level.may_sign and one.role == level.role), None)
        if found is not None:
            return signer_of(SUPPLIER, 1, found.name, found.email, found.title)
    raise Refused("CO-SIG-003", f"{contract_id}: nobody on the staff may sign a notice", advice="Check the authority matrix.")


def plan_notice(
    notice: Notice, signer: SignerPlan, *, renewal_id: str, document_sha256: str, now: datetime, received_by: datetime
) -> EnvelopePlan:
    """The envelope of ``notice``; it closes when the notice must have been received (``received_by``, aware), in UTC."""
    return EnvelopePlan(
        renewal_id=renewal_id,
        contract_id=notice.contract_id,
        account_name=notice.account_name,
        draft_number=NOTICE,
        subject=f"{notice.account_name}: notice of non-renewal {notice.contract_id}"[:100],
        message=f"Please review and sign the notice that {notice.contract_id} ends on {notice.ends_on.isoformat()}. It is delivered after that.",
        document_name=f"{notice.contract_id} notice of non-renewal.pdf",
        document_sha256=document_sha256,
        signers=(signer,),
        expires_at=received_by.astimezone(UTC),
        expire_after_days=max(1, ceil((received_by.astimezone(UTC) - now.astimezone(UTC)) / _ONE_DAY)),
    )
