"""The weekly digest as its person sees it: at most five contracts by name, sums a currency, and the credits that get no card."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlmodel import Session

from contractops.operator import cases, digests, people
from contractops.operator.credits import Found
from contractops.operator.showing.explain import list_line
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_service import CreditLine, DigestCard
from contractops.operator.store.tables import Card

LINES: Final = 5


def digest(session: Session, card: Card, now: datetime, rules: cases.Rules) -> DigestCard:
    """The digest of the card's person and week, as things stand now."""
    week = digests.week_of(session, card.person_id or "", date.fromisoformat(card.args["week"]), now, rules)
    rows = [*week.decisions, *week.signatures]
    me = people.person(session, card.person_id)
    deputy = people.stand_in(session, me, now) if me else None
    args = {"about": "", "renewal": card.args["renewal"]}
    token = remember(session, rules.token_secret, card.key, Action.DESK_OPEN, None, args)
    return DigestCard(
        decisions=len(week.decisions),
        signatures=len(week.signatures),
        credits=tuple(week.owed),
        lines=tuple(list_line(cases.overview(session, row, now, rules), now) for row in rows[:LINES]),
        more=max(0, len(rows) - LINES),
        renewed=len(week.renewed),
        renewed_prices=tuple(week.prices),
        missed=len(week.missed),
        unknown=len(week.unknown),
        small=_lines(session, week.small, now, rules),
        lapsed=_lines(session, week.lapsed, now, rules),
        stand_in=deputy.name if deputy else None,
        buttons=(Button(action=Action.DESK_OPEN, token=token),),
    )


def _lines(session: Session, ones: Iterable[Found], now: datetime, rules: cases.Rules) -> tuple[CreditLine, ...]:
    return tuple(
        CreditLine(
            account=cases.overview(session, one.renewal, now, rules).account_name,
            amount=one.credit.amount,
            month=one.credit.month.first_day,
            on=one.credit.claim_by,
        )
        for one in ones
    )
