"""Cards that need a person: code cannot go on, or an effect stopped.

Rule 1: the card says what happened from the line of the chain that tells of it, so it still says so when the trouble is over.
Rule 2: nothing is repeated outside before a person says so.
"""

from __future__ import annotations

from typing import Any, Final

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import cases, wording
from contractops.operator import parked as parked_cards
from contractops.operator.phrases_of import DID
from contractops.operator.sentences import finding_sentence
from contractops.operator.showing.draft import price_fixes
from contractops.operator.showing.scene import US, Scene
from contractops.operator.showing.signed import LABELS
from contractops.operator.showing.states import PARKED
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import DocumentDiffers, NeedsPersonCard, TextReply
from contractops.operator.store.tables import Card, Effect, Renewal
from contractops.tools.crm import CrmReceipt
from contractops.tools.signature import NOTICE
from contractops.tools.values import Finding

EFFECTS: Final = {
    "docusign.send": ("the envelope for draft {draft}", "DocuSign"),
    "docusign.fetch": ("the signed document", "DocuSign"),
    "docusign.void": ("taking the envelope back", "DocuSign"),
    "docusign.resend": ("the reminder to the signer", "DocuSign"),
    "docusign.change_signer": ("the change of the signer", "DocuSign"),
    "crm.write": ("the CRM update", "The CRM"),
    "crm.overwrite": ("the CRM update of one field", "The CRM"),
    "slack.card": ("a message", "Slack"),
    "slack.fetch": ("fetching the customer's notice", "Slack"),
    "mail.send": ("an e-mail", "The mail server"),
}
"""What each kind of effect is in words, and who does it."""

BECAME: Final = {"todo": "Being tried again", "done": "Done", "cancelled": "No longer needed"}
"""What became of an effect that had stopped, by its status."""

_FINDINGS = 5
_STOPPED = 20
"""Lines of a list of stopped effects."""


def needs_person(scene: Scene) -> DocumentDiffers | TextReply:
    """Code cannot go on: no terms can be made, the signed document differs, or the CRM does not hold what was written."""
    asked = scene.asked
    line = scene.moved_to(asked.version) if asked else None
    told: dict[str, Any] = line.data if line else (scene.row.trouble or {})
    is_open = scene.is_open("person") and scene.stage is Stage.NEEDS_PERSON
    if "findings" in told:
        return _no_terms(scene, [Finding.model_validate(one) for one in told["findings"]], is_open=is_open)
    if "differences" in told:
        return _differs(scene, told["differences"], is_open=is_open)
    return _not_in_crm(scene, told, is_open=is_open)


def _settled(scene: Scene) -> tuple[str, Act] | None:
    """What a person decided about it."""
    asked = scene.asked
    if asked is None or asked.decision is None:
        return None
    return wording.sentence_case(DID.get(Event(asked.decision), "closed")), scene.act_of(asked)


def _outcome(scene: Scene) -> str:
    done = _settled(scene)
    return "" if done is None else f"{done[0]} by {done[1].by}, {wording.moment(done[1].at, scene.zone)}."


def _no_terms(scene: Scene, findings: list[Finding], *, is_open: bool) -> TextReply:
    account = scene.facts.account_name
    said = [f"{account}: terms can't be prepared yet, {wording.plural(len(findings), 'finding')}."]
    said += [finding_sentence(one) for one in findings[:_FINDINGS]]
    if len(findings) > _FINDINGS:
        said.append(f"And {len(findings) - _FINDINGS} more.")
    said.append(_outcome(scene) or "When the facts are put right, prepare again.")
    buttons: tuple[Button, ...] = ()
    if is_open:
        buttons = (
            scene.button(Action.RENEWAL_PREPARE),
            *price_fixes(scene, tuple(findings)),
            *scene.row_of(Action.RENEWAL_HANDOVER, Action.RENEWAL_STOP),
        )
    return TextReply(text="\n".join(said), buttons=buttons, account=account)


def _differs(scene: Scene, differences: list[dict[str, Any]], *, is_open: bool) -> DocumentDiffers:
    actions = (Action.DIFFERENCE_SEE, Action.DIFFERENCE_ACCEPT, Action.DIFFERENCE_DISPUTE)
    settled = _settled(scene)
    return DocumentDiffers(
        **scene.base,
        number=scene.row.draft_number,
        places=tuple(_place(one) for one in differences),
        settled=settled or (None if is_open else ("Closed", Act(by=US, at=scene.card.created_at))),
        buttons=scene.row_of(*actions) if is_open else (),
    )


def _place(one: dict[str, Any]) -> str:
    where = f"Page {one['page']}" if one.get("page") else "The document"
    return f"{where}: approved “{one['approved']}”, signed “{one['signed']}”"


def _not_in_crm(scene: Scene, told: dict[str, Any], *, is_open: bool) -> TextReply:
    """After the write the CRM shows something else: each field with both values."""
    account = scene.facts.account_name
    said = [f"{account}: the CRM does not show what was signed."]
    if told.get("receipt"):
        receipt = CrmReceipt.model_validate(told["receipt"])
        said += [
            f"{wording.sentence_case(LABELS.get(one.field, one.field))}: CRM {one.old or 'not set'}, signed {one.new or 'not set'}."
            for one in receipt.mismatches
        ]
    said.append(_outcome(scene) or "Accept writes the signed values once more; dispute stops and returns the draft.")
    buttons = scene.row_of(Action.DIFFERENCE_ACCEPT, Action.DIFFERENCE_DISPUTE) if is_open else ()
    return TextReply(text="\n".join(said), buttons=buttons, account=account)


def parked(scene: Scene) -> NeedsPersonCard | TextReply:
    """An effect that stopped: what it was, who said what, and what became of it; the list of several when others stopped with it."""
    others = parked_cards.members(scene.session, scene.card)
    if others:
        return _stopped_together(scene, others)
    args = scene.card.args
    effect = scene.session.get(Effect, str(args["effect"]), populate_existing=True)
    if effect is None:
        return TextReply(text=f"{scene.facts.account_name}: this step is no longer stored.")
    what, vendor = _what(effect, scene.row)
    waits = effect.status == PARKED
    return NeedsPersonCard(
        **scene.base,
        effect=what,
        vendor=vendor,
        unknown=bool(args.get("unknown")),
        attempts=effect.attempts,
        last_tried=scene.card.created_at,
        detail=str(args.get("error", "")),
        settled=None if waits else _became(scene, effect),
        buttons=scene.row_of(Action.EFFECT_RETRY, Action.EFFECT_DONE) if waits else (),
    )


def _stopped_together(scene: Scene, own: list[Card]) -> TextReply:
    """Several effects that stopped within an hour, one line each with what became of it; their cards stand in the thread."""
    said: list[str] = []
    for card in own:
        effect = scene.session.get(Effect, str(card.args["effect"]), populate_existing=True)
        row = scene.session.get(Renewal, card.renewal_id)
        if effect is None or row is None:
            continue
        what, vendor = _what(effect, row)
        state = "needs a person" if effect.status == PARKED else BECAME.get(effect.status, effect.status).lower()
        account = cases.overview(scene.session, row, scene.now, scene.rules).account_name
        said.append(f"{account}: {vendor}, {what}, {state}.")
    more = len(said) - _STOPPED
    rest = [f"And {more} more."] if more > 0 else []
    head = f"{wording.plural(len(said), 'step')} stopped within an hour; the cards with their buttons stand in this thread:"
    return TextReply(text="\n".join([head, *said[:_STOPPED], *rest]))


def _what(effect: Effect, row: Renewal) -> tuple[str, str]:
    """What the effect is in words, and who does it."""
    what, vendor = EFFECTS.get(effect.kind, (effect.kind, "The other side"))
    planned = effect.payload.get("plan", {}).get("draft_number")
    if planned == NOTICE:
        return "the envelope for the notice of non-renewal", vendor
    return what.format(draft=row.draft_number if planned is None else planned), vendor


def _became(scene: Scene, effect: Effect) -> tuple[str, Act]:
    """Tried again, done, or marked as done by a person."""
    words = BECAME.get(effect.status, effect.status)
    for event, said in (("effect settled", "Marked as done"), ("retry", words)):
        line = next((one for one in scene.noted(event) if one.data.get("effect") == effect.key), None)
        if line is not None:
            return said, Act(by=scene.name(line.by), at=line.at)
    return words, Act(by=US, at=effect.done_at or scene.card.created_at)
