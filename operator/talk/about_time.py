"""Answers about time: what is due, what waits, why a date is what it is, and what becomes of a contract when nobody acts."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Final

from sqlmodel import col, select

from contractops.graphs.intents import Due
from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, clauses, wording
from contractops.operator.showing import explain
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_chat import ChatReply
from contractops.operator.store.tables import Gate, Renewal
from contractops.operator.talk.asked import Asked
from contractops.tools.alerts import days_left
from contractops.tools.calendars import moment, zone
from contractops.tools.notice_window import WindowStatus

USUAL_DAYS: Final = 120
SHOWN: Final = 6
_GATE_WORDS: Final = {
    "owner": "waiting_alert",
    "approver": "waiting_approval",
    "notice": "waiting_proof",
}


def due(asked: Asked, intent: Due) -> ChatReply:
    """Decisions until a day, most urgent first; what was missed and what has no date is counted apart."""
    tz = zone(asked.who.working_time.zone)
    today = asked.now.astimezone(tz).date()
    until = intent.until or today + timedelta(days=intent.within_days or USUAL_DAYS)
    end = moment(until, time(23, 59, 59), tz)
    mine = asked.visible().where(col(Renewal.served_at).is_(None))
    ahead = mine.where(col(Renewal.missed_at).is_(None)).order_by(col(Renewal.decide_by), col(Renewal.id))
    rows = asked.session.exec(ahead.where(col(Renewal.decide_by) >= asked.now, col(Renewal.decide_by) <= end)).all()
    missed = asked.session.exec(mine.where(col(Renewal.missed_at).is_not(None)).order_by(col(Renewal.decide_by))).all()
    unknown = asked.session.exec(mine.where(Renewal.window_status == "unknown")).all()
    lines = [_due_line(asked, list(rows), until)]
    if not rows:
        following = asked.session.exec(ahead.where(col(Renewal.decide_by) > end).limit(1)).first()
        if following is not None:
            lines.append(asked.say("due_next", account=asked.overview(following).account_name, day=_day(following)))
    if missed:
        lines.append(asked.say("due_missed", rows=_with_more(asked, [_named(asked, row) for row in missed[:SHOWN]], len(missed))))
    if unknown:
        lines.append(asked.say("due_unknown", n=len(unknown)))
    any_row = next(iter([*rows, *missed, *unknown]), None)
    return ChatReply(lines=tuple(lines[:4]), buttons=(asked.button(Action.DESK_OPEN, any_row),) if any_row else ())


def _due_line(asked: Asked, rows: list[Renewal], until: date) -> str:
    if not rows:
        return asked.say("due_none", day=wording.day(until))
    said = []
    for number, row in enumerate(rows[:SHOWN]):
        found = asked.overview(row)
        worth = ""
        if found.monthly is not None:
            worth = f" ({wording.monthly(found.monthly) if number == 0 else wording.money(found.monthly)})"
        said.append(f"{found.account_name} {_day(row)}{worth}")
    return asked.say("due", count=asked.say("due_count", n=len(rows)), day=wording.day(until), rows=_with_more(asked, said, len(rows)))


def _with_more(asked: Asked, said: list[str], total: int) -> str:
    rest = total - len(said)
    return ", ".join(said) + (f" {asked.say('more', n=rest)}" if rest > 0 else "")


def _named(asked: Asked, row: Renewal) -> str:
    return f"{asked.overview(row).account_name} {_day(row)}"


def _day(row: Renewal) -> str:
    """``Fri 5 Feb 2027``: the day of the deadline at the contract's place."""
    return "" if row.decide_by is None else wording.local_day(row.decide_by, row.zone or "UTC")


def waiting(asked: Asked) -> ChatReply:
    """What asks for the asker: open questions to him, what he missed, and dates that only he can settle; most urgent first."""
    found = [*_questions(asked), *_undated(asked)]
    found.sort(key=lambda one: one[0])
    if not found:
        return ChatReply(lines=(asked.say("waiting_none"),))
    said = _with_more(asked, [words for _urgency, words, _row in found[:SHOWN]], len(found))
    return ChatReply(lines=(asked.say("waiting", n=len(found), rows=said),), buttons=(asked.button(Action.DESK_OPEN, found[0][2]),))


def _questions(asked: Asked) -> list[tuple[int, str, Renewal]]:
    query = (
        select(Gate, Renewal)
        .join(Renewal, (col(Renewal.id) == col(Gate.renewal_id)) & (col(Renewal.version) == col(Gate.version)))
        .where(col(Gate.decision).is_(None))
        .order_by(col(Gate.key))
    )
    found = []
    for gate, row in asked.session.exec(query):
        if asked.who.person_id in gate.allowed and gate.key == f"{row.id}:{row.version}" and row.stage != Stage.SNOOZED:
            left = days_left(row.safe_on, row.zone, asked.now) if row.safe_on and row.zone else None
            found.append((left if left is not None else USUAL_DAYS, _question_words(asked, gate, row, left), row))
    return found


def _question_words(asked: Asked, gate: Gate, row: Renewal, left: int | None) -> str:
    account = asked.overview(row).account_name
    if row.missed_at is not None:
        return asked.say("waiting_missed", account=account, day=_day(row))
    words = _GATE_WORDS.get(gate.kind, "waiting_alert")
    if row.stage == Stage.IN_REVIEW:
        words = "waiting_approval" if gate.kind == "approver" and row.owner_id != asked.who.person_id else "waiting_draft"
    if row.stage == Stage.NOT_RENEWING:
        words = "waiting_proof"
    if row.stage == Stage.NEEDS_PERSON:
        words = "waiting_person"
    days = "" if left is None else asked.say("left", n=left)
    return asked.say(words, account=account, n=gate.draft_number or row.draft_number, left=days)


def _undated(asked: Asked) -> list[tuple[int, str, Renewal]]:
    """Own contracts whose date one answer would settle."""
    rows = asked.session.exec(asked.visible().where(Renewal.owner_id == asked.who.person_id, Renewal.window_status == "unknown")).all()
    found = []
    for row in rows:
        overview = asked.overview(row)
        if clauses.question_of(asked.session, overview) is not None:
            found.append((USUAL_DAYS, asked.say("waiting_question", account=overview.account_name), row))
    return found


def why_date(asked: Asked, row: Renewal) -> ChatReply:
    """When it must be decided, and the steps that lead there."""
    overview = asked.overview(row)
    window = overview.window
    if window.status is WindowStatus.UNKNOWN:
        return _unknown(asked, row, overview)
    told = explain.why_dates(overview)
    name = f"{overview.account_name} ({overview.contract_id})"
    lines = [f"{name}: {headline(asked, overview)}"]
    if asked.say("steps_english"):
        lines.append(asked.say("steps_english"))
    clause = next((one.clause for one in told.reasons if one.code == "window.notice" and one.clause), None)
    buttons = (asked.button(Action.CLAUSE_READ, row, shown=clause.clause or ""),) if clause else ()
    return ChatReply(lines=tuple(lines), reasons=told.reasons, zone=told.zone, tail=told.tail, buttons=buttons)


def headline(asked: Asked, overview: cases.Overview) -> str:
    """Until when a contract is to be decided."""
    window = overview.window
    if window.status is WindowStatus.ROLLING:
        return asked.say("rolling")
    if window.decide_by is None:
        return (
            asked.say("ends", day=wording.day(window.term_end))
            if window.term_end
            else asked.say("not_watched", contract=overview.contract_id)
        )
    return asked.say("decide_by", deadline=wording.deadline(window.decide_by, window.zone))


def _unknown(asked: Asked, row: Renewal, overview: cases.Overview) -> ChatReply:
    """What is missing, and the one question that would settle it."""
    question = clauses.question_of(asked.session, overview)
    what = question.words if question else explain.list_line(overview, asked.now).unknown
    buttons: list[Button] = []
    if question is not None:
        more = {"question": question.key}
        buttons.append(asked.button(Action.CLAUSE_SETTLE, row, shown=overview.account_name, about=question.key, **more))
    name = f"{overview.account_name} ({overview.contract_id})"
    return ChatReply(lines=(f"{name}: {asked.say('why_unknown', what=what)}",), buttons=tuple(buttons))


def if_nothing(asked: Asked, row: Renewal) -> ChatReply:
    """What the contract itself does when nobody acts."""
    overview = asked.overview(row)
    window = overview.window
    if window.status is WindowStatus.UNKNOWN:
        return _unknown(asked, row, overview)
    name = f"{overview.account_name} ({overview.contract_id})"
    price = asked.say("renews_price", monthly=wording.monthly(overview.monthly)) if overview.monthly else ""
    if window.status is WindowStatus.ROLLING:
        return ChatReply(lines=(f"{name}: {asked.say('rolls_on', price=price)}",))
    if window.renews_on is None:
        return ChatReply(lines=(f"{name}: {headline(asked, overview)}",))
    months = _months(window.renews_on, window.renews_to)
    following = window.next_decide_by
    said = asked.say(
        "renews",
        on=wording.day(window.renews_on),
        months=asked.say("renews_months", n=months) if months else "",
        price=price,
        next=asked.say("renews_next", day=wording.local_day(following, window.zone)) if following else "",
    )
    return ChatReply(lines=(f"{name}: {said}",), buttons=prepare_button(asked, row))


def prepare_button(asked: Asked, row: Renewal) -> tuple[Button, ...]:
    """The button that asks for terms, where they can be asked for."""
    return (asked.button(Action.RENEWAL_PREPARE, row),) if row.stage in {Stage.FLAGGED, Stage.SNOOZED} else ()


def _months(first: date, last: date | None) -> int | None:
    """Whole months of a term from its first to its last day; None when it has none."""
    if last is None:
        return None
    after = last + timedelta(days=1)
    months = (after.year - first.year) * 12 + after.month - first.month
    return months if after.day == first.day else None
