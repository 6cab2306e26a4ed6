"""An envelope that is out, lived through: the owner is asked about a silent signer on the right days, once each, and told at once of a bounce."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.clock import wall_now
from contractops.operator.performers import apply_envelope
from contractops.operator.store.tables import Card, Effect, Envelope
from contractops.tools.ports import EnvelopeState, RecipientState
from tests.operator.clock.simulate import Simulation, instant
from tests.operator.clock.test_answer_time import RENEWAL, ask_dana, imported

PRIYA, DANA = "priya.nair@northwind.example", "dana.whitfield@prairie.example"
MARIA = "maria.ortiz"


@pytest.fixture
def out(life: Simulation) -> Simulation:
    """Sent to Priya, then Dana, on Mon 7 Dec 2026, 11:00 in Chicago; the deadline is Fri 5 Feb 2027."""
    imported(life)
    ask_dana(life)
    life.decide(RENEWAL, Event.APPROVE, "dana.whitfield")
    assert life.renewal(RENEWAL).stage == Stage.OUT_FOR_SIGNATURE
    now = life.clock.now()
    with life.database.write() as session:
        effect = session.exec(select(Effect).where(Effect.kind == "docusign.send")).one()
        effect.status, effect.remote_id = "done", "env-1"
        closes = now + timedelta(days=53)
        row = Envelope(envelope_id="env-1", renewal_id=RENEWAL, draft_number=2, status="created", state={}, expires_at=closes, sent_at=now)
        session.add_all([effect, row])
    vendor(life, "sent")
    return life


def vendor(life: Simulation, status: str, email: str = PRIYA, *, name: str = "Priya Nair", reason: str | None = None) -> None:
    """The signing service says that the customer's signer has ``status`` since now; the operator has read it."""
    now = life.clock.now()
    people = (
        RecipientState(name=name, email=email, status=status, at=now, reason=reason),
        RecipientState(name="Dana Whitfield", email=DANA, status="sent" if status == "completed" else "created"),
    )
    state = EnvelopeState(envelope_id="env-1", status="sent", changed_at=now, recipients=people)
    with life.database.write() as session:
        row = session.get_one(Envelope, "env-1")
        apply_envelope(session, row, state.model_dump(mode="json"), now=now, wall=wall_now())
    life.sweep()


def asked(life: Simulation, kind: str = "silent") -> list[str]:
    """When Maria got the cards of ``kind`` about this renewal, at her place."""
    return [life.local(one).strftime("%a %d %b %H:%M") for one in life.to(MARIA, kind) if one.renewal == RENEWAL]


def day(month: int, number: int, hour: int = 12) -> datetime:
    return instant(date(2027 if month < 6 else 2026, month, number), hour)


def test_unopened_is_asked_on_the_third_working_day_and_once(out: Simulation) -> None:
    """Monday to Thursday, in the morning; whatever is swept after it, nothing more until the envelope is opened."""
    out.run_until(day(12, 9))
    assert asked(out) == []
    out.run_until(day(1, 20))
    assert asked(out) == ["Thu 10 Dec 09:00"]


def test_opened_and_left_is_asked_five_working_days_later(out: Simulation) -> None:
    """Opening edits the cards and sends none; the second question comes five working days after it, and is the last one before the alerts."""
    out.run_until(day(12, 11, 10))
    before = len(out.seen)
    vendor(out, "delivered")
    assert len(out.seen) == before
    with out.database.read() as session:
        root = session.get_one(Card, f"{RENEWAL}/root")
        effects = session.exec(select(Effect).where(Effect.kind == "slack.card")).all()
    assert root.revision == max(one.payload["revision"] for one in effects if one.payload["card"] == root.key)
    out.run_until(day(1, 21))
    assert asked(out) == ["Thu 10 Dec 09:00", "Fri 18 Dec 09:00"]


def test_the_last_alerts_go_on_and_no_question_comes_between_them(out: Simulation) -> None:
    """At 14 and 7 days the alert itself asks; looked at only then, the envelope brings no question of its own any more."""
    out.run_until(day(1, 20))
    vendor(out, "delivered")
    out.run_until(day(1, 30))
    assert asked(out) == ["Thu 10 Dec 09:00"]
    leads = [one.args["lead"] for one in out.to(MARIA, "reminder") if one.renewal == RENEWAL]
    assert leads[-2:] == [14, 7]


def test_a_signature_ends_the_questions_about_the_customer(out: Simulation) -> None:
    """Signed by the customer on the second day: nobody asks about her; three working days later about our own signer."""
    out.run_until(day(12, 8))
    vendor(out, "completed")
    out.run_until(day(12, 20))
    with out.database.read() as session:
        emails = [one.args["email"] for one in session.exec(select(Card).where(Card.kind == "silent")).all()]
    assert emails == [DANA]


def test_a_bounce_is_told_at_once_and_once(out: Simulation) -> None:
    """Within the sweep that follows the reading; reading it again says nothing more, and nobody asks whether she has opened it."""
    out.run_until(day(12, 7, 14))
    vendor(out, "autoresponded", reason="550 No such user")
    assert asked(out, "bounced") == ["Mon 07 Dec 14:00"]
    out.run_until(day(12, 14))
    vendor(out, "autoresponded", reason="550 No such user")
    assert asked(out, "bounced") == ["Mon 07 Dec 14:00"]
    assert asked(out) == []


def test_after_another_address_the_time_begins_anew(out: Simulation) -> None:
    """The new mailbox gets three working days of its own; when it bounces too, that is new."""
    out.run_until(day(12, 7, 14))
    vendor(out, "autoresponded")
    out.run_until(day(12, 9, 10))
    vendor(out, "sent", "ana.duarte@northwind.example", name="Ana Duarte")
    out.run_until(day(12, 15))
    assert asked(out) == ["Mon 14 Dec 09:00"]
    vendor(out, "autoresponded", "ana.duarte@northwind.example", name="Ana Duarte")
    assert len(asked(out, "bounced")) == 2


def test_a_bounce_in_the_evening_waits_for_the_morning(out: Simulation) -> None:
    """Quiet time holds for it as for everything with weeks left."""
    out.run_until(day(12, 7, 20))
    vendor(out, "autoresponded")
    assert asked(out, "bounced") == []
    out.run_until(day(12, 8, 9))
    assert asked(out, "bounced") == ["Tue 08 Dec 08:30"]
