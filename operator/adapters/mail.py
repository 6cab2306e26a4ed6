"""E-mail to staff, over SMTP. Fills the port ``Mailer``.

Rule 1: SMTP knows no keys and cannot be asked what it took. When the server falls silent after the text was given, the mail may or
may not be on its way, and nobody can look it up: that is ``OutcomeUnknown``, and a person decides whether it is sent again. Sending
it again unasked would be at least once, not once.
Rule 2: the Message-ID is made from the key of the effect, so the second copy that a person asks for carries the same id, and mail
systems that drop copies can do so. It is a help, no promise, and therefore not what prevents a duplicate.
Rule 3: everything before the text (connecting, TLS, login, addresses) and every refusal is known not to have been sent.
Rule 4: each step of the dialogue has a time-out; plain text only goes to a server on this machine.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES_OF_SMTP
from typing import Final

from contractops.tools.errors import InputError, OutcomeUnknown, VendorError
from contractops.tools.ports import Mail
from contractops.tools.values import sha256_of

_LATER: Final = timedelta(minutes=1)
_OK, _REFUSED_FOR_GOOD = 250, 500
_ID_DIGITS: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class SmtpConfig:
    """Where mail is handed over. ``security``: ``starttls``, ``tls`` or ``none``; ``timeout`` in seconds, for each step."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = ""
    timeout: float = 5.0


class SmtpMailer:
    """The port ``Mailer``. Raises ``InputError`` when it is made: CO-SET-012 sender, CO-SET-013 a password or a mail in plain text."""

    def __init__(self, config: SmtpConfig, wall_now: Callable[[], datetime]) -> None:
        if not _is_address(config.sender):
            raise InputError("CO-SET-012", "CONTRACTOPS_SMTP_FROM is no e-mail address.", advice="Write it like desk@company.example.")
        if config.security == "none" and config.host not in _LOOPBACK:
            raise InputError(
                "CO-SET-013", f"mail for {config.host} would go in plain text.", advice="Set CONTRACTOPS_SMTP_SECURITY to starttls or tls."
            )
        self._config = config
        self._wall_now = wall_now

    def check(self) -> None:
        """Connect, secure the line, log in, leave; sends nothing. Raises ``VendorError``."""
        with self._connected() as server:
            code, _said = server.noop()
            if code != _OK:
                raise self._refused("NOOP", code)

    def send(self, mail: Mail, key: str) -> str:
        """See ``Mailer.send``. Raises ``VendorError`` (nothing was sent) and ``OutcomeUnknown``."""
        message_id = self.message_id(key)
        message = self._message(mail, message_id)
        with self._connected() as server:
            try:
                self._addressed(server, mail.address)
            except (smtplib.SMTPException, OSError) as problem:
                raise self._not_sent(problem) from problem
            try:
                code, _said = server.data(message)
            except smtplib.SMTPDataError as problem:
                raise self._refused("DATA", problem.smtp_code) from problem
            except (smtplib.SMTPException, OSError) as problem:
                raise OutcomeUnknown(
                    "CO-MAI-004", "the mail server fell silent after it was given the text: the mail may be on its way"
                ) from problem
        if code != _OK:
            raise self._refused("the text", code)
        return message_id

    def message_id(self, key: str) -> str:
        """The Message-ID of the mail of ``key``."""
        domain = self._config.sender.rpartition("@")[2]
        return f"<{sha256_of(key.encode())[:_ID_DIGITS]}@{domain}>"

    def _message(self, mail: Mail, message_id: str) -> bytes:
        if not _is_address(mail.address):
            raise VendorError("CO-MAI-005", "the address in the staff list is no e-mail address", permanent=True)
        message = EmailMessage(policy=LINES_OF_SMTP)
        message["From"] = Address("Renewal Desk", addr_spec=self._config.sender)
        message["To"] = Address(" ".join(mail.name.split()), addr_spec=mail.address)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = self._wall_now()
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # out-of-office programs answer no machine
        message.set_content(mail.text)
        return message.as_bytes()

    def _addressed(self, server: smtplib.SMTP, address: str) -> None:
        """MAIL FROM and RCPT TO. Raises ``VendorError`` for a refusal."""
        code, _said = server.mail(self._config.sender)
        if code != _OK:
            raise self._refused("the sender", code)
        code, _said = server.rcpt(address)
        if code not in {_OK, 251}:
            raise self._refused("the address", code)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that is ready for a mail. Raises ``VendorError``; leaving never does: what was taken stays taken."""
        try:
            server = self._secured()
        except (smtplib.SMTPException, OSError) as problem:
            raise self._not_sent(problem) from problem
        try:
            yield server
        finally:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()

    def _secured(self) -> smtplib.SMTP:
        config, context = self._config, ssl.create_default_context()
        if config.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(config.host, config.port, timeout=config.timeout, context=context)
        else:
            server = smtplib.SMTP(config.host, config.port, timeout=config.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if config.security == "starttls":
                server.starttls(context=context)
            if config.user:
                server.login(config.user, config.password)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server

    def _not_sent(self, problem: Exception) -> VendorError:
        """The dialogue broke before the text. Only the kind of failure is told: a server's words may quote what was sent."""
        if isinstance(problem, smtplib.SMTPAuthenticationError):
            return self._later("CO-MAI-002", "the mail server refuses the login", "Check CONTRACTOPS_SMTP_USER and _PASSWORD.")
        if isinstance(problem, smtplib.SMTPNotSupportedError):
            return self._later(
                "CO-MAI-006", "the mail server cannot do what the settings ask", "Check CONTRACTOPS_SMTP_SECURITY and _PORT."
            )
        if isinstance(problem, ssl.SSLError):
            return self._later("CO-MAI-007", "the line to the mail server is not secure", "Check its certificate and _SECURITY.")
        said = type(problem).__name__
        return self._later("CO-MAI-001", f"the mail server cannot be reached ({said})", "Check CONTRACTOPS_SMTP_HOST and _PORT.")

    def _refused(self, what: str, code: int) -> VendorError:
        message = f"the mail server refused {what}: {code}"
        if code >= _REFUSED_FOR_GOOD:
            return VendorError("CO-MAI-003", message, permanent=True)
        return self._later("CO-MAI-003", message, "")

    def _later(self, code: str, message: str, advice: str) -> VendorError:
        return VendorError(code, message, advice=advice, retry_at=self._wall_now() + _LATER)


def _is_address(text: str) -> bool:
    """One plain address (ASCII: not every server takes others), fit for a header and for the dialogue."""
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):  # which of them depends on the Python
        return False
    return text.isascii() and found.addr_spec == text and bool(found.domain) and not set(text) & set("<>\r\n\t ,")
