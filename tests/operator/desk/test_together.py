"""Several must approve and click as they like: each counts once, in any order and at any moment, until the last one who is needed."""

from __future__ import annotations

import threading
from itertools import count, permutations
from pathlib import Path

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.operator.slack import commands
from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Approval, Button, Inbox
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import DANA, JO, MARIA, answer, asked, begin, in_group, two_must_approve
from tests.operator.desk.test_clicks_that_cannot_count import said
from tests.slack import payloads

SAM = "U0SAM"
VPS = (DANA, SAM, JO)
GAVE = "decided approve"
NUMBERS = count()
"""Each form that is opened has an id of its own."""


def forms_of(office: Office, *users: str, callback: str = "second_approve") -> list[str]:
    """One form for each of ``users``, opened from the card as it stands, sent and stored, handled by nobody yet; keys of the inbox."""
    token = office.token(office.card("second"), Action(callback))
    return [sent(office, token, user, callback) for user in users]


def sent(office: Office, token: Button, user: str, callback: str = "second_approve") -> str:
    """The form that ``token`` opens, sent by ``user`` and stored; its key."""
    values = {"reason": payloads.option("price"), "text": payloads.typed("Not at this price.")} if callback == "second_decline" else {}
    form = payloads.form(callback, values, user={"id": user, "team_id": "T0LOCAL"})
    form["view"] |= {"private_metadata": token.token, "id": f"V{next(NUMBERS)}"}
    command = commands.parse(form, "A0LOCAL")
    assert command is not None
    key = commands.inbox_key(command)
    office.relay.commit(key, "submit", form)
    return key


def handle(office: Office, key: str) -> str:
    """Handle a stored form; its outcome. What it rings for stays undone."""
    assert office.operator.desk is not None
    office.operator.desk.handle(key)
    return outcome(office, key)


def outcome(office: Office, key: str) -> str:
    with office.database.read() as session:
        return str(session.get_one(Inbox, key).outcome)


def given(office: Office) -> list[tuple[int, str]]:
    """The approvals in force: (step, person)."""
    mine = office.renewal()
    with office.database.read() as session:
        rows = session.exec(
            select(Approval).where(Approval.renewal_id == RENEWAL, Approval.draft_number == mine.draft_number, Approval.round == mine.round)
        ).all()
    return sorted((one.step, one.person_id) for one in rows)


def test_two_approve_at_the_same_moment(office: Office) -> None:
    """Both looked at the same card; nothing happened between their clicks: both count, nobody is told to click again."""
    in_group(office)
    first, second = forms_of(office, DANA, SAM)
    assert [handle(office, first), handle(office, second)] == [GAVE, GAVE]
    office.drain()
    assert given(office) == [(1, "maria.ortiz"), (2, "dana.whitfield"), (3, "sam.okafor")]
    assert office.stage() == "out_for_signature"
    assert office.whispers(SAM) == []
    assert "2 of 2 have approved" in office.message(office.card("second"))["text"]


def test_two_approve_in_two_threads(office: Office) -> None:
    """Truly at once, each twice, and a third who is not needed any more: one envelope, and whoever was late is told."""
    in_group(office)
    keys = forms_of(office, DANA, SAM, JO, DANA, SAM)
    threads = [threading.Thread(target=handle, args=(office, key)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.drain()
    assert sorted(outcome(office, key) == GAVE for key in keys) == [False, False, False, True, True]
    assert [step for step, _person in given(office)] == [1, 2, 3]
    assert len({person for _step, person in given(office)}) == 3
    assert [one["status"] for one in office.world.get("/_world/docusign/envelopes")[-1:]] == ["sent"]
    assert office.events().count("send") == 1


def test_the_form_still_opens_after_another_one_approved(office: Office) -> None:
    """Sam's client shows the card as it was before Dana's approval, which is not even worked off: his click opens the form all the same."""
    in_group(office)
    card = office.card("second")
    (first,) = forms_of(office, DANA)
    handle(office, first)
    assert card.channel is not None
    assert card.ts is not None
    office.act(SAM, card.channel, card.ts, "second_approve", force=True)
    assert office.view(SAM) is not None
    assert not office.submit(SAM, {"comment": ""})["errors"]
    assert given(office)[1:] == [(2, "dana.whitfield"), (3, "sam.okafor")]


@pytest.mark.parametrize("worked_off", [False, True])
def test_the_same_person_counts_once(office: Office, *, worked_off: bool) -> None:
    """Dana sends the form twice from the same card: one approval, and she is told of hers; one more is still missing."""
    in_group(office)
    first, second = forms_of(office, DANA, DANA)
    assert handle(office, first) == GAVE
    if worked_off:
        office.drain()
    assert handle(office, second) == "refused: AlreadyYours"
    office.drain()
    assert given(office) == [(1, "maria.ortiz"), (2, "dana.whitfield")]
    assert said(office, DANA) == "You approved this on Mon 7 Dec 2026, 09:00 CST. Nothing more to do."


@pytest.mark.parametrize("worked_off", [False, True])
def test_after_a_no_it_is_over(office: Office, *, worked_off: bool) -> None:
    """Dana approves, Sam declines from the same card, Jo approves from the same card: the no stands, and Jo is told of it."""
    in_group(office)
    yes, late = forms_of(office, DANA, JO)
    (no,) = forms_of(office, SAM, callback="second_decline")
    for key, expected in ((yes, GAVE), (no, "decided decline"), (late, "refused: lost: decided")):
        assert handle(office, key) == expected
        if worked_off:
            office.drain()
    office.drain()
    assert said(office, JO) == "Sam Okafor declined this at 09:00 CST. Your click changed nothing."
    assert given(office) == []
    assert office.stage() == "in_review"


def test_a_click_after_the_question_was_passed_on_counts(office: Office) -> None:
    """Dana opened the form, her time ran out and Sam may decide too; she is still asked about the same document, so her click counts."""
    begin(office, asked)
    (late,) = forms_of(office, DANA)
    office.at("2026-12-10T23:30:00+00:00")
    assert ("reassign", "machine") in office.decisions()
    assert handle(office, late) == GAVE
    office.drain()
    assert given(office) == [(1, "maria.ortiz"), (2, "dana.whitfield")]


def test_a_click_of_an_earlier_round_does_not_count(office: Office) -> None:
    """Taken back and asked again about the same document: a form of before is answered with the no that ended it."""
    in_group(office)
    yes, late = forms_of(office, DANA, JO)
    handle(office, yes)
    office.drain()
    answer(office, Event.TAKE_BACK)
    answer(office, Event.APPROVE)
    assert handle(office, late) == "refused: lost: decided"
    assert given(office) == [(1, "maria.ortiz")]


def test_another_document_is_another_question(office: Office) -> None:
    """The terms were edited after the form was opened: whoever saw draft 2 does not approve draft 3."""
    in_group(office)
    (late,) = forms_of(office, SAM)
    answer(office, Event.TAKE_BACK)
    office.click(MARIA, office.card("draft"), "draft_edit")
    assert not office.submit(MARIA, {"term": "24", "discount": "12.00"})["errors"]
    answer(office, Event.APPROVE)
    assert handle(office, late) == "refused: OldVersion"
    assert given(office) == [(1, "maria.ortiz")]


def test_the_last_one_needed_ends_it(office: Office) -> None:
    """One is enough: of two who click at once on cards of their own, one counts and the other is told who was first."""
    two_must_approve(office)
    office.with_levels(lambda one: one.model_copy(update={"needed": 1}))
    asked(office)
    own = {str(card.person_id): office.token(card, Action.SECOND_APPROVE) for card in office.cards("second")}
    first, late = sent(office, own["sam.okafor"], SAM), sent(office, own["dana.whitfield"], DANA)
    assert [handle(office, first), handle(office, late)] == [GAVE, "refused: lost: decided"]
    assert said(office, DANA) == "Sam Okafor approved this at 09:00 CST. Your click changed nothing."
    office.drain()
    assert given(office) == [(1, "maria.ortiz"), (2, "sam.okafor")]


PAUSES = ((False, False), (True, False), (False, True))
"""Whether what a click caused is done before the next one."""
CASES = [
    *((2, order, PAUSES[number % 3]) for number, order in enumerate(permutations(VPS))),
    (3, VPS, PAUSES[0]),
    (3, VPS[::-1], PAUSES[1]),
]
"""How many are needed, in which order the three click, and the pauses between them."""


def test_every_order_gives_as_many_approvals_as_are_needed(office: Office, tmp_path: Path) -> None:
    """Three approvers, each order, each way to fall between the work of the one before: the first ``needed`` count, and one decision ends it."""
    in_group(office)
    kept = office.keep(tmp_path / "kept")
    for needed, order, pauses in CASES:
        office.with_levels(lambda one, needed=needed: one.model_copy(update={"needed": needed}) if one.role == "vp_sales" else one)
        outcomes = []
        for key, pause in zip(forms_of(office, *order), (*pauses, False), strict=True):
            outcomes.append(handle(office, key))
            if pause:
                office.jobs.advance(RENEWAL)
        office.jobs.advance(RENEWAL)
        case = (needed, order, pauses)
        assert outcomes == [*[GAVE] * needed, *["refused: lost: decided"] * (3 - needed)], case
        assert [step for step, _person in given(office)] == list(range(1, needed + 2)), case
        assert office.events().count("send") == 1, case
        office.bell.close()
        office.restore(kept)
