"""Phrases that several cards share: what happens otherwise, limits, service, credits, findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from contractops.operator import wording
from contractops.operator.slack.views import Ends, Otherwise, OverLimit, Renews, RollsOn, Service
from contractops.tools.values import Money

_NAME = 60


def name(account: str) -> str:
    """The account, cut where a title would overflow."""
    return account if len(account) <= _NAME else account[: _NAME - 1].rstrip() + "…"


def months(count: int) -> str:
    """``36 months``."""
    return wording.plural(count, "month")


def days(count: int) -> str:
    """``60 days``."""
    return wording.plural(count, "day")


def renews(otherwise: Renews) -> str:
    """``renews itself on … for 12 months at today's price``."""
    price = "today's price" if otherwise.monthly is None else wording.monthly(otherwise.monthly)
    return f"renews itself on {wording.day(otherwise.on)} for {months(otherwise.months)} at {price}"


def if_nobody_acts(contract_id: str, otherwise: Otherwise) -> str:
    """``If nobody acts, ENT-3391 renews itself on …``."""
    match otherwise:
        case Renews():
            tail = renews(otherwise)
        case Ends():
            tail = f"ends on {wording.day(otherwise.on)}"
        case RollsOn():
            tail = f"goes on from month to month after {wording.day(otherwise.on)}"
    return f"If nobody acts, {contract_id} {tail}."


def else_what(otherwise: Otherwise) -> str:
    """What follows an unsigned draft: ``today's terms renew``."""
    match otherwise:
        case Renews():
            return "today's terms renew"
        case Ends():
            return f"the contract ends on {wording.day(otherwise.on)}"
        case RollsOn():
            return "it goes on from month to month"


def then_what(otherwise: Otherwise) -> str:
    """What follows a refusal, as ``Then it renews for 12 months at USD 18,450.00 a month``."""
    match otherwise:
        case Renews():
            price = "today's price" if otherwise.monthly is None else wording.monthly(otherwise.monthly)
            return f"Then it renews for {months(otherwise.months)} at {price}."
        case Ends():
            return f"Then it ends on {wording.day(otherwise.on)}."
        case RollsOn():
            return "Then it goes on from month to month."


def silent(signer: str, looks: Sequence[datetime], zone: str) -> str:
    """The question about a signer who has not signed: when he looked, as far as the signing service says."""
    if not looks:
        return f"Not opened yet. Is {signer.split(' ', 1)[0]} still the right person?"
    return f"Opened {often(len(looks))}{wording.local_day(looks[-1], zone)}. {signer.split(' ', 1)[0]} has not signed."


def often(times: int) -> str:
    """How often something happened, before the day of its last time; nothing for once."""
    return {1: "", 2: "twice, last "}.get(times, f"{times} times, last ")


def limit_value(value: int | Decimal | Money) -> str:
    """Months, per cent or an amount, by its type."""
    match value:
        case Money():
            return wording.money(value)
        case int():
            return months(value)
        case _:
            return wording.percent(value)


def over_limits(over: Sequence[OverLimit], whose: str, joint: str) -> str:
    """``36 months is over her limit of 24, and 12.00 % is over her limit of 10.00 %``; ``whose`` as in "her limit of"."""
    return joint.join(f"{limit_value(each.value)} is over {whose} {_bare(each.limit)}" for each in over)


def _bare(limit: int | Decimal | Money) -> str:
    return str(limit) if isinstance(limit, int) else limit_value(limit)


def below_target(service: Service | None) -> str:
    """``Below target in 2 of 8 months``; says so when there are no service data."""
    if service is None or service.months == 0:
        return "Unknown: no service data for this term"
    if service.missed == 0:
        return "On target in the 1 month so far" if service.months == 1 else f"On target in all {months(service.months)}"
    return f"Below {_target(service.target)} in {service.missed} of {months(service.months)}"


def _target(target: Decimal | None) -> str:
    return "target" if target is None else f"{wording.plain(target)} %"


def open_credit(service: Service | None) -> str:
    """``Credit open: USD 1,435.00, claim closes Wed 30 Dec 2026``, or that there is none."""
    if service is None or service.credit is None or service.credit.amount == 0:
        return ""
    closes = f", claim closes {wording.day(service.claim_closes)}" if service.claim_closes else ""
    return f"Credit open: {wording.money(service.credit)}{closes}"
