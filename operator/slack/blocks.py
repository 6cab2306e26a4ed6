"""Small builders of Block Kit: everything that enters a card passes here and is made harmless.

Rule 1: a text of ours is given in parts; each part is escaped, so that no value can ping, link or format.
Rule 2: a person's or a document's text is ``plain_text`` and is cut.
Rule 3: ``spoken`` reads the blocks back as sentences; it adds nothing that the blocks do not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from contractops.operator import wording
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.labels import LABELS
from contractops.tools.errors import InvariantError

Block: TypeAlias = dict[str, Any]
Body: TypeAlias = dict[str, Any]
"""A message: ``{"text": …, "blocks": […]}``."""

PHONE = 110
"""Characters of the first sentence, which a phone shows."""

_USER_ID = re.compile(r"^[UW][A-Z0-9]{2,20}$")
_MAIL_ADDRESS = re.compile(r"mailto:[A-Za-z0-9.@_~%+?&=!'()*/-]*")
_MAIL_LINK = re.compile(r"<mailto:[^|>]*\|([^>]*)>")
_LOOKALIKE = str.maketrans({"*": "∗", "`": "'", "~": "∼"})  # noqa: RUF001 - they show the sign without formatting


class Bold(str):
    """A part shown in bold."""

    __slots__ = ()


class Mention(str):
    """A part that mentions one Slack user by id."""

    __slots__ = ()


class MailTo(str):
    """A ``mailto:`` address, shown as a link that opens the mail program."""

    __slots__ = ()


Part: TypeAlias = str
"""A ``str``, ``Bold``, ``Mention`` or ``MailTo``."""


def escape(words: str) -> str:
    """Slack's three control characters as entities."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich(*parts: Part) -> str:
    """Parts as one mrkdwn string; values in it cannot format, link or ping."""
    return "".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    if isinstance(part, Mention):
        if not _USER_ID.match(part):
            raise InvariantError("CO-SLK-011", f"not a Slack user id: {part!r}")
        return f"<@{part}>"
    if isinstance(part, MailTo):
        if not _MAIL_ADDRESS.fullmatch(part):
            raise InvariantError("CO-SLK-011", f"not a mail address: {part[:80]!r}")
        return f"<{escape(str(part))}|Open in mail>"
    safe = escape(str(part)).translate(_LOOKALIKE)
    return f"*{safe}*" if isinstance(part, Bold) else safe


def plain(words: str, limit: int = 3000) -> Block:
    """A plain_text object, cut at ``limit`` characters."""
    return {"type": "plain_text", "text": words if len(words) <= limit else words[: limit - 1] + "…", "emoji": False}


def header(words: str) -> Block:
    """The title of a card."""
    return {"type": "header", "block_id": "title", "text": plain(words, 150)}


def section(block_id: str, *parts: Part) -> Block:
    """A paragraph of ours, cut at Slack's 3,000 characters."""
    return {"type": "section", "block_id": block_id, "text": {"type": "mrkdwn", "text": _fit(rich(*parts), 3000)}}


def quote(block_id: str, lead: str, words: str) -> Block:
    """``Maria wrote: …``: a person's text, plain and cut."""
    return {"type": "section", "block_id": block_id, "text": plain(f"{lead}{wording.quoted(words)}")}


def lines(block_id: str, rows: Sequence[str]) -> Block:
    """Lines that may hold quoted text: plain, never formatted."""
    return {"type": "section", "block_id": block_id, "text": plain("\n".join(rows))}


def field(label: str, *rows: str) -> Block:
    """One labelled fact of a ``facts`` block."""
    return {"type": "mrkdwn", "text": _fit("\n".join([rich(Bold(label)), *(rich(row) for row in rows)]), 2000)}


def facts(*fields: Block) -> Block:
    """At most ten labelled facts, two a row."""
    return {"type": "section", "block_id": "facts", "fields": list(fields)}


def foot(*sentences: str) -> Block:
    """The small line at the end: who, when, sources."""
    return {
        "type": "context",
        "block_id": "foot",
        "elements": [{"type": "mrkdwn", "text": _fit(rich(" ".join(s for s in sentences if s)), 3000)}],
    }


def confirm(title: str, text: str, yes: str, no: str = "Go back", *, danger: bool = False) -> Block:
    """A confirm dialog: title <= 100, text <= 300, buttons <= 30 characters."""
    dialog: Block = {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}
    return dialog | {"style": "danger"} if danger else dialog


def resend_confirm(signer: str, what: str) -> Block:
    """The dialog before a signer gets his invitation once more."""
    return confirm("Resend the invitation?", f"The signing service reminds {signer} of {what} once more.", "Resend")


def row(
    buttons: Sequence[Button],
    order: Sequence[Action],
    *,
    primary: Action | None = None,
    danger: Action | None = None,
    about: Mapping[Action, str] | None = None,
    says: Mapping[Action, str] | None = None,
    confirms: Mapping[Action, Block] | None = None,
) -> list[Block]:
    """The button row, in ``order``; empty without buttons. Raises ``InvariantError`` for a button the card cannot carry in its state.

    ``about`` fills a label, ``says`` is the accessibility label, ``confirms`` the dialog, each by action.
    """
    foreign = {button.action for button in buttons} - set(order)
    if foreign:
        raise InvariantError("CO-SLK-010", f"a card in this state has no button {', '.join(sorted(foreign))}")
    elements: list[Block] = []
    for button in sorted(buttons, key=lambda each: order.index(each.action)):
        element = _button(button, button.about or (about or {}).get(button.action, ""))
        twins = sum(Action.named(other["action_id"]) is button.action for other in elements)
        if twins:  # an action_id may stand once in a row
            element["action_id"] += f":{twins + 1}"
        if button.action in (primary, danger):
            element["style"] = "primary" if button.action is primary else "danger"
        if confirms and button.action in confirms:
            element["confirm"] = confirms[button.action]
        if says and button.action in says:
            element["accessibility_label"] = says[button.action][:75]
        elements.append(element)
    return [{"type": "actions", "block_id": "act", "elements": elements}] if elements else []


def _button(button: Button, about: str) -> Block:
    label = LABELS[button.action].format(about=about)
    element: Block = {
        "type": "button",
        "action_id": button.action.value,
        "text": plain(" ".join(label.split()), 75),
        "value": button.token,
    }
    return element | {"url": button.url} if button.url else element


def phone(*candidates: str) -> str:
    """The first candidate that fits a phone notification; the last one is cut when none does."""
    for candidate in candidates:
        if len(candidate) <= PHONE:
            return candidate
    return candidates[-1][: PHONE - 2].rstrip() + "…."


def message(first: str, *blocks: Block) -> Body:
    """Message of ``blocks`` with the text a screen reader reads: the first sentence, all facts, the actions."""
    kept = list(blocks)
    first, told = escape(first), spoken(kept)
    return {"text": told if told.startswith(first) else f"{first} {told}".strip(), "blocks": kept}


def spoken(blocks: Sequence[Block]) -> str:
    """The blocks as sentences, the title left out, the buttons last."""
    told = [_sentences(block) for block in blocks]
    labels = [_label(element) for block in blocks if block["type"] == "actions" for element in block["elements"]]
    if labels:
        told.append(f"Actions: {', '.join(labels)}.")
    return " ".join(filter(None, told))


def _sentences(block: Block) -> str:
    if block["type"] == "context":
        return " ".join(_flat(element) for element in block["elements"])
    if block["type"] != "section":
        return ""
    if "fields" in block:
        return " ".join(_fact(each) for each in block["fields"])
    return _flat(block["text"])


def _flat(text: Block) -> str:
    """One text object as sentences: markup gone, each line closed."""
    words = _MAIL_LINK.sub(r"\1", text["text"]).replace("*", "") if text["type"] == "mrkdwn" else escape(text["text"])
    return " ".join(_closed(line) for line in words.split("\n") if line.strip())


def _fact(text: Block) -> str:
    label, _, rest = text["text"].partition("\n")
    return f"{label.replace('*', '')}: " + _flat({"type": "mrkdwn", "text": rest})


def _closed(line: str) -> str:
    line = line.strip()
    return line if line[-1:] in '.!?:;,…"' else line + "."


def _label(element: Block) -> str:
    return escape(str(element["text"]["text"]).rstrip("…?"))


def _fit(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rsplit(" ", 1)[0] + "…"
