"""Claims about the notice window. Every date of a table was counted by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractops.tools.calendars import add_months, is_business_day, moment
from contractops.tools.errors import InputError, InvariantError
from contractops.tools.facts import DeliveryMethod, NoticeBasis, RenewalKind, RollRule, StartEvent, UnknownFact
from contractops.tools.notice_window import NoticeWindow, WindowStatus, notice_window, window_of_term
from contractops.tools.term_dates import term_dates
from contractops.tools.values import Period, Reason, Unit
from tests.tools.northwind import NOW, business_days, days, facts, months

CHICAGO = ZoneInfo("America/Chicago")


def codes(window):
    return [reason.code for reason in window.reasons]


def test_the_worked_example():
    """Every figure of the worked example follows from its clauses."""
    window = notice_window(facts(), NOW)
    assert window.status is WindowStatus.KNOWN
    assert window.term_number == 1
    assert (window.term_start, window.term_end) == (date(2026, 4, 8), date(2027, 4, 7))
    assert (window.renews_on, window.renews_to) == (date(2027, 4, 8), date(2028, 4, 7))
    assert window.last_defensible == date(2027, 2, 6)
    assert window.safe_on == date(2027, 2, 5)
    assert window.decide_by == datetime(2027, 2, 5, 17, 0, tzinfo=CHICAGO)
    assert window.decide_by.tzname() == "CST"
    assert window.next_safe_on == date(2028, 2, 7)
    assert window.next_decide_by == datetime(2028, 2, 7, 17, 0, tzinfo=CHICAGO)
    assert {one.method: one.on for one in window.send_by} == {"registered post": date(2027, 2, 2), "e-mail": date(2027, 2, 5)}
    assert not window.missed


def test_the_worked_example_is_explained_step_by_step():
    """Each step carries its clause and the dates it leads to."""
    steps = {reason.code: reason for reason in notice_window(facts(), NOW).reasons}
    assert list(steps) == ["window.term", "window.renews", "window.notice", "window.counted", "window.day_off", "window.basis"]
    assert steps["window.term"].clause.quote == "twelve (12) months from acceptance"
    assert steps["window.notice"].clause.clause == "9.2"
    assert steps["window.counted"].values == {"from": "2027-04-07", "last_day": "2027-02-06"}
    assert steps["window.day_off"].values["why"] == "Saturday"
    assert steps["window.basis"].values["zone"] == "America/Chicago"


@pytest.mark.parametrize(
    ("end", "notice", "calendar", "last", "safe"),
    [
        (date(2027, 8, 31), months(6), "none", date(2027, 2, 28), date(2027, 2, 26)),  # clamped, a Sunday
        (date(2028, 8, 31), months(6), "none", date(2028, 2, 29), date(2028, 2, 29)),  # leap day
        (date(2027, 5, 31), months(3), "none", date(2027, 2, 28), date(2027, 2, 26)),
        (date(2027, 5, 31), days(90), "none", date(2027, 3, 2), date(2027, 3, 2)),  # 90 days are not 3 months
        (date(2026, 12, 31), business_days(10), "US", date(2026, 12, 16), date(2026, 12, 16)),
        (date(2027, 3, 2), days(60), "US", date(2027, 1, 1), date(2026, 12, 31)),  # New Year's Day
        (date(2027, 4, 6), months(3), "DE-BY", date(2027, 1, 6), date(2027, 1, 5)),  # Epiphany in Bavaria
        (date(2027, 4, 6), months(3), "DE", date(2027, 1, 6), date(2027, 1, 6)),
        (date(2027, 4, 11), months(3), "JP", date(2027, 1, 11), date(2027, 1, 8)),  # Coming of Age Day, a Monday
        (date(2027, 5, 28), days(60), "GB-ENG", date(2027, 3, 29), date(2027, 3, 25)),  # Easter, four days off
        (date(2027, 4, 7), Period(length=2, unit=Unit.WEEKS), "none", date(2027, 3, 24), date(2027, 3, 24)),
    ],
)
def test_hand_counted_deadlines(end, notice, calendar, last, safe):
    window = notice_window(facts(end=end, initial_term=None, notice=notice, holiday_calendar=calendar), NOW)
    assert (window.last_defensible, window.safe_on) == (last, safe)


def test_a_clause_that_rolls_forward_moves_its_own_last_day_and_not_ours():
    """Two readings, Fri 5 Feb and Mon 8 Feb 2027: we use the earlier."""
    window = notice_window(facts(roll=RollRule.FORWARD), NOW)
    assert (window.last_defensible, window.safe_on) == (date(2027, 2, 8), date(2027, 2, 5))


def test_a_leap_day_term_comes_back_to_the_29th():
    """Term 5 of a term from 29 Feb 2024 starts on 29 Feb 2028: terms count from the anchor, not from one another."""
    leap = facts(start=date(2024, 2, 29))
    first = window_of_term(leap, 1, NOW)
    assert (first.term_end, first.safe_on) == (date(2025, 2, 27), date(2024, 12, 27))  # 29 Dec 2024 is a Sunday
    assert window_of_term(leap, 2, NOW).term_start == date(2025, 2, 28)
    assert window_of_term(leap, 5, NOW).term_start == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("basis", "post"),
    [
        (NoticeBasis.RECEIPT, date(2027, 1, 29)),
        (NoticeBasis.UNSTATED, date(2027, 1, 29)),
        (NoticeBasis.DISPATCH, date(2027, 2, 5)),
    ],
)
def test_what_counts_decides_when_to_post(basis, post):
    """Five working days of deemed receipt matter unless sending is what counts; an unstated basis is read as receipt and says so."""
    window = notice_window(facts(basis=basis, methods=(DeliveryMethod(name="post", transit=business_days(5)),)), NOW)
    assert window.send_by[0].on == post
    assert ("window.basis_unstated" in codes(window)) == (basis is NoticeBasis.UNSTATED)


def test_transit_in_calendar_days_or_hours():
    """A courier of 6 calendar days leaves on a working day; an e-mail deemed received after 4 hours leaves at 13:00."""
    methods = (DeliveryMethod(name="courier", transit=days(6)), DeliveryMethod(name="e-mail", hours=4))
    courier, mail = notice_window(facts(methods=methods), NOW).send_by
    assert courier.on == date(2027, 1, 29)  # 30 Jan 2027 is a Saturday
    assert mail.at == datetime(2027, 2, 5, 13, 0, tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("as_of", "missed"),
    [(datetime(2027, 2, 5, 23, 0, tzinfo=UTC), False), (datetime(2027, 2, 5, 23, 0, 1, tzinfo=UTC), True)],
)
def test_missed_begins_after_the_hour_in_the_contracts_zone(as_of, missed):
    """17:00 in Chicago still counts, a second later does not; the next chance is named either way."""
    window = notice_window(facts(), as_of)
    assert window.missed is missed
    assert window.next_safe_on == date(2028, 2, 7)


def test_the_term_is_the_one_running_in_the_contracts_zone():
    """At 15:30 UTC on New Year's Eve it is the next year in Tokyo, and another term."""
    tokyo = facts(zone="Asia/Tokyo", holiday_calendar="JP", start=date(2026, 1, 1))
    assert notice_window(tokyo, datetime(2026, 12, 31, 14, 59, tzinfo=UTC)).term_number == 1
    assert notice_window(tokyo, datetime(2026, 12, 31, 15, 0, tzinfo=UTC)).term_number == 2


def test_a_skipped_or_repeated_hour_is_read_as_the_earlier_instant():
    """02:30 does not exist on 14 Mar 2027 in Chicago, 01:30 comes twice on 7 Nov 2027: the earlier instant is the safe one."""
    assert moment(date(2027, 3, 14), time(2, 30), CHICAGO).astimezone(UTC) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    assert moment(date(2027, 11, 7), time(1, 30), CHICAGO).astimezone(UTC) == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_the_hour_follows_summer_time():
    """A deadline in July is at 17:00 CDT, 22:00 UTC."""
    window = notice_window(facts(end=date(2027, 9, 30), initial_term=None, notice=days(60)), NOW)
    assert window.decide_by == datetime(2027, 7, 30, 22, 0, tzinfo=UTC)


def test_an_early_edge_opens_the_window():
    """Not earlier than 180 days before the end: from Sat 9 Oct 2026."""
    window = notice_window(facts(notice_opens=days(180)), NOW)
    assert window.opens_on == date(2026, 10, 9)
    assert "window.opens" in codes(window)


def test_a_window_without_a_working_day_uses_the_clauses_own_day():
    """A notice on the working day before would come before the window opens, and be void."""
    window = notice_window(facts(notice_opens=days(60)), NOW)
    assert (window.opens_on, window.safe_on, window.last_defensible) == (date(2027, 2, 6),) * 3


def test_month_to_month_rolls():
    """Served on 10 Mar 2026, 30 days' notice ends the month of 14 April: its own last day is Fri 13 Mar."""
    rolling = facts(renewal=RenewalKind.MONTH_TO_MONTH, start=date(2026, 1, 15), initial_term=None, renewal_term=None, notice=days(30))
    window = notice_window(rolling, datetime(2026, 3, 10, 15, tzinfo=UTC))
    assert (window.status, window.earliest_end) == (WindowStatus.ROLLING, date(2026, 4, 14))


def test_evergreen_rolls_after_its_initial_term():
    evergreen = facts(renewal=RenewalKind.EVERGREEN, start=date(2020, 4, 8), renewal_term=None, notice=days(90))
    assert notice_window(evergreen, NOW).earliest_end == date(2027, 3, 7)
    assert notice_window(evergreen.model_copy(update={"initial_term": None}), NOW).earliest_end == date(2027, 3, 7)
    first = notice_window(evergreen, datetime(2020, 6, 1, tzinfo=UTC))
    assert (first.status, first.safe_on, first.renews_to) == (WindowStatus.KNOWN, date(2021, 1, 7), None)


def test_twelve_months_then_single_months():
    """The initial term has a window (29 Jan 2027); the one-month terms after it are too short for one."""
    order = facts(start=date(2026, 3, 1), renewal_term=months(1), notice=days(30))
    assert notice_window(order, NOW).safe_on == date(2027, 1, 29)
    assert notice_window(order, datetime(2027, 4, 1, tzinfo=UTC)).status is WindowStatus.ROLLING


@pytest.mark.parametrize(
    ("changes", "term_end"),
    [
        ({"renewal": RenewalKind.NONE, "start": date(2026, 4, 8)}, date(2027, 4, 7)),
        ({"renewal": RenewalKind.SINGLE, "start": date(2025, 4, 8)}, date(2027, 4, 7)),
        ({"renewal": RenewalKind.COUNTED, "renewals_max": 2, "start": date(2024, 4, 8)}, date(2027, 4, 7)),
    ],
)
def test_a_last_term_ends_by_itself(changes, term_end):
    window = notice_window(facts(**changes), NOW)
    assert (window.status, window.term_end, window.decide_by) == (WindowStatus.NONE, term_end, None)
    assert codes(window)[-1] == "window.ends_by_itself"


def test_a_contract_that_is_over_says_so():
    window = notice_window(facts(renewal=RenewalKind.SINGLE, start=date(2020, 4, 8)), NOW)
    assert (window.status, window.term_end, codes(window)[-1]) == (WindowStatus.NONE, date(2022, 4, 7), "window.ended")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"notice": None}, "notice", "facts.not_stated"),
        ({"start": None, "start_event": StartEvent.ACTIVATION}, "start", "facts.start_event_open"),
        ({"initial_term": None}, "initial_term", "facts.not_stated"),
        ({"renewal": RenewalKind.UNSTATED}, "renewal", "facts.not_stated"),
        ({"renewal": RenewalKind.COUNTED}, "renewals_max", "facts.not_stated"),
        ({"renewal_term": None, "start": date(2020, 1, 1)}, "renewal_term", "facts.not_stated"),
        (
            {"unknown": (UnknownFact(field="notice", reason=Reason(code="facts.amendment_without_date")),)},
            "notice",
            "facts.amendment_without_date",
        ),
    ],
)
def test_a_missing_fact_is_named_and_nothing_is_guessed(changes, field, code):
    window = notice_window(facts(**changes), NOW)
    assert window.status is WindowStatus.UNKNOWN
    assert (window.unknown[0].field, window.unknown[0].reason.code) == (field, code)
    assert (window.decide_by, window.safe_on, window.term_end) == (None, None, None)


def test_a_doubt_about_the_delivery_does_not_hide_the_date():
    """The safe date is read as receipt anyway."""
    doubt = (UnknownFact(field="basis", reason=Reason(code="facts.amendment_without_date")),)
    assert notice_window(facts(unknown=doubt), NOW).safe_on == date(2027, 2, 5)


def test_programming_errors_raise():
    with pytest.raises(InvariantError):
        notice_window(facts(), datetime(2026, 12, 7))  # noqa: DTZ001 - a naive moment is the point
    with pytest.raises(InputError):
        notice_window(facts(zone="Chicago"), NOW)
    with pytest.raises(InputError):
        notice_window(facts(holiday_calendar="XX"), NOW)


PERIODS = st.sampled_from([days(30), days(60), days(90), months(1), months(3), months(6), business_days(10), business_days(20)])
TERMS = st.sampled_from([months(12), months(24), months(36), days(365), Period(length=1, unit=Unit.YEARS), months(18)])
CONTRACTS = st.builds(
    facts,
    start=st.dates(date(2010, 1, 1), date(2026, 12, 1)),
    initial_term=TERMS,
    renewal_term=TERMS,
    notice=PERIODS,
    holiday_calendar=st.sampled_from(["none", "US-IL", "DE-BY", "GB-ENG", "JP"]),
    zone=st.sampled_from(["America/Chicago", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland"]),
    roll=st.sampled_from(list(RollRule)),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@settings(max_examples=300)
@given(contract=CONTRACTS, as_of=MOMENTS)
def test_the_edges_stand_in_order(contract, as_of):
    """The safe day is a working day, not after the contract's own last day, which is not after the term; the term holds today."""
    window = notice_window(contract, as_of)
    today = as_of.astimezone(ZoneInfo(contract.zone)).date()
    assert window.term_end >= today
    assert window.term_start <= max(today, contract.start)
    assert window.safe_on <= window.last_defensible <= window.term_end < window.renews_on <= window.renews_to
    assert is_business_day(window.safe_on, contract.holiday_calendar)
    assert window.missed == (as_of > window.decide_by)
    assert all(one.at <= window.decide_by and one.on <= window.safe_on for one in window.send_by)


@settings(max_examples=200)
@given(contract=CONTRACTS, number=st.integers(1, 30))
def test_terms_are_contiguous_and_found_again(contract, number):
    """Every day belongs to exactly one term, and the next window is the window of the next term."""
    terms = term_dates(contract)
    first, last = terms.first_day(number), terms.last_day(number)
    assert terms.first_day(number + 1) == last + timedelta(days=1)
    assert terms.number_on(first) == terms.number_on(last) == number
    assert window_of_term(contract, number, NOW).next_safe_on == window_of_term(contract, number + 1, NOW).safe_on


@given(
    start=st.dates(date(2010, 1, 1), date(2026, 1, 1)), number=st.integers(1, 40), initial=st.integers(1, 60), renewal=st.integers(2, 24)
)
def test_term_k_is_anchored_never_chained(start, number, initial, renewal):
    contract = facts(start=start, initial_term=months(initial), renewal_term=months(renewal))
    assert term_dates(contract).first_day(number + 1) == add_months(start, initial + (number - 1) * renewal)


@settings(max_examples=50)
@given(contract=CONTRACTS, as_of=MOMENTS)
def test_a_window_made_without_validation_is_a_valid_window(contract, as_of):
    """The fast path gives exactly what validation would give, field by field, also through JSON."""
    window = notice_window(contract, as_of)
    assert set(dict(window)) == set(NoticeWindow.model_fields)
    assert NoticeWindow.model_validate(window.model_dump()) == window
    assert NoticeWindow.model_validate_json(window.model_dump_json()).model_dump_json() == window.model_dump_json()
