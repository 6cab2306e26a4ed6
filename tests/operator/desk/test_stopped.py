"""Effects that stop: one message an hour for each person, and every button stays within reach."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from contractops.graphs.steps import NewEffect
from contractops.operator.clock import wall_now
from contractops.operator.parked import AN_HOUR
from contractops.operator.store import ledger
from contractops.operator.store.tables import Card, Effect
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, begin, sent

PERSON = "maria.ortiz"


def stop(office: Office, count: int, *, first: int = 0, drained: bool = True) -> list[str]:
    """`count` reminders whose answers were lost, each in a transaction of its own; their keys."""
    keys = []
    for number in range(first, first + count):
        with office.database.write() as session:
            payload = {"envelope": "env", "at": f"now {number}"}
            intent = NewEffect("docusign.resend", payload)
            key = ledger.intend(session, intent, renewal_id=RENEWAL, version=office.renewal().version, at=wall_now())
            effect = ledger.claim(session, key, worker="test", at=wall_now())
            assert effect is not None
            assert ledger.park(session, effect, "no answer came")
            office.operator.workbench.tell_parked(session, effect, "no answer came", unknown=True)
        keys.append(key)
    if drained:
        office.drain()
    return keys


def of(office: Office, person: str = PERSON) -> list[Card]:
    return [card for card in office.cards("parked") if card.person_id == person]


def text(office: Office, card: Card) -> str:
    return str(office.message(card)["text"])


def head(office: Office, person: str = PERSON) -> Card:
    """The one message of the hour to ``person``."""
    (found,) = [card for card in of(office, person) if card.thread is None]
    return found


def threaded(office: Office, person: str = PERSON) -> list[Card]:
    """The cards in its thread."""
    return [card for card in of(office, person) if card.thread is not None]


def test_five_in_an_hour_are_one_message(office: Office) -> None:
    """The message of the first becomes the list of all five; each has its card with its buttons in the thread, the first one too."""
    begin(office, sent)
    stop(office, 1)
    first = head(office)
    assert [name for name, _token in office.controls(first)] == ["effect_retry", "effect_done"]
    keys = [first.args["effect"], *stop(office, 4, first=1)]
    listed = head(office)
    assert (listed.channel, listed.ts) == (first.channel, first.ts), "rewritten in place"
    lines = text(office, listed).splitlines()
    assert lines[0] == "5 steps stopped within an hour; the cards with their buttons stand in this thread:"
    assert lines[1:] == ["Northwind Logistics: DocuSign, the reminder to the signer, needs a person."] * 5
    assert office.controls(listed) == []
    own = threaded(office)
    assert sorted(card.args["effect"] for card in own) == sorted(keys)
    assert {office.message(card).get("thread_ts") for card in own} == {listed.ts}
    for card in own:
        assert [name for name, _token in office.controls(card)] == ["effect_retry", "effect_done"]


def test_two_before_the_first_was_sent_are_one_message_too(office: Office) -> None:
    """Slack had not even taken the first card: it is born as the list."""
    begin(office, sent)
    stop(office, 2, drained=False)
    office.drain()
    assert text(office, head(office)).startswith("2 steps stopped within an hour;")
    assert len(threaded(office)) == 2


def test_an_hour_later_it_begins_anew(office: Office) -> None:
    """The hour counts from the message: what stops after it is a card by itself."""
    begin(office, sent)
    stop(office, 2)
    office.at((office.operator.core.clock.now() + AN_HOUR + timedelta(minutes=1)).isoformat())
    stop(office, 1, first=2)
    heads = [card for card in of(office) if card.thread is None]
    assert [len(office.controls(card)) for card in heads] == [0, 2]
    assert len(threaded(office)) == 2


@pytest.mark.parametrize("which", [0, 1])
def test_a_button_in_the_thread_counts_and_the_list_says_so(office: Office, which: int) -> None:
    """Marked as done there: the card has no button left, and its line of the list is done. So for the first as for the second."""
    begin(office, sent)
    key = stop(office, 2)[which]
    card = next(one for one in threaded(office) if one.args["effect"] == key)
    office.click(MARIA, card, "effect_done")
    assert not office.submit(MARIA, {"text": "The signer has it."})["errors"]
    assert office.controls(card) == []
    ends = ["needs a person.", "needs a person."]
    ends[which] = "done."
    assert text(office, head(office)).splitlines()[1:] == [
        f"Northwind Logistics: DocuSign, the reminder to the signer, {end}" for end in ends
    ]
    with office.database.read() as session:
        assert session.get_one(Effect, key).status == "done"


def test_a_late_click_on_what_was_the_first_card(office: Office) -> None:
    """A client that still shows the buttons of the first card after it became the list: the click counts for the first effect."""
    begin(office, sent)
    (first,) = stop(office, 1)
    card = head(office)
    (token,) = [value for name, value in office.controls(card) if name == "effect_retry"]
    stop(office, 1, first=1)
    office.click(MARIA, card, "effect_retry", value=token, force=True)
    with office.database.read() as session:
        assert session.get_one(Effect, first).attempts > 1


@pytest.mark.parametrize("count", [1, 3])
def test_stopped_again_is_the_same_card(office: Office, count: int) -> None:
    """The second stop of one effect rewrites its card, alone or in the thread; nothing new is posted."""
    begin(office, sent)
    key = stop(office, count)[0]
    before = {card.key for card in office.cards("parked")}
    with office.database.write() as session:
        effect = session.get_one(Effect, key)
        office.operator.workbench.tell_parked(session, effect, "again no answer", unknown=True)
    office.drain()
    assert {card.key for card in office.cards("parked")} == before
    (card,) = [one for one in of(office) if one.args["effect"] == key and office.controls(one)]
    assert "again no answer" in text(office, card)
    assert text(office, head(office)).startswith("Needs you" if count == 1 else "3 steps stopped")


def test_every_person_has_a_message_of_his_own(office: Office) -> None:
    """The owner's list and that of contract-ops name the same effects and do not share a thread."""
    begin(office, sent)
    stop(office, 3)
    heads = [card for card in office.cards("parked") if card.thread is None]
    assert len({card.person_id for card in heads}) == len(heads) == 2
    with office.database.read() as session:
        for listed in heads:
            cards = session.exec(select(Card).where(Card.thread == listed.key)).all()
            assert {card.person_id for card in cards} == {listed.person_id}
            assert len(cards) == 3


def test_what_is_done_meanwhile_takes_its_buttons_off(office: Office) -> None:
    """A receipt rewrites the cards of its renewal: what had stopped and is done asks nobody any more, in the list neither."""
    begin(office, sent)
    first, _second = stop(office, 2)
    with office.database.write() as session:
        ledger.settle(session, first, "it arrived", by="machine")
        session.flush()
        office.operator.workbench.refresh_cards(session, RENEWAL)
    office.drain()
    for card in office.cards("parked"):
        assert (office.controls(card) == []) is (card.args["effect"] == first or card.thread is None)
    assert text(office, head(office)).splitlines()[1].endswith("done.")
