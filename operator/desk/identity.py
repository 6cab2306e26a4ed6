"""Who clicks: a Slack account, looked up now, and the person of the staff list behind it.

Rule 1: the identity is (team, user id) of the payload; names are never looked at.
Rule 2: guests, strangers, bots, other teams and those who have left may do nothing.
Rule 3: when Slack does not answer, nobody may do anything (fail closed).
Rule 4: Slack is asked before the transaction begins, the staff list inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from contractops.operator import people
from contractops.operator.slack.answers import NotStaff, RightsUnknown, Whisper
from contractops.operator.slack.commands import Actor
from contractops.tools.errors import NotFound, VendorError
from contractops.tools.people import Person
from contractops.tools.ports import Messenger, SlackUser


@dataclass(frozen=True)
class Stranger:
    """Nobody who may act; ``answer`` is what is said, ``why`` goes to the log."""

    answer: Whisper
    why: str


def account_of(messenger: Messenger, actor: Actor, team_id: str | None) -> SlackUser | Stranger:
    """The Slack account of ``actor`` as it is now; ``team_id`` is our workspace (None: the one of the account)."""
    try:
        account = messenger.user(actor.user_id)
    except NotFound:
        return Stranger(NotStaff(), "unknown account")
    except VendorError as problem:
        return Stranger(RightsUnknown(), str(problem))
    refused = _refusal(account, actor, team_id)
    return Stranger(NotStaff(), refused) if refused else account


def person_behind(session: Session, account: SlackUser) -> Person | Stranger:
    """The active person of the staff list whose account it is."""
    person = people.by_slack(session, account.user_id, account.email)
    if person is None or not person.active:
        return Stranger(NotStaff(), "not on the staff list")
    return person


def _refusal(account: SlackUser, actor: Actor, team_id: str | None) -> str:
    ours = team_id or account.team_id
    if account.team_id != ours or actor.team_id != ours:
        return "another team"
    marks = {
        "deleted": account.deleted,
        "bot": account.is_bot,
        "guest": account.is_restricted,
        "stranger": account.is_stranger,
    }
    return next((name for name, holds in marks.items() if holds), "")
