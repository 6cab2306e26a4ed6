"""Web hooks of DocuSign: signed by one of our keys over the very bytes, and read as a hint."""

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.operator.connect import MAX_BODY, ConnectHint, parse, verify
from contractops.tools.errors import InputError

BODY = json.dumps(
    {
        "event": "recipient-completed",
        "uri": "/restapi/v2.1/accounts/acc/envelopes/0c2f7a52-6d8e-4c57-9f0b-1f5f6a1f0b11",
        "retryCount": 0,
        "generatedDateTime": "2026-12-14T21:20:00.1234567Z",
        "data": {"accountId": "acc", "envelopeId": "0c2f7a52-6d8e-4c57-9f0b-1f5f6a1f0b11", "recipientId": "1"},
    }
).encode()


def sign(body: bytes, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def test_any_active_key_in_any_header_is_enough() -> None:
    """The old key during a rotation, the second header, any case of the header's name."""
    assert verify(BODY, {"X-DocuSign-Signature-1": sign(BODY, "new")}, ["new", "old"])
    assert verify(BODY, {"x-docusign-signature-1": sign(BODY, "old")}, ["new", "old"])
    assert verify(BODY, {"X-DocuSign-Signature-1": sign(BODY, "gone"), "X-DocuSign-Signature-2": sign(BODY, "new")}, ["new"])
    assert verify(BODY, [("X-DocuSign-Signature-100", sign(BODY, "new"))], ["new"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-DocuSign-Signature-1": ""},
        {"X-DocuSign-Signature-1": sign(BODY, "wrong")},
        {"X-DocuSign-Signature-1": sign(BODY, "key") + "=="},
        {"X-DocuSign-Signature-1": " " + sign(BODY, "key")},
        {"X-DocuSign-Signature-1": sign(BODY, "key")[:-1]},
        {"X-DocuSign-Signature-1": "ключ"},
        {"X-DocuSign-Signature-0": sign(BODY, "key")},
        {"X-DocuSign-Signature": sign(BODY, "key")},
        {"X-Authorization-Digest": sign(BODY, "key")},
    ],
)
def test_a_missing_wrong_or_malformed_signature_is_refused(headers: dict[str, str]) -> None:
    """Nothing but the exact base64 of the HMAC in a numbered header counts."""
    assert not verify(BODY, headers, ["key"])


def test_no_key_verifies_nothing() -> None:
    """Without configured keys, or with an empty one, even a matching signature is refused."""
    assert not verify(BODY, {"X-DocuSign-Signature-1": sign(BODY, "")}, [])
    assert not verify(BODY, {"X-DocuSign-Signature-1": sign(BODY, "")}, [""])


def test_a_rewritten_body_fails() -> None:
    """The same JSON in other bytes is another message."""
    again = json.dumps(json.loads(BODY), indent=1).encode()
    assert not verify(again, {"X-DocuSign-Signature-1": sign(BODY, "key")}, ["key"])


@given(st.binary(max_size=200), st.integers(0, 1599))
def test_one_flipped_bit_fails(body: bytes, place: int) -> None:
    """Integrity, for any body."""
    if body:
        flipped = bytearray(body)
        flipped[place // 8 % len(body)] ^= 1 << place % 8
        assert not verify(bytes(flipped), {"X-DocuSign-Signature-1": sign(body, "key")}, ["key"])
    assert verify(body, {"X-DocuSign-Signature-1": sign(body, "key")}, ["key"])


def test_the_hint_names_envelope_event_recipient_and_moment() -> None:
    """And its key is the same for each repetition, whatever the retry count."""
    hint = parse(BODY)
    assert (hint.envelope_id, hint.event, hint.recipient_id) == ("0c2f7a52-6d8e-4c57-9f0b-1f5f6a1f0b11", "recipient-completed", "1")
    assert hint.generated_at.tzinfo is not None
    again = parse(BODY.replace(b'"retryCount": 0', b'"retryCount": 3'))
    assert again.dedupe_key == hint.dedupe_key
    assert parse(BODY.replace(b'"recipientId": "1"', b'"recipientId": "2"')).dedupe_key != hint.dedupe_key


def test_an_envelope_event_has_no_recipient() -> None:
    """Then the key ends without one."""
    message = json.loads(BODY)
    del message["data"]["recipientId"]
    assert parse(json.dumps(message).encode()).recipient_id is None


@pytest.mark.parametrize(
    "change",
    [
        {"event": None},
        {"event": "Envelope completed; drop table"},
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": {"envelopeId": 5}},
        {"data": {"envelopeId": "../../etc"}},
        {"data": {"envelopeId": "x" * 65}},
        {"data": {"envelopeId": "e", "recipientId": ["1"]}},
        {"generatedDateTime": "yesterday"},
        {"generatedDateTime": "2026-12-14T21:20:00"},
        {"generatedDateTime": 5},
        {"generatedDateTime": None},
    ],
)
def test_malformed_messages_name_the_field(change: dict[str, Any]) -> None:
    """An InputError, never a crash: the sender was verified, its form was not."""
    with pytest.raises(InputError) as refused:
        parse(json.dumps(json.loads(BODY) | change).encode())
    assert refused.value.code == "CO-HOOK-003"


@pytest.mark.parametrize("body", [b"", b"<DocuSignEnvelopeInformation/>", b"\xff\xfe", b"[" * 200_000, b" " * (MAX_BODY + 1)])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """XML (the older format), garbage, deep nesting and great length."""
    with pytest.raises(InputError):
        parse(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(st.sampled_from(["event", "data", "envelopeId", "generatedDateTime"]), each, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_hint_or_an_input_error(value: Any) -> None:
    """No other outcome."""
    with suppress(InputError):
        assert isinstance(parse(json.dumps(value).encode()), ConnectHint)
