"""Service credits at the desk: what a person does with one that is owed.

Rule 1: the figures are computed afresh at the click; a credit that is no longer owed can no longer be settled.
Rule 2: the owner and those who may help him send it to finance or say why it is none; only finance books it or gives it back.
Rule 3: what may follow what stands in ``operator.credits``; each step is recorded once, with the person and the words.
"""

from __future__ import annotations

from contractops.operator import people, service_case
from contractops.operator.attend import note
from contractops.operator.credits import BOOKED, DISPUTED, RETURNED, SENT, About, cards_of, number_of, settle, standing
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import not_yours, refused, rewrite
from contractops.operator.desk.mail import may_act
from contractops.operator.phrases_of import CREDIT_DID
from contractops.operator.showing import explain
from contractops.operator.slack.answers import AlreadyClosed, NotYours, SomebodyFirst
from contractops.operator.slack.views_outcome import ReasonsReply
from contractops.tools.sla_credit import Credit


def reasons(call: Call) -> Reply:
    """The arithmetic of the credit, step by step."""
    credit = _credit(call)
    if credit is None:
        return refused(call, AlreadyClosed(), "no credit")
    return Reply(view=ReasonsReply(headline=explain.credit_headline(credit), zone=call.renewal.zone or "UTC", reasons=credit.reasons))


def why_restore(call: Call) -> Reply:
    """How the restore target of the fault was computed."""
    found = service_case.fault(call.session, call.renewal.contract_id, str(call.card.args["ticket"]), call.now)
    if found is None:
        return refused(call, AlreadyClosed(), "no fault")
    return Reply(view=ReasonsReply(headline=explain.restore_headline(found), zone=found.zone, reasons=found.target.reasons))


def send(call: Call, said: str) -> Reply:
    """Hand the credit to finance; ``said`` goes with it."""
    return _settle(call, SENT, said) if may_act(call) else not_yours(call)


def dispute(call: Call, said: str) -> Reply:
    """It was no breach, for the reason ``said``."""
    return _settle(call, DISPUTED, said) if may_act(call) else not_yours(call)


def book(call: Call) -> Reply:
    """Finance books the credit."""
    return _by_finance(call, BOOKED, "")


def give_back(call: Call, said: str) -> Reply:
    """Finance gives it back to the owner, saying what is missing."""
    return _by_finance(call, RETURNED, said)


def last_step(call: Call) -> int:
    """The number of the last step with the credit."""
    gate = standing(call.session, About.of(call.renewal.id, call.card.args))
    return number_of(gate) if gate else 0


def _by_finance(call: Call, decision: str, said: str) -> Reply:
    if call.person.role != people.FINANCE:
        return refused(call, NotYours(owner="finance"), "not finance")
    return _settle(call, decision, said)


def _settle(call: Call, decision: str, said: str) -> Reply:
    credit = _credit(call)
    if credit is None:
        return refused(call, AlreadyClosed(), "no credit")
    about = About.of(call.renewal.id, call.card.args)
    answer = {"text": said, "amount": str(credit.amount.amount), "currency": credit.amount.currency}
    before = settle(call.session, about, decision, by=call.person.person_id, at=call.now, answer=answer)
    if before is not None:
        if before.decided_by is None or before.decided_at is None:
            return refused(call, AlreadyClosed(), "nothing sent")
        by = people.person(call.session, before.decided_by)
        first = SomebodyFirst(by=by.name if by else "Somebody", did=CREDIT_DID[before.decision or ""], at=before.decided_at)
        return refused(call, first, "settled before")
    note(call.session, call.renewal, f"credit {decision}", call.person.person_id, call.now, {**call.card.args, **answer})
    rewrite(call, cards_of(call.session, about))
    return Reply(ring=True, outcome=f"credit {decision}")


def _credit(call: Call) -> Credit | None:
    return service_case.credit(call.session, call.renewal, call.card.args, call.now)
