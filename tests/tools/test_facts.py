"""Claims about amendments and service orders."""

from datetime import UTC, date, datetime

import pytest

from contractops.tools.errors import InputError
from contractops.tools.facts import Amendment, OrderTerm, RenewalKind, in_force, order_facts, readings, renewed
from contractops.tools.notice_window import WindowStatus, notice_window
from contractops.tools.values import ClauseRef, Severity
from tests.tools.northwind import NOW, days, facts, months

NINETY = {"notice": {"length": 90, "unit": "days"}}


def amendment(number, effective, changes=None, agreed=date(2026, 3, 3)):
    ref = ClauseRef(document=f"Amendment {number}", clause="2")
    return Amendment(amendment_id=f"A{number}", agreement_date=agreed, effective_on=effective, changes=changes or NINETY, ref=ref)


def test_an_amendment_in_effect_changes_the_date_and_the_source():
    """60 days become 90: the safe date moves from Fri 5 Feb to Thu 7 Jan 2027, and the reason names the amendment."""
    found = in_force(facts(), (amendment(3, date(2026, 5, 1)),), NOW)
    window = notice_window(found.facts, NOW)
    assert (found.applied, found.findings) == (("A3",), ())
    assert window.safe_on == date(2027, 1, 7)
    assert next(one for one in window.reasons if one.code == "window.notice").clause.document == "Amendment 3"


def test_the_latest_effective_amendment_wins_field_by_field():
    """Order of effect decides, not order of the list; a field the later one does not touch keeps the earlier change."""
    later = amendment(2, date(2026, 6, 1), {"notice": {"length": 45, "unit": "days"}}, agreed=date(2026, 4, 1))
    earlier = amendment(1, date(2026, 5, 1), {**NINETY, "renewal_term": {"length": 24, "unit": "months"}})
    found = in_force(facts(), (later, earlier), NOW).facts
    assert (found.notice, found.renewal_term) == (days(45), months(24))


def test_an_amendment_without_a_date_makes_its_fields_unknown():
    """Nothing is guessed: the window is unknown, with the amendment and its agreement date as the reason."""
    found = in_force(facts(), (amendment(1, None),), NOW)
    window = notice_window(found.facts, NOW)
    assert window.status is WindowStatus.UNKNOWN
    assert window.unknown[0].reason.values == {"field": "notice", "amendment": "A1", "agreed_on": "2026-03-03"}
    assert [(one.code, one.severity) for one in found.findings] == [("facts.amendment_without_date", Severity.BLOCKING)]


def test_a_later_agreement_settles_an_undated_one():
    settled = in_force(facts(), (amendment(1, None), amendment(2, date(2026, 6, 1), agreed=date(2026, 5, 20))), NOW)
    assert (settled.facts.unknown, settled.facts.notice) == ((), days(90))


def test_an_undated_amendment_agreed_later_opens_the_field_again():
    opened = in_force(facts(), (amendment(1, None, agreed=date(2026, 7, 1)), amendment(2, date(2026, 6, 1), agreed=date(2026, 5, 20))), NOW)
    assert [one.field for one in opened.facts.unknown] == ["notice"]


def test_an_amendment_to_come_is_told_and_one_not_agreed_yet_is_not_known():
    found = in_force(facts(), (amendment(1, date(2027, 1, 1)), amendment(2, date(2026, 1, 1), agreed=date(2027, 2, 1))), NOW)
    assert found.facts.notice == days(60)
    assert [one.code for one in found.findings] == ["facts.amendment_pending"]


def test_the_two_readings_of_an_undated_amendment():
    without, with_it = readings(facts(), amendment(1, None))
    assert [notice_window(one, NOW).safe_on for one in (without, with_it)] == [date(2027, 2, 5), date(2027, 1, 7)]


@pytest.mark.parametrize("changes", [{"notise": {}}, {"notice": {"length": "60d", "unit": "days"}}, {"unit_id": "X"}])
def test_an_amendment_that_fits_no_field_is_refused(changes):
    with pytest.raises(InputError) as raised:
        in_force(facts(), (amendment(1, date(2026, 5, 1), changes),), NOW)
    assert raised.value.code == "CO-FACT-001"


def test_an_order_outlives_its_agreement_with_the_agreements_notice():
    """The order's own term counts, the agreement's 60 days and receipt clause stay, and the finding says so."""
    agreement = facts(end=date(2026, 12, 31), initial_term=None)
    order = OrderTerm(
        unit_id="SO-21", start=date(2025, 7, 1), end=date(2028, 6, 30), renewal=RenewalKind.SUCCESSIVE, renewal_term=months(12)
    )
    own, findings = order_facts(agreement, order)
    window = notice_window(own, datetime(2027, 6, 1, tzinfo=UTC))
    assert (window.unit_id, window.term_end, window.last_defensible) == ("SO-21", date(2028, 6, 30), date(2028, 5, 1))
    assert [one.code for one in findings] == ["facts.order_outlives_agreement"]


def test_a_co_terminous_order_ends_with_its_agreement():
    own, findings = order_facts(facts(), OrderTerm(unit_id="SO-22", start=date(2026, 9, 1), co_terminous=True))
    assert (notice_window(own, NOW).term_end, findings) == (date(2027, 4, 7), ())


def test_an_order_waits_for_its_own_activation():
    """The agreement's start is not the order's."""
    own, _ = order_facts(facts(), OrderTerm(unit_id="SO-23", initial_term=months(36)))
    assert notice_window(own, NOW).unknown[0].reason.code == "facts.start_event_open"


def test_a_doubt_about_the_agreements_term_is_no_doubt_about_the_orders():
    doubtful = in_force(facts(), (amendment(1, None, {"initial_term": {"length": 24, "unit": "months"}}),), NOW).facts
    own, _ = order_facts(doubtful, OrderTerm(unit_id="SO-24", start=date(2026, 4, 8), initial_term=months(12)))
    assert notice_window(own, NOW).status is WindowStatus.KNOWN


def test_a_signed_renewal_starts_a_new_initial_term():
    """36 months from 8 Apr 2027: notice by Wed 6 Feb 2030."""
    window = notice_window(renewed(facts(), date(2027, 4, 8), 36), datetime(2027, 5, 1, tzinfo=UTC))
    assert (window.term_end, window.safe_on) == (date(2030, 4, 7), date(2030, 2, 6))
