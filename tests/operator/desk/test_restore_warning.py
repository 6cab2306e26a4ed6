"""Before a breach: the owner hears once that a restore target will be missed, in time and in working hours."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import col, select

from contractops.operator import agenda_ahead
from contractops.operator.store import records
from contractops.operator.store.tables import Card
from tests.operator.desk.office import Office
from tests.operator.desk.states import MARIA, warned

AT_1320 = "2026-12-07T19:20:00+00:00"
TICKET = "TT-90211"


def text(office: Office, card: Card) -> str:
    return str(office.message(card)["text"])


def test_the_owner_hears_an_hour_before(office: Office) -> None:
    """Not a minute earlier, and then with the minutes that are left."""
    office.at("2026-12-07T19:19:00+00:00")
    assert office.cards("restore") == []
    office.at("2026-12-07T19:42:00+00:00")
    card = office.card("restore")
    assert card.person_id == "maria.ortiz"
    assert text(office, card).startswith("TT-90211 will miss its restore target at 14:20 CST (38 minutes left).")
    assert "Beacon University, ENT-3105: 3105-INT-51 is down since Mon 7 Dec 2026, 08:20 CST." in text(office, card)
    assert [name for name, _token in office.controls(card)] == ["restore_mail", "restore_why"]
    office.click(MARIA, card, "restore_why")
    assert office.whispers(MARIA)[-1]["text"] == (
        "TT-90211 is to be restored by Mon 7 Dec 2026, 14:20 CST. 1. TT-90211 began Mon 7 Dec 2026, 08:20 CST; "
        "a fault of priority 1 is mended within 360 minutes: by Mon 7 Dec 2026, 14:20 CST."
    )


def test_it_is_told_once_a_ticket(office: Office) -> None:
    """Later sweeps, and a new version of the ticket, tell nothing more."""
    warned(office)
    office.change(records.Ticket, TICKET, subject="Still down")
    office.at("2026-12-07T19:50:00+00:00")
    office.at("2026-12-07T21:00:00+00:00")
    assert len(office.cards("restore")) == 1


@pytest.mark.parametrize(
    ("model", "row", "values"),
    [
        (records.Ticket, TICKET, {"restored_at": datetime.fromisoformat("2026-12-07T18:00:00+00:00")}),
        (records.Ticket, TICKET, {"status": "cancelled"}),
        (records.Ticket, TICKET, {"service_affecting": False}),
        (records.Ticket, TICKET, {"cause": "customer"}),
        (records.Ticket, TICKET, {"priority": "4"}),
        (records.SlaCommitment, "SLA-51", {"restore_targets": None}),
    ],
    ids=["restored", "cancelled", "no outage", "excluded cause", "no target for its priority", "nothing promised"],
)
def test_what_has_no_target_is_not_claimed(office: Office, model: type, row: str, values: dict[str, object]) -> None:
    """A fault that is over, or that the contract promises nothing for, is never warned of."""
    office.change(model, row, **values)
    office.at(AT_1320)
    office.at("2026-12-07T20:19:00+00:00")
    assert office.cards("restore") == []


def test_after_the_target_nothing_is_warned(office: Office) -> None:
    """The operator was down over the target: what is late is no warning any more."""
    office.at("2026-12-07T20:20:00+00:00")
    assert office.cards("restore") == []


def test_quiet_time_is_kept(office: Office) -> None:
    """A target at 07:10 the next morning is told at 17:00 the evening before, not at 06:10."""
    office.change(records.SlaCommitment, "SLA-51", restore_targets=[{"priority": "1", "minutes": "1370"}])
    office.at("2026-12-07T22:59:00+00:00")
    assert office.cards("restore") == []
    office.at("2026-12-07T23:00:00+00:00")
    assert "at Tue 8 Dec 2026, 07:10 CST (14 hours 10 minutes left)" in text(office, office.card("restore"))


def test_the_card_says_later_what_became_of_it(office: Office) -> None:
    """Rewritten after the target it says missed; after the end, how late."""
    warned(office)
    office.at("2026-12-07T21:20:00+00:00")
    office.rewrite({office.card("restore").key})
    assert "TT-90211 missed its restore target at 14:20 CST, 1 hour ago." in text(office, office.card("restore"))
    office.change(records.Ticket, TICKET, restored_at=datetime.fromisoformat("2026-12-07T21:05:00+00:00"), status="restored")
    office.rewrite({office.card("restore").key})
    assert "TT-90211 was restored at 15:05 CST, 45 minutes after its target at 14:20 CST." in text(office, office.card("restore"))
    office.click(MARIA, office.card("restore"), "restore_mail")
    view = office.view(MARIA)
    assert view is not None
    body = next(block["element"]["initial_value"] for block in view["blocks"] if block["block_id"] == "body")
    assert "was down from 7 December 2026, 08:20 CST to 7 December 2026, 15:05 CST." in body


def test_many_at_once_are_one_list(office: Office) -> None:
    """Four faults of one owner in the same hour: one message, the cards in its thread."""
    with office.database.write() as session:
        row = session.exec(select(records.Ticket).where(records.Ticket.id == TICKET, col(records.Ticket.superseded_at).is_(None))).one()
        for number in range(3):
            session.add(records.Ticket(**row.model_dump(exclude={"row_id", "id"}) | {"id": f"TT-{number}"}))
    office.at(AT_1320)
    listed = office.card("restore_list")
    assert text(office, listed).count("not restored") == 4
    assert {card.thread for card in office.cards("restore")} == {listed.key}


def test_what_lies_ahead_names_it(office: Office) -> None:
    """Whoever moves a clock sees the warning before it comes, and not after it was told."""

    def labels() -> list[str]:
        now = office.operator.core.clock.now()
        with office.database.read() as session:
            return [
                one.label
                for one in agenda_ahead.ahead(session, now, datetime.fromisoformat("2026-12-08T00:00:00+00:00"), office.operator.core.rules)
            ]

    assert "restore target nears, TT-90211, Beacon University" in labels()
    warned(office)
    assert "restore target nears, TT-90211, Beacon University" not in labels()
