"""Lines about what passed to somebody else, or came to pass by itself: a moved thread, an approval that others may give too, a new term."""

from __future__ import annotations

from contractops.operator import wording
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.views_outcome import TextReply


def moved_on(scene: Scene) -> TextReply:
    """To the one who had the thread: who has it now."""
    name = scene.facts.account_name
    return TextReply(text=f"{name}, {scene.row.contract_id}: {scene.name(scene.card.args['to'])} has this thread now.", account=name)


def passed_on(scene: Scene) -> TextReply:
    """To the approver whose answer time is over: who may decide as well."""
    name = scene.facts.account_name
    others = scene.names(list(scene.card.args["people"]))
    return TextReply(text=f"{name}: there was no answer in time, so {others} may decide this approval too.", account=name)


def has_renewed(scene: Scene) -> TextReply:
    """The term that was to renew as it is has begun."""
    row, name = scene.row, scene.facts.account_name
    began = "" if row.renews_on is None else f" on {wording.day(row.renews_on)}"
    worth = "" if scene.facts.monthly is None else f" at {wording.monthly(scene.facts.monthly)}"
    return TextReply(text=f"{name}, {row.contract_id}, has renewed{began}{worth}, as decided.", account=name)
