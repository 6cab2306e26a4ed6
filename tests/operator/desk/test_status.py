"""A Slack status that means away, from the vendor's answer to the card in the deputy's messages, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from contractops.operator.store import records
from contractops.operator.store.tables import Effect, Gate, SlackAway
from tests.localworld.worlds import WEB
from tests.operator.desk import states
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import DANA, LENA, MARIA

pytestmark = pytest.mark.slow

DEPUTY = "sam.okafor"
SAM, KIM = "U0SAM", "U0KIM"


@pytest.fixture
def away(office: Office) -> Iterator[Office]:
    """Maria has a deputy, and shows no status."""
    office.change(records.Person, "maria.ortiz", deputy_id=DEPUTY)
    yield office
    for user in (MARIA, DANA, SAM, KIM):
        show(office, "", user=user)


def show(office: Office, emoji: str, until: str | None = None, *, user: str = MARIA) -> None:
    """Somebody shows a status; what was read a moment ago is forgotten, as after a minute."""
    office.world.post("/_world/slack/status", {"user": user, "emoji": emoji, "text": "Away", "until": until})
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


def test_a_status_without_a_deputy_moves_nothing(away: Office) -> None:
    """Nobody stands in: she keeps what she is asked."""
    away.change(records.Person, "maria.ortiz", deputy_id=None)
    show(away, ":palm_tree:")
    look(away)
    assert asked(away) == "maria.ortiz"


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


# Everybody whom something goes to


def gate_of(office: Office) -> Gate:
    with office.database.read() as session:
        return session.get_one(Gate, f"{RENEWAL}:{office.renewal().version}")


def test_an_approver_who_goes_away_is_stood_in_for_at_once(away: Office) -> None:
    """Dana was asked and then shows the palm tree: Sam has the question in the same minute, and she is told so."""
    states.asked(away)
    assert gate_of(away).allowed == ["dana.whitfield"]
    show(away, ":palm_tree:", user=DANA)
    look(away)
    assert gate_of(away).allowed == ["dana.whitfield", "sam.okafor"]
    assert [card.person_id for card in away.cards("second")] == ["dana.whitfield", "sam.okafor"]
    assert [card.person_id for card in away.cards("passed_on")] == ["dana.whitfield"]
    look(away)
    assert gate_of(away).allowed == ["dana.whitfield", "sam.okafor"], "once"


def test_an_approver_of_a_group_leaves_the_question_to_the_others(away: Office) -> None:
    """Two of three must approve and one is away: the two who are there can, so nobody else is asked."""
    states.in_group(away)
    version = away.renewal().version
    show(away, ":palm_tree:", user=DANA)
    look(away)
    assert away.renewal().version == version


def test_a_deputy_who_goes_away_gives_it_back(away: Office) -> None:
    """Maria is away and Sam stands in; when he goes away too, nobody does, and the card is hers again."""
    show(away, ":palm_tree:")
    look(away)
    assert asked(away) == DEPUTY
    show(away, ":airplane:", user=SAM)
    look(away)
    assert asked(away) == "maria.ortiz"


def test_the_escalation_goes_to_whoever_stands_in_for_the_manager(away: Office) -> None:
    """Sam is on a flight when the silence climbs to him: Lena, his deputy, is told, and he is not."""
    away.change(records.Person, "sam.okafor", deputy_id="lena.fischer")
    away.change(records.Person, "maria.ortiz", deputy_id=None)
    show(away, ":airplane:", user=SAM)
    away.operator.core.clock.move(datetime.fromisoformat("2027-01-06T15:30:00+00:00"))  # type: ignore[attr-defined]  # a stored clock
    look(away)
    away.at("2027-01-06T15:30:00+00:00")
    assert {card.person_id for card in away.cards("told")} == {"lena.fischer"}


def test_contract_ops_are_told_by_whoever_of_them_is_there(away: Office) -> None:
    """J. Kim is the first of contract-ops and away without a deputy: Lena gets the step that stopped."""
    show(away, ":palm_tree:", user=KIM)
    look(away)
    states.parked(away)
    assert {card.person_id for card in away.cards("parked")} == {"maria.ortiz", "lena.fischer"}


def test_who_stands_in_can_press_what_he_is_shown(away: Office) -> None:
    """Ruth is Maria's deputy and gets the step that stopped in her place: her "Retry" counts, and counts no more when Maria is back."""
    away.change(records.Person, "maria.ortiz", deputy_id="ruth.adler")
    states.sent(away)
    show(away, ":palm_tree:")
    look(away)
    states.lose_a_reminder(away, "now")
    away.drain()
    (card,) = [one for one in away.cards("parked") if one.person_id == "ruth.adler"]
    show(away, "")
    look(away)
    away.click("U0RUTH", card, "effect_retry")
    assert "Maria Ortiz's to decide" in away.whispers("U0RUTH")[-1]["text"]
    show(away, ":palm_tree:")
    look(away)
    away.click("U0RUTH", card, "effect_retry")
    with away.database.read() as session:
        assert session.get_one(Effect, card.args["effect"]).attempts > 1


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-12-14T05:59:00+00:00", "Sam Okafor is away until Mon 14 Dec. Choose a deputy or a later start."),
        (None, "Sam Okafor is away. Choose somebody else."),
    ],
)
def test_nothing_is_handed_over_to_somebody_whose_status_says_away(away: Office, until: str | None, said: str) -> None:
    """The hand-over form asks the same question: a status counts as the days of a deputy do."""
    away.change(records.Person, "sam.okafor", deputy_id=None)
    show(away, ":palm_tree:", until, user=SAM)
    look(away)
    away.click(MARIA, away.card("alert"), "renewal_handover")
    assert away.submit(MARIA, {"person": "sam.okafor", "note": ""})["errors"] == {"person": said}


def looked_up(office: Office) -> list[str]:
    """Whom Slack was asked about in one look."""
    before = len(office.world.get("/_world/journal?surface=slack&operation=users.info"))
    assert office.operator.messenger is not None
    office.operator.messenger._users.clear()
    office.operator.statuses()
    return [one["request"]["body"]["user"] for one in office.world.get("/_world/journal?surface=slack&operation=users.info")[before:]]


def test_a_look_asks_about_those_alone_who_can_be_asked_something(away: Office) -> None:
    """Approvers who are asked come first; finance and counsel, who own and approve nothing, are not looked at; nobody twice."""
    states.asked(away)
    found = looked_up(away)
    assert found[0] == DANA
    assert len(found) == len(set(found))
    assert {MARIA, DANA, SAM, LENA, KIM} <= set(found)
    assert not {"U0OMAR", "U0RUTH"} & set(found)


@pytest.mark.parametrize("status", [429, 503])
def test_a_look_ends_when_slack_does_not_answer(away: Office, status: int) -> None:
    """When Slack asks to slow down or is down, nobody else is asked about in this look; the next one begins again."""
    away.world.fault("status", "users.info", status=status, times=50)
    assert len(set(looked_up(away))) == 1
    WEB.delete(f"{away.world.url}/_world/faults").raise_for_status()
    assert len(set(looked_up(away))) > 1
