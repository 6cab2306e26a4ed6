"""The sentences of ``sentences``, by code. A value is written ``{name:form}``; forms stand in ``sentences``.

Rule: plain words, one fact a sentence; a choice between two wordings is a small function of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        return "By {method:words} send by {on:day}: it counts as received {transit} {unit:words} after that."
    if values.get("hours"):
        return "By {method:words} send by {on:day}: it counts as received {hours} hours after that."
    return "By {method:words} send by {on:day}."


def _notice(values: Values) -> str:
    whose = {"ours": "our right", "customer": "the customer's right", "duty": "a duty of ours"}.get(str(values.get("whose")), "")
    return "Notice at least {length} {unit:words} before the end" + (f": {whose}." if whose else ".")



REASONS: dict[str, Template] = {
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
    "snooze.latest": "That is too close to {deadline:day}. Latest: {latest:day}.",
    "snooze.used_up": "Snoozed {used} times. Decide, or hand over.",
    "snooze.too_late": "{days_left} days are left until {deadline:day}. Decide, or hand over.",
    "snooze.no_deadline": "There is no deadline to snooze.",
}

FINDINGS: dict[str, Template] = {
    "facts.amendment_without_date": "Amendment {amendment} of {about}, agreed {agreed_on:day}, has no start date; it changes {fields:words}.",
    "facts.amendment_pending": "Amendment {amendment} of {about} takes effect on {effective_on:day}; it changes {fields:words}.",
    "facts.order_outlives_agreement": "Order {about} ends {order_end:day}, after its agreement ({agreement_end:day}).",
}


def _uplift_cap(values: Values) -> str:
    return "At most {max:percent} ({clause})." if values.get("clause") else "At most {max:percent}."


def _uplift_fixed(values: Values) -> str:
    return "Exactly {percent:percent} ({clause})." if values.get("clause") else "Exactly {percent:percent}."


FIELD_ERRORS: dict[str, Template] = {
    "edit.uplift_cap": _uplift_cap,
    "edit.uplift_fixed": _uplift_fixed,
    "edit.floor": "{discount:percent} goes below the floor of {floor:money}; highest is {max:percent}.",
    "edit.two_decimals": "Two decimals, please: {example}.",
    "edit.not_a_number": "Please write a number, like 12.50.",
    "edit.not_negative": "Please write 0 or more.",
    "edit.no_price_book": "{term} months needs a price book entry for {product}; there is none. Choose up to {longest}.",
    "edit.nothing_changed": "Nothing changed.",
    "edit.unknown_change_order": "Change order {order} is not known for this contract.",
    "edit.signer": "This person has no signing right in the CRM. Choose another.",
    "edit.note_too_long": "At most {max} characters.",
    "edit.exit_month": "The exit right can come after month {max} at the latest.",
    "edit.choice": "Please choose one of: {allowed}.",
    "edit.blocked": "This can't be taken: {finding:words}.",
}
