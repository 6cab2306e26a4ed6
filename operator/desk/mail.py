"""Mails at the desk: the form of one opens for whoever may act for the owner, and comes back as a text to copy and a link.

Rule 1: nothing is sent to a customer; the person copies the text or opens it in his mail program.
Rule 2: the text was checked before the form was stored; a case that ended meanwhile is answered, not worded.
"""

from __future__ import annotations

from contractops.operator.attend import note
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import may_help, not_yours, refused
from contractops.operator.showing import forms, mails
from contractops.operator.slack.actions import Action
from contractops.operator.slack.answers import AlreadyClosed
from contractops.operator.slack.commands import Submit
from contractops.operator.slack.forms import MailSubmission
from contractops.operator.slack.submissions import read_values
from contractops.tools.errors import InvariantError


def may_act(call: Call) -> bool:
    """Whether the person may act for the owner, or got the card in his place."""
    return may_help(call) or call.card.person_id == call.person.person_id


def open_draft(call: Call) -> Reply:
    """The draft of the mail that belongs to the button."""
    if not may_act(call):
        return not_yours(call)
    form = forms.form(call.session, Action(call.button.action), call.renewal, call.card, call.button, call.now, call.rules)
    if form is None:
        return refused(call, AlreadyClosed(), "no mail in this state")
    return Reply(form=form, outcome="mail draft opened")


def ready(call: Call) -> Reply:
    """The text as the person left it. Raises ``InvariantError`` CO-DSK-001 for anything but such a form."""
    said = read_values(call.command) if isinstance(call.command, Submit) else None
    if not isinstance(said, MailSubmission):
        raise InvariantError("CO-DSK-001", "a stored form does not read as a mail")
    if not may_act(call):
        return not_yours(call)
    mail = mails.mail_of(call.session, Action(call.button.action), call.renewal, call.card, call.now, call.rules)
    if mail is None:
        return refused(call, AlreadyClosed(), "no mail in this state")
    note(
        call.session, call.renewal, "mail drafted", call.person.person_id, call.now, {"about": call.button.action, "subject": said.subject}
    )
    return Reply(view=mails.draft_of(mail, said), outcome="mail ready")
