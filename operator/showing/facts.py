"""Facts that several cards share, from the values of the tools into those of the views. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

from contractops.operator import people
from contractops.operator.slack.views import CrmBehind, Ends, Otherwise, OverLimit, Person, Renews, RollsOn, Service
from contractops.tools.calendars import add_months
from contractops.tools.notice_window import NoticeWindow, WindowStatus
from contractops.tools.people import Person as Staff
from contractops.tools.pricing import ChangeOrder
from contractops.tools.signature import ApprovalStep, AuthorityMatrix, required_approvals
from contractops.tools.sla_credit import SlaSummary
from contractops.tools.terms import Terms
from contractops.tools.values import Money, Reason

_ONE_DAY = timedelta(days=1)


def months_between(first: date, last: date) -> int | None:
    """Whole months from ``first`` to ``last`` (both included); None when they are not whole months."""
    after = last + _ONE_DAY
    count = (after.year - first.year) * 12 + after.month - first.month
    return count if count > 0 and add_months(first, count) == after else None


def otherwise(window: NoticeWindow, monthly: Money | None = None) -> Otherwise | None:
    """What happens when nobody acts; None when that is not known."""
    if window.status is WindowStatus.KNOWN and window.renews_on is not None:
        months = months_between(window.renews_on, window.renews_to) if window.renews_to else None
        if months is not None:
            return Renews(on=window.renews_on, months=months, monthly=monthly)
        return RollsOn(on=window.renews_on - _ONE_DAY)
    if window.term_end is None:
        return None
    return Ends(on=window.term_end) if window.status is WindowStatus.NONE else RollsOn(on=window.term_end)


def renewal_of(terms: Terms, monthly: Money | None = None) -> Otherwise:
    """What happens when a draft stays unsigned."""
    months = months_between(terms.renews_on, terms.renews_to)
    return RollsOn(on=terms.renews_on - _ONE_DAY) if months is None else Renews(on=terms.renews_on, months=months, monthly=monthly)


def service(summary: SlaSummary | None, target: Decimal | None, currency: str | None) -> Service | None:
    """Service in the present term, with the open credit in the contract's currency."""
    if summary is None:
        return None
    credit = next((one for one in summary.open_credits if one.currency == currency), None)
    return Service(
        missed=len(summary.missed),
        months=summary.months,
        target=target,
        credit=credit,
        claim_closes=summary.next_claim_by if credit else None,
    )


def crm_behind(missing: tuple[ChangeOrder, ...]) -> CrmBehind | None:
    """Change orders that the CRM lacks; no net amount when they are in several currencies."""
    if not missing:
        return None
    amounts = [one.monthly_change for one in missing]
    same = len({one.currency for one in amounts}) == 1
    return CrmBehind(missing=len(missing), net=reduce(Money.__add__, amounts) if same else None)


def approval_steps(
    terms: Terms, owner: str | None, staff: Iterable[Staff], matrix: AuthorityMatrix, prepared_by: str
) -> tuple[ApprovalStep, ...]:
    """The approvals that a draft needs, in order."""
    return required_approvals(terms, owner or "", staff, matrix, prepared_by=prepared_by)


def approvers(steps: tuple[ApprovalStep, ...], staff: tuple[Staff, ...]) -> tuple[Person, ...]:
    """Who must approve after the owner, by role and name."""
    by_id = {one.person_id: one.name for one in staff}
    return tuple(
        Person(
            name=" or ".join(by_id[one] for one in step.allowed if one in by_id),
            role=_role(step),
        )
        for step in _groups(steps)
    )


def _groups(steps: tuple[ApprovalStep, ...]) -> list[ApprovalStep]:
    """The steps after the owner's, a role of which several must approve once."""
    later = steps[1:]
    return [step for place, step in enumerate(later) if place == 0 or step.role != later[place - 1].role]


def _role(step: ApprovalStep) -> str:
    title = people.TITLES.get(step.role, step.role.replace("_", " "))
    return title if step.group == 1 else f"{step.group} of {title}"


def over(steps: tuple[ApprovalStep, ...]) -> tuple[OverLimit, ...]:
    """What of a draft is over the owner's own limits."""
    return tuple(found for step in steps[1:] for found in map(_over, step.why) if found is not None)


def _over(reason: Reason) -> OverLimit | None:
    values: dict[str, Any] = reason.values
    match reason.code:
        case "approval.term_over":
            return OverLimit(value=int(values["term"]), limit=int(values["limit"]))
        case "approval.discount_over":
            return OverLimit(value=Decimal(values["effective_pct"]), limit=Decimal(values["limit"]))
        case "approval.total_over":
            return OverLimit(value=_money(values, "total"), limit=_money(values, "limit"))
        case _:
            return None


def _money(values: dict[str, Any], name: str) -> Money:
    return Money(amount=Decimal(values[name]), currency=values["currency"])
