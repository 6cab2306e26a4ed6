"""The signed card: what was agreed, what the CRM holds now, and the one field that needs a person.

Rule 1: what the CRM holds is what was read back, never what was meant to be written.
Rule 2: two choices over a conflict are equal; a choice is "settled" when it is decided, and "written" when it is read back.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlmodel import select

from contractops.operator import cases, wording
from contractops.operator.showing.scene import Scene, terms_of
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import CrmChange, CrmConflict, SignedCard, TextReply
from contractops.operator.store.tables import Effect, Gate, Renewal
from contractops.tools.alerts import plan_alerts
from contractops.tools.crm import CrmPatch, CrmReceipt, FieldChange, FieldConflict, tally
from contractops.tools.crm_merge import same
from contractops.tools.ports import EnvelopeState
from contractops.tools.terms import Terms
from contractops.tools.values import Money

LABELS: Final = {
    "monthly_price": "monthly price",
    "currency": "currency",
    "term_start": "term start",
    "term_end": "term end",
    "term_months": "term in months",
    "discount_pct": "discount",
    "notice_by": "notice by",
    "billing_contact": "billing contact",
    "signed_on": "signed on",
}
"""CRM fields in words, in the order in which their changes are told."""

_TOLD_ORDER = (
    "monthly_price",
    "term_end",
    "term_months",
    "discount_pct",
    "billing_contact",
    "notice_by",
    "term_start",
    "currency",
    "signed_on",
)
_DATES = frozenset({"term_start", "term_end", "notice_by", "signed_on"})


def signed(scene: Scene) -> SignedCard | TextReply:
    """Signed, and written to the CRM as far as it was read back."""
    stored, fetched = scene.current, scene.effect("docusign.fetch")
    written = scene.effect("crm.write")
    if stored is None or fetched is None or fetched.receipt is None or "state" not in fetched.receipt:
        return TextReply(text=f"{scene.facts.account_name}: signed.", account=scene.facts.account_name)
    terms = terms_of(stored)
    state = EnvelopeState.model_validate(fetched.receipt["state"])
    by, title, at = _signer(terms, state)
    patch = CrmPatch.model_validate(written.payload["patch"]) if written else None
    receipt = CrmReceipt.model_validate(scene.card.args["receipt"]) if scene.card.args.get("receipt") else None
    count = tally(patch, receipt) if patch and receipt else None
    conflict = _conflict(scene, receipt, terms.currency) if receipt else None
    return SignedCard(
        **scene.base,
        number=stored.number,
        months=terms.term_months,
        until=terms.end,
        monthly=terms.monthly,
        signed_by=by,
        signed_title=title,
        signed_at=at,
        days_before=(terms.safe_on - wording.local_date(at, scene.zone)).days,
        written=count.written if count else None,
        fields=count.total if count else 0,
        changes=_changes(patch, receipt, terms) if patch and receipt else (),
        orders_added=receipt.change_orders_added if receipt else (),
        conflict=conflict,
        undecided=sum(_settled(scene, one) is None for one in receipt.conflicts) if receipt else 0,
        fingerprint=stored.terms_hash,
        next_alert=_next_alert(scene),
        buttons=_buttons(scene, conflict, receipt),
    )


def _signer(terms: Terms, state: EnvelopeState) -> tuple[str, str, datetime]:
    """(name, title, moment) of the customer's signature."""
    mine = terms.signer
    found = next((one for one in state.recipients if mine and one.email == mine.email), state.recipients[0] if state.recipients else None)
    if found is None:
        return (mine.name if mine else "the customer", mine.title if mine else "", state.changed_at)
    title = mine.title if mine and mine.email == found.email else ""
    return found.name, title, found.at or state.changed_at


def _changes(patch: CrmPatch, receipt: CrmReceipt, terms: Terms) -> tuple[CrmChange, ...]:
    """Fields that were read back with another value than before, the telling ones first."""
    by_field = {one.field: one for one in patch.changes if one.field in receipt.written and not same(one.old, one.new)}
    return tuple(_change(by_field[field], terms) for field in _TOLD_ORDER if field in by_field)


def _change(one: FieldChange, terms: Terms) -> CrmChange:
    return CrmChange(
        label=wording.sentence_case(LABELS.get(one.field, one.field)),
        old=shown(one.field, one.old, terms.currency),
        new=shown(one.field, one.new, terms.currency),
        since=terms.start if one.field == "monthly_price" else None,
    )


def shown(field: str, value: str | None, currency: str) -> str | date | Money | None:
    """A CRM value by its kind; a text that does not read as its kind stays as the CRM has it."""
    if value is None or value == "":
        return None
    try:
        if field in _DATES:
            return date.fromisoformat(value)
        if field == "monthly_price":
            return Money(amount=Decimal(value), currency=currency)
        return wording.percent(Decimal(value)) if field == "discount_pct" else value
    except (ValueError, ArithmeticError):
        return value


def _conflict(scene: Scene, receipt: CrmReceipt, currency: str) -> CrmConflict | None:
    """The first field that waits for a person; when all are settled, the last one."""
    if not receipt.conflicts:
        return None
    settled = {one.field: _settled(scene, one) for one in receipt.conflicts}
    chosen = next((one for one in receipt.conflicts if settled[one.field] is None), receipt.conflicts[-1])
    return CrmConflict(
        label=LABELS.get(chosen.field, chosen.field),
        signed=shown(chosen.field, chosen.signed, currency),
        crm=shown(chosen.field, chosen.crm, currency),
        changed_by=chosen.changed_by,
        changed_at=chosen.changed_at,
        settled=settled[chosen.field],
    )


def _settled(scene: Scene, conflict: FieldConflict) -> tuple[str, Act] | None:
    gate = scene.session.get(Gate, f"{scene.row.id}:crm:{conflict.field}", populate_existing=True)
    if gate is None or gate.decision is None:
        return None
    act = scene.act_of(gate)
    if gate.decision != "signed":
        return "CRM value kept", act
    query = select(Effect).where(Effect.renewal_id == scene.row.id, Effect.kind == "crm.overwrite")
    mine = [one for one in scene.session.exec(query) if one.payload.get("field") == conflict.field]
    done = bool(mine) and all(one.status == "done" for one in mine)
    return ("Signed value written" if done else "Signed value chosen, being written"), act


def every_field(patch: CrmPatch, receipt: CrmReceipt, currency: str) -> tuple[str, ...]:
    """Each field of the write with what became of it, in words; the change orders are one of them."""
    conflicts = {one.field: one for one in receipt.conflicts}
    wrong = {one.field: one for one in receipt.mismatches}
    said = []
    for one in sorted(patch.changes, key=lambda each: list(LABELS).index(each.field) if each.field in LABELS else len(LABELS)):
        label, new = wording.sentence_case(LABELS.get(one.field, one.field)), _words(one.field, one.new, currency)
        if one.field in conflicts:
            said.append(f"{label}: signed {new}, CRM {_words(one.field, conflicts[one.field].crm, currency)}. Not overwritten.")
        elif one.field in wrong:
            said.append(f"{label}: signed {new}, CRM {_words(one.field, wrong[one.field].old, currency)}. Not read back.")
        elif same(one.old, one.new):
            said.append(f"{label}: {new}, as before.")
        else:
            said.append(f"{label}: was {_words(one.field, one.old, currency)}, now {new}.")
    orders = wording.listing([one.order_id for one in patch.add_change_orders])
    missing = {one.order_id for one in patch.add_change_orders} - set(receipt.change_orders_added)
    became = f"{wording.listing(sorted(missing))} not added" if missing else "now added"
    return (*said, f"Change orders {orders}: were missing, {became}." if orders else "Change orders: none was missing.")


def _words(field: str, value: str | None, currency: str) -> str:
    found = shown(field, value, currency)
    match found:
        case None:
            return "not set"
        case Money():
            return wording.money(found)
        case date():
            return wording.day(found)
        case _:
            return found


def _next_alert(scene: Scene) -> tuple[date, int, date] | None:
    """The first alert of the term that follows: its day, the days before, the safe date."""
    query = select(Renewal).where(Renewal.unit_id == scene.row.unit_id, Renewal.sequence == scene.row.sequence + 1)
    following = scene.session.exec(query).first()
    if following is None or following.safe_on is None:
        return None
    working = cases.working_time(scene.session, following.owner_id, scene.rules)
    today = wording.local_date(scene.now, working.zone)
    ahead = [one for one in plan_alerts(following.safe_on, working.holiday_calendar) if one.on > today]
    return (ahead[0].on, ahead[0].level.lead_days, following.safe_on) if ahead else None


def _buttons(scene: Scene, conflict: CrmConflict | None, receipt: CrmReceipt | None) -> tuple[Button, ...]:
    shows = (*(scene.row_of(Action.CRM_FIELDS) if receipt else ()), scene.button(Action.SIGNED_DOCUMENT))
    if conflict is None or conflict.settled is not None or receipt is None:
        return shows
    field = _field_of(receipt, conflict)
    return (scene.button(Action.CRM_USE_SIGNED, about=field), scene.button(Action.CRM_KEEP, about=field), *shows)


def _field_of(receipt: CrmReceipt, conflict: CrmConflict) -> str:
    return next(one.field for one in receipt.conflicts if LABELS.get(one.field, one.field) == conflict.label)
