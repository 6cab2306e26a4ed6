"""Reasons, findings and form errors as sentences: the one place that words what the tools explain as data.

Rule 1: every code that a tool emits has a sentence here; a test reads the tools and fails when one is missing.
Rule 2: a sentence only shows the values of its reason; a value that is absent reads "unknown".
Rule 3: the source stands behind the sentence: document, clause, page and the words, cut at ``wording.MAX_QUOTE``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from string import Formatter
from typing import Any, TypeAlias

from contractops.operator import wording
from contractops.operator.sentences_table import FIELD_ERRORS, FINDINGS, REASONS
from contractops.tools.terms_edit import FieldError
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Scalar

Values: TypeAlias = Mapping[str, Scalar]


def sentence(reason: Reason, zone: str = "UTC") -> str:
    """One step of an explanation, with its source. ``zone``: IANA, for instants. Raises ``KeyError`` for a code without a sentence."""
    template = REASONS[reason.code]
    return _with_source(_fill(template, reason.values, zone), reason.clause)


def finding_sentence(finding: Finding) -> str:
    """A finding as a sentence that names the record. Raises ``KeyError`` for a code without a sentence."""
    return _fill(FINDINGS[finding.code], {"about": finding.about, **finding.values}, "UTC")


def field_error_sentence(error: FieldError) -> str:
    """Why a form field was refused, and what is allowed. Raises ``KeyError`` for a code without a sentence."""
    return _fill(FIELD_ERRORS[error.code], error.values, "UTC")


def source(clause: ClauseRef) -> str:
    """``MSA 9.2, page 11: "…"``."""
    named = " ".join(filter(None, [clause.document, clause.clause]))
    place = f"{named}, page {clause.page}" if clause.page else named
    return f'{place}: "{wording.quoted(clause.quote)}"' if clause.quote else place


def _with_source(said: str, clause: ClauseRef | None) -> str:
    if clause is None:
        return said
    return f"{said.removesuffix('.')} ({source(clause)})."


Template: TypeAlias = str | Callable[[Values], str]
"""Words with named values, or a function that chooses such words by the values."""


def _fill(template: Template, values: Values, zone: str) -> str:
    words = template(values) if callable(template) else template
    return _Words(zone).vformat(words, (), {**values, "zone": values.get("zone", zone)})


class _Words(Formatter):
    """Formats values by kind: ``{end:day}``, ``{by:moment}``, ``{percent:percent}``, ``{unit:words}``, ``{amount:number}``, ``{zone:city}``."""

    def __init__(self, zone: str) -> None:
        super().__init__()
        self._zone = zone

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> object:  # noqa: ANN401 - signature of the base
        """A value that the reason does not carry is None, which reads "unknown"."""
        del args
        return kwargs.get(str(key))

    def format_field(self, value: object, format_spec: str) -> str:
        """Word one value; None is "unknown"."""
        if value is None or value == "":
            return "unknown"
        form = _FORMS.get(format_spec)
        if format_spec == "moment":
            return wording.moment(datetime.fromisoformat(str(value)), self._zone)
        return form(str(value)) if form else str(value)


def _amount(text: str) -> str:
    """``USD 4100.00`` as ``USD 4,100.00``; a figure without a code stays a figure."""
    currency, _, figure = text.rpartition(" ")
    if not currency:
        return wording.number(Decimal(figure))
    return wording.money(Money(amount=Decimal(figure), currency=currency))


_FORMS: dict[str, Callable[[str], str]] = {
    "day": lambda text: wording.day(date.fromisoformat(text[:10])),
    "month": lambda text: wording.month(date.fromisoformat(f"{text[:7]}-01")),
    "hour": lambda text: time.fromisoformat(text).strftime("%H:%M"),
    "percent": lambda text: wording.percent(Decimal(text)),
    "figure": lambda text: wording.plain(Decimal(text)),
    "number": lambda text: wording.number(Decimal(text)),
    "money": _amount,
    "words": lambda text: text.replace("_", " "),
    "city": lambda text: wording.city(text) or text,
}
