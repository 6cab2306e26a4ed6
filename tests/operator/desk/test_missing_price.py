"""An order without a price: the owner proposes one, contract-ops enter it, and the terms are prepared with it."""

from __future__ import annotations

import csv
import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import col, select

from contractops.operator import cases
from contractops.operator.demo import SAMPLE
from contractops.operator.importing.folder import import_folder
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.store import audit, portfolio
from contractops.operator.store.records import ServiceOrder
from contractops.operator.store.tables import Audit, Card, Draft, ExecutedTerm, Renewal, Settled
from contractops.tools.values import Money
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import DANA, MARIA, no_terms
from tests.slack import payloads

pytestmark = pytest.mark.slow
OPS, OPS_ID, OPS_NAME = "U0KIM", "j.kim", "J. Kim"
WHY = "Order form of the new site, page 2."
TYPED = {"price": "10250.00", "said": WHY}


def answers(office: Office) -> list[tuple[str, str, str, int, str, str]]:
    with office.database.read() as session:
        rows = session.exec(select(Settled).order_by(col(Settled.number))).all()
    return [(one.subject_id, one.field, one.value, one.number, one.said, one.by) for one in rows]


def lines(office: Office) -> dict[str, str]:
    """Today's price of each line of draft 1."""
    with office.database.read() as session:
        return {line["line_id"]: line["now"]["amount"] for line in session.get_one(Draft, (RENEWAL, 1)).terms["lines"]}


def order_of(office: Office) -> ServiceOrder:
    """The order whose price the state takes away."""
    with office.database.read() as session:
        rows = session.exec(select(ServiceOrder).where(ServiceOrder.contract_id == "ENT-3391")).all()
    return next(one for one in rows if one.monthly_price is None or one.price_valid_to is not None)


def proposal(office: Office) -> Card:
    """The owner has proposed a price; the card that contract-ops have of it."""
    no_terms(office)
    office.click(MARIA, office.card("needs_person"), Action.FINDING_PRICE)
    assert not office.submit(MARIA, TYPED)["errors"]
    return office.card("price")


def accepted(office: Office) -> None:
    office.click(OPS, proposal(office), Action.FINDING_PRICE)
    assert not office.submit(OPS, {})["errors"]


def test_the_owners_price_is_a_proposal_and_changes_nothing_yet(office: Office) -> None:
    """Contract-ops see the amount, the order, the day and the owner's words; nothing is stored as a fact."""
    card = proposal(office)
    text = office.message(card)["text"]
    assert card.person_id == OPS_ID
    assert f"proposes USD 10,250.00 a month for order {order_of(office).id} from" in text
    assert WHY in text
    assert (office.stage(), answers(office)) == ("needs_person", [])


def test_contract_ops_accept_and_the_draft_is_prepared_with_it(office: Office) -> None:
    """The filled form is sent as it is: one version with who and why, a line of the chain, draft 1, and no button any more."""
    accepted(office)
    order = order_of(office)
    assert answers(office) == [(order.id, "monthly_price", "USD 10250.00", 1, WHY, OPS_ID)]
    assert (office.stage(), order.monthly_price, order.version) == ("in_review", None, 1)
    with office.database.read() as session:
        line = session.exec(select(Audit).where(Audit.renewal_id == RENEWAL, Audit.event == "price entered")).one()
        assert (line.by, line.data["price"], line.data["said"]) == (OPS_ID, "USD 10250.00", WHY)
        assert audit.verify(session, RENEWAL) is None
        reasons = session.get_one(Draft, (RENEWAL, 1)).terms["reasons"]
    told = next(one for one in reasons if one["code"] == "price.entered")
    assert (told["values"]["monthly"], told["clause"]["quote"]) == ("10250.00", WHY)
    assert OPS_NAME in told["clause"]["document"]
    assert order.id in lines(office)
    assert office.controls(office.card("price")) == []
    assert "Preparing the terms with it" in office.whispers(OPS)[-1]["text"]


def send(office: Office, user: str, price: str) -> None:
    """The form of the owner's card, sent by ``user``."""
    payload = payloads.form(Callback.FINDING_PRICE, {"price": payloads.typed(price), "said": payloads.typed(WHY)})
    payload["view"]["private_metadata"] = office.token(office.card("needs_person"), Action.FINDING_PRICE).token
    payload["user"]["id"] = user
    office.deliver(payload)
    office.drain()


def test_contract_ops_reject_and_the_question_stays_open(office: Office) -> None:
    """Once: the buttons go, the owner is told with his own words; the same again is refused, another price is a new proposal."""
    card = proposal(office)
    office.click(OPS, card, Action.PROPOSAL_REJECT, times=2)
    assert (answers(office), office.stage(), office.controls(office.card("price"))) == ([], "needs_person", [])
    assert f"rejected by {OPS_NAME}" in office.message(card)["text"]
    told = office.message(office.card("text"))["text"]
    assert "rejected your proposal about ENT-3391" in told
    assert WHY in told
    assert len(office.cards("text")) == 1
    office.click(MARIA, office.card("needs_person"), Action.FINDING_PRICE)
    assert not office.submit(MARIA, TYPED)["errors"]
    assert "rejected exactly this" in office.whispers(MARIA)[-1]["text"]
    office.click(MARIA, office.card("needs_person"), Action.FINDING_PRICE)
    assert not office.submit(MARIA, TYPED | {"price": "10251.00"})["errors"]
    assert len(office.cards("price")) == 2
    with office.database.read() as session:
        assert len(session.exec(select(Audit).where(Audit.event == "proposal rejected")).all()) == 1


def test_contract_ops_may_enter_it_themselves(office: Office) -> None:
    """On their own click it is a fact at once."""
    no_terms(office)
    send(office, OPS, "10250.00")
    assert (office.stage(), [one[5] for one in answers(office)]) == ("in_review", [OPS_ID])


def test_a_second_answer_and_an_old_form_change_nothing(office: Office) -> None:
    """Three forms are open; what comes second and third is told who entered it."""
    card = proposal(office)
    office.click(MARIA, office.card("needs_person"), Action.FINDING_PRICE)
    office.click(OPS, card, Action.FINDING_PRICE)
    office.click(OPS, card, Action.FINDING_PRICE)
    assert not office.submit(OPS, {})["errors"]
    assert not office.submit(OPS, {"price": "1.00"})["errors"]
    assert f"{OPS_NAME} entered this" in office.whispers(OPS)[-1]["text"]
    assert not office.submit(MARIA, {"price": "2.00", "said": WHY})["errors"]
    assert f"{OPS_NAME} entered this" in office.whispers(MARIA)[-1]["text"]
    assert [one[2] for one in answers(office)] == ["USD 10250.00"]
    assert office.renewal().draft_number == 1


def test_who_owns_it_not_may_not_enter_it(office: Office) -> None:
    """A form with the right token, sent by somebody else, records nothing."""
    no_terms(office)
    send(office, DANA, "1.00")
    assert (office.stage(), answers(office), len(office.cards("price"))) == ("needs_person", [], 0)


def test_no_price_is_negative_or_has_three_decimals(office: Office) -> None:
    no_terms(office)
    office.click(MARIA, office.card("needs_person"), Action.FINDING_PRICE)
    for wrong in ("-1.00", "12.505", ""):
        assert "price" in office.submit(MARIA, {"price": wrong, "said": WHY})["errors"]
    assert answers(office) == []


def test_a_price_of_the_file_wins(office: Office) -> None:
    """As soon as the file has a price for that day, the entered one is silent; while it has none, it counts."""
    accepted(office)
    order, now = order_of(office), office.operator.core.clock.now()

    def price() -> Decimal | None:
        with office.database.read() as session:
            line = next(one for one in portfolio.contract_bundle(session, "ENT-3391", now).lines if one.order_id == order.id)
        found = line.price_on(date(2027, 4, 7))
        return found.amount if found else None

    assert price() == Decimal("10250.00")
    office.change(ServiceOrder, order.id, monthly_price=Decimal("9000.00"))
    assert price() == Decimal("9000.00")
    with office.database.read() as session:
        since = session.exec(select(Settled.effective_on)).one()
    assert since is not None
    office.change(ServiceOrder, order.id, price_valid_to=since - timedelta(days=1))
    assert price() == Decimal("10250.00")


def test_a_price_that_ended_is_entered_from_the_day_after(office: Office) -> None:
    """The file's price counts to its last day, the entered one from the next."""
    with office.database.read() as session:
        first = session.exec(select(ServiceOrder).where(ServiceOrder.contract_id == "ENT-3391")).first()
    assert first is not None
    office.change(ServiceOrder, first.id, price_valid_to=date(2026, 10, 31))
    office.click(MARIA, office.card("alert"), Action.RENEWAL_PREPARE)
    card = office.card("needs_person")
    assert f"Order {first.id} has no price after Sat 31 Oct 2026." in office.message(card)["text"]
    send(office, OPS, "10250.00")
    assert office.stage() == "in_review"
    with office.database.read() as session:
        assert session.exec(select(Settled.effective_on)).one() == date(2026, 11, 1)


def test_an_import_keeps_the_price_until_its_file_has_one(office: Office, tmp_path: Path) -> None:
    """The file without the price again: nothing changes. The file with it: that price counts, and the answer stays where it is."""
    folder, core = tmp_path / "portfolio", office.operator.core
    shutil.copytree(SAMPLE, folder)
    with (folder / "service_orders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    order = next(row for row in rows if row["contract_id"] == "ENT-3391")
    stated, order["monthly_price"] = order["monthly_price"], ""
    with (folder / "service_orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(order))
        writer.writeheader()
        writer.writerows(rows)
    import_folder(folder, core.database.engine, core.clock.now())
    office.click(MARIA, office.card("alert"), Action.RENEWAL_PREPARE)
    send(office, OPS, "10250.00")
    before = answers(office)

    def price() -> Decimal | None:
        with office.database.read() as session:
            line = next(
                one for one in portfolio.contract_bundle(session, "ENT-3391", core.clock.now()).lines if one.order_id == order["id"]
            )
        found = line.price_on(date(2027, 4, 7))
        return found.amount if found else None

    import_folder(folder, core.database.engine, core.clock.now())
    assert (price(), answers(office), len(before)) == (Decimal("10250.00"), before, 1)
    import_folder(SAMPLE, core.database.engine, core.clock.now())
    assert (price(), answers(office)) == (Decimal(stated), before)


def test_a_signed_renewal_replaces_the_entered_price(office: Office) -> None:
    """What both parties signed for a later term counts, not the price that was entered for the term before."""
    accepted(office)
    order, core = order_of(office), office.operator.core
    with office.database.write() as session:
        term = {"unit_id": "ENT-3391", "sequence": 1, "how": "renewed", "start": date(2027, 4, 8), "end": date(2028, 4, 7), "months": 12}
        lines = [{"line_id": order.id, "new": {"amount": "11000.00", "currency": "USD"}}]
        session.add(ExecutedTerm(**term, from_renewal=RENEWAL, lines=lines, recorded_at=core.clock.now()))
    with office.database.read() as session:
        source = cases.overview(session, session.get_one(Renewal, RENEWAL), core.clock.now(), core.rules).source
    line = next(one for one in source.lines if one.order_id == order.id)
    assert [line.price_on(day) for day in (date(2027, 4, 8), date(2028, 4, 7))] == [Money(amount=Decimal("11000.00"), currency="USD")] * 2
