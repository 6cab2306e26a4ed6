"""Answers about a renewal: a wish for terms, who signs, how far it is.

Rule 1: a wish is a button; whoever may not ask for terms gets none, and is told who may.
Rule 2: who signs is what the CRM says about the right to sign, or, once something is out, whom the envelope names.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import col, select

from contractops.graphs.intents import Draft as DraftIntent
from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, people, wording
from contractops.operator.showing.explain import STEPS
from contractops.operator.signers import customers_signer, envelope_out, waiting_for
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_chat import ChatReply
from contractops.operator.store import gates, records
from contractops.operator.store.tables import Approval, Card, Draft, Renewal
from contractops.operator.talk.asked import Asked
from contractops.tools.alerts import days_left

_ASKABLE: Final = frozenset({Stage.FLAGGED, Stage.SNOOZED})
_HELPERS: Final = frozenset({people.CONTRACT_OPS})
MOST_BUTTONS: Final = 3


def draft(asked: Asked, row: Renewal, intent: DraftIntent) -> ChatReply:
    """What can be prepared, and the button that asks for it. Nothing is prepared by asking."""
    overview = asked.overview(row)
    named = {"account": overview.account_name, "contract": row.contract_id}
    stage = Stage(row.stage)
    if not _may_ask(asked, row):
        owner = people.person(asked.session, row.owner_id)
        return ChatReply(lines=(asked.say("draft_not_yours", owner=owner.name if owner else "contract-ops", **named),))
    if stage is Stage.WATCHING and row.decide_by is not None:
        return ChatReply(lines=(asked.say("draft_early", day=wording.local_day(row.decide_by, overview.zone), **named),))
    if stage not in {*_ASKABLE, Stage.IN_REVIEW} or overview.window.renews_on is None:
        return ChatReply(
            lines=(asked.say("draft_stage", stage=STEPS.get(stage, "its dates are unknown"), **named),), buttons=card_button(asked, row)
        )
    offered = tuple(months for months in asked.rules.terms_offered)
    day = wording.day(overview.window.renews_on)
    if intent.months is not None and intent.months not in offered:
        said = asked.listing([asked.say("months", n=one) for one in offered], "or")
        lines = (asked.say("draft_not_offered", months=asked.say("months", n=intent.months), offered=said, **named),)
        return ChatReply(lines=lines, buttons=_term_buttons(asked, row, offered[:MOST_BUTTONS]))
    months = asked.say("draft_open") if intent.months is None else asked.say("months", n=intent.months)
    again = {"n": row.draft_number} if stage is Stage.IN_REVIEW else {}
    said = asked.say("draft_again" if again else "draft", months=months, day=day, **named, **again)
    wanted = (intent.months,) if intent.months is not None else offered[:MOST_BUTTONS]
    return ChatReply(lines=(said,), buttons=_term_buttons(asked, row, wanted))


def _may_ask(asked: Asked, row: Renewal) -> bool:
    """Whom the open question names, the owner, his manager, contract-ops: as the button itself will check."""
    gate = gates.open_of(asked.session, row.id, row.version)
    owner = people.person(asked.session, row.owner_id)
    mine = {row.owner_id, owner.manager_id if owner else None, *(gate.allowed if gate else ())}
    return asked.who.person_id in mine or asked.who.role in _HELPERS


def _term_buttons(asked: Asked, row: Renewal, lengths: tuple[int, ...]) -> tuple[Button, ...]:
    if row.stage == Stage.IN_REVIEW:
        return tuple(asked.button(Action.OFFER_USE, row, shown=str(months), draft=row.draft_number) for months in lengths)
    return tuple(asked.button(Action.TALK_PREPARE, row, shown=str(months)) for months in lengths)


def card_button(asked: Asked, row: Renewal) -> tuple[Button, ...]:
    """The way to the newest card of the renewal that is the asker's own."""
    names = [f"{row.id}/draft/{row.draft_number}", f"{row.id}/root"]
    for key in names:
        card = asked.session.get(Card, key)
        if card is not None and card.ts is not None and card.person_id == asked.who.person_id:
            action = Action.DRAFT_OPEN if card.kind == "draft" else Action.CARD_OPEN
            return (asked.button(action, row, shown=str(row.draft_number) if card.kind == "draft" else "", about=key),)
    return ()


def who_signs(asked: Asked, row: Renewal) -> ChatReply:
    """The customer's signer, and since when his right is known."""
    overview = asked.overview(row)
    envelope = envelope_out(asked.session, row.id)
    signer = customers_signer(asked.session, envelope) if envelope else None
    if envelope is not None and signer is not None:
        return ChatReply(lines=(asked.say("signer_out", name=signer.name, n=envelope.draft_number),), buttons=card_button(asked, row))
    contact = records.Contact
    rows = asked.session.exec(
        select(contact)
        .where(
            contact.account_id == row.account_id,
            col(contact.superseded_at).is_(None),
            contact.signing_right,
            col(contact.checked_on).is_not(None),
        )
        .order_by(col(contact.checked_on).desc(), col(contact.id))
    ).all()
    if not rows or rows[0].checked_on is None:
        return ChatReply(lines=(asked.say("signer_none", account=overview.account_name),))
    first = rows[0]
    chosen = _chosen(asked, row)
    first = next((one for one in rows if one.id == chosen), first)
    title = f", {first.title}" if first.title else ""
    head = f"{overview.account_name} ({row.contract_id}): "
    lines = [head + asked.say("signer", name=first.name, title=title, day=wording.day(first.checked_on or rows[0].checked_on))]
    others = [f"{one.name}{f', {one.title}' if one.title else ''}" for one in rows if one.id != first.id]
    if others:
        lines.append(asked.say("signer_others", rows="; ".join(others[:4])))
    return ChatReply(lines=tuple(lines), buttons=card_button(asked, row))


def _chosen(asked: Asked, row: Renewal) -> str | None:
    """The signer of the present draft."""
    stored = asked.session.get(Draft, (row.id, row.draft_number))
    return str(stored.choices.get("signer_contact_id")) if stored else None


def status(asked: Asked, row: Renewal) -> ChatReply:
    """The stage, who approved what, and what the envelope says."""
    overview = asked.overview(row)
    lines = [
        asked.say("status", account=overview.account_name, contract=row.contract_id, stage=_stage(row), left=_left(asked, row, overview))
    ]
    lines += _approvals(asked, row, overview)
    lines += _envelope(asked, row, overview)
    return ChatReply(lines=tuple(lines[:4]), buttons=card_button(asked, row))


def _stage(row: Renewal) -> str:
    if row.stage == Stage.WATCHING:
        return "Watched, nothing to do yet" if row.decide_by else "Dates unknown"
    return STEPS.get(Stage(row.stage), row.stage.replace("_", " "))


def _left(asked: Asked, row: Renewal, overview: cases.Overview) -> str:
    if row.decide_by is None or row.safe_on is None or row.decide_by < asked.now:
        return ""
    left = days_left(row.safe_on, overview.zone, asked.now)
    return asked.say("status_left", n=left, deadline=wording.deadline(row.decide_by, overview.zone))


def _approvals(asked: Asked, row: Renewal, overview: cases.Overview) -> list[str]:
    """Who approved the present draft, when and over which bytes; and whom it waits for."""
    stored = asked.session.get(Draft, (row.id, row.draft_number))
    given = asked.session.exec(
        select(Approval)
        .where(Approval.renewal_id == row.id, Approval.draft_number == row.draft_number, Approval.round == row.round)
        .order_by(col(Approval.step))
    ).all()
    said = []
    if stored is not None and given:
        rows = [f"{_name(asked, one.person_id)} {wording.moment(one.at, overview.zone)}" for one in given]
        said.append(asked.say("approved_by", n=stored.number, rows=asked.listing(rows), print=wording.fingerprint(stored.document_sha256)))
    gate = gates.open_of(asked.session, row.id, row.version)
    if gate is not None and gate.allowed and row.stage in {Stage.IN_REVIEW, Stage.FLAGGED, Stage.NEEDS_PERSON}:
        said.append(asked.say("waits_for", rows=asked.listing([_name(asked, one) for one in gate.allowed], "or")))
    return said


def _envelope(asked: Asked, row: Renewal, overview: cases.Overview) -> list[str]:
    waiting = waiting_for(asked.session, row)
    if waiting is None:
        return []
    if waiting.opened_at is None:
        return [asked.say("not_opened", name=waiting.signer.name)]
    when = wording.moment(waiting.looks[-1], overview.zone)
    if len(waiting.looks) == 1:
        return [asked.say("opened", name=waiting.signer.name, when=when)]
    return [asked.say("opened_often", name=waiting.signer.name, times=len(waiting.looks), when=when)]


def _name(asked: Asked, person_id: str) -> str:
    found = people.person(asked.session, person_id)
    return found.name if found else "contract-ops"
