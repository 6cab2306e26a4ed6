"""View-model in, Slack message out: ``{"text", "blocks"}``. Pure and deterministic: the same values give the same bytes.

Rule 1: every card has at most ``MAX_BLOCKS`` blocks and keeps Slack's sizes; what does not is a fault of ours and raises.
Rule 2: ``text`` is the whole card for a screen reader and begins with a sentence for the phone.
Rule 3: ``plainer`` is what is posted when a workspace refuses our blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contractops.operator.slack import (
    render_alert,
    render_approval,
    render_chat,
    render_draft,
    render_ending,
    render_lists,
    render_outcome,
    render_service,
    views,
    views_chat,
    views_outcome,
    views_service,
)
from contractops.operator.slack.answers import Whisper
from contractops.operator.slack.blocks import Block, Body
from contractops.operator.slack.limits import check_message
from contractops.tools.errors import InvariantError
from contractops.tools.values import Value

MAX_BLOCKS = 7

RENDERERS: dict[type[Value], Callable[[Any], Body]] = {
    views.AlertCard: render_alert.alert,
    views.ReminderReply: render_alert.reminder,
    views.MovedDate: render_alert.moved,
    views_outcome.SnoozedLine: render_alert.snoozed,
    views_outcome.HandoverNotice: render_alert.handover,
    views.DraftCard: render_draft.draft,
    views.OffersCard: render_draft.offers,
    views.SecondApprovalCard: render_approval.second_approval,
    views.ApprovalsList: render_approval.approvals_list,
    views_outcome.SentReply: render_outcome.sent,
    views_outcome.SignedCard: render_outcome.signed,
    views_outcome.DocumentDiffers: render_outcome.document_differs,
    views_outcome.NeedsPersonCard: render_outcome.needs_person,
    views_outcome.MissedCard: render_ending.missed,
    views_outcome.NotRenewingCard: render_ending.not_renewing,
    views_outcome.NoticeNews: render_ending.notice_news,
    views_outcome.LetRenewCard: render_ending.let_renew,
    views_service.CreditDueCard: render_service.credit_due,
    views_service.FinanceCard: render_service.finance,
    views_service.RestoreCard: render_service.restore,
    views_service.MailDraft: render_service.mail,
    views_service.DigestCard: render_service.digest,
    views_outcome.WelcomeList: render_lists.welcome,
    views_outcome.RenewalsList: render_lists.renewals,
    views_outcome.TeamLine: render_lists.team_line,
    views_outcome.ReasonsReply: render_lists.reasons,
    views_outcome.TextReply: render_lists.text_reply,
    views_outcome.PersonsText: render_lists.persons_text,
    views_chat.ChatReply: render_chat.reply,
}
"""One renderer a view-model."""


def render(view: Value) -> Body:
    """The message of ``view``. Raises ``InvariantError``: no renderer (CO-SLK-012), a button its state cannot carry (CO-SLK-010), or sizes (CO-SLK-013)."""
    renderer = RENDERERS.get(type(view))
    if renderer is None:
        raise InvariantError("CO-SLK-012", f"no card is made from {type(view).__name__}")
    return _checked(renderer(view), type(view).__name__)


def render_answer(answer: Whisper) -> Body:
    """The message of an answer to a click that cannot count."""
    return _checked(render_lists.answer(answer), type(answer).__name__)


def render_home() -> Body:
    """The App Home view of this version."""
    return render_lists.home(views_outcome.HomeNothing())


def plainer(body: Body) -> Body:
    """The same message from the oldest blocks only: sections of plain text and buttons without extras."""
    return {"text": body["text"], "blocks": [_plainer(block) for block in body["blocks"]]}


def _plainer(block: Block) -> Block:
    match block["type"]:
        case "header":
            return {"type": "section", "text": block["text"]}
        case "context":
            return {"type": "section", "text": block["elements"][0]}
        case "section" if "fields" in block:
            joined = "\n".join(field["text"] for field in block["fields"])
            return {"type": "section", "text": {"type": "mrkdwn", "text": joined[:3000]}}
        case "actions":
            return block | {"elements": [_bare(element) for element in block["elements"]]}
        case _:
            return block


def _bare(element: Block) -> Block:
    """A button without its accessibility label, which older workspaces refuse."""
    return {name: value for name, value in element.items() if name != "accessibility_label"}


def _checked(body: Body, name: str) -> Body:
    faults = check_message(body)
    if len(body["blocks"]) > MAX_BLOCKS:
        faults.append(f"{len(body['blocks'])} blocks, at most {MAX_BLOCKS}")
    if faults:
        raise InvariantError("CO-SLK-013", f"{name} cannot be shown: {'; '.join(faults)}")
    return body
