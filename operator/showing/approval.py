"""Cards of the second approval: the question to an approver, and its reminder.

Rule 1: the card follows its own question; what others decided about it is said on every copy.
"""

from __future__ import annotations

from typing import Any

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import agenda, people, wording
from contractops.operator.showing import facts
from contractops.operator.showing.scene import Scene, terms_of
from contractops.operator.showing.states import PARKED, sending
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action
from contractops.operator.slack.views import (
    Act,
    ApprovalState,
    Closed,
    DeclinedBy,
    PassedOn,
    Person,
    Replaced,
    SecondApprovalCard,
    SecondApproved,
    TakenBack,
)
from contractops.operator.slack.views_outcome import TextReply
from contractops.operator.store.tables import Card, Gate
from contractops.tools.signature import ApprovalStep
from contractops.tools.terms import Terms

_OPEN = (Action.SECOND_APPROVE, Action.SECOND_DECLINE, Action.SECOND_ASK, Action.DRAFT_DOCUMENT)


def second(scene: Scene) -> SecondApprovalCard | TextReply:
    """The question to an approver: what is given, what is got, what a no means."""
    number = int(scene.card.args["draft"])
    stored, asked = scene.draft(number), scene.asked
    if stored is None or asked is None:
        return TextReply(text=f"Draft {number} is not stored.")
    terms = terms_of(stored)
    step = int(scene.card.args["step"])
    given = [one for one in scene.approvals(number, _round(scene, number)) if one.step < step or scene.card.person_id is None]
    asker = given[0].person_id if given else scene.row.owner_id  # also after a hand-over: his limits are why another one is asked
    steps = facts.approval_steps(terms, asker, scene.staff, scene.rules.matrix, stored.created_by)
    state = _state(scene, asked, terms, number)
    return SecondApprovalCard(
        **scene.base,
        number=number,
        months=terms.term_months,
        asker=Person(name=scene.name(asker)),
        answer_by=agenda.approver_times(scene.session, asked, scene.facts.window, scene.rules)[1],
        over=facts.over(steps),
        discount=terms.discount_pct,
        given=terms.given,
        conditions=_conditions(terms),
        total=terms.total,
        end=terms.end,
        retry_until=terms.safe_on,
        otherwise=facts.renewal_of(terms, terms.current),
        renewed_times=scene.facts.renewals_so_far,
        service=facts.service(terms.service, scene.facts.target_pct, terms.currency),
        note=stored.note,
        position=step,
        positions=max(step, len(steps)),
        approved=tuple(Act(by=scene.name(one.person_id), at=one.at) for one in given),
        fingerprint=stored.terms_hash,
        floor=terms.floor,
        floor_kept=terms.floor_kept,
        **_group(scene, steps),
        state=state,
        buttons=scene.row_of(*_OPEN, draft=number) if state is None else (),
    )


def _group(scene: Scene, steps: tuple[ApprovalStep, ...]) -> dict[str, Any]:
    """Of which role several must approve, when the card stands in their channel."""
    if scene.card.person_id is not None:
        return {}
    role = str(scene.card.args["role"])
    number = next((one.group for one in steps if one.role == role and one.number > 1), 1)
    return {"group": max(number, 1), "role": people.TITLES.get(role, role)}


def _round(scene: Scene, number: int) -> int:
    """The round of approvals that the card belongs to: it stands in the card's key, after the draft."""
    rest = scene.card.key.removeprefix(f"{scene.row.id}/second/{number}/")
    return int(rest.split("/", 1)[0])


def _conditions(terms: Terms) -> tuple[str, ...]:
    said = []
    if terms.options.exit_after_month is not None:
        said.append(f"Exit right after month {terms.options.exit_after_month}")
    if terms.options.true_up:
        said.append("Yearly true-up of usage")
    if terms.free_months:
        said.append(f"{wording.plural(terms.free_months, 'month')} free")
    return tuple(said)


def _state(scene: Scene, asked: Gate, terms: Terms, number: int) -> ApprovalState | None:
    """What became of the question; None while this person can decide it."""
    if asked.decision is not None:
        return _decided(scene, asked, terms)
    newer = scene.draft(number + 1)
    if newer is not None:
        return Replaced(by_number=newer.number, at=newer.created_at)
    if not scene.is_open("approver"):
        return Closed(why="This question is no longer open")
    if scene.card.person_id in asked.allowed or scene.card.person_id is None:
        return None
    return PassedOn(to=scene.names(asked.allowed), at=asked.opened_at)


def _decided(scene: Scene, asked: Gate, terms: Terms) -> ApprovalState:
    act, answer = scene.act_of(asked), asked.answer or {}
    match asked.decision:
        case Event.APPROVE:
            return SecondApproved(act=act, next_step=_next_step(scene, terms))
        case Event.DECLINE:
            return DeclinedBy(act=act, reason=str(answer.get("reason", "")))
        case Event.TAKE_BACK:
            return TakenBack(act=act)
        case Event.REASSIGN:
            return PassedOn(to=scene.names([str(one) for one in answer.get("people", ())]), at=act.at)
        case _:
            return Closed(why=_closed(scene, asked, terms))


def _closed(scene: Scene, asked: Gate, terms: Terms) -> str:
    """Why nobody needs to approve any more."""
    act = scene.act_of(asked)
    by = f"decided by {act.by}, {wording.moment(act.at, scene.zone)}"
    return {
        str(Event.STOP): f"Not renewing, {by}",
        str(Event.LET_RENEW): f"Renews as it is, {by}",
        str(Event.LAPSE): f"The window closed on {wording.day(terms.safe_on)}",
    }.get(str(asked.decision), "The terms were changed; nothing was approved")


def _next_step(scene: Scene, terms: Terms) -> str:
    """What follows the approval, as far as it is true now."""
    said = ""
    if terms.draft_number < scene.row.draft_number:
        return f"Draft {terms.draft_number + 1} followed."
    match scene.stage:
        case Stage.IN_REVIEW if scene.gate is not None and scene.gate.kind == "approver":
            said = f"Waiting for {scene.names(scene.gate.allowed)}."
        case Stage.IN_REVIEW if scene.gate is not None:
            said = "The draft went back to its owner."
        case Stage.PREPARING:
            said = "The facts changed since; a new draft is being prepared and nothing is sent."
        case Stage.APPROVED | Stage.OUT_FOR_SIGNATURE:
            said = _sending(scene, terms.signer.name if terms.signer else "the customer")
        case Stage.SIGNED | Stage.UPDATING_CRM | Stage.RENEWED:
            said = "Signed by everybody."
    return said


def _sending(scene: Scene, signer: str) -> str:
    effect = sending(scene)
    envelope = scene.envelope(effect)
    if envelope is not None:
        return f"Sent to {signer} for signature, {wording.moment(envelope.sent_at, scene.zone)}."
    if effect is not None and effect.status == PARKED:
        return "The envelope did not go out; a person looks at it."
    return f"It goes to {signer} for signature."


def reminder(scene: Scene) -> TextReply:
    """Half of the answer time is gone; or that the question was answered since."""
    account = scene.facts.account_name
    asked = scene.asked
    if asked is None or asked.decision is not None or not scene.is_open("approver"):
        return TextReply(text=f"{account}: this approval was answered.", account=account)
    by = agenda.approver_times(scene.session, asked, scene.facts.window, scene.rules)[1]
    stored = scene.draft(asked.draft_number)
    what = f"draft {asked.draft_number}"
    if stored is not None:
        terms = terms_of(stored)
        what += f", {phrases.months(terms.term_months)}, {wording.money(terms.total)} in total"
    question = scene.session.get(Card, scene.card.thread) if scene.card.thread else None
    buttons = (scene.button(Action.CARD_OPEN, about=question.key),) if question else ()
    return TextReply(
        text=f"{account}, {what}: your answer is wanted by {wording.deadline(by, scene.zone)}.", buttons=buttons, account=account
    )
