"""A message taken apart: its words with slips mended, the names and figures in it, and the concepts that its words stand for.

Rule 1: nothing is decided here; a concept says that a word was found, not what the message means.
Rule 2: a word inside a name, a figure or a phrase is not read a second time for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from contractops.graphs.known import Known, Mentions, Names
from contractops.graphs.lexicon import Hit, Lexicon, plain, words_of
from contractops.graphs.slots import Times, times_of

_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}")
_ADDRESSED: Final = re.compile(r"[^\s@<|:]+@[^\s@>|]+\.[A-Za-z]{2,}")
_MOST_LEFT: Final = 3
_LEFT_SHARE: Final = 0.4
_WEAK_WORDS: Final = frozenset({"change", "approve", "send", "share", "draft", "term_end", "yes", "send_to", "limit", "pending", "happens"})
"""Concepts whose single words mean little inside a phrase that means something else."""
_STRONG: Final = frozenset({"elsewise", "status", "wait", "signer", "to_me", "secret", "inject", "nothing", "due", "sla"})


class Message:
    """A message taken apart."""

    def __init__(self, text: str, lexicon: Lexicon, names: Names, known: Known) -> None:
        self.raw = text
        self.lexicon = lexicon
        self.flat = plain(text)
        without_ids, found, unknown = names.take_ids(self.flat)
        self.spelled = words_of(without_ids)
        words = [lexicon.slang.get(word, word) for word in self.spelled]
        self.lang = lexicon.language(words)
        self.words = [self._mended(word, names.spelled) for word in words]
        self.said: Mentions = names.mentions(self.words, found, unknown)
        self.times: Times = times_of(without_ids, self.words, lexicon, known.today, self.said.tokens)
        self.named_ids = len(found) + len(unknown)

    def _mended(self, word: str, names: frozenset[str]) -> str:
        """The word, or what it is a slip of."""
        if self.lexicon.knows(word) or word in names:
            return word
        return self.lexicon.nearest(word, self.lang, names) or word

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
