"""Cards about many contracts, or about a person's words: the welcome list, texts that people wrote."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases
from contractops.operator.showing.explain import list_line
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.views_outcome import PersonsText, WelcomeList
from contractops.operator.store.tables import Card, Renewal

SOON: Final = timedelta(days=30)
LISTED: Final = timedelta(days=120)


def welcome(session: Session, card: Card, now: datetime, rules: cases.Rules) -> WelcomeList:
    """What one person owns, once after the first import; lines for what is due within 120 days, most urgent first."""
    stages = [str(stage) for stage in FINAL]
    rows = session.exec(
        select(Renewal)
        .where(Renewal.owner_id == card.person_id, col(Renewal.stage).not_in(stages))
        .order_by(col(Renewal.decide_by), col(Renewal.id))
    ).all()
    near = [row for row in rows if row.decide_by is not None and row.missed_at is None and row.decide_by <= now + LISTED]
    return WelcomeList(
        owned=len({row.contract_id for row in rows}),
        soon=sum(row.decide_by is not None and row.decide_by <= now + SOON for row in near),
        unknown=sum(row.window_status == "unknown" for row in rows),
        lines=tuple(list_line(cases.overview(session, row, now, rules), now) for row in near),
    )


def text(scene: Scene) -> PersonsText:
    """What somebody wrote through us, as it was written."""
    args = scene.card.args
    return PersonsText(who=scene.name(args.get("who")), did=str(args["did"]), text=str(args["text"]), account=scene.facts.account_name)
