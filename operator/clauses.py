"""Open questions about a clause: what one answer would settle, and how it is told.

Rule 1: a question is about one column of one record: a start, a length, what happens at the end, how often, or whether a last day moves.
Rule 2: what a person answers stands beside the record (``store.settled``); the dates follow from the tools, never from here.
Rule 3: that the contract has no such thing is an answer to one question only: without a renewal clause the term ends, which is a kind of renewal
("none"). Without a start, a length or a notice period no date can be proven, so these stay unknown until somebody finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.operator import cases, wording
from contractops.operator.store import records
from contractops.operator.store.facts_of import period_of
from contractops.operator.store.settled import (
    EFFECTIVE_ON,
    INITIAL_LENGTH,
    NOTICE_LENGTH,
    NOTICE_ROLL,
    RENEWAL_KIND,
    RENEWAL_LENGTH,
    RENEWAL_MAX,
    START_ON,
    answers,
)
from contractops.operator.store.tables import Renewal, Settled
from contractops.tools.facts import RenewalKind, RollRule, UnknownFact
from contractops.tools.notice_window import NoticeWindow, WindowStatus
from contractops.tools.quoted import counts_in, dates_in, lengths_in
from contractops.tools.values import ClauseRef, Reason, Value

_NOT_IN_TEXT: Final = (
    "This {what} is not in the quoted text. Quote the place, or mark it as agreed outside the contract (needs contract-ops)."
)
READINGS: Final = {RollRule.NONE.value: "It stays where it is", RollRule.FORWARD.value: "It moves to the next working day"}
"""How a last day that is no working day may be read."""
KINDS: Final = {
    RenewalKind.NONE.value: "It ends: the contract has no clause that renews it",
    RenewalKind.SINGLE.value: "It renews once",
    RenewalKind.COUNTED.value: "It renews a fixed number of times",
    RenewalKind.SUCCESSIVE.value: "It renews again and again",
    RenewalKind.EVERGREEN.value: "It runs on without an end until somebody gives notice",
    RenewalKind.MONTH_TO_MONTH.value: "It runs on from month to month",
}
"""What can happen at the end of a term when nobody acts; the first is the answer that there is no such clause."""
UNITS: Final = {"days": "days", "business_days": "working days", "weeks": "weeks", "months": "months", "years": "years"}
_DAY_OFF, _UNDATED, _NO_START, _NOT_STATED = "window.day_off", "facts.amendment_without_date", "facts.start_event_open", "facts.not_stated"


INSTEAD: Final = "instead_of"
"""Argument of a button that asks an answered question again: the number of the answer that it would replace."""
NOUNS: Final = {
    EFFECTIVE_ON: "the amendment's start",
    START_ON: "the start",
    NOTICE_ROLL: "the last day",
    INITIAL_LENGTH: "the first term",
    RENEWAL_KIND: "the renewal",
    RENEWAL_LENGTH: "the renewal's length",
    RENEWAL_MAX: "the number of renewals",
    NOTICE_LENGTH: "the notice period",
}
"""Column of a question -> what it is about, for a button."""


class Answer(StrEnum):
    """What an answer is: a day, one of several readings, a length with its unit, or a whole number."""

    DATE = "date"
    READING = "reading"
    LENGTH = "length"
    COUNT = "count"


_ANSWERS: Final = {
    NOTICE_ROLL: Answer.READING,
    RENEWAL_KIND: Answer.READING,
    INITIAL_LENGTH: Answer.LENGTH,
    RENEWAL_LENGTH: Answer.LENGTH,
    NOTICE_LENGTH: Answer.LENGTH,
    RENEWAL_MAX: Answer.COUNT,
}
"""Column of a question -> its answer; every other one is a date."""
_STATED: Final = {
    "renewal": (RENEWAL_KIND, "what happens at the end of the term is not stated", "What happens at the end of the term when nobody acts?"),
    "notice": (NOTICE_LENGTH, "the notice period is not stated", "How long before the end of the term must notice be given?"),
    "initial_term": (INITIAL_LENGTH, "the length of the first term is not stated", "How long is the first term?"),
    "renewal_term": (RENEWAL_LENGTH, "the length of a renewal is not stated", "How long is each renewal?"),
    "renewals_max": (RENEWAL_MAX, "how often it renews is not stated", "How many times does it renew at most?"),
}
"""Fact that the documents do not state -> its column, what is missing in words, and what is asked."""


class Question(Value):
    """What is open about ``field`` of the record ``subject_id``. ``words``: what is missing, in words; ``ref``: the clause, with its quote."""

    subject_id: str
    field: str
    words: str
    ask: str
    ref: ClauseRef | None = None

    @property
    def key(self) -> str:
        """Name of the question, for a button."""
        return f"{self.subject_id}:{self.field}"

    @property
    def answer(self) -> Answer:
        """What the answer is."""
        return _ANSWERS.get(self.field, Answer.DATE)

    @property
    def readings(self) -> dict[str, str]:
        """The answers to choose from, in words; none where something is typed."""
        return {NOTICE_ROLL: READINGS, RENEWAL_KIND: KINDS}.get(self.field, {})

    @property
    def is_judged(self) -> bool:
        """Whether no words can show the answer by themselves, so that contract-ops give it. A day that moves is safe either way."""
        return self.field == RENEWAL_KIND

    @property
    def not_in_text(self) -> str:
        """That the answer does not stand in the words given for it."""
        what = {Answer.LENGTH: "length", Answer.COUNT: "number"}.get(self.answer, "date")
        return _NOT_IN_TEXT.format(what=what)

    def fits(self, value: str) -> bool:
        """Whether ``value`` is an answer of this question's kind."""
        try:
            said = in_words(self.key, value)
        except ValueError:
            return False
        return bool(said)

    @property
    def quote(self) -> str:
        """The words of the clause as recorded; empty when none are."""
        return (self.ref.quote or "") if self.ref else ""

    def stands_in_text(self, value: str, quoted: str = "") -> bool:
        """Whether ``value`` can be read from the recorded words, or from those that a person quotes."""
        text = quoted or self.quote
        match self.answer:
            case Answer.DATE:
                return date.fromisoformat(value) in dates_in(text)
            case Answer.LENGTH:
                return period_of(value) in lengths_in(text)
            case Answer.COUNT:
                return int(value) in counts_in(text)
            case _:
                return bool(text)


def in_words(key: str, value: str) -> str:
    """The answer ``value`` to the question ``key``; empty for a reading that is none. Raises ``ValueError`` for a value of another kind."""
    field = key.rpartition(":")[2]
    match _ANSWERS.get(field, Answer.DATE):
        case Answer.DATE:
            return wording.day(date.fromisoformat(value))
        case Answer.LENGTH:
            length = period_of(value)
            return wording.plural(length.length, UNITS[length.unit].removesuffix("s"))
        case Answer.COUNT:
            return wording.plural(int(value), "time")
        case _:
            return (READINGS if field == NOTICE_ROLL else KINDS).get(value, "")


def question_of(session: Session, overview: cases.Overview) -> Question | None:
    """The one question that would settle the dates of the renewal, or None when nothing is open that an answer settles."""
    return next(_questions(session, overview), None)


def _questions(session: Session, overview: cases.Overview) -> Iterator[Question]:
    """Every question that is open, the one to be answered first at the front."""
    window = overview.window
    if window.status is not WindowStatus.UNKNOWN:
        roll = _roll(overview)
        if roll is not None:
            yield roll
        return
    for fact in window.unknown:
        if fact.reason.code == _UNDATED:
            yield _amendment(fact.reason)
        elif fact.reason.code == _NO_START and fact.field == "start":
            yield _start(session, overview)
        elif fact.reason.code == _NOT_STATED and fact.field in _STATED:
            yield _stated(session, overview, fact)


def asked_by(session: Session, row: Renewal, args: Mapping[str, Any], now: datetime, rules: cases.Rules) -> Question | None:
    """The question that a button or a proposal is about: an open one, or one that was answered and is asked again (``INSTEAD``)."""
    key = str(args.get("question"))
    if args.get(INSTEAD) is not None:
        return _again(session, row, key, now, rules)
    question = question_of(session, cases.overview(session, row, now, rules))
    return question if question is not None and question.key == key else None


def answered(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> list[tuple[Question, Settled]]:
    """What people answered and the dates rest on, each with its question; what the files state by now is not among them."""
    change = records.Contract
    amendments = session.exec(select(change.id).where(change.amends_id == row.contract_id, col(change.superseded_at).is_(None)))
    given = answers(session, {row.contract_id, row.unit_id, *amendments})
    found = [(_again(session, row, f"{subject}:{field}", now, rules), one) for (subject, field), one in sorted(given.items())]
    return [(question, one) for question, one in found if question is not None]


def again(question: Question, answer: Settled) -> dict[str, Any]:
    """What a button that asks ``question`` again carries: its object, its words, and the answer that it would replace."""
    more = {"question": question.key, "value": answer.value, "ground": answer.ground, "said": answer.said, INSTEAD: answer.number}
    return {"about": f"{question.key}/{answer.number}", "shown": f"{NOUNS[question.field]} anew", "more": more}


def gate_key(renewal_id: str, args: Mapping[str, Any]) -> str:
    """Key of the gate beside the stage that one answer decides; a correction decides the one of the answer that it replaces."""
    number = f":{args[INSTEAD]}" if args.get(INSTEAD) is not None else ""
    return f"{renewal_id}:clause:{args.get('question')}{number}"


def _again(session: Session, row: Renewal, key: str, now: datetime, rules: cases.Rules) -> Question | None:
    """The question as it would be open without its answer; None when it would not."""
    subject, _, field = key.rpartition(":")
    overview = cases.overview(session, row, now, rules, without=(subject, field))
    return next((one for one in _questions(session, overview) if one.key == key), None)


def two_readings(window: NoticeWindow) -> tuple[date, date, str] | None:
    """(earlier, later, clause): both readings of the last day when the clause does not say whether it moves."""
    reason = next((one for one in window.reasons if one.code == _DAY_OFF), None)
    later = reason.values.get("later") if reason else None
    if reason is None or window.safe_on is None or not isinstance(later, str) or later <= window.safe_on.isoformat():
        return None
    return window.safe_on, date.fromisoformat(later), (reason.clause.clause if reason.clause else None) or "on notice"


def _roll(overview: cases.Overview) -> Question | None:
    both = two_readings(overview.window)
    if both is None:
        return None
    reason = next(one for one in overview.window.reasons if one.code == _DAY_OFF)
    words = f"two readings: {wording.day(both[0])} or {wording.day(both[1])}"
    ask = f"The last day is a day off. The clause can be read two ways: {wording.day(both[0])} or {wording.day(both[1])}."
    return Question(subject_id=overview.contract_id, field=NOTICE_ROLL, words=words, ask=ask, ref=reason.clause)


def _amendment(reason: Reason) -> Question:
    agreed = wording.day(date.fromisoformat(str(reason.values["agreed_on"])))
    subject = str(reason.values["amendment"])
    ask = f"The amendment of {agreed} ({subject}) has no start date. On which day did it begin?"
    return Question(
        subject_id=subject, field=EFFECTIVE_ON, words=f"the amendment of {agreed} has no start date", ask=ask, ref=reason.clause
    )


def _start(session: Session, overview: cases.Overview) -> Question:
    """The day on which the term began: of the order, unless it ends with its contract."""
    order = _own_order(session, overview)
    subject = order.id if order else overview.contract_id
    facts = overview.source.facts
    words = f"the term begins with {facts.start_event.value.replace('_', ' ')}, and that day is not recorded"
    ask = f"The term of {subject} begins with {facts.start_event.value.replace('_', ' ')}. Which day was that?"
    return Question(subject_id=subject, field=START_ON, words=words, ask=ask, ref=facts.term_ref)


def _stated(session: Session, overview: cases.Overview, fact: UnknownFact) -> Question:
    """A fact that no document states: of the order where the order has a term or a renewal clause of its own, else of the contract."""
    column, words, ask = _STATED[fact.field]
    order = _own_order(session, overview)
    own = order is not None and (
        fact.field == "initial_term" or (fact.field in {"renewal_term", "renewals_max"} and bool(order.renewal_kind))
    )
    subject = order.id if order and own else overview.contract_id
    facts = overview.source.facts
    ref = {"notice": facts.notice_ref, "initial_term": facts.term_ref}.get(fact.field, facts.renewal_ref)
    return Question(subject_id=subject, field=column, words=words, ask=f"{subject}: {words}. {ask}", ref=ref)


def _own_order(session: Session, overview: cases.Overview) -> records.ServiceOrder | None:
    """The order whose term the renewal is about; None when it is the contract's, also where the order ends with it."""
    unit = overview.renewal.unit_id
    order = session.exec(
        select(records.ServiceOrder).where(records.ServiceOrder.id == unit, col(records.ServiceOrder.superseded_at).is_(None))
    ).first()
    return None if order is None or order.co_terminous else order
