"""E-mail over SMTP against the local world's mail server: sent once, refused, or nobody can tell; each is told apart."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contractops.operator.adapters.mail import SmtpConfig, SmtpMailer
from contractops.tools.errors import InputError, OutcomeUnknown, VendorError
from contractops.tools.ports import Mail
from tests.localworld.worlds import RunningWorld

KEY = "mail.send:ENT-3391#1:0:abc"
MAIL = Mail(
    address="maria@example.com", name="María Ortiz", subject="3 days to decide: Zürich Kran", text="Decide by Fri 5 Feb 2027. ≥ 60 days.\n"
)


def wall() -> datetime:
    return datetime.now(UTC)


def config(port: int, **changes: Any) -> SmtpConfig:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "desk@prairie.example", "timeout": 2.0}
    return SmtpConfig(**{**given, **changes})


@pytest.fixture
def mailer(world: RunningWorld) -> SmtpMailer:
    return SmtpMailer(config(world.get("/_world/mail")["smtp_port"]), wall)


def mails(world: RunningWorld, message_id: str) -> list[dict[str, Any]]:
    return [one for one in world.get("/_world/mail")["mails"] if one["message_id"] == message_id]


def test_a_mail_arrives_as_it_was_given(world: RunningWorld, mailer: SmtpMailer) -> None:
    """Subject, text and address arrive in any script, under the id that was returned."""
    message_id = mailer.send(MAIL, KEY)
    [found] = mails(world, message_id)
    assert (found["from"], found["to"], found["subject"], found["text"]) == (
        "desk@prairie.example",
        [MAIL.address],
        MAIL.subject,
        MAIL.text,
    )


def test_the_same_key_is_the_same_message_id(mailer: SmtpMailer) -> None:
    """A second copy can be known as one; another key is another mail."""
    assert mailer.send(MAIL, "one") == mailer.send(MAIL, "one") == mailer.message_id("one")
    assert mailer.message_id("one") != mailer.message_id("two")
    assert mailer.message_id("one").endswith("@prairie.example>")


@pytest.mark.parametrize(("status", "permanent"), [(451, False), (550, True)])
def test_a_refusal_sent_nothing(world: RunningWorld, mailer: SmtpMailer, status: int, permanent: bool) -> None:
    """4xx may be tried later, 5xx never; neither is an unknown outcome."""
    world.fault("status", "message", "mail", status=status)
    with pytest.raises(VendorError) as refused:
        mailer.send(MAIL, f"refused {status}")
    assert not isinstance(refused.value, OutcomeUnknown)
    assert refused.value.permanent is permanent
    assert (refused.value.retry_at is None) is permanent
    assert mails(world, mailer.message_id(f"refused {status}")) == []


@pytest.mark.parametrize(("kind", "there"), [("drop_after_commit", 1), ("drop_before", 0)])
def test_silence_after_the_text_is_an_unknown_outcome(world: RunningWorld, mailer: SmtpMailer, kind: str, there: int) -> None:
    """The two cases look the same from here: one was taken, one was not."""
    world.fault(kind, "message", "mail")
    with pytest.raises(OutcomeUnknown):
        mailer.send(MAIL, kind)
    assert len(mails(world, mailer.message_id(kind))) == there


def test_an_answer_later_than_the_time_out_is_an_unknown_outcome(world: RunningWorld) -> None:
    """We stop waiting; the server may still take it."""
    world.fault("delay", "message", "mail", seconds=1.5)
    hurried = SmtpMailer(config(world.get("/_world/mail")["smtp_port"], timeout=0.5), wall)
    with pytest.raises(OutcomeUnknown):
        hurried.send(MAIL, "late")


def test_nobody_answers_is_known_not_to_be_sent() -> None:
    """No connection, no mail: it may be tried again."""
    with pytest.raises(VendorError) as problem:
        SmtpMailer(config(9), wall).send(MAIL, KEY)
    assert not isinstance(problem.value, OutcomeUnknown)
    assert problem.value.retry_at is not None
    assert problem.value.retry_at - wall() <= timedelta(minutes=1)


@pytest.mark.parametrize(
    "address", ["maria", "maria@example.com, eve@example.com", "maria@example.com\r\nBcc: eve@example.com", "märia@example.com", ""]
)
def test_only_one_plain_address_is_mailed(mailer: SmtpMailer, world: RunningWorld, address: str) -> None:
    """What is no address, or more than one, reaches nobody."""
    before = len(world.get("/_world/mail")["mails"])
    with pytest.raises(VendorError) as refused:
        mailer.send(MAIL.model_copy(update={"address": address}), KEY)
    assert refused.value.permanent
    assert len(world.get("/_world/mail")["mails"]) == before


def test_a_name_or_subject_adds_no_header(mailer: SmtpMailer, world: RunningWorld) -> None:
    """Line breaks in what people wrote end no header."""
    sly = MAIL.model_copy(update={"name": "Maria\r\nBcc: eve@example.com", "subject": "Decide\r\nBcc: eve@example.com"})
    [found] = mails(world, mailer.send(sly, "sly"))
    assert found["to"] == [MAIL.address]
    assert found["subject"] == "Decide Bcc: eve@example.com"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"sender": "desk"}, "CO-SET-012"), ({"host": "mail.prairie.example"}, "CO-SET-013")],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, Any], code: str) -> None:
    """A sender that is no address; plain text to another machine."""
    with pytest.raises(InputError) as refused:
        SmtpMailer(config(25, **changes), wall)
    assert refused.value.code == code


class Login:
    """Accepts one account."""

    def __call__(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"desk", b"right"), handled=False)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """(port, certificate) of a mail server that wants STARTTLS and a login."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(wall() - timedelta(days=1)).not_valid_after(wall() + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = folder / "certificate.pem"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "key.pem")
    server = Controller(
        object(), hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True, authenticator=Login(), auth_required=True
    )
    server.port = _free_port()
    server.start()
    yield server.port, certificate
    server.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_certificate_that_nobody_vouches_for_stops_the_mail(secured: tuple[int, Path]) -> None:
    """No password and no text go over a line that may be somebody else's."""
    port, _certificate = secured
    with pytest.raises(VendorError) as refused:
        SmtpMailer(config(port, security="starttls", user="desk", password="right"), wall).send(MAIL, KEY)
    assert refused.value.code == "CO-MAI-007"


@pytest.mark.parametrize(("password", "code"), [("right", None), ("wrong", "CO-MAI-002")])
def test_login_over_starttls(secured: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, password: str, code: str | None) -> None:
    """With the right password the server takes the mail; a wrong one is said without repeating it."""
    port, certificate = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mailer = SmtpMailer(config(port, security="starttls", user="desk", password=password), wall)
    if code is None:
        mailer.check()
        assert mailer.send(MAIL, KEY)
    else:
        with pytest.raises(VendorError) as refused:
            mailer.check()
        assert refused.value.code == code
        assert password not in str(refused.value)


def test_a_server_without_starttls_gets_nothing(world: RunningWorld) -> None:
    """Asked for TLS, we never fall back to plain text."""
    with pytest.raises(VendorError) as refused:
        SmtpMailer(config(world.get("/_world/mail")["smtp_port"], security="starttls"), wall).send(MAIL, KEY)
    assert refused.value.code == "CO-MAI-006"
