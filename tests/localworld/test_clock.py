"""The virtual clock and its conversation with the operator."""

from pathlib import Path
from typing import Any

import pytest

from contractops.tests.localworld.conftest import Operator
from contractops.tests.localworld.worlds import RunningWorld, start_world


def test_starts_on_the_first_day(world: RunningWorld) -> None:
    """Mon 7 Dec 2026, 09:00 in Chicago."""
    assert world.get("/_world/clock") == {"now": "2026-12-07T15:00:00+00:00"}


def test_a_jump_stops_at_each_event(operator: Operator, tmp_path: Path) -> None:
    """Events are played in order of time, then the target; the operator is ticked at each."""
    with start_world(tmp_path, operator.url) as world:
        agenda = world.get("/_world/agenda", to="2026-12-10T00:00:00+00:00")
        assert [event["label"] for event in agenda] == ["digest", "30-day alert"]
        jump = world.post("/_world/clock", {"to": "2026-12-10T00:00:00+00:00"})
        assert [event["label"] for event in jump["events"]] == ["digest", "30-day alert"]
        assert jump["operator_answers"] is True
        assert operator.ticks == [
            "2026-12-08T14:30:00+00:00",
            "2026-12-09T15:00:00+00:00",
            "2026-12-10T00:00:00+00:00",
        ]


def test_next_goes_to_the_next_event(operator: Operator, tmp_path: Path) -> None:
    """{"next": true} is the earliest event after now, once."""
    with start_world(tmp_path, operator.url) as world:
        assert world.post("/_world/clock", {"next": True})["now"] == "2026-12-08T14:30:00+00:00"
        assert world.post("/_world/clock", {"next": True})["now"] == "2026-12-09T15:00:00+00:00"
        assert operator.ticks == ["2026-12-08T14:30:00+00:00", "2026-12-09T15:00:00+00:00"]


def test_without_an_operator_only_the_clock_moves(world: RunningWorld) -> None:
    """The move succeeds and says that nobody answered."""
    jump = world.post("/_world/clock", {"by_hours": 24})
    assert jump == {"now": "2026-12-08T15:00:00+00:00", "events": [], "operator_answers": False}


@pytest.mark.parametrize("body", [{"to": "2026-12-01T00:00:00+00:00"}, {"next": True}, {"by_hours": -1}, {"to": "soon"}, {}])
def test_the_clock_refuses_what_leads_nowhere(world: RunningWorld, body: dict[str, Any]) -> None:
    """Back in time, nothing planned, or not understood: 400, and the clock stands still."""
    assert world.refused("/_world/clock", body) == (400, "bad_time")
    assert world.get("/_world/clock")["now"].startswith("2026-12-07")


def test_an_unknown_part_of_a_seed_is_refused(world: RunningWorld) -> None:
    """A misspelt part is not ignored."""
    assert world.refused("/_world/seed", {"chanels": []}) == (400, "bad_seed")


def test_an_unknown_fault_is_refused(world: RunningWorld) -> None:
    """A fault that the world cannot make is not switched on."""
    assert world.refused("/_world/faults", {"surface": "slack", "kind": "earthquake"}) == (400, "bad_fault")
