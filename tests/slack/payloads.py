"""Slack payloads as they arrive, with only the fields that Slack documents; changed by keyword for each test."""

from __future__ import annotations

from typing import Any

APP, TEAM = "A0LOCAL", "T0LOCAL"


def click(action_id: str = "draft_approve", *, user: str = "U0MARIA", team: str = TEAM, **changes: Any) -> dict[str, Any]:
    """A button of a message."""
    return {
        "type": "block_actions",
        "api_app_id": APP,
        "team": {"id": TEAM, "domain": "local"},
        "enterprise": None,
        "user": {"id": user, "username": "anybody", "team_id": team},
        "trigger_id": "1.2.abc",
        "container": {"type": "message", "message_ts": "1796.000001", "channel_id": "D0MARIA", "thread_ts": "1795.000001"},
        "channel": {"id": "D0MARIA", "name": "directmessage"},
        "message": {"ts": "1796.000001", "text": "card"},
        "state": {"values": {}},
        "actions": [{"action_id": action_id, "block_id": "act", "value": "g1.token", "type": "button", "action_ts": "1796.500000"}],
        **changes,
    }


def form(callback_id: str, values: dict[str, Any] | None = None, *, kind: str = "view_submission", **changes: Any) -> dict[str, Any]:
    """A form sent (``kind`` view_submission) with ``values``: block id -> element of the state."""
    state = {block: {"v": element} for block, element in (values or {}).items()}
    return {
        "type": kind,
        "api_app_id": APP,
        "team": {"id": TEAM},
        "user": {"id": "U0MARIA", "team_id": TEAM},
        "trigger_id": "1.2.abc",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": "g1.form",
            "hash": "170.aaa",
            "state": {"values": state},
        },
        **changes,
    }


def changed_input(**changes: Any) -> dict[str, Any]:
    """An input of the open edit form."""
    payload = form("draft_edit", {"term": option("24")}, kind="block_actions")
    payload["container"] = {"type": "view", "view_id": "V1"}
    payload["actions"] = [
        {"action_id": "v", "block_id": "term", "type": "static_select", "action_ts": "1.5", "selected_option": {"value": "24"}}
    ]
    return payload | changes


def slash(command: str = "/renewals", **changes: Any) -> dict[str, Any]:
    """A slash command."""
    payload = {"command": command, "text": " 90 ", "api_app_id": APP, "team_id": TEAM, "user_id": "U0MARIA", "channel_id": "C0REN"}
    return {**payload, "trigger_id": "9.9.slash", "user_name": "maria", **changes}


def event(inner: dict[str, Any], event_id: str = "Ev1") -> dict[str, Any]:
    """An Events API payload."""
    return {"type": "event_callback", "api_app_id": APP, "team_id": TEAM, "event_id": event_id, "event": inner}


def said(text: str = "hello", **changes: Any) -> dict[str, Any]:
    """A direct message."""
    inner = {"type": "message", "channel_type": "im", "channel": "D0MARIA", "user": "U0MARIA", "text": text, "ts": "1.1", "team": TEAM}
    return event(inner | changes)


def option(value: str | None) -> dict[str, Any]:
    """State of a drop-down or radio group."""
    return {"type": "static_select", "selected_option": None if value is None else {"value": value}}


def options(*values: str) -> dict[str, Any]:
    """State of checkboxes."""
    return {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


def typed(value: str | None) -> dict[str, Any]:
    """State of a text or number input."""
    return {"type": "plain_text_input", "value": value}


def handed(*ids: str) -> dict[str, Any]:
    """State of a file input."""
    return {"type": "file_input", "files": [{"id": one, "name": f"{one}.pdf", "mimetype": "application/pdf"} for one in ids]}


def picked(day: str | None) -> dict[str, Any]:
    """State of a date picker."""
    return {"type": "datepicker", "selected_date": day}
