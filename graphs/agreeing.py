"""Two readers become one reading: the rules of the interpreter, and the likeness to phrases.

Rule 1: where both see the same question it is answered; where the rules see none, likeness answers when it is sure.
Rule 2: a refusal of the rules wins over an answer; where likeness sees a question in it, that is offered, and nothing is answered, unless
all that was wrong is that a colleague is named.
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
    """Margins of likeness. ``alone``: from here on it answers what the rules do not understand; ``against``: what they understand otherwise.

    ``refusing``: refuses by itself; ``part``: holds a message back for one of its parts; ``doubt``: a refusal of the rules is asked back
    first; ``tie``: below this it counts for nothing against the rules.
    """

    alone: float = 1.5
    against: float = 3.0
    refusing: float = 3.0
    part: float = 0.4
    doubt: float = 0.25
    tie: float = 0.25


BOUNDS: Final = Bounds()


def agreed(refused: Refuse | None, rules: Filled, heard: Opinions, fill: Callable[[str], Filled], bounds: Bounds = BOUNDS) -> Filled:
    """One reading of both. ``refused``: what the rules refuse; ``rules``: how they read it else; ``fill`` makes the reading of an intent."""
    reading, whole = rules[0], heard.whole
    if refused is not None:
        return _doubted(refused, heard, fill, bounds)
    name = reading.found if isinstance(reading, Ask) else reading.name
    if is_held(heard, bounds):
        return rules if _is_tie(name, heard, bounds) else _held(rules, heard, bounds)
    if whole.margin == 0 or name == whole.label or isinstance(reading, Refuse):
        return rules
    if name is None or isinstance(reading, Abstain):
        sure = whole.margin >= bounds.alone and not (name is None and heard.asks_twice(bounds.alone))
        return fill(whole.label) if sure else rules
    other = fill(whole.label)
    if whole.margin < bounds.tie or (isinstance(other[0], Ask) and not isinstance(reading, Ask)):
        return rules  # likeness says nothing, or means a question that this message cannot ask: it names no contract
    return other if whole.margin >= bounds.against else which((name, whole.label), fill)


def _doubted(refused: Refuse, heard: Opinions, fill: Callable[[str], Filled], bounds: Bounds) -> Filled:
    """A refusal of the rules, asked back where likeness sees a question; a colleague's name alone does not make one of a plain question."""
    whole = heard.whole
    if refused.kind is RefusalKind.INSTRUCTIONS or is_held(heard, bounds) or whole.margin < bounds.doubt:
        return refused, ()
    plain = refused.kind is RefusalKind.OTHERS and whole.margin >= bounds.against and whole.label != "waiting"
    return fill(whole.label) if plain else which((whole.label,), fill)


def is_held(heard: Opinions, bounds: Bounds = BOUNDS) -> bool:
    """Whether the message, or a part of it, is like something that is not done."""
    return heard.whole.refused or _held_part(heard, bounds) is not None


def is_surely_held(heard: Opinions, bounds: Bounds = BOUNDS) -> bool:
    """Whether likeness alone is sure that it, or a part of it, is not done."""
    return any(one.refused and one.margin >= bounds.alone for one in (heard.whole, *heard.parts))


def _held_part(heard: Opinions, bounds: Bounds) -> Guess | None:
    return max((one for one in heard.parts if one.refused and one.margin >= bounds.part), key=lambda one: one.margin, default=None)


def _is_tie(name: str | None, heard: Opinions, bounds: Bounds) -> bool:
    """Whether it is as like the question that the rules see, and no part is like anything else."""
    return heard.whole.second == name and heard.whole.margin < bounds.tie and _held_part(heard, bounds) is None


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
