"""Claims about the state of a contract and the sum of the portfolio."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.coverage import ClosedBy, CoverageState, TermClosed, coverage, totals
from contractops.tools.facts import RenewalKind
from contractops.tools.notice_window import notice_window
from tests.tools.northwind import NOW, facts

END = date(2027, 4, 7)


def state(as_of=NOW, closed=None, **changes):
    return coverage(notice_window(facts(**changes), as_of), closed, as_of)


@pytest.mark.parametrize(
    ("as_of", "expected", "left"),
    [
        (datetime(2026, 12, 6, 15, tzinfo=UTC), CoverageState.SAFE, 61),
        (NOW, CoverageState.DUE, 60),
        (datetime(2027, 2, 5, 23, 0, tzinfo=UTC), CoverageState.DUE, 0),
        (datetime(2027, 2, 5, 23, 1, tzinfo=UTC), CoverageState.MISSED, 0),
        (datetime(2027, 4, 7, 15, tzinfo=UTC), CoverageState.MISSED, -61),
        (datetime(2027, 4, 8, 15, tzinfo=UTC), CoverageState.SAFE, 305),  # the next term, to Mon 7 Feb 2028
    ],
)
def test_the_state_follows_the_safe_date(as_of, expected, left):
    """Due from 60 days on, missed after the hour until the term ends, then the next term counts."""
    found = state(as_of)
    assert (found.state, found.days_left) == (expected, left)


@pytest.mark.parametrize("kind", list(ClosedBy))
def test_only_the_term_that_was_closed_is_closed(kind):
    """An executed renewal, a served notice or a recorded let-renew closes its term; one of an earlier term does not."""
    assert state(closed=TermClosed(kind=kind, on=date(2026, 12, 1), term_end=END)).state is CoverageState.SAFE
    assert state(closed=TermClosed(kind=kind, on=date(2025, 12, 1), term_end=date(2026, 4, 7))).state is CoverageState.DUE


def test_unknown_says_which_fact_is_missing():
    found = state(notice=None)
    assert (found.state, found.reason.values["field"]) == (CoverageState.UNKNOWN, "notice")


def test_what_ends_by_itself_or_rolls_is_safe_with_its_reason():
    assert state(renewal=RenewalKind.NONE).reason.code == "coverage.none"
    rolling = state(renewal=RenewalKind.MONTH_TO_MONTH, start=date(2020, 1, 1))
    assert (rolling.state, rolling.reason.code) == (CoverageState.SAFE, "coverage.rolling")


@given(
    starts=st.lists(st.dates(date(2020, 1, 1), date(2026, 12, 1)), max_size=20),
    kinds=st.lists(st.sampled_from(list(RenewalKind)), min_size=20, max_size=20),
    hours=st.integers(0, 20_000),
)
def test_the_states_add_up_to_the_portfolio(starts, kinds, hours):
    as_of = NOW + timedelta(hours=hours)
    found = totals(state(as_of, start=start, renewal=kind, renewals_max=2) for start, kind in zip(starts, kinds, strict=False))
    assert found.safe + found.due + found.missed + found.unknown == found.total == len(starts)
