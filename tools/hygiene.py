"""Hygiene: whether our messages help. Counts over one period, from what was sent and what people pressed.

Rule 1: *ignored*: a reminder without a button of its person on that renewal before the next reminder of his on it, or before the
deadline, whichever is first. *Answered by the first alert*: a button after the first alert of the term and before the second.
Rule 2: a button is one that left a record: an answer, or a line in the renewal's chain. One that only shows something leaves none.
Rule 3: a reminder, or a first alert, is judged once: in the period in which the button came, or the moment that ended its time. Until then
it is neither answered nor ignored, so the figures of consecutive periods add up.
Rule 4: a kind is put up for removal when more than 60 % of at least ten judged reminders were ignored; fewer prove nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from pydantic import AwareDatetime

from contractops.tools.values import Reason, Scalar, Value

IGNORED_MOST: Final = Decimal(60)
"""Per cent of its reminders that may be ignored before a kind is put up for removal."""
JUDGED_LEAST: Final = 10
_TENTH: Final = Decimal("0.1")
_HOUR: Final = timedelta(hours=1)


class Sent(NamedTuple):
    """A message that reached ``person`` at ``at`` (aware), on ``day`` at his place. ``kind`` None: it reminds of nothing; ``lead`` in days."""

    person: str
    at: datetime
    day: date
    renewal: str | None = None
    kind: str | None = None
    lead: int | None = None


class Press(NamedTuple):
    """A recorded button of ``person`` on a renewal at ``at`` (aware)."""

    renewal: str
    person: str
    at: datetime


class Term(NamedTuple):
    """A term with the moments of its alerts (aware) and its deadline; None: it has none."""

    renewal: str
    alerts: tuple[datetime, ...]
    deadline: datetime | None


class ReminderKind(Value):
    """Reminders of one kind and lead time (days; None: it has none): sent in the period, judged in it, and ignored of the judged."""

    kind: str
    lead: int | None
    sent: int
    judged: int
    ignored: int
    ignored_pct: Decimal | None
    removal: bool


class Hygiene(Value):
    """The figures of one period, with their sentences' reasons.

    ``person_days``: days on which a person got at least one message; the median and the most are over these. ``answered_first`` of
    ``first_judged`` terms were answered by the first alert. ``answer_hours``: median from the first alert of a term to its first
    button, over the ``answers`` that came in the period. ``None``: nothing to measure.
    """

    since: AwareDatetime
    until: AwareDatetime
    messages: int
    person_days: int
    median_a_day: Decimal | None
    most_a_day: int
    first_judged: int
    answered_first: int
    answers: int
    answer_hours: Decimal | None
    snoozes: int
    reminders: tuple[ReminderKind, ...]
    reasons: tuple[Reason, ...]


class _Outcome(NamedTuple):
    at: datetime
    answered: bool


def hygiene(
    sent: Iterable[Sent], presses: Iterable[Press], terms: Iterable[Term], snoozes: int, since: datetime, until: datetime
) -> Hygiene:
    """The figures of ``since`` (included) to ``until`` (excluded), both aware.

    ``sent`` and ``presses`` reach as far back as a reminder may wait for its judgement; ``snoozes`` are those of the period.
    """
    shown, pressed, known = list(sent), sorted(presses, key=lambda one: one.at), list(terms)
    begun = [one for one in known if one.alerts]
    by_renewal: dict[str, list[Press]] = defaultdict(list)
    for press in pressed:
        by_renewal[press.renewal].append(press)
    a_day = Counter((one.person, one.day) for one in shown if since <= one.at < until)
    firsts = [found for term in begun if (found := _first(term, by_renewal[term.renewal])) and since <= found.at < until]
    waits = [wait for term in begun if (wait := _wait(term, by_renewal[term.renewal], since, until)) is not None]
    figures = {
        "since": since,
        "until": until,
        "messages": a_day.total(),
        "person_days": len(a_day),
        "median_a_day": _median([Decimal(count) for count in a_day.values()]),
        "most_a_day": max(a_day.values(), default=0),
        "first_judged": len(firsts),
        "answered_first": sum(one.answered for one in firsts),
        "answers": len(waits),
        "answer_hours": _median(waits),
        "snoozes": snoozes,
        "reminders": _reminders(shown, by_renewal, {one.renewal: one.deadline for one in known}, since, until),
    }
    counted = Hygiene.model_validate({**figures, "reasons": ()})
    return counted.model_copy(update={"reasons": _reasons(counted)})


def _first(term: Term, presses: Sequence[Press]) -> _Outcome | None:
    """What became of the first alert; None while it may still be answered by a button that was not pressed."""
    return _outcome(term.alerts[0], (*term.alerts[1:2], term.deadline), [one.at for one in presses])


def _wait(term: Term, presses: Sequence[Press], since: datetime, until: datetime) -> Decimal | None:
    """Hours from the first alert to the first button after it, when that came in the period."""
    answer = next((one.at for one in presses if one.at >= term.alerts[0]), None)
    if answer is None or not since <= answer < until:
        return None
    return Decimal((answer - term.alerts[0]) // timedelta(seconds=1)) / Decimal(_HOUR // timedelta(seconds=1))


def _reminders(
    shown: Sequence[Sent],
    presses: Mapping[str, Sequence[Press]],
    deadlines: Mapping[str, datetime | None],
    since: datetime,
    until: datetime,
) -> tuple[ReminderKind, ...]:
    """Every kind of reminder that was sent or judged in the period, the longest lead time first."""
    threads: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for one in shown:
        if one.kind is not None and one.renewal is not None:
            threads[one.renewal, one.person].append(one)
    sent, judged, ignored = Counter[tuple[str, int | None]](), Counter[tuple[str, int | None]](), Counter[tuple[str, int | None]]()
    for (renewal, person), ones in threads.items():
        ones.sort(key=lambda one: one.at)
        mine = [press.at for press in presses.get(renewal, ()) if press.person == person]
        for place, one in enumerate(ones):
            name = (str(one.kind), one.lead)
            sent[name] += since <= one.at < until
            following = next((later.at for later in ones[place + 1 :] if later.at > one.at), None)
            outcome = _outcome(one.at, (following, deadlines.get(renewal)), mine)
            if outcome is not None and since <= outcome.at < until:
                judged[name] += 1
                ignored[name] += not outcome.answered
    names = sorted({name for name in (*sent, *judged) if sent[name] or judged[name]}, key=lambda name: (name[0], -(name[1] or 0)))
    return tuple(_kind(name, sent[name], judged[name], ignored[name]) for name in names)


def _kind(name: tuple[str, int | None], sent: int, judged: int, ignored: int) -> ReminderKind:
    percent = Decimal(100 * ignored) / judged if judged else None
    return ReminderKind(
        kind=name[0],
        lead=name[1],
        sent=sent,
        judged=judged,
        ignored=ignored,
        ignored_pct=None if percent is None else percent.quantize(_TENTH, ROUND_HALF_EVEN),
        removal=percent is not None and judged >= JUDGED_LEAST and percent > IGNORED_MOST,
    )


def _outcome(begun: datetime, ends: Iterable[datetime | None], presses: Sequence[datetime]) -> _Outcome | None:
    """Answered by the first of ``presses`` from ``begun`` on, or unanswered at the first of ``ends`` after it; None while neither has come."""
    end = min((at for at in ends if at is not None and at > begun), default=None)
    answer = next((at for at in presses if at >= begun and (end is None or at < end)), None)
    if answer is not None:
        return _Outcome(answer, answered=True)
    return None if end is None else _Outcome(end, answered=False)


def _median(values: Sequence[Decimal]) -> Decimal | None:
    """The middle value, or half-way between the two in the middle; one decimal."""
    if not values:
        return None
    ranked, half = sorted(values), len(values) // 2
    middle = ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
    return middle.quantize(_TENTH, ROUND_HALF_EVEN)


def _reasons(found: Hygiene) -> tuple[Reason, ...]:
    """Each figure with the counts it rests on."""
    cards: dict[str, Scalar] = {
        "messages": found.messages, "days": found.person_days, "median": str(found.median_a_day or 0), "most": found.most_a_day,
    }  # fmt: skip
    first: dict[str, Scalar] = {"answered": found.answered_first, "terms": found.first_judged}
    reasons = [Reason(code="hygiene.messages", values=cards), Reason(code="hygiene.first", values=first)]
    if found.answer_hours is not None:
        reasons.append(Reason(code="hygiene.answer", values={"hours": str(found.answer_hours), "answers": found.answers}))
    reasons.append(Reason(code="hygiene.snoozes", values={"snoozes": found.snoozes}))
    for one in found.reminders:
        values: dict[str, Scalar] = {"kind": one.kind, "lead": one.lead, "sent": one.sent, "judged": one.judged, "ignored": one.ignored}
        reasons.append(Reason(code="hygiene.reminder", values=values))
        if one.removal:
            reasons.append(Reason(code="hygiene.removal", values={**values, "percent": str(one.ignored_pct)}))
    return tuple(reasons)
