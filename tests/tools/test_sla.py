"""Claims about availability and credits."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.sla import Maintenance, Month, Outage, Pause, sla_month, sla_months
from contractops.tools.sla_credit import CreditClaim, CreditState, CreditTier, check_tiers, month_credit, summarise
from contractops.tools.values import ClauseRef, Money
from tests.tools.northwind import APRIL, DALLAS, MILWAUKEE, NOW, OUTAGES, TIERS, commitment, service, usd

NOVEMBER = Month(year=2026, month=11)
SEPTEMBER = Month(year=2026, month=9)


def utc(day, hour=0, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def outage(start, end, **more):
    return Outage(ticket_id=more.pop("ticket_id", "TT-1"), service_id="CHI-DAL-02", start=start, end=end, **more)


def measure(*outages, maintenance=(), promise=DALLAS, month=NOVEMBER, as_of=NOW):
    return sla_month(promise, month, outages, maintenance, as_of)


def test_the_worked_november():
    """187 minutes of 43,200: 99.5671 %, 35 % of USD 4,100.00, to be claimed by Wed 30 Dec 2026."""
    measured = sla_month(DALLAS, NOVEMBER, OUTAGES, (), NOW)
    credit = month_credit(DALLAS, measured, None, NOW).credit
    assert (measured.down_minutes, measured.allowed_minutes, measured.availability_pct) == (187, Decimal("21.6"), Decimal("99.5671"))
    assert not measured.met
    assert (credit.percent, credit.amount, credit.claim_by, credit.state) == (35, usd("1435.00"), date(2026, 12, 30), CreditState.OPEN)


def test_the_worked_september():
    """52 minutes: 99.8796 %; USD 160.00 lapsed on Fri 30 Oct 2026."""
    measured = sla_month(MILWAUKEE, SEPTEMBER, OUTAGES, (), NOW)
    credit = month_credit(MILWAUKEE, measured, None, NOW).credit
    assert measured.availability_pct == Decimal("99.8796")
    assert (credit.amount, credit.claim_by, credit.state) == (usd("160.00"), date(2026, 10, 30), CreditState.LAPSED)


def test_the_worked_term():
    """Below target in 2 of 8 months; USD 1,435.00 open, USD 160.00 lapsed."""
    found = service()
    assert (found.months, [str(one) for one in found.missed]) == (8, ["2026-09", "2026-11"])
    assert (found.open_credits, found.lapsed_credits, found.next_claim_by) == ((usd("1435.00"),), (usd("160.00"),), date(2026, 12, 30))


@pytest.mark.parametrize(("fixed", "available", "met"), [(None, "99.9014", True), (43200, "99.8981", False)])
def test_the_denominator_decides(fixed, available, met):
    """44 minutes in a month of 31 days meet 99.9 % of the actual minutes and miss it of 43,200."""
    promise = commitment("CHI-DAL-02", "4100.00", fixed_minutes=fixed, target_pct=Decimal("99.9"))
    measured = measure(outage(utc(5, 10, month=10), utc(5, 10, 44, month=10)), promise=promise, month=Month(year=2026, month=10))
    assert (measured.availability_pct, measured.met) == (Decimal(available), met)


def test_overlapping_outages_count_once():
    measured = measure(outage(utc(3, 10), utc(3, 11)), outage(utc(3, 10, 30), utc(3, 11, 30), ticket_id="TT-2"))
    assert (measured.down_minutes, measured.tickets) == (90, ("TT-1", "TT-2"))


def test_an_outage_over_the_month_end_is_split_at_midnight_of_the_services_zone():
    """Midnight in Chicago is 06:00 UTC in December and 05:00 UTC on 1 November, still summer time."""
    over = outage(utc(1, 5, 30, month=12), utc(1, 6, 30, month=12))
    assert measure(over).down_minutes == 30
    assert measure(over, month=Month(year=2026, month=12)).down_minutes == 30
    assert measure(outage(utc(1, 4, 30), utc(1, 5, 30))).down_minutes == 30


def test_excluded_time_is_taken_out_and_listed_once():
    """Maintenance, waiting for the customer and an excluded cause: each interval once, with its reason, source and clause."""
    promise = commitment("CHI-DAL-02", "4100.00", excluded_causes=("customer_power",), exclusion_ref=ClauseRef(document="SLA", clause="5"))
    works = Maintenance(maintenance_id="MW-7", service_id="CHI-DAL-02", start=utc(3, 10), end=utc(3, 10, 30))
    long = outage(utc(3, 10), utc(3, 12), pauses=(Pause(start=utc(3, 10, 15), end=utc(3, 11)),))
    power = outage(utc(8, 1), utc(8, 2), ticket_id="TT-2", cause="customer_power")
    measured = measure(long, power, maintenance=(works,), promise=promise)
    assert measured.down_minutes == 60
    assert [(one.code, one.source, one.minutes) for one in measured.excluded] == [
        ("maintenance", "MW-7", 30),
        ("waiting_for_customer", "TT-1", 30),
        ("excluded_cause", "TT-2", 60),
    ]
    assert {one.ref.clause for one in measured.excluded} == {"5"}


def test_one_tickets_pause_does_not_hide_anothers_outage():
    paused = outage(utc(3, 10), utc(3, 11), pauses=(Pause(start=utc(3, 10), end=utc(3, 11)),))
    assert measure(paused, outage(utc(3, 10), utc(3, 11), ticket_id="TT-2")).down_minutes == 60


def test_emergency_maintenance_that_counts_is_downtime():
    works = Maintenance(maintenance_id="MW-8", service_id="CHI-DAL-02", start=utc(3, 10), end=utc(3, 11), counts=True)
    assert measure(outage(utc(3, 10), utc(3, 11)), maintenance=(works,)).down_minutes == 60


def test_a_running_month_and_an_open_outage():
    """Until now is counted, the month is not complete, and no credit is promised yet."""
    measured = measure(outage(utc(3, 10), None), as_of=utc(3, 14))
    assert (measured.down_minutes, measured.complete) == (240, False)
    assert [one.code for one in measured.findings] == ["sla.outage_open"]
    assert month_credit(DALLAS, measured, None, utc(3, 14)).credit is None


def test_bad_and_foreign_outages_do_not_count():
    backwards = outage(utc(3, 11), utc(3, 10))
    foreign = Outage(ticket_id="TT-3", service_id="OTHER", start=utc(3, 10), end=utc(3, 11))
    measured = measure(backwards, foreign)
    assert (measured.down_minutes, measured.availability_pct, measured.met) == (0, Decimal("100.0000"), True)
    assert [one.code for one in measured.findings] == ["sla.outage_ends_before_start"]


def test_a_whole_month_down_is_zero_not_negative():
    """A month of 31 days has more minutes than the fixed 43,200."""
    measured = measure(outage(utc(1, 0, month=10), utc(2, 0)), month=Month(year=2026, month=10))
    assert measured.availability_pct == Decimal("0.0000")


@pytest.mark.parametrize(("minutes", "percent"), [(22, 5), (59, 5), (60, 15), (179, 15), (180, 35), (359, 35), (360, 50), (5000, 50)])
def test_tier_edges(minutes, percent):
    """The lower edge belongs to the tier, the upper edge to the next."""
    measured = measure(outage(utc(3), utc(3) + timedelta(minutes=minutes)))
    assert month_credit(DALLAS, measured, None, NOW).credit.percent == percent


def test_the_cap_holds():
    promise = commitment("CHI-DAL-02", "4100.00", cap_pct=Decimal(25))
    credit = month_credit(promise, measure(outage(utc(3), utc(3, 6)), promise=promise), None, NOW).credit
    assert (credit.amount, credit.capped) == (usd("1025.00"), True)


@pytest.mark.parametrize(
    ("tiers", "code"),
    [
        (((0, 60), (70, None)), "sla.tier_gap"),
        (((0, 60), (50, None)), "sla.tier_overlap"),
        (((0, 60),), "sla.tier_gap"),
        (((60, 60), (60, None)), "sla.tier_empty"),
        ((), "sla.no_tiers"),
    ],
)
def test_unsound_tiers_are_a_finding_not_an_amount(tiers, code):
    unsound = tuple(
        CreditTier(from_minutes=Decimal(low), to_minutes=None if high is None else Decimal(high), percent=Decimal(5)) for low, high in tiers
    )
    promise = commitment("CHI-DAL-02", "4100.00", tiers=unsound)
    found = month_credit(promise, measure(outage(utc(3), utc(3, 2)), promise=promise), None, NOW)
    assert (found.credit, code in [one.code for one in found.findings]) == (None, True)
    assert check_tiers(DALLAS) == ()


@pytest.mark.parametrize(
    ("claim", "state"),
    [
        ({}, CreditState.OPEN),
        ({"claimed_on": date(2026, 12, 30)}, CreditState.CLAIMED),
        ({"claimed_on": date(2026, 12, 31)}, CreditState.LAPSED),
        ({"paid_on": date(2027, 1, 9)}, CreditState.PAID),
    ],
)
def test_where_a_credit_stands(claim, state):
    """A claim on the last day counts, one day later it does not."""
    recorded = CreditClaim(service_id="CHI-DAL-02", month=NOVEMBER, **claim)
    as_of = NOW if state is CreditState.OPEN else datetime(2027, 2, 1, tzinfo=UTC)
    measured = sla_month(DALLAS, NOVEMBER, OUTAGES, (), as_of)
    assert month_credit(DALLAS, measured, recorded, as_of).credit.state is state


def test_the_claim_day_ends_in_the_services_zone():
    measured = sla_month(DALLAS, NOVEMBER, OUTAGES, (), NOW)
    last_minute = datetime(2026, 12, 31, 5, 59, tzinfo=UTC)
    assert month_credit(DALLAS, measured, None, last_minute).credit.state is CreditState.OPEN
    assert month_credit(DALLAS, measured, None, last_minute + timedelta(minutes=1)).credit.state is CreditState.LAPSED


def test_a_claim_from_ticket_close():
    """30 days from the close on 12 Nov, local day."""
    promise = commitment("CHI-DAL-02", "4100.00", claim_from="ticket_close")
    closed = measure(outage(utc(10, 9), utc(10, 12), closed_at=utc(13, 3)), promise=promise)
    assert month_credit(promise, closed, None, NOW).credit.claim_by == date(2026, 12, 12)


def test_sums_never_mix_currencies():
    euro = commitment("BER-01", "1000.00", monthly_price=Money(amount=Decimal("1000.00"), currency="EUR"))
    down = Outage(ticket_id="TT-9", service_id="BER-01", start=utc(3), end=utc(3, 2))
    months = [*sla_months(DALLAS, APRIL, OUTAGES, (), NOW), sla_month(euro, NOVEMBER, (down,), (), NOW)]
    promises = {"CHI-DAL-02": DALLAS, "BER-01": euro}
    credits_found = [month_credit(promises[one.service_id], one, None, NOW).credit for one in months]
    found = summarise("ENT-3391", months, [one for one in credits_found if one])
    assert [(one.amount, one.currency) for one in found.open_credits] == [(Decimal("150.00"), "EUR"), (Decimal("1435.00"), "USD")]


SPANS = st.lists(st.tuples(st.integers(0, 43_000), st.integers(1, 3_000)), max_size=8)


@given(spans=SPANS, works=SPANS)
def test_minutes_are_those_of_a_minute_by_minute_count(spans, works):
    """Counting each minute of November one by one gives the same downtime."""
    start = datetime(2026, 11, 1, 5, tzinfo=UTC)
    outages = [
        outage(start + timedelta(minutes=low), start + timedelta(minutes=low + length), ticket_id=f"TT-{number}")
        for number, (low, length) in enumerate(spans)
    ]
    maintenance = [
        Maintenance(
            maintenance_id="MW",
            service_id="CHI-DAL-02",
            start=start + timedelta(minutes=low),
            end=start + timedelta(minutes=low + length),
        )
        for low, length in works
    ]
    minutes = {minute for low, length in spans for minute in range(low, low + length)}
    minutes -= {minute for low, length in works for minute in range(low, low + length)}
    inside = [minute for minute in minutes if minute < 30 * 1440 + 60]  # November has an hour more: summer time ends on the 1st
    assert measure(*outages, maintenance=maintenance).down_minutes == len(inside)


def test_tiers_of_the_example_are_sound():
    assert check_tiers(commitment("X", "1.00", tiers=TIERS)) == ()
