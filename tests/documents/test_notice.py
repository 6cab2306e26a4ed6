"""The notice of non-renewal: what it must hold, that it is the same bytes each time, and that no value can be a command."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contractops.operator.documents.write import render_notice
from contractops.tools.errors import InputError
from contractops.tools.notice import Notice, notice_signer
from contractops.tools.signature import AuthorityMatrix, RoleLimit, SignerPlan
from contractops.tools.terms import Party
from contractops.tools.values import ClauseRef
from tests.documents.test_order_form import pages, size, text

SIGNER = SignerPlan(
    role="supplier",
    name="Dana Whitfield",
    email="dana@prairie.example",
    title="VP Sales",
    order=1,
    anchor="/sign-supplier-1/",
    date_anchor="/date-supplier-1/",
)


def notice(**changes: Any) -> Notice:
    facts: dict[str, Any] = {
        "contract_id": "ENT-3391",
        "account_name": "Northwind Logistics",
        "supplier": Party(name="Prairie Carrier Networks, Inc.", address=("410 W Canal St", "Chicago, IL 60606")),
        "customer": Party(name="Northwind Logistics, Inc.", address=("1 Main St",)),
        "address": "200 Lake St, Chicago",
        "ends_on": date(2027, 4, 7),
        "clause": ClauseRef(document="MSA", clause="9.2"),
    }
    return Notice.model_validate(facts | changes)


def test_it_says_who_to_whom_what_under_which_clause_and_when() -> None:
    """Both parties, the address for notices, the agreement, the clause, the last day; one page; the anchors of one signature."""
    made = render_notice(notice(), SIGNER)
    said = text(made)
    assert "Prairie Carrier Networks, Inc. gives notice under clause 9.2 that agreement ENT-3391 will not be renewed." in said
    assert "ends at the end of its present term, on Wed 7 Apr 2027" in said
    for part in ("Northwind Logistics, Inc.", "200 Lake St, Chicago", "410 W Canal St", "Dana Whitfield", "VP Sales"):
        assert part in said
    assert said.count("/sign-supplier-1/") == said.count("/date-supplier-1/") == 1
    assert len(pages(made)) == 1


def test_the_same_facts_are_the_same_bytes() -> None:
    """It holds no date of its own: made twice it is the document whose hash was decided on; another day is another document."""
    assert render_notice(notice(), SIGNER) == render_notice(notice(), SIGNER)
    assert render_notice(notice(), SIGNER) != render_notice(notice(ends_on=date(2027, 4, 8)), SIGNER)


def test_no_value_is_a_command() -> None:
    """Markup of the typesetter in a name is shown as it stands."""
    assert "#panic() *A* $x$" in text(render_notice(notice(account_name="#panic() *A* $x$"), SIGNER))


def test_a_letter_the_fonts_lack_is_an_error() -> None:
    with pytest.raises(InputError, match="lack"):
        render_notice(notice(customer=Party(name="\N{PILE OF POO}")), SIGNER)


def test_paper_by_country() -> None:
    assert size(render_notice(notice(), SIGNER)) == (612, 792)
    assert size(render_notice(notice(customer=Party(name="Alpen Bank AG", country="CH")), SIGNER)) == (595, 842)


def test_nobody_with_the_right_signs_nothing() -> None:
    """Roles without ``may_sign`` never sign a notice."""
    with pytest.raises(Exception, match="CO-SIG-003"):
        notice_signer("ENT-3391", (), AuthorityMatrix(levels=(RoleLimit(role="vp_sales", may_sign=True),)))
