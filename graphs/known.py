"""Names that the interpreter may meet: accounts, contracts, people, tickets; and how a message names one of them.

Rule 1: only what the asker may see can be answered about; the names of the rest are known so that a question about them is refused.
Rule 2: an account with several contracts stands for the one that is on the way; where none or several are, for its oldest, and then the
answer says which others there are. Without a known oldest one it is asked which.
Rule 3: a word that names a trade ("bank") names no account by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pydantic import Field

from contractops.graphs.lexicon import Lexicon, plain, words_of
from contractops.tools.values import Value

_SHORTEST_NAME: Final = 3
_ID: Final = re.compile(r"\b([a-z]{2,5})[\s#-]{0,2}(\d{3,7})\b")
_YEAR: Final = re.compile(r"^(19|20)\d\d$")


class Account(Value):
    """An account: ``contracts`` most urgent first, ``live`` those that are on the way (due soon, missed, or without a date).

    ``main``: the oldest of several, for which the name of the account stands where ``live`` does not tell.
    """

    account_id: str
    name: str
    contracts: tuple[str, ...]
    live: tuple[str, ...] = ()
    main: str | None = None
    visible: bool = True

    @property
    def meant(self) -> tuple[str, ...]:
        """The contracts that its name stands for."""
        if len(self.live) == 1:
            return self.live
        return (self.main,) if self.main is not None else self.contracts

    def besides(self, contract: str) -> tuple[str, ...]:
        """Its other contracts, where the name alone did not tell that it stands for ``contract``."""
        told = len(self.contracts) == 1 or len(self.live) == 1
        return () if told else tuple(one for one in self.contracts if one != contract)


class Known(Value):
    """Everything that can be named. ``things``: circuits, orders and tickets with their contract; ``contacts``: (name, account id)."""

    accounts: tuple[Account, ...] = ()
    staff: tuple[str, ...] = ()
    asker: str = ""
    contacts: tuple[tuple[str, str], ...] = ()
    things: dict[str, str] = Field(default_factory=dict)
    today: date


class Memory(Value):
    """What a thread is about: the last contract and period."""

    contract: str | None = None
    period: str | None = None


@dataclass
class Mentions:
    """What a message names. ``tokens``: places in the words that the names take."""

    contracts: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)
    unknown_ids: list[str] = field(default_factory=list)
    weak: list[Account] = field(default_factory=list)
    tokens: set[int] = field(default_factory=set)


class Names:
    """The names of one ``Known`` as tables."""

    def __init__(self, known: Known, lexicon: Lexicon) -> None:
        self.known = known
        self.contract_account = {contract: one for one in known.accounts for contract in one.contracts}
        self._ids = {_bare(contract): contract for contract in self.contract_account}
        self._things = {_bare(name): contract for name, contract in known.things.items()}
        self._prefixes = {match[1] for contract in self.contract_account if (match := _ID.search(contract.casefold()))}
        self._digits: dict[str, set[str]] = defaultdict(set)
        for contract in self.contract_account:
            self._digits[re.sub(r"\D", "", contract)].add(contract)
        self._words: dict[str, list[Account]] = defaultdict(list)
        self._heads: set[str] = set()
        for account in known.accounts:
            self._learn(account, lexicon)
        by_id = {one.account_id: one for one in known.accounts}
        self._contacts = [(words_of(name), by_id[account]) for name, account in known.contacts if account in by_id]
        self._staff = [(words_of(name), name) for name in known.staff if name != known.asker]
        self._lexicon = lexicon

    @property
    def spelled(self) -> frozenset[str]:
        """Words of names, for slips."""
        return frozenset(word for word in self._words if word not in self._lexicon.generic)

    def _learn(self, account: Account, lexicon: Lexicon) -> None:
        words = [word for word in words_of(account.name) if len(word) >= _SHORTEST_NAME]
        for number, word in enumerate(dict.fromkeys([*words, *words_of(account.account_id.replace("-", " "))])):
            if account not in self._words[word]:
                self._words[word].append(account)
            if number == 0 and word not in lexicon.generic:
                self._heads.add(word)

    def visible(self, contract: str) -> bool:
        """Whether the asker may see the contract."""
        return contract in self.contract_account and self.contract_account[contract].visible

    def take_ids(self, text: str, instead: str = " ") -> tuple[str, list[str], list[str]]:
        """The text with ``instead`` of its identifiers, the contracts that they name, and those that name nothing."""
        found: list[str] = []
        unknown: list[str] = []
        things = sorted(self._things, key=len, reverse=True)

        def known_id(match: re.Match[str]) -> str:
            bare = match[1] + match[2]
            if bare in self._ids:
                found.append(self._ids[bare])
                return instead
            if match[1] in self._prefixes:
                unknown.append(match[0].upper())
                return instead
            return match[0]

        for word in re.findall(r"[a-z0-9]+(?:[-_/][a-z0-9]+)+", text):
            bare = _bare(word)
            if bare in things:
                found.append(self._things[bare])
                text = text.replace(word, instead, 1)
        return _ID.sub(known_id, text), found, unknown

    def mentions(self, tokens: Sequence[str], found: list[str], unknown: list[str]) -> Mentions:
        """What ``tokens`` name, beside the identifiers that were taken out before."""
        said = Mentions(contracts=list(found), unknown_ids=list(unknown))
        self._persons(tokens, said)
        self._numbers(tokens, said)
        self._named(tokens, said)
        said.contracts = list(dict.fromkeys(said.contracts))
        return said

    def _numbers(self, tokens: Sequence[str], said: Mentions) -> None:
        for at, token in enumerate(tokens):
            if len(token) > _SHORTEST_NAME and not _YEAR.match(token) and len(self._digits.get(token, ())) == 1:
                said.contracts.extend(self._digits[token])
                said.tokens.add(at)

    def _persons(self, tokens: Sequence[str], said: Mentions) -> None:
        for words, name in self._staff:
            if _stand_in(words, tokens, said.tokens) or self._first_name(words, tokens, said.tokens):
                said.staff.append(name)
        for words, account in self._contacts:
            if _stand_in(words, tokens, said.tokens) or self._first_name(words, tokens, said.tokens):
                said.accounts.append(account)

    def _first_name(self, words: Sequence[str], tokens: Sequence[str], taken: set[int]) -> bool:
        first = words[0] if words else ""
        if len(first) < 2 or self._lexicon.knows(first) or first in self._words:  # noqa: PLR2004 - an initial is no name
            return False
        return _stand_in([first], tokens, taken)

    def _named(self, tokens: Sequence[str], said: Mentions) -> None:
        """Accounts by the words of their names: the longest common run of words decides between those that share one."""
        candidates: dict[str, tuple[Account, set[int], bool]] = {}
        for at, token in enumerate(tokens):
            word = self._split(token, tokens, at)
            for account in self._words.get(word or "", ()):
                kept = candidates.setdefault(account.account_id, (account, set(), False))
                strong = kept[2] or word in self._heads or (word not in self._lexicon.generic and not self._lexicon.knows(word or ""))
                candidates[account.account_id] = (account, kept[1] | {at}, strong)
        best = max((len(places) for _account, places, strong in candidates.values() if strong), default=0)
        for account, places, strong in candidates.values():
            if strong and not self._beaten(places, candidates, account):
                said.accounts.append(account)
                said.tokens |= places
            elif not strong and best == 0:
                said.weak.append(account)
        said.accounts = list({one.account_id: one for one in said.accounts}.values())

    @staticmethod
    def _beaten(places: set[int], candidates: dict[str, tuple[Account, set[int], bool]], account: Account) -> bool:
        """Whether another account explains the same words and more."""
        return any(places < other for one, other, strong in candidates.values() if strong and one is not account)

    def is_account_word(self, tokens: Sequence[str], at: int) -> bool:
        """Whether the word at a place stands in the name of an account."""
        return self._split(tokens[at], tokens, at) is not None

    def _split(self, token: str, tokens: Sequence[str], at: int) -> str | None:
        """The name's word behind a token: itself, with its genitive taken off, or two tokens that were written apart."""
        for word in (token, token.removesuffix("s"), token + (tokens[at + 1] if at + 1 < len(tokens) else "")):
            if word in self._words:
                return word
        return None

    def close_to(self, wrong: str) -> list[str]:
        """Contracts whose id is nearest to one that does not exist, at most three."""
        digits = re.sub(r"\D", "", wrong)
        same = sorted(
            self.contract_account, key=lambda one: (sum(a != b for a, b in zip(digits, re.sub(r"\D", "", one), strict=False)), one)
        )
        return [one for one in same if self.visible(one)][:3]


def _stand_in(words: Sequence[str], tokens: Sequence[str], taken: set[int]) -> bool:
    """Whether the words stand in a row; their places are taken then."""
    if not words:
        return False
    for at in range(len(tokens) - len(words) + 1):
        if all(tokens[at + number].removesuffix("s") == word or tokens[at + number] == word for number, word in enumerate(words)):
            taken.update(range(at, at + len(words)))
            return True
    return False


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", plain(name))
