"""The form that edits a draft: what is allowed, and what the terms typed so far would give.

Rule 1: every limit shown is the tools' own; the same tools check it again when it is sent.
Rule 2: when another draft appeared meanwhile, what was typed is carried to it, under the newer draft's own button.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from contractops.operator import cases, people
from contractops.operator.showing import facts
from contractops.operator.showing.scene import terms_of
from contractops.operator.showing.tokens import token_of
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.commands import Actor, FieldValue, Submit
from contractops.operator.slack.forms import Choice, EditForm, Preview
from contractops.operator.slack.submissions import edit_changes
from contractops.operator.store import gates
from contractops.operator.store.tables import Button, Draft, Renewal
from contractops.tools.signature import AuthorityMatrix
from contractops.tools.terms import Terms, TermsChoices, TermsResult, TermsSource
from contractops.tools.terms_edit import Typed
from contractops.tools.terms_edit import preview as typed_terms

_YEAR = 12


def submitted(callback: Callback, token: str, values: Mapping[str, FieldValue]) -> Submit:
    """Typed values as a form that was sent, for the readers of submissions; who sent it does not matter to them."""
    nobody = Actor(team_id="", user_id="")
    return Submit(actor=nobody, callback=callback, token=token, view_id="", view_hash="", trigger_id=None, values=dict(values))


def edit_form(
    session: Session, renewal: Renewal, button: Button, now: datetime, rules: cases.Rules, typed: Mapping[str, FieldValue] | None = None
) -> EditForm | None:
    """The form over the current draft, with what was ``typed`` so far; None when there is no draft that can be edited."""
    gate = gates.open_of(session, renewal.id, renewal.version)
    stored = session.get(Draft, (renewal.id, renewal.draft_number))
    if stored is None or gate is None or not gate.draft_number:
        return None
    found = cases.overview(session, renewal, now, rules)
    terms, choices = terms_of(stored), TermsChoices.model_validate(stored.choices)
    changes = edit_changes(submitted(Callback.DRAFT_EDIT, button.token, typed or {})).changes
    result = typed_terms(found.source, choices, changes, stored.number + 1)
    shown = _Typed(choices, changes)
    opened = button.args.get("draft")
    newer = stored.number if isinstance(opened, int) and opened < stored.number else None
    discount_max = max(terms.max_discount_pct, shown.discount)
    uplift_max = max(found.source.uplift.percent, choices.uplift_pct)
    ref = found.source.uplift.ref
    return EditForm(
        token=_carried(session, renewal, button, rules) if newer else button.token,
        account=found.account_name,
        contract_id=renewal.contract_id,
        zone=terms.zone,
        number=opened if newer and isinstance(opened, int) else stored.number,
        sign_by=terms.decide_by,
        terms=tuple(sorted({*_lengths(found.source), shown.term})),
        term=shown.term,
        uplift=shown.uplift if shown.uplift <= uplift_max else choices.uplift_pct,
        uplift_max=uplift_max,
        clause=f"clause {ref.clause}" if ref and ref.clause else None,
        discount=shown.discount,
        discount_max=discount_max,
        alone_max=_alone(session, renewal, rules.matrix),
        floor=terms.floor,
        preview=_preview(session, renewal, stored, result, rules),
        credit=terms.credit_amount,
        credit_use=choices.credit,
        claim_closes=found.service.next_claim_by if found.service else None,
        orders=_orders(found.source, choices),
        exit_after_month=choices.options.exit_after_month,
        exit_offered=shown.term - _YEAR if shown.term > _YEAR else None,
        true_up=choices.options.true_up,
        signers=signers(found.source, choices.signer_contact_id),
        note=choices.note,
        newer=newer,
    )


class _Typed:
    """What the form shows in its number fields: what was typed when it reads as a number, else what the draft has."""

    def __init__(self, choices: TermsChoices, changes: Mapping[str, Typed]) -> None:
        term = str(changes.get("term_months", ""))
        self.term = int(term) if term.isascii() and term.isdigit() else choices.term_months
        self.uplift = _number(changes.get("uplift_pct"), choices.uplift_pct)
        self.discount = _number(changes.get("discount_pct"), choices.discount_pct)


def _number(typed: Typed, known: Decimal) -> Decimal:
    try:
        value = Decimal(str(typed))
    except InvalidOperation:
        return known
    return value if value.is_finite() and 0 <= value <= 100 else known  # noqa: PLR2004 - a per cent


def _lengths(source: TermsSource) -> tuple[int, ...]:
    """Terms that every line has a price book entry for, in months."""
    products = {line.product for line in source.lines}
    by_product = [{one.term_months for one in source.price_book if one.product == product} for product in products]
    return tuple(sorted(set.intersection(*by_product))) if by_product else source.terms_offered


def _alone(session: Session, renewal: Renewal, matrix: AuthorityMatrix) -> Decimal | None:
    """The owner's own limit of the discount; None when he has none or no authority."""
    owner = people.person(session, renewal.owner_id)
    level = next((one for one in matrix.levels if owner and one.role == owner.role), None)
    return level.max_discount_pct if level else None


def _orders(source: TermsSource, choices: TermsChoices) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=one.order_id, label=f"{one.order_id} {one.description}", chosen=one.order_id in choices.change_orders)
        for one in source.change_orders
    )


def signers(source: TermsSource, chosen: str | None) -> tuple[Choice, ...]:
    """Contacts with signing right."""
    return tuple(
        Choice(value=one.contact_id, label=f"{one.name}, {one.title}" if one.title else one.name, chosen=one.contact_id == chosen)
        for one in source.contacts
        if one.may_sign
    )


def _preview(session: Session, renewal: Renewal, stored: Draft, result: TermsResult | None, rules: cases.Rules) -> Preview | None:
    if result is None or result.terms is None:
        return None
    terms: Terms = result.terms
    staff = people.everybody(session)
    steps = facts.approval_steps(terms, renewal.owner_id, staff, rules.matrix, stored.created_by)
    needs = tuple(one.role or one.name for one in facts.approvers(steps, staff))
    return Preview(monthly=terms.monthly, total=terms.total, needs=needs)


def _carried(session: Session, renewal: Renewal, button: Button, rules: cases.Rules) -> str:
    """The token of the newer draft's own edit button, when its card is shown; else the one at hand, which decides nothing any more."""
    gate = gates.open_of(session, renewal.id, renewal.version)
    token = token_of(rules.token_secret, f"{renewal.id}/draft/{renewal.draft_number}", Action.DRAFT_EDIT, "", gate)
    return token if session.get(Button, token) else button.token
