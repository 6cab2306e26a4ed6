"""Open questions about a clause: what one answer would settle, and how it is told.

Rule 1: a question is about one column of one record: the start of an amendment or of a term, or whether a last day moves.
Rule 2: what a person answers stands beside the record (``store.settled``); the dates follow from the tools, never from here.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlmodel import Session, col, select

from contractops.operator import cases, wording
from contractops.operator.store import records
from contractops.operator.store.settled import EFFECTIVE_ON, NOTICE_ROLL, START_ON
from contractops.tools.facts import RollRule
from contractops.tools.notice_window import NoticeWindow, WindowStatus
from contractops.tools.quoted import dates_in
from contractops.tools.values import ClauseRef, Reason, Value

NOT_IN_TEXT: Final = "This date is not in the quoted text. Quote the place, or mark it as agreed outside the contract (needs contract-ops)."
READINGS: Final = {RollRule.NONE.value: "It stays where it is", RollRule.FORWARD.value: "It moves to the next working day"}
"""How a last day that is no working day may be read."""
_DAY_OFF, _UNDATED, _NO_START = "window.day_off", "facts.amendment_without_date", "facts.start_event_open"


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
    def is_date(self) -> bool:
        """Whether the answer is a day."""
        return self.field != NOTICE_ROLL

    @property
    def quote(self) -> str:
        """The words of the clause as recorded; empty when none are."""
        return (self.ref.quote or "") if self.ref else ""

    def stands_in_text(self, value: str, quoted: str = "") -> bool:
        """Whether ``value`` can be read from the recorded words, or from those that a person quotes."""
        if not self.is_date:
            return bool(quoted or self.quote)
        return date.fromisoformat(value) in dates_in(quoted or self.quote)


def question_of(session: Session, overview: cases.Overview) -> Question | None:
    """The one question that would settle the dates of the renewal, or None when nothing is open that an answer settles."""
    window = overview.window
    if window.status is not WindowStatus.UNKNOWN:
        return _roll(overview)
    for fact in window.unknown:
        if fact.reason.code == _UNDATED:
            return _amendment(fact.reason)
        if fact.reason.code == _NO_START and fact.field == "start":
            return _start(session, overview)
    return None


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
    unit = overview.renewal.unit_id
    order = session.exec(
        select(records.ServiceOrder).where(records.ServiceOrder.id == unit, col(records.ServiceOrder.superseded_at).is_(None))
    ).first()
    subject = overview.contract_id if order is None or order.co_terminous else unit
    facts = overview.source.facts
    words = f"the term begins with {facts.start_event.value.replace('_', ' ')}, and that day is not recorded"
    ask = f"The term of {subject} begins with {facts.start_event.value.replace('_', ' ')}. Which day was that?"
    return Question(subject_id=subject, field=START_ON, words=words, ask=ask, ref=facts.term_ref)
