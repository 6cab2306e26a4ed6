"""Forms: what opens, what is refused and why, what the preview says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.showing import forms, show
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import FieldValue
from contractops.operator.store.tables import Button, Card, Renewal
from tests.showing.factory import NOW, World
from tests.showing.test_signature import on_its_way
from tests.showing.test_terms import LONG, at_dana, in_review

TYPED: dict[str, FieldValue] = {
    "term": "36",
    "uplift": "3.00",
    "discount": "12",
    "credits": "first_invoice",
    "orders": ("CO-118", "CO-131"),
    "options": ("exit:24",),
    "signer": "priya.nair",
    "note": "They hold a rival quote.",
}


def button(world: World, card: Card, action: Action) -> Button:
    """The newest button of ``action`` on ``card``, as Slack would send its token."""
    show(world.session, card, NOW, world.rules)
    world.session.flush()
    found = world.session.exec(select(Button).where(Button.card_key == card.key, Button.action == action.value)).all()
    return found[-1]


def opened(world: World, row: Renewal, card: Card, action: Action) -> dict[str, Any]:
    """The view that the button opens."""
    view = forms.form(world.session, action, row, card, button(world, card, action), NOW, world.rules)
    assert view is not None
    return view


def errors(world: World, row: Renewal, card: Card, action: Action, callback: Callback, **values: FieldValue) -> dict[str, str]:
    """What a sent form is told."""
    return forms.check(world.session, callback, row, button(world, card, action), values, NOW, world.rules)


def block(view: dict[str, Any], block_id: str) -> dict[str, Any]:
    """One block of a view."""
    return next(one for one in view["blocks"] if one.get("block_id") == block_id)


def test_every_form_carries_the_token_of_its_button(world: World) -> None:
    """The form answers the question that its button asked."""
    row = world.renewal()
    card = world.card("root", "alert", world.gate(row))
    for action in (Action.RENEWAL_SNOOZE, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER):
        assert opened(world, row, card, action)["private_metadata"] == button(world, card, action).token


def test_a_form_does_not_open_over_a_decided_question(world: World) -> None:
    """A late click on an old button gets no form."""
    row = world.renewal()
    gate = world.gate(row)
    card = world.card("root", "alert", gate)
    late = button(world, card, Action.RENEWAL_STOP)
    world.decide(gate, Event.PREPARE)
    world.move(row, Stage.PREPARING)
    assert forms.form(world.session, Action.RENEWAL_STOP, row, card, late, NOW, world.rules) is None


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2027-02-01", "That is too close to Fri 5 Feb 2027. Latest: Fri 22 Jan 2027."),
        ("2026-12-07", "Please choose a day after today."),
        ("2026-12-14", None),
    ],
)
def test_a_snooze_has_a_latest_day(world: World, day: str, said: str | None) -> None:
    """The limit is the tools' own."""
    row = world.renewal()
    card = world.card("root", "alert", world.gate(row))
    assert errors(world, row, card, Action.RENEWAL_SNOOZE, Callback.SNOOZE, day=day) == ({"day": said} if said else {})


def test_a_hand_over_to_somebody_who_is_away_is_refused(world: World) -> None:
    """With the day of return; the owner himself is no choice."""
    row = world.renewal()
    card = world.card("root", "alert", world.gate(row))
    said = errors(world, row, card, Action.RENEWAL_HANDOVER, Callback.HANDOVER, person="jo.lang")
    assert said == {"person": "Jo Lang is away until Mon 14 Dec. Choose a deputy or a later start."}
    assert errors(world, row, card, Action.RENEWAL_HANDOVER, Callback.HANDOVER, person="maria.ortiz") == {
        "person": "Maria Ortiz owns this already."
    }
    assert errors(world, row, card, Action.RENEWAL_HANDOVER, Callback.HANDOVER, person="sam.okafor") == {}


def test_a_receipt_cannot_lie_ahead(world: World) -> None:
    """A customer's notice, and our own."""
    row = world.renewal()
    card = world.card("root", "alert", world.gate(row))
    ahead: dict[str, FieldValue] = {"what": "customer_notice", "received": "2026-12-08", "reason": "price"}
    assert list(errors(world, row, card, Action.RENEWAL_STOP, Callback.STOP, **ahead)) == ["received"]
    assert errors(world, row, card, Action.RENEWAL_STOP, Callback.STOP, **{**ahead, "received": "2026-12-07"}) == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("uplift", "3.5", "At most 3.00 % (clause 4.2)."),
        ("discount", "14.80", "14.80 % goes below the floor of USD 16,200.00; highest is 14.75 %."),
        ("discount", "12.345", "Two decimals, please: 12.50."),
        ("signer", "ana.duarte", "This person has no signing right in the CRM. Choose another."),
    ],
)
def test_an_edit_is_refused_at_its_field(world: World, field: str, value: str, said: str) -> None:
    """What is allowed, and why."""
    row, _draft, _gate, card = in_review(world)
    assert errors(world, row, card, Action.DRAFT_EDIT, Callback.DRAFT_EDIT, **{**TYPED, field: value}) == {field: said}


def test_an_edit_that_fits_is_taken_and_previewed(world: World) -> None:
    """The preview is what the next draft will say."""
    row, _draft, _gate, card = in_review(world)
    assert errors(world, row, card, Action.DRAFT_EDIT, Callback.DRAFT_EDIT, **TYPED) == {}
    edit = button(world, card, Action.DRAFT_EDIT)
    view = forms.preview(world.session, Callback.DRAFT_EDIT, row, card, edit, TYPED, NOW, world.rules)
    assert view is not None
    said = block(view, "preview")["text"]["text"]
    assert said == "*Result:* USD 16,723.08 a month, USD 602,030.88 in total. Needs you, then VP Sales."
    assert "exit:24" in str(block(view, "options"))


def test_a_field_that_cannot_be_read_has_no_preview(world: World) -> None:
    """Unknown is a word."""
    row, _draft, _gate, card = in_review(world)
    edit = button(world, card, Action.DRAFT_EDIT)
    view = forms.preview(world.session, Callback.DRAFT_EDIT, row, card, edit, {**TYPED, "discount": "much"}, NOW, world.rules)
    assert view is not None
    assert "unknown" in block(view, "preview")["text"]["text"]


def test_an_edit_over_a_replaced_draft_is_carried_to_the_newer_one(world: World) -> None:
    """Sent as it is, it is refused; the next change carries it to the newer draft's own button."""
    row, _draft, gate, card = in_review(world)
    old = button(world, card, Action.DRAFT_EDIT)
    world.decide(gate, Event.EDIT)
    world.move(row, Stage.IN_REVIEW)
    second = world.draft(row, 2, **LONG)
    newer = world.card("draft/2", "draft", world.gate(row, draft=second))
    new = button(world, newer, Action.DRAFT_EDIT)
    assert list(forms.check(world.session, Callback.DRAFT_EDIT, row, old, TYPED, NOW, world.rules)) == ["term"]
    view = forms.preview(world.session, Callback.DRAFT_EDIT, row, card, old, TYPED, NOW, world.rules)
    assert view is not None
    assert view["private_metadata"] == new.token
    assert "Draft 2 appeared while you edited" in block(view, "stale")["text"]["text"]


def test_the_review_form_repeats_every_figure(world: World) -> None:
    """The approval counts for what stands there, with who approved so far."""
    row, _draft, _gate, _card, second = at_dana(world)
    view = opened(world, row, second, Action.SECOND_APPROVE)
    said = str(view["blocks"])
    for figure in (
        "USD 16,723.08",
        "USD 602,030.88",
        "12.00 %",
        "USD 82,095.12",
        "USD 16,200.00",
        "CO-118",
        "Priya Nair",
        "Maria Ortiz, Mon 7 Dec 2026",
    ):
        assert figure in said


def test_the_signer_is_chosen_among_contacts_with_signing_right(world: World) -> None:
    """The present signer is not offered; a contact without the right is refused."""
    row, _draft, cards, _effect = on_its_way(world, "done")
    view = opened(world, row, cards["sent"], Action.ENVELOPE_SIGNER)
    assert [one["value"] for one in block(view, "signer")["element"]["options"]] == ["mark.ellis"]
    assert list(errors(world, row, cards["sent"], Action.ENVELOPE_SIGNER, Callback.ENVELOPE_SIGNER, signer="ana.duarte")) == ["signer"]


@pytest.mark.parametrize("action", [Action.SECOND_DECLINE, Action.SECOND_ASK])
def test_a_reason_has_a_least_length(world: World, action: Action) -> None:
    """A word is no reason."""
    row, _draft, _gate, _card, second = at_dana(world)
    assert opened(world, row, second, action)["callback_id"] == action.value
    values: dict[str, FieldValue] = {"reason": "price", "text": "no"}
    assert list(errors(world, row, second, action, Callback(action.value), **values)) == ["text"]
