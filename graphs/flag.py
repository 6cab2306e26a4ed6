"""Flag: from watching a date to a decision, an answer that is not a renewal, or a closed window.

Rule 1: nodes only plan; the workbench commits. Rule 2: silence never decides: only the clock's ``lapse`` and people's answers move a renewal.
Rule 3: *not renewing* and *let renew* are recorded decisions; a notice counts as served only with its evidence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import Case, Decision, NewCard, NewGate, Position, Step, Workbench
from contractops.tools.errors import InvariantError


def settle(workbench: Workbench, position: Position) -> Step:
    """The step that follows the decided gate of a waiting stage of the flag phase."""
    decision = decided(position)
    case = workbench.case(position.renewal_id)
    planners = {
        Event.FLAG: _flag,
        Event.WAKE: _flag,
        Event.REARM: _rearm,
        Event.SNOOZE: _snooze,
        Event.PREPARE: hand_to_preparing,
        Event.OFFER: hand_to_preparing,
        Event.STOP: stop,
        Event.LET_RENEW: let_renew,
        Event.LAPSE: lapse,
        Event.SERVED: _served,
        Event.WITHDRAW: _flag,
    }
    return planners[decision.event](case, decision)


def decided(position: Position) -> Decision:
    """The decision of this visit. Raises ``InvariantError`` CO-GRA-003 when there is none: the graph never routes so."""
    if position.decision is None:
        raise InvariantError("CO-GRA-003", f"{position.renewal_id} was settled without a decision")
    return position.decision


def owner_gate(case: Case, kind: str = "owner") -> NewGate:
    """A question to the owner and to who stands in for him; without an owner on the staff, to contract-ops."""
    asked = [one.person_id for one in (case.stand_in, case.owner) if one is not None and one.active]
    return NewGate(kind=kind, allowed=tuple(asked) or case.watchers)


def root(case: Case) -> str:
    """Key of the thread's root card: one a contract term."""
    return f"{case.renewal_id}/root"


def team_line(case: Case) -> NewCard:
    """The one line of this renewal in the team's channel: no price, edited in place."""
    return NewCard(f"{case.renewal_id}/team", "team", "#renewals")


def tell(case: Case) -> str:
    """Whom a card goes to: who stands in for the owner while he is away, the owner, else the first of contract-ops."""
    return owner_gate(case).allowed[0]


def answered(decision: Decision) -> dict[str, Any]:
    """Columns of an answer by a person: silence has ended."""
    return {} if decision.by == "machine" else {"answered_at": decision.at, "trouble": None}


def hand_to_preparing(_case: Case, decision: Decision) -> Step:
    """Terms are wanted: code prepares them next."""
    return Step(decision.event, decision.by, values={**answered(decision), "snoozed_until": None}, data=decision.answer)


def stop(case: Case, decision: Decision) -> Step:
    """It will not be renewed; the alarm goes on until evidence of the notice is recorded."""
    card = NewCard(f"{case.renewal_id}/stop/{decision.at.isoformat()}", "not_renewing", tell(case), thread=root(case), gated=True)
    if _came_in_time(case, decision):
        values = {**answered(decision), "served_at": decision.at}
        return Step(decision.event, decision.by, gate=owner_gate(case, "served"), values=values, cards=(card,), data=decision.answer)
    return Step(
        decision.event, decision.by, gate=owner_gate(case, "evidence"), values=answered(decision), cards=(card,), data=decision.answer
    )


def let_renew(case: Case, decision: Decision) -> Step:
    """It renews as it is: recorded, and the next term is armed."""
    card = NewCard(f"{case.renewal_id}/let_renew", "let_renew", tell(case), thread=root(case))
    values = {**answered(decision), "next_action_at": None}
    return Step(decision.event, decision.by, values=values, cards=(card,), data=decision.answer)


def lapse(case: Case, decision: Decision) -> Step:
    """The safe date passed: said to owner, manager and contract-ops, and the next term is armed."""
    told = dict.fromkeys((tell(case), *_manager(case), *case.watchers))
    cards = tuple(
        NewCard(
            f"{case.renewal_id}/missed/{person}",
            "missed",
            person,
            thread=root(case) if person == tell(case) else None,
            broadcast=person == tell(case),
            gated=True,
        )
        for person in told
    )
    return Step(decision.event, decision.by, gate=owner_gate(case, "missed"), values={"missed_at": case.now}, cards=cards)


def _came_in_time(case: Case, decision: Decision) -> bool:
    """A customer's notice with a date of receipt within the window is served by its own evidence."""
    received, safe_on = decision.answer.get("received_on"), case.source.window.safe_on
    return isinstance(received, str) and safe_on is not None and received <= safe_on.isoformat()


def _flag(case: Case, decision: Decision) -> Step:
    card = NewCard(root(case), "alert", tell(case), gated=True)
    values = {"snoozed_until": None}
    return Step(decision.event, decision.by, gate=owner_gate(case), values=values, cards=(card, team_line(case)), data=decision.answer)


def _rearm(_case: Case, decision: Decision) -> Step:
    return Step(
        decision.event, decision.by, gate=NewGate("clock"), values={"answered_at": None, "snoozed_until": None}, data=decision.answer
    )


def _snooze(case: Case, decision: Decision) -> Step:
    until = datetime.fromisoformat(decision.answer["until"])
    values = {**answered(decision), "snoozed_until": until, "snoozes": case.snoozes + 1}
    return Step(decision.event, decision.by, gate=owner_gate(case), values=values, data=decision.answer)


def _served(case: Case, decision: Decision) -> Step:
    values = {**answered(decision), "served_at": decision.at, "next_action_at": None}
    return Step(decision.event, decision.by, gate=owner_gate(case, "served"), values=values, data=decision.answer)


def _manager(case: Case) -> tuple[str, ...]:
    return (case.owner.manager_id,) if case.owner and case.owner.manager_id else ()
