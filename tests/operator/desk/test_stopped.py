"""Effects that stop: one message, then one list for the hour, and every button stays within reach."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from contractops.graphs.steps import NewEffect
from contractops.operator.clock import wall_now
from contractops.operator.parked import AN_HOUR
from contractops.operator.store import ledger
from contractops.operator.store.tables import Card, Effect
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, sent

PERSON = "maria.ortiz"


def stop(office: Office, count: int, *, first: int = 0) -> list[str]:
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
    office.drain()
    return keys


def of(office: Office, kind: str, person: str = PERSON) -> list[Card]:
    return [card for card in office.cards(kind) if card.person_id == person]


def text(office: Office, card: Card) -> str:
    return str(office.message(card)["text"])


def test_five_in_an_hour_are_one_card_and_one_list(office: Office) -> None:
    """Each person sees two messages; the list names all five, the cards of four stand in its thread with their buttons."""
    sent(office)
    stop(office, 5)
    (listed,) = of(office, "parked_list")
    lines = text(office, listed).splitlines()
    assert lines[0] == "5 steps stopped within an hour; the cards with their buttons stand in this thread:"
    assert lines[1:] == ["Northwind Logistics: DocuSign, the reminder to the signer, needs a person."] * 5
    own = of(office, "parked")
    assert sorted(str(card.thread) for card in own) == sorted(["None", *[listed.key] * 4])
    assert [office.message(card).get("thread_ts") for card in own].count(listed.ts) == 4
    for card in own:
        assert [name for name, _token in office.controls(card)] == ["effect_retry", "effect_done"]


def test_one_alone_has_no_list(office: Office) -> None:
    """And what stops after the hour begins anew, by itself."""
    sent(office)
    stop(office, 1)
    office.at((office.operator.core.clock.now() + AN_HOUR + timedelta(minutes=1)).isoformat())
    stop(office, 1, first=1)
    assert office.cards("parked_list") == []
    assert [card.thread for card in of(office, "parked")] == [None, None]


def test_a_button_in_the_thread_counts_and_the_list_says_so(office: Office) -> None:
    """Marked as done there: the card has no button left, and the line of the list is done."""
    sent(office)
    stop(office, 2)
    card = next(one for one in of(office, "parked") if one.thread)
    office.click(MARIA, card, "effect_done")
    assert not office.submit(MARIA, {"text": "The signer has it."})["errors"]
    assert office.controls(card) == []
    (listed,) = of(office, "parked_list")
    assert text(office, listed).splitlines()[1:] == [
        "Northwind Logistics: DocuSign, the reminder to the signer, needs a person.",
        "Northwind Logistics: DocuSign, the reminder to the signer, done.",
    ]
    with office.database.read() as session:
        assert session.get_one(Effect, card.args["effect"]).status == "done"


def test_stopped_again_is_the_same_card(office: Office) -> None:
    """The second stop of one effect rewrites its card; it begins no list."""
    sent(office)
    (key,) = stop(office, 1)
    with office.database.write() as session:
        effect = session.get_one(Effect, key)
        office.operator.workbench.tell_parked(session, effect, "again no answer", unknown=True)
    office.drain()
    assert office.cards("parked_list") == []
    (card,) = of(office, "parked")
    assert "again no answer" in text(office, card)


def test_every_person_has_a_list_of_his_own(office: Office) -> None:
    """The owner's list and that of contract-ops name the same effects and do not share a thread."""
    sent(office)
    stop(office, 3)
    lists = office.cards("parked_list")
    assert len({card.person_id for card in lists}) == len(lists) == 2
    with office.database.read() as session:
        for listed in lists:
            threaded = session.exec(select(Card).where(Card.thread == listed.key)).all()
            assert {card.person_id for card in threaded} == {listed.person_id}
            assert len(threaded) == 2


def test_what_is_done_meanwhile_takes_its_buttons_off(office: Office) -> None:
    """A receipt rewrites the cards of its renewal: what had stopped and is done asks nobody any more, in the list neither."""
    sent(office)
    first, _second = stop(office, 2)
    with office.database.write() as session:
        ledger.settle(session, first, "it arrived", by="machine")
        session.flush()
        office.operator.workbench.refresh_cards(session, RENEWAL)
    office.drain()
    for card in office.cards("parked"):
        assert (office.controls(card) == []) is (card.args["effect"] == first)
    (listed,) = of(office, "parked_list")
    assert text(office, listed).splitlines()[1].endswith("done.")
