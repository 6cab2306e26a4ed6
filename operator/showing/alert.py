"""Cards of the watch: the root of the thread, its reminders, who else was told, snooze, hand-over, a moved date."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, clauses, people, signers, wording
from contractops.operator.sentences import source
from contractops.operator.showing import facts
from contractops.operator.showing.explain import next_told
from contractops.operator.showing.outcome import ways_on
from contractops.operator.showing.scene import Scene
from contractops.operator.showing.states import PARKED, alert_state
from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.render_alert import BY, days_to, goal_of, state_line
from contractops.operator.slack.views import (
    Act,
    AlertCard,
    AlertState,
    ByMail,
    Goal,
    Handover,
    InReview,
    MovedDate,
    NotRenewing,
    OutForSignature,
    ReminderReply,
    TwoReadings,
    WaitingForApproval,
)
from contractops.operator.slack.views_outcome import HandoverNotice, SnoozedLine, TextReply
from contractops.operator.store.cards import mailed
from contractops.operator.store.settled import NOTICE_ROLL
from contractops.operator.store.tables import Card
from contractops.tools.alerts import AlertForm, days_left, snooze_limit
from contractops.tools.silence import LADDER_DAYS

FULL = frozenset({AlertForm.FULL_CARD, AlertForm.FULL_CARD_MAIL})
MENTIONED = FULL | {AlertForm.MENTION}


def alert(scene: Scene) -> AlertCard | TextReply:
    """The root card of the thread, in every stage."""
    row, found = scene.row, scene.facts
    follows = facts.otherwise(found.window)
    state = alert_state(scene)
    if row.decide_by is None or row.safe_on is None or row.term_end is None or follows is None or found.monthly is None:
        return _without_figures(scene)
    monthly = found.monthly
    return AlertCard(
        **scene.base,
        days_left=days_left(row.safe_on, scene.zone, scene.now),
        decide_by=row.decide_by,
        otherwise=follows,
        monthly=monthly,
        yearly=monthly.times(12),
        term_months=facts.months_between(row.term_start, row.term_end) if row.term_start else None,
        term_ends=row.term_end,
        service=facts.service(found.service, found.target_pct, monthly.currency),
        crm=facts.crm_behind(found.missing_change_orders),
        data_checked=found.data_checked,
        next_told=next_told(scene.session, row, scene.now, scene.rules) if state is None else None,
        stands_for=_stands_for(scene),
        handover=_handed_over(scene),
        readings=_readings(scene) if state is None else None,
        state=state,
        by_mail=_by_mail(scene),
        buttons=_buttons(scene),
    )


def _stands_for(scene: Scene) -> str | None:
    """The owner, when the card stands with somebody else: a deputy, or contract-ops."""
    owner = scene.row.owner_id
    if owner is None:
        return "an owner who is not named yet"
    return None if scene.card.person_id in {None, owner} else scene.name(owner)


def _readings(scene: Scene) -> TwoReadings | None:
    """Both readings of the last day, when the clause leaves it open."""
    both = clauses.two_readings(scene.facts.window)
    return TwoReadings(earlier=both[0], later=both[1], clause=both[2]) if both else None


def _settling(scene: Scene) -> tuple[Button, ...]:
    """The button that resolves what is open about a clause, if anything is."""
    question = clauses.question_of(scene.session, scene.facts)
    if question is None:
        return ()
    settle = scene.button(Action.CLAUSE_SETTLE, about=question.key, shown="this", more={"question": question.key})
    return (scene.button(Action.CLAUSE_READ), settle) if question.field == NOTICE_ROLL else (settle,)


def _by_mail(scene: Scene) -> ByMail | None:
    """The e-mail that repeats this card; False in its arguments: there should be one, but there is no mail server."""
    effect = mailed(scene.session, scene.card)
    if effect is None:
        return ByMail.NOT_CONFIGURED if scene.card.args.get("mail") is False else None
    if effect.status == "done":
        return ByMail.SENT if effect.remote_id else ByMail.NOT_NEEDED
    return ByMail.NEEDS_PERSON if effect.status == PARKED else ByMail.WAITS


def _without_figures(scene: Scene) -> TextReply:
    """A date or a price is not known (any more): said in words, with what can still be done."""
    row, found = scene.row, scene.facts
    due = "unknown" if row.decide_by is None else wording.deadline(row.decide_by, scene.zone)
    follows = facts.otherwise(found.window)
    state = alert_state(scene)
    said = [
        f"{found.account_name}, {row.contract_id}. Decide by: {due}.",
        "What happens when nobody acts is unknown." if follows is None else phrases.if_nobody_acts(row.contract_id, follows),
        "Worth unknown: a price is missing, or prices are in several currencies."
        if found.monthly is None
        else f"Worth {wording.monthly(found.monthly)}.",
        "" if state is None else state_line(state, scene.zone),
    ]
    question = clauses.question_of(scene.session, found)
    if question is not None and question.field != NOTICE_ROLL:
        said[0] = f"{found.account_name}, {row.contract_id}. Decide by: unknown: {question.words}."
    elif question is not None:
        said.insert(1, f"{wording.sentence_case(question.words)}. We use the earlier.")
    buttons = _buttons(scene)
    settle = () if any(one.action is Action.CLAUSE_SETTLE for one in buttons) else _settling(scene)
    return TextReply(text="\n".join(filter(None, said)), buttons=(*buttons, *settle), account=found.account_name)


def _buttons(scene: Scene) -> tuple[Button, ...]:
    """What the root card offers in this stage; only what the stage can answer to."""
    why = scene.button(Action.RENEWAL_WHY)
    gate = scene.gate
    if gate is None or not gate.allowed:
        is_out = isinstance(alert_state(scene), OutForSignature)
        return (why, *(scene.row_of(Action.RENEWAL_HANDOVER) if is_out else ()))
    match scene.stage:
        case Stage.FLAGGED:
            snooze = scene.row_of(Action.RENEWAL_SNOOZE) if may_snooze(scene) else ()
            rest = scene.row_of(Action.RENEWAL_HANDOVER, Action.RENEWAL_STOP)
            return (scene.button(Action.RENEWAL_PREPARE), why, *snooze, *rest, *(_settling(scene) if scene.row.decide_by else ()))
        case Stage.SNOOZED:
            return (*scene.row_of(Action.RENEWAL_WAKE, Action.RENEWAL_PREPARE), why)
        case Stage.IN_REVIEW:
            number = scene.row.draft_number
            opens = scene.button(Action.DRAFT_OPEN, about=f"{scene.row.id}/draft/{number}", shown=str(number))
            return (opens, why, *scene.row_of(Action.RENEWAL_HANDOVER, Action.RENEWAL_STOP))
        case Stage.NOT_RENEWING if scene.row.served_at is None:
            return (scene.button(Action.NOTICE_EVIDENCE), why)
        case _:
            return (why,)


def may_snooze(scene: Scene) -> bool:
    """Whether a snooze is still offered."""
    working = cases.working_time(scene.session, scene.row.owner_id, scene.rules)
    return snooze_limit(scene.facts.window, working, scene.row.snoozes, scene.now).latest is not None


def _handed_over(scene: Scene) -> Handover | None:
    """The extra line after a hand-over that was accepted."""
    offer = scene.row.handover or {}
    if not offer.get("accepted_at") or offer.get("returned_at"):
        return None
    return Handover(by=scene.name(offer.get("from")), waiting=_waiting(scene), note=str(offer.get("note") or ""))


def _waiting(scene: Scene) -> str:
    state = alert_state(scene)
    match state:
        case None:
            return "the decision about this renewal is open"
        case InReview():
            return f"draft {state.number} waits for your approval"
        case WaitingForApproval():
            return f"draft {state.number} waits for {state.whom}"
        case NotRenewing(served=False):
            return "the proof of delivery of the notice is missing"
        case _:
            return "nothing waits for you now"


def reminder(scene: Scene) -> AlertCard | ReminderReply | TextReply:
    """A reply at a later lead time; the full card again in the last days, while it is unanswered."""
    row, found = scene.row, scene.facts
    is_open = scene.is_open("owner", "evidence", "person")
    form = str(scene.card.args.get("form", ""))
    follows = facts.otherwise(found.window)
    if row.decide_by is None or row.safe_on is None or follows is None or found.monthly is None:
        return _without_figures(scene)
    if scene.stage is Stage.MISSED:
        said = f"{found.account_name}: the window closed on {wording.day(row.safe_on)}. See the newest message of this thread."
        return TextReply(text=said, account=found.account_name)
    if is_open and form in FULL and scene.stage is Stage.FLAGGED:
        return alert(scene)
    return ReminderReply(
        **scene.base,
        days_left=days_left(row.safe_on, scene.zone, scene.now),
        decide_by=row.decide_by,
        otherwise=follows,
        monthly=found.monthly,
        told=_told_with(scene),
        goal=goal_of(alert_state(scene)),
        **_missing_signature(scene),
        changed=_news(scene) if is_open or scene.asked is None or scene.asked.decision is None else "",
        mention=people.slack_address(scene.session, row.owner_id or "")[0] if is_open and form in MENTIONED else None,
        answered=None if is_open else _answered(scene),
        by_mail=_by_mail(scene),
        buttons=_reminder_buttons(scene) if is_open else _signature_buttons(scene),
    )


def _asked_about(scene: Scene) -> signers.Waiting | None:
    """The signer whom this reminder asks about: from 14 days on, in the visit in which it was sent."""
    lead = scene.card.args.get("lead")
    if (lead is not None and lead > LADDER_DAYS) or not scene.is_open("signature"):
        return None
    return signers.waiting_for(scene.session, scene.row)


def _missing_signature(scene: Scene) -> dict[str, str]:
    """Whose signature is missing, and the question about him."""
    waiting = _asked_about(scene)
    if waiting is None:
        return {}
    name = waiting.signer.name
    if waiting.came_back:
        return {"signer": name, "asks": f"The invitation to {name}, {waiting.signer.email}, came back."}
    return {"signer": name, "asks": f"{name}: {phrases.silent(name, waiting.looks, scene.zone)}"}


def _signature_buttons(scene: Scene) -> tuple[Button, ...]:
    """What helps with the signer; the way to the card."""
    waiting = _asked_about(scene)
    if waiting is None:
        return ()
    return (*scene.row_of(*ways_on(waiting)), scene.button(Action.CARD_OPEN, about=f"{scene.row.id}/root"))


def _news(scene: Scene) -> str:
    """Where the renewal stands, when it is further than the alert."""
    state = None if scene.stage in {Stage.FLAGGED, Stage.SNOOZED} else alert_state(scene)
    return "" if state is None else state_line(state, scene.zone).rstrip(".")


def _reminder_buttons(scene: Scene) -> tuple[Button, ...]:
    card = scene.button(Action.CARD_OPEN, about=f"{scene.row.id}/root")
    match scene.stage:
        case Stage.FLAGGED | Stage.SNOOZED:
            return (scene.button(Action.RENEWAL_PREPARE), card)
        case Stage.IN_REVIEW:
            number = scene.row.draft_number
            return (scene.button(Action.DRAFT_OPEN, about=f"{scene.row.id}/draft/{number}", shown=str(number)), card)
        case Stage.NOT_RENEWING:
            return (scene.button(Action.NOTICE_EVIDENCE), card)
        case _:
            return (card,)


def _answered(scene: Scene) -> Act | None:
    """The person who answered the question that this card asked."""
    asked = scene.asked
    if asked is None or asked.decision is None or asked.decided_by == "machine":
        return None
    return scene.act_of(asked)


def _told_with(scene: Scene) -> tuple[str, ...]:
    """Who else was told at this lead time."""
    prefix = f"{scene.row.id}/told/{scene.row.safe_on}/{scene.card.args.get('lead')}/"
    query = select(Card.person_id).where(
        Card.renewal_id == scene.row.id, Card.kind == "told", col(Card.key).startswith(prefix, autoescape=True)
    )
    return tuple(scene.name(one) for one in scene.session.exec(query.order_by(col(Card.key))))


_MISSING = {
    Goal.DECIDE: "there is no answer yet",
    Goal.SIGN: "it is not signed yet",
    Goal.NOTICE: "no proof of delivery of the notice is recorded yet",
}


def _for_another(state: AlertState | None, owner: str) -> AlertState | None:
    """Where it stands, for a reader who is not the owner."""
    if isinstance(state, WaitingForApproval) and state.by == "you":
        return state.model_copy(update={"by": owner})
    return state.model_copy(update={"whose": f"{owner}'s"}) if isinstance(state, InReview) else state


def told(scene: Scene) -> TextReply:
    """To a manager, contract-ops or the VP: the owner has not answered (or has meanwhile)."""
    row, found = scene.row, scene.facts
    owner = scene.name(row.owner_id) if row.owner_id else "nobody"
    due = "unknown" if row.decide_by is None else wording.deadline(row.decide_by, scene.zone)
    follows = facts.otherwise(found.window)
    state = _for_another(alert_state(scene), owner)
    goal = goal_of(state)
    left = "" if row.safe_on is None else f"{days_to(goal, days_left(row.safe_on, scene.zone, scene.now))}: "
    answered = row.answered_at is not None and row.answered_at >= scene.card.created_at
    silence = f"{owner} has answered on {wording.moment(row.answered_at, scene.zone)}." if answered and row.answered_at else ""
    said = [
        f"{left}{found.account_name}, {row.contract_id}. {BY[goal]} {due}.",
        "" if follows is None else phrases.if_nobody_acts(row.contract_id, follows),
        silence or f"Owned by {owner}. You are told because {_MISSING[goal]}.",
        "" if state is None else state_line(state, scene.zone),
    ]
    return TextReply(text="\n".join(filter(None, said)), buttons=scene.row_of(Action.RENEWAL_WHY), account=found.account_name)


def snoozed(scene: Scene) -> SnoozedLine | TextReply:
    """The alert is quiet, or no longer."""
    until = scene.row.snoozed_until
    if scene.stage is Stage.SNOOZED and until is not None:
        return SnoozedLine(**scene.base, until=until, buttons=scene.row_of(Action.RENEWAL_WAKE))
    return TextReply(text=f"{scene.facts.account_name}: the quiet time has ended.", account=scene.facts.account_name)


def moved(scene: Scene) -> MovedDate | TextReply:
    """The decide-by date moved, because the notice period or the term did."""
    args = scene.card.args
    old, new = _day(args.get("old")), _day(args.get("new"))
    why = scene.row_of(Action.RENEWAL_WHY)
    if old is None or new is None:
        now = "unknown" if new is None else wording.day(new)
        return TextReply(text=f"{scene.facts.account_name}: decide-by is now {now}.", buttons=why, account=scene.facts.account_name)
    return MovedDate(**scene.base, old=old, new=new, because=_because(scene), buttons=why)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _because(scene: Scene) -> str:
    """What the dates rest on now: the term's end and the notice period, with its source."""
    reason = next((one for one in scene.facts.window.reasons if one.code == "window.notice"), None)
    if reason is None:
        return "the facts of the contract changed"
    where = f" ({source(reason.clause.model_copy(update={'quote': None}))})" if reason.clause else ""
    unit = str(reason.values["unit"]).replace("_", " ")
    end = scene.facts.window.term_end
    return f"notice is {reason.values['length']} {unit} before the end" + (f" on {wording.day(end)}" if end else "") + where


def handover(scene: Scene) -> HandoverNotice | TextReply:
    """To the one who is to take over: accept or give back, while this offer is the present one."""
    mine, now = scene.card.args, scene.row.handover or {}
    by, to = scene.name(mine.get("from")), scene.name(mine.get("to"))
    if now.get("at") != mine.get("at"):
        return TextReply(text=f"{scene.facts.account_name}: this hand-over from {by} to {to} was replaced by a later one.")
    accepted, returned = now.get("accepted_at"), now.get("returned_at")
    buttons: tuple[Button, ...] = ()
    if not accepted and not returned:
        root = scene.button(Action.CARD_OPEN, about=f"{scene.row.id}/root")
        buttons = (*scene.row_of(Action.HANDOVER_ACCEPT, Action.HANDOVER_RETURN), root)
    return HandoverNotice(
        **scene.base,
        by=by,
        to=to,
        note=str(mine.get("note") or ""),
        accepted=Act(by=to, at=datetime.fromisoformat(accepted)) if accepted and not returned else None,
        returned=Act(by=to, at=datetime.fromisoformat(returned)) if returned else None,
        buttons=buttons,
    )
