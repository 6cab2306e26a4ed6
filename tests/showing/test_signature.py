"""Cards from the signature on: nothing is said before its receipt is stored."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import cases
from contractops.operator.slack import views as v
from contractops.operator.slack import views_outcome as o
from contractops.operator.slack.actions import Action
from contractops.operator.slack.render import render
from contractops.operator.store.tables import Card, Draft, Effect, Envelope, Gate, Renewal
from contractops.tools.crm import CrmReceipt, SignedFacts, plan_patch
from contractops.tools.terms import Terms
from tests.showing.factory import NOW, RENEWAL, World, at, envelope_state
from tests.showing.test_terms import at_dana
from tests.showing.test_watch import actions, shown

PRIYA = ("Priya Nair", "priya.nair@northwind.example")
DANA = ("Dana Whitfield", "dana.whitfield@prairie.example")


def on_its_way(world: World, status: str, **values: Any) -> tuple[Renewal, Draft, dict[str, Card], Effect]:
    """Approved by both; the sending stands at ``status``."""
    row, draft, gate, card, second = at_dana(world)
    world.approved(draft, "dana.whitfield", 2, at(12, 7, 11, 5))
    world.decide(gate, Event.APPROVE, "dana.whitfield")
    world.move(row, Stage.APPROVED)
    world.move(row, Stage.OUT_FOR_SIGNATURE)
    effect = world.sending(row, draft, status, **values)
    gate = world.gate(row, "signature", ())
    cards = {
        "draft": card,
        "second": second,
        "sent": world.card("sent/1/0", "sent", gate, draft=1),
        "root": world.card("root", "alert", gate),
    }
    return row, draft, cards, effect


def everything(world: World, cards: dict[str, Card]) -> str:
    """All words of the cards of one renewal."""
    return " ".join(render(shown(world, card))["text"] for card in cards.values())


def test_nothing_says_sent_before_the_receipt(world: World) -> None:
    """Approved, sending…: on every card, until the vendor's receipt is stored."""
    _row, _draft, cards, _effect = on_its_way(world, "todo")
    said = everything(world, cards)
    assert "sending" in said.lower()
    assert "Sent to" not in said
    assert "Out for signature" not in said
    assert shown(world, cards["draft"]).state == v.OwnerApproved(act=v.Act(by="Dana Whitfield", at=at(12, 7, 11, 5)))
    assert Action.DRAFT_TAKE_BACK not in actions(shown(world, cards["draft"]))


def test_a_vendor_that_does_not_answer_is_named(world: World) -> None:
    """The click counts; nobody needs to click again."""
    _row, _draft, cards, _effect = on_its_way(world, "todo", last_error="time-out")
    assert "DocuSign does not answer; I keep trying" in shown(world, cards["sent"]).text


def test_a_parked_sending_never_reads_as_sent(world: World) -> None:
    """An effect that needs a person is said on every card, with the two ways out on its own."""
    _row, _draft, cards, effect = on_its_way(world, "needs_person", attempts=3)
    assert "did not go out" in shown(world, cards["sent"]).text
    assert isinstance(shown(world, cards["root"]).state, v.NeedsPerson)
    parked = world.card("parked/maria.ortiz", "parked", effect=effect.key, error="503 Service Unavailable", unknown=True)
    view = shown(world, parked)
    assert (view.effect, view.vendor, view.unknown, view.attempts) == ("the envelope for draft 1", "DocuSign", True, 3)
    assert actions(view) == [Action.EFFECT_RETRY, Action.EFFECT_DONE]
    effect.status = "todo"
    world.chain(_row, "retry", "maria.ortiz", {"effect": effect.key}, moved=False)
    view = shown(world, parked)
    assert view.settled == ("Being tried again", v.Act(by="Maria Ortiz", at=NOW))
    assert not view.buttons


def test_an_envelope_that_is_out_can_be_helped(world: World) -> None:
    """Sent to whom, until when; three ways to help."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    view = shown(world, cards["sent"])
    assert (view.signer, view.signer_title, view.countersigner) == ("Priya Nair", "COO", "Dana Whitfield")
    assert view.closes == at(1, 29, 17, year=2027)
    assert view.state is None
    assert actions(view) == [Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER, Action.ENVELOPE_VOID]
    assert shown(world, cards["root"]).state == v.OutForSignature(since=date(2026, 12, 7))
    assert shown(world, cards["second"]).state.next_step == "Sent to Priya Nair for signature, Mon 7 Dec 2026, 11:00 CST."


ENVELOPE = {"envelope": "env-1", "email": PRIYA[1]}
UNOPENED = {"code": "silence.unopened", "values": {"days": 3, "since": "2026-12-02", "on": "2026-12-07"}}


def silent_card(world: World, cards: dict[str, Card], kind: str = "silent", **args: Any) -> Card:
    """A card about Priya's silence in the visit of the envelope."""
    gate = world.session.get_one(Gate, cards["sent"].gate_key)
    return world.card(f"{kind}/env-1/priya", kind, gate, **ENVELOPE, **args)


def test_a_silent_signer_is_asked_about_with_what_helps(world: World) -> None:
    """Unopened: is it the right person? Opened and left: a word to her. How often she looked is said where the signing service tells it."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    card = silent_card(world, cards, reason=UNOPENED)
    view = shown(world, card)
    assert view.state == o.Silent(looks=(), why="Not opened 3 working days after Wed 2 Dec 2026: asked on Mon 7 Dec 2026.")
    assert actions(view) == [Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER]
    assert "Not opened yet. Is Priya still the right person? 60 days left." in render(view)["text"]
    world.envelope("delivered", [(*PRIYA, "delivered", at(11, 30, 9), None), (*DANA, "created", NOW, None)])
    view = shown(world, card)
    assert actions(view) == [Action.ENVELOPE_NUDGE]
    assert "Opened Mon 30 Nov 2026. Priya has not signed. 60 days left." in render(view)["text"]
    envelope = world.session.get_one(Envelope, "env-1")
    priya, *others = envelope.state["recipients"]
    looks = [at(11, 30, 9).isoformat(), at(12, 3, 16).isoformat()]
    envelope.state = {**envelope.state, "recipients": [{**priya, "looks": looks}, *others]}
    assert "Opened twice, last Thu 3 Dec 2026. Priya has not signed. 60 days left." in render(shown(world, card))["text"]


def test_a_question_about_a_signer_ends_when_he_has_signed(world: World) -> None:
    """She has signed and it waits for us: the card says so, and asks nothing."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    card = silent_card(world, cards, reason=UNOPENED)
    world.envelope("sent", [(*PRIYA, "completed", NOW, None), (*DANA, "sent", NOW, None)])
    view = shown(world, card)
    assert view.text == "Northwind Logistics: it waits for Dana Whitfield now."
    assert not view.buttons


def test_who_signs_for_us_is_reminded_not_replaced(world: World) -> None:
    """Our signer follows from the limits: nobody is put in his place by a button."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    world.envelope("sent", [(*PRIYA, "completed", NOW, None), (*DANA, "sent", NOW, None)])
    gate = world.session.get_one(Gate, cards["sent"].gate_key)
    card = world.card("silent/env-1/dana", "silent", gate, envelope="env-1", email=DANA[1], reason=UNOPENED)
    view = shown(world, card)
    assert (view.signer, actions(view)) == ("Dana Whitfield", [Action.ENVELOPE_RESEND])


def test_an_invitation_that_came_back_names_the_address(world: World) -> None:
    """What the mail system said is quoted; a changed address ends the question. The root says it too."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    world.envelope("sent", [(*PRIYA, "autoresponded", NOW, "550 No such user"), (*DANA, "created", NOW, None)])
    card = silent_card(world, cards, "bounced")
    view = shown(world, card)
    assert view.state == o.Bounced(email=PRIYA[1], words="550 No such user")
    assert actions(view) == [Action.ENVELOPE_SIGNER]
    assert "Out for signature since Mon 7 Dec 2026. The invitation came back." in render(shown(world, cards["root"]))["text"]
    world.envelope("sent", [("Ana Duarte", "ana@northwind.example", "sent", NOW, None), (*DANA, "created", NOW, None)])
    assert shown(world, card).text == "Northwind Logistics: it waits for Ana Duarte now."


def test_the_last_alerts_ask_about_the_signer(world: World) -> None:
    """From 14 days on the alert carries the question and what helps; before that it does not."""
    _row, _draft, cards, _effect = on_its_way(world, "done")
    gate = world.session.get_one(Gate, cards["sent"].gate_key)
    view = shown(world, world.card("reminder/2027-02-05/14", "reminder", gate, days_left=14, lead=14, form="mention"))
    assert "Priya Nair: Not opened yet. Is Priya still the right person?" in render(view)["text"]
    assert actions(view) == [Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER, Action.CARD_OPEN]
    calm = shown(world, world.card("reminder/2027-02-05/30", "reminder", gate, days_left=30, lead=30, form="broadcast"))
    assert (calm.asks, calm.buttons) == ("", ())


def test_taking_back_is_said_while_the_vendor_has_not_answered(world: World) -> None:
    """A click on "Take back" changes the card at once, and only says what is true."""
    row, _draft, cards, _effect = on_its_way(world, "done")
    void = world.effect(row, "docusign.void", {"envelope": "env-1", "reason": "Taken back by Maria Ortiz"})
    assert shown(world, cards["sent"]).text == "Northwind Logistics: Taking the envelope back…"
    world.chain(row, "docusign.void", "maria.ortiz", {"envelope": "env-1"}, moved=False)
    void.status = "done"
    world.envelope("voided", [(*PRIYA, "sent", NOW, None)], open_=False)
    view = shown(world, cards["sent"])
    assert view.state == o.Voided(act=v.Act(by="Maria Ortiz", at=NOW))
    assert not view.buttons


def test_a_declined_envelope_returns_with_the_words_of_the_signer(world: World) -> None:
    """Edit is the way on; the draft itself cannot be approved again as it is."""
    row, draft, cards, _effect = on_its_way(world, "done")
    world.envelope("declined", [(*PRIYA, "declined", NOW, "Legal wants a cap.")], open_=False)
    world.decide(world.session.get_one(Gate, f"{RENEWAL}:{row.version}"), Event.REFUSE, "machine")
    world.move(row, Stage.IN_REVIEW, round=1)
    gate = world.gate(row, draft=draft)
    cards["draft"].gate_key = gate.key
    args = {
        "at": NOW.isoformat(),
        "by_name": "Priya Nair",
        "reason": "Legal wants a cap.",
        "envelope": "env-1",
        "event": "refuse",
        "draft": 1,
    }
    view = shown(world, world.card("returned/1/0", "returned", gate, **args))
    assert view.state == o.SignerDeclined(by="Priya Nair", at=NOW, words="Legal wants a cap.")
    assert actions(view) == [Action.DRAFT_EDIT, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER]
    assert not shown(world, cards["sent"]).buttons
    assert isinstance(shown(world, cards["draft"]).state, v.Closed)


def test_an_expired_envelope_leaves_the_draft_open_again(world: World) -> None:
    """The same draft can be approved and sent again; its card has the one primary row."""
    row, draft, cards, _effect = on_its_way(world, "done")
    world.decide(world.session.get_one(Gate, f"{RENEWAL}:{row.version}"), Event.EXPIRE, "machine")
    world.move(row, Stage.IN_REVIEW, round=1)
    gate = world.gate(row, draft=draft)
    cards["draft"].gate_key = gate.key
    args = {"at": NOW.isoformat(), "envelope": "env-1", "event": "expire", "draft": 1}
    view = shown(world, world.card("returned/1/0", "returned", gate, **args))
    assert view.state == o.Expired(at=NOW)
    assert Action.DRAFT_EDIT not in actions(view)
    assert actions(shown(world, cards["draft"]))[0] is Action.DRAFT_APPROVE


def signed(world: World) -> tuple[Renewal, Card]:
    """Signed, fetched, written: nine fields hold, the billing contact was changed by a person."""
    row, draft, _cards, _effect = on_its_way(world, "done")
    state = envelope_state("completed", [(*PRIYA, "completed", at(12, 14, 15, 20), None), (*DANA, "completed", at(12, 14, 15, 30), None)])
    world.move(row, Stage.SIGNED)
    fetched = world.effect(row, "docusign.fetch", {"envelope": "env-1"}, "done")
    fetched.receipt = {"differences": [], "signed_sha256": "0" * 64, "state": state}
    world.move(row, Stage.UPDATING_CRM)
    facts = SignedFacts(signed_on=date(2026, 12, 14), signer_name="Priya Nair", document_sha256="0" * 64, renewal_key=RENEWAL)
    patch = plan_patch(Terms.model_validate(draft.terms), facts, cases.overview(world.session, row, NOW, world.rules).crm)
    world.effect(row, "crm.write", {"patch": patch.model_dump(mode="json")}, "done")
    conflict = {
        "field": "billing_contact",
        "signed": "Ana Duarte",
        "crm": "Tom Reyes",
        "changed_by": "J. Kim",
        "changed_at": at(12, 14, 15, 5),
    }
    receipt = CrmReceipt(
        contract_id="ENT-3391",
        renewal_key=RENEWAL,
        written=tuple(one.field for one in patch.changes if one.field != "billing_contact"),
        conflicts=({**conflict},),  # type: ignore[arg-type]  # pydantic reads it
        change_orders_added=tuple(one.order_id for one in patch.add_change_orders),
    )
    world.move(row, Stage.RENEWED)
    return row, world.card("signed", "signed", receipt=receipt.model_dump(mode="json"))


def test_the_signed_card_says_what_was_read_back(world: World) -> None:
    """Who signed when, what the CRM says now, and the field that a person must settle."""
    _row, card = signed(world)
    view = shown(world, card)
    assert (view.signed_by, view.signed_title, view.signed_at, view.days_before) == ("Priya Nair", "COO", at(12, 14, 15, 20), 53)
    assert (view.written, view.fields) == (view.fields - 1, view.fields)
    assert [one.label for one in view.changes[:2]] == ["Monthly price", "Term end"]
    assert view.orders_added == ("CO-118", "CO-131")
    assert (view.conflict.label, view.conflict.crm, view.conflict.settled) == ("billing contact", "Tom Reyes", None)
    assert actions(view) == [Action.CRM_USE_SIGNED, Action.CRM_KEEP, Action.CRM_FIELDS, Action.SIGNED_DOCUMENT]


def test_a_settled_conflict_is_written_only_when_it_was_read_back(world: World) -> None:
    """Choosing is not writing."""
    row, card = signed(world)
    gate = Gate(
        key=f"{RENEWAL}:crm:billing_contact",
        renewal_id=RENEWAL,
        version=row.version,
        kind="conflict",
        payload_hash="",
        allowed=[],
        opened_at=NOW,
    )
    world.decide(gate, "signed")
    effect = world.effect(row, "crm.overwrite", {"field": "billing_contact"})
    assert shown(world, card).conflict.settled[0] == "Signed value chosen, being written"
    effect.status = "done"
    view = shown(world, card)
    assert view.conflict.settled == ("Signed value written", v.Act(by="Maria Ortiz", at=NOW))
    assert Action.CRM_KEEP not in actions(view)


def test_the_next_alert_comes_from_the_term_that_was_armed(world: World) -> None:
    """Without a following term nothing is said about it."""
    row, card = signed(world)
    assert shown(world, card).next_alert is None
    following = row.model_copy(update={"id": "ENT-3391#2", "sequence": 2, "stage": "watching", "safe_on": date(2030, 2, 6)})
    world.session.add(Renewal(**following.model_dump()))
    world.session.flush()
    assert shown(world, card).next_alert == (date(2029, 10, 9), 120, date(2030, 2, 6))


def test_a_document_that_differs_waits_for_a_person(world: World) -> None:
    """Each place is shown; a decision closes the card and says who."""
    row, _draft, _cards, _effect = on_its_way(world, "done")
    world.move(row, Stage.NEEDS_PERSON)
    difference = {"page": 3, "approved": "36 months", "signed": "24 months"}
    world.chain(row, "differ", "machine", {"differences": [difference], "signed_sha256": "0" * 64})
    gate = world.gate(row, "person")
    card = world.card("trouble/1/0/differ/maria.ortiz", "needs_person", gate)
    view = shown(world, card)
    assert view.places == ("Page 3: approved “36 months”, signed “24 months”",)
    assert actions(view) == [Action.DIFFERENCE_SEE, Action.DIFFERENCE_ACCEPT, Action.DIFFERENCE_DISPUTE]
    world.decide(gate, Event.ACCEPT, reason="They chose the shorter term on purpose.")
    world.move(row, Stage.UPDATING_CRM)
    view = shown(world, card)
    assert view.settled == ("Accepted", v.Act(by="Maria Ortiz", at=NOW))
    assert view.places == ("Page 3: approved “36 months”, signed “24 months”",)
    assert not view.buttons


def test_the_team_line_has_no_price(world: World) -> None:
    """One line by stage; out only with a receipt."""
    row, _draft, _cards, effect = on_its_way(world, "todo")
    card = world.card("team", "team")
    assert shown(world, card).state == "decide"
    world.session.delete(effect)
    world.sending(row, world.session.exec(select(Draft).where(Draft.renewal_id == RENEWAL)).one(), "done")
    assert shown(world, card) == o.TeamLine(
        account="Northwind Logistics", state="out", day=date(2026, 12, 7), days_left=60, owner="Maria Ortiz"
    )
    world.move(row, Stage.RENEWED)
    assert (shown(world, card).state, shown(world, card).day) == ("renewed", date(2030, 4, 7))
