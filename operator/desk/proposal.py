"""What an owner proposes to contract-ops: handed over once, rejected once.

Rule 1: only contract-ops reject; the owner is told, and the question stays open.
Rule 2: a proposal that was rejected is not handed over again word for word.
"""

from __future__ import annotations

from typing import Any

from contractops.operator import addressing, people
from contractops.operator.attend import note
from contractops.operator.desk.beside import post_text, side_gate
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import name, refused, rewrite
from contractops.operator.slack.answers import Simple, SomebodyFirst
from contractops.operator.store import gates
from contractops.operator.store.tables import Gate


def hand_over(call: Call, kind: str, name_of: str, args: dict[str, Any], *, told: str) -> Reply:
    """Give it to contract-ops on a card of ``kind``; ``name_of`` is what makes it this proposal and no other."""
    key = f"{call.renewal.id}/{kind}/{name_of}"
    gate = call.session.get(Gate, gates.proposal_key(call.renewal.id, key), populate_existing=True)
    if gate is not None:
        said = f"{name(call, gate.decided_by)} rejected exactly this. Nothing was changed; say what is new about it."
        return refused(call, Simple(text=said), "rejected before")
    post_text(call, key, kind, addressing.contract_ops(call.session, call.now, call.rules), thread=None, args=args)
    note(call.session, call.renewal, f"{kind} proposed", call.person.person_id, call.now, args)
    return Reply(whisper=Simple(text=told), ring=True, outcome=f"{kind} proposed")


def reject(call: Call) -> Reply:
    """Contract-ops do not take it over: its buttons go, and who proposed it is told."""
    if call.person.role != people.CONTRACT_OPS:
        return refused(call, Simple(text="Only contract-ops reject a proposal. Nothing was changed."), "not contract-ops")
    key, who = call.card.key, str(call.card.args.get("who"))
    gate = side_gate(call, gates.proposal_key(call.renewal.id, key).removeprefix(f"{call.renewal.id}:"), "proposal")
    verdict = gates.decide(call.session, gate.key, "", "rejected", by=call.person.person_id, at=call.now)
    if not verdict.won:
        before = verdict.gate or gate
        by = name(call, before.decided_by)
        return refused(call, SomebodyFirst(by=by, did="rejected", at=before.decided_at or call.now), "rejected before")
    note(call.session, call.renewal, "proposal rejected", call.person.person_id, call.now, {"card": key})
    about = f"rejected your proposal about {call.renewal.contract_id}; the question is still open"
    args = {"who": call.person.person_id, "did": about, "text": str(call.card.args.get("said") or "")}
    post_text(call, f"{key}/rejected", "text", who, thread=None, args=args)
    rewrite(call, [call.card])
    return Reply(
        whisper=Simple(text=f"Rejected. {name(call, who)} is told; nothing else was changed."), ring=True, outcome="proposal rejected"
    )
