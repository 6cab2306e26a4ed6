"""Claims about coverage, why and drift, made to the real command over the sample portfolio."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.operator.cli.conftest import AS_OF, Ran, run
from tests.postgres import databases

GOLDEN = Path(__file__).with_name("golden")


def compare(name: str, said: str) -> None:
    """The output equals the golden file, but for the moment of the import."""
    masked = re.sub(r"imported \w{3} \d+ \w{3} \d{4}, \d\d:\d\d \S+\)", "imported MOMENT)", said)
    assert masked == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_coverage_lists_every_contract_and_adds_up(portfolio: Path) -> None:
    found = run("coverage", "--as-of", AS_OF, db=portfolio)
    assert (found.status, found.err) == (0, "")
    compare("coverage", found.out)
    counts = re.fullmatch(r"(\d+) contracts = (\d+) safe \+ (\d+) due \+ (\d+) missed \+ (\d+) unknown", found.out.splitlines()[-1])
    assert counts is not None
    total, *parts = (int(each) for each in counts.groups())
    assert total == sum(parts) == len(found.out.splitlines()) - 2


@pytest.mark.parametrize("contract", ["ENT-3391", "ENT-4410", "ENT-2208", "ENT-6001", "ENT-1042"])
def test_why_prints_the_arithmetic_and_the_clause(portfolio: Path, contract: str) -> None:
    found = run("why", contract, "--as-of", AS_OF, db=portfolio)
    assert (found.status, found.err) == (0, "")
    compare(f"why-{contract}", found.out)


def test_drift_shows_both_values_and_asks_for_a_person(portfolio: Path) -> None:
    found = run("drift", "--as-of", AS_OF, db=portfolio)
    assert found.status == 1
    compare("drift", found.out)
    assert run("drift", "ENT-3392", "--as-of", AS_OF, db=portfolio) == Ran(0, "No difference in 1 contract.\n", "")


def test_coverage_in_json_keeps_its_keys(portfolio: Path) -> None:
    """Programs read these keys: they are not renamed."""
    document = run("coverage", "--json", "--as-of", AS_OF, db=portfolio).json
    assert set(document) == {"as_of", "contracts", "totals"}
    keys = {"contract_id", "account", "unit_id", "state", "decide_by", "safe_on", "days_left", "reason", "stage", "owner"}
    assert all(set(each) == keys for each in document["contracts"])
    assert dict(Counter(each["state"] for each in document["contracts"])) == {"safe": 24, "due": 3, "missed": 1, "unknown": 3}
    assert document["totals"] == {"safe": 24, "due": 3, "missed": 1, "unknown": 3, "total": 31}
    northwind = next(each for each in document["contracts"] if each["contract_id"] == "ENT-3391")
    assert (northwind["decide_by"], northwind["days_left"], northwind["stage"]) == ("2027-02-05T17:00:00-06:00", 60, "watching")


def test_why_in_json_gives_reasons_as_data_and_as_sentences(portfolio: Path) -> None:
    document = run("why", "ENT-3391", "--json", "--as-of", AS_OF, db=portfolio).json
    assert set(document) == {"as_of", "contract_id", "account", "title", "owner", "units", "findings", "facts_from"}
    unit = document["units"][0]
    assert set(unit) == {"unit_id", "state", "days_left", "reason", "window", "reasons", "send_by", "unknown", "renewal"}
    assert [each["code"] for each in unit["reasons"]] == [
        "window.term",
        "window.renews",
        "window.notice",
        "window.counted",
        "window.day_off",
        "window.basis",
    ]
    assert all(each["sentence"] and set(each) == {"code", "values", "clause", "sentence"} for each in unit["reasons"])
    assert unit["window"]["safe_on"] == "2027-02-05"
    assert document["facts_from"][0]["source"].startswith("contracts.csv:")


def test_an_unknown_date_comes_with_what_to_enter(portfolio: Path) -> None:
    unit = run("why", "ENT-5120", "--json", "--as-of", AS_OF, db=portfolio).json["units"][0]
    assert unit["state"] == "unknown"
    assert "notice_length and notice_unit of ENT-5120 in contracts.csv" in unit["unknown"][0]["advice"]


def test_the_day_asked_decides_the_state(portfolio: Path) -> None:
    """The same contract is safe a year before, due 60 days before, missed the day after, and safe again in its next term."""

    def state(day: str) -> str:
        document = run("coverage", "--json", "--as-of", day, db=portfolio).json
        return str(next(each["state"] for each in document["contracts"] if each["contract_id"] == "ENT-3391"))

    assert [state(day) for day in ("2026-12-06", "2026-12-07", "2027-02-06", "2027-04-08")] == ["safe", "due", "missed", "safe"]


def test_strict_fails_while_a_date_is_unknown(portfolio: Path) -> None:
    assert run("coverage", "--strict", "--as-of", AS_OF, db=portfolio).status == 1


@pytest.mark.parametrize("command", [("why", "NOPE"), ("drift", "NOPE"), ("why", "ENT-4410-A1")])
def test_what_is_no_contract_is_not_found(portfolio: Path, command: tuple[str, ...]) -> None:
    """An id that is unknown, or that of an amendment, ends with 4 and says where the ids stand."""
    found = run(*command, db=portfolio)
    assert (found.status, found.out) == (4, "")
    assert found.err.startswith(f"error CO-PRT-001  {command[1]} is no contract of the portfolio.\n" + " " * 18 + "contractops coverage")


@pytest.mark.parametrize("day", ["yesterday", "2027-02-30", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_is_wrong_use(portfolio: Path, day: str) -> None:
    """Words, a day that no calendar has, and one from which no term can be counted on."""
    found = run("coverage", "--as-of", day, db=portfolio)
    assert found.status == 2
    assert f"Invalid value for '--as-of': '{day}' is no day (2027-01-04) and no instant" in found.err


@pytest.mark.parametrize("command", ["coverage", "drift"])
def test_a_report_over_nothing_says_how_to_begin(tmp_path: Path, command: str) -> None:
    """An empty database is the newcomer's first mistake: the table alone would look like an answer."""
    found = run(command, db=tmp_path / "new.db")
    assert found.status == 0
    assert found.err.startswith("Nothing is imported into this database yet. contractops import FOLDER")


def test_a_closed_term_is_safe_from_the_day_it_was_recorded(own_copy: Path) -> None:
    """A served notice, a recorded let-renew and a signed renewal each close the term, but not on the days before."""
    with databases.sql(own_copy) as execute:
        execute("UPDATE renewal SET served_at = '2026-12-08 15:00:00.000000' WHERE unit_id = 'ENT-1042'")
        insert = (
            'INSERT INTO executed_term (unit_id, sequence, how, start, "end", months, monthly, currency, from_renewal, lines, recorded_at) '
            "VALUES (:unit, 2, :how, :start, :end, :months, NULL, NULL, :origin, '[]', '2026-12-08 15:00:00.000000')"
        )
        execute(insert, unit="ENT-2917", how="let_renew", start="2027-04-01", end="2028-03-31", months=12, origin="ENT-2917#1")
        execute(insert, unit="ENT-3391", how="renewed", start="2027-04-08", end="2030-04-07", months=36, origin="ENT-3391#1")

    def states(day: str) -> dict[str, tuple[str, str]]:
        found = run("coverage", "--json", "--as-of", day, db=own_copy).json["contracts"]
        return {each["contract_id"]: (each["state"], each["reason"]["code"]) for each in found}

    before, after = states("2026-12-07"), states("2026-12-09")
    assert {before[each][0] for each in ("ENT-1042", "ENT-2917", "ENT-3391")} == {"due"}
    assert after["ENT-1042"] == ("safe", "coverage.served_notice")
    assert after["ENT-2917"] == ("safe", "coverage.let_renew")
    assert after["ENT-3391"] == ("safe", "coverage.executed_renewal")
    window = run("why", "ENT-3391", "--json", "--as-of", "2027-06-01", db=own_copy).json["units"][0]["window"]
    assert (window["term_start"], window["term_end"]) == ("2027-04-08", "2030-04-07")


def test_without_a_worker_recover_says_what_waits(portfolio: Path) -> None:
    """What waits are the welcome lists; who has quiet hours when this test runs gets his later, so they are counted in the database."""
    found = run("recover", "--json", db=portfolio)
    assert found.status == 0
    with databases.sql(portfolio) as execute:
        ((waiting,),) = execute("SELECT count(*) FROM effect WHERE status = 'todo'")
        ((lists,),) = execute("SELECT count(*) FROM card WHERE kind = 'welcome'")
    assert (lists, waiting <= lists) == (2, True)
    assert found.json == {"worker_seen": False, "rung": {"renewals": 0, "effects": waiting, "inbox": 0, "batches": 0}}


def test_hygiene_measures_what_was_sent(own_copy: Path) -> None:
    """Nothing was sent yet: it says so. A reminder that the deadline ended is a line that fits 80 columns, and data with its keys."""
    quiet = run("hygiene", "--as-of", AS_OF, db=own_copy)
    assert (quiet.status, quiet.err) == (0, "")
    assert quiet.out == "No card reached anybody.\nAnswered by the first alert: no term to judge yet.\nSnoozes: 0.\n"
    with databases.sql(own_copy) as execute:
        execute("UPDATE renewal SET decide_by = '2026-12-05 23:00:00.000000' WHERE id = 'ENT-3391#1'")
        execute("INSERT INTO alert VALUES ('ENT-3391#1', '2026-12-05', 30, 'sent', '2026-12-01 15:00:00.000000')")
        execute(
            "INSERT INTO card (key, renewal_id, kind, person_id, broadcast, args, revision, shown, counted, created_at, posted_at) VALUES "
            "('ENT-3391#1/told/1', 'ENT-3391#1', 'told', 'maria.ortiz', FALSE, '{\"lead\": 14}', 1, 1, FALSE, "
            "'2026-12-01 15:00:00.000000', '2026-12-01 15:00:00.000000')"
        )
    said = run("hygiene", "--weeks", "2", "--as-of", AS_OF, db=own_copy).out.splitlines()
    assert said[0].split() == ["REMINDER", "SENT", "JUDGED", "IGNORED", "%", "REMOVE"]
    assert said[1].rstrip() == "Told of a silent owner, 14 days     1       1        1  100.0"
    assert said[2:] == [
        "Cards: 1. A person got 1 a day in the median and 1 at most, days without one left out.",
        "Answered by the first alert: 0 of 1 judged.",
        "Snoozes: 0.",
    ]
    assert max(len(line) for line in said[:2]) <= 80, "a sentence wraps on a terminal, the table fits"
    document = run("hygiene", "--weeks", "2", "--json", "--as-of", AS_OF, db=own_copy).json
    assert set(document) == {
        "since", "until", "weeks", "messages", "person_days", "median_a_day", "most_a_day", "first_judged", "answered_first", "answers",
        "answer_hours", "snoozes", "reminders", "reasons",
    }  # fmt: skip
    assert set(document["reminders"][0]) == {"kind", "lead", "sent", "judged", "ignored", "ignored_pct", "removal"}
    assert document["reasons"][1]["sentence"] == "Answered by the first alert: 0 of 1 judged."
