"""DocuSign answering with what nobody expects: a small server that says anything, and the real SDK in front of it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from contractops.operator.adapters.docusign import DocuSign
from contractops.operator.adapters.docusign_calls import RefusedByDocuSign
from contractops.tools.errors import OutcomeUnknown, VendorError
from tests.adapters.conftest import Keys, docusign_config, wall
from tests.adapters.test_docusign import DOCUMENT, plan

WHOLE = {
    "envelopeId": "e-1", "status": "sent", "statusChangedDateTime": "2026-12-07T15:00:00.0000000Z",
    "recipients": {"signers": [{"name": "Priya Nair", "email": "p@northwind.example", "status": "sent", "recipientId": "1"}]},
}  # fmt: skip


@dataclass
class Vendor:
    """``answer`` is (status, body) of every call but the token's; ``calls`` are the methods it saw."""

    url: str = ""
    answer: tuple[int, bytes] = (200, b"{}")
    calls: list[str] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    says = Vendor()

    class Door(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.path == "/oauth/token"
            status, body = (200, b'{"access_token": "t", "expires_in": 3600}') if token else says.answer
            if not token:
                says.calls.append(self.command)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, *args: object) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    says.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield says
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def docusign(vendor: Vendor, keys: Keys) -> Iterator[DocuSign]:
    adapter = DocuSign(replace(docusign_config(vendor.url, keys)), wall)
    yield adapter
    adapter.close()


GARBAGE = [
    b"",
    b"<html>maintenance</html>",
    b"5",
    b"null",
    b'"ok"',
    b"[]",
    b"[1]",
    b'{"envelopeId": ""}',
    b'{"errorCode": "X"}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", GARBAGE)
def test_a_send_without_a_readable_id_is_unknown(vendor: Vendor, docusign: DocuSign, body: bytes) -> None:
    """200 with anything but an id: the envelope may exist; it is asked for once and never sent twice."""
    vendor.answer = (200, body)
    with pytest.raises(OutcomeUnknown):
        docusign.send(plan(), DOCUMENT, "k")
    assert vendor.calls == ["POST"]


@pytest.mark.parametrize("body", [*GARBAGE, *(json.dumps({**WHOLE, name: wrong}).encode() for name in WHOLE for wrong in (None, "", []))])
def test_a_state_that_is_not_whole_is_a_vendor_error(vendor: Vendor, docusign: DocuSign, body: bytes) -> None:
    """No default stands in for a missing status, date or list of recipients."""
    vendor.answer = (200, body)
    with pytest.raises(VendorError):
        docusign.state("e-1")


@pytest.mark.parametrize("status", [5, "odd", "SENT!"])
def test_an_unknown_status_is_a_vendor_error(vendor: Vendor, docusign: DocuSign, status: object) -> None:
    """A word we do not know is not passed on as a state."""
    vendor.answer = (200, json.dumps({**WHOLE, "status": status}).encode())
    with pytest.raises(VendorError):
        docusign.state("e-1")


def test_a_whole_state_is_read(vendor: Vendor, docusign: DocuSign) -> None:
    """The measure of the test before."""
    vendor.answer = (200, json.dumps(WHOLE).encode())
    assert docusign.state("e-1").status == "sent"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"PDF"])
def test_a_document_that_is_no_pdf_is_a_vendor_error(vendor: Vendor, docusign: DocuSign, body: bytes) -> None:
    """Nothing but a PDF is handed to the comparison."""
    vendor.answer = (200, body)
    with pytest.raises(VendorError):
        docusign.signed_document("e-1")


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_puts_are_not_repeated_by_the_transport(vendor: Vendor, docusign: DocuSign, status: int) -> None:
    """urllib3 would repeat a PUT by itself; ours leaves that to whoever knows the effect."""
    vendor.answer = (status, b"{}")
    with pytest.raises(OutcomeUnknown):
        docusign.resend("e-1")
    assert vendor.calls == ["PUT"]


def test_a_redirect_is_not_followed(vendor: Vendor, docusign: DocuSign) -> None:
    """A token is never carried to another host."""
    vendor.answer = (302, b"")
    with pytest.raises(VendorError):
        docusign.state("e-1")
    assert vendor.calls == ["GET"]


@pytest.mark.parametrize(
    ("body", "word"),
    [(b"{}", "without"), (b'{"errorCode": 5}', "foreign"), (b'{"errorCode": "<b> secret"}', "foreign"), (b"<html>", "without")],
)
def test_a_foreign_refusal_is_told_without_its_text(vendor: Vendor, docusign: DocuSign, body: bytes, word: str) -> None:
    """Only a plain error code is repeated."""
    vendor.answer = (400, body)
    with pytest.raises(RefusedByDocuSign) as refused:
        docusign.send(plan(), DOCUMENT, "k")
    assert word in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_failed_change_of_one_recipient_is_seen_in_a_200(vendor: Vendor, docusign: DocuSign) -> None:
    """The vendor answers 200 and puts the failure into the body."""
    body: dict[str, Any] = {
        "signers": WHOLE["recipients"]["signers"],  # type: ignore[index]
        "recipientUpdateResults": [{"recipientId": "1", "errorDetails": {"errorCode": "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT"}}],
    }
    vendor.answer = (200, json.dumps(body).encode())
    with pytest.raises(RefusedByDocuSign) as refused:
        docusign.change_signer("e-1", "p@northwind.example", "Omar", "omar@northwind.example")
    assert refused.value.word == "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT"
