"""Editing terms: form fields in, new choices or one error a field out.

Rule 1: an error names the field, says what is allowed and why, as code and values; the typed text is the caller's to keep.
Rule 2: nothing is corrected silently: 12.345 % is refused, not rounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from pydantic import Field

from contractops.tools.pricing import UpliftKind
from contractops.tools.terms import CreditHandling, Options, TermsChoices, TermsResult, TermsSource, assemble
from contractops.tools.values import Finding, Scalar, Severity, Value

Typed: TypeAlias = str | bool | int | tuple[str, ...] | None
"""What a form hands over: text as typed, a checkbox, the ids ticked, or nothing."""

MAX_NOTE = 500
_WHOLE = re.compile(r"[0-9]{1,4}")
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]+)?")
_TWO_DECIMALS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?")
_EXAMPLE = "12.50"


class FieldError(Value):
    """Why a field was refused.

    Codes: ``edit.uplift_cap`` {max, clause}, ``edit.uplift_fixed`` {percent, clause}, ``edit.floor`` {discount, floor, max},
    ``edit.two_decimals`` {example}, ``edit.not_a_number``, ``edit.no_price_book`` {term, product, longest}, ``edit.nothing_changed``,
    ``edit.unknown_change_order`` {order}, ``edit.signer`` {contact}, ``edit.note_too_long`` {max}, ``edit.exit_month`` {max}, ``edit.not_negative``,
    ``edit.choice`` {allowed}, ``edit.blocked`` {finding}, ``edit.whole_months``,
    ``edit.discount_range`` {asked}, ``edit.free_months`` {term, asked}, ``edit.no_lines``, ``edit.unknown_order`` {order}, ``edit.unknown_field``.
    """

    field: str
    code: str
    values: dict[str, Scalar] = Field(default={})


class EditResult(Value):
    """New choices with the terms they give, or errors by field."""

    choices: TermsChoices | None
    result: TermsResult | None
    errors: tuple[FieldError, ...] = ()


class _Refused(Exception):
    """A field that cannot be taken; becomes a ``FieldError``."""

    def __init__(self, code: str, **values: Scalar) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def edit(source: TermsSource, choices: TermsChoices, changes: Mapping[str, Typed], draft_number: int) -> EditResult:
    """``choices`` with ``changes`` (form field -> typed value) and the terms of draft ``draft_number``, or the errors by field.

    Fields: term_months, uplift_pct, discount_pct, free_months, credit, change_orders, left_out_orders, exit_after_month, true_up,
    signer_contact_id, note. Findings that were there before the edit do not refuse it.
    """
    update, errors = _read(source, choices, changes)
    if errors:
        return EditResult(choices=None, result=None, errors=tuple(errors))
    changed = TermsChoices.model_validate({**choices.model_dump(), **update})
    if changed == choices:
        return EditResult(choices=None, result=None, errors=(FieldError(field="", code="edit.nothing_changed"),))
    if changed.options.exit_after_month is not None and changed.options.exit_after_month >= changed.term_months:
        error = FieldError(field="exit_after_month", code="edit.exit_month", values={"max": changed.term_months - 1})
        return EditResult(choices=None, result=None, errors=(error,))
    result = assemble(source, changed, draft_number)
    before = {(one.code, one.about) for one in assemble(source, choices, draft_number).findings}
    fresh = [one for one in result.findings if one.severity is Severity.BLOCKING]
    errors = [_error(one, source) for one in fresh if one.code in _FIELD_OF or (one.code, one.about) not in before]
    if errors:
        return EditResult(choices=None, result=None, errors=tuple(_one_a_field(errors)))
    return EditResult(choices=changed, result=result)


def preview(source: TermsSource, choices: TermsChoices, changes: Mapping[str, Typed], draft_number: int) -> TermsResult | None:
    """The terms as typed so far, for the preview line; None while a field cannot be read."""
    update, errors = _read(source, choices, changes)
    if errors:
        return None
    return assemble(source, TermsChoices.model_validate({**choices.model_dump(), **update}), draft_number)


_FIELD_OF = {
    "pricing.no_entry": ("term_months", "edit.no_price_book"),
    "pricing.uplift_above_cap": ("uplift_pct", "edit.uplift_cap"),
    "pricing.uplift_not_fixed": ("uplift_pct", "edit.uplift_fixed"),
    "pricing.floor_broken": ("discount_pct", "edit.floor"),
    "pricing.discount_out_of_range": ("discount_pct", "edit.discount_range"),
    "pricing.free_months": ("free_months", "edit.free_months"),
    "pricing.no_lines": ("left_out_orders", "edit.no_lines"),
    "terms.no_signer": ("signer_contact_id", "edit.signer"),
    "terms.signer_may_not_sign": ("signer_contact_id", "edit.signer"),
}
"""Which form field answers for a finding of the assembled terms, and with which message."""


def _read(source: TermsSource, choices: TermsChoices, changes: Mapping[str, Typed]) -> tuple[dict[str, Any], list[FieldError]]:
    """The typed values as new values of ``TermsChoices``; an untouched field is not in the result."""
    update: dict[str, Any] = {}
    options: dict[str, Any] = {}
    errors = []
    for field, typed in changes.items():
        try:
            value = _value(source, field, typed)
        except _Refused as refused:
            errors.append(FieldError(field=field, code=refused.code, values=refused.values))
            continue
        (options if field in Options.model_fields else update)[field] = value
    if options:
        update["options"] = {**choices.options.model_dump(), **options}
    return update, errors


def _value(source: TermsSource, field: str, typed: Typed) -> Any:
    reader = _READERS.get(field)
    if reader is None:
        raise _Refused("edit.unknown_field")
    return reader(source, typed)


def _whole(_source: TermsSource, typed: Typed) -> int:
    text = str(typed).strip()
    if not _WHOLE.fullmatch(text):
        raise _Refused("edit.whole_months")
    return int(text)


def _whole_from_1(source: TermsSource, typed: Typed) -> int:
    months = _whole(source, typed)
    if months < 1:
        raise _Refused("edit.whole_months")
    return months


def _percent(_source: TermsSource, typed: Typed) -> Decimal:
    """A per cent with at most two decimals; the text is read as written, a comma is not a point."""
    text = str(typed).strip()
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        raise _Refused("edit.not_negative")
    if not _NUMBER.fullmatch(text):
        raise _Refused("edit.not_a_number", example=_EXAMPLE)
    if not _TWO_DECIMALS.fullmatch(text):
        raise _Refused("edit.two_decimals", example=_EXAMPLE)
    return Decimal(text).quantize(Decimal("0.01"))


def _uplift(source: TermsSource, typed: Typed) -> Decimal:
    percent = _percent(source, typed)
    rule = source.uplift
    clause = rule.ref.clause if rule.ref else None
    if rule.kind is UpliftKind.FIXED and percent != rule.percent:
        raise _Refused("edit.uplift_fixed", percent=f"{rule.percent:.2f}", clause=clause)
    allowed = Decimal(0) if rule.kind is UpliftKind.NONE else rule.percent
    if percent > allowed:
        raise _Refused("edit.uplift_cap", max=f"{allowed:.2f}", clause=clause)
    return percent


def _credit(_source: TermsSource, typed: Typed) -> CreditHandling:
    allowed = [one.value for one in CreditHandling]
    if typed not in allowed:
        raise _Refused("edit.choice", allowed=", ".join(allowed))
    return CreditHandling(str(typed))


def _exit_month(source: TermsSource, typed: Typed) -> int | None:
    return None if typed is None or typed == "" else _whole_from_1(source, typed)


def _true_up(_source: TermsSource, typed: Typed) -> bool:
    return bool(typed)


def _change_orders(source: TermsSource, typed: Typed) -> tuple[str, ...]:
    return _ticked(tuple(one.order_id for one in source.change_orders), typed, "edit.unknown_change_order")


def _left_out(source: TermsSource, typed: Typed) -> tuple[str, ...]:
    return _ticked(tuple(dict.fromkeys(line.order_id for line in source.lines)), typed, "edit.unknown_order")


def _ticked(known: tuple[str, ...], typed: Typed, refusal: str) -> tuple[str, ...]:
    """The ids ticked, in the order of ``known``, so that ticking in another order is no change."""
    ticked = typed if isinstance(typed, tuple) else (() if not typed else (str(typed),))
    for order in ticked:
        if order not in known:
            raise _Refused(refusal, order=order)
    return tuple(order for order in known if order in ticked)


def _contact(source: TermsSource, typed: Typed) -> str:
    chosen = next((one for one in source.contacts if one.contact_id == typed), None)
    if chosen is None or not chosen.may_sign:
        raise _Refused("edit.signer", contact=chosen.name if chosen else str(typed))
    return chosen.contact_id


def _note(_source: TermsSource, typed: Typed) -> str:
    text = "" if typed is None else str(typed).strip()
    if len(text) > MAX_NOTE:
        raise _Refused("edit.note_too_long", max=MAX_NOTE)
    return text


_READERS: Mapping[str, Callable[[TermsSource, Typed], Any]] = {
    "term_months": _whole_from_1,
    "free_months": _whole,
    "exit_after_month": _exit_month,
    "uplift_pct": _uplift,
    "discount_pct": _percent,
    "credit": _credit,
    "change_orders": _change_orders,
    "left_out_orders": _left_out,
    "true_up": _true_up,
    "signer_contact_id": _contact,
    "note": _note,
}
"""How each form field is read; also the list of the fields there are."""


def _error(finding: Finding, source: TermsSource) -> FieldError:
    field, code = _FIELD_OF.get(finding.code, ("", "edit.blocked"))
    values = dict(finding.values)
    if code == "edit.uplift_cap" and source.uplift.ref:
        values["clause"] = source.uplift.ref.clause
    if code == "edit.blocked":
        values = {"finding": finding.code, "about": finding.about}
    return FieldError(field=field, code=code, values=values)


def _one_a_field(errors: list[FieldError]) -> list[FieldError]:
    """The first error of each field: a form shows one."""
    return list({error.field: error for error in reversed(errors)}.values())[::-1]
