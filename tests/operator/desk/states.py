"""States of ENT-3391 in which cards with buttons stand in Slack, each made from the flagged renewal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import NewEffect
from contractops.operator.clock import wall_now
from contractops.operator.performers import Signing
from contractops.operator.store import gates, ledger, records
from contractops.operator.store.tables import Draft, Effect
from tests.localworld.worlds import WEB
from tests.operator.desk.office import RENEWAL, Office, Place

MARIA, DANA, JO, LENA, OMAR = "U0MARIA", "U0DANA", "U0JO", "U0LENA", "U0OMAR"


State = Callable[[Office], None]


def begin(office: Office, state: State) -> None:
    """Bring an office that nobody has touched into ``state``; the states on the way are made once and copied."""
    office.fresh = True
    state(office)
    office.fresh = False


def kept(state: State) -> State:
    """A state that others are made from: made by ``begin`` once, then copied."""

    @wraps(state)
    def reach(office: Office) -> None:
        fresh, made = office.fresh, office.template.database.parent / state.__name__
        if fresh and made.exists():
            office.restore(Place.at(made))
        else:
            state(office)
            if fresh:
                office.keep(made)
        office.fresh = False

    return reach


def answer(office: Office, event: Event, by: str = "maria.ortiz", **given: object) -> None:
    """A person's answer to the open question, and everything that follows."""
    office.answer(event, by, dict(given))
    office.drain()


def flagged(office: Office) -> None:
    """As it is."""
    assert office.stage() == "flagged"


def two_readings(office: Office) -> None:
    """The clause does not say what becomes of a last day that is a day off."""
    office.change(records.Contract, "ENT-3391", notice_roll=None)
    office.rewrite({f"{RENEWAL}/root"})


def snoozed(office: Office) -> None:
    answer(office, Event.SNOOZE, until="2026-12-14T15:00:00+00:00")


@kept
def drafted(office: Office) -> None:
    answer(office, Event.PREPARE)


@kept
def redrafted(office: Office) -> None:
    """Draft 2: 36 months with 12.00 %, which is over Maria's limits."""
    drafted(office)
    with office.database.read() as session:
        choices = session.get_one(Draft, (RENEWAL, 1)).choices
    answer(office, Event.EDIT, choices={**choices, "term_months": 36, "discount_pct": "12.00"})


@kept
def asked(office: Office) -> None:
    """Maria has approved draft 2; Dana is asked."""
    redrafted(office)
    answer(office, Event.APPROVE)


def reminded(office: Office) -> None:
    """Half of Dana's time is gone."""
    asked(office)
    office.at("2026-12-09T18:00:00+00:00")


def declined(office: Office) -> None:
    asked(office)
    answer(office, Event.DECLINE, "dana.whitfield", reason="Too much for too long.")


@kept
def sent(office: Office) -> None:
    asked(office)
    answer(office, Event.APPROVE, "dana.whitfield")
    assert office.stage() == "out_for_signature"


def envelope(office: Office) -> tuple[str, list[str]]:
    """The id of the newest envelope and its signers in order."""
    found = office.world.get("/_world/docusign/envelopes")[-1]
    signers = sorted(found["recipients"]["signers"], key=lambda one: int(one["routingOrder"]))
    return found["envelopeId"], [one["email"] for one in signers]


def at_docusign(office: Office, recipient: str, action: str, **more: str) -> None:
    envelope_id, _signers = envelope(office)
    office.world.post("/_world/docusign/act", {"envelope_id": envelope_id, "recipient": recipient, "action": action, **more})


def opened(office: Office) -> None:
    """Opened, and then silent for more than a week."""
    sent(office)
    at_docusign(office, envelope(office)[1][0], "open")
    office.drain()
    office.at("2026-12-18T18:00:00+00:00")


def unopened(office: Office) -> None:
    """Out for three working days, and nobody has looked."""
    sent(office)
    office.at("2026-12-11T18:00:00+00:00")


def bounced(office: Office) -> None:
    """The invitation came back."""
    sent(office)
    at_docusign(office, envelope(office)[1][0], "bounce")
    office.poll()


def late_out(office: Office) -> None:
    """Two weeks are left, and the envelope was not even opened."""
    sent(office)
    for when in ("2026-12-11T18:00:00+00:00", "2027-01-22T15:30:00+00:00"):
        office.at(when)


def in_group(office: Office) -> None:
    """Two of three VPs must approve; none has."""
    two_must_approve(office)
    asked(office)


def two_must_approve(office: Office) -> None:
    """Sam and Jo are VPs too, and the policy wants two of them."""
    for person in ("sam.okafor", "jo.lang"):
        office.change(records.Person, person, role="vp_sales", deputy_id=None)
    office.with_levels(lambda one: one.model_copy(update={"needed": 2}) if one.role == "vp_sales" else one)


def many_approvals(office: Office) -> None:
    """Dana is asked for five at once: the present draft stands under four more renewals."""
    asked(office)
    office.ask_too(4, "dana.whitfield")
    office.drain()


@kept
def notice_out(office: Office) -> None:
    """The notice was sent to Dana for our signature."""
    stopped(office)
    office.click(MARIA, office.card("not_renewing"), "notice_send")
    assert not office.submit(MARIA, {"comment": "Agreed with Sam."})["errors"]
    office.poll()


def notice_signed(office: Office) -> None:
    notice_out(office)
    at_docusign(office, envelope(office)[1][0], "sign")
    office.poll()


def notice_declined(office: Office) -> None:
    notice_out(office)
    at_docusign(office, envelope(office)[1][0], "decline", reason="Let us offer them a year first.")
    office.poll()


def refused(office: Office) -> None:
    sent(office)
    at_docusign(office, envelope(office)[1][0], "decline", reason="Legal wants a cap on price rises.")
    office.drain()
    assert office.stage() == "in_review"


@kept
def signed(office: Office) -> None:
    """Signed by everybody, written to the CRM."""
    sent(office)
    for signer in envelope(office)[1]:
        at_docusign(office, signer, "sign")
    office.drain()
    assert office.stage() == "renewed"


def conflicting(office: Office) -> None:
    """Signed and written, but a person had changed a field in the CRM meanwhile."""
    sent(office)
    edit = {"object": "Contract", "external_id": "ENT-3391", "fields": {"Billing_Contact__c": "Tom Reyes"}, "by": "J. Kim"}
    office.world.post("/_world/salesforce/edit", edit)
    for signer in envelope(office)[1]:
        at_docusign(office, signer, "sign")
    office.drain()
    assert office.stage() == "renewed"
    signed_card = next(one for one in office.cards() if one.kind == "signed")
    assert signed_card.args["receipt"]["conflicts"], signed_card.args["receipt"]


def long_missed(office: Office) -> None:
    """The contract's own last day has passed too."""
    missed(office)
    office.at("2027-02-08T15:30:00+00:00")


def differs(office: Office) -> None:
    """Signed, but not what was approved: the answer of the comparison is written by hand."""
    sent(office)
    for signer in envelope(office)[1]:
        at_docusign(office, signer, "sign")
    office.jobs.poll()
    effect = _intended(office, "docusign.fetch")
    signer = office.operator.signer
    assert signer is not None
    fetched = Signing(office.database, office.operator.core.clock, signer, signer).fetch(effect)
    assert fetched.follow is not None
    places = [{"page": 2, "approved": "36 months", "signed": "24 months"}]
    now = office.operator.core.clock.now()
    with office.database.write() as session:
        answered = fetched.data | {"differences": places}
        gates.decide(session, gates.key_of(RENEWAL, effect.version), "", Event.DIFFER, by=gates.MACHINE, at=now, answer=answered)
        fetched.follow(session, effect, now)  # stores the document; the gate has its answer
        stored = session.get_one(Effect, effect.key)
        stored.status, stored.receipt = "done", fetched.data
        session.add(stored)
    office.jobs.ring(RENEWAL)
    office.drain()
    assert office.stage() == "needs_person"


def _intended(office: Office, kind: str) -> Effect:
    """Move on until an effect of ``kind`` is intended, and leave it undone."""
    while office.bell.rings:
        job, args = office.bell.rings.popleft()
        if job == "advance":
            office.jobs.advance(*args)
    office.bell.rings.clear()
    with office.database.read() as session:
        return session.exec(select(Effect).where(Effect.kind == kind)).one()


def no_terms(office: Office) -> None:
    """An order without a price: no terms can be made."""
    with office.database.read() as session:
        order = session.exec(select(records.ServiceOrder).where(records.ServiceOrder.contract_id == "ENT-3391")).first()
    assert order is not None
    office.change(records.ServiceOrder, order.id, monthly_price=None)
    office.answer(Event.PREPARE, "maria.ortiz")
    office.drain()


def price_proposed(office: Office) -> None:
    """Maria names the missing price; contract-ops have her proposal."""
    no_terms(office)
    office.click(MARIA, office.card("needs_person"), "finding_price")
    assert not office.submit(MARIA, {"price": "10250.00", "said": "Order form of the new site, page 2."})["errors"]
    assert office.cards("price")


def no_notice_period(office: Office) -> None:
    """No document states how long before the end notice must be given."""
    office.change(records.Contract, "ENT-3391", notice_length=None, notice_unit=None)
    office.rewrite({f"{RENEWAL}/root"})


def period_proposed(office: Office) -> None:
    """Maria quotes the notice period from elsewhere; contract-ops have her proposal."""
    no_notice_period(office)
    office.click(MARIA, office.card("alert"), "clause_settle")
    said = {"length": "60", "unit": "days", "ground": "quoted", "said": "Section 9.2: at least 60 days."}
    assert not office.submit(MARIA, said)["errors"]
    assert office.cards("clause")


@kept
def stopped(office: Office) -> None:
    answer(office, Event.STOP, what="end", reason="price", note="")
    assert office.stage() == "not_renewing"


def ended_by_them(office: Office) -> None:
    """The customer has given notice, and its file is here."""
    url = f"{office.world.url}/_world/slack/upload"
    kept = WEB.post(url, params={"user": MARIA, "name": "notice.pdf"}, content=b"%PDF-1.4").raise_for_status()
    office.click(MARIA, office.card("alert"), "renewal_stop")
    values = {"what": "customer_notice", "received": "2026-12-04", "reason": "price", "file": [kept.json()["id"]]}
    assert not office.submit(MARIA, values)["errors"]


def renews(office: Office) -> None:
    answer(office, Event.LET_RENEW, what="renew", reason="no_change_needed", note="")


def late(office: Office) -> None:
    """Three days are left and nobody has answered: everybody was told."""
    for when in ("2027-01-06T15:30:00+00:00", "2027-01-22T15:30:00+00:00", "2027-01-29T15:30:00+00:00", "2027-02-02T15:30:00+00:00"):
        office.at(when)


def missed(office: Office) -> None:
    office.at("2027-02-05T23:30:00+00:00")
    assert office.stage() == "missed"


def parked(office: Office) -> None:
    """A reminder whose answer was lost: nobody can tell whether it went out."""
    sent(office)
    lose_a_reminder(office, "now")
    office.drain()


def parked_together(office: Office) -> None:
    """Two reminders were lost within an hour: one message names both, their buttons stand in its thread."""
    parked(office)
    lose_a_reminder(office, "again")
    office.drain()


def lose_a_reminder(office: Office, at: str) -> None:
    """The answer to a reminder to the signer never came; ``at`` tells it from another one."""
    with office.database.write() as session:
        intent = NewEffect("docusign.resend", {"envelope": "env", "at": at})
        key = ledger.intend(session, intent, renewal_id=RENEWAL, version=office.renewal().version, at=wall_now())
        effect = ledger.claim(session, key, worker="test", at=wall_now())
        assert effect is not None
        assert ledger.park(session, effect, "no answer came")
        office.operator.workbench.tell_parked(session, effect, "no answer came", unknown=True)


def handed(office: Office) -> None:
    """Maria offers the renewal to Sam."""
    office.click(MARIA, office.card("alert"), "renewal_handover")
    assert not office.submit(MARIA, {"person": "sam.okafor", "note": "You know them."})["errors"]


def credited(office: Office) -> None:
    """The open credit of November was found."""
    office.operator.credits()
    office.drain()


def with_finance(office: Office) -> None:
    credited(office)
    office.click(MARIA, office.card("credit"), "credit_finance")
    assert not office.submit(MARIA, {"text": "Please book it."})["errors"]


def warned(office: Office) -> None:
    """Beacon University's fault nears its restore target."""
    office.at("2026-12-07T19:20:00+00:00")
    assert office.cards("restore")


def digested(office: Office) -> None:
    """Monday, 08:30 in Chicago: Maria's week."""
    office.at("2026-12-14T14:30:00+00:00")
    assert office.cards("digest")


STATES: dict[str, Callable[[Office], None]] = {
    each.__name__: each
    for each in (
        flagged, two_readings, snoozed, drafted, redrafted, asked, reminded, declined, sent, opened, refused, signed, differs, no_terms, price_proposed, no_notice_period, period_proposed, stopped,
        ended_by_them, renews,
        late, missed, parked, parked_together, handed, credited, with_finance, conflicting, long_missed, unopened, bounced, late_out, in_group, many_approvals,
        notice_out, notice_signed, notice_declined, warned, digested,
    )
}  # fmt: skip
