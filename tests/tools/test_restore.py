"""Restore targets: when a fault must be mended, and when its owner hears that it will not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.alerts import is_quiet
from contractops.tools.people import WorkingTime
from contractops.tools.restore import restore_target, warn_at
from contractops.tools.sla import Maintenance, Outage, Pause, RestoreTime, SlaCommitment
from contractops.tools.values import Money

CHICAGO = ZoneInfo("America/Chicago")
MARIA = WorkingTime(zone="America/Chicago", holiday_calendar="US-IL")
HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An hour of December 2026 in Chicago; the 7th is a Monday."""
    return datetime(2026, 12, day, hour, minute, tzinfo=CHICAGO)


def promise(*restore: tuple[str | None, int]) -> SlaCommitment:
    return SlaCommitment(
        service_id="3105-INT-51",
        contract_id="ENT-3105",
        zone="America/Chicago",
        target_pct=Decimal("99.95"),
        fixed_minutes=43200,
        monthly_price=Money(amount=Decimal(7400), currency="USD"),
        tiers=(),
        cap_pct=Decimal(100),
        claim_days=30,
        excluded_causes=("customer",),
        restore=tuple(RestoreTime(priority=priority, minutes=minutes) for priority, minutes in restore),
    )


def outage(**more: object) -> Outage:
    values = {"ticket_id": "TT-90211", "service_id": "3105-INT-51", "start": at(7, 8, 20), "end": None, "priority": "1"}
    return Outage.model_validate(values | more)


def target_of(commitment: SlaCommitment, fault: Outage, *works: Maintenance) -> datetime | None:
    found = restore_target(commitment, fault, works)
    return found.at if found else None


def test_the_target_of_the_story() -> None:
    """A priority 1 fault of 08:20 with six hours is due at 14:20 CST, and says why."""
    found = restore_target(promise(("1", 360), ("2", 720)), outage(), ())
    assert found is not None
    assert found.at == at(7, 14, 20)
    assert (found.priority, found.minutes) == ("1", 360)
    assert [reason.code for reason in found.reasons] == ["restore.target"]
    assert found.reasons[0].values["at"] == "2026-12-07T20:20:00+00:00"


@pytest.mark.parametrize(
    ("restore", "priority", "expected"),
    [
        ((("1", 60), (None, 240)), "1", at(7, 9, 20)),
        ((("1", 60), (None, 240)), "3", at(7, 12, 20)),
        ((("1", 60), (None, 240)), "", at(7, 12, 20)),
        ((("1", 60),), "3", None),
        ((("1", 60),), "", None),
        ((), "1", None),
    ],
)
def test_the_promise_is_that_of_the_priority(restore: tuple[tuple[str | None, int], ...], priority: str, expected: datetime | None) -> None:
    """The ticket's own priority wins, then the one for every other; nothing recorded, nothing claimed."""
    assert target_of(promise(*restore), outage(priority=priority)) == expected


def test_an_excluded_cause_and_a_foreign_service_have_no_target() -> None:
    """What the contract leaves out, and what another service promises, is no promise."""
    assert target_of(promise(("1", 360)), outage(cause="customer")) is None
    assert target_of(promise(("1", 360)), outage(service_id="OTHER")) is None


def test_waiting_and_maintenance_stop_the_clock_once() -> None:
    """30 minutes for the customer and 40 of maintenance that overlap by 10 put 14:20 off by 60 minutes; work that counts puts nothing off."""
    works = Maintenance(maintenance_id="M", service_id="3105-INT-51", start=at(7, 9, 20), end=at(7, 10))
    waits = (Pause(start=at(7, 9), end=at(7, 9, 30)),)
    found = restore_target(promise(("1", 360)), outage(pauses=waits), (works,))
    assert found is not None
    assert found.at == at(7, 15, 20)
    assert [(reason.code, reason.values.get("minutes")) for reason in found.reasons][1] == ("restore.stopped", 60)
    emergency = works.model_copy(update={"counts": True})
    assert target_of(promise(("1", 360)), outage(), emergency) == at(7, 14, 20)


def test_a_stop_that_began_before_the_fault_counts_from_its_start() -> None:
    """Maintenance of 08:00 to 08:50 stops the clock of a fault of 08:20 for 30 minutes."""
    works = Maintenance(maintenance_id="M", service_id="3105-INT-51", start=at(7, 8), end=at(7, 8, 50))
    assert target_of(promise(("1", 360)), outage(), works) == at(7, 14, 50)


def test_a_stop_after_the_target_puts_nothing_off() -> None:
    """A wait that began after 14:20 came too late."""
    assert target_of(promise(("1", 360)), outage(pauses=(Pause(start=at(7, 14, 30), end=at(7, 18)),))) == at(7, 14, 20)


def test_a_wait_without_an_end_leaves_no_target() -> None:
    """While the ticket waits for the customer nobody can say when it is due."""
    assert target_of(promise(("1", 360)), outage(pauses=(Pause(start=at(7, 9), end=None),))) is None


@pytest.mark.parametrize(
    ("target", "opened", "expected"),
    [
        (at(7, 14, 20), at(7, 8, 20), at(7, 13, 20)),  # an hour before
        (at(7, 8, 40), at(7, 5), at(7, 8, 30)),  # 07:40 is quiet, 08:30 still comes before the target
        (at(7, 19), at(7, 13), at(7, 17)),  # 18:00 is quiet and nothing comes after it: the last call of the day
        (at(8, 7), at(7, 13), at(7, 17)),  # the next morning before work: told the evening before
        (at(7, 19, 30), at(7, 17, 30), at(7, 17, 30)),  # opened after the last call: at once
        (at(8, 1), at(7, 22), None),  # opened and due at night
        (at(14, 6), at(11, 20), None),  # over a weekend
        (at(14, 6), at(11, 9), at(11, 17)),  # due before work on Monday: told on Friday
        (at(7, 9), at(7, 8, 50), at(7, 8, 50)),  # less than an hour in all
    ],
)
def test_when_the_owner_hears_of_it(target: datetime, opened: datetime, expected: datetime | None) -> None:
    """An hour before, or the working hour before quiet time, or not at all."""
    assert warn_at(target, opened, HOUR, MARIA) == expected


@given(
    opened=st.integers(0, 2 * 365 * 24 * 60),
    minutes=st.integers(1, 10_000),
    lead=st.integers(1, 600),
)
def test_a_warning_is_never_quiet_early_or_late(opened: int, minutes: int, lead: int) -> None:
    """Whatever the fault: the moment lies between its start and its target, and in working time."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=opened)
    target = start + timedelta(minutes=minutes)
    found = warn_at(target, start, timedelta(minutes=lead), MARIA)
    if found is not None:
        assert start <= found < target
        assert not is_quiet(found, MARIA)
