"""Editing terms: form fields in, new choices or one error a field out.

Rule 1: an error names the field, says what is allowed and why, as code and values; the typed text is the caller's to keep.
Rule 2: nothing is corrected silently: 12.345 % is refused, not rounded.
"""

from __future__ import annotations

from contractops.tools.terms import TermsChoices, TermsResult
from contractops.tools.values import Scalar, Value


class FieldError(Value):
    """Why a field was refused. Codes: ``edit.uplift_cap`` {max, clause}, ``edit.uplift_fixed`` {percent, clause}, ``edit.floor`` {discount, floor, max},
    ``edit.two_decimals`` {example}, ``edit.not_a_number``, ``edit.no_price_book`` {term, product, longest}, ``edit.nothing_changed``,
    ``edit.unknown_change_order`` {order}, ``edit.signer`` {contact}, ``edit.note_too_long`` {max}, ``edit.exit_month`` {max}, ``edit.not_negative``,
    ``edit.choice`` {allowed}, ``edit.blocked`` {finding}."""

    field: str
    code: str
    values: dict[str, Scalar] = {}


class EditResult(Value):
    """New choices with the terms they give, or errors by field."""

    choices: TermsChoices | None
    result: TermsResult | None
    errors: tuple[FieldError, ...] = ()
