"""When to look at a renewal next.

Rule 1: ``next_action_at`` is the earliest of: the next alert, its short reminders or the e-mail about it, the end of a snooze, the moment the window closes,
the contract's own last day after a miss, an approver's answer time, a signer's silence or an invitation that came back, news of a notice, the start of a term
that renewed as decided. A closed term has none.
Rule 2: dates count back from the safe date; an overdue alert is due at once, that is as soon as it may reach its person.
Rule 3: what is planned into quiet time and would pass its end there comes before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import approvals, cases, notices, people, signers
from contractops.operator.addressing import NEVER_HELD_DAYS, addressee, posting_time, present
from contractops.operator.store import gates
from contractops.operator.store.cards import mailed
from contractops.operator.store.tables import Alert, Card, Envelope, Gate, Renewal
from contractops.tools.alerts import (
    ALERT_LEVELS,
    AlertForm,
    alert_at,
    answer_time,
    days_left,
    deliver_at,
    next_morning,
    reach_at,
    short_reminders,
)
from contractops.tools.calendars import moment, zone
from contractops.tools.notice_window import NoticeWindow
from contractops.tools.signature import NOTICE

__all__ = [
    "ALERTED_STAGES",
    "LAPSES",
    "alert_moment",
    "alerts_sent",
    "approver_times",
    "lapses",
    "next_action",
    "nobody_is_there",
    "posting_time",
]

ALERTED_STAGES: Final = frozenset(
    {Stage.WATCHING, Stage.FLAGGED, Stage.IN_REVIEW, Stage.OUT_FOR_SIGNATURE, Stage.NOT_RENEWING, Stage.NEEDS_PERSON}
)
"""Stages in which silence is still dangerous: the alerts go on."""

LAPSES: Final = frozenset({Stage.WATCHING, Stage.FLAGGED, Stage.SNOOZED, Stage.IN_REVIEW, Stage.NEEDS_PERSON, Stage.NOT_RENEWING})
"""Stages that end as missed when the safe date passes. An envelope that is out may still be signed; its own expiry ends it."""

MORNING: Final = time(9, 0)
BROADCAST_DAYS: Final = 60
_BROADCASTS_UNANSWERED: Final = 2
_BROADCAST: Final = frozenset(level.lead_days for level in ALERT_LEVELS if level.form not in {AlertForm.THREAD_ROOT, AlertForm.REPLY})
_MAILED: Final = frozenset(level.lead_days for level in ALERT_LEVELS if level.form is AlertForm.FULL_CARD_MAIL)

HELD: Final = "held"
"""Status of a lead time that is due and waits for room in a day of its person."""


def next_action(
    session: Session, row: Renewal, now: datetime, rules: cases.Rules, *, held_until: datetime | None = None
) -> datetime | None:
    """The next business instant (UTC) at which the sweep should attend to ``row``; None when only people or vendors move it.

    ``held_until``: the alert that is due has no room today and waits until then.
    """
    found = [at for at in _moments(session, row, now, rules, held_until) if at is not None]
    return min(found).astimezone(UTC) if found else None


def alerts_sent(session: Session, row: Renewal) -> tuple[int, ...]:
    """Lead times (days) that were sent, told or overtaken for the safe date of ``row``; one that is held back is none of them."""
    if row.safe_on is None:
        return ()
    settled = select(Alert.lead).where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status != HELD)
    return tuple(session.exec(settled))


def alert_moment(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> datetime | None:
    """When the next alert may go out, ``now`` for one that is due; None when the ladder is done or the term is on its way to an end."""
    if row.stage not in ALERTED_STAGES or is_served(row):
        return None
    working = cases.working_time(session, addressee(session, row.owner_id, now, rules), rules)
    return alert_at(window, working, alerts_sent(session, row), now)


def is_near(row: Renewal, now: datetime) -> bool:
    """Whether a reply in the thread is also shown in the channel: from 60 days before the safe date on, and where no date is known."""
    return row.safe_on is None or row.zone is None or days_left(row.safe_on, row.zone, now) <= BROADCAST_DAYS


def is_served(row: Renewal) -> bool:
    """Whether it ends, and the evidence of the notice is recorded."""
    return row.stage == Stage.NOT_RENEWING and row.served_at is not None


def lapses(session: Session, row: Renewal) -> bool:
    """Whether the passing of the safe date would be a miss: nothing was signed, served or decided."""
    if row.stage not in LAPSES or row.missed_at is not None or is_served(row):
        return False
    signed = select(Envelope.envelope_id).where(
        Envelope.renewal_id == row.id, Envelope.draft_number > NOTICE, Envelope.status == "completed"
    )
    return row.stage != Stage.NEEDS_PERSON or session.exec(signed).first() is None


def short_moments(session: Session, row: Renewal) -> tuple[datetime, ...]:
    """When the last alert is repeated in short, once it was sent."""
    last = ALERT_LEVELS[-1]
    sent = session.exec(
        select(Alert.at).where(
            Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.lead == last.lead_days, Alert.status == "sent"
        )
    ).first()
    answered = sent is not None and row.answered_at is not None and row.answered_at >= sent
    return () if sent is None or answered else short_reminders(last, sent)


def last_alert_card(session: Session, row: Renewal) -> Card | None:
    """The card of the alert that was sent last: a reply in the thread, or the root itself."""
    sent = _sent(session, row)
    if not sent:
        return None
    return session.get(Card, f"{row.id}/reminder/{row.safe_on}/{sent[-1].lead}") or session.get(Card, f"{row.id}/root")


def mail_moment(session: Session, row: Renewal, rules: cases.Rules) -> datetime | None:
    """When the last alert goes by e-mail, too: the working morning after the second broadcast without a click; None when it does not.

    The person may have switched that off, but not for the alerts of the last seven days; those of the last three go by e-mail anyway.
    """
    if not rules.mails or row.stage not in ALERTED_STAGES or is_served(row):
        return None
    broadcasts = [one for one in _sent(session, row) if one.lead in _BROADCAST][-2:]
    if len(broadcasts) < _BROADCASTS_UNANSWERED or broadcasts[-1].lead in _MAILED:
        return None
    if row.answered_at is not None and row.answered_at >= broadcasts[0].at:
        return None
    card = last_alert_card(session, row)
    if card is None or card.person_id is None or mailed(session, card) is not None:
        return None
    if broadcasts[-1].lead > NEVER_HELD_DAYS and not people.wants_mail(session, card.person_id):
        return None
    return next_morning(card.post_at or card.posted_at or card.created_at, cases.working_time(session, card.person_id, rules))


def _sent(session: Session, row: Renewal) -> list[Alert]:
    """Alerts that were sent for the present safe date, oldest first."""
    query = select(Alert).where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status == "sent")
    return list(session.exec(query.order_by(col(Alert.at), col(Alert.lead).desc())))


def after_own_last_day(window: NoticeWindow) -> datetime | None:
    """The end of the contract's own last day; None when it is not later than the safe date."""
    if window.last_defensible is None or window.safe_on is None or window.last_defensible <= window.safe_on:
        return None
    return moment(window.last_defensible + timedelta(days=1), time(0, 0), zone(window.zone))


def has_renewed_at(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> datetime | None:
    """When to say that a term renewed as decided: the morning of its first day, or as soon as it may reach the owner. None once said."""
    if row.stage != Stage.LET_RENEW or row.renews_on is None or session.get(Card, renewed_key(row)) is not None:
        return None
    working = cases.working_time(session, addressee(session, row.owner_id, now, rules), rules)
    return reach_at(max(now, moment(row.renews_on, MORNING, zone(working.zone))), working, None)


def renewed_key(row: Renewal) -> str:
    """Key of the line that says that the term has renewed."""
    return f"{row.id}/has_renewed"


def approver_times(session: Session, gate: Gate, window: NoticeWindow, rules: cases.Rules) -> tuple[datetime, datetime]:
    """(reminder, end) of an approver's answer time, counted from when he was asked.

    When nobody who was asked is at work, the time has ended as it began: somebody else is asked at once.
    """
    if nobody_is_there(session, gate, gate.opened_at):
        return gate.opened_at, gate.opened_at
    working = cases.working_time(session, gate.allowed[0] if gate.allowed else None, rules)
    found = answer_time(window, working, gate.opened_at)
    left = 0 if window.safe_on is None else days_left(window.safe_on, window.zone, found.remind_at)
    return max(gate.opened_at, deliver_at(found.remind_at, working, left, not_after=found.by)), found.by


def nobody_is_there(session: Session, gate: Gate, at: datetime) -> bool:
    """Whether each of those whom an approver's gate asks is stood in for at ``at`` (business time): away, or not reached by Slack."""
    return bool(gate.allowed) and all(present(session, one, at) != one for one in gate.allowed)


def _moments(session: Session, row: Renewal, now: datetime, rules: cases.Rules, held_until: datetime | None) -> Iterator[datetime | None]:
    if row.stage == Stage.RENEWED:
        return
    yield has_renewed_at(session, row, now, rules)
    window = cases.window_of(session, row, now)
    if row.stage == Stage.MISSED:
        yield _later(after_own_last_day(window), now)
    if row.stage == Stage.SNOOZED:
        yield row.snoozed_until
    if held_until is None:
        yield alert_moment(session, row, window, now, rules)
    else:
        yield held_until
        yield _cannot_wait(session, row, window, now, rules)
    if row.stage in ALERTED_STAGES and not is_served(row):
        yield from (at for at in short_moments(session, row) if at > now)
        yield _not_before(mail_moment(session, row, rules), now)
    if lapses(session, row):
        yield window.decide_by
    yield from _signer_moments(session, row, now, rules)
    yield from _notice_moments(session, row, now)
    gate = gates.open_of(session, row.id, row.version)
    if gate is not None and gate.kind == "approver":
        yield from _approver_moments(session, gate, window, now, rules)


def _cannot_wait(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> datetime | None:
    """When an alert that is held back now goes out whatever the day: with the first lead time that is never held."""
    working = cases.working_time(session, addressee(session, row.owner_id, now, rules), rules)
    calmer = [level.lead_days for level in ALERT_LEVELS if level.lead_days > NEVER_HELD_DAYS]
    return alert_at(window, working, calmer, now)


def _approver_moments(session: Session, gate: Gate, window: NoticeWindow, now: datetime, rules: cases.Rules) -> Iterator[datetime]:
    """The reminder at half of the answer time while it is ahead; as long as somebody else can be asked, its end and the days on which those who are asked go away."""
    remind_at, end = approver_times(session, gate, window, rules)
    reminded = select(Card.key).where(Card.gate_key == gate.key, Card.kind == "approver_reminder")
    if remind_at < end and session.exec(reminded).first() is None:
        yield max(remind_at, now)
    if approvals.next_in_line(session, gate):
        yield max(end, now)
        yield from (at for at in _absences(session, gate) if at > now)


def _absences(session: Session, gate: Gate) -> Iterator[datetime]:
    """The midnights, each in the person's own zone, at which the days begin that somebody who is asked named for his deputy."""
    for who in filter(None, (people.person(session, one) for one in gate.allowed)):
        first = people.absence(session, who.person_id).first
        if first is not None:
            yield moment(first, time.min, zone(who.working_time.zone))


def _signer_moments(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> Iterator[datetime]:
    """When the owner hears of the signer: at once of an invitation that came back, in the morning of its day of his silence."""
    if signers.to_be_told(session, row) is not None:
        yield now
    question = signers.next_question(session, row, rules)
    if question is not None:
        yield question[1].at


def _notice_moments(session: Session, row: Renewal, now: datetime) -> Iterator[datetime]:
    if notices.to_be_told(session, row) is not None:
        yield now


def _not_before(at: datetime | None, now: datetime) -> datetime | None:
    return None if at is None else max(at, now)


def _later(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None
