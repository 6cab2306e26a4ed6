"""Slack refuses a person: through the real door of the vendor, the next in line is told, and contract-ops hear of it."""

from __future__ import annotations

import pytest
from sqlmodel import select

from contractops.operator import people
from contractops.operator.store.records import Person
from contractops.operator.store.tables import Card, Unreached
from tests.operator.desk.office import Office
from tests.operator.desk.states import late

pytestmark = pytest.mark.slow


def test_who_has_left_slack_is_passed_over(office: Office) -> None:
    """VP Sales' account is gone: Sam stands in and has his own card of each alert, so he gets no second one; contract-ops get one list."""
    office.change(Person, "dana.whitfield", slack_id="U0GONE")
    late(office)
    with office.database.read() as session:
        assert [one.person_id for one in session.exec(select(Unreached))] == ["dana.whitfield"]
        assert people.is_unreached(session, "dana.whitfield")
        assert [one.ts for one in session.exec(select(Card).where(Card.person_id == "dana.whitfield"))] == [None]
    [told] = office.cards("nobody_owns")
    text = office.message(told)["text"]
    assert text.startswith("Contracts nobody owns: ")
    assert "Slack delivers nothing to Dana Whitfield." in text
    assert "Sam Okafor is told instead." in text
    alerts = [one.key.split("/")[3] for one in office.cards("told") if one.person_id == "sam.okafor"]
    assert alerts == ["30", "14", "7", "3"]


def test_a_sign_of_life_brings_the_person_back(office: Office) -> None:
    """She types a word in Slack: from then on she is reached, and the list says so at its next look."""
    office.change(Person, "dana.whitfield", slack_id="U0GONE")
    late(office)
    office.change(Person, "dana.whitfield", slack_id="U0DANA")
    office.world.post("/_world/slack/slash", {"user": "U0DANA", "command": "/renewals", "text": ""})
    office.relay.done.get(timeout=20)
    with office.database.read() as session:
        assert not people.is_unreached(session, "dana.whitfield")
    office.rewrite({office.card("nobody_owns").key})
    assert office.message(office.card("nobody_owns"))["text"] == "Slack reaches Dana Whitfield again."
