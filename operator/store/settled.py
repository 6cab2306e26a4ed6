"""What people settled about facts that the files leave open: each answer a version of its own, with who, when and on what ground.

Rule 1: an imported record is never touched: an answer stands beside it, and counts only where the record says nothing. So an import that
repeats the file changes nothing, and a file that states the fact wins.
The price of an order counts from a day on, and only where the file has no price for that day.
Rule 2: an answer is never overwritten; a later one has a higher number. ``known_at`` asks what had been answered by then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from contractops.operator.store.tables import Settled

EFFECTIVE_ON: Final = "effective_on"
START_ON: Final = "start_on"
NOTICE_ROLL: Final = "notice_roll"
INITIAL_LENGTH: Final = "initial_length"
RENEWAL_KIND: Final = "renewal_kind"
RENEWAL_LENGTH: Final = "renewal_length"
RENEWAL_MAX: Final = "renewal_max"
NOTICE_LENGTH: Final = "notice_length"
"""Columns of a contract or an order; the answer of a length carries its unit ("60 days")."""
MONTHLY_PRICE: Final = "monthly_price"
"""Column of an order; its answer is a currency and an amount ("USD 1250.00") from ``effective_on`` on."""

_ABOUT: Final = select(Settled).where(col(Settled.subject_id).in_(bindparam("subjects", expanding=True))).order_by(col(Settled.number))
Answers = dict[tuple[str, str], Settled]
"""The newest answer by (record id, column)."""


def answers(
    session: Session, subjects: Collection[str], known_at: datetime | None = None, without: tuple[str, str] | None = None
) -> Answers:
    """The answers about the records ``subjects``; ``without`` leaves one out, by its record and column, as if it had not been given."""
    asked = _ABOUT if known_at is None else _ABOUT.where(Settled.recorded_at <= known_at)
    found = {(one.subject_id, one.field): one for one in session.exec(asked, params={"subjects": list(subjects)})}
    return {key: one for key, one in found.items() if key != without}


def record(session: Session, answer: Settled) -> None:
    """Store ``answer`` as the next version; its ``number`` is set here."""
    before = answers(session, [answer.subject_id]).get((answer.subject_id, answer.field))
    answer.number = before.number + 1 if before else 1
    session.add(answer)
    session.flush()
