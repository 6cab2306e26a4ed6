"""The second reader: counted from phrases alone, always the same, and quiet where it knows nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractops.graphs import likeness
from contractops.graphs.intents import INTENTS, RefusalKind
from contractops.graphs.known import Memory
from contractops.graphs.lexicon import LANGUAGES
from contractops.graphs.likeness import FIGURE, LENGTH, NAME, PERSON, TIME, Likeness, Phrase, clauses_of, words_of_phrase
from tests.graphs.test_interpreter import INTERPRETER

SMALL = Likeness(
    [
        Phrase(("who", "signs", "for", NAME), "who_signs"),
        Phrase(("who", "signs"), "who_signs"),
        Phrase(("uptime", "of", NAME), "sla"),
        Phrase(("uptime", TIME), "sla"),
        Phrase(("approve", "it"), "decide"),
        Phrase(("wipe", "it"), "records"),
    ]
)


def test_the_nearest_phrases_win_and_slips_are_still_near() -> None:
    """A word that no phrase has is recognised by its runs of letters, beside one that is known."""
    assert SMALL.guess(("who", "signz", "for", NAME)).label == "who_signs"
    assert SMALL.guess(("uptimes", "of", NAME)).label == "sla"


def test_a_phrase_is_what_it_was_written_down_for() -> None:
    """Word for word it wins over whatever many others are like."""
    many = [Phrase(("renew", "it", str(number)), "draft") for number in range(50)]
    found = Likeness([*many, Phrase(("when", "renew", "it"), "why_date"), Phrase(("why",), "why_date")]).guess(("when", "renew", "it"))
    assert (found.label, found.second) == ("why_date", "draft")
    assert found.margin >= 5


def test_what_nobody_knows_is_no_evidence() -> None:
    """Words of which the phrases hold none give a margin of nothing, and no refusal."""
    for words in ((), ("hurgl", "burgl"), (NAME,), ("approvals", "wiped", "hurgl")):
        found = SMALL.guess(words)
        assert (found.margin, found.refused) == (0.0, False)


def test_kinds_of_refusal_are_one_answer() -> None:
    """What stands second is never another kind of refusal: how sure it is does not depend on which kind it is."""
    found = SMALL.guess(("approve", "it", "wipe", "it"))
    assert found.refused
    assert found.second in INTENTS


def test_the_order_of_the_phrases_means_nothing() -> None:
    """Twice made, once backwards: the same labels and the same margins to the last bit."""
    every = likeness.phrases()
    one, other = Likeness(every), Likeness(every[::-1])
    for phrase in every[::40]:
        assert one.guess(phrase.words) == other.guess(phrase.words)


@given(st.text(max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_label_of_the_closed_set(text: str) -> None:
    """No text raises, and a margin is never below nothing."""
    found = likeness.load().guess(words_of_phrase(text))
    assert found.label in {*INTENTS, *map(str, RefusalKind)}
    assert found.margin >= 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sla of ENT-3391 last month", [("sla", "of", NAME, TIME)]),
        ("draft 36 months for Northwind Logistics", [("draft", LENGTH, "for", NAME)]),
        ("did Dana look at CHI-DAL-02?", [("did", PERSON, "look", "at", NAME)]),
        ("raise it to 15 % - and tell me who signs", [("raise", "it", "to", FIGURE), ("and", "tell", "me", "who", "signs")]),
        ("ENT-9999: why", [(NAME,), ("why",)]),
    ],
)
def test_names_and_times_count_as_such(text: str, words: list[tuple[str, ...]]) -> None:
    """A name, a person, a period, a length and a figure stand for themselves, and clauses are told apart."""
    assert clauses_of(INTERPRETER._message(text), INTERPRETER._names) == words


@pytest.mark.parametrize("text", ["uptime for Meridian Steel", "who signs for globex", "prepara la renovación de Vandelay a 24 meses"])
def test_a_stranger_is_asked_for_whatever_the_thread_is_about(text: str) -> None:
    """A name that nobody knows is not replaced by the contract of the thread."""
    found = INTERPRETER.read(text, Memory(contract="ENT-3391")).reading
    assert (found.name, getattr(found, "about", None)) == ("ask", "account")


def test_the_file_of_phrases_is_sound() -> None:
    """Every line has words, a language, a label of the closed set and places that are known; no two have the same words."""
    rows = [json.loads(line) for line in files("contractops.graphs").joinpath("phrases.jsonl").read_text(encoding="utf-8").splitlines()]
    words = [words_of_phrase(row["text"]) for row in rows]
    assert len(rows) > 2500
    assert all(words)
    assert {row["lang"] for row in rows} == set(LANGUAGES)
    assert {row["intent"] for row in rows} == {*INTENTS, *map(str, RefusalKind)}
    assert not [row["text"] for row in rows if "{" in "".join(words_of_phrase(row["text"]))]
    assert len(set(words)) == len(rows)


def test_phrases_are_counted_when_a_message_comes_not_before() -> None:
    """Neither the command line nor an interpreter without a message pays for them."""
    code = (
        "import contractops.operator.cli, contractops.graphs.interpreter as i, contractops.graphs.likeness as l;"
        "from datetime import date; from contractops.graphs.known import Known;"
        "r = i.Interpreter(Known(today=date(2026, 12, 7))); before = l.load.cache_info().currsize;"
        "r.read('who signs?'); print(before, l.load.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]
