"""An unknown has one button that resolves it, and a clause with two readings one that settles it: who may, what counts, and what follows."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import col, select

from contractops.operator.demo import SAMPLE
from contractops.operator.importing.folder import import_folder
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.store import audit, portfolio
from contractops.operator.store.records import Clause, Contract, Person
from contractops.operator.store.tables import Audit, Card, Renewal, Settled
from contractops.tools.notice_window import notice_window
from tests.operator.desk.office import Office
from tests.operator.desk.states import DANA, MARIA, no_notice_period, two_readings
from tests.slack import payloads

pytestmark = pytest.mark.slow

OPS, OPS_ID, OPS_NAME = "U0KIM", "j.kim", "J. Kim"
COPPERLEAF = "ENT-4410#1"
SAID = "The first invoice is of 1 April 2026."


def row(office: Office) -> Renewal:
    with office.database.read() as session:
        return session.get_one(Renewal, COPPERLEAF)


def answers(office: Office) -> list[tuple[str, str, str, int, str, str, str]]:
    with office.database.read() as session:
        rows = session.exec(select(Settled).order_by(col(Settled.number))).all()
    return [(one.subject_id, one.field, one.value, one.number, one.ground, one.by, one.source) for one in rows]


def owner_of(office: Office) -> tuple[str, Card]:
    """(Slack id, welcome card) of Copperleaf's owner."""
    owner = row(office).owner_id
    with office.database.read() as session:
        card = session.get_one(Card, f"welcome/{owner}")
        person = session.exec(select(Person).where(Person.id == owner)).one()
    return str(person.slack_id), card


def ask(office: Office) -> tuple[str, Card]:
    """The owner opens the question on the welcome list."""
    user, card = owner_of(office)
    office.click(user, card, Action.CLAUSE_SETTLE)
    assert office.view(user) is not None, office.whispers(user)
    return user, card


def by_ops(office: Office) -> Card:
    """The owner's proposal, as contract-ops have it."""
    user, _card = ask(office)
    assert not office.submit(user, {"date": "2026-04-01", "ground": "quoted", "said": SAID})["errors"]
    return office.card("clause")


def test_the_unknown_is_said_with_what_is_missing_and_one_button(office: Office) -> None:
    """The welcome list names the missing fact in words, and the form shows the words of the amendment."""
    user, card = owner_of(office)
    assert "Copperleaf Media, ENT-4410: unknown: the amendment of Tue 3 Mar 2026 has no start date" in office.message(card)["text"]
    ask(office)
    view = str(office.view(user))
    assert "The amendment of Tue 3 Mar 2026 (ENT-4410-A1) has no start date. On which day did it begin?" in view
    assert "begins with the first invoice under this amendment" in view


def test_a_date_that_does_not_stand_in_the_text_is_refused_at_its_field(office: Office) -> None:
    user, _card = ask(office)
    answer = office.submit(user, {"date": "2026-04-01", "ground": "text"})
    words = "This date is not in the quoted text. Quote the place, or mark it as agreed outside the contract (needs contract-ops)."
    assert answer["errors"] == {"date": words}
    answer = office.submit(user, {"date": "2026-04-01", "ground": "quoted", "said": "from 2 April 2026 on"})
    assert answer["errors"] == {"said": words}
    assert answers(office) == []


def test_what_the_owner_quotes_goes_to_contract_ops_and_changes_nothing_yet(office: Office) -> None:
    """The proposal stands in contract-ops' messages with the person's own words and a button; the date is still unknown."""
    card = by_ops(office)
    assert card.person_id == OPS_ID
    assert SAID in office.message(card)["text"]
    assert (row(office).window_status, answers(office)) == ("unknown", [])


def test_contract_ops_accept_and_the_renewal_is_armed(office: Office) -> None:
    """One answer: a version with who, when and ground; the chain tells of it; the row has dates; the imported record is untouched."""
    card = by_ops(office)
    office.click(OPS, card, Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {"date": "2026-04-01", "ground": "quoted", "said": SAID})["errors"]
    source = f"{OPS_NAME}, Mon 7 Dec 2026, quoted from the contract"
    assert answers(office) == [("ENT-4410-A1", "effective_on", "2026-04-01", 1, "quoted", OPS_ID, source)]
    now = row(office)
    assert now.window_status == "known"
    assert now.safe_on is not None
    with office.database.read() as session:
        record = session.exec(select(Contract).where(Contract.id == "ENT-4410-A1")).one()
        assert (record.version, record.effective_on) == (1, None)
        line = session.exec(select(Audit).where(Audit.renewal_id == COPPERLEAF, Audit.event == "clause settled")).one()
        assert (line.by, line.data["value"], line.data["said"]) == (OPS_ID, "2026-04-01", SAID)
        assert audit.verify(session, COPPERLEAF) is None
    assert "Settle this…" not in str(office.message(office.card("clause"))["blocks"])
    assert "Decide by" in office.whispers(OPS)[-1]["text"]


def test_a_second_answer_and_an_old_form_change_nothing(office: Office) -> None:
    """Two forms are open; the second to be sent is told that it is settled, and by whom."""
    card = by_ops(office)
    user, _welcome = ask(office)
    office.click(OPS, card, Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {"date": "2026-04-01", "ground": "quoted", "said": SAID})["errors"]
    assert not office.submit(user, {"date": "2026-05-01", "ground": "outside", "said": "No, it was May, I am sure."})["errors"]
    assert f"{OPS_NAME} settled this" in office.whispers(user)[-1]["text"]
    assert [one[2] for one in answers(office)] == ["2026-04-01"]


def test_who_owns_it_not_may_not_answer(office: Office) -> None:
    """A form with the right token, sent by somebody else, records nothing and is told whose it is."""
    _user, card = owner_of(office)
    token = next(token for name, token in office.controls(card) if Action.named(name) is Action.CLAUSE_SETTLE)
    values = {"date": payloads.picked("2026-04-01"), "ground": payloads.option("outside"), "said": payloads.typed(SAID)}
    payload = payloads.form(Callback.CLAUSE_SETTLE, values)
    payload["view"]["private_metadata"] = token
    payload["user"]["id"] = DANA
    office.deliver(payload)
    office.drain()
    assert answers(office) == []
    with office.database.read() as session:
        assert (
            session.exec(select(Audit.data).where(Audit.renewal_id == COPPERLEAF, Audit.event == "refused")).one()["why"]
            == "not the owner's"
        )


def test_a_date_in_the_recorded_words_is_the_owners_to_accept(office: Office) -> None:
    """Where the clause itself names the day, nobody else is needed."""
    with office.database.write() as session:
        for clause in session.exec(select(Clause).where(Clause.subject_id == "ENT-4410-A1")).all():
            clause.quote = "This amendment is effective as of April 1, 2026."
            session.add(clause)
    user, _card = ask(office)
    assert not office.submit(user, {"date": "2026-04-01", "ground": "text"})["errors"]
    assert [one[2:5] for one in answers(office)] == [("2026-04-01", 1, "text")]


def test_the_same_import_again_keeps_the_answer(office: Office) -> None:
    """The file still has no date; the answer beside it stays."""
    card = by_ops(office)
    office.click(OPS, card, Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {"date": "2026-04-01", "ground": "quoted", "said": SAID})["errors"]
    import_folder(SAMPLE, office.database.engine, office.operator.core.clock.now())
    with office.database.read() as session:
        entry = portfolio.contract_entry(session, "ENT-4410", office.operator.core.clock.now())
    assert entry.units[0].unknown == ()


def test_two_readings_are_said_and_settled(office: Office) -> None:
    """The card names both days; after the answer the line and its buttons are gone, and the earlier day still counts."""
    two_readings(office)
    card = office.card("alert")
    text = office.message(card)["text"]
    assert "Two readings of clause 9.2: Fri 5 Feb 2027 or Mon 8 Feb 2027. We use the earlier." in text
    office.click(MARIA, card, Action.CLAUSE_READ)
    assert "sixty (60) days" in office.whispers(MARIA)[-1]["text"]
    office.click(MARIA, card, Action.CLAUSE_SETTLE)
    assert not office.submit(MARIA, {"reading": "forward", "ground": "text"})["errors"]
    assert "Two readings" not in office.message(office.card("alert"))["text"]
    assert office.renewal().safe_on == date(2027, 2, 5)


def test_a_notice_period_that_no_document_states_is_settled(office: Office) -> None:
    """The card names it and asks for a length; one that stands in the recorded words is the owner's, and the dates are those of before."""
    no_notice_period(office)
    card = office.card("alert")
    assert "unknown: the notice period is not stated" in office.message(card)["text"]
    office.click(MARIA, card, Action.CLAUSE_SETTLE)
    answer = office.submit(MARIA, {"length": "61", "unit": "days", "ground": "text"})
    assert answer["errors"]["length"].startswith("This length is not in the quoted text.")
    assert "length" in office.submit(MARIA, {"length": "0", "unit": "days", "ground": "text"})["errors"]
    assert not office.submit(MARIA, {"length": "60", "unit": "days", "ground": "text"})["errors"]
    assert [one[:4] for one in answers(office)] == [("ENT-3391", "notice_length", "60 days", 1)]
    assert (office.renewal().window_status, office.renewal().safe_on) == ("known", date(2027, 2, 5))
    with office.database.read() as session:
        found = portfolio.contract_entry(session, "ENT-3391", office.operator.core.clock.now()).units[0]
    assert "Maria Ortiz" in (found.notice_ref.document if found.notice_ref else "")


@pytest.mark.parametrize(
    ("gone", "values", "status"),
    [
        ({"renewal_kind": None}, {"reading": "successive"}, "known"),
        ({"renewal_kind": None}, {"reading": "none"}, "none"),
        ({"renewal_kind": "counted"}, {"count": "5"}, "known"),
        ({"initial_length": None, "initial_unit": None}, {"length": "12", "unit": "months"}, "known"),
    ],
)
def test_each_fact_that_is_not_stated_has_its_form(office: Office, gone: dict[str, object], values: dict[str, str], status: str) -> None:
    """What happens at the end (also: no clause renews it), how often, how long: each is answered, and the dates follow."""
    office.change(Contract, "ENT-3391", **gone)
    office.rewrite({"ENT-3391#1/root"})
    office.click(MARIA, office.card("alert"), Action.CLAUSE_SETTLE)
    quoted = {"ground": "quoted", "said": "Section 9.2: 12 months, at most 5 times."}
    judged = {"ground": "text"}  # a kind of renewal: contract-ops give it, even where words are recorded
    assert not office.submit(MARIA, values | (judged if "reading" in values else quoted))["errors"]
    assert answers(office) == []
    office.click(OPS, office.card("clause"), Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {})["errors"]
    assert len(answers(office)) == 1
    with office.database.read() as session:
        now = office.operator.core.clock.now()
        units = portfolio.contract_entry(session, "ENT-3391", now).units
    assert notice_window(units[0], now).status == status


def test_a_rejected_reading_leaves_the_date_unknown(office: Office) -> None:
    card = by_ops(office)
    office.click(OPS, card, Action.PROPOSAL_REJECT)
    assert (row(office).window_status, answers(office), office.controls(office.card("clause"))) == ("unknown", [], [])


# What was answered wrongly


def press(office: Office, user: str, label: str) -> None:
    """Click the button of the newest answer to ``user`` that has ``label``."""
    told = office.whispers(user)[-1]
    found = [one for block in told["blocks"] if block["type"] == "actions" for one in block["elements"] if one["text"]["text"] == label]
    assert found, told["text"]
    office.act(user, told["channel"], told["ts"], found[0]["action_id"])
    office.drain()


def wrong(office: Office) -> Card:
    """Contract-ops have accepted the wrong day."""
    card = by_ops(office)
    office.click(OPS, card, Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {"date": "2026-04-01", "ground": "quoted", "said": SAID})["errors"]
    return card


ANEW = "Settle the amendment's start anew…"
RIGHT = {"date": "2026-05-01", "ground": "outside", "said": "It was May: the invoice of April was a mistake."}


def test_a_wrong_answer_is_corrected(office: Office) -> None:
    """Asked again from what was told after the answer: another version; the first stays readable."""
    wrong(office)
    press(office, OPS, ANEW)
    assert "2026-04-01" in str(office.view(OPS))
    assert not office.submit(OPS, RIGHT)["errors"]
    assert [one[2:4] for one in answers(office)] == [("2026-04-01", 1), ("2026-05-01", 2)]
    assert row(office).window_status == "known"
    with office.database.read() as session:
        lines = session.exec(select(Audit.data).where(Audit.renewal_id == COPPERLEAF, Audit.event == "clause settled")).all()
        assert [one.get("instead_of") for one in lines] == [None, 1]


def test_an_accepted_proposal_can_be_asked_again_on_its_card(office: Office) -> None:
    """The card of contract-ops keeps the way to a correction, and takes the newest answer as its start."""
    card = wrong(office)
    office.click(OPS, office.card("clause"), Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, RIGHT)["errors"]
    assert [one[2] for one in answers(office)] == ["2026-04-01", "2026-05-01"]
    assert ANEW in str(office.message(card)["blocks"])


def test_two_corrections_of_one_answer_are_one(office: Office) -> None:
    """Two forms over the same answer: the second changes nothing, and is refused because the first was faster."""
    wrong(office)
    office.change(Person, "lena.fischer", role="contract_ops")
    press(office, OPS, ANEW)
    first = office.view(OPS)
    assert first is not None
    assert not office.submit(OPS, RIGHT)["errors"]
    payload = payloads.form(
        Callback.CLAUSE_SETTLE,
        {"date": payloads.picked("2026-06-01"), "ground": payloads.option("outside"), "said": payloads.typed(SAID)},
    )
    payload["view"]["private_metadata"] = first["private_metadata"]
    payload["user"]["id"] = "U0LENA"
    office.deliver(payload)
    office.drain()
    assert [one[2] for one in answers(office)] == ["2026-04-01", "2026-05-01"]
    with office.database.read() as session:
        told = session.exec(select(Audit).where(Audit.renewal_id == COPPERLEAF, Audit.event == "refused")).one()
        assert (told.by, told.data["why"]) == ("lena.fischer", "settled before")


def test_the_owner_corrects_through_contract_ops(office: Office) -> None:
    """From "Why these dates?" of a date that rests on an answer; what counts is changed by contract-ops, whatever the ground."""
    no_notice_period(office)
    office.click(MARIA, office.card("alert"), Action.CLAUSE_SETTLE)
    assert not office.submit(MARIA, {"length": "60", "unit": "days", "ground": "text"})["errors"]
    office.click(MARIA, office.card("alert"), Action.RENEWAL_WHY)
    press(office, MARIA, "Settle the notice period anew…")
    assert not office.submit(MARIA, {"length": "90", "unit": "days", "ground": "outside", "said": "Side letter of June: 90 days."})[
        "errors"
    ]
    assert "an answer that counts is changed by them" in office.whispers(MARIA)[-1]["text"]
    assert [one[2] for one in answers(office)] == ["60 days"]
    assert "corrects the answer to (the notice period is not stated): 90 days" in office.message(office.card("clause"))["text"]
    office.click(OPS, office.card("clause"), Action.CLAUSE_SETTLE)
    assert not office.submit(OPS, {})["errors"]
    assert [one[2] for one in answers(office)] == ["60 days", "90 days"]
    assert "Decide by" in office.message(office.card("alert"))["text"]
    assert office.renewal().safe_on == date(2027, 1, 7)


def test_a_fact_that_the_file_states_meanwhile_is_not_asked_again(office: Office) -> None:
    """The file wins: what a person answered before does not count, and nothing offers to correct it."""
    wrong(office)
    office.change(Contract, "ENT-4410-A1", effective_on=date(2026, 4, 15))
    office.rewrite({office.card("clause").key})
    assert office.controls(office.card("clause")) == []
