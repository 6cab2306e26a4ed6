"""Claims about the audit trail as a person reads it."""

from contractops.graphs.lifecycle import Event
from contractops.operator.trail import WHAT


def test_everything_that_can_happen_has_words_of_a_reader() -> None:
    """Each event is told in several plain words, none by its name in the program, and no two alike."""
    assert set(WHAT) == set(Event)
    assert [event for event, words in WHAT.items() if words == event.value.replace("_", " ") or len(words.split()) < 2] == []
    assert len(set(WHAT.values())) == len(WHAT)
