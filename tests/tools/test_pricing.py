"""Claims about renewal prices; every figure of the worked example."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.deal import LaterPrice
from contractops.tools.pricing import (
    OrderLine,
    PriceBookEntry,
    PriceRequest,
    UpliftKind,
    UpliftRule,
    effective_discount,
    offers,
    price_renewal,
)
from contractops.tools.values import ClauseRef, Money
from tests.tools.northwind import CHANGE_ORDERS, LINES, PRICE_BOOK, UPLIFT, usd


def request(term=36, uplift="3.00", discount="12.00", **more: Any):
    return PriceRequest(term_months=term, start=date(2027, 4, 8), uplift_pct=Decimal(uplift), discount_pct=Decimal(discount), **more)


def priced(lines=LINES, changes=CHANGE_ORDERS, book=PRICE_BOOK, **asked):
    return price_renewal(lines, changes, book, UPLIFT, request(**asked))


def codes(result):
    return [one.code for one in result.findings]


def test_the_worked_example():
    price = priced().price
    assert (price.current, price.uplifted, price.monthly) == (usd("18450.00"), usd("19003.50"), usd("16723.08"))
    assert (price.total, price.given) == (usd("602030.88"), usd("82095.12"))
    assert (price.change_pct, price.arr_effect) == (Decimal("-9.36"), usd("-20723.04"))
    assert (price.floor, price.floor_kept, price.max_discount_pct) == (usd("16200.00"), True, Decimal("14.75"))
    assert (price.effective_discount_pct, price.price_book_version, price.change_orders) == (12, "2026-11", ("CO-118", "CO-131"))
    assert sum(line.now.amount for line in price.lines) == Decimal("18450.00")
    assert sum(line.new.amount for line in price.lines) == Decimal("16723.08")


def test_the_price_is_explained_from_today_to_the_total():
    steps = [reason.code for reason in priced().price.reasons]
    assert steps == [
        "price.current",
        "price.change_order",
        "price.change_order",
        "price.uplift",
        "price.discount",
        "price.total",
        "price.floor",
    ]
    assert priced().price.reasons[3].clause.clause == "4.2"


def test_the_offers_of_draft_1():
    found = offers(LINES, CHANGE_ORDERS, PRICE_BOOK, UPLIFT, request(), (12, 24, 36, 60))
    assert [(one.term_months, one.monthly.amount, one.change_pct) for one in found] == [
        (12, Decimal("19003.50"), Decimal("3.00")),
        (24, Decimal("17863.29"), Decimal("-3.18")),
        (36, Decimal("16723.08"), Decimal("-9.36")),
    ]
    assert found[1].total == usd("428718.96")


@pytest.mark.parametrize(("discount", "kept"), [("14.75", True), ("14.76", False), ("14.80", False)])
def test_the_floor_edge(discount, kept):
    """14.75 % of 19,003.50 stays above 16,200.00, the next step does not; the price is still shown."""
    found = priced(discount=discount)
    assert found.price.floor_kept is kept
    assert codes(found) == ([] if kept else ["pricing.floor_broken"])


@pytest.mark.parametrize(
    ("more", "effective"),
    [
        ({}, "9"),
        ({"free_months": 2}, str(100 - Decimal(91) * 34 / 36)),
        ({"one_time_allowance": usd("6841.26")}, "10"),  # 1 % of 36 x 19,003.50
    ],
)
def test_free_months_and_allowances_count_as_discount(more, effective):
    """9 % and two free months are more than 14 %: a limit cannot be dodged by splitting."""
    price = priced(discount="9.00", **more).price
    assert price.effective_discount_pct == Decimal(effective)
    assert price.total.amount == price.monthly.amount * (36 - price.free_months) - (
        price.one_time_allowance.amount if price.one_time_allowance else 0
    )


def test_free_months_lower_the_highest_discount():
    """With two free months of 36 the floor allows 9.73 %: 16,200 x 36 / 34 of 19,003.50."""
    assert priced(discount="9.73", free_months=2).price.floor_kept
    assert codes(priced(discount="9.74", free_months=2)) == ["pricing.floor_broken"]
    assert priced(discount="9.74", free_months=2).price.max_discount_pct == Decimal("9.73")


@pytest.mark.parametrize(
    ("rule", "uplift", "code"),
    [
        (UPLIFT, "3.01", "pricing.uplift_above_cap"),
        (UPLIFT, "-1.00", "pricing.uplift_above_cap"),
        (UpliftRule(kind=UpliftKind.NONE), "0.01", "pricing.uplift_above_cap"),
        (UpliftRule(kind=UpliftKind.FIXED, percent=Decimal("2.50")), "2.00", "pricing.uplift_not_fixed"),
        (UpliftRule(kind=UpliftKind.FIXED, percent=Decimal("2.50")), "2.50", None),
        (UpliftRule(kind=UpliftKind.NONE), "0.00", None),
    ],
)
def test_the_clause_limits_the_price_rise(rule, uplift, code):
    found = price_renewal(LINES, CHANGE_ORDERS, PRICE_BOOK, rule, request(uplift=uplift, discount="0.00"))
    assert [one for one in codes(found) if one != "pricing.floor_broken"] == ([code] if code else [])


def line(**changes: Any):
    return LINES[0].model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": ()}, "pricing.no_lines"),
        ({"lines": (line(monthly=None), LINES[1])}, "pricing.no_price"),
        ({"lines": (line(priced_until=date(2026, 10, 31)), LINES[1])}, "pricing.no_price_after"),
        ({"lines": (line(monthly=Money(amount=Decimal(1), currency="EUR")), LINES[1])}, "pricing.currencies_mixed"),
        ({"lines": (line(monthly=usd("-2000.00")), LINES[1])}, "pricing.negative_price"),
        ({"lines": (line(monthly=usd("0")),), "changes": ()}, "pricing.nothing_to_price"),
        ({"lines": (LINES[0],)}, "pricing.change_order_without_line"),
        ({"term": 60}, "pricing.no_entry"),
        ({"discount": "100.01"}, "pricing.discount_out_of_range"),
        ({"discount": "-0.01"}, "pricing.discount_out_of_range"),
        ({"free_months": 36}, "pricing.free_months"),
    ],
)
def test_bad_data_is_a_blocking_finding_and_no_price(changes, code):
    found = priced(**changes)
    assert found.price is None
    assert code in codes(found)


def entered(since: date, amount: str = "9820.00"):
    return LaterPrice(monthly=usd(amount), effective_on=since, ref=ClauseRef(document="J. Kim, Mon 7 Dec 2026", quote="Agreed in May."))


@pytest.mark.parametrize("gone", [{"monthly": None}, {"priced_until": date(2026, 10, 31)}])
def test_an_entered_price_counts_from_its_day_on(gone):
    """It gives the same price as a stated one, and the arithmetic says who entered it; one that begins later does not count."""
    found = priced(lines=(line(**gone, later=entered(date(2026, 11, 1))), LINES[1])).price
    assert (found.current, found.monthly) == (priced().price.current, priced().price.monthly)
    assert (found.reasons[0].code, found.reasons[0].values["order"], found.reasons[0].clause.quote) == (
        "price.entered",
        "SO-7",
        "Agreed in May.",
    )
    late = priced(lines=(line(**gone, later=entered(date(2027, 4, 8))), LINES[1]))
    assert late.price is None


def test_the_price_of_a_day_is_the_one_in_force():
    """To its last day the stated one, from its first day the entered one, and between them none."""
    one = line(priced_until=date(2026, 10, 31), later=entered(date(2026, 11, 2), "1.00"))
    days = [one.price_on(date(2026, 10, 31)), one.price_on(date(2026, 11, 1)), one.price_on(date(2026, 11, 2))]
    assert days == [usd("9820.00"), None, usd("1.00")]


def test_a_missing_book_entry_names_the_longest_term():
    """60 months needs a price book entry; choose up to 36."""
    assert priced(term=60).findings[0].values == {"product": "Dedicated Internet", "term": 60, "longest": 36}


def test_a_price_known_to_the_end_of_the_term_is_enough():
    assert codes(priced(lines=(line(priced_until=date(2027, 4, 7)), LINES[1]))) == []


def test_a_change_order_left_out_changes_the_new_price_only():
    price = priced(change_orders=("CO-118",), discount="0.00").price
    assert (price.current, price.base) == (usd("18450.00"), usd("18870.00"))
    assert price.monthly == usd("19436.10")


def test_a_change_to_come_is_not_todays_price():
    later = CHANGE_ORDERS[1].model_copy(update={"effective_on": date(2027, 5, 1)})
    price = priced(changes=(CHANGE_ORDERS[0], later), discount="0.00").price
    assert (price.current, price.base) == (usd("18870.00"), usd("18450.00"))


def test_a_regions_own_entry_comes_before_the_general_one():
    general = PRICE_BOOK[2].model_copy(update={"region": "*", "floor": usd("1.00")})
    assert priced(book=(general, *PRICE_BOOK)).price.floor == usd("16200.00")


@pytest.mark.parametrize(
    ("currency", "price", "monthly"), [("JPY", "100001", "103001"), ("KWD", "10.005", "10.305"), ("USD", "0.50", "0.52")]
)
def test_amounts_have_the_currencys_own_decimals_half_to_even(currency, price, monthly):
    """3 % on 0.50 is 0.515: half to even gives 0.52; the yen has no decimals, the dinar three."""
    one = OrderLine(
        line_id="L", order_id="SO", product="p", description="d", region="*", monthly=Money(amount=Decimal(price), currency=currency)
    )
    zero = Money(amount=Decimal(0), currency=currency)
    entry = PriceBookEntry(product="p", region="*", term_months=12, list_price=zero, floor=zero, version="1")
    found = price_renewal((one,), (), (entry,), UPLIFT, request(term=12, discount="0.00"))
    assert found.price.monthly == Money(amount=Decimal(monthly), currency=currency)


@given(
    prices=st.lists(st.decimals("0.01", "1000000000000", places=2), min_size=1, max_size=6),
    uplift=st.decimals("0", "3", places=2),
    discount=st.decimals("0", "100", places=2),
    term=st.sampled_from([12, 24, 36]),
)
def test_lines_add_up_and_totals_follow(prices, uplift, discount, term):
    """For any prices the lines add up to the month, the months to the total, and no line is negative."""
    lines = tuple(LINES[0].model_copy(update={"line_id": f"L{n}", "monthly": usd(str(price))}) for n, price in enumerate(prices))
    price = price_renewal(lines, (), PRICE_BOOK, UPLIFT, request(term=term, uplift=str(uplift), discount=str(discount))).price
    assert sum(one.new.amount for one in price.lines) == price.monthly.amount
    assert all(one.new.amount >= 0 for one in price.lines)
    assert price.total.amount == price.monthly.amount * term
    assert price.given.amount + price.total.amount == price.uplifted.amount * term
    assert price.effective_discount_pct == discount


def test_the_effective_discount_is_not_rounded():
    assert effective_discount(Decimal("33.36"), request(discount="10.005")) == Decimal("10.005")
