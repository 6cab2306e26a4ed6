"""DocuSign's OAuth and eSignature REST v2.1, as far as the operator speaks it, with the control routes `/_world/docusign/*`.

Rules of this module:

1. A refusal is {"errorCode", "message"} with 400, 401, 404 or 429; an OAuth refusal is {"error", "error_description"}.
2. There is no idempotency: the same `transactionId` twice makes two envelopes. It finds an envelope for seven days.
3. Voiding, resending and changing a signer obey the state machine of `docusign_state`.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final, TypeAlias, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld import docusign_definition as definition
from contractops.operator.localworld import docusign_state as state
from contractops.operator.localworld import docusign_wire as wire
from contractops.operator.localworld import jwt_grant
from contractops.operator.localworld.docusign_service import Action, SigningService, Tampering, service_of
from contractops.operator.localworld.docusign_state import DocuSignError
from contractops.operator.localworld.faults import Handler, serve
from contractops.operator.localworld.vendor_control import body_of, in_words
from contractops.operator.localworld.wall_clock import wall_now
from contractops.operator.localworld.world import Document, Fault, World

Call: TypeAlias = Callable[[SigningService, Request], Awaitable[Response]]

SURFACE: Final = "docusign"
INTEGRATION_KEY: Final = "local-integration-key"
SCOPES: Final = frozenset({"signature", "impersonation"})
TRANSACTION_LIFE: Final = timedelta(days=7)
_ACCOUNT: Final = "/restapi/v2.1/accounts/{account}"
_ENVELOPES: Final = f"{_ACCOUNT}/envelopes"
_ONE: Final = f"{_ENVELOPES}/{{envelope}}"


def routes(world: World) -> list[BaseRoute]:
    """OAuth, REST and control."""
    service = service_of(world)
    calls: tuple[tuple[str, str, str, Call], ...] = (
        ("POST", _ENVELOPES, "envelopes.create", _create),
        ("GET", _ENVELOPES, "envelopes.list", _list),
        ("PUT", f"{_ENVELOPES}/status", "envelopes.status", _list_by_body),
        ("GET", _ONE, "envelopes.get", _get),
        ("PUT", _ONE, "envelopes.update", _update),
        ("GET", f"{_ONE}/recipients", "recipients.get", _recipients),
        ("PUT", f"{_ONE}/recipients", "recipients.update", _update_recipients),
        ("GET", f"{_ONE}/documents/{{document}}", "documents.get", _document),
        ("GET", f"{_ONE}/audit_events", "audit_events.get", _audit_events),
        ("PUT", f"{_ACCOUNT}/connect/envelopes/retry_queue", "connect.retry_queue", _retry_queue),
    )
    return [
        Route("/oauth/token", _door(service, "oauth.token", _token, open_to_all=True), methods=["POST"]),
        Route("/oauth/userinfo", _door(service, "oauth.userinfo", _userinfo), methods=["GET"]),
        *(Route(path, _door(service, name, call), methods=[method]) for method, path, name, call in calls),
        Route("/_world/docusign/envelopes", _control_envelopes(service)),
        Route("/_world/docusign/act", in_words(_control_act(service)), methods=["POST"]),
        Route("/_world/docusign/tamper", in_words(_control_tamper(service)), methods=["POST"]),
        Route("/_world/docusign/deliveries", _control_deliveries(service)),
    ]


def _door(service: SigningService, operation: str, call: Call, *, open_to_all: bool = False) -> Handler:
    async def checked(request: Request) -> Response:
        if not open_to_all and not jwt_grant.is_good(SURFACE, request.headers.get("authorization", "")):
            return _refused("AUTHORIZATION_INVALID_TOKEN", "The access token provided is expired, revoked or malformed.", 401)
        if request.path_params.get("account", wire.ACCOUNT) != wire.ACCOUNT:
            return _refused("USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT", "The user does not belong to this account.", 401)
        service.wake()
        try:
            return await call(service, request)
        except DocuSignError as error:
            return _refused(error.code, str(error), error.status)

    async def door(request: Request) -> Response:
        answer = await serve(service.world, SURFACE, operation, request, checked, refuse=_broken)
        service.connect.start()
        return answer

    return door


def _broken(fault: Fault) -> Response:
    """DocuSign's answer when it is overloaded (its hourly limit) or out of order."""
    if fault.status != HTTPStatus.TOO_MANY_REQUESTS:
        return _refused("UNSPECIFIED_ERROR", "Non-successful operation.", fault.status)
    message = "The maximum number of hourly API invocations has been exceeded."
    answer = _refused("HOURLY_APIINVOCATION_LIMIT_EXCEEDED", message, fault.status)
    reset = wall_now() + timedelta(seconds=fault.retry_after)
    answer.headers["X-RateLimit-Remaining"] = "0"
    answer.headers["X-RateLimit-Reset"] = str(int(reset.timestamp()))
    return answer


def _refused(code: str, message: str, status: int) -> JSONResponse:
    return JSONResponse({"errorCode": code, "message": message}, status_code=status)


async def _body(request: Request) -> Document:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        message = "The request body is missing or improperly formatted."
        raise DocuSignError("INVALID_REQUEST_BODY", message) from error
    if not isinstance(body, dict):
        message = "The request body is not an object."
        raise DocuSignError("INVALID_REQUEST_BODY", message)
    return body


# OAuth


async def _token(service: SigningService, request: Request) -> Response:
    form = await request.form()
    expected = jwt_grant.Expected(
        public_key=(service.world.get("seed", SURFACE) or {}).get("public_key"),
        audiences={request.url.netloc, request.url.hostname or ""},
        issuer=INTEGRATION_KEY,
        subject=wire.USER,
        required=("iat", "scope"),
    )
    try:
        claims = jwt_grant.check_grant(form, expected)
    except jwt_grant.GrantRefusedError as error:
        return JSONResponse({"error": error.error, "error_description": str(error)}, status_code=400)
    if not set(str(claims["scope"]).split()) >= SCOPES:
        return JSONResponse({"error": "consent_required"}, status_code=400)
    token = jwt_grant.issue(SURFACE, datetime.fromtimestamp(claims["iat"], UTC))
    life = int(jwt_grant.TOKEN_LIFE.total_seconds())
    return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": life, "scope": claims["scope"]})


async def _userinfo(_: SigningService, request: Request) -> Response:
    account = {
        "account_id": wire.ACCOUNT,
        "is_default": True,
        "account_name": "Local account",
        "base_uri": f"{request.url.scheme}://{request.url.netloc}",
    }
    return JSONResponse({"sub": wire.USER, "name": wire.SENDER["userName"], "email": wire.SENDER["email"], "accounts": [account]})


# Envelopes


async def _create(service: SigningService, request: Request) -> Response:
    envelope = service.create(await _body(request))
    summary = {
        "envelopeId": envelope["envelopeId"],
        "uri": f"/envelopes/{envelope['envelopeId']}",
        "status": envelope["status"],
        "statusDateTime": envelope["statusChangedDateTime"],
    }
    return JSONResponse(summary, status_code=201)


async def _list(service: SigningService, request: Request) -> Response:
    query = request.query_params
    wanted = {name: _names(query.get(name)) for name in ("envelope_ids", "transaction_ids", "status")}
    return _listed(service, request, wanted)


async def _list_by_body(service: SigningService, request: Request) -> Response:
    body = await _body(request)
    query = request.query_params
    wanted = {"status": _names(query.get("status"))}
    for name, field in (("envelope_ids", "envelopeIds"), ("transaction_ids", "transactionIds")):
        wanted[name] = _texts(body, field) if query.get(name) == "request_body" else _names(query.get(name))
    return _listed(service, request, wanted)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _texts(body: Document, field: str) -> list[str]:
    value = body.get(field) or []
    if not isinstance(value, list):
        raise DocuSignError("INVALID_REQUEST_BODY", f"'{field}' is not a list.")
    return [str(each) for each in value]


def _listed(service: SigningService, request: Request, wanted: dict[str, list[str]]) -> Response:
    query = request.query_params
    if not (wanted["envelope_ids"] or wanted["transaction_ids"] or query.get("from_date")):
        message = "The request contained at least one invalid parameter. 'from_date' or 'envelope_ids' must be given."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    found = [
        each
        for each in service.envelopes()
        if (not wanted["envelope_ids"] or each["envelopeId"] in wanted["envelope_ids"])
        and (not wanted["transaction_ids"] or _has_transaction(service, each, wanted["transaction_ids"]))
        and (not wanted["status"] or wanted["status"] == ["any"] or each["status"] in wanted["status"])
        and _in_window(each, query.get("from_date"), query.get("to_date"))
        and _has_custom_field(each, query.get("custom_field"))
    ]
    return JSONResponse(wire.envelopes_view(found, _names(query.get("include"))))


def _has_transaction(service: SigningService, envelope: Document, wanted: list[str]) -> bool:
    age = service.world.now() - state.parse_stamp(envelope["createdDateTime"])
    return envelope.get("transactionId") in wanted and age <= TRANSACTION_LIFE


def _in_window(envelope: Document, from_date: str | None, to_date: str | None) -> bool:
    changed = state.parse_stamp(envelope["statusChangedDateTime"])
    return (not from_date or changed >= state.parse_stamp(from_date)) and (not to_date or changed <= state.parse_stamp(to_date))


def _has_custom_field(envelope: Document, wanted: str | None) -> bool:
    if not wanted:
        return True
    name, _, value = wanted.partition("=")
    return any(field["name"] == name and field.get("value") == value for field in envelope["customFields"]["textCustomFields"])


async def _get(service: SigningService, request: Request) -> Response:
    envelope = service.envelope(request.path_params["envelope"])
    return JSONResponse(wire.envelope_view(envelope, _names(request.query_params.get("include"))))


async def _update(service: SigningService, request: Request) -> Response:
    envelope, body, now = service.envelope(request.path_params["envelope"]), await _body(request), service.world.now()
    events: list[state.Event] = []
    if body.get("status") == "voided":
        events = state.void(envelope, str(body.get("voidedReason") or ""), now)
    elif body.get("status") == "sent":
        events = state.send(envelope, now)
    if request.query_params.get("resend_envelope") == "true":
        events += _resend(envelope, now)
    service.store(envelope, events)
    return JSONResponse({"envelopeId": envelope["envelopeId"]})


def _resend(envelope: Document, now: datetime) -> list[state.Event]:
    if envelope["status"] not in state.OPEN_STATES:
        message = "The envelope status is not valid for the requested operation."
        raise DocuSignError("ENVELOPE_INVALID_STATUS", message)
    state.note(envelope, now, "Resent Invitations", "sender")
    return [("envelope-resent", "")]


async def _recipients(service: SigningService, request: Request) -> Response:
    envelope = service.envelope(request.path_params["envelope"])
    return JSONResponse(wire.recipients_view(envelope, tabs=request.query_params.get("include_tabs") == "true"))


async def _update_recipients(service: SigningService, request: Request) -> Response:
    envelope = service.envelope(request.path_params["envelope"])
    results = []
    for change in definition.objects(await _body(request), "signers"):
        outcome = {"errorCode": "SUCCESS", "message": ""}
        try:
            state.change_signer(envelope, change, service.world.now())
        except DocuSignError as error:
            # The vendor answers 200 and puts each recipient's refusal into the results.
            outcome = {"errorCode": error.code, "message": str(error)}
        results.append({"recipientId": str(change.get("recipientId", "")), "errorDetails": outcome})
    events = _resend(envelope, service.world.now()) if request.query_params.get("resend_envelope") == "true" else []
    service.store(envelope, events)
    return JSONResponse({"recipientUpdateResults": results})


async def _document(service: SigningService, request: Request) -> Response:
    envelope, number = service.envelope(request.path_params["envelope"]), request.path_params["document"]
    if number == "combined":
        content = service.combined(envelope)
    elif number == "certificate":
        content = service.certificate(envelope)
    else:
        content = service.document(envelope, number)
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": f'file; filename="{number}.pdf"'})


async def _audit_events(service: SigningService, request: Request) -> Response:
    return JSONResponse(wire.audit_view(service.envelope(request.path_params["envelope"])))


async def _retry_queue(service: SigningService, request: Request) -> Response:
    wanted = _texts(await _body(request), "envelopeIds")
    service.connect.republish(wanted)
    results = [{"envelopeId": each, "errorDetails": {"errorCode": "SUCCESS", "message": ""}} for each in wanted]
    return JSONResponse({"retryQueue": results})


# Control


def _control_envelopes(service: SigningService) -> Handler:
    async def envelopes(_: Request) -> Response:
        service.wake()
        return JSONResponse([wire.envelope_view(each, ("recipients", "custom_fields")) for each in service.envelopes()])

    return envelopes


def _control_act(service: SigningService) -> Handler:
    async def act(request: Request) -> Response:
        body = await body_of(request, action=str, envelope_id=str, recipient=str)
        if body.get("action") not in get_args(Action):
            return _refused("INVALID_REQUEST_PARAMETER", "action is open, sign, decline or bounce", 400)
        try:
            envelope = service.act(body["envelope_id"], body["recipient"], body["action"], str(body.get("reason", "")))
        except DocuSignError as error:
            return _refused(error.code, str(error), error.status)
        service.wake()
        return JSONResponse(wire.envelope_view(envelope, ("recipients",)))

    return act


def _control_tamper(service: SigningService) -> Handler:
    async def tamper(request: Request) -> Response:
        what = (await body_of(request, what=str))["what"]
        if what not in get_args(Tampering):
            return _refused("INVALID_REQUEST_PARAMETER", "what is alter_document or wrong_signer", 400)
        service.tamper(what)
        return JSONResponse({"ok": True})

    return tamper


def _control_deliveries(service: SigningService) -> Handler:
    async def deliveries(_: Request) -> Response:
        return JSONResponse(service.connect.deliveries())

    return deliveries
