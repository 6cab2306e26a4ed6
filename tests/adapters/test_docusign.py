"""DocuSign's adapter against the local world: what leaves, what is found again, and what a failure may be taken for."""

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contractops.operator.adapters.docusign import DocuSign
from contractops.operator.adapters.docusign_calls import RefusedByDocuSign, Timeouts
from contractops.operator.adapters.docusign_wire import KEY_FIELD, transaction_id
from contractops.operator.localworld.vendor_pdf import text_pdf
from contractops.tools.errors import Conflict, InvariantError, NotFound, OutcomeUnknown, VendorError
from contractops.tools.ports import EnvelopeControl, EnvelopeState, Signer
from contractops.tools.signature import EnvelopePlan, SignerPlan
from tests.adapters.conftest import Keys, wall
from tests.localworld.worlds import RunningWorld

Make = Callable[..., DocuSign]
DOCUMENT = text_pdf(("Order form", "USD 16,723.08 a month", "/sign-1/ /date-1/", "/sign-2/ /date-2/"))
PRIYA, DANA = "priya.nair@northwind.example", "dana.whitfield@operator.example"


def plan(**changes: Any) -> EnvelopePlan:
    people = (("customer", "Priya Nair", PRIYA, "COO"), ("supplier", "Dana Whitfield", DANA, "VP Sales"))
    signers = tuple(
        SignerPlan(role=role, name=name, email=email, title=title, order=n, anchor=f"/sign-{n}/", date_anchor=f"/date-{n}/")
        for n, (role, name, email, title) in enumerate(people, start=1)
    )
    facts: dict[str, Any] = {
        "renewal_id": "R-1", "contract_id": "ENT-3391", "account_name": "Northwind Logistics", "draft_number": 2,
        "subject": "Please sign: renewal of ENT-3391", "message": "Hello", "document_name": "order-form.pdf",
        "document_sha256": hashlib.sha256(DOCUMENT).hexdigest(), "signers": signers,
        "expires_at": datetime(2027, 1, 29, 23, tzinfo=UTC), "expire_after_days": 53,
    }  # fmt: skip
    return EnvelopePlan.model_validate(facts | changes)


def key() -> str:
    return f"envelope.send:R-1:7:{uuid.uuid4().hex}"


def act(world: RunningWorld, envelope: str, who: str, action: str, **more: Any) -> None:
    world.post("/_world/docusign/act", {"envelope_id": envelope, "recipient": who, "action": action, **more})


def asked(world: RunningWorld, operation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/_world/journal", surface="docusign", operation=operation)
    return found


def made_with(world: RunningWorld, its_key: str) -> list[Any]:
    return [each for each in world.get("/_world/docusign/envelopes") if its_key in json.dumps(each["customFields"])]


def test_it_fills_both_ports(docusign: DocuSign) -> None:
    """One class serves for sending and for changing what is out."""
    signer: Signer = docusign
    control: EnvelopeControl = docusign
    assert signer is control


def test_send_state_sign_and_fetch(world: RunningWorld, docusign: DocuSign) -> None:
    """Both sign in order; each step is seen in the state; the signed PDF has the document and the certificate."""
    envelope = docusign.send(plan(), DOCUMENT, its_key := key())
    first = docusign.state(envelope)
    assert (first.status, first.custom_key) == ("sent", its_key)
    assert [(each.email, each.status) for each in first.recipients] == [(PRIYA, "sent"), (DANA, "created")]
    act(world, envelope, PRIYA, "open")
    assert docusign.state(envelope).recipients[0].status == "delivered"
    act(world, envelope, PRIYA, "sign")
    act(world, envelope, DANA, "sign")
    last = docusign.state(envelope)
    assert (last.status, {each.status for each in last.recipients}) == ("completed", {"completed"})
    assert all(each.at and each.at.tzinfo for each in last.recipients)
    assert docusign.signed_document(envelope).startswith(b"%PDF-")


def test_the_envelope_says_what_the_plan_says(world: RunningWorld, docusign_with: Make) -> None:
    """Document, anchors, order, expiry, both keys and the web hook are on the wire; the transaction id has at most 36 characters."""
    hook = "http://127.0.0.1:9/hooks/docusign"
    docusign_with(hook_url=hook).send(plan(), DOCUMENT, its_key := key())
    body = asked(world, "envelopes.create")[-1]["request"]
    body = body.get("body", body)
    assert body["transactionId"] == transaction_id(its_key)
    assert len(body["transactionId"]) <= 36
    assert (
        body["customFields"]["textCustomFields"][0] | {"name": KEY_FIELD, "value": its_key} == body["customFields"]["textCustomFields"][0]
    )
    assert body["notification"]["expirations"] == {"expireEnabled": "true", "expireAfter": "53", "expireWarn": "0"}
    first = body["recipients"]["signers"][0]
    assert (first["routingOrder"], first["tabs"]["signHereTabs"][0]["anchorString"]) == ("1", "/sign-1/")
    assert first["tabs"]["dateSignedTabs"][0]["anchorString"] == "/date-1/"
    assert body["eventNotification"]["url"] == hook
    assert body["eventNotification"]["deliveryMode"] == "SIM"
    assert (body["eventNotification"]["includeHMAC"], body["eventNotification"]["requireAcknowledgment"]) == ("true", "true")


def test_no_web_hook_is_asked_for_when_none_can_reach_us(world: RunningWorld, docusign: DocuSign) -> None:
    """Without a public address the envelope carries no event notification: then it is polled."""
    docusign.send(plan(), DOCUMENT, key())
    body = asked(world, "envelopes.create")[-1]["request"]
    assert "eventNotification" not in body.get("body", body)


def test_other_bytes_than_the_approved_never_leave(world: RunningWorld, docusign: DocuSign) -> None:
    """A document whose hash is not the plan's is refused before any call."""
    before = len(asked(world, "envelopes.create"))
    with pytest.raises(InvariantError):
        docusign.send(plan(), DOCUMENT + b"\n", key())
    assert len(asked(world, "envelopes.create")) == before


def test_a_missing_anchor_fails_the_envelope(docusign: DocuSign) -> None:
    """A signature without its place is refused for good, with the vendor's word for it."""
    signer = plan().signers[0].model_copy(update={"anchor": "/nowhere/"})
    with pytest.raises(RefusedByDocuSign) as refused:
        docusign.send(plan(signers=(signer,)), DOCUMENT, key())
    assert refused.value.word == "ANCHOR_TAB_STRING_NOT_FOUND"
    assert refused.value.permanent


def test_a_lost_answer_is_unknown_and_leaves_one_envelope(world: RunningWorld, docusign: DocuSign) -> None:
    """Dropped after commit: OutcomeUnknown, exactly one envelope at the vendor, and the key finds it."""
    world.fault("drop_after_commit", "envelopes.create", surface="docusign")
    with pytest.raises(OutcomeUnknown):
        docusign.send(plan(), DOCUMENT, its_key := key())
    made = made_with(world, its_key)
    assert len(made) == 1
    assert docusign.find(its_key) == made[0]["envelopeId"]


def test_a_server_fault_while_sending_is_unknown_too(world: RunningWorld, docusign: DocuSign) -> None:
    """500 may come after the vendor acted; nothing here was made, and the look-up says so."""
    world.fault("status", "envelopes.create", surface="docusign", status=500)
    with pytest.raises(OutcomeUnknown):
        docusign.send(plan(), DOCUMENT, its_key := key())
    assert docusign.find(its_key) is None


def test_a_request_that_never_arrived_is_no_unknown_outcome(docusign_with: Make) -> None:
    """Nobody listens at the base URL: an ordinary VendorError, for it is certain that nothing was made."""
    adapter = docusign_with(base_url="http://127.0.0.1:9/restapi")
    with pytest.raises(VendorError) as failed:
        adapter.send(plan(), DOCUMENT, key())
    assert not isinstance(failed.value, OutcomeUnknown)


def test_find_outlives_the_transaction_id(world: RunningWorld, docusign: DocuSign) -> None:
    """After the vendor's seven days the custom field still finds the envelope."""
    envelope = docusign.send(plan(), DOCUMENT, its_key := key())
    world.post("/_world/clock", {"by_hours": 24 * 9})
    assert docusign.find(its_key) == envelope
    assert docusign.find(key()) is None


def test_two_envelopes_with_one_key_need_a_person(docusign: DocuSign) -> None:
    """The adapter does not choose between them."""
    its_key = key()
    docusign.send(plan(), DOCUMENT, its_key)
    docusign.send(plan(), DOCUMENT, its_key)
    with pytest.raises(VendorError) as failed:
        docusign.find(its_key)
    assert failed.value.permanent


def test_429_says_when_to_come_back_and_is_no_unknown_outcome(world: RunningWorld, docusign: DocuSign) -> None:
    """The waiting time is the vendor's X-RateLimit-Reset; a refused request made nothing."""
    docusign.find(key())
    world.fault("status", "envelopes.create", surface="docusign", status=429, retry_after=120)
    with pytest.raises(VendorError) as failed:
        docusign.send(plan(), DOCUMENT, key())
    assert not isinstance(failed.value, OutcomeUnknown)
    assert failed.value.retry_at is not None
    assert timedelta(seconds=90) < failed.value.retry_at - wall() <= timedelta(seconds=121)


def test_401_buys_one_new_token_and_goes_on(world: RunningWorld, docusign: DocuSign) -> None:
    """A token that died early is replaced once; when the second is refused too, that is reported and not repeated."""
    its_key = key()
    docusign.find(its_key)
    tokens = len(asked(world, "oauth.token"))
    world.fault("status", "envelopes.create", surface="docusign", status=401)
    envelope = docusign.send(plan(), DOCUMENT, its_key)
    assert len(asked(world, "oauth.token")) == tokens + 1
    assert len(made_with(world, its_key)) == 1
    world.fault("status", "envelopes.get", surface="docusign", status=401, times=4)
    with pytest.raises(VendorError):
        docusign.state(envelope)


def test_one_token_serves_many_calls(world: RunningWorld, docusign: DocuSign) -> None:
    """The token is bought once for its hour."""
    before = len(asked(world, "oauth.token"))
    docusign.find(key())
    docusign.find(key())
    assert len(asked(world, "oauth.token")) == before + 1


def test_a_slow_vendor_is_given_up_after_the_read_timeout(world: RunningWorld, docusign_with: Make) -> None:
    """The SDK has no time-out of its own: ours ends the wait, and a send that was not answered is unknown."""
    adapter = docusign_with(timeouts=Timeouts(connect=1, read=1))
    world.fault("delay", "envelopes.create", surface="docusign", seconds=4)
    with pytest.raises(OutcomeUnknown):
        adapter.send(plan(), DOCUMENT, key())


def test_unknown_envelopes_are_not_found(docusign: DocuSign) -> None:
    """404 of the vendor is NotFound, for the state and for the document."""
    with pytest.raises(NotFound):
        docusign.state(str(uuid.uuid4()))
    with pytest.raises(NotFound):
        docusign.signed_document(str(uuid.uuid4()))


def test_void_is_idempotent_and_keeps_its_reason(docusign: DocuSign) -> None:
    """Twice the same; the state tells the reason."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    docusign.void(envelope, "Taken back by Maria Ortiz")
    docusign.void(envelope, "again")
    state = docusign.state(envelope)
    assert (state.status, state.reason) == ("voided", "Taken back by Maria Ortiz")


def test_a_completed_envelope_cannot_be_voided_or_resent(world: RunningWorld, docusign: DocuSign) -> None:
    """Everybody has signed: Conflict, and the envelope stays completed."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    act(world, envelope, PRIYA, "sign")
    act(world, envelope, DANA, "sign")
    with pytest.raises(Conflict):
        docusign.void(envelope, "too late")
    with pytest.raises(Conflict):
        docusign.resend(envelope)
    assert docusign.state(envelope).status == "completed"


def test_a_decline_shows_who_and_why(world: RunningWorld, docusign: DocuSign) -> None:
    """The signer's own words are the reason; voiding what was declined changes nothing and raises nothing."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    act(world, envelope, PRIYA, "decline", reason="Legal wants a cap.")
    docusign.void(envelope, "no longer needed")
    state: EnvelopeState = docusign.state(envelope)
    assert (state.status, state.reason) == ("declined", "Legal wants a cap.")
    assert state.recipients[0].reason == "Legal wants a cap."


def test_a_bounce_shows_whose_invitation_came_back_and_why(world: RunningWorld, docusign: DocuSign) -> None:
    """The envelope is still out; the mail system's words stand at the recipient; another address ends it."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    act(world, envelope, PRIYA, "bounce")
    state = docusign.state(envelope)
    assert (state.status, state.recipients[0].status) == ("sent", "autoresponded")
    assert (state.recipients[0].reason or "").startswith("550 ")
    docusign.change_signer(envelope, PRIYA, "Priya Nair", "p.nair@northwind.example")
    assert [one.status for one in docusign.state(envelope).recipients] == ["sent", "created"]


def test_change_signer_is_idempotent_and_refuses_who_has_signed(world: RunningWorld, docusign: DocuSign) -> None:
    """Another person takes the place, also when asked twice; one who has signed stays; an unknown address is NotFound."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    for _ in range(2):
        docusign.change_signer(envelope, PRIYA.upper(), "Omar Haddad", "omar.haddad@northwind.example")
    assert [each.name for each in docusign.state(envelope).recipients] == ["Omar Haddad", "Dana Whitfield"]
    act(world, envelope, "omar.haddad@northwind.example", "sign")
    with pytest.raises(Conflict):
        docusign.change_signer(envelope, "omar.haddad@northwind.example", "Priya Nair", PRIYA)
    with pytest.raises(NotFound):
        docusign.change_signer(envelope, "nobody@northwind.example", "No Body", "no.body@northwind.example")


def test_each_look_of_who_has_not_signed_is_told(world: RunningWorld, docusign: DocuSign) -> None:
    """Twice opened, two moments; after signing nobody asks; of two signers of one name neither is told."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    assert docusign.state(envelope).recipients[0].looks == ()
    for _ in range(2):
        act(world, envelope, PRIYA, "open")
    state = docusign.state(envelope)
    assert state.recipients[0].looks == (state.recipients[0].at,) * 2, "the world's clock stands still"
    act(world, envelope, PRIYA, "sign")
    assert [each.looks for each in docusign.state(envelope).recipients] == [(), ()]


def test_looks_of_two_signers_of_one_name_are_not_told(world: RunningWorld, docusign: DocuSign) -> None:
    """The history names people only: whose look it was cannot be known."""
    twins = plan()
    same = twins.model_copy(update={"signers": tuple(one.model_copy(update={"name": "Sam Lee"}) for one in twins.signers)})
    envelope = docusign.send(same, DOCUMENT, key())
    act(world, envelope, PRIYA, "open")
    assert [(each.status, each.looks) for each in docusign.state(envelope).recipients] == [("delivered", ()), ("created", ())]


def test_resend_reminds_an_open_envelope(world: RunningWorld, docusign: DocuSign) -> None:
    """The vendor is asked to mail again; the state does not change."""
    envelope = docusign.send(plan(), DOCUMENT, key())
    docusign.resend(envelope)
    assert docusign.state(envelope).status == "sent"
    assert asked(world, "envelopes.update")[-1]["status"] == 200


def test_a_wrong_key_is_a_permanent_error_that_shows_no_secret(keys: Keys, docusign_with: Make) -> None:
    """The vendor does not know the user: told as permanent, without assertion, key or token in the text."""
    adapter = docusign_with(user_id="somebody-else")
    with pytest.raises(VendorError) as refused:
        adapter.check()
    assert refused.value.permanent
    assert "invalid_grant" in str(refused.value)
    assert "eyJ" not in str(refused.value)
    assert keys.private[40:80] not in repr(adapter._config)
