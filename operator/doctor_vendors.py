"""The checks of ``doctor`` that ask somebody outside: Slack, DocuSign, Salesforce, the local world's clock.

Rule 1: only questions that change nothing. Rule 2: an answer is reported by its error word, never by its text: that may quote a secret.
Rule 3: the scopes that are needed stand in the app manifest, nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import SecretStr

from contractops.operator import app, wording
from contractops.operator.clock import wall_now
from contractops.operator.doctor_checks import INPUT, VENDOR, Check, fail, ok, warn
from contractops.operator.settings import Settings
from contractops.tools.errors import ContractOpsError, InputError, VendorError

MANIFEST: Final = Path(__file__).parent / "slack" / "manifest.yaml"
TIMEOUT: Final = 10.0
CLOCK_TOLERANCE: Final = 30.0
"""Seconds. Tokens are signed with our time and refused when it is further off than a few minutes; HTTP dates are a second fine."""
LOOKUPS: Final = 50

_SCOPE: Final = re.compile(r"^ +- ([a-z_.:]+)")
_ADVICE: Final = {
    "invalid_auth": "Put the bot token of the installed app into CONTRACTOPS_SLACK_BOT_TOKEN (App-level token: CONTRACTOPS_SLACK_APP_TOKEN).",
    "token_revoked": "Install the app again and put the new token into the settings.",
    "account_inactive": "Install the app again and put the new token into the settings.",
    "not_allowed_token_type": "The app-level token begins with xapp-, the bot token with xoxb-.",
    "missing_scope": "Create the app-level token with connections:write (Basic Information).",
}


def checks(settings: Settings) -> Iterator[Check]:
    """Slack, its socket, the wall clock against Slack's, DocuSign, the CRM, the mail server."""
    yield from _slack(settings)
    yield _docusign(settings)
    yield _crm(settings)
    yield _mail(settings)


def accounts(settings: Settings, people: list[tuple[str, str]]) -> Iterator[Check]:
    """Whether the people without a Slack id are found by their e-mail address; at most ``LOOKUPS`` are looked up."""
    messenger = app.messenger_of(settings)
    if messenger is None or not people:
        return
    try:
        missing = [name for name, email in people[:LOOKUPS] if messenger.lookup(email) is None]
    except VendorError as problem:
        yield fail("accounts", problem.message, problem.advice or "Try again later.", VENDOR)
        return
    if missing:
        yield warn("accounts", f"no Slack account for {wording.listing(missing)}", "enter slack_id in people.csv and import it")
    else:
        yield ok("accounts", "everybody has a Slack account")


def followed_clock(url: str, stored: datetime) -> Check:
    """Whether the local world that moves business time answers, and agrees with what is stored."""
    try:
        now = datetime.fromisoformat(httpx.get(url, timeout=TIMEOUT).raise_for_status().json()["now"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as problem:
        return fail(
            "business clock",
            f"{url} does not answer ({type(problem).__name__})",
            "Start the local world, or unset CONTRACTOPS_CLOCK_URL.",
            VENDOR,
        )
    said = f"{wording.moment(stored, 'UTC')}, follows {url}"
    if abs((now - stored).total_seconds()) > CLOCK_TOLERANCE:
        return warn(
            "business clock", f"{said}, which says {wording.moment(now, 'UTC')}", "the operator takes it over when it runs: contractops run"
        )
    return ok("business clock", said)


def needed_scopes() -> frozenset[str]:
    """The bot scopes of the app manifest."""
    lines = MANIFEST.read_text(encoding="utf-8").split("bot:\n", 1)[1].splitlines()
    found = set()
    for line in lines:
        match = _SCOPE.match(line)
        if match is None:
            break
        found.add(match.group(1))
    return frozenset(found)


def _slack(settings: Settings) -> Iterator[Check]:
    if settings.slack_bot_token is None:
        yield warn("Slack", "not configured", "create the app from the manifest and set CONTRACTOPS_SLACK_BOT_TOKEN and _APP_TOKEN")
        return
    answer = _ask_slack(settings, "auth.test", settings.slack_bot_token)
    if isinstance(answer, Check):
        yield answer
        return
    granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")}
    missing = sorted(needed_scopes() - granted)
    if missing:
        said = f"{'scope' if len(missing) == 1 else 'scopes'} {', '.join(missing)} missing"
        yield warn("Slack", said, "add it under OAuth & Permissions, reinstall, run doctor again")
    else:
        yield ok("Slack", f"{answer.json().get('team', 'workspace')}, as {answer.json().get('user', 'bot')}, every scope granted")
    yield _wall_clock(answer)
    yield _socket(settings)


def _socket(settings: Settings) -> Check:
    if settings.slack_app_token is None:
        advice = "create an app-level token with connections:write and set CONTRACTOPS_SLACK_APP_TOKEN"
        return warn("Slack socket", "no app-level token: nothing is heard from Slack", advice)
    answer = _ask_slack(settings, "apps.connections.open", settings.slack_app_token)
    return answer if isinstance(answer, Check) else ok("Slack socket", "a connection may be opened")


def _ask_slack(settings: Settings, method: str, token: SecretStr) -> httpx.Response | Check:
    """The answer when it is ok, else the failed check."""
    name = "Slack" if method == "auth.test" else "Slack socket"
    url = f"{settings.slack_api_url.rstrip('/')}/{method}"
    try:
        answer = httpx.post(url, headers={"Authorization": f"Bearer {token.get_secret_value()}"}, timeout=TIMEOUT)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        return fail(
            name, f"no usable answer to {method} ({type(problem).__name__})", "Check the network and CONTRACTOPS_SLACK_API_URL.", VENDOR
        )
    if body.get("ok") is True:
        return answer
    word = str(body.get("error", answer.status_code))
    return fail(name, f"{method} is refused: {word}", _ADVICE.get(word, "See Slack's list of errors for this method."), VENDOR)


def _wall_clock(answer: httpx.Response) -> Check:
    try:
        off = (wall_now() - parsedate_to_datetime(answer.headers["date"])).total_seconds()
    except (KeyError, ValueError):
        return warn("clock", "Slack's answer has no date to compare with", "check the machine's time service yourself")
    if abs(off) > CLOCK_TOLERANCE:
        return warn("clock", f"{off:+.0f} s off Slack's", "set the machine's time service right: tokens and signatures carry its time")
    return ok("clock", f"{abs(off):.0f} s off Slack's, which is a second fine")


def _docusign(settings: Settings) -> Check:
    try:
        signer = app.docusign_of(settings)
        if signer is None:
            return warn("DocuSign", "not configured", "set CONTRACTOPS_DOCUSIGN_HOST and the others of its group")
        with closing(signer):
            signer.check()
            signer.find("contractops-doctor")  # a search that finds nothing: the account may be read
    except ContractOpsError as problem:
        return _failed("DocuSign", problem)
    hook = "web hook at " + settings.public_url if settings.public_url else f"polled every {settings.docusign_poll_seconds:.0f} s"
    if settings.public_url and not settings.hmac_keys:
        return warn("DocuSign", "web hooks cannot be verified", "set CONTRACTOPS_DOCUSIGN_HMAC_KEYS to the keys of Connect")
    return ok("DocuSign", f"token and account work, {hook}")


def _crm(settings: Settings) -> Check:
    try:
        salesforce = app.salesforce_of(settings)
        if salesforce is None:
            return ok("CRM", "embedded: no Salesforce is configured")
        with closing(salesforce):
            salesforce.check()
    except ContractOpsError as problem:
        return _failed("Salesforce", problem)
    return ok("Salesforce", "token works; every field exists; external ids are External ID and Unique")


def _mail(settings: Settings) -> Check:
    try:
        mailer = app.mailer_of(settings)
        if mailer is None:
            advice = "set CONTRACTOPS_SMTP_HOST and the others of its group: the last alerts and what Slack does not deliver go by e-mail"
            return warn("e-mail", "not configured", advice)
        mailer.check()
    except ContractOpsError as problem:
        return _failed("e-mail", problem)
    return ok(
        "e-mail",
        f"{settings.smtp_host} takes our login, {settings.smtp_security}" if settings.smtp_user else f"{settings.smtp_host} answers",
    )


def _failed(name: str, problem: ContractOpsError) -> Check:
    ours = isinstance(problem, InputError) and not problem.code.startswith("CO-CRM")  # those name what is wrong in the organisation
    status = INPUT if ours else VENDOR
    return fail(name, problem.message, problem.advice or "Try again later.", status)
