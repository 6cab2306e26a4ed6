"""The words of ``lexicon.toml`` as tables, and a message as tokens with what they stand for.

Rule 1: words stand in the data file, never in code; this module knows how to find them, the interpreter what they mean together.
Rule 2: an entry of the language of the message or of English counts; one of another language only where nothing else explains the word.
Rule 3: a word that nobody knows is taken for its nearest neighbour when that is one slip away (two for long words) and begins alike.
Rule 4: what cannot be seen is taken out: zero-width, bidirectional and other format characters carry no meaning here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from rapidfuzz.distance import OSA

ENGLISH: Final = "en"
LANGUAGES: Final = ("en", "de", "es", "fr", "pt", "it", "nl")
_SHORTEST_SLIP: Final = 5
_TWO_SLIPS: Final = 8
_SHORTEST_STEM: Final = 3
_WORD: Final = re.compile(r"[^\W_]+(?:[.,]\d+)*", re.UNICODE)
_GLUED: Final = re.compile(r"(\d+)([^\W\d_]+)")
_SLACK: Final = re.compile(r"<(?:[@#!][^>]*|(?:https?|mailto):[^>]*)>")
ALL: Final = "all"
_NO_SLIPS: Final = frozenset({"off_topic"})
"""Concepts whose words are no goal for a slip: a word that nobody knows is not taken for one of them."""


@dataclass(frozen=True)
class Hit:
    """Where an entry of a ``concept`` was found: tokens ``start`` to ``end`` (excluded)."""

    concept: str
    start: int
    end: int
    lang: str


@dataclass(frozen=True)
class _Entry:
    concept: str
    lang: str
    words: tuple[str, ...]


def plain(text: str) -> str:
    """The text in small letters without accents, invisible characters and Slack's own marks."""
    text = _SLACK.sub(" ", text).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    kept = "".join(
        one
        for one in unicodedata.normalize("NFKD", text.casefold())
        if unicodedata.category(one) not in {"Mn", "Cf", "Cc"} or one.isspace()
    )
    return unicodedata.normalize("NFC", kept)


def words_of(text: str) -> list[str]:
    """The words of ``text`` as they are compared: a unit that sticks to its number is a word of its own."""
    return _WORD.findall(_GLUED.sub(r"\1 \2", plain(text)))


@dataclass
class Table:
    """Entries by their first word: exact, and by stem."""

    exact: dict[str, list[_Entry]] = field(default_factory=dict)
    stems: dict[str, list[_Entry]] = field(default_factory=dict)

    def add(self, concept: str, lang: str, entry: str) -> None:
        """Take an entry over; its words are made comparable."""
        words = tuple(_comparable(entry))
        if words:
            first = words[0]
            table, key = (self.stems, first[:-1]) if first.endswith("*") else (self.exact, first)
            table.setdefault(key, []).append(_Entry(concept, lang, words))

    def beginning(self, word: str) -> Iterable[_Entry]:
        """Entries whose first word is ``word``."""
        yield from self.exact.get(word, ())
        for length in range(_SHORTEST_STEM, len(word) + 1):
            yield from self.stems.get(word[:length], ())

    def find(self, tokens: Sequence[str]) -> list[Hit]:
        """Every entry that stands in ``tokens``."""
        return [
            Hit(entry.concept, at, at + len(entry.words), entry.lang)
            for at, token in enumerate(tokens)
            for entry in self.beginning(token)
            if _follows(entry.words, tokens, at)
        ]


def _comparable(entry: str) -> list[str]:
    found = _WORD.findall(plain(entry.replace("*", "\u241f"))) if "*" not in entry else []
    if "*" not in entry:
        return found
    return [f"{plain(part.rstrip('*'))}*" if part.endswith("*") else plain(part) for part in entry.split()]


def _follows(words: tuple[str, ...], tokens: Sequence[str], at: int) -> bool:
    if at + len(words) > len(tokens):
        return False
    return all(_same(word, tokens[at + number]) for number, word in enumerate(words))


def _same(word: str, token: str) -> bool:
    return token.startswith(word[:-1]) if word.endswith("*") else word == token


@dataclass(frozen=True)
class Lexicon:
    """All tables. ``numbers``, ``months`` and the like have one concept a value, named by it."""

    concepts: Table
    fillers: Table
    units: Table
    numbers: Table
    months: Table
    periods: Table
    horizons: Table
    until: Table
    greetings: Table
    generic: frozenset[str]
    slang: Mapping[str, str]
    sets: Mapping[str, frozenset[str]]
    vocabulary: Mapping[str, frozenset[str]]  # whole words by language, for slips
    telling: Mapping[str, frozenset[str]]  # those of them that stand for a concept

    def language(self, tokens: Sequence[str]) -> str:
        """The language that explains most of the words; English when two do equally well."""
        votes = dict.fromkeys(LANGUAGES, 0.0)
        for token in tokens:
            langs = {entry.lang for entry in self.fillers.beginning(token) if len(entry.words) == 1 and _same(entry.words[0], token)}
            telling = {entry.lang for entry in self.concepts.beginning(token) if len(entry.words) == 1 and _same(entry.words[0], token)}
            for lang in langs | telling:
                votes[lang] += 1 / len(langs | telling)
        return max(LANGUAGES, key=lambda lang: (votes[lang] + (0.01 if lang == ENGLISH else 0), -LANGUAGES.index(lang)))

    def knows(self, token: str) -> bool:
        """Whether any table has the word."""
        tables = (
            self.concepts,
            self.fillers,
            self.units,
            self.numbers,
            self.months,
            self.periods,
            self.horizons,
            self.until,
            self.greetings,
        )
        return token in self.vocabulary[ALL] or any(True for table in tables for _entry in table.beginning(token))

    def nearest(self, token: str, lang: str, names: Iterable[str] = ()) -> str | None:
        """The known word that ``token`` is a slip of: a name first, then a word that stands for a concept; None when there is none."""
        if len(token) < _SHORTEST_SLIP or not token.isalpha():
            return None
        most = 2 if len(token) >= _TWO_SLIPS else 1
        for words in (names, self.telling[lang], self.vocabulary[lang]):
            found = [(OSA.distance(token, word, score_cutoff=most), word) for word in words if _alike(token, word)]
            near = sorted(one for one in found if one[0] <= most)
            if near:
                return near[0][1]
        return None

    def hits(self, tokens: Sequence[str], lang: str) -> list[Hit]:
        """Concepts in ``tokens``: those of the language and of English, and of others where a word would else say nothing."""
        found = self.concepts.find(tokens)
        own = [hit for hit in found if hit.lang in {lang, ENGLISH}]
        told = {at for hit in own for at in range(hit.start, hit.end)}
        filler = {at for hit in self.fillers.find(tokens) if hit.lang in {lang, ENGLISH} for at in range(hit.start, hit.end)}
        foreign = [hit for hit in found if hit.lang not in {lang, ENGLISH} and not set(range(hit.start, hit.end)) & (told | filler)]
        return [*own, *foreign]


def _alike(token: str, word: str) -> bool:
    return len(word) >= _SHORTEST_SLIP - 1 and word[0] == token[0] and abs(len(word) - len(token)) <= 2  # noqa: PLR2004 - two slips at most


@cache
def load() -> Lexicon:
    """The lexicon of the data file."""
    data = tomllib.loads(files("contractops.graphs").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    vocabulary: dict[str, set[str]] = {lang: set() for lang in (*LANGUAGES, ALL)}
    telling: dict[str, set[str]] = {lang: set() for lang in LANGUAGES}
    no_goal: set[str] = set()
    tables: dict[str, Table] = {}

    def table(section: str, values: Mapping[str, Any]) -> None:
        made = tables.setdefault(section, Table())
        for concept, langs in values.items():
            for lang, words in (langs if isinstance(langs, dict) else {ALL: langs}).items():
                for entry in str(words).split(","):
                    made.add(str(concept), lang, entry.strip())
                    for word in _comparable(entry.strip()):
                        vocabulary[ALL if lang not in LANGUAGES else lang].add(word.rstrip("*"))
                        if concept in _NO_SLIPS:
                            no_goal.add(word.rstrip("*"))
                        if section == "concepts" and concept not in _NO_SLIPS and " " not in entry.strip():
                            telling[lang].add(word.rstrip("*"))

    table("fillers", {"filler": data["fillers"]})
    for section in ("concepts", "units", "numbers", "months", "periods", "horizons", "until"):
        table(section, data[section])
    table("greetings", {"greeting": data["greetings"][ALL]})
    every = set().union(*vocabulary.values())
    sets = {name: frozenset(part.strip() for part in entry.split(",")) for name, entry in data["sets"].items()}
    slang = {word.strip(): meant for meant, words in data["slang"].items() for word in words.split(",")}
    return Lexicon(
        slang=slang,
        sets=sets,
        **{
            name: tables[name]
            for name in ("concepts", "fillers", "units", "numbers", "months", "periods", "horizons", "until", "greetings")
        },
        generic=frozenset(word for entry in data["generic_names"][ALL].split(",") for word in _comparable(entry.strip())),
        telling={lang: frozenset(words) for lang, words in telling.items()},
        vocabulary={lang: frozenset((words | vocabulary[ALL]) - no_goal) for lang, words in vocabulary.items()} | {ALL: frozenset(every)},
    )
