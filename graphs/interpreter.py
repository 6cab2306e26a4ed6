"""The deterministic interpreter: a message, the known names and the memory of the thread become one reading.

Rule 1: pure and deterministic: no clock, no file but the lexicon, no state between two messages.
Rule 2: what is not done is looked for first; what a message asks for, after that.
Rule 3: it abstains: when two questions are meant, when a word is left over that might change the meaning, when the text is long.
Rule 4: an account is never guessed: named in the text, remembered from the thread (and then said so), or asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contractops.graphs.intents import (
    ABOUT_ONE,
    MOST_MONTHS,
    Abstain,
    AnyIntent,
    Ask,
    AskAbout,
    Choice,
    Credits,
    Draft,
    Due,
    Help,
    IfNothing,
    Read,
    Reading,
    Refuse,
    RefusalKind,
    Sla,
    Status,
    Waiting,
    WhoSigns,
    WhyDate,
)
from contractops.graphs.known import Account, Known, Memory, Mentions, Names
from contractops.graphs.lexicon import Hit, Lexicon, load, plain, words_of
from contractops.graphs.slots import Times, times_of

LONGEST: Final = 400
"""Characters of a message that is read; a longer one is a paste, not a question."""
MOST_CHOICES: Final = 4
_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}")
_ADDRESSED: Final = re.compile(r"[^\s@<|:]+@[^\s@>|]+\.[A-Za-z]{2,}")
_MOST_LEFT: Final = 3
_LEFT_SHARE: Final = 0.4
_WEAK_WORDS: Final = frozenset({"change", "approve", "send", "share", "draft", "term_end", "yes", "send_to", "limit", "pending", "happens"})
"""Concepts whose single words mean little inside a phrase that means something else."""
_STRONG: Final = frozenset({"elsewise", "status", "wait", "signer", "to_me", "secret", "inject", "nothing", "due", "sla"})


class Interpreter:
    """Reads messages against one set of names. Making one costs more than a reading; it may be kept as long as the names hold."""

    def __init__(self, known: Known, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load()
        self._names = Names(known, self._lexicon)
        self._known = known

    def read(self, text: str, memory: Memory | None = None) -> Read:
        """The reading of ``text``; ``memory`` of the thread it stands in."""
        message = _Message(text, self._lexicon, self._names, self._known)
        lang = message.lang
        if len(text) > LONGEST:
            kind = RefusalKind.INSTRUCTIONS if message.has("inject") or message.has("secret") else None
            return Read(reading=Refuse(kind=kind) if kind else Abstain(why="long"), lang=lang)
        refusal = _refusal(message)
        if refusal is not None:
            return Read(reading=refusal, lang=lang)
        reading, remembered = _Question(message, self._names, memory or Memory()).reading()
        return Read(reading=reading, lang=lang, remembered=remembered)


class _Message:
    """A message taken apart."""

    def __init__(self, text: str, lexicon: Lexicon, names: Names, known: Known) -> None:
        self.raw = text
        self.lexicon = lexicon
        self.flat = plain(text)
        without_ids, found, unknown = names.take_ids(self.flat)
        words = words_of(without_ids)
        self.lang = lexicon.language(words)
        self.words = [word if lexicon.knows(word) or word in names.spelled else lexicon.nearest(word, self.lang, names.spelled) or word for word in words]
        self.said: Mentions = names.mentions(self.words, found, unknown)
        self.times: Times = times_of(without_ids, self.words, lexicon, known.today, self.said.tokens)
        self.named_ids = len(found) + len(unknown)

    @cached_property
    def hits(self) -> list[Hit]:
        """Concepts, without those inside a figure, a name, or a phrase that means something else."""
        taken = {at for one in self.times.with_unit for at in one.places} | self.said.tokens
        every = [hit for hit in self.lexicon.hits(self.words, self.lang) if not set(range(hit.start, hit.end)) <= taken]
        phrases = [hit for hit in every if hit.end - hit.start > 1 and hit.concept in _STRONG]
        return [hit for hit in every if not self._inside(hit, phrases)]

    @staticmethod
    def _inside(hit: Hit, phrases: Sequence[Hit]) -> bool:
        around = [one for one in phrases if one.start <= hit.start < one.end and one.concept != hit.concept]
        if hit.end - hit.start > 1 or not around:
            return False
        return hit.concept in _WEAK_WORDS or any(one.concept in {"elsewise", "wait"} for one in around)

    @cached_property
    def concepts(self) -> frozenset[str]:
        """Names of the concepts that were found."""
        return frozenset(hit.concept for hit in self.hits)

    def has(self, *concepts: str) -> bool:
        """Whether any of the concepts was found."""
        return not self.concepts.isdisjoint(concepts)

    @property
    def first(self) -> str:
        """The first word that is not politeness."""
        return next((word for word in self.words if word not in self.lexicon.sets["polite"]), "")

    @property
    def opens_as_question(self) -> bool:
        """Whether it begins like a question about what is or was."""
        return bool(self.words) and self.words[0] in self.lexicon.sets["openers"]

    @property
    def begins_with(self) -> frozenset[str]:
        """Concepts of the first word that is not politeness."""
        at = next((number for number, word in enumerate(self.words) if word not in self.lexicon.sets["polite"]), None)
        return frozenset(hit.concept for hit in self.hits if hit.start == at)

    @property
    def addressed(self) -> bool:
        """Whether a mail address stands in it."""
        return bool(_MAIL.search(self.flat)) or bool(_ADDRESSED.search(self.raw))

    def left_over(self) -> int:
        """Words that nothing explains."""
        told = {at for hit in self.hits for at in range(hit.start, hit.end)} | self.times.places | self.said.tokens
        told |= {at for hit in self.lexicon.fillers.find(self.words) for at in range(hit.start, hit.end)}
        told |= {at for hit in self.lexicon.greetings.find(self.words) for at in range(hit.start, hit.end)}
        return sum(at not in told and len(word) > 1 for at, word in enumerate(self.words))

    def is_clear(self) -> bool:
        """Whether so little is left over that the rest can be trusted."""
        left = self.left_over()
        return left <= 1 or (left <= _MOST_LEFT and left / max(1, len(self.words)) <= _LEFT_SHARE)

    def is_greeting(self) -> bool:
        """Nothing but a greeting."""
        told = {at for hit in self.lexicon.greetings.find(self.words) for at in range(hit.start, hit.end)}
        rest = [word for at, word in enumerate(self.words) if at not in told]
        return bool(told) and not rest


# What is not done


def _refusal(message: _Message) -> Refuse | None:
    """The refusal, where one is due."""
    kind = _refused_kind(message)
    if kind is None:
        return None
    contract = message.said.contracts[0] if len(message.said.contracts) == 1 else None
    return Refuse(kind=kind, contract=contract)


def _refused_kind(message: _Message) -> RefusalKind | None:
    asks = message.has("why", "when") or (message.has("happens") and message.has("nothing")) or (message.has("date") and message.has("question"))
    checks: tuple[tuple[RefusalKind, bool], ...] = (
        (RefusalKind.INSTRUCTIONS, message.has("inject", "secret")),
        (RefusalKind.RECORDS, _touches_records(message, asks=asks)),
        (RefusalKind.LEGAL, message.has("legal")),
        (RefusalKind.SEND, _sends(message, asks=asks)),
        (RefusalKind.DECIDE, _decides(message, asks=asks)),
        (RefusalKind.OTHERS, _pries(message)),
        (RefusalKind.OFF_TOPIC, message.has("off_topic") and not message.has(*_BUSINESS)),
    )
    return next((kind for kind, holds in checks if holds), None)


_BUSINESS: Final = ("due", "sla", "credit", "signer", "status", "nothing", "wait")


def _touches_records(message: _Message, *, asks: bool) -> bool:
    if message.has("delete"):
        return not message.has("who", "when") and not message.opens_as_question
    return message.has("change") and message.has("limit") and not asks and not message.has("who", "draft_only") and not _only_asks(message)


def _only_asks(message: _Message) -> bool:
    """A question about what is, not an order."""
    return message.opens_as_question or (message.has("question") and "change" not in message.begins_with and "approve" not in message.begins_with)


def _sends(message: _Message, *, asks: bool) -> bool:
    if message.has("send", "share") and (message.addressed or message.has("elsewhere")):
        return True
    if not message.has("send") or message.has("to_me") or asks or message.has("who"):
        return False
    return not message.opens_as_question and not message.has("nothing")


def _decides(message: _Message, *, asks: bool) -> bool:
    if message.has("yes") and len(message.words) <= 4 and not message.has(*_BUSINESS):  # noqa: PLR2004 - "ok do it then"
        return True
    if not message.has("approve") or asks:
        return False
    if "approve" in message.begins_with and not message.opens_as_question:
        return True
    if message.has("who", "wait", "signer"):
        return False
    return not message.opens_as_question and ("approve" in message.begins_with or not message.has("question"))


def _pries(message: _Message) -> bool:
    if message.has("others"):
        return True
    about = message.has("status", "signed", "sign", "signer", "approve", "why", "nothing", "pending")
    one = message.said.contracts or message.said.accounts
    return bool(message.said.staff) and not about and (not one or message.has("possession"))


# What is asked for


@dataclass(frozen=True)
class _Question:
    message: _Message
    names: Names
    memory: Memory

    def reading(self) -> tuple[Reading, tuple[str, ...]]:
        """The reading, and which slots came from the memory."""
        message = self.message
        found = self._candidates()
        if not found:
            return (Help() if message.is_greeting() else Abstain(why="nothing found")), ()
        if not message.is_clear():
            return Abstain(why="words left over"), ()
        if self._orders_something(found):
            return Abstain(why="an order and a question"), ()
        if message.has("elsewise") and not found & {"due", "credits", "waiting", "sla", "if_nothing"}:
            return Abstain(why="another question"), ()
        if len(found) > 1:
            return self._which(sorted(found)), ()
        return self._fill(next(iter(found)))

    def _orders_something(self, found: set[str]) -> bool:
        """Whether words of deciding, sending, deleting or changing stand beside a question that does not explain them."""
        message = self.message
        if message.has("why", "when", "who", "wait", "signer") or "if_nothing" in found:
            return False
        return message.has("approve", "delete") or (message.has("send") and not message.has("to_me")) or (message.has("change") and message.has("limit"))

    def _candidates(self) -> set[str]:
        """Names of the intents that the words point to, the weaker of each pair left out."""
        message = self.message
        found: set[str] = set()
        one = self._about_one()
        if message.has("nothing") and (message.has("happens") or (one and message.has("auto"))):
            return {"if_nothing"}
        if one and message.has("auto") and not message.has("why"):
            return {"if_nothing"}
        if message.has("credit"):
            found.add("credits")
        if message.has("sla"):
            found.add("sla")
        if (message.has("signer") or (message.has("sign") and message.has("who"))) and not message.has("signed"):
            found.add("who_signs")
        if self._is_date_question(one=one):
            found.add("why_date")
        if message.has("wait") or (message.has("pending") and not one):
            found.add("waiting")
        if message.has("status", "signed") or (message.has("pending") and one):
            found.add("status")
        if self._is_draft(found):
            found.add("draft")
        if self._is_due(one=one):
            found.add("due")
        if message.has("help"):
            found.add("help")
        return _strongest(found)

    def _about_one(self) -> bool:
        """Whether the message is about one contract or account."""
        said = self.message.said
        return bool(said.contracts or said.accounts or said.weak or said.unknown_ids) or (self.message.has("pronoun") and self.memory.contract is not None)

    def _is_date_question(self, *, one: bool) -> bool:
        message = self.message
        if message.has("why"):
            return message.has("date", "due", "when", "term_end") or message.times.period is not None or message.times.until is not None
        return one and (message.has("when") or message.has("due") or (message.has("date") and message.has("question"))) and not self._has_horizon()

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
        if message.opens_as_question or found & {"status", "why_date", "who_signs", "credits", "sla", "waiting"} or message.has("why", "when", "who", "due"):
            return False
        wants = message.has("draft") and (message.has("terms") or bool(months)) and ("draft" in message.begins_with or bool(months) or message.has("request"))
        return wants or (message.has("terms") and bool(months) and self._about_one() and not message.has("question"))

    def _which(self, found: list[str]) -> Ask:
        """Two questions in one: which of them is answered first."""
        choices = []
        for name in found[:MOST_CHOICES]:
            reading, _remembered = self._fill(name)
            if not isinstance(reading, Ask | Refuse | Abstain):
                choices.append(Choice(label=name, intent=reading))
        return Ask(about=AskAbout.INTENT, choices=tuple(choices))

    def _fill(self, name: str) -> tuple[Reading, tuple[str, ...]]:
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
        return _simple(name, contract), remembered

    def _period(self) -> tuple[str | None, tuple[str, ...]]:
        """The period that is named; without one that of the thread, where the contract is the thread's, too."""
        if self.message.times.period is not None:
            return self.message.times.period, ()
        same = not self.message.said.contracts and not self.message.said.accounts
        return (self.memory.period, ("period",)) if same and self.memory.period else (None, ())

    def _problem(self, name: str) -> Ask | Abstain | None:
        """A figure that makes no sense, or lacks its unit."""
        times = self.message.times
        if name == "sla" and (times.odd_period or (times.with_unit and times.period is None)):
            return Ask(about=AskAbout.PERIOD, found=name)
        if name == "due":
            return self._due_problem(times)
        return None

    def _due_problem(self, times: Times) -> Ask | Abstain | None:
        if times.period in {"last_month", "last_12_months"} or (times.period or "").isdigit() and times.until is None and times.within is None:
            return Abstain(why="past")
        days = [one.as_days() for one in times.with_unit]
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
        if len(lengths) > 1:
            return Ask(about=AskAbout.TERM, found="draft")
        if times.negative or (lengths and (months is None or not 1 <= months <= MOST_MONTHS)):
            return Ask(about=AskAbout.TERM, found="draft")
        if not lengths and times.bare:
            return self._unit_of_term(contract, times.bare[0].number)
        return Draft(contract=contract, months=months)

    @staticmethod
    def _unit_of_term(contract: str, number: str) -> Ask:
        fits = [(unit, int(number) * each) for unit, each in (("months", 1), ("years", 12)) if number.isdigit()]
        choices = [Choice(label=f"{number} {unit}", intent=Draft(contract=contract, months=total)) for unit, total in fits if 1 <= total <= MOST_MONTHS]
        return Ask(about=AskAbout.UNIT if choices else AskAbout.TERM, found="draft", choices=tuple(choices))

    # Which contract

    def _contract(self, name: str) -> tuple[str | None, tuple[str, ...], Ask | Refuse | None]:
        """(contract, slots from memory, the question instead)."""
        if name not in ABOUT_ONE and name != "credits":
            return None, (), None
        said = self.message.said
        if said.unknown_ids:
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
        accounts = [contract for one in said.accounts for contract in _meant(one)]
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
                if isinstance(reading, Ask):
                    return Ask(about=AskAbout.ACCOUNT, found=name)
                choices.append(Choice(label=self._label(contract, contracts), intent=reading))
        return Ask(about=AskAbout.ACCOUNT, found=name, choices=tuple(choices))

    def _label(self, contract: str, among: Sequence[str]) -> str:
        """The account, and the contract beside it where it has several of those asked about."""
        account = self.names.contract_account[contract]
        alone = sum(one in account.contracts for one in among) == 1
        return account.name if alone else f"{account.name} {contract}"


def _meant(account: Account) -> tuple[str, ...]:
    """The contracts that an account's name stands for: the one on the way, else all of them."""
    return account.live if len(account.live) == 1 else account.contracts


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


def _simple(name: str, contract: str | None) -> AnyIntent:
    match name:
        case "credits":
            return Credits(contract=contract)
        case "waiting":
            return Waiting()
        case "help":
            return Help()
        case "why_date":
            return WhyDate(contract=contract or "")
        case "if_nothing":
            return IfNothing(contract=contract or "")
        case "who_signs":
            return WhoSigns(contract=contract or "")
        case _:
            return Status(contract=contract or "")
