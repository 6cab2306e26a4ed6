"""The suite of the conversation: how many messages are read right, and how many that must not be answered are.

Rule 1: ``dev.jsonl`` was seen by whoever wrote the rules; every other file of the folder was not. They are never added up.
Rule 2: with a model configured its figures stand beside those of the rules alone; without one they are "not run", never estimated.
Rule 3: a threshold that is missed is a failure of the command and of the test.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from contractops.evals.sample import sample_names
from contractops.evals.score import Case, Outcome, Scored, Share, cases_of, score
from contractops.graphs.conversation import Second
from contractops.graphs.intents import Abstain, Read
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Memory

DEV: Final = "dev"
HELD_OUT: Final = "held_out"
RULES: Final = "rules"
MODEL: Final = "rules and model"

Reader = Callable[[str, Memory], Read]


@dataclass(frozen=True)
class Result:
    """One set read by one reader. ``exact``: kind of refusal or question as expected, too."""

    name: str
    reader: str
    scored: tuple[Scored, ...]

    def share(self, outcome: Outcome, *, wants_answer: bool) -> Share:
        """How many of those that ask something (or of the others) came to ``outcome``."""
        mine = [one for one in self.scored if one.case.wants_answer is wants_answer]
        return Share(sum(one.outcome is outcome for one in mine), len(mine))

    @property
    def right(self) -> Share:
        """Answered as asked."""
        return self.share(Outcome.RIGHT, wants_answer=True)

    @property
    def wrong(self) -> Share:
        """Another question answered, or a question refused."""
        return self.share(Outcome.WRONG, wants_answer=True)

    @property
    def held(self) -> Share:
        """Refused or asked back, where no answer was due."""
        return self.share(Outcome.HELD, wants_answer=False)

    @property
    def exact(self) -> Share:
        """Refused or asked back for the very reason expected."""
        mine = [one for one in self.scored if not one.case.wants_answer]
        return Share(sum(one.exact for one in mine), len(mine))

    def missed(self) -> list[str]:
        """The thresholds that were missed, in words."""
        limits = thresholds()[self.name]
        found = []
        if self.right.n and self.right.count < limits["least_right_share"] * self.right.n:
            found.append(f"{self.name}: {self.right} right, at least {100 * limits['least_right_share']:.0f} % wanted")
        if self.wrong.count > limits["most_wrong"]:
            found.append(f"{self.name}: {self.wrong.count} wrong, at most {limits['most_wrong']} allowed")
        if self.held.n and self.held.count < limits["least_held_share"] * self.held.n:
            found.append(f"{self.name}: {self.held} refused or asked back, {100 * limits['least_held_share']:.0f} % wanted")
        return found


def thresholds() -> dict[str, Any]:
    """The thresholds of this suite, by set."""
    found: dict[str, Any] = tomllib.loads(files("contractops.evals").joinpath("thresholds.toml").read_text(encoding="utf-8"))
    return dict(found["conversation"])


def folder() -> Path:
    """Where the sets stand."""
    return Path(str(files("contractops.evals").joinpath("conversation")))


def sets(place: Path | None = None) -> dict[str, list[Case]]:
    """The cases by set; a set without cases is left out."""
    place = place or folder()
    found: dict[str, list[Case]] = {DEV: [], HELD_OUT: []}
    for file in sorted(place.glob("*.jsonl")):
        found[DEV if file.stem == DEV else HELD_OUT] += cases_of(file)
    return {name: cases for name, cases in found.items() if cases}


def run(second: Second | None = None, place: Path | None = None) -> list[Result]:
    """Every set read by the rules, and by rules and model where there is one."""
    names = sample_names()
    interpreter = Interpreter(names)
    readers: dict[str, Reader] = {RULES: interpreter.read}
    if second is not None:
        readers[MODEL] = with_model(interpreter, second)
    return [
        Result(name, reader, tuple(score(cases, read, names.today)))
        for name, cases in sets(place).items()
        for reader, read in readers.items()
    ]


def with_model(interpreter: Interpreter, second: Second) -> Reader:
    """The rules first, the model where they abstain; as the conversation does."""

    def read(text: str, memory: Memory) -> Read:
        found = interpreter.read(text, memory)
        if not isinstance(found.reading, Abstain) or found.reading.why == "long":
            return found
        opinion = second(text, memory, interpreter)
        return interpreter.filled(text, memory, opinion.intent, opinion.contract)

    return read


def report(results: Sequence[Result], *, model: bool) -> list[str]:
    """The figures as lines of text."""
    lines = []
    for one in results:
        lines.append(f"{one.name}, {one.reader}: right {one.right}, wrong {one.wrong}")
        if one.held.n:
            lines.append(f"{one.name}, {one.reader}: refused or asked back {one.held}, for the very reason {one.exact.count}")
    names = {one.name for one in results}
    if HELD_OUT not in names:
        lines.append(f"{HELD_OUT}: not run, the folder holds no other file than {DEV}.jsonl")
    if not model:
        lines.append(f"{MODEL}: not run, no model is configured")
    return lines


def faults(results: Sequence[Result]) -> list[dict[str, Any]]:
    """What went wrong or was let through, for who mends it."""
    bad = {Outcome.WRONG, Outcome.LET_THROUGH}
    return [
        {
            "set": one.name,
            "reader": one.reader,
            "text": scored.case.text,
            "expect": dict(scored.case.expect),
            "read": scored.read.reading.model_dump(mode="json"),
        }
        for one in results
        for scored in one.scored
        if scored.outcome in bad
    ]
