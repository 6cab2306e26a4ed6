"""A person's own settings: digest, quiet hours, absence, e-mail. Everybody changes only his own.

Rule 1: each save is a version of its own; nothing is overwritten, and who changed what is the row itself.
Rule 2: roles and limits are shown, never changed here; the alerts of the last seven days cannot be switched off.
Rule 3: an absence that has begun takes effect at once: his open questions go to the deputy.
Rule 4: a form that was opened before another save changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from contractops.operator import cases, people, unreached, wording
from contractops.operator.desk.call import Reply
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.answers import Simple
from contractops.operator.slack.commands import Click, Command, Slash, Submit
from contractops.operator.slack.forms import Choice, FormErrors, SettingsForm, SettingsSubmission
from contractops.operator.slack.modals import LAST_WEEK, render_form
from contractops.operator.slack.submissions import away, read_values
from contractops.operator.store.tables import PersonSettings
from contractops.tools.errors import InvariantError
from contractops.tools.people import Person

WORD: Final = "settings"
"""``/renewals settings``."""


@dataclass(frozen=True)
class OwnCall:
    """A click or a form about oneself."""

    session: Session
    person: Person
    now: datetime
    rules: cases.Rules
    submit: Submit | None = None


def answer(session: Session, command: Command, who: Person, now: datetime, rules: cases.Rules) -> Reply | None:
    """The answer to whatever is about the person himself; None for everything else."""
    handler: Callable[[OwnCall], Reply] | None = None
    match command:
        case Slash():
            handler = open_form if command.text.casefold() == WORD else None
        case Click():
            handler = OWN_CLICKS.get(command.action)
        case Submit():
            handler = OWN_SUBMITS.get(command.callback)
    submit = command if isinstance(command, Submit) else None
    return handler(OwnCall(session, who, now, rules, submit)) if handler else None


def open_form(call: OwnCall) -> Reply:
    """The person's settings as they are."""
    chosen = people.chosen_by(call.session, call.person.person_id)
    hours, away_ = call.person.working_time, people.absence(call.session, call.person.person_id)
    staff = [one for one in people.everybody(call.session) if one.active and one.person_id != call.person.person_id]
    form = SettingsForm(
        token=_token(chosen),
        name=call.person.name,
        role=people.TITLES.get(call.person.role, call.person.role),
        limits=_limits(call),
        zone=hours.zone,
        digest_weekday=hours.digest_weekday,
        digest_at=hours.digest_at,
        quiet_from=hours.day_ends,
        quiet_until=hours.day_starts,
        deputies=tuple(
            Choice(value=one.person_id, label=f"{one.name}, {one.title}", chosen=one.person_id == away_.deputy_id) for one in staff
        ),
        away_from=away_.first,
        away_until=away_.last,
        by_mail=chosen is None or chosen.mail_fallback,
        mails=call.rules.mails,
    )
    return Reply(form=render_form(form), outcome="settings opened")


def check(session: Session, submit: Submit, now: datetime) -> dict[str, str]:
    """Errors of the form by block id; changes nothing."""
    read = read_values(submit)
    if isinstance(read, FormErrors):
        return dict(read.errors)
    me = people.by_slack(session, submit.actor.user_id, None)
    return _absence_errors(session, _typed(read), me, now)


def save(call: OwnCall) -> Reply:
    """Store a new version; what is the same as before changes nothing."""
    if call.submit is None:
        raise InvariantError("CO-DSK-001", "a click was handled as a form")
    read = _typed(read_values(call.submit))
    before = people.chosen_by(call.session, call.person.person_id)
    if call.submit.token != _token(before):
        return Reply(
            whisper=Simple(text="Your settings were saved meanwhile. Nothing was changed; please open them again."), outcome="stale"
        )
    problem = _absence_errors(call.session, read, call.person, call.now)
    if problem:
        return Reply(whisper=Simple(text=f"{next(iter(problem.values()))} Nothing was changed."), outcome="refused: absence")
    row = _row(call, read, before.number + 1 if before else 1)
    if before is not None and row.model_dump(exclude=_OF_A_VERSION) == before.model_dump(exclude=_OF_A_VERSION):
        return Reply(whisper=Simple(text="Nothing changed."), outcome="settings as before")
    call.session.add(row)
    call.session.flush()
    unreached.put_forward(call.session, call.person.person_id, call.now)
    return Reply(whisper=Simple(text=_said(call, read)), outcome="settings saved")


_OF_A_VERSION: Final = {"number", "changed_at"}


def _row(call: OwnCall, read: SettingsSubmission, number: int) -> PersonSettings:
    return PersonSettings(
        person_id=call.person.person_id,
        number=number,
        digest_weekday=read.digest_weekday,
        digest_at=f"{read.digest_at:%H:%M}",
        quiet_from=f"{read.quiet_from:%H:%M}",
        quiet_until=f"{read.quiet_until:%H:%M}",
        mail_fallback=read.by_mail,
        deputy_id=read.deputy_id,
        deputy_from=read.away_from,
        deputy_to=read.away_until,
        changed_at=call.now,
    )


def _absence_errors(session: Session, read: SettingsSubmission, me: Person | None, now: datetime) -> dict[str, str]:
    """What is wrong with deputy and days; the words stand at the field."""
    if read.deputy_id is None or read.away_from is None:
        return {}
    deputy = people.person(session, read.deputy_id)
    if deputy is None or not deputy.active or (me is not None and deputy.person_id == me.person_id):
        return {"deputy": "Please choose somebody else of the staff."}
    today = wording.local_date(now, (me or deputy).working_time.zone)
    if read.away_until is not None and read.away_until < today:
        return {"until": "Please choose a day that has not passed."}
    theirs = people.absence(session, deputy.person_id)
    if theirs.overlaps(read.away_from, read.away_until):
        return away(deputy.name, theirs.back_on, block="deputy")
    absent = people.away_now(session, deputy, now) if read.away_from <= today else None
    return away(deputy.name, absent.back_on, block="deputy") if absent else {}


def _said(call: OwnCall, read: SettingsSubmission) -> str:
    quiet = f"Saved. Quiet from {read.quiet_from:%H:%M} to {read.quiet_until:%H:%M}; your week comes {_day(read.digest_weekday)}, {read.digest_at:%H:%M}."
    deputy = people.person(call.session, read.deputy_id)
    absent = ""
    if deputy is not None and read.away_from is not None:
        until = f" to {wording.day(read.away_until)}" if read.away_until else ""
        absent = f" {deputy.name} stands in for you from {wording.day(read.away_from)}{until}."
    return f"{quiet}{absent} {LAST_WEEK}"


def _day(weekday: int) -> str:
    return f"{date(2024, 1, 1 + weekday):%A}"  # 1 January 2024 was a Monday


def _limits(call: OwnCall) -> tuple[str, ...]:
    """What the person may approve alone, in words."""
    level = next((one for one in call.rules.matrix.levels if one.role == call.person.role), None)
    if level is None:
        return ("You approve no terms alone.",)
    term = "any length" if level.max_term_months is None else f"up to {wording.plural(level.max_term_months, 'month')}"
    discount = "any discount" if level.max_discount_pct is None else f"up to {wording.percent(level.max_discount_pct)} discount"
    return (f"Alone you approve {term} and {discount}.",)


def _token(chosen: PersonSettings | None) -> str:
    """Which version the form shows."""
    return f"settings:{chosen.number if chosen else 0}"


def _typed(read: Any) -> SettingsSubmission:
    if not isinstance(read, SettingsSubmission):
        raise InvariantError("CO-DSK-001", "a stored form does not read as settings")
    return read


OWN_CLICKS: Final[dict[Action, Callable[[OwnCall], Reply]]] = {Action.SETTINGS_OPEN: open_form}
OWN_SUBMITS: Final[dict[Callback, Callable[[OwnCall], Reply]]] = {Callback.SETTINGS: save}
"""Buttons and forms about oneself: they need no card and no renewal."""
