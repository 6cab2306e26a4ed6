"""Explanations: why these dates, how this price, who is told next; and the text of a notice.

Rule 1: an explanation is the tools' own reasons; nothing is computed here.
Rule 2: the notice has facts of the case only, and a person sends it; mails stand in ``mails``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import assert_never

from sqlmodel import Session

from contractops.graphs.lifecycle import Stage
from contractops.operator import agenda, cases, people, wording
from contractops.operator.clauses import Question
from contractops.operator.service_case import Fault
from contractops.operator.slack.actions import Button
from contractops.operator.slack.views_outcome import ListLine, ReasonsReply
from contractops.operator.store.tables import Draft, Renewal
from contractops.tools.alerts import Told, days_left, plan_alerts
from contractops.tools.calendars import zone
from contractops.tools.facts import NoticeBasis
from contractops.tools.notice_window import WindowStatus
from contractops.tools.sla_credit import Credit
from contractops.tools.terms import Terms

STEPS: dict[Stage, str] = {
    Stage.FLAGGED: "Prepare terms",
    Stage.SNOOZED: "Quiet for now",
    Stage.PREPARING: "Terms are being prepared",
    Stage.IN_REVIEW: "Draft waits for approval",
    Stage.APPROVED: "Being sent for signature",
    Stage.OUT_FOR_SIGNATURE: "Out for signature",
    Stage.SIGNED: "Signed",
    Stage.UPDATING_CRM: "Signed, CRM is being updated",
    Stage.NOT_RENEWING: "Record the proof of delivery",
    Stage.MISSED: "Window closed",
    Stage.NEEDS_PERSON: "Needs you",
}
"""The next step of a contract in a list; a stage without one says nothing."""


def why_dates(overview: cases.Overview) -> ReasonsReply:
    """The dates of the present term, step by step, with the contract's own last day at the end."""
    window = overview.window
    if window.status is WindowStatus.KNOWN and window.decide_by is not None:
        headline = f"Decide by {wording.deadline(window.decide_by, window.zone)}."
    else:
        headline = {
            WindowStatus.ROLLING: "Notice is possible at any time.",
            WindowStatus.NONE: "No notice is needed.",
        }.get(window.status, "The dates are unknown.")
    last = window.last_defensible
    tail = f"Contract's own last day: {wording.day(last)}." if last is not None and last != window.safe_on else ""
    return ReasonsReply(headline=headline, zone=window.zone, reasons=(*window.reasons, *(one.reason for one in window.send_by)), tail=tail)


def notice_clause(overview: cases.Overview) -> ReasonsReply:
    """The clause on notice, quoted with its page, and how its last day is read."""
    reasons = tuple(one for one in overview.window.reasons if one.code in {"window.notice", "window.counted", "window.day_off"})
    ref = next((one.clause for one in reasons if one.clause), None)
    named = f" {ref.clause}" if ref and ref.clause else ""
    return ReasonsReply(headline=f"Clause{named} of {overview.contract_id}.", zone=overview.zone, reasons=reasons)


def arithmetic(draft: Draft) -> ReasonsReply:
    """The price of a draft, step by step."""
    terms = Terms.model_validate(draft.terms)
    months = wording.plural(terms.term_months, "month")
    return ReasonsReply(
        headline=f"Draft {draft.number}, {months}: {wording.monthly(terms.monthly)}, {wording.money(terms.total)} in total.",
        zone=terms.zone,
        reasons=tuple(one for one in terms.reasons if one.code.startswith("price.")),
        findings=terms.findings,
    )


def next_told(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> tuple[str, date] | None:
    """(name, day): who beside the owner hears of silence next, and when; None when the ladder is done or has no dates."""
    if row.safe_on is None:
        return None
    working = cases.working_time(session, row.owner_id, rules)
    today = now.astimezone(zone(working.zone)).date()
    sent = min(agenda.alerts_sent(session, row), default=None)
    for planned in plan_alerts(row.safe_on, working.holiday_calendar):
        is_next = planned.on > today and (sent is None or planned.level.lead_days < sent)
        if is_next and planned.level.also_told:
            person = people.person(session, _told(session, row, planned.level.also_told[-1], rules))
            return (person.name, planned.on) if person else None
    return None


def _told(session: Session, row: Renewal, told: Told, rules: cases.Rules) -> str | None:
    """The person behind a step of the ladder; contract-ops where there is none."""
    match told:
        case Told.MANAGER:
            return cases.manager_of(session, row.owner_id) or rules.contract_ops(session)[0]
        case Told.CONTRACT_OPS:
            return rules.contract_ops(session)[0]
        case Told.VP_SALES:
            return next(iter(rules.with_role(session, people.VP_SALES)), None)
        case _:
            assert_never(told)


def list_line(overview: cases.Overview, now: datetime, question: Question | None = None, button: Button | None = None) -> ListLine:
    """One line of a list: the deadline, the amount, the next step; for an unknown date the ``question`` that would settle it."""
    row, window = overview.renewal, overview.window
    return ListLine(
        account=overview.account_name,
        contract_id=row.contract_id,
        zone=overview.zone,
        decide_by=row.decide_by,
        days_left=days_left(row.safe_on, overview.zone, now) if row.safe_on else None,
        monthly=overview.monthly,
        step=STEPS.get(Stage(row.stage), ""),
        unknown="" if row.decide_by else question.words if question else _unknown(window.status, [fact.field for fact in window.unknown]),
        button=button,
    )


def _unknown(status: WindowStatus, fields: list[str]) -> str:
    match status:
        case WindowStatus.ROLLING:
            return "notice is possible at any time"
        case WindowStatus.NONE:
            return "it ends by itself"
        case _:
            missing = wording.listing([field.replace("_", " ") for field in dict.fromkeys(fields)])
            return f"the documents do not settle the {missing}" if missing else "no date can be proven"


def notice_text(overview: cases.Overview) -> str:
    """The words of a notice of non-renewal, from the facts; a person sends it, in the form the contract asks for."""
    window, source = overview.window, overview.source
    end = "the end of its present term" if window.term_end is None else wording.day(window.term_end)
    clause = source.facts.notice_ref
    under = f" under clause {clause.clause}" if clause and clause.clause else ""
    due = "as soon as possible" if window.decide_by is None else f"by {wording.deadline(window.decide_by, window.zone)}"
    counts = "sent" if source.facts.basis is NoticeBasis.DISPATCH else "received"
    address = f" at {overview.notice_address}" if overview.notice_address else ""
    return "\n".join(
        [
            f"To {source.customer.name}: {source.supplier.name} gives notice{under}.",
            f"Agreement {source.contract_id} will not be renewed and ends on {end}.",
            f"It must be {counts} {due}{address}. For counsel; you send it, I don't.",
        ]
    )


def restore_headline(found: Fault) -> str:
    """Until when a fault is to be mended."""
    return f"{found.target.ticket_id} is to be restored by {wording.moment(found.target.at, found.zone)}."


def credit_headline(credit: Credit) -> str:
    """What a service credit comes to."""
    return f"{wording.money(credit.amount)} for {credit.service_id}, {wording.month(credit.month.first_day)}."
