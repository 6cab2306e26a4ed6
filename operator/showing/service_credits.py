"""Cards about service: a credit for the owner and for finance, the list of several, and a restore target that will be missed.

Rule 1: a credit is named by its service and month, a fault by its ticket; figures are computed afresh from tickets and contract.
Rule 2: what was decided about a credit stands in side questions, one a step; a settled one has no button, one that finance returned has them again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from contractops.operator import cases, service_case, wording
from contractops.operator.credits import RETURNED, About, after, standing
from contractops.operator.sentences import source
from contractops.operator.service_case import CreditCase
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.actions import Action
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import TextReply
from contractops.operator.slack.views_service import CreditDueCard, FinanceCard, RestoreCard, Ticket
from contractops.operator.store.tables import Renewal
from contractops.tools.sla_credit import Credit, CreditState

SETTLED: Final = {
    "sent": "Sent to finance",
    "disputed": "Recorded as not a breach",
    "booked": "Booked",
    "returned": "Returned to the owner",
}
"""What became of a credit, in words."""


def credit_due(scene: Scene) -> CreditDueCard | TextReply:
    """A credit that the customer has not claimed: how much, why, until when. In a team's channel it has no button."""
    found = service_case.credit_case(scene.session, scene.row, scene.card.args, scene.now)
    if found is None:
        return _no_longer(scene)
    settled = _settled(scene)
    returned = settled[1] if settled and settled[0] == SETTLED[RETURNED] else None
    is_open = found.credit.state is CreditState.OPEN and (settled is None or returned is not None) and scene.card.person_id is not None
    actions = (Action.CREDIT_MAIL, Action.CREDIT_FINANCE, Action.CREDIT_REASONS, Action.CREDIT_DISPUTE)
    return CreditDueCard(
        **scene.base,
        **_figures(found),
        data_checked=scene.facts.data_checked,
        settled=None if returned else settled,
        returned=returned,
        buttons=scene.row_of(*actions) if is_open else (),
    )


def _figures(found: CreditCase) -> dict[str, Any]:
    """The figures of the card, by the names of its view-model."""
    credit, measured, promise = found.credit, found.measured, found.promise
    days = service_case.days_of(found)
    out = {code: sum((one.minutes for one in measured.excluded if one.code == code), Decimal(0)) for code in _OUT}
    return {
        "amount": credit.amount,
        "service": f"Circuit {credit.service_id}",
        "minutes": credit.down_minutes,
        "day": days[0] if len(days) == 1 else None,
        "allowed": measured.allowed_minutes,
        "claim_closes": credit.claim_by,
        "month": credit.month.first_day,
        "availability": credit.availability_pct,
        "target": measured.target_pct,
        "counted": measured.month_minutes,
        "percent": credit.percent,
        "base": promise.monthly_price,
        "cap": promise.monthly_price.percent(promise.cap_pct).rounded(),
        "cap_reached": credit.capped or credit.percent == promise.cap_pct,
        "maintenance": out["maintenance"],
        "waiting": out["waiting_for_customer"],
        "excluded": out["excluded_cause"],
        "tickets": tuple(Ticket(id=one.ticket_id, priority=one.priority) for one in found.outages),
        "clocks_agree": measured.ticket_minutes == credit.down_minutes + sum(out.values()),
        "state": credit.state.value,
    }


_OUT: Final = ("maintenance", "waiting_for_customer", "excluded_cause")


def finance(scene: Scene) -> FinanceCard | TextReply:
    """The same credit for finance."""
    found = service_case.credit_case(scene.session, scene.row, scene.card.args, scene.now)
    if found is None:
        return _no_longer(scene)
    args = scene.card.args
    answer = after(scene.session, About.of(scene.row.id, args), int(args.get("step", 0)))
    settled = (SETTLED[str(answer.decision)], scene.act_of(answer)) if answer else None
    sent = Act(by=scene.name(args.get("sent_by")), at=datetime.fromisoformat(args["sent_at"])) if args.get("sent_at") else None
    actions = (Action.FINANCE_BOOK, Action.FINANCE_RETURN, Action.CREDIT_REASONS)
    return FinanceCard(
        **scene.base,
        amount=found.credit.amount,
        month=found.credit.month.first_day,
        clause=_clause(found.credit),
        percent=found.credit.percent,
        base=found.promise.monthly_price,
        sent=sent or Act(by=scene.name(None), at=scene.card.created_at),
        settled=settled,
        buttons=() if settled else scene.row_of(*actions),
    )


def credit_list(scene: Scene) -> TextReply:
    """Several credits, one line each, with what became of them; in the team's channel this is the first notice."""
    said = []
    for one in scene.card.args["credits"]:
        row = scene.session.get_one(Renewal, one["renewal"])
        credit = service_case.credit(scene.session, row, one, scene.now)
        if credit is not None:
            closes = f", claim closes {wording.day(credit.claim_by)}" if credit.claim_by else ""
            gate = standing(scene.session, About.of(row.id, one))
            became = f". {SETTLED[str(gate.decision)]}" if gate else ""
            account = cases.overview(scene.session, row, scene.now, scene.rules).account_name
            month = wording.month(credit.month.first_day)
            said.append(f"{account}: {wording.money(credit.amount)}, {credit.service_id}, {month}{closes}{became}.")
    return TextReply(text="\n".join([f"{wording.plural(len(said), 'service credit')} due that nobody claimed:", *said]))


def restore(scene: Scene) -> RestoreCard | TextReply:
    """A fault whose restore target will be missed; later, what became of it."""
    ticket = str(scene.card.args["ticket"])
    found = service_case.fault(scene.session, scene.row.contract_id, ticket, scene.now)
    if found is None:
        return TextReply(
            text=f"{scene.facts.account_name}: {ticket} is no fault with a restore target any more.", account=scene.facts.account_name
        )
    return RestoreCard(
        **scene.base | {"zone": found.zone},
        ticket=ticket,
        service=found.target.service_id,
        priority=found.target.priority,
        since=found.outage.start,
        target=found.target.at,
        minutes=found.target.minutes,
        now=scene.now,
        restored=found.restored,
        buttons=scene.row_of(Action.RESTORE_MAIL, Action.RESTORE_WHY),
    )


def restore_list(scene: Scene) -> TextReply:
    """Several faults, one line each; their cards stand in the thread."""
    said = []
    for one in scene.card.args["faults"]:
        row = scene.session.get_one(Renewal, one["renewal"])
        found = service_case.fault(scene.session, row.contract_id, one["ticket"], scene.now)
        if found is not None:
            target = wording.moment(found.target.at, found.zone)
            state = f"restored {wording.moment(found.restored, found.zone)}" if found.restored else "not restored"
            said.append(f"{found.account}: {one['ticket']}, {found.target.service_id}, target {target}, {state}.")
    return TextReply(text="\n".join([f"{wording.plural(len(said), 'fault')} near or past the restore target:", *said]))


def _no_longer(scene: Scene) -> TextReply:
    account = scene.facts.account_name
    return TextReply(text=f"{account}: this credit is no longer owed.", account=account)


def _settled(scene: Scene) -> tuple[str, Act] | None:
    """The last step that was taken with the credit."""
    gate = standing(scene.session, About.of(scene.row.id, scene.card.args))
    return (SETTLED[str(gate.decision)], scene.act_of(gate)) if gate else None


def _clause(credit: Credit) -> str:
    found = next((one.clause for one in credit.reasons if one.code == "credit.amount" and one.clause), None)
    return source(found.model_copy(update={"quote": None})) if found else "unknown"
