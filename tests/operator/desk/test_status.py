"""A Slack status that means away, from the vendor's answer to the card in the deputy's messages, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contractops.operator.store import records
from contractops.operator.store.tables import SlackAway
from tests.operator.desk.office import Office
from tests.operator.desk.states import MARIA

pytestmark = pytest.mark.slow

DEPUTY = "sam.okafor"


@pytest.fixture
def away(office: Office) -> Iterator[Office]:
    """Maria has a deputy, and shows no status."""
    office.change(records.Person, "maria.ortiz", deputy_id=DEPUTY)
    yield office
    show(office, "")


def show(office: Office, emoji: str, until: str | None = None) -> None:
    """Maria shows a status; what was read of her a moment ago is forgotten, as after a minute."""
    office.world.post("/_world/slack/status", {"user": MARIA, "emoji": emoji, "text": "Away", "until": until})
    assert office.operator.messenger is not None
    office.operator.messenger._users.clear()


def look(office: Office) -> None:
    """What cron does every five minutes, and all that follows."""
    office.operator.statuses()
    office.drain()


def asked(office: Office) -> str | None:
    """Whose card the alert is."""
    return office.card("alert").person_id


def where_it_was(office: Office) -> str:
    """What the message says now that was the alert before it moved."""
    moved = sorted(office.cards("moved_on"), key=lambda one: str(one.ts))
    assert office.card("alert").ts not in {one.ts for one in moved}
    return str(office.message(moved[-1])["text"])


def stored(office: Office) -> SlackAway | None:
    with office.database.read() as session:
        return session.get(SlackAway, "maria.ortiz")


@pytest.mark.parametrize("emoji", [":palm_tree:", ":face_with_thermometer:", ":airplane:"])
def test_her_deputy_is_asked_at_once_and_she_again_when_she_is_back(away: Office, emoji: str) -> None:
    """The card moves to the deputy who may answer it, and back when the status is taken away."""
    assert asked(away) == "maria.ortiz"
    show(away, emoji)
    look(away)
    assert asked(away) == DEPUTY
    assert "Sam Okafor" in where_it_was(away)
    show(away, "")
    look(away)
    assert (asked(away), stored(away)) == ("maria.ortiz", None)
    assert "Maria Ortiz" in where_it_was(away)
    assert "decide" in away.message(away.card("alert"))["text"]


@pytest.mark.parametrize("emoji", [":house_with_garden:", ":spiral_calendar_pad:", ""])
def test_another_status_is_no_absence(away: Office, emoji: str) -> None:
    """Working remotely, or in a meeting: she reads her messages."""
    show(away, emoji)
    look(away)
    assert (asked(away), stored(away)) == ("maria.ortiz", None)


def test_a_status_without_a_deputy_changes_nothing(away: Office) -> None:
    """Nobody stands in, so nobody is looked at."""
    away.change(records.Person, "maria.ortiz", deputy_id=None)
    show(away, ":palm_tree:")
    look(away)
    assert (asked(away), stored(away)) == ("maria.ortiz", None)


def test_a_status_with_an_end(away: Office) -> None:
    """It counts until its end, as Slack says it, and not a moment longer."""
    show(away, ":palm_tree:", "2026-12-08T15:00:00+00:00")
    look(away)
    row = stored(away)
    assert row is not None
    assert row.until is not None
    assert row.until.isoformat() == "2026-12-08T15:00:00+00:00"
    assert asked(away) == DEPUTY
    away.world.post("/_world/clock", {"to": "2026-12-08T15:00:00+00:00"})
    away.operator.follow_world()
    show_nothing_new(away)
    look(away)
    assert (asked(away), stored(away)) == ("maria.ortiz", None)


def show_nothing_new(office: Office) -> None:
    """A minute goes by in which nobody touches the status."""
    assert office.operator.messenger is not None
    office.operator.messenger._users.clear()


def test_a_status_that_cannot_be_read_any_more(away: Office) -> None:
    """What was read stays for a day; after that it says nothing, and she is asked again."""
    show(away, ":palm_tree:")
    look(away)
    show_nothing_new(away)
    away.world.fault("status", "users.info", status=500, times=50)
    look(away)
    assert asked(away) == DEPUTY
    with away.database.write() as session:
        row = session.get_one(SlackAway, "maria.ortiz")
        row.read_at = row.read_at.replace(day=row.read_at.day - 2)
        session.add(row)
        renewal = away.renewal()
        renewal.next_action_at = away.operator.core.clock.now()
        session.merge(renewal)
    away.jobs.sweep()
    away.drain()
    assert asked(away) == "maria.ortiz"
