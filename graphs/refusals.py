"""What is not done, whoever asks: recognised before anything is answered.

Rule 1: a question about what was done is not the wish to do it.
Rule 2: an order at the beginning of a message is one, whatever stands behind it.
"""

from __future__ import annotations

from typing import Final

from contractops.graphs.intents import RefusalKind, Refuse
from contractops.graphs.message import Message


def refusal(message: Message) -> Refuse | None:
    """The refusal, where one is due."""
    kind = _refused_kind(message)
    if kind is None:
        return None
    contract = message.said.contracts[0] if len(message.said.contracts) == 1 else None
    return Refuse(kind=kind, contract=contract)


def _refused_kind(message: Message) -> RefusalKind | None:
    asks = (
        message.has("why", "when")
        or (message.has("happens") and message.has("nothing"))
        or (message.has("date") and message.has("question"))
    )
    checks: tuple[tuple[RefusalKind, bool], ...] = (
        (RefusalKind.INSTRUCTIONS, message.has("inject", "secret")),
        (RefusalKind.RECORDS, _touches_records(message, asks=asks)),
        (RefusalKind.LEGAL, message.has("legal")),
        (RefusalKind.SEND, _sends(message, asks=asks)),
        (RefusalKind.DECIDE, _decides(message, asks=asks)),
        (RefusalKind.OTHERS, _pries(message)),
        (RefusalKind.OFF_TOPIC, _strays(message)),
    )
    return next((kind for kind, holds in checks if holds), None)


_BUSINESS: Final = ("due", "sla", "credit", "sign", "signer", "status", "nothing", "wait")


def _touches_records(message: Message, *, asks: bool) -> bool:
    if "change" in message.begins_with and "draft" not in message.begins_with and message.has("limit", "date"):
        return True
    if message.has("delete"):
        return not message.has("who", "when") and not message.opens_as_question
    return message.has("change") and message.has("limit") and not asks and not message.has("who", "draft_only") and not _only_asks(message)


def _only_asks(message: Message) -> bool:
    """A question about what is, not an order."""
    return message.opens_as_question or (
        message.has("question") and "change" not in message.begins_with and "approve" not in message.begins_with
    )


def _sends(message: Message, *, asks: bool) -> bool:
    if message.has("send", "share") and (message.addressed or message.has("elsewhere")):
        return True
    if not message.has("send") or message.has("to_me") or asks or message.has("who"):
        return False
    return not message.opens_as_question and not message.has("nothing")


def _decides(message: Message, *, asks: bool) -> bool:
    if message.has("yes") and len(message.words) <= 4 and not message.has(*_BUSINESS):  # noqa: PLR2004 - "ok do it then"
        return True
    if not message.has("approve") or asks:
        return False
    if "approve" in message.begins_with and not message.opens_as_question:
        return True
    if message.has("who", "wait", "signer"):
        return False
    return not message.opens_as_question and ("approve" in message.begins_with or not message.has("question"))


def _strays(message: Message) -> bool:
    """Something else altogether: no word of ours, and nobody of ours, is in it."""
    named = message.said.contracts or message.said.accounts
    return message.has("off_topic") and not named and not message.has(*_BUSINESS)


def _pries(message: Message) -> bool:
    if message.has("others"):
        return True
    about = message.has("status", "signed", "sign", "signer", "approve", "why", "nothing")
    one = message.said.contracts or message.said.accounts
    return bool(message.said.staff) and not about and (not one or message.has("possession"))
