"""Our document through the signing service and back: written, sent, signed in the local world, fetched and compared."""

import hashlib
from datetime import UTC, datetime

import pytest

from contractops.operator.adapters.docusign import DocuSign
from contractops.operator.documents.read import Comparison, compare
from contractops.operator.documents.write import render
from contractops.tools.signature import EnvelopePlan
from tests.documents.examples import signers, terms
from tests.localworld.worlds import RunningWorld


@pytest.fixture(scope="module")
def document() -> bytes:
    return render(terms(), signers())


def sent(docusign: DocuSign, document: bytes, key: str) -> str:
    plan = EnvelopePlan(
        renewal_id="R-1", contract_id="ENT-3391", account_name="Northwind Logistics", draft_number=2, subject="Please sign", message="Hello",
        document_name="order-form.pdf", document_sha256=hashlib.sha256(document).hexdigest(), signers=signers(),
        expires_at=datetime(2027, 1, 29, 23, tzinfo=UTC), expire_after_days=53,
    )  # fmt: skip
    return docusign.send(plan, document, key)


def signed_by_both(world: RunningWorld, docusign: DocuSign, envelope: str, document: bytes) -> Comparison:
    for signer in signers():
        world.post("/_world/docusign/act", {"envelope_id": envelope, "recipient": signer.email, "action": "sign"})
    return compare(document, docusign.signed_document(envelope), signers(), docusign.state(envelope))


def test_an_honest_signature_matches(world: RunningWorld, docusign: DocuSign, document: bytes) -> None:
    """The anchors are found, both sign, the certificate follows: the signed document is the approved one."""
    envelope = sent(docusign, document, "round-trip:1")
    assert signed_by_both(world, docusign, envelope, document).differences == ()


def test_before_the_last_signature_it_does_not_match(docusign: DocuSign, document: bytes) -> None:
    """The text is right, the signers are not through."""
    envelope = sent(docusign, document, "round-trip:2")
    assert not compare(document, docusign.signed_document(envelope), signers(), docusign.state(envelope)).matches


def test_an_altered_figure_is_found_and_shown(world: RunningWorld, docusign: DocuSign, document: bytes) -> None:
    """One figure differs in what is handed out: page, approved and signed figure are named."""
    envelope = sent(docusign, document, "round-trip:3")
    world.post("/_world/docusign/tamper", {"what": "alter_document"})
    found = signed_by_both(world, docusign, envelope, document).differences
    assert len(found) >= 1
    assert all(each.page >= 1 and any(sign.isdigit() for sign in each.approved + each.signed) for each in found)


def test_a_stranger_who_signed_is_found_and_shown(world: RunningWorld, docusign: DocuSign, document: bytes) -> None:
    """Another person completed the envelope: his address stands in the difference."""
    envelope = sent(docusign, document, "round-trip:4")
    world.post("/_world/docusign/tamper", {"what": "wrong_signer"})
    world.post("/_world/docusign/act", {"envelope_id": envelope, "recipient": signers()[0].email, "action": "sign"})
    world.post("/_world/docusign/act", {"envelope_id": envelope, "recipient": signers()[1].email, "action": "sign"})
    found = compare(document, docusign.signed_document(envelope), signers(), docusign.state(envelope)).differences
    assert "alex.stranger@elsewhere.example" in " ".join(each.signed for each in found)
