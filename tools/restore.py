"""Restore target: until when a fault must be mended, and when to say that it will be missed.

Rule 1: the time to restore is that of the ticket's priority, else the one for every other priority; none recorded means that nothing is claimed.
Rule 2: the clock runs from the start of the fault and stands still while the ticket waits for the customer and in announced maintenance.
Rule 3: a fault whose cause the contract leaves out has no target.
Rule 4: a warning goes out before the target, in the working time of its person, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime

from contractops.tools.alerts import deliver_at, is_quiet
from contractops.tools.people import WorkingTime
from contractops.tools.sla import Maintenance, Outage, RestoreTime, SlaCommitment
from contractops.tools.values import Reason, Scalar, Value

_NO_BREAKTHROUGH = 99  # days left: a restore target never breaks through quiet time
_ONE_MINUTE = timedelta(minutes=1)


class RestoreTarget(Value):
    """When a fault must be mended. ``minutes`` were promised; ``priority`` is the one that the promise is for, None: every other."""

    ticket_id: str
    service_id: str
    at: AwareDatetime
    minutes: int
    priority: str | None
    reasons: tuple[Reason, ...]


def restore_target(commitment: SlaCommitment, outage: Outage, maintenance: Iterable[Maintenance]) -> RestoreTarget | None:
    """The target of one outage of the committed service; None when none is promised, or while its clock stands still without an end.

    Outages and maintenance of other services are ignored.
    """
    promise = _promised(commitment, outage)
    if promise is None or outage.service_id != commitment.service_id:
        return None
    start = outage.start.astimezone(UTC)
    at = start + timedelta(minutes=promise.minutes)
    stopped = timedelta(0)
    for stop_start, stop_end in _stops(commitment, outage, maintenance):
        if stop_start >= at:
            break
        if stop_end is None:
            return None
        if stop_end > start:
            stopped += stop_end - max(stop_start, start)
            at = start + timedelta(minutes=promise.minutes) + stopped
    values: dict[str, Scalar] = {
        "ticket": outage.ticket_id,
        "priority": promise.priority,
        "minutes": promise.minutes,
        "start": outage.start.isoformat(),
        "at": at.isoformat(),
        "zone": commitment.zone,
    }
    reasons = [Reason(code="restore.target", values=values, clause=commitment.restore_ref)]
    if stopped:
        minutes = stopped // _ONE_MINUTE
        reasons.append(Reason(code="restore.stopped", values={"minutes": minutes}, clause=commitment.exclusion_ref))
    return RestoreTarget(
        ticket_id=outage.ticket_id,
        service_id=outage.service_id,
        at=at,
        minutes=promise.minutes,
        priority=promise.priority,
        reasons=tuple(reasons),
    )


def warn_at(target: datetime, opened: datetime, lead: timedelta, person: WorkingTime) -> datetime | None:
    """When ``person`` is to hear that ``target`` will be missed: ``lead`` before it, earlier when that is quiet time; aware, in his zone.

    None when no working time of his lies between ``opened`` and the target.
    """
    planned = deliver_at(target - lead, person, _NO_BREAKTHROUGH, not_after=target - _ONE_MINUTE)
    at = max(planned, opened.astimezone(planned.tzinfo))
    return at if at < target and not is_quiet(at, person) else None


def _promised(commitment: SlaCommitment, outage: Outage) -> RestoreTime | None:
    if outage.cause and outage.cause in commitment.excluded_causes:
        return None
    by_priority = {one.priority: one for one in commitment.restore}
    return by_priority.get(outage.priority or None) or by_priority.get(None)


def _stops(commitment: SlaCommitment, outage: Outage, maintenance: Iterable[Maintenance]) -> list[tuple[datetime, datetime | None]]:
    """Stretches in which the clock stands still, joined, in order. An end of None is open."""
    spans = [(one.start, one.end) for one in outage.pauses]
    spans += [(one.start, one.end) for one in maintenance if one.service_id == commitment.service_id and not one.counts]
    joined: list[tuple[datetime, datetime | None]] = []
    for start, end in sorted(((one.astimezone(UTC), end) for one, end in spans), key=lambda span: span[0]):
        before = joined[-1] if joined else None
        if before is None or (before[1] is not None and start > before[1]):
            joined.append((start, end.astimezone(UTC) if end else None))
        elif before[1] is not None:
            joined[-1] = (before[0], None if end is None else max(before[1], end.astimezone(UTC)))
    return joined
