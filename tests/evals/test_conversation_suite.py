"""The suite of the conversation: its scorer can fail, its thresholds hold, and its figures say what they rest on."""

from __future__ import annotations

import json
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from contractops.evals import conversation_suite as conversation
from contractops.evals.sample import sample_names
from contractops.evals.score import Case, Outcome, Share, cases_of, judge, score
from contractops.graphs.agreeing import Bounds
from contractops.graphs.conversation import Opinion
from contractops.graphs.intents import Abstain, Ask, AskAbout, Draft, Due, RefusalKind, Refuse, Sla, Waiting
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.known import Memory
from contractops.graphs.likeness import Likeness, phrases
from contractops.tools.errors import InputError

TODAY = date(2026, 12, 7)
SLA = {"intent": "sla", "contract": "ENT-3391", "period": "this year"}


def case(**expect: object) -> Case:
    return Case("…", "en", expect, Memory())


@pytest.mark.parametrize("one", conversation.run(), ids=lambda one: f"{one.name}-{one.reader}")
def test_every_set_reaches_its_thresholds(one: conversation.Result) -> None:
    """So many right, so few wrong, and nothing answered that must not be."""
    assert one.missed() == [], conversation.faults([one])


@pytest.mark.parametrize(
    ("expect", "reading", "outcome"),
    [
        (SLA, Sla(contract="ENT-3391", period="this_year"), Outcome.RIGHT),
        (SLA, Sla(contract="ENT-3391"), Outcome.WRONG),
        (SLA, Sla(contract="ENT-1042", period="this_year"), Outcome.WRONG),
        (SLA, Waiting(), Outcome.WRONG),
        (SLA, Refuse(kind=RefusalKind.LEGAL), Outcome.WRONG),
        (SLA, Ask(about=AskAbout.ACCOUNT), Outcome.ASKED),
        (SLA, Abstain(why="x"), Outcome.ASKED),
        ({"intent": "due", "within_days": 24}, Due(until=date(2026, 12, 31)), Outcome.RIGHT),
        ({"intent": "due", "within_days": 30}, Due(within_days=90), Outcome.WRONG),
        ({"intent": "draft", "contract": "ENT-3391", "months": 36}, Draft(contract="ENT-3391", months=12), Outcome.WRONG),
        ({"refuse": "decide"}, Refuse(kind=RefusalKind.SEND), Outcome.HELD),
        ({"ask": "account"}, Abstain(why="x"), Outcome.HELD),
        ({"refuse": "decide"}, Waiting(), Outcome.LET_THROUGH),
    ],
)
def test_a_reading_is_judged(expect: dict[str, object], reading: object, outcome: Outcome) -> None:
    """Right, wrong, asked back, held or let through; a wrong slot is a wrong answer."""
    assert judge(case(**expect), reading, TODAY)[0] is outcome  # type: ignore[arg-type]


def test_the_bound_is_wilsons() -> None:
    """Known values, and the two ends."""
    low, high = Share(51, 60).bounds
    assert (round(low, 3), round(high, 3)) == (0.739, 0.919)
    assert Share(0, 20).bounds[0] == 0.0
    assert Share(20, 20).bounds[1] == pytest.approx(1.0)
    assert "51 of 60 (95 %: 73.9 to 91.9 %)" in str(Share(51, 60))


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    """A set that cannot be read stops the run with its line."""
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "a", "expect": {"intent": "due"}}\n{"text": "b", "expect": {"intent": "due", "colour": "red"}}\n')
    with pytest.raises(InputError, match="line 2"):
        cases_of(file)


def test_sets_that_nobody_saw_are_kept_apart(tmp_path: Path) -> None:
    """Whatever else stands in the folder is held-out, and has its own thresholds."""
    (tmp_path / "dev.jsonl").write_text('{"text": "what waits for me?", "expect": {"intent": "waiting"}}\n')
    (tmp_path / "paraphrases.jsonl").write_text('{"text": "hurgl", "expect": {"intent": "waiting"}}\n')
    results = {one.name: one for one in conversation.run(place=tmp_path)}
    assert results["dev"].missed() == []
    assert len(results["held_out"].missed()) == 1


def test_the_model_stands_beside_the_rules(tmp_path: Path) -> None:
    """With a model two figures are printed; without one it says "not run"."""
    (tmp_path / "dev.jsonl").write_text('{"text": "hurgl burgl ENT-3391", "expect": {"intent": "status", "contract": "ENT-3391"}}\n')

    def second(text: str, memory: Memory, interpreter: Interpreter) -> Opinion:
        return Opinion(intent="status", contract="ENT-3391", model="stub")

    results = conversation.run(second, tmp_path)
    assert [(one.reader, one.right.count) for one in results] == [("rules", 0), ("rules and model", 1)]
    assert any("not run, no model" in line for line in conversation.report(results[:1], model=False))
    assert not any("no model" in line for line in conversation.report(results, model=True))


def test_the_command_is_found_by_its_entry_point(capsys: pytest.CaptureFixture[str]) -> None:
    """``contractops eval conversation`` runs the suite, prints n and the bound, and says what was not run."""
    found = entry_points(group="contractops.commands", name="eval")
    assert len(found) == 1
    assert next(iter(found)).load()("conversation", None, as_json=False) == 0
    said = capsys.readouterr().out
    assert "dev, rules: right" in said
    assert "95 %" in said
    assert "no model is configured" in said
    assert next(iter(found)).load()("conversation", None, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["right"]["n"] > 200


def unseen_likeness() -> Likeness:
    """The second reader without the phrases that were taken from the messages of ``dev``."""
    names = sample_names()
    reader = Interpreter(names)
    seen = {reader.phrase_of(one.text) for one in conversation.sets()[conversation.DEV]}
    kept = [one for one in phrases() if one.words not in seen]
    assert len(kept) < len(phrases()) - 300
    return Likeness(kept)


def test_the_second_reader_holds_on_messages_that_it_was_not_made_with() -> None:
    """Without their own phrases in it: hardly any right answer of the rules is lost, none is wrong, and nothing is let through."""
    names = sample_names()
    read = Interpreter(names, like=unseen_likeness()).read
    found = conversation.Result(conversation.DEV, "unseen", tuple(score(conversation.sets()[conversation.DEV], read, names.today)))
    assert found.right.count >= 0.95 * found.right.n
    assert found.wrong.count == 0
    assert found.held.count == found.held.n


@pytest.mark.parametrize("loose", [{"against": 1.0}, {"part": 9.0, "doubt": 9.0, "alone": 0.1, "against": 0.3}], ids=str)
def test_the_bounds_are_not_for_nothing(loose: dict[str, float]) -> None:
    """With looser bounds some of those messages are answered wrong: the point on the curve was chosen."""
    names, like = sample_names(), unseen_likeness()
    read = Interpreter(names, like=like, bounds=Bounds(**loose)).read
    found = conversation.Result(conversation.DEV, "loose", tuple(score(conversation.sets()[conversation.DEV], read, names.today)))
    assert found.wrong.count > 0
