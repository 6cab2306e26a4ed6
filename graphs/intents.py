"""What a message can mean: a closed set of typed intents, and the three ways of not answering it.

Rule 1: whatever reads a message, rules or a model, ends in one of these values; nothing else is ever acted upon.
Rule 2: no intent changes anything. The wish for a draft is an intent too: it becomes a card with a button.
Rule 3: when in doubt the reading is ``Ask`` or ``Abstain``: a wrong answer costs more than a question.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from contractops.tools.values import Value

MOST_MONTHS = 120
"""A longer term is taken for a slip of the keyboard."""
PERIOD = r"^(this_year|last_month|this_term|last_12_months|\d{4}|\d{4}-(0[1-9]|1[0-2]))$"


class Intent(Value):
    """Base of the intents."""


class Due(Intent):
    """Which decisions come: within so many days, or until a day; neither: the usual horizon."""

    name: Literal["due"] = "due"
    within_days: int | None = Field(default=None, ge=1, le=3660)
    until: date | None = None


class Waiting(Intent):
    """What waits for the one who asks."""

    name: Literal["waiting"] = "waiting"


class WhyDate(Intent):
    """When a contract must be decided, and why then."""

    name: Literal["why_date"] = "why_date"
    contract: str


class IfNothing(Intent):
    """What becomes of a contract when nobody acts."""

    name: Literal["if_nothing"] = "if_nothing"
    contract: str


class Sla(Intent):
    """Service of a contract over a period; None: the running term."""

    name: Literal["sla"] = "sla"
    contract: str
    period: str | None = Field(default=None, pattern=PERIOD)


class Credits(Intent):
    """Service credits, of one contract or of all that the asker may see."""

    name: Literal["credits"] = "credits"
    contract: str | None = None


class Draft(Intent):
    """The wish for renewal terms; ``months`` None: the length is left open."""

    name: Literal["draft"] = "draft"
    contract: str
    months: int | None = Field(default=None, ge=1, le=MOST_MONTHS)


class WhoSigns(Intent):
    """Who signs for the customer."""

    name: Literal["who_signs"] = "who_signs"
    contract: str


class Status(Intent):
    """Where a renewal stands: stage, approvals, envelope."""

    name: Literal["status"] = "status"
    contract: str


class Help(Intent):
    """What can be asked."""

    name: Literal["help"] = "help"


AnyIntent: TypeAlias = Due | Waiting | WhyDate | IfNothing | Sla | Credits | Draft | WhoSigns | Status | Help
IntentValue: TypeAlias = Annotated[AnyIntent, Field(discriminator="name")]

INTENTS: dict[str, type[Intent]] = {
    one.model_fields["name"].default: one for one in (Due, Waiting, WhyDate, IfNothing, Sla, Credits, Draft, WhoSigns, Status, Help)
}
"""Intent by its name."""
ABOUT_ONE = frozenset({"why_date", "if_nothing", "sla", "draft", "who_signs", "status"})
"""Intents that need one contract."""


def simple(name: str, contract: str | None) -> AnyIntent:
    """An intent whose only slot is its contract, or which has none."""
    bare: dict[str, AnyIntent] = {"waiting": Waiting(), "help": Help(), "credits": Credits(contract=contract)}
    about: dict[str, type[WhyDate | IfNothing | WhoSigns | Status]] = {
        "why_date": WhyDate,
        "if_nothing": IfNothing,
        "who_signs": WhoSigns,
        "status": Status,
    }
    return bare[name] if name in bare else about[name](contract=contract or "")


class RefusalKind(StrEnum):
    """What is not done, whoever asks."""

    DECIDE = "decide"  # deciding in a person's place
    SEND = "send_elsewhere"  # sending to anybody but the recorded signers
    OTHERS = "other_people"  # other people's accounts
    RECORDS = "records"  # deleting history, changing limits or facts
    LEGAL = "legal"  # judging a question of law
    INSTRUCTIONS = "instructions"  # instructions hidden in text, secrets, our own instructions
    OFF_TOPIC = "off_topic"


class AskAbout(StrEnum):
    """What is asked back."""

    ACCOUNT = "account"  # which account or contract
    UNIT = "unit"  # a length without its unit
    TERM = "term"  # no such term
    PERIOD = "period"  # which period
    INTENT = "intent"  # which of several questions
    MEANT = "meant"  # whether it is this that was asked, or which of two


class Choice(Value):
    """One answer to a question: its words, and the intent that it stands for."""

    label: str
    intent: IntentValue


class Ask(Value):
    """One question with at most four answers. ``about`` names what is open; ``found`` is the name of the intent meant, if that is known."""

    name: Literal["ask"] = "ask"
    about: AskAbout
    choices: tuple[Choice, ...] = Field(default=(), max_length=4)
    found: str | None = None


class Refuse(Value):
    """Not done. ``contract`` leads to the card where the person can act himself."""

    name: Literal["refuse"] = "refuse"
    kind: RefusalKind
    contract: str | None = None


class Abstain(Value):
    """Not understood: nothing is answered but what can be asked."""

    name: Literal["abstain"] = "abstain"
    why: str


Reading: TypeAlias = Annotated[AnyIntent | Ask | Refuse | Abstain, Field(discriminator="name")]


class Read(Value):
    """A message as it was read. ``lang``: the language of the answer; ``remembered``: slots that came from the thread, not from the text.

    ``besides``: other contracts of the account that was named, which it might have been about.
    """

    reading: Reading
    lang: str = "en"
    remembered: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
