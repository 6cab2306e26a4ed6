"""Explanations and the texts that people send themselves: the tools' reasons, figures of the case only."""

from __future__ import annotations

from datetime import date

from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, wording
from contractops.operator.showing import explain, mails
from contractops.operator.showing.tokens import token_of
from contractops.operator.slack.actions import Action
from contractops.operator.slack.render import render
from contractops.operator.store.tables import Alert, Envelope, Gate
from tests.showing.factory import NOW, RENEWAL, SECRET, World
from tests.showing.test_signature import on_its_way
from tests.showing.test_terms import LONG, in_review
from tests.showing.test_watch import shown


def test_the_dates_are_explained_step_by_step(world: World) -> None:
    """The headline is the deadline, the tail the contract's own last day."""
    row = world.renewal()
    view = explain.why_dates(cases.overview(world.session, row, NOW, world.rules))
    assert view.headline == "Decide by Fri 5 Feb 2027, 17:00 CST (Chicago)."
    assert view.tail == "Contract's own last day: Sat 6 Feb 2027."
    assert "60 days" in render(view)["text"]


def test_the_arithmetic_ends_in_the_price_of_the_draft(world: World) -> None:
    """Only the steps of the price, with today's price first."""
    _row, draft, _gate, _card = in_review(world, **LONG)
    view = explain.arithmetic(draft)
    assert [one.code for one in view.reasons][:1] == ["price.current"]
    assert all(one.code.startswith("price.") for one in view.reasons)
    assert "USD 602,030.88 in total" in render(view)["text"]


def test_the_next_to_be_told_follows_the_ladder(world: World) -> None:
    """Manager at 30 days, contract-ops at 14, the VP at 7; nobody when the ladder is done."""
    row = world.renewal()
    told = [explain.next_told(world.session, row, NOW, world.rules)]
    for lead in (30, 14, 1):
        world.session.add(Alert(renewal_id=RENEWAL, safe_on=date(2027, 2, 5), lead=lead, status="sent", at=NOW))
        world.session.flush()
        told.append(explain.next_told(world.session, row, NOW, world.rules))
    assert told == [
        ("Sam Okafor", date(2027, 1, 6)),
        ("J. Kim", date(2027, 1, 22)),
        ("Dana Whitfield", date(2027, 1, 29)),
        None,
    ]


def test_a_notice_names_contract_end_and_receipt(world: World) -> None:
    """What a person needs to send it; it says that it is for counsel."""
    row = world.renewal(Stage.NOT_RENEWING)
    said = explain.notice_text(cases.overview(world.session, row, NOW, world.rules))
    for part in ("Northwind Logistics", "ENT-3391", "Wed 7 Apr 2027", "received by Fri 5 Feb 2027, 17:00 CST (Chicago)", "For counsel"):
        assert part in said


def test_a_nudge_is_written_to_the_one_who_has_not_signed(world: World) -> None:
    """By first name, with the date; the person sends it."""
    row, _draft, _cards, _effect = on_its_way(world, "done")
    closes = world.session.get_one(Envelope, "env-1").expires_at
    mail = mails.mail_of(world.session, Action.ENVELOPE_NUDGE, row, world.card("sent/1", "sent"), NOW, world.rules)
    assert mail is not None
    assert mail.contacts[0].name == "Priya Nair"
    assert mail.body.startswith("Hello Priya,\n\n")
    assert f"sign it by {wording.long_day(wording.local_date(closes, 'America/Chicago'))}" in mail.body


def test_a_credit_card_and_its_mail_have_the_same_figures(world: World) -> None:
    """Amount, minutes and last day come from the computed credit; a settled credit has no button."""
    row = world.renewal()
    found = cases.overview(world.session, row, NOW, world.rules)
    assert found.service is not None
    credit = next(one for one in found.service.credits if str(one.amount.amount) == "1435.00")
    about = {"service": credit.service_id, "month": str(credit.month)}
    card = world.card("credit/1", "credit", **about)
    view = shown(world, card)
    mail = mails.mail_of(world.session, Action.CREDIT_MAIL, row, card, NOW, world.rules)
    assert mail is not None
    for figure in ("USD 1,435.00", "187 minutes"):
        assert figure in render(view)["text"]
        assert figure in mail.body
    assert len(view.buttons) == 4
    key = f"{RENEWAL}:credit:{about['service']}:{about['month']}:0"
    world.decide(Gate(key=key, renewal_id=RENEWAL, version=row.version, kind="credit", payload_hash="", allowed=[], opened_at=NOW), "sent")
    view = shown(world, world.card("credit/2", "credit", **about))
    assert "Sent to finance, Maria Ortiz" in render(view)["text"]
    assert not view.buttons
    finance = shown(world, world.card("credit/1/finance", "finance", **about, sent_by="maria.ortiz", sent_at=NOW.isoformat()))
    assert str(finance.amount.amount) == "1435.00"
    assert finance.sent.by == "Maria Ortiz"


def test_a_token_tells_nothing_and_differs_by_question(world: World) -> None:
    """The same button gives the same token; another gate, card, object or secret another one."""
    row = world.renewal()
    gate = world.gate(row)
    base = token_of(SECRET, "card", Action.DRAFT_APPROVE, "", gate)
    assert base == token_of(SECRET, "card", Action.DRAFT_APPROVE, "", gate)
    gate.payload_hash = "another draft"
    others = [
        token_of(SECRET, "card", Action.DRAFT_APPROVE, "", gate),
        token_of(SECRET, "other", Action.DRAFT_APPROVE, "", gate),
        token_of(SECRET, "card", Action.DRAFT_EDIT, "", gate),
        token_of(SECRET, "card", Action.DRAFT_APPROVE, "36", gate),
        token_of(SECRET, "card", Action.DRAFT_APPROVE, "", None),
        token_of(b"another secret", "card", Action.DRAFT_APPROVE, "", gate),
    ]
    assert len({base, *others}) == len(others) + 1
    assert len(base) == len("g1.") + 32
