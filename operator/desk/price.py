"""A price that an order lacks: a person enters it, and the terms are prepared anew with it.

Rule 1: contract-ops enter it; what the owner enters goes to them as a proposal, which they take over or turn down.
Rule 2: one answer counts; who comes later, or with an old form, changes nothing and is told so.
Rule 3: answer, chain and the next step of the renewal are one transaction; nothing imported is changed.
"""

from __future__ import annotations

import hashlib
from typing import Any

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import cases, people, prices, wording
from contractops.operator.attend import note
from contractops.operator.desk import proposal
from contractops.operator.desk.beside import side_gate
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import name, not_yours, refused, rewrite, rewrite_thread
from contractops.operator.slack.answers import AlreadyClosed, Simple, SomebodyFirst
from contractops.operator.slack.forms import PriceSubmission
from contractops.operator.store import gates, settled
from contractops.operator.store.tables import Draft, Gate, Settled


def enter(call: Call, said: PriceSubmission) -> Reply:
    """Record the price, or hand it to contract-ops."""
    if call.person.role != people.CONTRACT_OPS and call.person.person_id != call.renewal.owner_id:
        return not_yours(call)
    overview = cases.overview(call.session, call.renewal, call.now, call.rules)
    missing = prices.missing_of(call.session, overview, call.about.get("question"))
    if missing is None:
        return _too_late(call)
    if call.person.role != people.CONTRACT_OPS:
        return _propose(call, missing, said)
    gate = side_gate(call, f"price:{missing.key}", "price")
    verdict = gates.decide(
        call.session, gate.key, "", "entered", by=call.person.person_id, at=call.now, answer=said.model_dump(mode="json")
    )
    if not verdict.won:
        return _too_late(call)
    _record(call, missing, said)
    return _prepared(call, missing, said)


def _record(call: Call, missing: prices.MissingPrice, said: PriceSubmission) -> None:
    money = missing.money(said.amount)
    answer = Settled(
        subject_id=missing.order_id,
        field=settled.MONTHLY_PRICE,
        number=0,
        value=f"{money.currency} {money.amount:f}",
        effective_on=missing.effective_on,
        ground="outside",
        said=said.said,
        source=f"{call.person.name}, {wording.local_day(call.now, call.person.working_time.zone)}",
        by=call.person.person_id,
        recorded_at=call.now,
    )
    settled.record(call.session, answer)
    data = {"order": missing.order_id, "price": answer.value, "from": missing.effective_on.isoformat(), "said": said.said}
    note(call.session, call.renewal, "price entered", call.person.person_id, call.now, data)


def _prepared(call: Call, missing: prices.MissingPrice, said: PriceSubmission) -> Reply:
    """The terms anew, where the price was what they waited for; else it counts in the next draft."""
    goes_on = _go_on(call)
    rewrite_thread(call)
    rewrite(call, [] if call.card.renewal_id == call.renewal.id else [call.card])
    price = f"{missing.order_id} costs {wording.monthly(missing.money(said.amount))} from {wording.day(missing.effective_on)} on"
    then = "Preparing the terms with it…" if goes_on else "It counts in the next draft."
    return Reply(whisper=Simple(text=f"Recorded: {price}. {then}"), advance=goes_on, ring=True, outcome="price entered")


def _go_on(call: Call) -> bool:
    """Answer the open question with the next draft, if it is the one that the price was missing for."""
    gate = gates.open_of(call.session, call.renewal.id, call.renewal.version)
    if gate is None:
        return False
    if call.renewal.stage == Stage.NEEDS_PERSON and "findings" in (call.renewal.trouble or {}):
        event, answer = Event.PREPARE, {}
    elif call.renewal.stage == Stage.IN_REVIEW and gate.kind == "owner":
        draft = call.session.get_one(Draft, (call.renewal.id, call.renewal.draft_number))
        event, answer = Event.EDIT, {"choices": draft.choices}
    else:
        return False
    by = call.person.person_id
    return gates.decide(call.session, gate.key, gate.payload_hash, event, by=by, at=call.now, answer=answer).won


def _propose(call: Call, missing: prices.MissingPrice, said: PriceSubmission) -> Reply:
    """The owner's price: contract-ops decide."""
    money = missing.money(said.amount)
    args: dict[str, Any] = {
        "who": call.person.person_id,
        "question": missing.key,
        "order": missing.order_id,
        "price": f"{money.amount:f}",
        "currency": money.currency,
        "from": missing.effective_on.isoformat(),
        "said": said.said,
    }
    same = hashlib.sha256(f"{money.amount:f}|{said.said}".encode()).hexdigest()[:12]
    told = "Sent to contract-ops: a price counts once they have accepted it. Nothing was changed yet."
    return proposal.hand_over(call, "price", f"{missing.key}/{call.person.person_id}/{same}", args, told=told)


def _too_late(call: Call) -> Reply:
    """Somebody entered it, or the files did."""
    gate = call.session.get(Gate, f"{call.renewal.id}:price:{call.about.get('question')}", populate_existing=True)
    rewrite(call, [call.card])
    if gate is None or gate.decision is None:
        return refused(call, AlreadyClosed(), "no price is missing")
    by = name(call, gate.decided_by)
    return refused(call, SomebodyFirst(by=by, did="entered", at=gate.decided_at or call.now), "price entered before")
