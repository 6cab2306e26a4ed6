"""Forms about facts that the files leave open: how a clause is read, and the price of an order."""

from __future__ import annotations

from datetime import date
from typing import Final

from contractops.operator import wording
from contractops.operator.slack import inputs
from contractops.operator.slack.actions import Callback
from contractops.operator.slack.blocks import Block, quote, section
from contractops.operator.slack.forms import Choice, ClauseForm, PriceForm

SAID: Final = 500
"""Most characters of what a person says about a fact."""


def clause(form: ClauseForm) -> Block:
    """A value, beside the words it must stand in."""
    grounds = [one.model_copy(update={"chosen": one.value == form.ground}) for one in GROUNDS if form.quote or one.value != "text"]
    written = (
        quote("quote", f"{form.where}: ", form.quote) if form.quote else section("quote", "No words of the contract are recorded for this.")
    )
    blocks = [
        inputs.who(form, form.ask),
        written,
        *_value(form),
        inputs.entry(
            "ground", "On what ground?", inputs.radios(grounds), hint="What does not stand in the words above needs contract-ops."
        ),
        inputs.entry("said", "The place, or what was agreed", inputs.text(SAID, initial=form.said), optional=True, hint="Quote the words."),
    ]
    return inputs.modal(Callback.CLAUSE_SETTLE, form.token, "Review a clause", "Accept value", blocks)


def _value(form: ClauseForm) -> list[Block]:
    """What is asked for, filled with what was proposed."""
    whole: Block = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "999"}
    if form.asks == "reading":
        readings = [one.model_copy(update={"chosen": one.value == form.value}) for one in form.readings]
        return [inputs.entry("reading", "How do you read it?", inputs.radios(readings))]
    if form.asks == "length":
        length, _, unit = form.value.partition(" ")
        units = [one.model_copy(update={"chosen": one.value == unit}) for one in form.units]
        filled = whole | ({"initial_value": length} if length else {})
        return [inputs.entry("length", "Length", filled), inputs.entry("unit", "Unit", inputs.select(units))]
    if form.asks == "count":
        return [inputs.entry("count", "Number", whole | ({"initial_value": form.value} if form.value else {}))]
    return [inputs.entry("date", "Day", inputs.calendar(date.fromisoformat(form.value) if form.value else None))]


GROUNDS: Final = (
    Choice(value="text", label="It stands in the words above"),
    Choice(value="quoted", label="It stands elsewhere: I quote the place"),
    Choice(value="outside", label="It was agreed outside the contract"),
)


def price(form: PriceForm) -> Block:
    """A missing price."""
    label = f"{form.currency} a month for {form.order_id} from {wording.day(form.since)} on"
    element: Block = {"type": "number_input", "is_decimal_allowed": True, "min_value": "0"}
    element |= {"initial_value": form.price} if form.price else {}
    hint = "Before change orders, with two decimals, like 1250.00. Once contract-ops accept it, a new draft is prepared with it."
    blocks = [
        inputs.who(form),
        inputs.entry("price", label, element, hint=hint),
        inputs.entry("said", "Where does it stand, or who agreed it?", inputs.text(SAID, initial=form.said)),
    ]
    return inputs.modal(Callback.FINDING_PRICE, form.token, "Enter price", "Save price", blocks)
