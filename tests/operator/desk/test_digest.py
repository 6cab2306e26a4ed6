"""The weekly digest: Monday 08:30 at the owner's place, once a week, nothing when nothing is new."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlmodel import col, select

from contractops.graphs.lifecycle import Event
from contractops.operator import digests
from contractops.operator.store import records
from contractops.operator.store.tables import Card, Digest
from contractops.operator.wording import plural
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, answer, begin, digested, sent, signed

MONDAY = "2026-12-14T14:30:00+00:00"
NEXT_MONDAY = "2026-12-21T14:30:00+00:00"


def of(office: Office, person: str) -> list[Card]:
    return [card for card in office.cards("digest") if card.person_id == person]


def text(office: Office, card: Card) -> str:
    return str(office.message(card)["text"])


def test_nothing_in_the_week_of_the_welcome(office: Office) -> None:
    """The first import welcomes; its week has no digest on top."""
    office.at("2026-12-11T15:00:00+00:00")
    assert office.cards("digest") == []


def test_monday_at_half_past_eight(office: Office) -> None:
    """Not before, each at his own place; who has nothing to read gets nothing; and no second one in that week."""
    office.at("2026-12-14T08:29:00+00:00")
    assert _looked_at(office) == set()
    office.at("2026-12-14T08:30:00+00:00")
    assert _looked_at(office) == {"jo.lang"}  # London
    office.at("2026-12-14T14:29:00+00:00")
    assert office.cards("digest") == []
    office.at(MONDAY)
    office.at("2026-12-18T15:00:00+00:00")
    assert len(of(office, "maria.ortiz")) == 1
    assert of(office, "jo.lang") == []


def test_who_is_away_reads_who_stands_in(office: Office) -> None:
    """The digest goes to the owner himself, and says where what waits went."""
    away = {"deputy_id": "sam.okafor", "deputy_from": date(2026, 12, 14), "deputy_to": date(2026, 12, 18)}
    office.change(records.Person, "maria.ortiz", **away)
    digested(office)
    (card,) = of(office, "maria.ortiz")
    assert "Sam Okafor stands in for you: what waits went there." in text(office, card)


def test_it_holds_the_week(office: Office) -> None:
    """Decisions, sums a currency, unknown dates, what lapsed; the first lines by their deadline; a button that lists more."""
    digested(office)
    (card,) = of(office, "maria.ortiz")
    shown = text(office, card)
    week = _week(office)
    first = f"Your week: {plural(len(week.decisions), 'decision')}, EUR 310.00 and USD 1,435.00 of credits."
    assert shown.startswith(first)
    assert (
        "Northwind Logistics, ENT-3391: Fri 5 Feb 2027, 17:00 CST (Chicago), 53 days to decide, USD 18,450.00 a month. Prepare terms."
        in shown
    )
    assert "Unknown dates: 3." in shown
    assert "Northwind Logistics: USD 160.00 (Sep 2026) lapsed unclaimed on Fri 30 Oct 2026." in shown
    assert shown.endswith("Actions: Open my desk.")
    office.click(MARIA, card, "desk_open")
    assert "ENT-3391" in office.whispers(MARIA)[-1]["text"]


def test_a_small_credit_stands_only_there(office: Office) -> None:
    """USD 40.00 gets no card, and a line."""
    with office.database.write() as session:
        row = session.exec(
            select(records.SlaCommitment).where(records.SlaCommitment.id == "SLA-7", col(records.SlaCommitment.superseded_at).is_(None))
        ).one()
        row.tiers = [{"from_minutes": "1", "to_minutes": None, "percent": "1"}]
        session.add(row)
    office.operator.credits()
    office.drain()
    assert [card.key for card in office.cards("credit") if "ENT-3391" in card.key] == []
    digested(office)
    shown = text(office, of(office, "maria.ortiz")[0])
    assert "Northwind Logistics: USD 41.00 (Nov 2026): small credit, claim closes Wed 30 Dec 2026." in shown
    assert "EUR 310.00 and USD 41.00 of credits" in shown


def test_nothing_new_is_not_sent(office: Office) -> None:
    """The next Monday with the same decisions and credits: silence, but the week is looked at once."""
    digested(office)
    before = _facts(office, date(2026, 12, 14))
    with office.database.write() as session:  # nothing moves in that week
        session.add(Digest(person_id="maria.ortiz", week=date(2026, 12, 21), at=office.operator.core.clock.now(), facts=before))
    office.at(NEXT_MONDAY)
    assert len(of(office, "maria.ortiz")) == 1


def test_the_same_facts_send_nothing_and_one_more_does(office: Office) -> None:
    """What was not in the digest before is what makes one."""
    digested(office)
    office.at("2026-12-15T15:00:00+00:00")
    now, rules = office.operator.core.clock.now(), office.operator.core.rules
    with office.database.read() as session:
        again = digests.week_of(session, "maria.ortiz", date(2026, 12, 21), now, rules).facts
    assert set(again) <= set(_facts(office, date(2026, 12, 14))) | {fact for fact in again if fact.startswith("decision:")}
    answer(office, Event.PREPARE)
    with office.database.read() as session:
        later = digests.week_of(session, "maria.ortiz", date(2026, 12, 21), now, rules).facts
    assert set(later) - set(again) == {f"decision:{RENEWAL}:in_review:1"}


def test_what_lapsed_is_told_once(office: Office) -> None:
    """The line of one digest does not stand in the next."""
    digested(office)
    now, rules = office.operator.core.clock.now(), office.operator.core.rules
    with office.database.read() as session:
        following = digests.week_of(session, "maria.ortiz", date(2026, 12, 21), now, rules)
    assert following.lapsed == ()
    assert len(following.lapsed_before) == 1


def test_after_a_gap_only_the_latest(office: Office) -> None:
    """Down for three Mondays: one digest, of the last."""
    office.at("2026-12-30T15:00:00+00:00")
    (card,) = of(office, "maria.ortiz")
    assert card.key == "digest/maria.ortiz/2026-12-28"


def test_a_holiday_puts_it_off_to_the_next_working_morning(office: Office) -> None:
    """Mon 18 Jan 2027 is a day off in Illinois: it reaches Maria on Tuesday 08:30."""
    office.at("2027-01-18T14:30:00+00:00")
    assert not [card for card in of(office, "maria.ortiz") if card.key.endswith("2027-01-18")]
    office.at("2027-01-19T14:30:00+00:00")
    (card,) = [card for card in of(office, "maria.ortiz") if card.key.endswith("2027-01-18")]
    assert card.posted_at is not None
    assert card.posted_at.isoformat() == "2027-01-19T14:30:00+00:00"


def test_a_signature_that_waits_is_counted(office: Office) -> None:
    """Out for signature: no decision of the owner, a signature of the week."""
    begin(office, sent)
    digested(office)
    shown = text(office, of(office, "maria.ortiz")[0])
    assert "1 signature" in shown
    assert "Northwind Logistics, ENT-3391: Fri 5 Feb 2027, 17:00 CST (Chicago)" in shown
    assert "Out for signature" in shown


def test_what_was_done_is_told_with_its_price(office: Office) -> None:
    """Renewed last week: from what to what a month."""
    begin(office, signed)
    digested(office)
    shown = text(office, of(office, "maria.ortiz")[0])
    assert "Done last week: 1 renewed (from USD 18,450.00 to USD 16,723.08 a month), 0 missed." in shown


def _looked_at(office: Office) -> set[str]:
    """Whose week of 14 December was looked at."""
    with office.database.read() as session:
        return set(session.exec(select(Digest.person_id).where(Digest.week == date(2026, 12, 14))))


def _week(office: Office) -> digests.Week:
    now, rules = office.operator.core.clock.now(), office.operator.core.rules
    assert rules.credit_card_from == Decimal("100.00")
    with office.database.read() as session:
        return digests.week_of(session, "maria.ortiz", date(2026, 12, 14), now, rules)


def _facts(office: Office, week: date) -> list[str]:
    with office.database.read() as session:
        return list(session.get_one(Digest, ("maria.ortiz", week)).facts)
