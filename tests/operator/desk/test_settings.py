"""A person's own settings, from the slash command to what they change: the form, its errors, stale and repeated forms, the deputy."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from sqlmodel import col, select

from contractops.operator import people
from contractops.operator.store.records import Person
from contractops.operator.store.tables import PersonSettings
from tests.operator.desk.office import Office, only
from tests.operator.desk.states import DANA, MARIA

pytestmark = pytest.mark.slow


def ask(office: Office, user: str, text: str = "settings") -> dict[str, Any]:
    """The form that ``/renewals settings`` opens."""
    office.world.post("/_world/slack/slash", {"user": user, "command": "/renewals", "text": text})
    office.relay.done.get(timeout=20)
    view = office.view(user)
    assert view is not None, office.whispers(user)
    return view


def saved(office: Office, person: str) -> list[PersonSettings]:
    with office.database.read() as session:
        query = select(PersonSettings).where(PersonSettings.person_id == person).order_by(col(PersonSettings.number))
        return list(session.exec(query))


def test_the_slash_command_shows_what_is_and_saves_what_is_chosen(office: Office) -> None:
    """The form is filled with the defaults; what is saved counts for the person's working time, and for nobody else's."""
    view = ask(office, MARIA)
    assert "Alone you approve up to 24 months and up to 10.00 % discount." in str(view)
    assert "Alerts in the last 7 days can't be switched off." in str(view)
    assert not office.submit(
        MARIA, {"quiet_from": "19:00", "quiet_until": "07:30", "digest_day": "4", "digest_at": "09:00", "by_mail": []}
    )["errors"]
    assert office.whispers(MARIA)[-1]["text"].startswith("Saved. Quiet from 19:00 to 07:30; your week comes Friday, 09:00.")
    with office.database.read() as session:
        maria, dana = people.person(session, "maria.ortiz"), people.person(session, "dana.whitfield")
        assert maria is not None
        assert dana is not None
        hours = maria.working_time
        assert (hours.day_starts, hours.day_ends, hours.digest_weekday, hours.digest_at) == (time(7, 30), time(19), 4, time(9))
        assert dana.working_time.day_ends == time(18)
        assert not people.wants_mail(session, "maria.ortiz")


def test_every_save_is_kept_and_the_same_again_changes_nothing(office: Office) -> None:
    """Three forms, two of them different: two versions, the newest counts; both stay."""
    for quiet in ("19:00", "19:00", "20:00"):
        ask(office, MARIA)
        assert not office.submit(MARIA, {"quiet_from": quiet})["errors"]
    assert [(one.number, one.quiet_from) for one in saved(office, "maria.ortiz")] == [(1, "19:00"), (2, "20:00")]


def test_a_form_opened_before_another_save_changes_nothing(office: Office) -> None:
    first = ask(office, MARIA)
    ask(office, MARIA)
    assert not office.submit(MARIA, {"quiet_from": "19:00"})["errors"]
    office.world.post("/_world/slack/submit", {"user": MARIA, "view_id": first["id"], "values": {"quiet_from": "20:00"}})
    office.relay.done.get(timeout=20)
    assert office.whispers(MARIA)[-1]["text"].startswith("Your settings were saved meanwhile. Nothing was changed")
    assert [one.quiet_from for one in saved(office, "maria.ortiz")] == ["19:00"]


def test_a_deputy_who_is_away_himself_is_no_deputy(office: Office) -> None:
    """The error stands at the field, in words, and nothing is saved."""
    office.change(Person, "jo.lang", deputy_id="sam.okafor", deputy_from=date(2026, 12, 10), deputy_to=date(2026, 12, 13))
    ask(office, MARIA)
    answer = office.submit(MARIA, {"deputy": "jo.lang", "from": "2026-12-11", "until": "2026-12-18"})
    assert answer["errors"] == {"deputy": "Jo Lang is away until Mon 14 Dec. Choose a deputy or a later start."}
    assert saved(office, "maria.ortiz") == []
    assert not office.submit(MARIA, {"deputy": "jo.lang", "from": "2026-12-14", "until": "2026-12-18"})["errors"]


def test_from_the_first_day_on_the_deputy_is_asked_and_the_owner_sees_it(office: Office) -> None:
    """Away from today: the card moves to the deputy at the next sweep, the old message says so, and comes back after the last day."""
    only(office, "ENT-3391#1")
    ask(office, MARIA)
    assert not office.submit(MARIA, {"deputy": "sam.okafor", "from": "2026-12-07", "until": "2026-12-09"})["errors"]
    office.at("2026-12-07T15:01:00+00:00")
    assert office.card("alert").person_id == "sam.okafor"
    assert "Sam Okafor" in office.message(office.card("moved_on"))["text"]
    with office.database.write() as session:
        people_row = office.renewal()
        people_row.next_action_at = office.operator.core.clock.now()
        session.merge(people_row)
    office.at("2026-12-10T15:01:00+00:00")
    assert office.card("alert").person_id == "maria.ortiz"


def test_everybody_opens_only_his_own(office: Office) -> None:
    """Dana's form is Dana's; a stranger gets none."""
    ask(office, DANA)
    assert not office.submit(DANA, {"quiet_from": "20:00"})["errors"]
    assert saved(office, "maria.ortiz") == []
    assert [one.quiet_from for one in saved(office, "dana.whitfield")] == ["20:00"]
    office.world.post("/_world/slack/slash", {"user": "U0NOBODY", "command": "/renewals", "text": "settings"})
    office.relay.done.get(timeout=20)
    assert office.view("U0NOBODY") is None
