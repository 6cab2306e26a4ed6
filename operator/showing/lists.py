"""Cards about many contracts, or about a person's words: the welcome list, texts that people wrote."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import addressing, agenda, alerting, approvals, cases, clauses, people, unreached, wording
from contractops.operator.sentences import sentence
from contractops.operator.showing.explain import list_line
from contractops.operator.showing.scene import Scene, terms_of
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import ApprovalLine, ApprovalsList
from contractops.operator.slack.views_outcome import ListLine, PersonsText, TextReply, WelcomeList
from contractops.operator.store.tables import Card, Draft, Renewal
from contractops.tools.hygiene import Hygiene

SOON: Final = timedelta(days=30)
WAITING_SHOWN: Final = 10
UNDATED_SHOWN: Final = 3
LISTED: Final = timedelta(days=120)


def welcome(session: Session, card: Card, now: datetime, rules: cases.Rules) -> WelcomeList:
    """What one person owns, once after the first import; lines for what is due within 120 days, most urgent first."""
    stages = [str(stage) for stage in FINAL]
    rows = session.exec(
        select(Renewal)
        .where(Renewal.owner_id == card.person_id, col(Renewal.stage).not_in(stages))
        .order_by(col(Renewal.decide_by), col(Renewal.id))
    ).all()
    undated = [row for row in rows if row.window_status == "unknown"][:UNDATED_SHOWN]
    near = [row for row in rows if row.decide_by is not None and row.missed_at is None and row.decide_by <= now + LISTED]
    return WelcomeList(
        owned=len({row.contract_id for row in rows}),
        soon=sum(row.decide_by is not None and row.decide_by <= now + SOON for row in near),
        unknown=sum(row.window_status == "unknown" for row in rows),
        lines=(
            *(list_line(cases.overview(session, row, now, rules), now) for row in near),
            *(undated_line(session, row, card.key, now, rules) for row in undated),
        ),
        settings=Button(
            action=Action.SETTINGS_OPEN,
            token=remember(session, rules.token_secret, card.key, Action.SETTINGS_OPEN, None, {"about": ""}),
        ),
    )


def undated_line(session: Session, row: Renewal, card_key: str | None, now: datetime, rules: cases.Rules, **more: Any) -> ListLine:
    """A renewal without a provable date: what is missing, and the button that asks for it. ``card_key`` None: no button can be made."""
    found = cases.overview(session, row, now, rules)
    question = clauses.question_of(session, found)
    button = None
    if question is not None and card_key is not None:
        about = " ".join([*more, question.key])  # the same question in an answer is another button
        args = {"about": about, "question": question.key, "renewal": row.id, **more}
        token = remember(session, rules.token_secret, card_key, Action.CLAUSE_SETTLE, None, args)
        button = Button(action=Action.CLAUSE_SETTLE, token=token)
    return list_line(found, now, question, button)


def waiting(session: Session, card: Card, now: datetime, rules: cases.Rules) -> TextReply:
    """What one person gets tomorrow since today is full: alerts that were held back and cards that were put off; days left, then value."""
    held = {one.id for one in alerting.held(session, card.person_id or "", now, rules)}
    put_off = select(Card.renewal_id).where(Card.person_id == card.person_id, Card.counted, col(Card.post_at) > now, Card.shown == 0)
    if approvals.are_many(session, card.person_id or ""):
        put_off = put_off.where(Card.kind != "second")  # they stand in a list of their own
    waits = _named(session, held | {one for one in session.exec(put_off) if one}, "can wait until tomorrow", now, rules)
    silent = _named(session, set(card.args["told"]), "without an answer of the owner yet", now, rules)
    return TextReply(text="\n".join([*waits, *silent]) or "Nothing waits until tomorrow any more.")


def waiting_approvals(session: Session, card: Card, now: datetime, rules: cases.Rules) -> ApprovalsList | TextReply:
    """The approvals that wait for one person, most urgent first, each with a way to its card."""
    found = []
    for asked, gate, row in approvals.waiting(session, card.person_id or ""):
        draft = session.get(Draft, (row.id, gate.draft_number))
        if draft is None:
            continue
        terms = terms_of(draft)
        by = agenda.approver_times(session, gate, cases.window_of(session, row, now), rules)[1]
        args = {"about": asked.key, "renewal": row.id}
        token = remember(session, rules.token_secret, card.key, Action.CARD_OPEN, None, args)
        line = ApprovalLine(
            account=terms.account_name,
            months=terms.term_months,
            total=terms.total,
            answer_by=by,
            zone=terms.zone,
            button=Button(action=Action.CARD_OPEN, token=token),
        )
        found.append((by, asked.key, line))
    if not found:
        return TextReply(text="No approval waits any more.")
    return ApprovalsList(lines=tuple(line for _by, _key, line in sorted(found, key=lambda one: one[:2])))


def hygiene(_session: Session, card: Card, _now: datetime, _rules: cases.Rules) -> TextReply:
    """The week's measures to contract-ops, as they were on the day of the card."""
    found = Hygiene.model_validate(card.args["measured"])
    zone = str(card.args["zone"])
    head = f"How our messages did, {wording.local_day(found.since, zone)} to {wording.local_day(found.until, zone)}:"
    return TextReply(text="\n".join([head, *(sentence(one, zone) for one in found.reasons)]))


def nobody_owns(session: Session, card: Card, now: datetime, rules: cases.Rules) -> TextReply:
    """To contract-ops: whom Slack does not reach, who is told instead, and the contracts that nobody answers for now."""
    person_id = str(card.args["person"])
    who = people.person(session, person_id)
    name = who.name if who else person_id
    if not people.is_unreached(session, person_id):
        return TextReply(text=f"Slack reaches {name} again.")
    instead = people.person(session, addressing.addressee(session, person_id, now, rules))
    rows = unreached.contracts_of(session, person_id)
    nearest = [cases.overview(session, row, now, rules) for row in rows[:WAITING_SHOWN]]
    more = len(rows) - len(nearest)
    return TextReply(
        text="\n".join(
            [
                f"Contracts nobody owns: {len(rows)}. Slack delivers nothing to {name}.",
                f"{instead.name if instead else 'Contract-ops'} is told instead. Name another owner in the contract files, or put {name}'s row in the staff list right.",
                *(_waits(one) for one in nearest),
                *([f"and {more} more, which /renewals lists."] if more else []),
            ]
        )
    )


def _named(session: Session, wanted: set[str], what: str, now: datetime, rules: cases.Rules) -> list[str]:
    """``N more`` with a line each, fewest days left first, then the highest price; nothing for an empty set."""
    rows = session.exec(select(Renewal).where(col(Renewal.id).in_(wanted), col(Renewal.stage).not_in([str(one) for one in FINAL])))
    nearest = sorted(rows, key=lambda row: (row.safe_on is None, row.safe_on or date.max))
    found = sorted((cases.overview(session, row, now, rules) for row in nearest[: 2 * WAITING_SHOWN]), key=_urgency)[:WAITING_SHOWN]
    if not found:
        return []
    rest = len(nearest) - len(found)
    return [
        f"{len(nearest)} more {what}:",
        *(_waits(one) for one in found),
        *([f"and {rest} more, which /renewals lists."] if rest else []),
    ]


def _urgency(one: cases.Overview) -> tuple[bool, date, Decimal, str]:
    """Fewest days left first, then the highest price; amounts of several currencies are only ordered here, never added."""
    safe_on = one.renewal.safe_on
    return safe_on is None, safe_on or date.max, -one.monthly.amount if one.monthly else Decimal(0), one.contract_id


def _waits(one: cases.Overview) -> str:
    due = "unknown" if one.renewal.decide_by is None else wording.deadline(one.renewal.decide_by, one.zone)
    worth = "" if one.monthly is None else f", {wording.monthly(one.monthly)}"
    return f"{one.account_name}, {one.contract_id}: decide by {due}{worth}"


def text(scene: Scene) -> PersonsText:
    """What somebody wrote through us, as it was written."""
    args = scene.card.args
    return PersonsText(who=scene.name(args.get("who")), did=str(args["did"]), text=str(args["text"]), account=scene.facts.account_name)


def sweep_stopped(session: Session, card: Card, _now: datetime, _rules: cases.Rules) -> TextReply:
    """To contract-ops: the clock's work stood still, since when, and since when it runs again."""
    who = people.person(session, card.person_id)
    zone = who.working_time.zone if who else "UTC"
    since = datetime.fromisoformat(card.args["since"])
    end = datetime.fromisoformat(card.args.get("over") or card.args["found"])
    lasted = wording.plural(round((end - since).total_seconds() / 3600), "hour")
    if "over" in card.args:
        return TextReply(
            text=f"The sweep over all dates runs again since {wording.moment(end, zone)}. It had not run for {lasted}, since {wording.moment(since, zone)}. "
            "What fell due in between was told when it came back, the most urgent alert of each contract."
        )
    return TextReply(
        text=f"The sweep over all dates has not run for {lasted}, since {wording.moment(since, zone)}. No alert and no reminder was sent in that time. "
        "Please look at the operator: its log, and contractops doctor."
    )
