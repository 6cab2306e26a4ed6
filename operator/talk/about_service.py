"""Answers about service: the months of a period against their target, and the service credits.

Rule 1: a month is judged as the SLA summarizer does; the month that still runs is left out and said to be running.
Rule 2: amounts of several currencies stand beside one another; they are never added.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from contractops.operator import cases, wording
from contractops.operator.credits import found_credits, touched
from contractops.operator.slack.actions import Action
from contractops.operator.slack.views_chat import ChatReply
from contractops.operator.store import portfolio
from contractops.operator.store.tables import Card, Renewal
from contractops.operator.talk.asked import Asked
from contractops.tools.calendars import zone
from contractops.tools.sla import Month, SlaMonth, month_of, sla_month
from contractops.tools.sla_credit import Credit, CreditState, SlaSummary, month_credit, summarise
from contractops.tools.values import Money

LOOK_BACK: Final = timedelta(days=150)
SHOWN: Final = 6
_YEAR_LENGTH: Final = 4


@dataclass(frozen=True)
class Span:
    """Calendar months from ``first`` to ``last``, both included."""

    first: Month
    last: Month

    def words(self) -> str:
        """``Jan to Nov 2026``; one month alone is ``Nov 2026``."""
        first, last = wording.month(self.first.first_day), wording.month(self.last.first_day)
        if first == last:
            return last
        return f"{first.split(' ', maxsplit=1)[0] if self.first.year == self.last.year else first} to {last}"


def sla(asked: Asked, row: Renewal, period: str | None) -> ChatReply:
    """Months met and missed in the period, with the figures of those below target, and the credits that followed."""
    bundle = portfolio.contract_bundle(asked.session, row.contract_id, asked.now)
    if not bundle.commitments:
        return ChatReply(lines=(asked.say("sla_nothing", contract=row.contract_id),))
    span = _span(period, bundle, asked, row)
    months, summary = _measured(bundle, span, asked)
    head = f"{bundle.entry.account_name} ({row.contract_id}), "
    if not months:
        return ChatReply(lines=(head + asked.say("sla_none", span=span.words()),))
    keys = sorted({str(one.month) for one in months})
    shown = Span(_month(keys[0]), _month(keys[-1]))
    lines = [head + asked.say("sla", span=shown.words(), met=len(keys) - len(summary.missed), n=len(keys))]
    if summary.missed:
        lines.append(_below(asked, months))
    told = [asked.say("open", amount=wording.money(one)) for one in summary.open_credits]
    told += [asked.say("lapsed", amount=wording.money(one)) for one in summary.lapsed_credits]
    if told:
        lines.append(asked.say("sla_credits", rows=", ".join(told)))
    return ChatReply(lines=tuple(lines))


def _below(asked: Asked, months: list[SlaMonth]) -> str:
    """The months below target, each with its worst figure; one target where all services have the same."""
    worst: dict[str, SlaMonth] = {}
    for one in months:
        key = str(one.month)
        if not one.met and (key not in worst or one.availability_pct < worst[key].availability_pct):
            worst[key] = one
    targets = sorted({one.target_pct for one in worst.values()})
    rows = [f"{wording.month(one.month.first_day)} {wording.plain(one.availability_pct)} %" for _key, one in sorted(worst.items())]
    named = wording.listing([f"{wording.plain(one)} %" for one in targets], "or")
    return asked.say("sla_below", target=named, rows=", ".join(rows[:SHOWN]))


def _span(period: str | None, bundle: portfolio.Bundle, asked: Asked, row: Renewal) -> Span:
    """The calendar months that ``period`` means today, not before the contract began."""
    today = asked.now.astimezone(zone(bundle.facts.zone)).date()
    this = month_of(today)
    before = month_of(this.first_day - timedelta(days=1))
    start = bundle.facts.start if not bundle.renewals_so_far else None
    term = cases.window_of(asked.session, row, asked.now).term_start
    match period:
        case None | "this_term":
            first, last = month_of(term or start or this.first_day), before
        case "this_year":
            first, last = Month(year=this.year, month=1), before
        case "last_month":
            first = last = before
        case "last_12_months":
            first, last = Month(year=this.year - 1, month=this.month), before
        case _ if len(period) == _YEAR_LENGTH:
            first, last = Month(year=int(period), month=1), Month(year=int(period), month=12)
        case _:
            first = last = _month(period)
    if start is not None and first.first_day < start:
        first = month_of(start)
    return Span(first, last)


def _month(text: str) -> Month:
    return Month(year=int(text[:4]), month=int(text[5:7]))


def _measured(bundle: portfolio.Bundle, span: Span, asked: Asked) -> tuple[list[SlaMonth], SlaSummary]:
    months, owed = [], []
    for promise in bundle.commitments:
        month = span.first
        while month.first_day <= span.last.first_day:
            measured = sla_month(promise, month, bundle.outages, bundle.maintenance, asked.now)
            month = month.following
            if not measured.complete:
                continue
            months.append(measured)
            claim = next((one for one in bundle.claims if (one.service_id, one.month) == (measured.service_id, measured.month)), None)
            credit = month_credit(promise, measured, claim, asked.now).credit
            if credit is not None:
                owed.append(credit)
    return months, summarise(bundle.entry.contract_id, months, owed)


def credit_list(asked: Asked, contract: str | None) -> ChatReply:
    """Open credits, the one whose claim closes first at the top, and what lapsed in the present quarter."""
    found = _credits(asked, contract)
    today = asked.now.astimezone(zone(asked.who.working_time.zone)).date()
    still = sorted(
        (one for one in found if one[1].state is CreditState.OPEN), key=lambda one: (one[1].claim_by or date.max, one[0].contract_id)
    )
    lapsed = [
        credit
        for _row, credit in found
        if credit.state is CreditState.LAPSED and credit.claim_by and _quarter(credit.claim_by) == _quarter(today)
    ]
    lines = [asked.say("credits", rows=_rows(asked, still)) if still else asked.say("credits_none")]
    if lapsed:
        lines.append(asked.say("credits_lapsed", n=len(lapsed), rows=", ".join(wording.money(one) for one in _sums(lapsed))))
    buttons = []
    for row, credit in still[:3]:
        key = f"credit/{credit.contract_id}/{credit.service_id}/{credit.month}"
        card = asked.session.get(Card, key)
        if card is not None and card.ts is not None and card.person_id == asked.who.person_id:
            buttons.append(asked.button(Action.CARD_OPEN, row, shown=_account(asked, row), about=key))
    return ChatReply(lines=tuple(lines), buttons=tuple(buttons))


def _credits(asked: Asked, contract: str | None) -> list[tuple[Renewal, Credit]]:
    if contract is not None:
        row = asked.row(contract)
        rows = [row] if row else []
    else:
        rows = [one for one in touched(asked.session, asked.now - LOOK_BACK) if asked.owners is None or one.owner_id in asked.owners]
    return [(row, one.credit) for row in rows for one in found_credits(asked.session, row, asked.now, asked.rules)]


def _rows(asked: Asked, still: list[tuple[Renewal, Credit]]) -> str:
    said = []
    for row, credit in still[:SHOWN]:
        closes = asked.say("credit_closes", day=wording.day(credit.claim_by)) if credit.claim_by else ""
        said.append(asked.say("credit_row", amount=wording.money(credit.amount), account=_account(asked, row), closes=closes))
    more = len(still) - len(said)
    return ", ".join(said) + (f" {asked.say('more', n=more)}" if more > 0 else "")


def _account(asked: Asked, row: Renewal) -> str:
    return portfolio.contract_entry(asked.session, row.contract_id, asked.now).account_name


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _sums(owed: list[Credit]) -> list[Money]:
    totals: dict[str, Money] = defaultdict(lambda: Money(amount=Decimal(0), currency="XXX"))
    for one in owed:
        currency = one.amount.currency
        totals[currency] = totals[currency] + one.amount if currency in totals else one.amount
    return [totals[currency] for currency in sorted(totals)]
