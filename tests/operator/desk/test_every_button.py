"""Every button of every card that stands in Slack in any state: it has a handler, and a click on it is seen to have done something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from contractops.operator.desk.clicks import CLICKS
from contractops.operator.desk.settings import OWN_CLICKS, OWN_SUBMITS
from contractops.operator.desk.submits import SUBMITS
from contractops.operator.desk.talking import TALK_CLICKS
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.store.records import Person
from contractops.operator.store.tables import Card
from tests.operator.desk.office import Office
from tests.operator.desk.states import DANA, OMAR, STATES, begin

TEXT = {"text": "Because the customer wants it so."}
VALUES: dict[str, dict[str, Any]] = {
    "draft_edit": {"discount": "5.00"},
    "second_decline": {"reason": "price", **TEXT},
    "renewal_stop": {"what": "end", "reason": "price"},
    "notice_evidence": {"served": "2026-12-07", "reference": "RR 1234", "by": "Maria Ortiz"},
    "finding_price": {"price": "1250.00", "said": "Agreed with their finance on the phone."},
    "second_approve": {"comment": "Fine."},
    "notice_send": {"comment": "Agreed."},
    "renewal_snooze": {},
    "renewal_handover": {"person": "sam.okafor"},
    "envelope_signer": {},
    "credit_mail": {},
    "restore_mail": {},
    "envelope_nudge": {},
    "clause_settle": {"date": "2026-04-01", "length": "60", "ground": "outside", "said": "Agreed with their finance on the phone."},
    "settings": {"deputy": "sam.okafor", "from": "2026-12-14", "until": "2027-06-30"},
}
"""What is typed into each form; the others ask for one text."""
DONE: set[tuple[str, ...]] = set()
"""What was clicked so far, over all states: kind of card, action, and the row of buttons it stood in, which tells the card's state."""
NOT_EMITTED = {
    Action.RULE_OPEN, Action.MISSED_PREPARE,
    Action.WHAT_NOW, Action.FORM_CHANGED,
    Action.TALK_PREPARE, Action.TALK_CHOOSE,
}  # fmt: skip
"""Of the vocabulary, but on no card of this version (some stand in answers and forms)."""


def test_every_action_has_a_handler() -> None:
    """No word of the vocabulary is left without somebody who answers."""
    assert set(CLICKS) | set(OWN_CLICKS) | set(TALK_CLICKS) == set(Action) - {Action.FORM_CHANGED}
    assert set(SUBMITS) | set(OWN_SUBMITS) == set(Callback)


def seen(office: Office, user: str, card: Card) -> tuple[Any, ...]:
    """What a person can see of the effect of a click: the card, other messages, whispers, the open form."""
    state = office.state()
    shown = [(one["ts"], one["text"]) for one in state["messages"].get(str(card.channel), [])]
    mine = [one["text"] for one in state["ephemeral"] if one["only_for"] == user]
    return shown, mine, [one["view"]["id"] for one in state["views"] if one["user"] == user]


def clicker(office: Office, card: Card) -> str:
    """The Slack account of the one whom the card asks; of a team's card an approver or finance."""
    if card.person_id is None:
        return DANA if card.kind == "second" else OMAR
    with office.database.read() as session:
        row = session.exec(select(Person).where(Person.id == card.person_id)).first()
        assert row is not None
        return str(row.slack_id)


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
def test_every_button_answers(office: Office, tmp_path: Path, name: str) -> None:
    """A click rewrites a card, posts, whispers, opens a form or uploads; a form that opens is taken, and is seen to count."""
    begin(office, STATES[name])
    office.rewrite({card.key for card in office.cards()})  # as they stand now: what time has taken off an older one is not walked
    kept = office.keep(tmp_path / "kept")
    rows = [(card, office.controls(card)) for card in office.cards()]
    todo = [(card.key, action, token, (card.kind, action, *(name for name, _ in row))) for card, row in rows for action, token in row]
    assert todo or name == "renews", "no button stands anywhere"
    for key, action, token, shape in todo:
        if shape in DONE:
            continue
        DONE.add(shape)
        try_button(office, next(one for one in office.cards() if one.key == key), action, token)
        office.restore(kept)


def try_button(office: Office, card: Card, action: str, token: str) -> None:
    """Click, and send the form that opens."""
    user, what = clicker(office, card), f"{action} on {card.key}"
    before = seen(office, user, card)
    office.click(user, card, action, value=token)
    after = seen(office, user, card)
    assert after != before, f"{what}: nothing is seen"
    view = office.view(user)
    if view is None:
        return
    asked = {block["block_id"] for block in view["blocks"]}  # a form may ask for one thing or another
    values = {block: value for block, value in VALUES.get(view["callback_id"], TEXT).items() if block in asked}
    answer = office.submit(user, office.first_choices(user) | values)
    assert answer["errors"] == {}, f"{what}: {answer}"
    assert not answer["open"], what
    assert seen(office, user, card)[:2] != after[:2], f"{what}: the form changed nothing that is seen"


@pytest.mark.slow
def test_all_emitted_actions_were_walked() -> None:
    """The states above show every button that a card can carry."""
    if not DONE:
        pytest.skip("the walk was not part of this run")
    assert set(Action) - NOT_EMITTED - {Action.named(action) for _kind, action, *_row in DONE} == set()
