"""Vitals: what a person who runs the operator watches, as counts and ages.

Rule 1: everything but the vendors' errors is read from the database when it is asked for; nothing is kept beside it.
Rule 2: errors are counted by vendor and by our code for what happened, in this process, since it started.
Rule 3: no name, no contract and no amount is a label.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, or_, select

from contractops.graphs.lifecycle import FINAL, Stage
from contractops.operator.store import heartbeat
from contractops.operator.store.tables import Effect, Inbox, Renewal
from contractops.tools.coverage import DUE_DAYS
from contractops.tools.errors import ContractOpsError

STALE_SWEEP: Final = timedelta(minutes=10)
"""The sweep runs each minute: so long without one, the operator is not ready."""

_errors: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Vitals:
    """Counts, and ages in seconds of wall time; an age is 0 when nothing waits, None when the work was never done."""

    due: int
    missed: int
    unknown: int
    effects_todo: int
    effects_needing_person: int
    oldest_effect_age: float
    inbox_waiting: int
    inbox_age: float
    sweep_age: float | None


def count(kind: str, problem: ContractOpsError) -> None:
    """A vendor refused or did not answer. ``kind`` is that of the effect or of the read (``docusign.send``)."""
    with _lock:
        _errors[kind.partition(".")[0], problem.code] += 1


def vendor_errors() -> dict[tuple[str, str], int]:
    """(vendor, code) -> how often since the start of this process."""
    with _lock:
        return dict(_errors)


def measure(session: Session, now: datetime, wall: datetime) -> Vitals:
    """The vitals at ``now`` (business time) and ``wall``. Terms count as in ``coverage``, by the day of UTC and one a term."""
    waiting = session.exec(select(func.count(), func.min(Inbox.received_at)).where(col(Inbox.handled_at).is_(None))).one()
    todo = session.exec(select(func.count(), func.min(Effect.created_at)).where(Effect.status == "todo")).one()
    beat = heartbeat.last(session, heartbeat.SWEEP)
    today = now.date()
    passed = col(Renewal.decide_by) < now
    return Vitals(
        due=_terms(session, col(Renewal.safe_on) <= today + timedelta(days=DUE_DAYS), col(Renewal.decide_by) >= now),
        missed=_terms(session, passed, or_(col(Renewal.term_end).is_(None), col(Renewal.term_end) >= today)),
        unknown=_terms(session, col(Renewal.window_status) == "unknown"),
        effects_todo=todo[0],
        effects_needing_person=session.exec(select(func.count()).select_from(Effect).where(Effect.status == "needs_person")).one(),
        oldest_effect_age=_age(todo[1], wall),
        inbox_waiting=waiting[0],
        inbox_age=_age(waiting[1], wall),
        sweep_age=None if beat is None else _age(beat, wall),
    )


def _terms(session: Session, *claims: ColumnElement[bool]) -> int:
    """How many terms that nothing has closed meet ``claims``."""
    noticed = (col(Renewal.stage) == Stage.NOT_RENEWING) & col(Renewal.served_at).is_not(None)
    query = select(func.count()).select_from(Renewal).where(col(Renewal.stage).not_in([str(one) for one in FINAL]), ~noticed, *claims)
    return session.exec(query).one()


def _age(since: datetime | None, wall: datetime) -> float:
    return 0.0 if since is None else max(0.0, (wall - since).total_seconds())


def exposition(found: Vitals) -> bytes:
    """The vitals in the text form of Prometheus."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - only where metrics are asked for
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    gauges = {
        "contractops_due": ("Terms that are due within 60 days and not closed.", found.due),
        "contractops_missed": ("Terms whose notice window closed unanswered.", found.missed),
        "contractops_unknown": ("Terms without a provable date.", found.unknown),
        "contractops_effects_todo": ("Effects that are still to be done.", found.effects_todo),
        "contractops_effects_needing_person": ("Effects that stopped until a person looks.", found.effects_needing_person),
        "contractops_oldest_undone_effect_age_seconds": ("Age of the oldest effect that is to be done.", found.oldest_effect_age),
        "contractops_inbox_waiting": ("Inbound events that were committed and not handled.", found.inbox_waiting),
        "contractops_inbox_age_seconds": ("Age of the oldest of them.", found.inbox_age),
    }
    families: list[Metric] = [GaugeMetricFamily(name, words, value=value) for name, (words, value) in gauges.items()]
    if found.sweep_age is not None:
        families.append(GaugeMetricFamily("contractops_sweep_age_seconds", "Time since the last sweep.", value=found.sweep_age))
    errors = CounterMetricFamily("contractops_vendor_errors", "Refusals and lost answers, since the start.", labels=("vendor", "code"))
    for (vendor, code), times in sorted(vendor_errors().items()):
        errors.add_metric((vendor, code), times)

    class Families(Collector):
        """What was measured once, as the library collects it."""

        def collect(self) -> list[Metric]:
            return [*families, errors]

    registry = CollectorRegistry()
    registry.register(Families())
    return generate_latest(registry)
