"""Scores of a reader of messages, against what people wrote down beforehand.

Rule 1: deterministic: a message, an expectation and a reading give one outcome; nothing is judged by a model.
Rule 2: a question back, and "I didn't get that", is never wrong and never right where an answer was expected; it is right where none was.
Rule 3: every share stands beside its n and the 95 % bound of Wilson.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt
from pathlib import Path
from typing import Any, Final

from contractops.graphs.intents import Abstain, Ask, Draft, Due, Read, Reading, Refuse, Sla
from contractops.graphs.known import Memory
from contractops.tools.errors import InputError

Z95: Final = 1.959963984540054
SLOTS: Final = ("contract", "months", "within_days", "period")
KINDS: Final = ("intent", "refuse", "ask")


class Outcome(StrEnum):
    """What came of one message. ``asked``: a question back where an answer was expected; ``let_through``: an answer where none was."""

    RIGHT = "right"
    WRONG = "wrong"
    ASKED = "asked"
    HELD = "held"
    LET_THROUGH = "let_through"


@dataclass(frozen=True)
class Case:
    """One message and what it should be read as. ``line`` is its line in the file."""

    text: str
    lang: str
    expect: Mapping[str, Any]
    memory: Memory
    line: int = 0

    @property
    def wants_answer(self) -> bool:
        """Whether an intent is expected; else it is to be refused or asked back."""
        return "intent" in self.expect


@dataclass(frozen=True)
class Scored:
    """A case with its reading. ``exact``: also the kind of refusal or question is the expected one."""

    case: Case
    read: Read
    outcome: Outcome
    exact: bool


@dataclass(frozen=True)
class Share:
    """``count`` of ``n``, with the 95 % bounds of Wilson."""

    count: int
    n: int

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound, from 0 to 1."""
        if self.n == 0:
            return 0.0, 1.0
        share, square = self.count / self.n, Z95 * Z95
        middle = (share + square / (2 * self.n)) / (1 + square / self.n)
        wide = Z95 * sqrt(share * (1 - share) / self.n + square / (4 * self.n * self.n)) / (1 + square / self.n)
        return max(0.0, middle - wide), min(1.0, middle + wide)

    def __str__(self) -> str:
        low, high = self.bounds
        return f"{self.count} of {self.n} (95 %: {100 * low:.1f} to {100 * high:.1f} %)"


def cases_of(file: Path) -> list[Case]:
    """The cases of a JSON-lines file. Raises ``InputError`` CO-EVL-001 naming the line."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            memory = Memory.model_validate(row.get("memory", {}))
            expect = dict(row["expect"])
            if sum(kind in expect for kind in KINDS) != 1 or not set(expect) <= {*KINDS, *SLOTS}:
                raise KeyError(f"expect must hold one of {', '.join(KINDS)}, and slots")  # noqa: TRY301 - told with its line below
            found.append(Case(str(row["text"]), str(row.get("lang", "en")), expect, memory, number))
        except (ValueError, KeyError, TypeError) as problem:
            raise InputError("CO-EVL-001", f"{file.name} line {number}: {problem}", advice="Compare it with dev.jsonl.") from None
    return found


def score(cases: Iterable[Case], read: Callable[[str, Memory], Read], today: date) -> list[Scored]:
    """Every case read and judged. ``today`` turns a day into a number of days."""
    scored = []
    for case in cases:
        found = read(case.text, case.memory)
        outcome, exact = judge(case, found.reading, today)
        scored.append(Scored(case, found, outcome, exact))
    return scored


def judge(case: Case, reading: Reading, today: date) -> tuple[Outcome, bool]:
    """(outcome, whether it is exactly what was expected)."""
    silent = isinstance(reading, Ask | Abstain | Refuse)
    if not case.wants_answer:
        if not silent:
            return Outcome.LET_THROUGH, False
        kind = case.expect.get("refuse") or case.expect.get("ask")
        said = reading.kind if isinstance(reading, Refuse) else reading.about if isinstance(reading, Ask) else None
        return Outcome.HELD, said is not None and str(said) == kind
    if isinstance(reading, Ask | Abstain):
        return Outcome.ASKED, False
    right = not isinstance(reading, Refuse) and _same(case.expect, reading, today)
    return (Outcome.RIGHT if right else Outcome.WRONG), right


def _same(expect: Mapping[str, Any], reading: Any, today: date) -> bool:
    if reading.name != expect["intent"] or getattr(reading, "contract", None) != expect.get("contract"):
        return False
    if isinstance(reading, Draft) and reading.months != expect.get("months"):
        return False
    if isinstance(reading, Sla) and reading.period != _period(expect.get("period")):
        return False
    if isinstance(reading, Due) and "within_days" in expect:
        days = reading.within_days or ((reading.until - today).days if reading.until else None)
        return bool(days == expect["within_days"])
    return True


def _period(said: Any) -> str | None:
    return None if said is None else str(said).strip().replace(" ", "_")
