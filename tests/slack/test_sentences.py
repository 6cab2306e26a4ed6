"""Sentences: every code a tool emits is worded, and the wording shows its values."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import contractops.tools
from contractops.operator.sentences import field_error_sentence, finding_sentence, sentence
from contractops.operator.sentences_table import FIELD_ERRORS, FINDINGS, REASONS
from contractops.tools.coverage import ClosedBy
from contractops.tools.notice_window import WindowStatus
from contractops.tools.terms_edit import FieldError
from contractops.tools.values import ClauseRef, Finding, Reason, Severity

CODE = re.compile(
    r'"((?:answer|approval|coverage|credit|edit|facts|hygiene|price|pricing|restore|silence|sla|snooze|terms|window)\.[a-z_]+)"'
)
TOOLS = Path(contractops.tools.__file__).parent


def _emitted() -> set[str]:
    """The codes that stand in the source of the tools, and those that are put together from a closed set."""
    found = {code for path in TOOLS.glob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}
    return found | {f"coverage.{kind.value}" for kind in (*ClosedBy, *WindowStatus)}


def test_tools_emit_codes_that_this_test_can_see() -> None:
    """The search below finds codes of each family: it did not go blind."""
    assert {code.partition(".")[0] for code in _emitted()} >= {"window", "price", "pricing", "sla", "credit", "approval", "edit", "facts"}


@pytest.mark.parametrize("code", sorted(_emitted()))
def test_every_code_of_the_tools_has_a_sentence(code: str) -> None:
    """A tool that explains itself with a new code fails here until somebody words it."""
    assert code in REASONS or code in FINDINGS or code in FIELD_ERRORS


@pytest.mark.parametrize("table", [REASONS, FINDINGS, FIELD_ERRORS], ids=["reasons", "findings", "errors"])
def test_no_sentence_is_left_over(table: dict[str, object]) -> None:
    """A sentence for a code that no tool emits is dead and goes."""
    assert set(table) - _emitted() == set()


@pytest.mark.parametrize("code", sorted(REASONS))
def test_reason_without_values_reads_unknown_and_never_fails(code: str) -> None:
    """A missing value is a word, not a gap and not an exception."""
    said = sentence(Reason(code=code))
    assert said.endswith((".", "…"))
    assert "{" not in said
    assert "None" not in said


@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_finding_without_values_reads_as_a_sentence(code: str) -> None:
    """A finding is told even when its values are missing."""
    said = finding_sentence(Finding(code=code, severity=Severity.WARNING, about="SO-12"))
    assert said.endswith(".")
    assert "None" not in said


def test_templates_use_only_known_forms() -> None:
    """A form that is misspelt would print the raw value."""
    known = {"day", "month", "hour", "percent", "figure", "count", "words", "city", "moment", "money", "signed", ""}
    texts = [text for table in (REASONS, FINDINGS, FIELD_ERRORS) for text in table.values() if isinstance(text, str)]
    used = {spec for text in texts for _, name, spec, _ in Formatter().parse(text) if name}
    assert used <= known


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            Reason(
                code="window.term",
                values={"term": 1, "start": "2026-04-08", "end": "2027-04-07", "length": 12, "unit": "months", "start_event": "acceptance"},
                clause=ClauseRef(document="order SO-7", page=3, quote="twelve (12) months from acceptance"),
            ),
            'Term 1 ends Wed 7 Apr 2027: 12 months from acceptance, Wed 8 Apr 2026 (order SO-7, page 3: "twelve (12) months from acceptance").',
        ),
        (
            Reason(
                code="window.day_off",
                values={
                    "day": "2027-02-06",
                    "why": "Saturday",
                    "safe_on": "2027-02-05",
                    "last_defensible": "2027-02-06",
                    "clause_rolls": "none",
                },
            ),
            "Sat 6 Feb 2027 is a day off (Saturday): the clause does not move it, so we use the working day before, Fri 5 Feb 2027.",
        ),
        (
            Reason(
                code="price.uplift",
                values={"base": "18450.00", "percent": "3.00", "uplifted": "19003.50", "rule": "up_to", "limit": "3", "currency": "USD"},
            ),
            "USD 18,450.00 + 3.00 % = USD 19,003.50: the contract allows at most 3.00 %.",
        ),
        (
            Reason(
                code="price.change_order",
                values={"order": "CO-131", "monthly_change": "-420.00", "effective_on": "2026-09-01", "currency": "USD"},
            ),
            "Change order CO-131: -USD 420.00 a month from Tue 1 Sep 2026.",
        ),
        (
            Reason(code="credit.amount", values={"percent": "35", "price": "4100.00", "amount": "1435.00", "currency": "USD"}),
            "35 % of USD 4,100.00 = USD 1,435.00.",
        ),
    ],
)
def test_step_reads_as_in_the_worked_example(reason: Reason, said: str) -> None:
    """The steps of the worked example, with value and source."""
    assert sentence(reason, "America/Chicago") == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FieldError(field="uplift_pct", code="edit.uplift_cap", values={"max": "3.00", "clause": "4.2"}), "At most 3.00 % (clause 4.2)."),
        (
            FieldError(
                field="discount_pct",
                code="edit.floor",
                values={"discount_pct": "14.8", "floor": "16200", "currency": "USD", "max": "14.75"},
            ),
            "14.80 % goes below the floor of USD 16,200.00; highest is 14.75 %.",
        ),
        (FieldError(field="discount_pct", code="edit.two_decimals", values={"example": "12.50"}), "Two decimals, please: 12.50."),
        (
            FieldError(field="term_months", code="edit.no_price_book", values={"term": 60, "product": "Dedicated Internet", "longest": 36}),
            "60 months needs a price book entry for Dedicated Internet; there is none. Choose up to 36.",
        ),
        (FieldError(field="", code="edit.nothing_changed"), "Nothing changed."),
        (
            FieldError(field="", code="edit.blocked", values={"finding": "pricing.no_price", "about": "SO-12.1", "order": "SO-12"}),
            "This can't be taken: Order SO-12 has no price.",
        ),
    ],
)
def test_form_error_says_what_is_allowed_and_why(error: FieldError, said: str) -> None:
    """The messages of the edit form, word for word."""
    assert field_error_sentence(error) == said
