"""The notice window of many contracts, explained, in one process.

Rules of this module:

1. No two contracts are alike in start, and zones, notice periods, bases, methods and kinds of term are mixed: a cache cannot answer for the arithmetic.
2. Every result is held against being explained: a window without reasons is no result.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from bench_measure import NOW, CannotMeasureError, Figure, median_seconds, timed

from contractops.tools.facts import ContractFacts, DeliveryMethod, NoticeBasis, RenewalKind, StartEvent
from contractops.tools.notice_window import WindowStatus, notice_window
from contractops.tools.values import ClauseRef, Period, Unit

CONTRACTS: Final = 30_000
ZONES: Final = (("America/Chicago", "US-IL"), ("Europe/London", "GB-ENG"), ("Europe/Berlin", "DE-BE"), ("Asia/Tokyo", "JP"))
NOTICES: Final = (
    Period(length=60, unit=Unit.DAYS),
    Period(length=3, unit=Unit.MONTHS),
    Period(length=20, unit=Unit.BUSINESS_DAYS),
    Period(length=30, unit=Unit.DAYS),
    Period(length=90, unit=Unit.DAYS),
)
METHODS: Final = (
    DeliveryMethod(name="registered post", transit=Period(length=3, unit=Unit.BUSINESS_DAYS)),
    DeliveryMethod(name="e-mail"),
)


def figures() -> Iterator[Figure]:
    """Contracts a second. Raises ``CannotMeasureError`` when a window has no date or no reasons."""
    now = datetime.fromisoformat(NOW)
    with timed(f"{CONTRACTS:,} contracts made up"):
        portfolio = [_facts(number) for number in range(CONTRACTS)]

    def explain_all() -> None:
        for facts in portfolio:
            window = notice_window(facts, now)
            if window.status is not WindowStatus.KNOWN or window.safe_on is None or not window.reasons:
                raise CannotMeasureError(f"{facts.unit_id} has no explained window")

    took = median_seconds(explain_all)
    yield Figure("notice_window, explained, one process", CONTRACTS, CONTRACTS / took, "/s", 30_000, at_least=True)


def _facts(number: int) -> ContractFacts:
    zone, calendar = ZONES[number % 4]
    start = date(2019, 1, 1) + timedelta(days=number * 7 % 2797)
    return ContractFacts(
        unit_id=f"C-{number:06d}",
        contract_id=f"C-{number:06d}",
        zone=zone,
        holiday_calendar=calendar,
        start=start,
        start_event=StartEvent.ACCEPTANCE,
        initial_term=Period(length=(12, 24, 36)[number % 3], unit=Unit.MONTHS),
        renewal=RenewalKind.SUCCESSIVE,
        renewal_term=Period(length=12, unit=Unit.MONTHS),
        notice=NOTICES[number % 5],
        basis=NoticeBasis.DISPATCH if number % 7 == 0 else NoticeBasis.RECEIPT,
        cutoff=time(17, number % 60),
        methods=METHODS if number % 10 == 0 else (),
        term_ref=ClauseRef(document="SO-7", page=3),
        renewal_ref=ClauseRef(document="MSA", clause="9.1", page=11),
        notice_ref=ClauseRef(document="MSA", clause="9.2", page=11),
        receipt_ref=ClauseRef(document="MSA", clause="14.1", page=15),
    )
