"""The notice window of many contracts, explained, in one process.

Rules of this module:

1. Two portfolios: plain yearly terms, and one in which every clause differs. In the second no two contracts share calendar and first day, and
   no run meets a contract of an earlier one: a cache cannot answer for the arithmetic.
2. Every result is held against being explained: a window without reasons is no result.
"""

import statistics
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from bench_measure import NOW, RUNS, CannotMeasureError, Figure, seconds, timed

from contractops.tools.facts import ContractFacts, DeliveryMethod, NoticeBasis, RenewalKind, RollRule, StartEvent
from contractops.tools.notice_window import WindowStatus, notice_window
from contractops.tools.values import ClauseRef, Period, Unit

CONTRACTS: Final = 30_000
PLACES: Final = (
    ("America/Chicago", "US-IL"),
    ("Europe/London", "GB-ENG"),
    ("Europe/Berlin", "DE-BE"),
    ("Asia/Tokyo", "JP"),
    ("America/Toronto", "CA-ON"),
    ("America/Sao_Paulo", "BR-SP"),
    ("Asia/Dubai", "AE"),
    ("UTC", "none"),
)
PLAIN_NOTICES: Final = (
    Period(length=60, unit=Unit.DAYS),
    Period(length=3, unit=Unit.MONTHS),
    Period(length=20, unit=Unit.BUSINESS_DAYS),
    Period(length=30, unit=Unit.DAYS),
    Period(length=90, unit=Unit.DAYS),
)
NOTICE_UNITS: Final = ((Unit.DAYS, 30), (Unit.MONTHS, 1), (Unit.BUSINESS_DAYS, 10), (Unit.DAYS, 60), (Unit.WEEKS, 4))
"""Unit of the notice and its shortest length; the longest is eleven more, in months two."""
TERMS: Final = (
    Period(length=12, unit=Unit.MONTHS),
    Period(length=1, unit=Unit.YEARS),
    Period(length=24, unit=Unit.MONTHS),
    Period(length=18, unit=Unit.MONTHS),
    Period(length=365, unit=Unit.DAYS),
    Period(length=3, unit=Unit.YEARS),
    Period(length=52, unit=Unit.WEEKS),
)
POST: Final = DeliveryMethod(name="registered post", transit=Period(length=3, unit=Unit.BUSINESS_DAYS))
COURIER: Final = DeliveryMethod(name="courier", hours=24)
MAIL: Final = DeliveryMethod(name="e-mail")
METHODS: Final = ((), (POST, MAIL), (COURIER,))
BASES: Final = (NoticeBasis.RECEIPT, NoticeBasis.DISPATCH, NoticeBasis.UNSTATED)
TERM_REF: Final = ClauseRef(document="SO-7", page=3)
RENEWAL_REF: Final = ClauseRef(document="MSA", clause="9.1", page=11)
NOTICE_REF: Final = ClauseRef(document="MSA", clause="9.2", page=11)
RECEIPT_REF: Final = ClauseRef(document="MSA", clause="14.1", page=15)
FIRST_DAY: Final = date(1972, 1, 1)


def figures() -> Iterator[Figure]:
    """Contracts a second. Raises ``CannotMeasureError`` when a window has no date or no reasons."""
    for what, make in (("plain terms", _plain), ("no two alike", _varied)):
        taken = []
        for run in range(RUNS):
            with timed(f"{CONTRACTS:,} contracts made up ({what})"):
                portfolio = [make(number) for number in range(run * CONTRACTS, (run + 1) * CONTRACTS)]
            taken.append(seconds(partial(_explain_all, portfolio)))
        each_second = CONTRACTS / statistics.median(taken)
        yield Figure(f"notice_window, explained: {what}", CONTRACTS, each_second, "/s", 30_000, at_least=True)


def _explain_all(portfolio: list[ContractFacts]) -> None:
    now = datetime.fromisoformat(NOW)
    for facts in portfolio:
        window = notice_window(facts, now)
        if window.status is not WindowStatus.KNOWN or window.safe_on is None or not window.reasons:
            raise CannotMeasureError(f"{facts.unit_id} has no explained window")


def _plain(number: int) -> ContractFacts:
    """Terms of one to three years that renew by a year, in four places."""
    zone, calendar = PLACES[number % 4]
    return ContractFacts(
        unit_id=f"C-{number:06d}",
        contract_id=f"C-{number:06d}",
        zone=zone,
        holiday_calendar=calendar,
        start=date(2019, 1, 1) + timedelta(days=number * 7 % 2797),
        start_event=StartEvent.ACCEPTANCE,
        initial_term=Period(length=(12, 24, 36)[number % 3], unit=Unit.MONTHS),
        renewal=RenewalKind.SUCCESSIVE,
        renewal_term=Period(length=12, unit=Unit.MONTHS),
        notice=PLAIN_NOTICES[number % 5],
        basis=NoticeBasis.DISPATCH if number % 7 == 0 else NoticeBasis.RECEIPT,
        cutoff=time(17, number % 60),
        methods=(POST, MAIL) if number % 10 == 0 else (),
        term_ref=TERM_REF,
        renewal_ref=RENEWAL_REF,
        notice_ref=NOTICE_REF,
        receipt_ref=RECEIPT_REF,
    )


def _varied(number: int) -> ContractFacts:
    """Every clause differs: the first days of one calendar are all different, most terms have renewed many times."""
    zone, calendar = PLACES[number % 8]
    turn = number // 8
    first = FIRST_DAY + timedelta(days=turn)
    unit, least = NOTICE_UNITS[turn % 5]
    return ContractFacts(
        unit_id=f"C-{number:06d}",
        contract_id=f"C-{number:06d}",
        zone=zone,
        holiday_calendar=calendar,
        start=first,
        start_event=StartEvent.ACTIVATION,
        end=first + timedelta(days=364) if turn % 11 == 0 else None,
        initial_term=Period(length=12 + turn % 49, unit=Unit.MONTHS),
        renewal=RenewalKind.SUCCESSIVE,
        renewal_term=TERMS[turn % 7],
        notice=Period(length=least + turn % (3 if unit is Unit.MONTHS else 12), unit=unit),
        notice_opens=Period(length=9, unit=Unit.MONTHS) if turn % 4 == 0 else None,
        basis=BASES[turn % 3],
        cutoff=time(turn % 24, number % 60),
        methods=METHODS[turn % 13 % 3],
        roll=RollRule.FORWARD if turn % 6 == 0 else RollRule.NONE,
        term_ref=TERM_REF,
        renewal_ref=RENEWAL_REF,
        notice_ref=NOTICE_REF,
        receipt_ref=RECEIPT_REF,
    )
