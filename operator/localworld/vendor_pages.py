"""Pages of the outside world: signing a document as its recipient, and looking at the CRM before and after.

Rules of this module:

1. Everything is on the server: no script, so each page works by keyboard, at any zoom and in a screen reader.
2. A page of the document is a picture whose text alternative is the page's own text.
3. A change is marked by the word "changed", never by colour alone. Every page leads back to the workspace.
4. A form counts only when it comes from this origin.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld import docusign_state as state
from contractops.operator.localworld import page_model, vendor_pdf
from contractops.operator.localworld import salesforce_schema as schema
from contractops.operator.localworld.docusign_service import SigningService, service_of
from contractops.operator.localworld.docusign_state import DocuSignError
from contractops.operator.localworld.faults import Handler
from contractops.operator.localworld.salesforce_records import INTEGRATION_USER, Records
from contractops.operator.localworld.world import Document, World

_TEMPLATES: Final = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'self'",
    "Cache-Control": "no-store",
}
_ZONE: Final = "America/Chicago"
_TECHNICAL: Final = frozenset({"Id", "CreatedDate", "LastModifiedDate", "LastModifiedById", "SystemModstamp"})
_DONE: Final = {"sign": "Signed. The sender has been told.", "decline": "Declined. The sender has been told."}


def routes(world: World) -> list[BaseRoute]:
    """Signing pages under /docusign, CRM pages under /crm."""
    service, records = service_of(world), Records(world)
    return [
        Route("/docusign", _envelopes(service)),
        Route("/docusign/sign/{envelope}/{recipient}", _sign(service), methods=["GET", "POST"]),
        Route("/docusign/bounce/{envelope}/{recipient}", _bounce(service), methods=["POST"]),
        Route("/docusign/page/{envelope}/{number:int}.png", _page_image(service)),
        Route("/docusign/file/{envelope}", _file(service)),
        Route("/crm", _crm(records)),
        Route("/crm/{number:path}", _crm_record(records)),
    ]


def _page(world: World, template: str, status: int = 200, **values: Any) -> Response:
    now = _moment(world.now())
    return HTMLResponse(_TEMPLATES.get_template(template).render(now=now, **values), status_code=status, headers=_HEADERS)


def _moment(when: datetime) -> str:
    return page_model.full(when, _ZONE)


def _missing(what: str) -> Response:
    return HTMLResponse(f'<p>{what} is not here. <a href="/">Back to the workspace</a></p>', status_code=404, headers=_HEADERS)


# Signing


def _envelopes(service: SigningService) -> Handler:
    async def listed(_: Request) -> Response:
        service.wake()
        rows = [_envelope_row(envelope) for envelope in reversed(service.envelopes())]
        return _page(service.world, "vendor_envelopes.html", here="docusign", envelopes=rows)

    return listed


def _envelope_row(envelope: Document) -> Document:
    sent = envelope.get("sentDateTime")
    declined = [each["declinedReason"] for each in state.signers(envelope) if each.get("declinedReason")]
    return {
        "id": envelope["envelopeId"],
        "subject": envelope.get("emailSubject", "(no subject)"),
        "status": envelope["status"],
        "reason": envelope.get("voidedReason") or (declined[0] if declined else ""),
        "sent": _moment(state.parse_stamp(sent)) if sent else "not yet",
        "people": [_person(envelope, each) for each in sorted(state.signers(envelope), key=lambda each: int(each["routingOrder"]))],
    }


def _person(envelope: Document, each: Document) -> Document:
    may_act = envelope["status"] in state.OPEN_STATES and each["status"] in state.OPEN_STATES
    why_not = ""
    if each["status"] in {"completed", "declined"}:
        why_not = "signed" if each["status"] == "completed" else "declined"
    elif each["status"] == "autoresponded" and envelope["status"] in state.OPEN_STATES:
        why_not = "the invitation came back"
    elif not may_act:
        why_not = "waits for the person before" if envelope["status"] in state.OPEN_STATES else f"the envelope is {envelope['status']}"
    return {
        "name": each["name"],
        "email": each["email"],
        "status": each["status"],
        "may_act": may_act,
        "why_not": why_not,
        "link": f"/docusign/sign/{envelope['envelopeId']}/{quote(each['recipientId'])}",
        "may_bounce": may_act and each["status"] == "sent",
        "bounce": f"/docusign/bounce/{envelope['envelopeId']}/{quote(each['recipientId'])}",
    }


def _sign(service: SigningService) -> Handler:
    async def sign(request: Request) -> Response:
        envelope_id, recipient = request.path_params["envelope"], request.path_params["recipient"]
        try:
            person = state.signer(service.envelope(envelope_id), recipient)
        except DocuSignError:
            return _missing("This envelope or recipient")
        if request.method == "GET":
            if _person(service.envelope(envelope_id), person)["may_act"]:
                service.act(envelope_id, recipient, "open")
            service.wake()
            return _signing_page(service, envelope_id, recipient, message=_DONE.get(request.query_params.get("done", ""), ""))
        if not _same_origin(request):
            return _missing("A form from another site")
        return await _decide(service, request, envelope_id, recipient)

    return sign


def _bounce(service: SigningService) -> Handler:
    async def bounce(request: Request) -> Response:
        if not _same_origin(request):
            return _missing("A form from another site")
        try:
            service.act(request.path_params["envelope"], request.path_params["recipient"], "bounce")
        except DocuSignError:
            return _missing("An invitation that could come back")
        service.wake()
        return RedirectResponse("/docusign", status_code=303)

    return bounce


async def _decide(service: SigningService, request: Request, envelope_id: str, recipient: str) -> Response:
    form = await request.form()
    action: Literal["sign", "decline"] = "decline" if form.get("action") == "decline" else "sign"
    reason = str(form.get("reason", "")).strip()
    if action == "decline" and not reason:
        return _signing_page(service, envelope_id, recipient, problem="Say why you decline.")
    try:
        service.act(envelope_id, recipient, action, reason)
    except DocuSignError as error:
        return _signing_page(service, envelope_id, recipient, problem=str(error))
    service.wake()
    return RedirectResponse(f"{request.url.path}?done={action}", status_code=303)


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _signing_page(service: SigningService, envelope_id: str, recipient: str, *, message: str = "", problem: str = "") -> Response:
    envelope = service.envelope(envelope_id)
    content = service.combined(envelope)
    pages = [
        {"src": f"/docusign/page/{envelope_id}/{index}.png", "text": " ".join(text.split()), "width": width, "height": height}
        for index, (text, (width, height)) in enumerate(zip(vendor_pdf.page_texts(content), vendor_pdf.page_sizes(content), strict=True))
    ]
    return _page(
        service.world,
        "vendor_sign.html",
        400 if problem else 200,
        here="docusign",
        subject=envelope.get("emailSubject", ""),
        blurb=envelope.get("emailBlurb", ""),
        envelope_status=envelope["status"],
        person=_person(envelope, state.signer(envelope, recipient)),
        pages=pages,
        message=message,
        problem=problem,
    )


def _page_image(service: SigningService) -> Handler:
    async def image(request: Request) -> Response:
        try:
            content = service.combined(service.envelope(request.path_params["envelope"]))
            png = vendor_pdf.page_png(content, request.path_params["number"])
        except (DocuSignError, IndexError):
            return _missing("This page")
        return Response(png, media_type="image/png", headers={"Cache-Control": "no-store"})

    return image


def _file(service: SigningService) -> Handler:
    async def file(request: Request) -> Response:
        try:
            content = service.combined(service.envelope(request.path_params["envelope"]))
        except DocuSignError:
            return _missing("This envelope")
        return Response(content, media_type="application/pdf", headers={"Cache-Control": "no-store"})

    return file


# CRM


def _crm(records: Records) -> Handler:
    async def listed(_: Request) -> Response:
        records.absorb_seed()
        rows = [_contract_row(records, record) for record in records.all("Contract")]
        return _page(records.world, "vendor_crm.html", here="crm", contracts=sorted(rows, key=lambda row: (-row["changes"], row["number"])))

    return listed


def _contract_row(records: Records, record: Document) -> Document:
    values = record["values"]
    number = str(values.get("MSA_Number__c", record["id"]))
    before = _before(records, "Contract", number)
    return {
        "number": number,
        "link": f"/crm/{quote(number)}",
        "price": _money(values, "Monthly_Price__c"),
        "term": f"{_day(values.get('Term_Start__c'))} to {_day(values.get('Term_End__c'))}",
        "changes": sum(1 for field, old in before.items() if old != values.get(field)),
    }


def _day(value: object) -> str:
    """A date field as a person reads it."""
    return page_model.day(datetime.fromisoformat(str(value))) if value else "(empty)"


def _before(records: Records, name: str, number: str) -> Document:
    """What each changed field held before its first change."""
    first: Document = {}
    for change in records.history(name, number):
        for field, old in change["before"].items():
            first.setdefault(field, old)
    return first


def _money(values: Document, field: str) -> str:
    amount = values.get(field)
    return "" if amount is None else f"{values.get('CurrencyIsoCode') or ''} {amount:,.2f}".strip()


def _shown(field: str, value: object, values: Document) -> str:
    if value is None:
        return "(empty)"
    about = schema.OBJECTS["Contract"][field]
    if about.type == "currency":
        return _money(values | {field: value}, field)
    if about.type == "date":
        return _day(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _crm_record(records: Records) -> Handler:
    async def shown(request: Request) -> Response:
        records.absorb_seed()
        number = request.path_params["number"]
        found = records.find("Contract", "MSA_Number__c", number)
        if not found:
            return _missing("This contract")
        values, before = found[0]["values"], _before(records, "Contract", number)
        rows = [
            {
                "label": about.label,
                "before": _shown(field, before.get(field, values.get(field)), values | before),
                "after": _shown(field, values.get(field), values),
                "changed": field in before and before[field] != values.get(field),
            }
            for field, about in schema.OBJECTS["Contract"].items()
            if field not in _TECHNICAL
        ]
        orders = [
            _order_row(each["values"]) for each in records.all("Change_Order__c") if each["values"].get("Contract_Number__c") == number
        ]
        history = [_history_line(change) for change in reversed(records.history("Contract", number))]
        if any(change["by"] == INTEGRATION_USER for change in records.history("Contract", number)):
            records.world.put("page_seen", "crm", {"number": number})
            records.world.changed("steps")
        return _page(
            records.world, "vendor_crm_record.html", here="crm", number=number, by=found[0]["by"], rows=rows, orders=orders, history=history
        )

    return shown


def _order_row(values: Document) -> Document:
    return {
        "number": values.get("CO_Number__c", ""),
        "description": values.get("Description__c") or "",
        "change": _money(values, "Monthly_Change__c"),
        "effective": _day(values.get("Effective_On__c")),
    }


def _history_line(change: Document) -> Document:
    labels = schema.OBJECTS["Contract"]
    what = [
        f"{labels[field].label}: {_shown(field, change['before'].get(field), {})} to {_shown(field, new, {})}"
        for field, new in change["after"].items()
    ]
    return {"by": change["by"], "at": _moment(datetime.fromisoformat(change["at"])), "what": "; ".join(what) or "saved without a change"}
