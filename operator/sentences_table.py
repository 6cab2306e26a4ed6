"""The sentences of ``sentences``, by code. A value is written ``{name:form}``; forms stand in ``sentences``.

Rule: plain words, one fact a sentence; a choice between two wordings is a small function of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from contractops.tools.values import Scalar

Values: TypeAlias = Mapping[str, Scalar]
Template: TypeAlias = str | Callable[[Values], str]

_START = {
    "signature": "its signature",
    "billing_start": "the start of billing",
    "activation": "activation",
    "acceptance": "acceptance",
}


def _term(values: Values) -> str:
    said = "Term {term} ends {end:day}" if values.get("end") else "Term {term} has no known end"
    if values.get("term") != 1:
        return said + "."
    length = ": {length} {unit:words}" if values.get("length") else ""
    start = f" from {_START.get(str(values.get('start_event')), 'its start')}" if length else ""
    began = ", {start:day}" if values.get("start") and length else ""
    return f"{said}{length}{start}{began}."


def _renews(values: Values) -> str:
    if values.get("kind") in {"evergreen", "month_to_month"}:
        return "If nobody acts, it goes on from month to month after that, from {renews_on:day}."
    until = " to {renews_to:day}" if values.get("renews_to") else ""
    return "If nobody acts, it renews itself on {renews_on:day}" + until + "."


def _day_off(values: Values) -> str:
    because = "{day:day} is a day off ({why})" if values.get("why") else "{day:day} is not a working day"
    if values.get("clause_rolls") == "forward":
        return because + ": the clause moves it to {last_defensible:day}; we use the working day before, {safe_on:day}."
    if values.get("safe_on") == values.get("day"):
        return because + ": no working day before it is inside the window, so it stays."
    if values.get("clause_rolls") == "unstated":
        return (
            because
            + ": two readings, {safe_on:day} or {later:day}, since the clause does not say whether the day moves; we use the earlier."
        )
    return because + ": the clause does not move it, so we use the working day before, {safe_on:day}."


def _basis(values: Values) -> str:
    hour = "{cutoff:hour} in {zone:city}"
    stated = "" if values.get("cutoff_stated") else " (our hour; the clause names none)"
    how = "when it is sent" if values.get("basis") == "dispatch" else "on receipt"
    return f"Notice counts {how} until {hour}{stated}."


def _send_by(values: Values) -> str:
    if values.get("basis") == "dispatch":
        return "By {method:words} send by {on:day}: sending counts."
    if values.get("transit"):
        unit = "{unit:words}" if values["transit"] != 1 else str(values.get("unit")).replace("_", " ").removesuffix("s")
        return f"By {{method:words}} send by {{on:day}}: it counts as received {{transit}} {unit} after that."
    if values.get("hours"):
        return "By {method:words} send by {on:day}: it counts as received {hours} hours after that."
    return "By {method:words} send by {on:day}."


def _notice(values: Values) -> str:
    whose = {"ours": "our right", "customer": "the customer's right", "duty": "a duty of ours"}.get(str(values.get("whose")), "")
    return "Notice at least {length} {unit:words} before the end" + (f": {whose}." if whose else ".")


def _uplift(values: Values) -> str:
    said = "{base:money} + {percent:percent} = {uplifted:money}"
    limit = {"none": "the contract allows no price rise", "fixed": "the contract fixes {limit:percent}"}
    return f"{said}: {limit.get(str(values.get('rule')), 'the contract allows at most {limit:percent}')}."


def _discount(values: Values) -> str:
    if Decimal(str(values.get("percent") or 0)) == 0:
        return "No discount: {monthly:money} a month."
    return "{uplifted:money} less {percent:percent} = {monthly:money} a month, rounded once, half to even."


def _total(values: Values) -> str:
    paid = "{months} months" if not values.get("free_months") else "{months} months, {free_months} of them free,"
    allowance = ", less a one-time {allowance:money}" if values.get("allowance") else ""
    return f"{paid} at {{monthly:money}}{allowance} = {{total:money}} in total."


def _floor(values: Values) -> str:
    kept = Decimal(str(values.get("monthly") or 0)) >= Decimal(str(values.get("floor") or 0))
    return "The floor of the price book is {floor:money} a month: " + ("kept." if kept else "broken.")


def _minutes_basis(values: Values) -> str:
    days = "a fixed month" if values.get("basis") == "fixed" else "the minutes of its days"
    return f"{{service}} promises {{target_pct:figure}} % of {{minutes:count}} minutes a month ({days})."


def _excluded(values: Values) -> str:
    if not values.get("intervals"):
        return "No minute is taken out."
    return "{minutes:figure} minutes are taken out, in {intervals} intervals."


def _restore(values: Values) -> str:
    of = "priority {priority}" if values.get("priority") else "any priority"
    return f"{{ticket}} began {{start:moment}}; a fault of {of} is mended within {{minutes:count}} minutes: by {{at:moment}}."


def _tier(values: Values) -> str:
    end = " to {to_minutes:figure}" if values.get("to_minutes") else " on"
    return "From {from_minutes:figure}" + end + " minutes down: {percent:figure} % of the month's price, at most {cap_pct:figure} %."


def _claim(values: Values) -> str:
    if values.get("claim_by") is None:
        return "No claim is needed." if values.get("days") is None else "The claim runs from the close of the ticket, which is open."
    since = "the end of the month" if values.get("from") == "month_end" else "the close of the ticket"
    state = {"lapsed": " It has lapsed.", "claimed": " It is claimed.", "paid": " It is paid."}.get(str(values.get("state")), "")
    return f"The claim closes {{claim_by:day}}, {{days}} days after {since}.{state}"


def _discount_over(values: Values) -> str:
    effective = Decimal(str(values.get("effective_pct") or 0))
    if effective != Decimal(str(values.get("discount_pct") or 0)):
        return "{discount_pct:percent} with what else is given is {effective_pct:percent} over the term, over the limit of {limit:percent}."
    return "{discount_pct:percent} is over the limit of {limit:percent}."


def _ended_or_ends(values: Values) -> str:
    return "It ends by itself on {term_end:day}." if values.get("term_end") else "It ends by itself."


_REMINDERS = {
    "reminder": "Reminder",
    "wake": "Reminder after a snooze",
    "short": "Short reminder",
    "told": "Told of a silent owner",
    "approver_reminder": "Reminder to an approver",
    "silent": "Question about a silent signer",
}


def reminder_words(values: Values) -> str:
    """A kind of reminder with its lead time: ``Reminder, 30 days``."""
    said = _REMINDERS.get(str(values.get("kind")), "Reminder")
    return f"{said}, {values['lead']} {'day' if values['lead'] == 1 else 'days'}" if values.get("lead") else said


def _messages(values: Values) -> str:
    if values.get("messages") == 0:
        return "No card reached anybody."
    return "Cards: {messages:count}. A person got {median:figure} a day in the median and {most:count} at most, days without one left out."


def _first_alert(values: Values) -> str:
    if values.get("terms") == 0:
        return "Answered by the first alert: no term to judge yet."
    return "Answered by the first alert: {answered:count} of {terms:count} judged."


def _reminder(values: Values) -> str:
    judged = "none judged yet" if values.get("judged") == 0 else "{ignored:count} of {judged:count} judged were ignored"
    return reminder_words(values) + ": {sent:count} sent, " + judged + "."


REASONS: dict[str, Template] = {
    "hygiene.messages": _messages,
    "hygiene.first": _first_alert,
    "hygiene.answer": "Time to an answer: {hours:figure} hours from the first alert in the median, {answers:count} answered.",
    "hygiene.snoozes": "Snoozes: {snoozes:count}.",
    "hygiene.reminder": _reminder,
    "hygiene.removal": lambda values: (
        reminder_words(values) + ": {percent:percent} ignored ({ignored:count} of {judged:count}). It is put up for removal."
    ),
    "window.term": _term,
    "window.renews": _renews,
    "window.notice": _notice,
    "window.counted": "Counted back from {from:day}, first day not counted: {last_day:day}.",
    "window.opens": "Notice counts from {opens_on:day} on, {length} {unit:words} before the end at the earliest.",
    "window.day_off": _day_off,
    "window.basis": _basis,
    "window.basis_unstated": "The clause does not say whether notice counts when sent or received; we count receipt, until {cutoff:hour} in {zone:city}.",
    "window.send_by": _send_by,
    "window.rolling": "Notice is possible at any time; served on {served_on:day}, the service can end on {earliest_end:day}.",
    "window.ends_by_itself": "It ends by itself on {term_end:day}; no notice is needed.",
    "window.ended": "It ended on {term_end:day}.",
    "facts.not_stated": "Unknown: the documents do not state the {field:words}.",
    "facts.start_event_open": "Unknown: the term starts with {start_event:words}, and no date of it is known.",
    "facts.amendment_without_date": "Unknown: amendment {amendment}, agreed {agreed_on:day}, has no start date, and it changes the {field:words}.",
    "answer.three_working_days": "Three working days to answer: by {by:moment}.",
    "answer.third_of_days_left": "A third of the days left to answer, since the deadline is near: by {by:moment}.",
    "answer.four_working_hours": "Four working hours to answer, since the deadline is very near: by {by:moment}.",
    "answer.deadline": "The deadline itself is the time to answer: by {by:moment}.",
    "silence.unopened": "Not opened {days} working days after {since:day}: asked on {on:day}.",
    "silence.unsigned": "Not signed {days} working days after it was opened on {since:day}: asked on {on:day}.",
    "coverage.due": "{days_left} days are left until the safe date {safe_on:day}.",
    "coverage.later": "The safe date {safe_on:day} is {days_left} days away.",
    "coverage.missed": "The safe date {safe_on:day} has passed.",
    "coverage.unknown": "Unknown: no date can be proven.",
    "coverage.none": _ended_or_ends,
    "coverage.known": "The term has no safe date of its own.",
    "coverage.rolling": "Notice is possible at any time.",
    "coverage.executed_renewal": "Closed by a renewal executed on {on:day}.",
    "coverage.served_notice": "Closed by a notice served on {on:day}.",
    "coverage.let_renew": "Closed by a decision of {on:day} to let it renew.",
    "price.current": "Today: {monthly:money} a month.",
    "price.entered": "Order {order}: {monthly:money} a month from {effective_on:day}, as entered.",
    "price.change_order": "Change order {order}: {monthly_change:signed} a month from {effective_on:day}.",
    "price.change_order_left_out": "Change order {order}, {monthly_change:signed} a month from {effective_on:day}, is left out.",
    "price.uplift": _uplift,
    "price.discount": _discount,
    "price.total": _total,
    "price.floor": _floor,
    "sla.target": _minutes_basis,
    "sla.excluded": _excluded,
    "sla.downtime": "Down in {month:month}: {minutes:figure} minutes.",
    "sla.availability": "{minutes:count} minutes less {down:figure} = {availability_pct:figure} % available.",
    "credit.tier": _tier,
    "restore.target": _restore,
    "restore.stopped": "The clock stood still for {minutes:count} minutes, which is waiting for the customer or announced maintenance.",
    "credit.amount": "{percent:figure} % of {price:money} = {amount:money}.",
    "credit.claim": _claim,
    "approval.owner": "The owner decides first.",
    "approval.owner_gone": "The owner is no longer on the staff list.",
    "approval.no_authority": "The role {role:words} has no limit in the authority matrix.",
    "approval.term_over": "{term} months is over the limit of {limit}.",
    "approval.discount_over": _discount_over,
    "approval.total_over": "{total:money} is over the limit of {limit:money}.",
    "approval.currency_not_covered": "Amounts in {currency} are not within the limit.",
    "approval.nobody_in_role": "Nobody with the role {role:words} can decide now.",
    "approval.above_every_role": "It is over the limits of every role.",
    "snooze.latest": "That is too close to {deadline:day}. Latest: {latest:day}.",
    "snooze.used_up": "Snoozed {used} times. Decide, or hand over.",
    "snooze.too_late": "{days_left} days are left until {deadline:day}. Decide, or hand over.",
    "snooze.no_deadline": "There is no deadline to snooze.",
}

FINDINGS: dict[str, Template] = {
    "facts.amendment_without_date": "Amendment {amendment} of {about}, agreed {agreed_on:day}, has no start date; it changes {fields:words}.",
    "facts.amendment_pending": "Amendment {amendment} of {about} takes effect on {effective_on:day}; it changes {fields:words}.",
    "facts.order_outlives_agreement": "Order {about} ends {order_end:day}, after its agreement ({agreement_end:day}).",
    "pricing.no_lines": "No service order is left to price.",
    "pricing.no_price": "Order {order} has no price.",
    "pricing.no_price_after": "Order {order} has no price after {until:day}.",
    "pricing.no_entry": "{product} has no price book entry for {term} months.",
    "pricing.change_order_without_line": "Change order {about} changes order {order}, which is not there.",
    "pricing.currencies_mixed": "The orders and prices are in several currencies: {currencies}.",
    "pricing.nothing_to_price": "The price comes to nothing; there is nothing to offer.",
    "pricing.negative_price": "Line {about} comes to a negative price.",
    "pricing.uplift_above_cap": "A price rise of {asked:percent} is over the {max:percent} that the contract allows.",
    "pricing.uplift_not_fixed": "The contract fixes a price rise of {percent:percent}; the draft has {asked:percent}.",
    "pricing.discount_out_of_range": "A discount of {asked:percent} is not between 0 and 100 %.",
    "pricing.free_months": "{asked} free months leave nothing of {term} months.",
    "pricing.floor_broken": "{discount_pct:percent} goes below the floor of {floor:money}; highest is {max:percent}.",
    "terms.no_window": "The dates of {about} are not known, so no terms can be made.",
    "terms.no_signer": "Nobody is chosen to sign for the customer.",
    "terms.signer_may_not_sign": "{contact} has no signing right in the CRM.",
    "approval.owner_gone": "The owner is no longer on the staff list: hand the account over, then a new draft is prepared.",
    "approval.nobody": "Nobody on the staff may approve these terms; check the limits of the roles.",
    "terms.credit_other_currency": "An open credit of {amount:money} is in another currency and is not part of these terms.",
    "sla.outage_open": "Ticket {about} is still open; its minutes count up to now.",
    "sla.outage_ends_before_start": "Ticket {about} ends before it starts; it is not counted.",
    "sla.no_tiers": "{about} has no credit table.",
    "sla.tier_empty": "The credit table of {about} has a step that ends before it begins, from {from_minutes:figure} minutes.",
    "sla.tier_gap": "The credit table of {about} has a gap after the step from {from_minutes:figure} minutes.",
    "sla.tier_overlap": "The credit table of {about} has steps that overlap, from {from_minutes:figure} minutes.",
    "sla.no_tier_for_downtime": "The credit table of {about} has no step for {minutes:figure} minutes.",
    "sla.negative_price": "The price of {about} is negative.",
    "sla.ticket_open": "The ticket of {about} is not closed, so the claim has no last day yet.",
}


def _no_price_book(values: Values) -> str:
    said = "{term} months needs a price book entry for {product}; there is none."
    return said + (" Choose up to {longest}." if values.get("longest") else "")


def _uplift_cap(values: Values) -> str:
    return "At most {max:percent} (clause {clause})." if values.get("clause") else "At most {max:percent}."


def _uplift_fixed(values: Values) -> str:
    return "Exactly {percent:percent} (clause {clause})." if values.get("clause") else "Exactly {percent:percent}."


FIELD_ERRORS: dict[str, Template] = {
    "edit.uplift_cap": _uplift_cap,
    "edit.uplift_fixed": _uplift_fixed,
    "edit.floor": "{discount_pct:percent} goes below the floor of {floor:money}; highest is {max:percent}.",
    "edit.two_decimals": "Two decimals, please: {example}.",
    "edit.not_a_number": "Please write a number, like 12.50.",
    "edit.not_negative": "Please write 0 or more.",
    "edit.no_price_book": _no_price_book,
    "edit.nothing_changed": "Nothing changed.",
    "edit.unknown_change_order": "Change order {order} is not known for this contract.",
    "edit.signer": "This person has no signing right in the CRM. Choose another.",
    "edit.note_too_long": "At most {max} characters.",
    "edit.exit_month": "The exit right can come after month {max} at the latest.",
    "edit.choice": "Please choose one of: {allowed}.",
    "edit.discount_range": "Please write 0 to 100.",
    "edit.free_months": "At most {term} months less one can be free.",
    "edit.no_lines": "At least one order must stay.",
    "edit.unknown_order": "Order {order} is not known for this contract.",
    "edit.whole_months": "Please write whole months, like 36.",
    "edit.unknown_field": "This field is not known any more. Please open the form again.",
    "edit.blocked": "This can't be taken: {said}",
}
