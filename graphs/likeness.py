"""The second reader: what a message is most like, among the phrases of ``phrases.jsonl``, each written down with what it asks for.

Rule 1: no model file: the phrases are counted when the first message is read, always with the same result.
Rule 2: names, periods, lengths and figures count as such, never as themselves: a phrase holds for every account and every date.
Rule 3: it names an intent or a kind of refusal and how sure it is; accounts, lengths and periods are read by the rules alone.
Rule 4: all kinds of refusal are one answer where it is asked how sure it is: that a thing is not done is the point, the kind is wording.

It is a naive Bayes over whole words, pairs of words and runs of three and four letters: typing errors and inflections share their runs.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from contractops.graphs.intents import RefusalKind
from contractops.graphs.known import Names
from contractops.graphs.lexicon import words_of
from contractops.graphs.message import Message

NAME: Final = "@name"
PERSON: Final = "@person"
TIME: Final = "@time"
LENGTH: Final = "@length"
FIGURE: Final = "@figure"
_PLACES: Final = {
    "account": NAME,
    "ticket": NAME,
    "person": PERSON,
    "period": TIME,
    "date": TIME,
    "term": LENGTH,
    "days": LENGTH,
    "figure": FIGURE,
}
_PLACE: Final = re.compile(r"\{(\w+)\}")
_MARK: Final = "zidz"
"""Stands in a text where an identifier stood."""
_RUNS: Final = (3, 4)
_RUN_WEIGHT: Final = 0.5
_SMOOTHING: Final = 0.2
_LEAST_PHRASES: Final = 2
"""A pair or a run of letters that only one phrase has says nothing."""
_REFUSED: Final = frozenset(str(kind) for kind in RefusalKind)
_EXACT: Final = 5.0
"""How far ahead of everything else a message is that is one of the phrases, at least."""
_LEAST_KNOWN: Final = 0.4
_CLAUSE: Final = re.compile(r"[.?!;,:]+(?=\s|$)|\s[-\u2013\u2014]+\s|\n")
_SHORTEST_CLAUSE: Final = 3
_SHORTEST_STRANGER: Final = 4


@dataclass(frozen=True)
class Phrase:
    """A phrase as its words, and the intent or kind of refusal that it stands for."""

    words: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Guess:
    """What a text is most like. ``margin``: how far ahead of ``second``, the best that is another answer; 0 is a tie."""

    label: str
    margin: float
    second: str

    @property
    def refused(self) -> bool:
        """Whether it is one of the things that are not done."""
        return self.label in _REFUSED and self.margin > 0


class Likeness:
    """Counts of the phrases, and what a text is most like by them. ``words``: all of theirs."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._counts: dict[str, dict[str, int]] = {label: {} for label in sorted({phrase.label for phrase in phrases})}
        spread: dict[str, int] = {}
        for label, counts in self._counts.items():
            _count(counts, (phrase.words for phrase in phrases if phrase.label == label))
            for mark, count in counts.items():
                spread[mark] = spread.get(mark, 0) + count
        self._telling = {mark for mark, count in spread.items() if count >= _LEAST_PHRASES or mark[0] == "w"}
        unseen = _SMOOTHING * len(self._telling)
        self._base = {
            label: math.log(_SMOOTHING / (unseen + sum(count for mark, count in counts.items() if mark in self._telling)))
            for label, counts in self._counts.items()
        }
        self.words = frozenset(word for phrase in phrases for word in phrase.words)
        self._whole = {phrase.words: phrase.label for phrase in phrases}

    def guess(self, words: Sequence[str]) -> Guess:
        """What ``words`` are most like."""
        marks = sorted(_words_and_pairs(words).union(*map(_runs, words)) & self._telling)
        weights = [_RUN_WEIGHT if mark[0] == "r" else 1.0 for mark in marks]
        every = math.fsum(weights)
        calm = math.sqrt(max(1, len(marks)))  # long messages repeat themselves: their evidence counts less than its sum
        ranked = sorted(
            ((every * self._base[label] + math.fsum(_evidence(marks, weights, counts))) / calm, label)
            for label, counts in self._counts.items()
        )
        exact = self._whole.get(tuple(words))
        if exact is not None:  # a phrase, word for word: it is what it was written down for
            ranked.append((ranked[-1][0] + _EXACT, exact))
        best, label = ranked[-1]
        other, second = next(one for one in reversed(ranked[:-1]) if one[1] != label and not {label, one[1]} <= _REFUSED)
        return Guess(label, best - other if self._knows(words) else 0.0, second)

    def _knows(self, words: Sequence[str]) -> bool:
        """Whether so many of the words are in the phrases that likeness means something."""
        plain = [word for word in words if word[0] != "@"]
        return bool(plain) and sum(word in self.words for word in plain) >= _LEAST_KNOWN * len(plain)


def _evidence(marks: Sequence[str], weights: Sequence[float], counts: dict[str, int]) -> Iterator[float]:
    for mark, weight in zip(marks, weights, strict=True):
        count = counts.get(mark)
        if count is not None:
            yield weight * math.log(count / _SMOOTHING + 1)


def _count(counts: dict[str, int], texts: Iterable[Sequence[str]]) -> None:
    """Count words, pairs and runs of ``texts`` into ``counts``; the runs of a word are taken once for all the texts that have it."""
    words: Counter[str] = Counter()
    for text in texts:
        words.update(set(text))
        for mark in _words_and_pairs(text):
            counts[mark] = counts.get(mark, 0) + 1
    for word, count in words.items():
        for run in _runs(word):
            counts[run] = counts.get(run, 0) + count


def _words_and_pairs(words: Sequence[str]) -> set[str]:
    """Whole words (w), and pairs of them (p) with the edges of the text."""
    return {f"w{word}" for word in words} | {f"p{one} {other}" for one, other in zip(("^", *words), (*words, "$"), strict=True)}


def _runs(word: str) -> Iterator[str]:
    """Runs of letters (r) of a word, its edges included."""
    if word[0] == "@":
        return
    edged = f"<{word}>"
    for length in _RUNS:
        for at in range(len(edged) - length + 1):
            yield f"r{edged[at : at + length]}"


def _squeezed(words: Iterable[str]) -> tuple[str, ...]:
    """Figures as such, and two names or periods in a row as one."""
    kept: list[str] = []
    for word in words:
        told = FIGURE if word[0].isdigit() else word
        if not (kept and told[0] == "@" and kept[-1] == told):
            kept.append(told)
    return tuple(kept)


def words_of_phrase(text: str) -> tuple[str, ...]:
    """The words of a phrase, its places (``{account}`` …) as what stands there."""
    parts = _PLACE.split(text)
    words: list[str] = []
    for number, part in enumerate(parts):
        words.extend([_PLACES[part]] if number % 2 else words_of(part))
    return _squeezed(words)


def clauses_of(message: Message, names: Names) -> list[tuple[str, ...]]:
    """The message as the classifier sees it, cut where a sentence or a part of one ends; put together they are the whole."""
    marked = names.take_ids(message.flat, f" {_MARK} ")[0]
    found, at = [], 0
    for part in _CLAUSE.split(marked):
        words = []
        for word in words_of(part):
            if word == _MARK:
                words.append(NAME)
                continue
            words.append(_told(message, names, word, at))
            at += 1
        if words:
            found.append(_squeezed(words))
    return found


def whole_of(clauses: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The clauses put together."""
    return _squeezed(word for clause in clauses for word in clause)


def _told(message: Message, names: Names, word: str, at: int) -> str:
    if at in message.said.tokens:
        return NAME if names.is_account_word(message.words, at) else PERSON
    times = message.times
    if at not in times.places or any(at in one.places for one in times.bare):
        return word
    return LENGTH if any(at in one.places for one in times.with_unit) else TIME


@dataclass(frozen=True)
class Opinions:
    """What a whole message is most like, and what each of its clauses is that is long enough to say something."""

    whole: Guess
    parts: tuple[Guess, ...]

    def asks_twice(self, sure: float) -> bool:
        """Whether two parts are surely different questions."""
        return len({one.label for one in self.parts if one.margin >= sure and not one.refused}) > 1


def opinions(message: Message, names: Names, likeness: Likeness) -> Opinions:
    """The second reader's opinions of ``message``."""
    clauses = clauses_of(message, names)
    whole = likeness.guess(whole_of(clauses))
    parts = _parts(clauses, message.lexicon.sets["joins"])
    return Opinions(whole, tuple(likeness.guess(part) for part in parts) if len(parts) > 1 else ())


def _parts(clauses: Sequence[tuple[str, ...]], joins: frozenset[str]) -> list[tuple[str, ...]]:
    found = []
    for clause in clauses:
        begun = 0
        for at, word in enumerate((*clause, None)):
            if word is None or word in joins:
                found.append(clause[begun:at])
                begun = at + 1
    return [one for one in found if len(one) >= _SHORTEST_CLAUSE]


def names_a_stranger(message: Message, likeness: Likeness) -> bool:
    """Whether a word that neither rules nor phrases know stands where a name stands, and no name is known: "uptime for Meridian"."""
    said, lexicon = message.said, message.lexicon
    if said.contracts or said.accounts or said.weak or said.unknown_ids:
        return False
    return any(
        before in lexicon.sets["before_name"]
        and word.isalpha()
        and len(word) >= _SHORTEST_STRANGER
        and at not in said.tokens | message.times.places
        and message.words[at] == word
        and not lexicon.knows(word)
        and word not in likeness.words
        for at, (before, word) in enumerate(zip(message.spelled, message.spelled[1:], strict=False), 1)
    )


def phrases() -> list[Phrase]:
    """The phrases of the file."""
    lines = files("contractops.graphs").joinpath("phrases.jsonl").read_text(encoding="utf-8").splitlines()
    return [Phrase(words_of_phrase(row["text"]), row["intent"]) for row in map(json.loads, lines)]


@cache
def load() -> Likeness:
    """The reader of the file of phrases, made when it is first asked for."""
    return Likeness(phrases())
