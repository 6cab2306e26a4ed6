"""Hand-over: a renewal goes to another person when he accepts it, with the cards that he needs to act.

Rule 1: the root of the thread and the present draft are posted anew in the new owner's messages; the old messages say who has it now.
Rule 2: the open question is his from then on; an approver's question stays the approver's.
"""

from __future__ import annotations

from contractops.graphs.lifecycle import Event
from contractops.operator.attend import note
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import name, refused, rewrite, rewrite_thread
from contractops.operator.showing.scene import terms_of
from contractops.operator.slack.answers import AlreadyClosed, NotYours
from contractops.operator.store import gates
from contractops.operator.store.tables import Card, Draft, Gate


def accept(call: Call) -> Reply:
    """The new owner takes the renewal."""
    offer = call.renewal.handover or {}
    refusal = refusal_of(call)
    if refusal is not None:
        return refusal
    me = call.person.person_id
    call.renewal.owner_id = me
    call.renewal.handover = {**offer, "accepted_at": call.now.isoformat()}
    gate = gates.open_of(call.session, call.renewal.id, call.renewal.version)
    if gate is not None and offer["from"] in gate.allowed and gate.kind != "approver":
        gate.allowed = [me if one == offer["from"] else one for one in gate.allowed]
    call.session.add(call.renewal)
    note(call.session, call.renewal, "handover accepted", me, call.now, offer)
    advance = gate is not None and _prepared_anew(call, gate)
    # The lengths on offer stand beside draft 1 only.
    offers = [f"{call.renewal.id}/offers/1"] if call.renewal.draft_number == 1 else []
    for key in (f"{call.renewal.id}/root", f"{call.renewal.id}/draft/{call.renewal.draft_number}", *offers):
        card = call.session.get(Card, key)
        if card is not None and card.person_id != me:
            _move(call, card)
    rewrite_thread(call)
    return Reply(ring=True, advance=advance, outcome="handed over")


def _prepared_anew(call: Call, gate: Gate) -> bool:
    """A draft that nobody could approve, since its owner had left, is prepared again for the new one."""
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number)) if gate.kind == "owner" else None
    if draft is None or not any(one.code == "approval.owner_gone" for one in terms_of(draft).findings):
        return False
    me, again = call.person.person_id, {"choices": draft.choices}
    return gates.decide(call.session, gate.key, gate.payload_hash, Event.EDIT, by=me, at=call.now, answer=again).won


def refusal_of(call: Call) -> Reply | None:
    """Why this person cannot answer the offer of the card, or None."""
    offer = call.renewal.handover or {}
    answered = offer.get("accepted_at") or offer.get("returned_at")
    if offer.get("at") != call.card.args.get("at") or answered:
        return refused(call, AlreadyClosed(), "no such offer")
    if offer["to"] != call.person.person_id:
        return refused(call, NotYours(owner=name(call, offer["to"])), "not the new owner")
    return None


def _move(call: Call, card: Card) -> None:
    """The card begins anew with the new owner; its old message becomes a line about the hand-over."""
    if card.ts is not None:
        offer = call.renewal.handover or {}
        former = Card(
            key=f"{card.key}/until/{offer['at']}",
            renewal_id=card.renewal_id,
            kind="handover",
            person_id=card.person_id,
            channel=card.channel,
            ts=card.ts,
            args=offer,
            created_at=card.created_at,
            posted_at=card.posted_at,
        )
        call.session.add(former)
    card.person_id = call.person.person_id
    card.channel = card.ts = card.post_at = card.posted_at = None
    card.shown = 0
    rewrite(call, [card])
