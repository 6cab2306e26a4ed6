"""Review a clause: a person says how an open fact is to be read, and the renewal is armed anew with it.

Rule 1: owner and contract-ops may answer. A value that does not stand in the recorded words needs contract-ops: the owner's answer goes
to them as a proposal.
Rule 2: one answer counts; who comes later, or with an old form, changes nothing and is told so. An answer that counts can be asked again:
contract-ops give another one, which is a version of its own; the owner's goes to them as a proposal.
Rule 3: answer, chain and new dates are one transaction; nothing imported is changed.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from contractops.operator import cases, clauses, people, wording
from contractops.operator.attend import attend_now, note
from contractops.operator.desk import proposal
from contractops.operator.desk.beside import side_gate
from contractops.operator.desk.call import ANSWER, Call, Reply
from contractops.operator.desk.decide import name, not_yours, refused, rewrite, rewrite_thread
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.answers import AlreadyClosed, Simple, SomebodyFirst
from contractops.operator.slack.forms import ClauseSubmission
from contractops.operator.store import gates, settled
from contractops.operator.store.tables import Gate, Settled

TEXT, QUOTED, OUTSIDE = "text", "quoted", "outside"
GROUNDS: Final = {TEXT: "it stands in the clause", QUOTED: "quoted from the contract", OUTSIDE: "agreed outside the contract"}


def settle(call: Call, said: ClauseSubmission) -> Reply:
    """Record the answer, or hand it to contract-ops."""
    question = clauses.asked_by(call.session, call.renewal, call.about, call.now, call.rules)
    if call.person.role != people.CONTRACT_OPS and call.person.person_id != call.renewal.owner_id:
        return not_yours(call)
    if question is None or not question.fits(said.value) or _settled_since(call):
        return _too_late(call)
    if said.ground == TEXT and not question.stands_in_text(said.value):
        return refused(call, Simple(text=f"{question.not_in_text} Nothing was changed."), "not in the text")
    needs_ops = said.ground != TEXT or question.is_judged or clauses.INSTEAD in call.about
    if needs_ops and call.person.role != people.CONTRACT_OPS:
        return _propose(call, question, said)
    gate = side_gate(call, _gate_key(call).removeprefix(f"{call.renewal.id}:"), "clause")
    verdict = gates.decide(call.session, gate.key, "", "settled", by=call.person.person_id, at=call.now, answer=said.model_dump())
    if not verdict.won:
        return _too_late(call)
    _record(call, question, said)
    return _armed(call)


def _record(call: Call, question: clauses.Question, said: ClauseSubmission) -> None:
    zone = call.person.working_time.zone
    answer = Settled(
        subject_id=question.subject_id,
        field=question.field,
        number=0,
        value=said.value,
        ground=said.ground,
        said=said.said,
        source=f"{call.person.name}, {wording.local_day(call.now, zone)}, {GROUNDS[said.ground]}",
        by=call.person.person_id,
        recorded_at=call.now,
    )
    settled.record(call.session, answer)
    data = {"subject": question.subject_id, "field": question.field, "value": said.value, "ground": said.ground, "said": said.said}
    data |= {clauses.INSTEAD: call.about[clauses.INSTEAD]} if clauses.INSTEAD in call.about else {}
    note(call.session, call.renewal, "clause settled", call.person.person_id, call.now, data)


def _armed(call: Call) -> Reply:
    """The dates as they follow now, in the renewal and on its cards."""
    advance = attend_now(call.session, call.renewal, call.now, call.rules)
    rewrite_thread(call)
    rewrite(call, [] if call.card.renewal_id == call.renewal.id else [call.card])
    window = cases.window_of(call.session, call.renewal, call.now)
    due = "Its dates are still unknown." if window.decide_by is None else f"Decide by {wording.deadline(window.decide_by, window.zone)}."
    said = Simple(text=f"Recorded for {call.renewal.contract_id}. {due}", button=next(iter(again(call)), None))
    return Reply(whisper=said, advance=advance, ring=True, outcome="clause settled")


def again(call: Call) -> tuple[Button, ...]:
    """For whoever may answer: what asks answered questions again, the newest answer first; part of an answer of ours."""
    if call.person.role != people.CONTRACT_OPS and call.person.person_id != call.renewal.owner_id:
        return ()
    found = clauses.answered(call.session, call.renewal, call.now, call.rules)
    made = []
    for question, one in sorted(found, key=lambda each: each[1].recorded_at, reverse=True):
        args = clauses.again(question, one)
        made.append(call.way_on(Action.CLAUSE_SETTLE, shown=args["shown"], about=f"{ANSWER} {args['about']}", **args["more"]))
    return tuple(made)


def _propose(call: Call, question: clauses.Question, said: ClauseSubmission) -> Reply:
    """The owner's answer rests on more than the clause: contract-ops decide."""
    args: dict[str, Any] = {"who": call.person.person_id, "question": question.key, "asked": question.words, **said.model_dump()}
    told = "Sent to contract-ops: what does not stand in the clause needs them. Nothing was changed yet."
    words = f"{said.value}|{said.said}"
    if clauses.INSTEAD in call.about:
        args[clauses.INSTEAD] = call.about[clauses.INSTEAD]
        words += f"|{args[clauses.INSTEAD]}"
        told = "Sent to contract-ops: an answer that counts is changed by them. Nothing was changed yet."
    words = hashlib.sha256(words.encode()).hexdigest()[:12]
    return proposal.hand_over(call, "clause", f"{question.key}/{call.person.person_id}/{words}", args, told=told)


def _too_late(call: Call) -> Reply:
    """Somebody settled it, or the files did."""
    gate = call.session.get(Gate, _gate_key(call), populate_existing=True)
    rewrite(call, [call.card])
    if gate is None or gate.decision is None:
        return refused(call, AlreadyClosed(), "nothing to settle")
    return refused(call, SomebodyFirst(by=name(call, gate.decided_by), did="settled", at=gate.decided_at or call.now), "settled before")


def _settled_since(call: Call) -> bool:
    """Whether the answer that this one would replace was replaced since."""
    gate = call.session.get(Gate, _gate_key(call), populate_existing=True)
    return clauses.INSTEAD in call.about and gate is not None and gate.decision is not None


def _gate_key(call: Call) -> str:
    return clauses.gate_key(call.renewal.id, call.about)
