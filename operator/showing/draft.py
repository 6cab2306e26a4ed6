"""Cards of a draft: the draft itself, the lengths on offer, and what an approver or a signer said to it.

Rule 1: the newest draft is the only one that can be decided; every older one says which draft replaced it, once and for all.
Rule 2: "approved" is what the approval rows say; "sent" is what the receipt says.
"""

from __future__ import annotations

from decimal import Decimal

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import prices, wording
from contractops.operator.showing import facts
from contractops.operator.showing.scene import US, Scene, terms_of
from contractops.operator.showing.states import PARKED, decided, sending, waits_for
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import (
    Act,
    Added,
    Blocked,
    Closed,
    DeclinedBy,
    DraftCard,
    DraftChange,
    DraftState,
    Offer,
    OffersCard,
    OwnerApproved,
    PercentChange,
    PriceBuild,
    Removed,
    Replaced,
    TermChange,
    TextChange,
)
from contractops.operator.slack.views_outcome import PersonsText, TextReply
from contractops.operator.store.tables import Draft
from contractops.tools.pricing import UpliftKind
from contractops.tools.terms import TermChange as Difference
from contractops.tools.terms import Terms, TermsChoices, can_be_approved, difference, offered
from contractops.tools.values import Finding, Money, Severity

_HAS_BUTTONS = (Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT)
_SENT_BACK = (Event.REFUSE, Event.DISPUTE)


def draft(scene: Scene) -> DraftCard | TextReply:
    """The terms of one draft, and what became of it."""
    number = int(scene.card.key.rsplit("/", 1)[1])
    stored = scene.draft(number)
    if stored is None:
        return TextReply(text=f"Draft {number} is not stored.")
    terms = terms_of(stored)
    state = draft_state(scene, stored, terms)
    steps = facts.approval_steps(terms, scene.row.owner_id, scene.staff, scene.rules.matrix, stored.created_by)
    return DraftCard(
        **scene.base,
        number=number,
        months=terms.term_months,
        monthly=terms.monthly,
        today=terms.current,
        change=terms.change_pct,
        total=terms.total,
        start=terms.start,
        end=terms.end,
        sign_by=terms.decide_by,
        otherwise=facts.renewal_of(terms),
        changes=_changes(scene, number, terms),
        price=_price(terms),
        arr_change=terms.arr_effect,
        floor=terms.floor,
        floor_kept=terms.floor_kept,
        service=facts.service(terms.service, scene.facts.target_pct, terms.currency),
        credit_use=terms.credit,
        orders_in=tuple(one.order_id for one in terms.change_orders),
        orders_out=_left_out(scene, terms),
        approvals=facts.approvers(steps, scene.staff),
        over=facts.over(steps),
        signer=terms.signer.name if terms.signer else "nobody yet",
        author=Act(by=scene.name(stored.created_by), at=stored.created_at),
        fingerprint=stored.terms_hash,
        price_book=terms.price_book_version,
        cpi=terms.cpi_label,
        warnings=tuple(one for one in terms.findings if one.severity is Severity.WARNING),
        state=state,
        buttons=_buttons(scene, stored, terms, state),
    )


def draft_state(scene: Scene, stored: Draft, terms: Terms) -> DraftState | None:
    """What became of a draft; None while its owner can approve it."""
    newer = scene.draft(stored.number + 1)
    if newer is not None:
        return Replaced(by_number=newer.number, at=newer.created_at)
    match scene.stage:
        case Stage.IN_REVIEW:
            return _in_review(scene, stored, terms)
        case Stage.APPROVED | Stage.OUT_FOR_SIGNATURE | Stage.SIGNED | Stage.UPDATING_CRM | Stage.RENEWED:
            return _approved(scene, stored)
        case _:
            return Closed(why=_closed(scene, stored))


def _closed(scene: Scene, stored: Draft) -> str:
    """Why the newest draft cannot be decided although nobody approved it."""
    safe_on, why = scene.row.safe_on, "No longer open"
    match scene.stage:
        case Stage.PREPARING:
            why = f"Draft {stored.number + 1} is being prepared"
        case Stage.NOT_RENEWING:
            why = f"Not renewing, decided by {_by(scene, Event.STOP)}"
        case Stage.LET_RENEW:
            why = f"Renews as it is, decided by {_by(scene, Event.LET_RENEW)}"
        case Stage.MISSED if safe_on is not None:
            why = f"The window closed on {wording.day(safe_on)}"
        case Stage.NEEDS_PERSON:
            why = "Waits for a person, see the newest message of this thread"
    return why


def _by(scene: Scene, event: Event) -> str:
    act = decided(scene, event)
    return f"{act.by}, {wording.moment(act.at, scene.zone)}"


def _in_review(scene: Scene, stored: Draft, terms: Terms) -> DraftState | None:
    """Open, blocked, waiting for the next approver, or sent back."""
    gate = scene.gate
    if gate is None:
        return Closed(why="The answer is being worked on")
    if gate.kind == "approver":
        given = scene.approvals(stored.number, scene.row.round)
        act = Act(by=scene.name(given[0].person_id), at=given[0].at) if given else Act(by=US, at=gate.opened_at)
        return OwnerApproved(act=act, waiting_for=waits_for(scene))
    before = scene.visit(scene.row.version - 1)
    if before is not None and before.decision == Event.DECLINE:
        return DeclinedBy(act=scene.act_of(before), reason=str((before.answer or {}).get("reason", "")))
    if before is not None and before.decision in _SENT_BACK:
        return Closed(
            why=f"It came back on {wording.local_day(before.decided_at or before.opened_at, scene.zone)}; edit the terms to go on"
        )
    if not can_be_approved(terms):
        return Blocked(findings=tuple(one for one in terms.findings if one.severity is Severity.BLOCKING))
    return None


def _approved(scene: Scene, stored: Draft) -> DraftState:
    """Approved by everybody: on its way, stopped, out, or signed."""
    effect = sending(scene)
    envelope = scene.envelope(effect)
    if envelope is not None:
        if scene.stage is Stage.OUT_FOR_SIGNATURE:
            return Closed(why=f"Out for signature since {wording.moment(envelope.sent_at, scene.zone)}")
        return Closed(why="Signed by everybody")
    given = scene.approvals(stored.number, scene.row.round)
    act = Act(by=scene.name(given[-1].person_id), at=given[-1].at) if given else decided(scene, Event.APPROVE)
    if effect is not None and effect.status == PARKED:
        return Closed(why=f"Approved by {act.by}, {wording.moment(act.at, scene.zone)}. The envelope did not go out; a person must look")
    return OwnerApproved(act=act)


def _buttons(scene: Scene, stored: Draft, terms: Terms, state: DraftState | None) -> tuple[Button, ...]:
    number = stored.number
    shows = scene.row_of(*_HAS_BUTTONS, draft=number)
    match state:
        case None if scene.is_open("owner"):
            return (*scene.row_of(Action.DRAFT_APPROVE, Action.DRAFT_EDIT, Action.DRAFT_CHANGES, draft=number), *shows)
        case Blocked() if scene.is_open("owner"):
            return (
                *price_fixes(scene, terms.findings, number),
                *scene.row_of(Action.DRAFT_EDIT, Action.DRAFT_CHANGES, draft=number),
                *shows,
            )
        case OwnerApproved(waiting_for=str()):
            return (scene.button(Action.DRAFT_TAKE_BACK, draft=number), *shows)
        case Replaced():
            return (scene.button(Action.DRAFT_OPEN, about=f"{scene.row.id}/draft/{state.by_number}", draft=number),)
        case OwnerApproved() | DeclinedBy():
            return shows
        case _:
            return ()


def price_fixes(scene: Scene, findings: tuple[Finding, ...], draft: int | None = None) -> tuple[Button, ...]:
    """What settles the first order without a price: a price, or going on without it, where other orders remain."""
    for order, until in list(prices.missing_in(findings).items())[:1]:
        question = prices.key_of(order, until)
        enter = scene.button(Action.FINDING_PRICE, about=question, shown=order, draft=draft, more={"question": question})
        others = [line for line in scene.facts.source.lines if line.order_id != order]
        return (enter, scene.button(Action.FINDING_LEAVE_OUT, about=order, shown=order, draft=draft)) if others else (enter,)
    return ()


def _left_out(scene: Scene, terms: Terms) -> tuple[str, ...]:
    inside = {one.order_id for one in terms.change_orders}
    return tuple(one.order_id for one in scene.facts.source.change_orders if one.order_id not in inside)


def _price(terms: Terms) -> PriceBuild:
    """How the price is built; the base is what of today's price is carried into the new term, from the reasons of the price."""
    rise = next((one.values for one in terms.reasons if one.code == "price.uplift"), {})
    base = Money(amount=Decimal(str(rise.get("base", terms.current.amount))), currency=terms.currency)
    ref = terms.uplift.ref
    clause = f", clause {ref.clause}" if ref and ref.clause else ""
    ground = {
        UpliftKind.UP_TO: f"cap{clause}" if terms.uplift_pct == terms.uplift.percent else f"within the cap{clause}",
        UpliftKind.FIXED: f"fixed{clause}",
    }
    return PriceBuild(
        base=base,
        uplift=terms.uplift_pct,
        ground=ground.get(terms.uplift.kind, ""),
        listed=terms.uplifted,
        discount=terms.discount_pct,
        result=terms.monthly,
    )


# What changed


def _changes(scene: Scene, number: int, terms: Terms) -> tuple[DraftChange, ...]:
    """What a person changed since the draft before, in his words; results of it are on the card anyway."""
    before = scene.draft(number - 1)
    if before is None:
        return ()
    found = (_change(one) for one in difference(terms_of(before), terms))
    return tuple(one for one in found if one is not None)


_PER_CENTS = {"uplift_pct": "price rise", "discount_pct": "discount"}
_TEXTS = {
    "signer": "signer",
    "billing_contact": "billing contact",
    "credit": "use of the credit",
    "free_months": "free months",
    "price_book_version": "price book",
    "cpi_label": "CPI",
}


def _change(one: Difference) -> DraftChange | None:
    change: DraftChange | None = None
    if one.field == "term_months":
        change = TermChange(old=int(str(one.old)), new=int(str(one.new)))
    elif one.field in _PER_CENTS:
        change = PercentChange(what=_PER_CENTS[one.field], old=Decimal(str(one.old)), new=Decimal(str(one.new)))
    elif one.field in _TEXTS:
        change = TextChange(what=_TEXTS[one.field], old=_said(one.old), new=_said(one.new))
    elif one.field == "exit_after_month":
        change = _appeared("exit right after month {}", one)
    elif one.field == "true_up":
        change = Added(what="yearly true-up") if one.new else Removed(what="yearly true-up")
    elif one.field in {"change_orders", "lines"}:
        change = _orders(one)
    return change


def _said(value: object) -> str:
    return "nobody" if value is None else str(value).replace("_", " ")


def _appeared(words: str, one: Difference) -> DraftChange:
    if one.old is not None and one.new is not None:
        return TextChange(what=words.rsplit(" ", 1)[0], old=str(one.old), new=str(one.new))
    return Added(what=words.format(one.new)) if one.new is not None else Removed(what=words.format(one.old))


def _orders(one: Difference) -> DraftChange | None:
    old = one.old if isinstance(one.old, tuple) else ()
    new = one.new if isinstance(one.new, tuple) else ()
    added = [each for each in new if each not in old]
    if added:
        return Added(what=wording.listing(added))
    gone = [each for each in old if each not in new]
    return Removed(what=wording.listing(gone)) if gone else None


# Offers and answers to a draft


def offers(scene: Scene) -> OffersCard | TextReply:
    """The lengths beside draft 1; they can be taken while that draft can be decided."""
    number = int(scene.card.args.get("draft", 1))
    stored = scene.draft(number)
    if stored is None:
        return TextReply(text=f"Draft {number} is not stored.")
    terms = terms_of(stored)
    is_open = scene.is_open("owner") and scene.stage is Stage.IN_REVIEW and number == scene.row.draft_number
    found = []
    for one in offered(scene.facts.source, TermsChoices.model_validate(stored.choices)):
        same = one.term_months == terms.term_months and one.discount_pct == terms.discount_pct
        about = str(one.term_months)
        token = scene.button(Action.OFFER_USE, about=about, draft=number).token if is_open and not same else None
        found.append(Offer(months=one.term_months, monthly=one.monthly, change=one.change_pct, token=token))
    return OffersCard(**scene.base, number=number, offers=tuple(found))


def declined(scene: Scene) -> PersonsText:
    """An approver's no, with his reason; the way on while the draft is with its owner."""
    args = scene.card.args
    number = int(args["draft"])
    is_open = scene.is_open("owner") and number == scene.row.draft_number
    return PersonsText(
        who=scene.name(args.get("by")),
        did=f"declined draft {number}",
        text=str(args.get("reason", "")),
        account=scene.facts.account_name,
        buttons=scene.row_of(Action.DRAFT_EDIT, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER, draft=number) if is_open else (),
    )
