"""What an owner proposes to contract-ops: how a clause is to be read, or the price of an order.

Rule 1: a proposal can be taken over, through the form that it fills, as long as its question is open; and rejected once.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from contractops.operator import clauses, prices, wording
from contractops.operator.showing.scene import Scene
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views_outcome import PersonsText
from contractops.operator.store.gates import proposal_key
from contractops.operator.store.tables import Gate
from contractops.tools.values import Money

_GROUNDS: Final = {"text": "reads it in the clause", "quoted": "quotes another place", "outside": "says it was agreed outside the contract"}


def clause(scene: Scene) -> PersonsText:
    """To contract-ops: how the owner reads an open clause, with a button as long as it is open."""
    args = scene.card.args
    is_open = clauses.asked_by(scene.session, scene.row, args, scene.now, scene.rules) is not None and not _replaced(scene)
    value, ground = str(args["value"]), str(args["ground"])
    read = clauses.in_words(str(args["question"]), value)
    how = _GROUNDS[ground]
    verb = "answers" if args.get(clauses.INSTEAD) is None else "corrects the answer to"
    proposed: dict[str, Any] = {name: args[name] for name in ("question", "value", "ground", "said", clauses.INSTEAD) if name in args}
    return PersonsText(
        who=scene.name(args.get("who")),
        did=f"{verb} ({args['asked']}): {read}, and {how}{_outcome(scene)}",
        text=str(args["said"]) or "No words were added.",
        account=scene.facts.account_name,
        buttons=_buttons(scene, Action.CLAUSE_SETTLE, "this", proposed) if is_open else again(scene, str(args["question"])),
    )


def again(scene: Scene, key: str = "") -> tuple[Button, ...]:
    """What asks answered questions again, filled with the answer that counts; of ``key`` only, when it is named."""
    found = clauses.answered(scene.session, scene.row, scene.now, scene.rules)
    return tuple(
        scene.button(Action.CLAUSE_SETTLE, **clauses.again(question, one)) for question, one in found if not key or question.key == key
    )


def _replaced(scene: Scene) -> bool:
    """Whether the answer that this proposal would replace was replaced since."""
    gate = scene.session.get(Gate, clauses.gate_key(scene.row.id, scene.card.args), populate_existing=True)
    return gate is not None and gate.decision is not None


def price(scene: Scene) -> PersonsText:
    """To contract-ops: the price that the owner proposes for an order, with a button as long as the price is missing."""
    args = scene.card.args
    named = Money(amount=Decimal(args["price"]), currency=args["currency"])
    is_open = prices.missing_of(scene.session, scene.facts, args["question"]) is not None
    proposed = {name: args[name] for name in ("question", "price", "said")}
    since = wording.day(date.fromisoformat(args["from"]))
    order = str(args["order"])
    return PersonsText(
        who=scene.name(args.get("who")),
        did=f"proposes {wording.monthly(named)} for order {order} from {since} on{_outcome(scene)}",
        text=str(args["said"]),
        account=scene.facts.account_name,
        buttons=_buttons(scene, Action.FINDING_PRICE, order, proposed) if is_open else (),
    )


def _rejected(scene: Scene) -> Gate | None:
    """The decision against this proposal, if it was rejected."""
    return scene.session.get(Gate, proposal_key(scene.row.id, scene.card.key), populate_existing=True)


def _outcome(scene: Scene) -> str:
    gate = _rejected(scene)
    return (
        ""
        if gate is None
        else f" (rejected by {scene.name(gate.decided_by)}, {wording.moment(gate.decided_at or gate.opened_at, scene.zone)})"
    )


def _buttons(scene: Scene, action: Action, shown: str, proposed: dict[str, Any]) -> tuple[Button, ...]:
    if _rejected(scene) is not None:
        return ()
    return (scene.button(action, about=str(proposed["question"]), shown=shown, more=proposed), scene.button(Action.PROPOSAL_REJECT))
