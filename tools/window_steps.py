"""The steps of the notice arithmetic: the edges of one term, and the explanation of each step.

Rule 1: days and business days count back from the last day of the term, which is not counted itself.
Rule 2: an explanation is made from the values that were computed, never computed a second time.
"""

from __future__ import annotations

from datetime import date, time
from typing import NamedTuple

from contractops.tools.calendars import add_period, day_off, is_business_day, roll_back, roll_forward
from contractops.tools.errors import InvariantError
from contractops.tools.facts import ContractFacts, NoticeBasis, RollRule
from contractops.tools.values import Reason, Scalar, reason


class Edges(NamedTuple):
    """The edges of one term: earliest day, the clause's own last day before and after its roll rule, and our safe day."""

    opens: date | None
    counted: date
    last: date
    safe: date


def edges_of(facts: ContractFacts, first: date | None, end: date) -> Edges:
    """The edges of the term from ``first`` to ``end``; ``facts.notice`` is known here."""
    calendar = facts.holiday_calendar
    notice = facts.notice
    if notice is None:
        raise InvariantError("CO-WIN-001", f"{facts.unit_id}: edges were asked for without a notice period")
    counted = add_period(end, notice, calendar, times=-1)
    opens = first if facts.notice_opens is None else add_period(end, facts.notice_opens, calendar, times=-1)
    if is_business_day(counted, calendar):
        return Edges(opens, counted, counted, counted)
    last = min(roll_forward(counted, calendar), end) if facts.roll is RollRule.FORWARD else counted
    safe = roll_back(counted, calendar)
    # An early edge can leave no working day inside: then the clause's own last day is all there is.
    return Edges(opens, counted, last, counted if facts.notice_opens is not None and opens is not None and safe < opens else safe)


def term_reason(facts: ContractFacts, number: int, first: date | None, end: date | None) -> Reason:
    """The step of the term itself."""
    initial = facts.initial_term
    return reason(
        "window.term",
        {
            "term": number,
            "start": first.isoformat() if first else None,
            "end": end.isoformat() if end else None,
            "start_event": str(facts.start_event),
            "length": initial.length if initial else None,
            "unit": str(initial.unit) if initial else None,
        },
        facts.term_ref,
    )


def notice_reason(facts: ContractFacts) -> Reason:
    """The step of the notice period."""
    notice = facts.notice
    values: dict[str, Scalar] = {
        "length": notice.length if notice else None,
        "unit": str(notice.unit) if notice else None,
        "whose": str(facts.whose),
    }
    return reason("window.notice", values, facts.notice_ref)


def explain(
    facts: ContractFacts,
    number: int,
    first: date | None,
    end: date,
    edges: Edges,
    cutoff: time,
    renews_on: date | None,
    renews_to: date | None,
) -> tuple[Reason, ...]:
    """The steps from the term to the decide-by moment, in the order a person would check them."""
    counted = edges.counted.isoformat()
    renews: dict[str, Scalar] = {
        "renews_on": renews_on.isoformat() if renews_on else None,
        "renews_to": renews_to.isoformat() if renews_to else None,
        "kind": str(facts.renewal),
    }
    steps = [
        term_reason(facts, number, first, end),
        reason("window.renews", renews, facts.renewal_ref),
        notice_reason(facts),
        reason("window.counted", {"from": end.isoformat(), "last_day": counted}),
    ]
    if facts.notice_opens is not None and edges.opens is not None:
        opens: dict[str, Scalar] = {
            "opens_on": edges.opens.isoformat(),
            "length": facts.notice_opens.length,
            "unit": str(facts.notice_opens.unit),
        }
        steps.append(reason("window.opens", opens, facts.notice_ref))
    if edges.last != edges.counted or edges.safe != edges.counted or not is_business_day(edges.counted, facts.holiday_calendar):
        values: dict[str, Scalar] = {
            "day": counted,
            "why": day_off(edges.counted, facts.holiday_calendar),
            "safe_on": edges.safe.isoformat(),
            "last_defensible": edges.last.isoformat(),
            "clause_rolls": str(facts.roll),
        }
        if facts.roll is RollRule.UNSTATED:
            values["later"] = min(roll_forward(edges.counted, facts.holiday_calendar), end).isoformat()
        steps.append(reason("window.day_off", values, facts.notice_ref))
    code = "window.basis_unstated" if facts.basis is NoticeBasis.UNSTATED else "window.basis"
    hour: dict[str, Scalar] = {
        "basis": str(facts.basis),
        "cutoff": cutoff.isoformat("minutes"),
        "cutoff_stated": facts.cutoff is not None,
        "zone": facts.zone,
    }
    steps.append(reason(code, hour, facts.receipt_ref))
    return tuple(steps)
