"""An order without a price: terms can be prepared without it, once, with the reason in the note."""

from __future__ import annotations

import pytest

from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Draft
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, no_terms

pytestmark = pytest.mark.slow
WHY = "The site is closed and the service ends anyway."


def test_terms_are_prepared_without_the_order(office: Office) -> None:
    """The button names the order; draft 1 has neither its line nor its change orders, and carries the reason."""
    no_terms(office)
    assert office.stage() == "needs_person"
    card = office.card("needs_person")
    assert "Enter price" in office.message(card)["text"]
    about = str(office.token(card, Action.FINDING_LEAVE_OUT).args["about"])
    office.click(MARIA, card, Action.FINDING_LEAVE_OUT)
    assert not office.submit(MARIA, {"text": WHY})["errors"]
    assert office.stage() == "in_review"
    with office.database.read() as session:
        draft = session.get_one(Draft, (RENEWAL, 1))
    assert draft.choices["left_out_orders"] == [about]
    assert draft.choices["note"] == WHY
    assert about not in [line["line_id"] for line in draft.terms["lines"]]


def test_the_same_button_again_changes_nothing(office: Office) -> None:
    """The card was rewritten; an old form of it meets a decided question."""
    no_terms(office)
    card = office.card("needs_person")
    office.click(MARIA, card, Action.FINDING_LEAVE_OUT)
    office.click(MARIA, card, Action.FINDING_LEAVE_OUT)
    assert not office.submit(MARIA, {"text": WHY})["errors"]
    assert not office.submit(MARIA, {"text": WHY})["errors"]
    assert office.renewal().draft_number == 1
