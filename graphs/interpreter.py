"""The deterministic interpreter: a message, the known names and the memory of the thread become one reading.

Two readers look at a message: the rules of this module, and the likeness to phrases; ``agreeing`` makes one reading of both.

Rule 1: pure and deterministic: no clock, no file but the lexicon and the phrases, no state between two messages.
Rule 2: what is not done is looked for first; what a message asks for, after that.
Rule 3: it abstains: when two questions are meant, when a word is left over that might change the meaning, when the text is long.
Rule 4: an account is never guessed: named in the text, remembered from the thread (and then said so), or asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contractops.graphs import likeness
from contractops.graphs.agreeing import BOUNDS, Bounds, Filled, agreed, is_surely_held, which
from contractops.graphs.intents import (
    ABOUT_ONE,
    INTENTS,
    MOST_MONTHS,
    Abstain,
    Ask,
    AskAbout,
    Choice,
    Draft,
    Due,
    Help,
    Read,
    Reading,
    RefusalKind,
    Refuse,
    Sla,
    simple,
)
from contractops.graphs.known import Known, Memory, Mentions, Names
from contractops.graphs.lexicon import load
from contractops.graphs.likeness import Likeness, Opinions, clauses_of, names_a_stranger, opinions, whole_of
from contractops.graphs.message import Message
from contractops.graphs.refusals import refusal
from contractops.graphs.slots import Times

LONGEST: Final = 400
"""Characters of a message that is read; a longer one is a paste, not a question."""
MOST_CHOICES: Final = 4


class Interpreter:
    """Reads messages against one set of names. Making one costs more than a reading; it may be kept as long as the names hold."""

    def __init__(self, known: Known, like: Likeness | None = None, bounds: Bounds = BOUNDS) -> None:
        self._lexicon = load()
        self._names = Names(known, self._lexicon)
        self._known = known
        self._like = like
        self._bounds = bounds

    def phrase_of(self, text: str) -> tuple[str, ...]:
        """The words of ``text`` as a phrase has them: names, people and times as such."""
        return whole_of(clauses_of(self._message(text), self._names))

    def _message(self, text: str) -> Message:
        return Message(text, self._lexicon, self._names, self._known)

    def _question(self, message: Message, memory: Memory) -> _Question:
        return _Question(message, self._names, memory, names_a_stranger(message, self._like or likeness.load()))

    def _heard(self, message: Message) -> Opinions:
        return opinions(message, self._names, self._like or likeness.load())

    def read(self, text: str, memory: Memory | None = None) -> Read:
        """The reading of ``text``; ``memory`` of the thread it stands in."""
        message = self._message(text)
        lang = message.lang
        if len(text) > LONGEST:
            kind = RefusalKind.INSTRUCTIONS if message.has("inject") or message.has("secret") else None
            return Read(reading=Refuse(kind=kind) if kind else Abstain(why="long"), lang=lang)
        question = self._question(message, memory or Memory())
        reading, remembered = agreed(refusal(message), question.reading(), self._heard(message), question.filled, self._bounds)
        return Read(reading=reading, lang=lang, remembered=remembered, besides=question.besides(reading))

    def filled(self, text: str, memory: Memory, intent: str | None, contract: str | None = None) -> Read:
        """The intent that a model took ``text`` for, filled in by the rules alone: account, length and period are read from the text.

        ``contract`` is what the model took it to be about; where that is not what the text or the memory names, nothing was understood.
        """
        message = self._message(text)
        if intent not in INTENTS or refusal(message) is not None or is_surely_held(self._heard(message)):
            return Read(reading=Abstain(why="no intent"), lang=message.lang)
        question = self._question(message, memory)
        if question.orders_something(set()):
            return Read(reading=Abstain(why="an order and a question"), lang=message.lang)
        reading, remembered = question.filled(intent)
        found = getattr(reading, "contract", None)
        if contract is not None and found is not None and contract != found:
            return Read(reading=Abstain(why="another contract"), lang=message.lang)
        return Read(reading=reading, lang=message.lang, remembered=remembered, besides=question.besides(reading))

    def candidates(self, text: str, memory: Memory) -> tuple[str, ...]:
        """Contracts that ``text`` and the memory name and the asker may see: all that a model is told of."""
        message = self._message(text)
        named = [
            *message.said.contracts,
            *(one for account in message.said.accounts for one in account.meant),
            *filter(None, [memory.contract]),
        ]
        return tuple(dict.fromkeys(one for one in named if self._names.visible(one)))


@dataclass(frozen=True)
class _Question:
    """A message and its thread. ``stranger``: it names somebody whom nobody knows."""

    message: Message
    names: Names
    memory: Memory
    stranger: bool = False

    def reading(self) -> Filled:
        """The reading, and which slots came from the memory."""
        message = self.message
        found = self._candidates()
        if not found:
            return (Help() if message.is_greeting() else Abstain(why="nothing found")), ()
        if not message.is_clear():
            return Abstain(why="words left over"), ()
        if self.orders_something(found):
            return Abstain(why="an order and a question"), ()
        if message.has("elsewise") and not found & {"due", "credits", "waiting", "sla", "if_nothing"}:
            return Abstain(why="another question"), ()
        if len(found) > 1:
            return which(tuple(sorted(found)[:MOST_CHOICES]), self.filled, AskAbout.INTENT)
        return self.filled(next(iter(found)))

    def orders_something(self, found: set[str]) -> bool:
        """Whether words of deciding, sending, deleting or changing stand beside a question that does not explain them."""
        message = self.message
        if message.has("why", "when", "who", "wait", "signer") or "if_nothing" in found:
            return False
        return (
            message.has("approve", "delete")
            or (message.has("send") and not message.has("to_me"))
            or (message.has("change") and message.has("limit", "date") and "change" in message.begins_with)
        )

    def _candidates(self) -> set[str]:
        """Names of the intents that the words point to, the weaker of each pair left out."""
        message, one = self.message, self._about_one()
        if self._is_inaction(one=one):
            return {"if_nothing"}
        signs = message.has("signer") or (message.has("sign") and message.has("who"))
        pending = message.has("pending")
        signals = {
            "credits": message.has("credit"),
            "sla": message.has("sla"),
            "who_signs": signs and not message.has("signed"),
            "why_date": self._is_date_question(one=one),
            "waiting": message.has("wait") or (pending and not one),
            "status": message.has("status", "signed") or (pending and one),
            "due": self._is_due(one=one),
            "help": message.has("help"),
        }
        found = {name for name, holds in signals.items() if holds}
        if self._is_draft(found):
            found.add("draft")
        return _strongest(found)

    def _is_inaction(self, *, one: bool) -> bool:
        """Whether it is about nobody acting: said as a whole, or as "nobody" and "acts" under an "if"; or what goes on by itself."""
        message = self.message
        if message.has("nothing") and (message.has("happens") or (one and message.has("auto"))):
            return True
        if message.has("happens") and message.has("neg") and message.has("act") and not message.has("when", "credit", "sla", "signer"):
            return True
        return one and message.has("auto") and not message.has("why")

    def _about_one(self) -> bool:
        """Whether the message is about one contract or account."""
        said = self.message.said
        return bool(said.contracts or said.accounts or said.weak or said.unknown_ids) or (
            self.message.has("pronoun") and self.memory.contract is not None
        )

    def _is_date_question(self, *, one: bool) -> bool:
        message = self.message
        if message.has("why"):
            return message.has("date", "due", "when", "term_end") or message.times.period is not None or message.times.until is not None
        return (
            one
            and (message.has("when") or message.has("due") or (message.has("date") and message.has("question")))
            and not self._has_horizon()
        )

    def _has_horizon(self) -> bool:
        times = self.message.times
        return bool(times.within or times.until or times.with_unit)

    def _is_due(self, *, one: bool) -> bool:
        message = self.message
        if one or message.has("why"):
            return False
        if message.has("due", "auto"):
            return True
        if message.has("term_end") and (self._has_horizon() or message.has("possession")):
            return True
        if message.has("date") and message.has("when", "question"):
            return True
        return self._has_horizon() and (message.has("terms", "possession") or len(message.words) <= 5) and not message.has("draft")  # noqa: PLR2004 - "next 90 days please"

    def _is_draft(self, found: set[str]) -> bool:
        message = self.message
        months = [one for one in message.times.lengths if one.unit in {None, "month", "year", "quarter"}]
        if (
            message.opens_as_question
            or found & {"status", "why_date", "who_signs", "credits", "sla", "waiting"}
            or message.has("why", "when", "who", "due")
        ):
            return False
        wants = (
            message.has("draft")
            and (message.has("terms") or bool(months))
            and ("draft" in message.begins_with or bool(months) or message.has("request"))
        )
        return wants or (message.has("terms") and bool(months) and self._about_one() and not message.has("question"))

    def filled(self, name: str) -> Filled:
        """The intent ``name`` with its slots, or the question about the one that is missing."""
        problem = self._problem(name)
        if problem is not None:
            return problem, ()
        contract, remembered, question = self._contract(name)
        if question is not None:
            return question, ()
        return self._made(name, contract, remembered)

    def _made(self, name: str, contract: str | None, remembered: tuple[str, ...]) -> tuple[Reading, tuple[str, ...]]:
        times = self.message.times
        if name == "due":
            days = next((one.as_days() for one in times.with_unit), None) or times.within
            return Due(within_days=days, until=None if days else times.until), ()
        if name == "sla":
            period, from_memory = self._period()
            return Sla(contract=contract or "", period=period), (*remembered, *from_memory)
        if name == "draft":
            return self._draft(contract or ""), remembered
        return simple(name, contract), remembered

    def _period(self) -> tuple[str | None, tuple[str, ...]]:
        """The period that is named; without one that of the thread, where the contract is the thread's, too."""
        if self.message.times.period is not None:
            return self.message.times.period, ()
        same = not self.message.said.contracts and not self.message.said.accounts
        return (self.memory.period, ("period",)) if same and self.memory.period else (None, ())

    def _problem(self, name: str) -> Ask | Abstain | None:
        """A figure that makes no sense, or lacks its unit; and help with something that has a name, which is another question."""
        times = self.message.times
        if name == "help" and (self.message.said.contracts or self.message.said.accounts):
            return Abstain(why="help with a name")
        if name == "sla" and (times.odd_period or (times.period is None and (times.with_unit or times.stray))):
            return Ask(about=AskAbout.PERIOD, found=name)
        if name == "due":
            return self._due_problem(times)
        return None

    def _due_problem(self, times: Times) -> Ask | Abstain | None:
        if times.period in {"last_month", "last_12_months"} or (
            (times.period or "").isdigit() and times.until is None and times.within is None
        ):
            return Abstain(why="past")
        days = [one.as_days() for one in times.with_unit]
        if times.stray and not days and times.within is None and times.until is None:
            return Ask(about=AskAbout.TERM, found="due")
        if times.negative or any(one is None or not 1 <= one <= 3660 for one in days):  # noqa: PLR2004 - ten years
            return Ask(about=AskAbout.TERM, found="due")
        if times.bare and not days and times.within is None and times.until is None:
            return self._unit_of_horizon(times.bare[0].number)
        return None

    @staticmethod
    def _unit_of_horizon(number: str) -> Ask:
        days = {"days": 1, "weeks": 7, "months": 30}
        fits = [(unit, int(number) * each) for unit, each in days.items() if number.isdigit() and 1 <= int(number) * each <= 3660]  # noqa: PLR2004
        return Ask(
            about=AskAbout.UNIT,
            found="due",
            choices=tuple(Choice(label=f"{number} {unit}", intent=Due(within_days=total)) for unit, total in fits),
        )

    def _draft(self, contract: str) -> Draft | Ask:
        times = self.message.times
        lengths = times.with_unit
        months = lengths[0].as_months() if lengths else 6 if times.within == 180 else None  # noqa: PLR2004 - half a year
        if len(lengths) > 1 or times.either:
            return Ask(about=AskAbout.TERM, found="draft")
        if times.negative or (lengths and (months is None or not 1 <= months <= MOST_MONTHS)):
            return Ask(about=AskAbout.TERM, found="draft")
        if not lengths and times.bare:
            return self._unit_of_term(contract, times.bare[0].number)
        return Draft(contract=contract, months=months)

    @staticmethod
    def _unit_of_term(contract: str, number: str) -> Ask:
        fits = [(unit, int(number) * each) for unit, each in (("months", 1), ("years", 12)) if number.isdigit()]
        choices = [
            Choice(label=f"{number} {unit}", intent=Draft(contract=contract, months=total))
            for unit, total in fits
            if 1 <= total <= MOST_MONTHS
        ]
        return Ask(about=AskAbout.UNIT if choices else AskAbout.TERM, found="draft", choices=tuple(choices))

    # Which contract

    def besides(self, reading: Reading) -> tuple[str, ...]:
        """Other contracts of the account, where its name alone told the contract of ``reading``."""
        said, contract = self.message.said, getattr(reading, "contract", None)
        named = [one for one in said.accounts if contract in one.contracts and not said.contracts]
        return named[0].besides(contract) if named and contract is not None else ()

    def _contract(self, name: str) -> tuple[str | None, tuple[str, ...], Ask | Refuse | None]:
        """(contract, slots from memory, the question instead)."""
        if name not in ABOUT_ONE and name != "credits":
            return None, (), None
        said = self.message.said
        if self.stranger or said.unknown_ids:
            close = [one for wrong in said.unknown_ids for one in self.names.close_to(wrong)]
            return None, (), self._ask_contract(name, close)
        named = self._named(said)
        if len(said.contracts) == 1 and all(said.contracts[0] in one.contracts for one in said.accounts):
            contract = said.contracts[0]
            return (contract, (), None) if self.names.visible(contract) else (None, (), Refuse(kind=RefusalKind.OTHERS))
        if said.contracts or said.accounts:
            return self._chosen(name, named)
        if said.weak:
            return None, (), self._ask_contract(name, [one.contracts[0] for one in said.weak if one.contracts and one.visible])
        return self._remembered(name)

    def _named(self, said: Mentions) -> list[str]:
        """Every contract that the names may mean."""
        accounts = [contract for one in said.accounts for contract in one.meant]
        if said.contracts:
            return list(dict.fromkeys([*said.contracts, *(accounts if len(said.accounts) > 1 else [])]))
        return list(dict.fromkeys(accounts))

    def _chosen(self, name: str, named: list[str]) -> tuple[str | None, tuple[str, ...], Ask | Refuse | None]:
        seen = [one for one in named if self.names.visible(one)]
        if not seen:
            return None, (), Refuse(kind=RefusalKind.OTHERS)
        if len(named) == 1:
            return seen[0], (), None
        return None, (), self._ask_contract(name, seen)

    def _remembered(self, name: str) -> tuple[str | None, tuple[str, ...], Ask | Refuse | None]:
        contract = self.memory.contract
        usable = contract is not None and self.names.visible(contract)
        if name == "credits":
            return (contract, ("contract",), None) if usable and self.message.has("pronoun") else (None, (), None)
        if usable:
            return contract, ("contract",), None
        first = [one.contracts[0] for one in self.names.known.accounts if one.visible and one.live]
        return None, (), self._ask_contract(name, first)

    def _ask_contract(self, name: str, contracts: Sequence[str]) -> Ask:
        choices = []
        for contract in list(dict.fromkeys(contracts))[:MOST_CHOICES]:
            if self.names.visible(contract):
                reading, _remembered = self._made(name, contract, ())
                if isinstance(reading, Ask | Refuse | Abstain):
                    return Ask(about=AskAbout.ACCOUNT, found=name)
                choices.append(Choice(label=self._label(contract, contracts), intent=reading))
        return Ask(about=AskAbout.ACCOUNT, found=name, choices=tuple(choices))

    def _label(self, contract: str, among: Sequence[str]) -> str:
        """The account, and the contract beside it where it has several of those asked about."""
        account = self.names.contract_account[contract]
        alone = sum(one in account.contracts for one in among) == 1
        return account.name if alone else f"{account.name} {contract}"


def _strongest(found: set[str]) -> set[str]:
    """Of questions that speak of the same thing, the narrower one."""
    weaker = {
        "credits": {"sla", "due", "waiting", "status", "help", "draft"},
        "sla": {"status", "due", "why_date", "help", "draft", "waiting"},
        "who_signs": {"status", "due", "help", "waiting", "why_date"},
        "why_date": {"due", "help", "status"},
        "waiting": {"due", "draft", "help", "status"},
        "status": {"draft", "due", "help"},
        "draft": {"help", "due"},
        "due": {"help"},
    }
    out = {loser for winner in found for loser in weaker.get(winner, ())}
    return found - out
