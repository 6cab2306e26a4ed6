"""Writes the field tables beside this file from the vendors' published descriptions and sample payloads.

    python tests/specs/make_tables.py            reads $CONTRACTOPS_SHARED/specs, else ../shared/data/specs beside the repository

The tables hold facts only: names, types, and which fields are required. Their form:

    "string" | "number" | "boolean" | "any"      a value; "any" is not looked into
    [table]                                      a list of such
    {"name": table, "name!": table}              an object; "!" marks a required field
    "@name"                                      the table of that name under "definitions"

Where the facts come from: arguments of a Slack method from slack_sdk's signature (required: no default) and the Web API description;
keys of Slack's answers and payloads from the vendor's sample payloads, which give names and types but not which are required;
DocuSign from the eSignature description, which requires nothing by itself, so REQUIRED names what the operations cannot do without.
"""

import gzip
import inspect
import json
import os
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

HERE = Path(__file__).parent
SPECS = Path(os.environ.get("CONTRACTOPS_SHARED", HERE.parents[2] / "shared" / "data")) / "specs"

SLACK_METHODS = (
    "apps.connections.open", "assistant.threads.setStatus", "assistant.threads.setSuggestedPrompts", "assistant.threads.setTitle",
    "auth.test", "chat.appendStream", "chat.delete", "chat.getPermalink", "chat.postEphemeral", "chat.postMessage",
    "chat.startStream", "chat.stopStream", "chat.update", "conversations.history", "conversations.info", "conversations.list",
    "conversations.members", "conversations.open", "conversations.replies", "files.completeUploadExternal",
    "files.getUploadURLExternal", "files.info", "team.info", "usergroups.list", "usergroups.users.list", "users.info", "users.list",
    "users.lookupByEmail", "views.open", "views.publish", "views.push", "views.update",
)  # fmt: skip
SLACK_PAYLOADS = {
    "block_actions": "app-backend/interactive-components/BlockActionPayload",
    "view_submission": "app-backend/views/ViewSubmissionPayload",
    "view_closed": "app-backend/views/ViewClosedPayload",
    "slash_commands": "app-backend/slash-commands/SlashCommandPayload",
    "app_home_opened": "events/AppHomeOpenedPayload",
    "app_mention": "events/AppMentionPayload",
    "message": "events/MessagePayload",
    "user_change": "events/UserChangePayload",
    "team_join": "events/TeamJoinPayload",
}
REQUIRED_PAYLOAD = {
    "block_actions": ("type", "user", "team", "api_app_id", "actions", "trigger_id", "container"),
    "view_submission": ("type", "user", "team", "api_app_id", "view"),
    "view_closed": ("type", "user", "team", "api_app_id", "view"),
    "slash_commands": ("command", "text", "user_id", "team_id", "channel_id", "response_url", "trigger_id"),
}
REQUIRED_EVENT = ("type", "event", "event_id", "event_time", "team_id", "api_app_id")
# Keys that the samples leave out because their sample value would be empty; each is described in the vendor's reference.
ADDED = {
    "view_submission": {"view": {"blocks": "any"}, "response_urls": "any"},
    "view_closed": {"view": {"blocks": "any"}},
    "block_actions": {"response_url": "string", "state": "any", "message": {"metadata": "any"}, "view": {"blocks": "any"}},
    "app_home_opened": {"event": {"view": {"blocks": "any"}}, "context_team_id": "string"},
    "message": {"event": {"channel_type": "string", "parent_user_id": "string", "metadata": "any"}, "context_team_id": "string"},
    "app_mention": {"event": {"channel_type": "string"}, "context_team_id": "string"},
}
# Arguments of the SDK that travel in a header.
HEADER_ARGUMENTS = {"app_token"}
# `client_msg_id` is documented through the method's errors only.
ADDED_ARGUMENTS = {"chat.postMessage": {"client_msg_id": "any"}}
ADDED_ANSWERS = {"chat.postMessage": {"message": {"client_msg_id": "string", "metadata": "any"}}}
ANSWER_NEEDS = {
    "auth.test": ("user_id", "team_id", "bot_id"),
    "apps.connections.open": ("url",),
    "chat.getPermalink": ("permalink",),
    "chat.postEphemeral": ("message_ts",),
    "chat.postMessage": ("channel", "ts", "message"),
    "chat.update": ("channel", "ts", "text"),
    "conversations.history": ("messages", "has_more"),
    "conversations.members": ("members",),
    "conversations.open": ("channel",),
    "conversations.replies": ("messages", "has_more"),
    "files.completeUploadExternal": ("files",),
    "files.getUploadURLExternal": ("upload_url", "file_id"),
    "files.info": ("file",),
    "users.info": ("user",),
    "users.list": ("members",),
    "users.lookupByEmail": ("user",),
    "views.open": ("view",),
    "views.publish": ("view",),
    "views.update": ("view",),
}
# Block Kit has its own validator; what an app puts into metadata or a form's values is the app's affair.
OPEN_KEYS = {"blocks", "attachments", "event_payload", "values", "state", "bot_profile", "icons", "prefs", "room", "files", "file"}

OPENED = {
    "documents": "document", "recipients": "recipients", "signers": "signer", "carbonCopies": "carbonCopy", "tabs": "tabs",
    "signHereTabs": "signHere", "dateSignedTabs": "dateSigned", "customFields": "customFields", "textCustomFields": "textCustomField",
    "eventNotification": "eventNotification", "eventData": "connectEventData", "notification": "notification",
    "expirations": "expirations", "reminders": "reminders", "sender": "userInfo", "envelopes": "envelope",
    "recipientUpdateResults": "recipientUpdateResponse", "errorDetails": "errorDetails", "auditEvents": "envelopeAuditEvent",
    "eventFields": "nameValue",
}  # fmt: skip
DOCUSIGN = {
    "envelopes.create": ("envelopeDefinition", "envelopeSummary"),
    "envelopes.list": (None, "envelopesInformation"),
    "envelopes.status": ("envelopeIdsRequest", "envelopesInformation"),
    "envelopes.get": (None, "envelope"),
    "envelopes.update": ("envelope", "envelopeUpdateSummary"),
    "recipients.get": (None, "recipients"),
    "recipients.update": ("recipients", "recipientsUpdateSummary"),
    "audit_events.get": (None, "envelopeAuditEventResponse"),
}
QUERIES = {
    "envelopes.create": ("post", "/envelopes"),
    "envelopes.list": ("get", "/envelopes"),
    "envelopes.status": ("put", "/envelopes/status"),
    "envelopes.get": ("get", "/envelopes/{envelopeId}"),
    "envelopes.update": ("put", "/envelopes/{envelopeId}"),
    "recipients.get": ("get", "/envelopes/{envelopeId}/recipients"),
    "recipients.update": ("put", "/envelopes/{envelopeId}/recipients"),
    "documents.get": ("get", "/envelopes/{envelopeId}/documents/{documentId}"),
    "audit_events.get": ("get", "/envelopes/{envelopeId}/audit_events"),
}
REQUIRED = {
    ("envelopes.create", "request"): {
        "": ("status", "emailSubject", "documents", "recipients"),
        "documents": ("documentId", "documentBase64", "name"),
        "signers": ("recipientId", "email", "name"),
        "carbonCopies": ("recipientId", "email", "name"),
        "textCustomFields": ("name", "value"),
        "eventNotification": ("url",),
    },
    ("envelopes.create", "answer"): {"": ("envelopeId", "status", "statusDateTime", "uri")},
    ("envelopes.list", "answer"): {"": ("resultSetSize", "totalSetSize"), "envelopes": ("envelopeId", "status")},
    ("envelopes.status", "answer"): {"": ("resultSetSize", "totalSetSize"), "envelopes": ("envelopeId", "status")},
    ("envelopes.get", "answer"): {"": ("envelopeId", "status", "statusChangedDateTime")},
    ("envelopes.update", "answer"): {"": ("envelopeId",)},
    ("recipients.get", "answer"): {"": ("signers",), "signers": ("recipientId", "email", "name", "status", "routingOrder")},
    ("recipients.update", "request"): {"signers": ("recipientId",)},
    ("recipients.update", "answer"): {"": ("recipientUpdateResults",)},
    ("audit_events.get", "answer"): {"": ("auditEvents",)},
}


def _read(name: str) -> Any:
    return json.loads(gzip.decompress((SPECS / name).read_bytes()))


def from_sample(value: Any, open_keys: set[str] = OPEN_KEYS) -> Any:
    """The table of a sample value; what stands under `open_keys` is not looked into."""
    if isinstance(value, dict):
        return {key: "any" if key in open_keys else from_sample(each, open_keys) for key, each in sorted(value.items())} or "any"
    if isinstance(value, list):
        merged: Any = None
        for each in value:
            table = from_sample(each, open_keys)
            merged = table if merged is None else _merge(merged, table)
        return [merged if merged is not None else "any"]
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string" if isinstance(value, str) else "any"


def _merge(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merge(one.get(key, other.get(key)), other.get(key, one.get(key))) for key in sorted({*one, *other})}
    if isinstance(one, list) and isinstance(other, list):
        return [_merge(one[0], other[0])]
    return one if one == other else "any"


def _require(table: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    unknown = set(names) - set(table)
    if unknown:
        message = f"required, yet not described: {sorted(unknown)}"
        raise ValueError(message)
    return {f"{key}!" if key in names else key: each for key, each in table.items()}


def slack_arguments(method: str, described: dict[str, Any]) -> dict[str, Any]:
    """Arguments of one method: the SDK's signature and the description's parameters together."""
    signature = inspect.signature(getattr(WebClient, method.replace(".", "_")))
    named = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY and p.name not in HEADER_ARGUMENTS]
    required = tuple(p.name for p in named if p.default is p.empty)
    operation = described["paths"].get(f"/{method}", {})
    old = [each["name"] for verb in operation.values() for each in verb.get("parameters", [])]
    table = dict.fromkeys(sorted({p.name for p in named} | set(old)), "any")
    return _require(table | ADDED_ARGUMENTS.get(method, {}) | {"token": "any"}, required)


def _example(described: dict[str, Any], method: str) -> Any:
    """The description's own example of an answer."""
    return described["paths"][f"/{method}"]["get"]["responses"]["200"]["examples"]["application/json"]


def slack_tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Methods (request and answer) and payloads."""
    lines = gzip.decompress((SPECS / "slack" / "java-slack-sdk-samples.jsonl.gz").read_bytes()).decode().splitlines()
    samples = {each["name"]: each["sample"] for each in map(json.loads, lines)}
    described = _read("slack/web-openapi-2020.json.gz")
    methods = {}
    for method in SLACK_METHODS:
        sample = samples.get(f"api/{method}") or _example(described, method)
        answer = _merge(from_sample(sample), ADDED_ANSWERS.get(method, {}))
        if method == "files.info":  # whose answer is nothing but this one file
            newer = samples["api/files.completeUploadExternal"]["files"][0]
            answer["file"] = _merge(from_sample(sample["file"]), from_sample(newer))
        answer = _require(answer | {"ok": "boolean"}, (*ANSWER_NEEDS.get(method, ()), "ok"))
        methods[method] = {"request": slack_arguments(method, described), "answer": answer}
    payloads = {}
    for name, sample in SLACK_PAYLOADS.items():
        table = _merge(from_sample(samples[sample]), ADDED.get(name, {}))
        payloads[name] = _require(table, REQUIRED_PAYLOAD.get(name, REQUIRED_EVENT))
    return methods, payloads


def docusign_object(definitions: dict[str, Any], name: str) -> dict[str, Any]:
    """One definition; parts that the operator uses refer to their own definition, everything else stays "any"."""
    table: dict[str, Any] = {}
    for field, about in sorted(definitions[name]["properties"].items()):
        kind = about.get("type")
        part = about.get("$ref") or about.get("items", {}).get("$ref", "")
        if OPENED.get(field) and part.rsplit("/", 1)[-1] == OPENED[field]:
            table[field] = [f"@{OPENED[field]}"] if kind == "array" else f"@{OPENED[field]}"
        else:
            table[field] = {"string": "string", "boolean": "boolean", "integer": "number", "number": "number"}.get(kind, "any")
    return table


def docusign_tables() -> dict[str, Any]:
    """REST operations (query, request, answer), the definitions they share, refusals, and the Connect body."""
    swagger = _read("docusign/esignature-v2.1-2022.swagger.json.gz")
    tables: dict[str, Any] = {}
    for operation, (verb, path) in QUERIES.items():
        described = swagger["paths"][f"/v2.1/accounts/{{accountId}}{path}"][verb]["parameters"]
        entry: dict[str, Any] = {"query": {each["name"]: "string" for each in described if each["in"] == "query"}}
        for side, name in zip(("request", "answer"), DOCUSIGN.get(operation, (None, None)), strict=True):
            if name:
                entry[side] = f"@{name}"
                entry[f"{side}_required"] = REQUIRED.get((operation, side), {})
        tables[operation] = entry
    names = {*OPENED.values(), *(name for pair in DOCUSIGN.values() for name in pair if name)}
    refusal = _require(from_sample({"errorCode": "", "message": ""}), ("errorCode", "message"))
    connect = from_sample(_read("docusign/connect-sample-v2.json.gz"), {"tabs", "listCustomFields", "folders"})
    connect = _require(connect, ("event", "apiVersion", "generatedDateTime", "data"))
    # The sample's recipient id is there for recipient events only.
    connect["data!"] = _require(connect["data!"], ("accountId", "envelopeId"))
    return {
        "definitions": {name: docusign_object(swagger["definitions"], name) for name in sorted(names)},
        "operations": tables,
        "refusal": refusal,
        "connect": connect,
    }


def main() -> None:
    """Write the three tables."""
    methods, payloads = slack_tables()
    for name, table in (("slack_methods", methods), ("slack_payloads", payloads), ("docusign", docusign_tables())):
        text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(each, sort_keys=True)}" for key, each in table.items()) + "\n}\n"
        (HERE / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}.json: {len(text)} characters")


if __name__ == "__main__":
    main()
