"""Two readers become one reading: the rules of the interpreter, and the likeness to phrases.

Rule 1: where both see the same question it is answered; where the rules see none, likeness answers when it is sure.
Rule 2: a refusal of the rules wins over an answer, unless likeness is overwhelmingly sure of a question that orders nothing.
Rule 3: a part of a message that is like something that is not done holds the whole back.
Rule 4: where they see different questions both are offered, unless one of them is overwhelmingly sure.
Rule 5: the bounds stand here and were chosen on messages that neither reader was made with; what lies between them is asked back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contractops.graphs.intents import Abstain, Ask, AskAbout, Choice, Reading, RefusalKind, Refuse
from contractops.graphs.likeness import Guess, Opinions

Filled = tuple[Reading, tuple[str, ...]]
"""A reading, and which of its slots came from the memory."""


@dataclass(frozen=True)
class Bounds:
    """Margins of likeness from which on it is believed: alone, against the rules, against a refusal of theirs, as a refusal, as a refusal in a part; and below which
    it counts for nothing against the rules."""

    alone: float = 1.0
    against: float = 2.0
    unrefused: float = 2.5
    refusing: float = 0.8
    part: float = 0.4
    tie: float = 0.5


BOUNDS: Final = Bounds()
_PERSONAL: Final = frozenset({"due", "waiting"})
"""Questions about the asker's own work: with a colleague's name they may be about his."""


def agreed(refused: Refuse | None, rules: Filled, heard: Opinions, fill: Callable[[str], Filled], bounds: Bounds = BOUNDS) -> Filled:
    """One reading of both. ``refused``: what the rules refuse; ``rules``: how they read it else; ``fill`` makes the reading of an intent."""
    reading, whole = rules[0], heard.whole
    if refused is not None:
        return (refused, ()) if is_held(heard, bounds) else _unrefused(refused, whole, fill, bounds)
    name = reading.found if isinstance(reading, Ask) else reading.name
    if is_held(heard, bounds):
        return rules if _is_tie(name, heard, bounds) else _held(rules, heard, bounds)
    if name == whole.label or isinstance(reading, Refuse) or (name is None and heard.asks_twice(bounds.alone)):
        return rules
    if name is None or isinstance(reading, Abstain):
        return fill(whole.label) if whole.margin >= bounds.alone else rules
    if whole.margin >= bounds.against:
        return fill(whole.label)
    return rules if whole.margin < bounds.tie else which((name, whole.label), fill)


def is_held(heard: Opinions, bounds: Bounds = BOUNDS) -> bool:
    """Whether the message, or a part of it, is like something that is not done."""
    return heard.whole.refused or _held_part(heard, bounds) is not None


def is_surely_held(heard: Opinions, bounds: Bounds = BOUNDS) -> bool:
    """Whether likeness would refuse it, or a part of it, by itself."""
    return any(one.refused and one.margin >= bounds.refusing for one in (heard.whole, *heard.parts))


def _held_part(heard: Opinions, bounds: Bounds) -> Guess | None:
    return max((one for one in heard.parts if one.refused and one.margin >= bounds.part), key=lambda one: one.margin, default=None)


def _is_tie(name: str | None, heard: Opinions, bounds: Bounds) -> bool:
    """Whether it is as like the question that the rules see, and no part is like anything else."""
    return heard.whole.second == name and heard.whole.margin < bounds.tie and _held_part(heard, bounds) is None


def _unrefused(refused: Refuse, whole: Guess, fill: Callable[[str], Filled], bounds: Bounds) -> Filled:
    """What the rules alone refuse: answered where likeness is overwhelmingly sure of a question, asked back where it is sure."""
    if refused.kind is RefusalKind.INSTRUCTIONS or whole.margin < bounds.alone:
        return refused, ()
    personal = refused.kind is RefusalKind.OTHERS and whole.label in _PERSONAL
    return fill(whole.label) if whole.margin >= bounds.unrefused and not personal else which((whole.label,), fill)


def _held(rules: Filled, heard: Opinions, bounds: Bounds) -> Filled:
    """Refused where likeness is sure, else not answered."""
    guess = heard.whole if heard.whole.refused else _held_part(heard, bounds) or heard.whole
    if guess.margin >= bounds.refusing:
        return Refuse(kind=RefusalKind(guess.label), contract=getattr(rules[0], "contract", None)), ()
    return (rules[0] if isinstance(rules[0], Abstain) else Abstain(why="like something that is not done")), ()


def which(names: tuple[str, ...], fill: Callable[[str], Filled], about: AskAbout = AskAbout.MEANT) -> Filled:
    """Which of several questions is meant; the readings that are complete are offered."""
    made = [(name, fill(name)[0]) for name in names]
    choices = tuple(Choice(label=name, intent=one) for name, one in made if not isinstance(one, Ask | Refuse | Abstain))
    return Ask(about=about, choices=choices), ()
