"""Two readers, one reading: every way in which they may agree or not, and what is never answered."""

from __future__ import annotations

import pytest

from contractops.graphs.agreeing import BOUNDS, Filled, agreed, is_surely_held
from contractops.graphs.intents import Abstain, Ask, AskAbout, Help, Reading, RefusalKind, Refuse, Sla, Status, Waiting, WhoSigns
from contractops.graphs.likeness import Guess, Opinions

CONTRACT = "ENT-3391"
MADE: dict[str, Reading] = {
    "sla": Sla(contract=CONTRACT),
    "status": Status(contract=CONTRACT),
    "who_signs": WhoSigns(contract=CONTRACT),
    "waiting": Waiting(),
    "help": Help(),
    "draft": Ask(about=AskAbout.ACCOUNT, found="draft"),
}
NOTHING: Reading = Abstain(why="nothing found")
SURE, UNSURE = BOUNDS.alone, BOUNDS.tie
OVERWHELMING = BOUNDS.against


def fill(name: str) -> Filled:
    return MADE[name], ()


def heard(label: str, margin: float, second: str = "help", *parts: tuple[str, float]) -> Opinions:
    return Opinions(Guess(label, margin, second), tuple(Guess(one, far, "help") for one, far in parts))


def both(rules: Reading, opinions: Opinions, refused: RefusalKind | None = None) -> Reading:
    return agreed(Refuse(kind=refused) if refused else None, (rules, ()), opinions, fill)[0]


@pytest.mark.parametrize(
    ("rules", "opinions", "reading"),
    [
        (MADE["sla"], heard("sla", 0.01), MADE["sla"]),
        (NOTHING, heard("sla", SURE), MADE["sla"]),
        (NOTHING, heard("sla", SURE - 0.01), NOTHING),
        (MADE["status"], heard("sla", OVERWHELMING), MADE["sla"]),
        (MADE["status"], heard("sla", UNSURE - 0.01), MADE["status"]),
        (MADE["status"], heard("draft", OVERWHELMING), MADE["status"]),
        (Refuse(kind=RefusalKind.OTHERS), heard("sla", OVERWHELMING), Refuse(kind=RefusalKind.OTHERS)),
        (Ask(about=AskAbout.INTENT), heard("sla", SURE), MADE["sla"]),
    ],
)
def test_an_answer(rules: Reading, opinions: Opinions, reading: Reading) -> None:
    """Both agree; one is silent and the other sure; one is overwhelmingly sure; a question that cannot be asked does not count."""
    assert both(rules, opinions) == reading


def test_two_questions_are_offered() -> None:
    """Between unsure and overwhelming neither is answered: both stand as choices."""
    found = both(MADE["status"], heard("sla", OVERWHELMING - 0.01))
    assert isinstance(found, Ask)
    assert found.about is AskAbout.MEANT
    assert [one.intent for one in found.choices] == [MADE["status"], MADE["sla"]]


def test_two_questions_in_two_parts_stay_two() -> None:
    """What the rules see as two questions is not answered as one because the whole is like one of them."""
    asked = Ask(about=AskAbout.INTENT)
    assert both(asked, heard("sla", SURE, "help", ("sla", SURE), ("who_signs", SURE))) == asked


@pytest.mark.parametrize("rules", [MADE["sla"], NOTHING, MADE["draft"]], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "opinions",
    [
        heard("decide", 9.0),
        heard("records", SURE),
        heard("legal", UNSURE),
        heard("sla", 9.0, "help", ("sla", 9.0), ("decide", BOUNDS.part)),
    ],
)
def test_what_is_like_something_not_done_is_never_answered(rules: Reading, opinions: Opinions) -> None:
    """As a whole or in a part, and however sure everything else is."""
    assert isinstance(both(rules, opinions), Refuse | Abstain)


def test_a_tie_with_something_not_done_is_the_rules_own() -> None:
    """Only where the question of the rules is the very other side of the tie, and no part is like anything else."""
    assert both(MADE["sla"], heard("records", UNSURE - 0.01, "sla")) == MADE["sla"]
    assert isinstance(both(MADE["sla"], heard("records", UNSURE - 0.01, "status")), Abstain)
    assert isinstance(both(MADE["sla"], heard("records", UNSURE - 0.01, "sla", ("decide", BOUNDS.part))), Abstain)


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_a_refusal_of_the_rules_is_not_answered(kind: RefusalKind) -> None:
    """However sure likeness is: it is offered at most, with one exception of the next test."""
    found = both(MADE["waiting"], heard("waiting", 9.0), refused=kind)
    assert isinstance(found, Ask | Refuse)
    assert isinstance(found, Refuse) == (kind is RefusalKind.INSTRUCTIONS)
    assert both(MADE["waiting"], heard("waiting", BOUNDS.doubt - 0.01), refused=kind) == Refuse(kind=kind)
    assert both(MADE["waiting"], heard("decide", 9.0), refused=kind) == Refuse(kind=kind)


def test_a_colleagues_name_alone_refuses_no_plain_question() -> None:
    """ "Omar wants to know who signs": answered when overwhelmingly sure; never for what waits, which might be his."""
    assert both(NOTHING, heard("who_signs", OVERWHELMING), refused=RefusalKind.OTHERS) == MADE["who_signs"]
    assert isinstance(both(NOTHING, heard("waiting", OVERWHELMING), refused=RefusalKind.OTHERS), Ask)


def test_a_model_is_not_asked_past_a_sure_likeness() -> None:
    """The second stage fills nothing in where a part is surely like something that is not done."""
    assert is_surely_held(heard("decide", SURE))
    assert is_surely_held(heard("sla", 9.0, "help", ("send_elsewhere", SURE)))
    assert not is_surely_held(heard("decide", SURE - 0.01))
