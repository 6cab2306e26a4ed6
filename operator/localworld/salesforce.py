"""Salesforce's OAuth and REST API over the local CRM, with the control routes `/_world/salesforce/*`.

Rules of this module:

1. A refusal is a list of {"message", "errorCode"}; an OAuth refusal is {"error", "error_description"}.
2. `If-Unmodified-Since` is honoured on rows with a resolution of one second: 412 when the record is younger.
3. Upsert by external id: 201 when made; when updated 200 with a body from version 46 on and an empty 204 before; 300 with the
   records' addresses when several match.
4. A composite request runs in order; with `allOrNone` a refusal undoes all of it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld import jwt_grant, salesforce_schema, salesforce_soql
from contractops.operator.localworld.faults import Handler, serve
from contractops.operator.localworld.salesforce_records import Records, parse_stamp
from contractops.operator.localworld.salesforce_schema import SalesforceError
from contractops.operator.localworld.vendor_control import body_of, in_words
from contractops.operator.localworld.wall_clock import wall_now
from contractops.operator.localworld.world import Document, Fault, World

SURFACE: Final = "salesforce"
AUDIENCES: Final = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
LONGEST_ASSERTION: Final = timedelta(minutes=5)
MOST_SUBREQUESTS: Final = 25
_UPSERT_HAS_BODY_FROM: Final = 46
_PATH: Final = re.compile(r"(?:/sf)?/services/data/v(?P<version>\d+)\.0/(?P<rest>.+)")
_NOT_FOUND: Final = "The requested resource does not exist"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call, from the wire or from inside a composite. `rest` are the path's parts after the version, percent-decoded."""

    method: str
    version: int
    rest: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Document

    @property
    def operation(self) -> str:
        """The journal's name of the call, such as "sobjects.upsert"."""
        match self.method, self.rest:
            case "GET", ("query",):
                return "query"
            case "POST", ("composite",):
                return "composite"
            case "GET", ("sobjects", _, "describe"):
                return "sobjects.describe"
            case "POST", ("sobjects", _):
                return "sobjects.create"
            case "GET" | "PATCH" | "DELETE", ("sobjects", _, *_):
                return {"GET": "sobjects.get", "PATCH": "sobjects.upsert", "DELETE": "sobjects.delete"}[self.method]
        return "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body; `body` None is an empty body."""

    status: int
    body: object = None


def routes(world: World) -> list[BaseRoute]:
    """OAuth, REST and control."""
    records = Records(world)
    methods = ["GET", "POST", "PATCH", "DELETE"]
    return [
        Route("/sf/services/oauth2/token", _token_door(world), methods=["POST"]),
        Route("/sf/services/data/{rest:path}", _rest_door(records), methods=methods),
        Route("/_world/salesforce/records", _control_records(records)),
        Route("/_world/salesforce/edit", in_words(_control_edit(records)), methods=["POST"]),
        Route("/_world/salesforce/describe", in_words(_control_describe(records)), methods=["POST"]),
    ]


# OAuth


def _token_door(world: World) -> Handler:
    async def token(request: Request) -> Response:
        form = await request.form()
        own = f"{request.url.scheme}://{request.url.netloc}/sf"
        seeded = world.get("seed", SURFACE) or {}
        expected = jwt_grant.Expected(
            public_key=seeded.get("public_key"),
            audiences=AUDIENCES | {own, own.removesuffix("/sf")},
            issuer=seeded.get("client_id"),
            subject=seeded.get("username"),
        )
        try:
            claims = jwt_grant.check_grant(form, expected)
            _check_life(claims)
        except jwt_grant.GrantRefusedError as error:
            return JSONResponse({"error": error.error, "error_description": str(error)}, status_code=400)
        return JSONResponse(
            {
                "access_token": jwt_grant.issue(SURFACE, wall_now()),
                "scope": "api",
                "instance_url": own,
                "id": f"{own}/id/00D000000000001EAA/005000000000001EAA",
                "token_type": "Bearer",
            }
        )

    async def door(request: Request) -> Response:
        return await serve(world, SURFACE, "oauth.token", request, token, refuse=_broken)

    return door


def _check_life(claims: Mapping[str, Any]) -> None:
    if datetime.fromtimestamp(claims["exp"], UTC) - wall_now() > LONGEST_ASSERTION:
        raise jwt_grant.GrantRefusedError("assertion is valid for too long")


def _broken(fault: Fault) -> Response:
    """The vendor names its request limit REQUEST_LIMIT_EXCEEDED, an overload SERVER_UNAVAILABLE."""
    code = "REQUEST_LIMIT_EXCEEDED" if fault.status == HTTPStatus.TOO_MANY_REQUESTS else "SERVER_UNAVAILABLE"
    headers = {"Retry-After": str(fault.retry_after)} if fault.status in {429, 503} else {}
    return JSONResponse(SalesforceError(code, "The request was not served.").body(), status_code=fault.status, headers=headers)


# REST


def _rest_door(records: Records) -> Handler:
    async def door(request: Request) -> Response:
        raw = await request.body()
        # The undecoded path: a key may hold a slash.
        url = f"{request.scope['raw_path'].decode()}?{request.url.query}"
        operation = _ask(request.method, url, request.headers, {}).operation

        async def handle(_: Request) -> Response:
            if not jwt_grant.is_good(SURFACE, request.headers.get("authorization", "")):
                return _wire(_refused(SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", 401)))
            records.absorb_seed()
            try:
                asked = _ask(request.method, url, request.headers, _body(raw))
                return _wire(_composite(records, asked) if operation == "composite" else _answer(records, asked))
            except SalesforceError as error:
                return _wire(_refused(error))

        return await serve(records.world, SURFACE, operation, request, handle, refuse=_broken)

    return door


def _ask(method: str, url: str, headers: Mapping[str, str], body: Document) -> Ask:
    parts = urlsplit(url)
    found = _PATH.fullmatch(parts.path)
    rest = tuple(unquote(part) for part in found["rest"].strip("/").split("/")) if found else ()
    lowered = {name.lower(): value for name, value in headers.items()}
    return Ask(method, int(found["version"]) if found else 0, rest, dict(parse_qsl(parts.query)), lowered, body)


def _body(raw: bytes) -> Document:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise SalesforceError("JSON_PARSER_ERROR", "The HTTP entity body is not JSON.") from error
    if not isinstance(body, dict):
        raise SalesforceError("JSON_PARSER_ERROR", "The HTTP entity body is not an object.")
    return body


def _wire(answer: Answer) -> Response:
    return Response(status_code=answer.status) if answer.body is None else JSONResponse(answer.body, status_code=answer.status)


def _refused(error: SalesforceError) -> Answer:
    return Answer(error.status, error.body())


def _answer(records: Records, asked: Ask) -> Answer:
    match asked.operation, asked.rest:
        case "query", _:
            return _query(records, asked)
        case "sobjects.describe", (_, name, _):
            changes = records.world.get("crm_describe", name) or {}
            return Answer(200, salesforce_schema.describe(name, changes))
        case "sobjects.create", (_, name):
            made = records.create(name, asked.body)
            return Answer(201, {"id": made["id"], "success": True, "errors": []})
        case "sobjects.get" | "sobjects.upsert" | "sobjects.delete", (_, name, number):
            return _row(records, asked, name, ("Id", number))
        case "sobjects.get" | "sobjects.upsert" | "sobjects.delete", (_, name, field, value):
            return _row(records, asked, name, (field, value))
    raise SalesforceError("NOT_FOUND", _NOT_FOUND, 404)


def _row(records: Records, asked: Ask, name: str, key: tuple[str, str]) -> Answer:
    found = records.find(name, *key)
    if len(found) > 1:
        return Answer(300, [_address(asked.version, name, record["id"]) for record in found])
    if not found and (asked.operation != "sobjects.upsert" or key[0] == "Id"):
        raise SalesforceError("NOT_FOUND", _NOT_FOUND, 404)
    if found:
        _check_unmodified(found[0], asked.headers.get("if-unmodified-since"))
    if asked.operation == "sobjects.get":
        return Answer(200, _view(asked.version, found[0], _wanted(name, asked.query.get("fields"))))
    if asked.operation == "sobjects.delete":
        records.delete(found[0])
        return Answer(204)
    return _upsert(records, asked, name, key, found)


def _upsert(records: Records, asked: Ask, name: str, key: tuple[str, str], found: list[Document]) -> Answer:
    if key[0] in asked.body:
        message = f"The {key[0]} field should not be specified in the sobject data."
        raise SalesforceError("INVALID_FIELD", message, fields=(key[0],))
    if not found:
        made = records.create(name, asked.body | {key[0]: key[1]})
        return Answer(201, {"id": made["id"], "success": True, "errors": [], "created": True})
    changed = records.update(found[0], asked.body)
    if key[0] == "Id" or asked.version < _UPSERT_HAS_BODY_FROM:
        return Answer(204)
    return Answer(200, {"id": changed["id"], "success": True, "errors": [], "created": False})


def _check_unmodified(record: Document, header: str | None) -> None:
    if header is None:
        return
    try:
        since = parsedate_to_datetime(header)
    except ValueError as error:
        raise SalesforceError("INVALID_HEADER", "If-Unmodified-Since is not an HTTP date.") from error
    if parse_stamp(record["values"]["SystemModstamp"]) > since:
        raise SalesforceError("PRECONDITION_FAILED", "The record was modified after the given date.", 412)


def _wanted(name: str, fields: str | None) -> tuple[str, ...]:
    if not fields:
        return tuple(salesforce_schema.fields_of(name))
    names = tuple(field.strip() for field in fields.split(","))
    unknown = [field for field in names if field not in salesforce_schema.fields_of(name) and field != "LastModifiedBy.Name"]
    if unknown:
        raise SalesforceError("INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type {name}")
    return names


def _view(version: int, record: Document, fields: tuple[str, ...]) -> Document:
    attributes = {"type": record["object"], "url": _address(version, record["object"], record["id"])}
    view: Document = {"attributes": attributes}
    for field in fields:
        if field == "LastModifiedBy.Name":
            view["LastModifiedBy"] = {"attributes": {"type": "User"}, "Name": record["by"]}
        else:
            view[field] = record["values"].get(field)
    return view


def _address(version: int, name: str, number: str) -> str:
    return f"/services/data/v{version}.0/sobjects/{name}/{quote(number)}"


def _query(records: Records, asked: Ask) -> Answer:
    query = salesforce_soql.parse(asked.query.get("q", ""))
    found = query.select(records.all(query.name))
    rows = [_view(asked.version, record, query.fields) for record in found]
    return Answer(200, {"totalSize": len(rows), "done": True, "records": rows})


# Composite


def _composite(records: Records, asked: Ask) -> Answer:
    calls = asked.body.get("compositeRequest") or []
    if not (isinstance(calls, list) and all(isinstance(call, dict) and isinstance(call.get("body") or {}, dict) for call in calls)):
        raise SalesforceError("JSON_PARSER_ERROR", "compositeRequest is not a list of objects.")
    if len(calls) > MOST_SUBREQUESTS:
        raise SalesforceError("LIMIT_EXCEEDED", f"The number of subrequests exceeds the limit of {MOST_SUBREQUESTS}.")
    all_or_none = bool(asked.body.get("allOrNone"))
    records.begin()
    answers: list[Answer] = []
    for call in calls:
        answers.append(_subrequest(records, call))
        if all_or_none and answers[-1].status >= HTTPStatus.MULTIPLE_CHOICES:
            records.undo()
            answers = [_halted()] * (len(answers) - 1) + [answers[-1]] + [_halted()] * (len(calls) - len(answers))
            break
    records.keep()
    replies = [
        {"body": answer.body, "httpHeaders": {}, "httpStatusCode": answer.status, "referenceId": call.get("referenceId")}
        for call, answer in zip(calls, answers, strict=True)
    ]
    return Answer(200, {"compositeResponse": replies})


def _subrequest(records: Records, call: Document) -> Answer:
    asked = _ask(str(call.get("method")), str(call.get("url")), _headers(call), call.get("body") or {})
    try:
        return _answer(records, asked)
    except SalesforceError as error:
        return _refused(error)


def _headers(call: Document) -> Mapping[str, str]:
    given = call.get("httpHeaders")
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _halted() -> Answer:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    return _refused(SalesforceError("PROCESSING_HALTED", message))


# Control


def _control_records(records: Records) -> Handler:
    async def listed(_: Request) -> Response:
        records.absorb_seed()
        rows = []
        for name in salesforce_schema.OBJECTS:
            key = salesforce_schema.external_field(name)
            for record in records.all(name):
                external = record["values"].get(key)
                changes = records.history(name, external) if external else []
                rows.append(
                    {"object": name, "external_field": key, "external_id": external, "fields": record["values"], "history": changes}
                )
        return JSONResponse(rows)

    return listed


def _control_edit(records: Records) -> Handler:
    """A person edits a record in the CRM: {"object", "external_id", "fields", "by"?}."""

    async def edit(request: Request) -> Response:
        body = await body_of(request, external_id=str, fields=dict)
        records.absorb_seed()
        try:
            name = str(body.get("object", "Contract"))
            found = records.find(name, salesforce_schema.external_field(name), body["external_id"])
            if not found:
                return _wire(_refused(SalesforceError("NOT_FOUND", _NOT_FOUND, 404)))
            changed = records.update(found[0], body["fields"], str(body.get("by", "Sam Reyes (sales)")))
        except SalesforceError as error:
            return _wire(_refused(error))
        return JSONResponse(changed["values"])

    return edit


def _control_describe(records: Records) -> Handler:
    """An org set up wrongly: {"object", "field", "unique"?, "externalId"?} changes what describe says of a field."""

    async def describe(request: Request) -> Response:
        body = await body_of(request, object=str, field=str)
        name, field = body.pop("object"), body.pop("field")
        known = records.world.get("crm_describe", name) or {}
        records.world.put("crm_describe", name, known | {field: body})
        return JSONResponse({"ok": True})

    return describe
