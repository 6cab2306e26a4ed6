"""``show``: what a card says now. One function a kind of card.

Rule 1: a card is content by name; what it says is read from stored rows at the moment of posting or rewriting, so that a late or repeated
update can only show the truth.
Rule 2: a card that is decided has no button that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from contractops.operator import cases
from contractops.operator.showing import (
    alert,
    approval,
    digest,
    draft,
    ending,
    lists,
    outcome,
    passing,
    proposals,
    service_credits,
    signed,
    trouble,
)
from contractops.operator.showing.scene import Scene
from contractops.operator.store.tables import Card, Renewal
from contractops.tools.errors import InvariantError
from contractops.tools.values import Value

CARDS: dict[str, Callable[[Scene], Value]] = {
    "alert": alert.alert,
    "reminder": alert.reminder,
    "told": alert.told,
    "snoozed": alert.snoozed,
    "handover": alert.handover,
    "moved": alert.moved,
    "moved_on": passing.moved_on,
    "has_renewed": passing.has_renewed,
    "passed_on": passing.passed_on,
    "draft": draft.draft,
    "offers": draft.offers,
    "declined": draft.declined,
    "second": approval.second,
    "approver_reminder": approval.reminder,
    "sent": outcome.sent,
    "silent": outcome.silent,
    "bounced": outcome.bounced,
    "returned": outcome.returned,
    "signed": signed.signed,
    "team": ending.team,
    "missed": ending.missed,
    "not_renewing": ending.not_renewing,
    "notice_news": ending.notice_news,
    "let_renew": ending.let_renew,
    "needs_person": trouble.needs_person,
    "price": proposals.price,
    "parked": trouble.parked,
    "credit": service_credits.credit_due,
    "credit_list": service_credits.credit_list,
    "credit_notice": service_credits.credit_due,
    "finance": service_credits.finance,
    "restore": service_credits.restore,
    "restore_list": service_credits.restore_list,
    "text": lists.text,
    "clause": proposals.clause,
}
"""The kinds of cards about one renewal."""


LISTS: dict[str, Callable[[Session, Card, datetime, cases.Rules], Value]] = {
    "welcome": lists.welcome,
    "waiting": lists.waiting,
    "approvals": lists.waiting_approvals,
    "nobody_owns": lists.nobody_owns,
    "digest": digest.digest,
    "hygiene": lists.hygiene,
    "sweep_stopped": lists.sweep_stopped,
}
"""The kinds of cards about many contracts of one person."""


def show(session: Session, card: Card, now: datetime, rules: cases.Rules) -> Value:
    """The view-model of ``card`` at ``now`` (business time); called inside a write, since its buttons are stored with it.

    Raises ``InvariantError``: CO-CRD-004 for a kind that nobody shows, CO-CRD-005 for a card whose renewal is not there.
    """
    listed = LISTS.get(card.kind)
    if listed is not None:
        return listed(session, card, now, rules)
    builder = CARDS.get(card.kind)
    if builder is None:
        raise InvariantError("CO-CRD-004", f"no card of kind {card.kind!r} is known")
    row = session.get(Renewal, card.renewal_id, populate_existing=True) if card.renewal_id else None
    if row is None:
        raise InvariantError("CO-CRD-005", f"card {card.key} belongs to no renewal")
    session.flush()
    return builder(Scene(session, card, row, now, rules))
