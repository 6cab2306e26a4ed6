"""``contractops eval``: runs a suite and prints its figures. The command line finds this module by an entry point."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from contractops.evals import conversation_suite as conversation
from contractops.evals.sample import sample_names
from contractops.evals.score import Share
from contractops.graphs.conversation import Second
from contractops.operator import tables_out
from contractops.operator.adapters.intent_model import IntentModel
from contractops.operator.app import model_of
from contractops.operator.settings import load
from contractops.tools.errors import InputError

SUITES = ("conversation",)


def run(suite: str, folder: Path | None, *, as_json: bool) -> int:
    """Run ``suite`` over its own sets, or those of ``folder``. Returns 1 when a threshold was missed. Raises ``InputError`` CO-EVL-002."""
    if suite not in SUITES:
        raise InputError("CO-EVL-002", f"no suite {suite!r}", advice=f"The suites are: {', '.join(SUITES)}.")
    second = _second()
    results = conversation.run(second, folder)
    missed = [words for one in results for words in one.missed()]
    if as_json:
        tables_out.document(_document(results, missed, model=second is not None))
    else:
        for line in conversation.report(results, model=second is not None):
            tables_out.say(line, hang=2)
        for fault in conversation.faults(results):
            tables_out.say(f"{fault['set']}: {fault['text']!r} was read as {fault['read']}", hang=2)
        for words in missed:
            tables_out.say(f"missed: {words}", hang=2)
    return 1 if missed else 0


def _second() -> Second | None:
    """The model of the environment, or None."""
    config = model_of(load())
    if config is None:
        return None
    model = IntentModel(config, sample_names().today.isoformat)
    model.probe()
    return model


def _document(results: list[conversation.Result], missed: list[str], *, model: bool) -> dict[str, Any]:
    return {
        "suite": "conversation",
        "model": model,
        "results": [
            {
                "set": one.name,
                "reader": one.reader,
                **{name: {**asdict(share), "bounds_95": list(share.bounds)} for name, share in _shares(one).items()},
            }
            for one in results
        ],
        "missed": missed,
        "faults": conversation.faults(results),
    }


def _shares(one: conversation.Result) -> dict[str, Share]:
    return {"right": one.right, "wrong": one.wrong, "held": one.held, "exact": one.exact}
