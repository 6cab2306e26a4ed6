"""Cards of a service credit: for the owner, and for finance.

Rule 1: a credit is named by its service and month; its figures are computed afresh from tickets and contract.
Rule 2: what was decided about it stands in side questions, one a decision; a settled credit has no button.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from contractops.operator import cases, wording
from contractops.operator.sentences import source
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.actions import Action
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import FinanceCard, TextReply
from contractops.operator.store.tables import Gate
from contractops.tools.sla_credit import Credit
from contractops.tools.values import Money

SETTLED: Final = {
    "sent": "Sent to finance",
    "disputed": "Recorded as not a breach",
    "booked": "Booked",
    "returned": "Returned to the owner",
}
"""What became of a credit, in words."""


def credit_due(scene: Scene) -> TextReply:
    """A credit that the customer has not claimed: how much, why, until when."""
    account = scene.facts.account_name
    credit = cases.credit(scene.session, scene.row, scene.card.args, scene.now, scene.rules)
    if credit is None:
        return TextReply(text=f"{account}: this credit is no longer owed.", account=account)
    month = wording.month(credit.month.first_day)
    closes = f" The claim closes {wording.day(credit.claim_by)}." if credit.claim_by else ""
    down = f"{credit.service_id} was down {wording.plain(credit.down_minutes)} minutes in {month}"
    settled = _settled(scene, "booked", "disputed", "sent")
    said = [
        f"Credit due: {account}, {wording.money(credit.amount)}.",
        f"{down}: {wording.plain(credit.availability_pct)} % available. The customer has not claimed.{closes}",
        f"{settled[0]}, {settled[1].by}, {wording.moment(settled[1].at, scene.zone)}." if settled else "",
    ]
    actions = (Action.CREDIT_MAIL, Action.CREDIT_FINANCE, Action.CREDIT_REASONS, Action.CREDIT_DISPUTE)
    return TextReply(text="\n".join(filter(None, said)), buttons=() if settled else scene.row_of(*actions), account=account)


def finance(scene: Scene) -> FinanceCard | TextReply:
    """The same credit for finance."""
    account = scene.facts.account_name
    credit = cases.credit(scene.session, scene.row, scene.card.args, scene.now, scene.rules)
    if credit is None:
        return TextReply(text=f"{account}: this credit is no longer owed.", account=account)
    args = scene.card.args
    settled = _settled(scene, "booked", "returned")
    sent = Act(by=scene.name(args.get("sent_by")), at=datetime.fromisoformat(args["sent_at"])) if args.get("sent_at") else None
    actions = (Action.FINANCE_BOOK, Action.FINANCE_RETURN, Action.CREDIT_REASONS)
    return FinanceCard(
        **scene.base,
        amount=credit.amount,
        month=credit.month.first_day,
        clause=_clause(credit),
        percent=credit.percent,
        base=_base(credit),
        sent=sent or Act(by=scene.name(None), at=scene.card.created_at),
        settled=settled,
        buttons=() if settled else scene.row_of(*actions),
    )


def _settled(scene: Scene, *decisions: str) -> tuple[str, Act] | None:
    """The first of ``decisions`` that was made."""
    args = scene.card.args
    for decision in decisions:
        gate = scene.session.get(Gate, f"{scene.row.id}:credit:{args['service']}:{args['month']}:{decision}", populate_existing=True)
        if gate is not None and gate.decision is not None:
            return SETTLED[decision], scene.act_of(gate)
    return None


def _clause(credit: Credit) -> str:
    found = next((one.clause for one in credit.reasons if one.code == "credit.amount" and one.clause), None)
    return source(found.model_copy(update={"quote": None})) if found else "unknown"


def _base(credit: Credit) -> Money:
    """The price that the credit is a part of."""
    price = next(one.values["price"] for one in credit.reasons if one.code == "credit.amount")
    return Money(amount=Decimal(str(price)), currency=credit.amount.currency)
