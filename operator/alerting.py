"""Alerting: one alert of the ladder, to the owner and, when silence lasts, to those above him.

Rule 1: a lead time is recorded in the transaction that makes its cards.
Rule 2: silence climbs only when the alert before was sent and no button was pressed since.
Rule 3: the last alerts go by e-mail too; so does one that stays unanswered after two broadcasts. Slack tells nobody whether a message
was read, so no click stands for unread.
Rule 4: the thread stands with whoever answers for the contract now: when that changes, its root moves to him.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, agenda, approvals, cases
from contractops.operator.clock import wall_now
from contractops.operator.store import cards, gates
from contractops.operator.store.tables import Alert, Card, Renewal
from contractops.tools.alerts import (
    ALERT_LEVELS,
    AlertForm,
    DueAlerts,
    PlannedAlert,
    Told,
    days_left,
    due_alerts,
    next_morning,
    reach_at,
)
from contractops.tools.notice_window import NoticeWindow

_MACHINES = frozenset({"clock", "signature", "compare", "receipt", "approver"})
"""Kinds of gates that are not the owner's question."""

_SILENT_FORMS = frozenset({AlertForm.THREAD_ROOT, AlertForm.REPLY})
"""Forms that stay inside the thread when they come as a reply."""

BROADCAST_DAYS = max(level.lead_days for level in ALERT_LEVELS if level.form is AlertForm.BROADCAST)
"""Replies are shown outside the thread from so many days on, never earlier."""

_SAME_NEWS = timedelta(hours=12)
"""So long a moved date and the alert that it brings are one piece of news."""


@dataclass(frozen=True)
class Turn:
    """The alert whose turn it is: ``due`` with the lead times it overtakes, or held back until ``held_until``, or neither."""

    due: PlannedAlert | None = None
    overtaken: tuple[int, ...] = ()
    held_until: datetime | None = None


def root_of(row: Renewal) -> str:
    """Key of the thread's root card: one a contract term."""
    return f"{row.id}/root"


def thread_of(session: Session, row: Renewal, person_id: str) -> str | None:
    """The thread of the term, once it stands in the messages of the person."""
    root = session.get(Card, root_of(row))
    return root.key if root is not None and root.ts is not None and root.person_id == person_id else None


def put(session: Session, row: Renewal, card: NewCard, now: datetime, rules: cases.Rules, *, gate_key: str | None = None) -> None:
    """Store a card of ``row`` for the moment at which it may reach its person; what the daily cap puts off is told in one list.

    A card that is there already keeps its moment: it is rewritten. A channel is named by its role (``#approvals``).
    """
    card = replace(card, to=rules.channels.get(card.to.removeprefix("#"), card.to)) if card.to.startswith("#") else card
    before = session.get(Card, card.key)
    if before is None:
        when, counted = addressing.posting_time(session, card, row.id, now, rules)
    else:
        when, counted = before.post_at, False
    put_off = counted and addressing.is_full(session, card.to, now, rules)
    cards.add(
        session,
        card,
        renewal_id=row.id,
        version=row.version,
        gate_key=gate_key or gates.key_of(row.id, row.version),
        now=now,
        wall=wall_now(),
        post_at=when,
        counted=counted,
    )
    session.flush()
    if card.kind == "second" and approvals.are_many(session, card.to):
        day = reach_at(now, cases.working_time(session, card.to, rules), None).date()
        _list(session, approvals.list_of(card.to, str(day)), now, rules)
    elif put_off:
        _list(session, addressing.waiting_list(session, card.to, now, rules), now, rules)


def turn(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> Turn:
    """Whether an alert goes out now. One that has no room today stands on the person's list and comes tomorrow."""
    at = agenda.alert_moment(session, row, window, now, rules)
    if at is None or at > now:
        return Turn()
    to = addressing.addressee(session, row.owner_id, now, rules)
    working = cases.working_time(session, to, rules)
    found = _turn(due_alerts(window, working, agenda.alerts_sent(session, row), now))
    if found.due is not None and addressing.can_wait(row, now, found.due.level.lead_days) and addressing.is_full(session, to, now, rules):
        return _hold(session, row, found.due, to, now, rules)
    return found


def held(session: Session, person_id: str, now: datetime, rules: cases.Rules) -> list[Renewal]:
    """Renewals whose alert waits for room in a day of the person, fewest days left first."""
    waiting = (
        select(Renewal)
        .join(Alert, (col(Alert.renewal_id) == Renewal.id) & (col(Alert.safe_on) == Renewal.safe_on))
        .where(Alert.status == agenda.HELD, col(Renewal.stage).in_([str(stage) for stage in agenda.ALERTED_STAGES]))
        .order_by(col(Renewal.decide_by), col(Renewal.id))
    )
    rows = session.exec(waiting).all()
    owners = {one.owner_id for one in rows}
    his = {owner for owner in owners if addressing.addressee(session, owner, now, rules) == person_id}
    return [one for one in rows if one.owner_id in his]


def flagged(session: Session, row: Renewal, found: Turn, now: datetime, rules: cases.Rules) -> None:
    """The alert that begins the thread: the graph makes its root. A thread that has begun already (the date moved) gets a reply."""
    _record(session, row, found, now)
    root = session.get(Card, root_of(row))
    if root is not None and found.due is not None and not _told_of_the_move(session, row, now):
        _remind(session, row, found.due, now, rules, gate_key=gates.key_of(row.id, row.version + 1))
    _climb(session, row, found, now, rules)


def send(session: Session, row: Renewal, found: Turn, now: datetime, rules: cases.Rules) -> None:
    """The alert as a reply in the thread, and to those whom silence has reached; the root says how many days are left."""
    _record(session, row, found, now)
    if found.due is not None:
        _remind(session, row, found.due, now, rules)
    root = session.get(Card, root_of(row))
    if root is not None:
        cards.rewrite(session, [root], version=row.version, wall=wall_now())
    _climb(session, row, found, now, rules)


def wake(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> None:
    """The end of a snooze: one reply, with the lead time that was reached meanwhile, if any."""
    to = addressing.addressee(session, row.owner_id, now, rules)
    found = _turn(due_alerts(window, cases.working_time(session, to, rules), agenda.alerts_sent(session, row), now))
    _record(session, row, found, now)
    lead = found.due.level.lead_days if found.due else None
    left = _left(row, now)
    form = found.due.level.form if found.due else AlertForm.BROADCAST if left <= BROADCAST_DAYS else AlertForm.REPLY
    args = {"days_left": left, "lead": lead, "form": str(form)}
    card = NewCard(
        f"{row.id}/wake/{row.version}", "reminder", to, thread=root_of(row), broadcast=form not in _SILENT_FORMS, gated=True, args=args
    )
    put(session, row, card, now, rules, gate_key=gates.key_of(row.id, row.version + 1))


def short_reminder(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> None:
    """The last alert in short, once for each of its hours, while it is unanswered and there is time."""
    if row.stage not in agenda.ALERTED_STAGES or (row.decide_by is not None and now >= row.decide_by):
        return
    reached = [number for number, at in enumerate(agenda.short_moments(session, row), 1) if at <= now]
    key = f"{row.id}/short/{row.safe_on}/{max(reached, default=0)}"
    if not reached or session.get(Card, key) is not None:
        return
    to = addressing.addressee(session, row.owner_id, now, rules)
    args = {"days_left": _left(row, now), "lead": None, "form": str(AlertForm.MENTION)}
    put(session, row, NewCard(key, "reminder", to, thread=root_of(row), broadcast=True, gated=True, args=args), now, rules)


def follow_owner(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> None:
    """When somebody else answers for the contract, the root and the present draft begin anew with him, and the open question is his."""
    root = session.get(Card, root_of(row), populate_existing=True)
    to = addressing.addressee(session, row.owner_id, now, rules)
    if root is None or root.person_id == to or row.stage in FINAL:
        return
    gate = gates.open_of(session, row.id, row.version)
    if gate is not None and gate.kind not in _MACHINES:
        gate.allowed = list(dict.fromkeys([to, *([row.owner_id] if row.owner_id else [])]))
    for key in (root.key, f"{row.id}/draft/{row.draft_number}"):
        card = session.get(Card, key, populate_existing=True)
        if card is not None:
            _move(session, row, card, to, now, rules)


def hand_on(session: Session, row: Renewal, card: Card, to: str, now: datetime, rules: cases.Rules) -> None:
    """The card goes to ``to`` instead of its person, whom nothing reaches; the open question goes with the root."""
    if card.key == root_of(row):
        follow_owner(session, row, now, rules)
    if card.person_id != to:
        _move(session, row, card, to, now, rules)


def _move(session: Session, row: Renewal, card: Card, to: str, now: datetime, rules: cases.Rules) -> None:
    """The card begins anew with ``to``; the message that it was says where it is now."""
    if card.ts is not None:
        former = Card(
            key=f"{card.key}/until/{card.channel}/{card.ts}",  # by the message: business time may stand still between two moves
            renewal_id=card.renewal_id,
            kind="moved_on",
            person_id=card.person_id,
            channel=card.channel,
            ts=card.ts,
            args={"to": to},
            created_at=card.created_at,
            posted_at=card.posted_at,
            counted=card.counted,
        )
        cards.rewrite(session, [former], version=row.version, wall=wall_now())
    card.person_id, card.channel, card.ts, card.posted_at, card.shown, card.counted = to, None, None, None, 0, False
    session.flush()
    wanted = NewCard(card.key, card.kind, to)
    card.post_at, card.counted = addressing.posting_time(session, wanted, row.id, now, rules)
    card.created_at = now
    cards.rewrite(session, [card], version=row.version, wall=wall_now())


def _told_of_the_move(session: Session, row: Renewal, now: datetime) -> bool:
    """Whether the thread hears at this time that the date moved: that message stands for the alert."""
    moved = session.get(Card, f"{row.id}/moved/{row.safe_on}")
    return moved is not None and (moved.posted_at or moved.post_at or now) > now - _SAME_NEWS


def _hold(session: Session, row: Renewal, due: PlannedAlert, to: str, now: datetime, rules: cases.Rules) -> Turn:
    """The day is full: the alert stands on the person's list and comes on the day on which those before it leave room."""
    if row.safe_on is None:
        return Turn()
    for old in session.exec(select(Alert).where(Alert.renewal_id == row.id, Alert.status == agenda.HELD)).all():
        session.delete(old)
    session.flush()
    session.add(Alert(renewal_id=row.id, safe_on=row.safe_on, lead=due.level.lead_days, status=agenda.HELD, at=now))
    session.flush()
    place = [one.id for one in held(session, to, now, rules)].index(row.id)
    working = cases.working_time(session, to, rules)
    until = now
    for _day in range(1 + place // addressing.CARDS_A_DAY):
        until = next_morning(until, working)
    _list(session, addressing.waiting_list(session, to, now, rules), now, rules)
    return Turn(held_until=until)


def _turn(found: DueAlerts) -> Turn:
    return Turn(found.due, found.overtaken)


def _list(session: Session, waiting: NewCard, now: datetime, rules: cases.Rules) -> None:
    when, _counted = addressing.posting_time(session, waiting, None, now, rules)
    cards.add(session, waiting, renewal_id=None, version=0, gate_key=None, now=now, wall=wall_now(), post_at=when)
    session.flush()


def _record(session: Session, row: Renewal, found: Turn, now: datetime) -> None:
    if row.safe_on is None:
        return
    for lead in found.overtaken:
        session.merge(Alert(renewal_id=row.id, safe_on=row.safe_on, lead=lead, status="overtaken", at=now))
    if found.due is not None:
        session.merge(Alert(renewal_id=row.id, safe_on=row.safe_on, lead=found.due.level.lead_days, status="sent", at=now))
    session.flush()


def _remind(session: Session, row: Renewal, alert: PlannedAlert, now: datetime, rules: cases.Rules, *, gate_key: str | None = None) -> None:
    form = alert.level.form
    card = NewCard(
        f"{row.id}/reminder/{row.safe_on}/{alert.level.lead_days}",
        "reminder",
        addressing.addressee(session, row.owner_id, now, rules),
        thread=root_of(row),
        broadcast=form not in _SILENT_FORMS,
        gated=True,
        args={"days_left": _left(row, now), "lead": alert.level.lead_days, "form": str(form), **_by_mail(alert, rules)},
    )
    put(session, row, card, now, rules, gate_key=gate_key)


def _by_mail(alert: PlannedAlert, rules: cases.Rules) -> dict[str, bool]:
    """The last alerts go by e-mail too, to everybody who gets them; ``mail`` False: they should, but there is no mail server."""
    return {"mail": rules.mails} if alert.level.form is AlertForm.FULL_CARD_MAIL else {}


def mail_unread(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> None:
    """The alert that nobody answered after two broadcasts goes by e-mail too, once."""
    at = agenda.mail_moment(session, row, rules)
    card = agenda.last_alert_card(session, row)
    if at is not None and at <= now and card is not None:
        cards.mail(session, card, wall=wall_now())


def _climb(session: Session, row: Renewal, found: Turn, now: datetime, rules: cases.Rules) -> None:
    """Silence climbs: those whom the ladder names get the alert, and the owner sees it on the card."""
    if found.due is None or not _silent(session, row):
        return
    owner = addressing.addressee(session, row.owner_id, now, rules)
    told: dict[str, Told] = {}
    for step in found.due.level.also_told:
        for person in _people(session, row, step, now, rules):
            told.setdefault(person, step)
    for person, step in told.items():
        if person == owner:
            continue
        if addressing.can_wait(row, now, found.due.level.lead_days) and addressing.is_full(session, person, now, rules):
            _list(session, addressing.waiting_list(session, person, now, rules, told=row.id), now, rules)
        else:
            key = f"{row.id}/told/{row.safe_on}/{found.due.level.lead_days}/{person}"
            args = {"lead": found.due.level.lead_days, "told": str(step), **_by_mail(found.due, rules)}
            put(session, row, NewCard(key, "told", person, args=args), now, rules)


def _people(session: Session, row: Renewal, told: Told, now: datetime, rules: cases.Rules) -> tuple[str, ...]:
    """The people behind a step of the ladder, or who stands in for them."""
    if told is Told.MANAGER:
        manager = addressing.present(session, cases.manager_of(session, row.owner_id), now)
        return (manager or addressing.ops_or_stand_in(session, now, rules),)
    if told is Told.CONTRACT_OPS:
        return (addressing.ops_or_stand_in(session, now, rules),)
    return tuple(addressing.present(session, one, now) or one for one in rules.with_role(session, "vp_sales")[:1])


def _silent(session: Session, row: Renewal) -> bool:
    """Whether the alert before the one just recorded was sent and no button was pressed since. Without one there was no silence."""
    sent = session.exec(
        select(Alert.at)
        .where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status == "sent")
        .order_by(col(Alert.at).desc())
        .offset(1)
        .limit(1)
    ).first()
    return sent is not None and (row.answered_at is None or row.answered_at < sent)


def _left(row: Renewal, now: datetime) -> int:
    return 0 if row.safe_on is None or row.zone is None else days_left(row.safe_on, row.zone, now)
