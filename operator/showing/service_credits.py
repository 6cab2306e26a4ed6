"""Cards of a service credit: for the owner, and for finance.

Rule 1: a credit is named by its service and month; its figures are computed afresh from tickets and contract.
Rule 2: what was decided about it stands in side questions, one a step; a settled credit has no button, one that finance returned has them again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from contractops.operator import cases, wording
from contractops.operator.credits import RETURNED, About, after, standing
from contractops.operator.sentences import source
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.actions import Action
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import FinanceCard, TextReply
from contractops.operator.store.tables import Renewal
from contractops.tools.sla_credit import Credit, CreditState
from contractops.tools.values import Money

SETTLED: Final = {
    "sent": "Sent to finance",
    "disputed": "Recorded as not a breach",
    "booked": "Booked",
    "returned": "Returned to the owner",
}
"""What became of a credit, in words."""

HEADS: Final = {CreditState.LAPSED: "Credit lapsed", CreditState.CLAIMED: "Credit claimed", CreditState.PAID: "Credit paid"}
CLAIMS: Final = {CreditState.CLAIMED: "The customer has claimed it.", CreditState.PAID: "It was paid."}


def credit_due(scene: Scene) -> TextReply:
    """A credit that the customer has not claimed: how much, why, until when."""
    account = scene.facts.account_name
    credit = cases.credit(scene.session, scene.row, scene.card.args, scene.now, scene.rules)
    if credit is None:
        return TextReply(text=f"{account}: this credit is no longer owed.", account=account)
    month = wording.month(credit.month.first_day)
    lapsed = credit.state is CreditState.LAPSED
    closes = f" The claim {'closed' if lapsed else 'closes'} {wording.day(credit.claim_by)}." if credit.claim_by else ""
    down = f"{credit.service_id} was down {wording.plain(credit.down_minutes)} minutes in {month}"
    settled = _settled(scene)
    returned = settled is not None and settled[0] == SETTLED[RETURNED]
    said = [
        f"{HEADS.get(credit.state, 'Credit due')}: {account}, {wording.money(credit.amount)}.",
        f"{down}: {wording.plain(credit.availability_pct)} % available. {CLAIMS.get(credit.state, 'The customer has not claimed.')}{closes}",
        f"{settled[0]}, {settled[1].by}, {wording.moment(settled[1].at, scene.zone)}." if settled else "",
    ]
    is_open = credit.state is CreditState.OPEN
    actions = (Action.CREDIT_MAIL, Action.CREDIT_FINANCE, Action.CREDIT_REASONS, Action.CREDIT_DISPUTE)
    return TextReply(
        text="\n".join(filter(None, said)),
        buttons=scene.row_of(*actions) if is_open and (settled is None or returned) else (),
        account=account,
    )


def finance(scene: Scene) -> FinanceCard | TextReply:
    """The same credit for finance."""
    account = scene.facts.account_name
    credit = cases.credit(scene.session, scene.row, scene.card.args, scene.now, scene.rules)
    if credit is None:
        return TextReply(text=f"{account}: this credit is no longer owed.", account=account)
    args = scene.card.args
    answer = after(scene.session, About.of(scene.row.id, args), int(args.get("step", 0)))
    settled = (SETTLED[str(answer.decision)], scene.act_of(answer)) if answer else None
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


def credit_list(scene: Scene) -> TextReply:
    """Several credits, one line each; in the team's channel this is the first notice."""
    said = []
    for one in scene.card.args["credits"]:
        row = scene.session.get_one(Renewal, one["renewal"])
        credit = cases.credit(scene.session, row, one, scene.now, scene.rules)
        if credit is not None:
            closes = f", claim closes {wording.day(credit.claim_by)}" if credit.claim_by else ""
            account = cases.overview(scene.session, row, scene.now, scene.rules).account_name
            said.append(f"{account}: {wording.money(credit.amount)}, {credit.service_id}, {wording.month(credit.month.first_day)}{closes}.")
    return TextReply(text="\n".join([f"{wording.plural(len(said), 'service credit')} due that nobody claimed:", *said]))


def _settled(scene: Scene) -> tuple[str, Act] | None:
    """The last step that was taken with the credit."""
    gate = standing(scene.session, About.of(scene.row.id, scene.card.args))
    return (SETTLED[str(gate.decision)], scene.act_of(gate)) if gate else None


def _clause(credit: Credit) -> str:
    found = next((one.clause for one in credit.reasons if one.code == "credit.amount" and one.clause), None)
    return source(found.model_copy(update={"quote": None})) if found else "unknown"


def _base(credit: Credit) -> Money:
    """The price that the credit is a part of."""
    price = next(one.values["price"] for one in credit.reasons if one.code == "credit.amount")
    return Money(amount=Decimal(str(price)), currency=credit.amount.currency)
