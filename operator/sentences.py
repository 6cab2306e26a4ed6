"""Reasons, findings and form errors as sentences: the one place that words what the tools explain as data.

Rule 1: every code that a tool emits has a sentence here; a test reads the tools and fails when one is missing.
Rule 2: a sentence only shows the values of its reason; a value that is absent reads "unknown".
Rule 3: the source stands behind the sentence: document, clause, page and the words, cut at ``wording.MAX_QUOTE``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from string import Formatter
from typing import Any, TypeAlias

from contractops.operator import wording
from contractops.operator.sentences_table import FIELD_ERRORS, FINDINGS, REASONS
from contractops.tools.terms_edit import FieldError
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Scalar, Severity

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
    values = dict(error.values)
    if error.code == "edit.blocked":
        about = str(values.get("about") or "")
        named = {"order": about, **values}
        finding = Finding(code=str(values.get("finding")), severity=Severity.BLOCKING, about=about, values=named)
        values["said"] = finding_sentence(finding)
    return _fill(FIELD_ERRORS[error.code], values, "UTC")


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
    return _Words(zone, str(values.get("currency") or "")).vformat(words, (), {**values, "zone": values.get("zone", zone)})


class _Words(Formatter):
    """Formats values by kind: ``{end:day}``, ``{by:moment}``, ``{rise:percent}``, ``{unit:words}``, ``{price:money}`` (in the reason's ``currency``)."""

    def __init__(self, zone: str, currency: str) -> None:
        super().__init__()
        self._forms: dict[str, Callable[[str], str]] = _FORMS | {
            "moment": lambda text: wording.moment(datetime.fromisoformat(text), zone),
            "money": lambda text: wording.money(Money(amount=Decimal(text), currency=currency)),
            "signed": lambda text: wording.signed_money(Money(amount=Decimal(text), currency=currency)),
        }

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
        """A value that the reason does not carry is None, which reads "unknown"."""
        return kwargs.get(str(key))

    def format_field(self, value: object, format_spec: str) -> str:
        """Word one value; None is "unknown"."""
        if value is None or value == "":
            return "unknown"
        form = self._forms.get(format_spec, str)
        return form(str(value))


_FORMS: dict[str, Callable[[str], str]] = {
    "day": lambda text: wording.day(date.fromisoformat(text[:10])),
    "month": lambda text: wording.month(date.fromisoformat(f"{text[:7]}-01")),
    "hour": lambda text: time.fromisoformat(text).strftime("%H:%M"),
    "percent": lambda text: wording.percent(Decimal(text)),
    "figure": lambda text: wording.plain(Decimal(text)),
    "count": lambda text: f"{int(text):,}",
    "words": lambda text: text.replace("_", " "),
    "city": lambda text: wording.city(text) or text,
}
